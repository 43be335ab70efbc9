"""From a study to a siting problem, and from a plan back to named places."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import scipy.sparse as sp

from analysis.coverage import Coverage, lonlat
from analysis.scenario import Scenario, Study
from analysis.siting import Plan, SitingProblem, choose
from geo.errors import InfeasibleError
from geo.reach import reach_pairs
from geo.units import ancestors


@dataclass(frozen=True, eq=False)
class Proposal:
    """Where new rooms should stand, proven as far as the plan says.

    Parameters
    ----------
    plan : Plan
        Value, bound, gap and method; its sites are columns of ``problem.cost``.
    problem : SitingProblem
        What was asked.
    sites : GeoDataFrame
        The chosen sites by ``site_id``, in the order that gains most people first, with
        ``people_in_order``, ``people_alone``, ``people_lost`` and ``people_modelled_share``.
    before : float
        People within reach without any new room.
    covered : Series of bool
        Which demand points are within reach with the new rooms, on the demand's index.
    candidates : int
        How many sites could be chosen.
    unplaced : GeoDataFrame
        Sites of the wanted kinds that have no point and could not take part.
    """

    plan: Plan
    problem: SitingProblem
    sites: gpd.GeoDataFrame
    before: float
    covered: pd.Series
    candidates: int
    unplaced: gpd.GeoDataFrame

    @property
    def gained(self) -> float:
        """People newly within reach."""
        return float(self.plan.value) - self.before

    @property
    def gained_modelled_share(self) -> float:
        """The share of the people gained who stand on modelled points."""
        gained = self.sites["people_in_order"]
        modelled = (gained * self.sites["people_modelled_share"]).sum()
        return float(modelled / gained.sum()) if gained.sum() > 0 else float("nan")


def propose(
    study: Study,
    scenario: Scenario,
    serving: gpd.GeoDataFrame,
    coverage: Coverage,
    *,
    progress: Callable[..., Any] | None = None,
) -> Proposal:
    """Choose sites for new rooms so that most people come within reach.

    Parameters
    ----------
    study : Study
    scenario : Scenario
        How many rooms, of which kinds, within which limits.
    serving : GeoDataFrame
        The open rooms that serve by distance; all are kept.
    coverage : Coverage
        Of the same rooms.
    progress : callable, optional
        Handed to :func:`analysis.siting.choose`.

    Returns
    -------
    Proposal

    Raises
    ------
    InfeasibleError
        When no site of the wanted kinds has a point, or there are fewer sites than asked for.
    """
    wanted = study.sites[study.sites["kind"].isin(scenario.kinds)]
    has_point = ~(wanted.geometry.isna() | wanted.geometry.is_empty)
    placed = wanted[has_point]
    if placed.empty:
        raise InfeasibleError(
            "sites.none",
            f"No candidate site of the kinds {', '.join(scenario.kinds)} has a point.",
            value=", ".join(scenario.kinds),
        )
    problem = problem_of(study, scenario, serving, placed, coverage)
    plan = choose(problem, time_limit_s=scenario.time_limit_s, progress=progress)
    chosen = np.asarray(plan.sites, dtype=int) - len(serving)
    worth = site_worth(problem, np.asarray(plan.sites, dtype=int), study.demand)
    sites = placed.iloc[chosen].join(worth.set_index(placed.index[chosen]))
    sites = sites.sort_values("order", kind="stable").drop(columns="order")
    after = coverage.covered.to_numpy() | (_serves(problem.pairs[:, plan.sites]).sum(axis=1) > 0)
    people = study.demand["people"].fillna(0.0)
    return Proposal(
        plan=plan,
        problem=problem,
        sites=_with_places(sites, study.units),
        before=float(people[coverage.covered].sum()),
        covered=pd.Series(after, index=study.demand.index, name="covered"),
        candidates=len(placed),
        unplaced=wanted[~has_point],
    )


def problem_of(
    study: Study,
    scenario: Scenario,
    serving: gpd.GeoDataFrame,
    placed: gpd.GeoDataFrame,
    coverage: Coverage,
) -> SitingProblem:
    """Write a study as a siting problem: rooms are the first columns, candidate sites follow.

    Parameters
    ----------
    study : Study
    scenario : Scenario
    serving, placed : GeoDataFrame
        Rooms that serve by distance, and candidate sites; all with points.
    coverage : Coverage
        Its ``limit_m`` holds at each demand point.

    Returns
    -------
    SitingProblem
        ``cost`` holds only pairs within the limit of their demand point; unknown people count 0.
    """
    limit = coverage.limit_m.to_numpy()
    points = np.vstack([lonlat(serving), lonlat(placed)])
    return SitingProblem(
        cost=reach_pairs(lonlat(study.demand), points, limit),
        people=study.demand["people"].fillna(0.0).to_numpy(),
        limit=float(limit.max()),
        n_new=scenario.n_new,
        objective=scenario.objective,
        existing=np.arange(len(serving)),
        kinds=[None] * len(serving) + placed["kind"].tolist(),
    )


def site_worth(
    problem: SitingProblem, chosen: np.ndarray, demand: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Return what each chosen site adds: alone, in order, and what is lost without it.

    Parameters
    ----------
    problem : SitingProblem
    chosen : (k,) int array
        Columns of the problem's cost.
    demand : GeoDataFrame
        Its ``location_basis`` tells which of the people gained stand on modelled points.

    Returns
    -------
    DataFrame
        One row a chosen site, in the order of ``chosen``. ``people_in_order`` adds up to all
        people gained: the sites are taken in the order that gains most first (ties: the lower
        column), which is ``order``.
    """
    people = np.asarray(problem.people, dtype=float)
    covered = _serves(problem.pairs[:, problem.existing]).sum(axis=1) > 0
    reach = _serves(problem.pairs[:, chosen]).tocsc()
    free = np.where(covered, 0.0, people)
    only_one = np.where(reach.sum(axis=1) == 1, free, 0.0)
    table = pd.DataFrame({"people_alone": reach.T @ free, "people_lost": reach.T @ only_one})
    modelled = (demand["location_basis"] == "modelled").to_numpy()
    for column in ("order", "people_in_order", "people_modelled_share"):
        table[column] = 0.0
    left = set(range(len(chosen)))
    for step in range(len(chosen)):
        gain = reach.T @ free
        best = min(left, key=lambda k: (-gain[k], chosen[k]))
        won = np.zeros(len(people), dtype=bool)
        won[reach.indices[reach.indptr[best] : reach.indptr[best + 1]]] = True
        known = float(free[won & modelled].sum())
        row = [step, gain[best], known / gain[best] if gain[best] else float("nan")]
        table.loc[best, ["order", "people_in_order", "people_modelled_share"]] = row
        free = np.where(won, 0.0, free)
        left.remove(best)
    return table


def _serves(pairs: sp.csr_array) -> sp.csr_array:
    """Return the pattern of pairs as ones, so that a distance of zero counts like any other."""
    pairs = sp.csr_array(pairs)
    return sp.csr_array((np.ones(pairs.nnz), pairs.indices, pairs.indptr), shape=pairs.shape)


def _with_places(sites: gpd.GeoDataFrame, units: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    for level in ("township", "county"):
        sites[level] = sites["unit_id"].map(ancestors(units, level)).map(units["name"])
    return sites
