"""From a study to a siting problem, and from a plan back to named places."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import scipy.sparse as sp

from analysis.coverage import Coverage, lonlat, share
from analysis.results import case_places
from analysis.room_limits import limits_of, pairs_of_sites, served
from analysis.scenario import Scenario, Study
from analysis.siting import Plan, SitingProblem, choose, evaluate
from analysis.siting.explain import explain_sites
from analysis.siting.outlook import nearest_on_average
from analysis.ways import NEW_LEVEL, Reached, Ways, answer_by, reached
from geo.errors import InfeasibleError, ScenarioError, first_ids
from geo.reach import reach_pairs
from geo.schema import WGS84
from geo.units import ancestors, assign_units

OWN_KIND = "village"
"""What a place the planner added counts as in quotas and costs."""

EVERYWHERE_M = 2.1e7
"""More than half way round the earth: no limit."""


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
        The chosen sites by ``site_id``, in the order that helps most first, with
        ``people_in_order`` newly within reach, ``people_modelled_share`` of them on modelled
        points, ``people_alone`` and ``people_lost`` (NaN where the value is not people),
        ``distance_saved`` in person-metres and the runner-up.
    placed : GeoDataFrame
        All candidates, in the order of the problem's columns after the rooms.
    before, after : float
        People within reach without and with the new rooms.
    after_certain, after_possible : float
        Bounds of ``after``: who is surely, and who is possibly, within reach with the new rooms.
    covered : Series of bool
        Which demand points are within reach with the new rooms, on the demand's index.
    unplaced : GeoDataFrame
        Sites of the wanted kinds that have no point and could not take part.
    """

    plan: Plan
    problem: SitingProblem
    sites: gpd.GeoDataFrame
    placed: gpd.GeoDataFrame
    before: float
    after: float
    after_certain: float
    after_possible: float
    covered: pd.Series
    unplaced: gpd.GeoDataFrame

    @property
    def candidates(self) -> int:
        """How many sites could be chosen."""
        return len(self.placed)

    @property
    def gained(self) -> float:
        """People newly within reach."""
        return self.after - self.before

    @property
    def gained_modelled_share(self) -> float:
        """The share of the people gained who stand on modelled points."""
        gained = self.sites["people_in_order"]
        modelled = (gained * self.sites["people_modelled_share"].fillna(0.0)).sum()
        return float(modelled / gained.sum()) if gained.sum() > 0 else float("nan")


def propose(
    study: Study,
    scenario: Scenario,
    ways: Ways,
    serving: gpd.GeoDataFrame,
    coverage: Coverage,
    *,
    given: tuple[str, ...] | None = None,
    progress: Callable[..., Any] | None = None,
) -> Proposal:
    """Choose sites for new rooms, or score the planner's own choice in the same way.

    Parameters
    ----------
    study : Study
    scenario : Scenario
        Objective, number, kinds and everything the planner demands.
    ways : Ways
        The people's, under the scenario's standard.
    serving : GeoDataFrame
        The open rooms that serve by distance; all are kept.
    coverage : Coverage
        Of the same rooms.
    given : tuple of str, optional
        Site ids to score instead of choosing; what they break is in the plan's ``faults``.
    progress : callable, optional
        Handed to :func:`analysis.siting.choose`.

    Returns
    -------
    Proposal

    Raises
    ------
    InfeasibleError
        When no site of the wanted kinds has a point, or no plan keeps all demands.
    ScenarioError
        When a required, forbidden or given site does not exist, or costs are missing.
    """
    wanted = study.sites[_wanted(study.sites, scenario, given or ())]
    has_point = ~(wanted.geometry.isna() | wanted.geometry.is_empty)
    placed = _with_own(wanted[has_point], scenario, study.units)
    if placed.empty:
        raise InfeasibleError(
            "sites.none",
            f"No candidate site of the kinds {', '.join(scenario.kinds)} has a point.",
            value=", ".join(scenario.kinds),
        )
    within = reached(ways, placed)
    problem = problem_of(study, scenario, serving, placed, coverage, within)
    if given is None:
        plan = choose(problem, time_limit_s=scenario.time_limit_s, progress=progress)
        if scenario.objective == "center" and plan.status != "cancelled":
            left = max(0.5, scenario.time_limit_s - plan.seconds)
            plan = nearest_on_average(problem, plan, time_limit_s=left, progress=progress)
    else:
        plan = evaluate(problem, _positions(given, placed, serving, "given"))
    plan.verify(problem)
    people = study.demand["people"].fillna(0.0)
    sites, covered = _explained(study, problem, plan, placed, coverage, within)
    certain, possible = _bounds_with(ways, serving, sites, coverage)
    return Proposal(
        plan=plan,
        problem=problem,
        sites=sites,
        placed=placed,
        before=float(people[coverage.covered].sum()),
        after=float(people[coverage.covered].sum() + sites["people_in_order"].sum()),
        after_certain=float(people[certain].sum()),
        after_possible=float(people[possible | covered].sum()),
        covered=covered,
        unplaced=wanted[~has_point],
    )


def _bounds_with(
    ways: Ways, serving: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, coverage: Coverage
) -> tuple[pd.Series, pd.Series]:
    """Tell who is surely and who is possibly within reach once rooms stand at the sites."""
    own = sites["unit_id"].where(sites["unit_id"].map(ways.units["level"]) == NEW_LEVEL)
    new = sites[["kind", "geometry"]].assign(level=NEW_LEVEL, serves_unit_id=own)
    opened = pd.concat([serving[["kind", "level", "serves_unit_id", "geometry"]], new])
    found = answer_by(ways, opened, new)
    return coverage.certain | found.certain, coverage.possible | found.possible


def problem_of(
    study: Study,
    scenario: Scenario,
    serving: gpd.GeoDataFrame,
    placed: gpd.GeoDataFrame,
    coverage: Coverage,
    within: Reached,
) -> SitingProblem:
    """Write a study as a siting problem: rooms are the first columns, candidate sites follow.

    Parameters
    ----------
    study : Study
    scenario : Scenario
    serving, placed : GeoDataFrame
        Rooms that serve by distance, and candidate sites; all with points.
    coverage : Coverage
        Of the same rooms.
    within : Reached
        The people within reach of each candidate.

    Returns
    -------
    SitingProblem
        For covering, ``cost`` holds the people within reach of each site, and of the rooms their
        nearest one: that somebody is within reach of a room is settled before. For median and
        center, it holds each point's nearest room and the sites nearer than that: no other pair
        can change the answer. All costs are metres of the straight line. Unknown people count 0;
        so do, for covering, people whose room has no point, as no column could stand for it.
    """
    _check_contradiction(scenario)
    covering = scenario.objective in ("cover", "cover_all")
    demand = lonlat(study.demand)
    if covering:
        cost = sp.hstack([_room_pairs(serving, coverage), within.metres], format="csr")
    else:
        cost = _nearer_pairs(demand, serving, placed, coverage)
    people = study.demand["people"].fillna(0.0)
    if covering and serving.empty:
        people = people.where(~coverage.covered, 0.0)
    county = ancestors(study.units, "county")
    quotas = {label: (least, most) for label, least, most in scenario.quotas}
    budgeted = scenario.budget > 0
    blank = [None] * len(serving)
    return SitingProblem(
        cost=cost,
        people=people.to_numpy(),
        limit=float(cost.data.max(initial=1.0)) if covering else None,
        n_new=None if scenario.objective == "cover_all" else scenario.n_new,
        objective=scenario.objective,
        existing=np.arange(len(serving)),
        required=_positions(scenario.required, placed, serving, "required"),
        forbidden=_positions(scenario.forbidden, placed, serving, "forbidden"),
        kinds=[*blank, *placed["kind"]],
        groups=[*blank, *placed["unit_id"].map(county)],
        quotas=quotas or None,
        share=scenario.target_share,
        demand_groups=study.demand["unit_id"].map(county).to_numpy(),
        floors=scenario.floor_share or None,
        cases=_case_load(study, scenario) if scenario.case_weight > 0 else None,
        case_weight=scenario.case_weight,
        site_cost=_costs(placed, scenario, len(serving)) if budgeted else None,
        budget=scenario.budget if budgeted else None,
        **limits_of(scenario, study.demand, people, rooms=len(serving), sites=len(placed)),
    )


def _check_contradiction(scenario: Scenario) -> None:
    """Refuse a site both required and forbidden by its id; the engine knows only its position."""
    both = [site for site in scenario.required if site in scenario.forbidden]
    if both:
        raise InfeasibleError(
            "siting.required_forbidden",
            f"{len(both)} site(s) ({first_ids(both)}) are both required and forbidden; drop one"
            " of the two.",
            count=len(both),
            ids=first_ids(both),
        )


def _wanted(sites: gpd.GeoDataFrame, scenario: Scenario, given: tuple[str, ...]) -> pd.Series:
    named = sites.index.isin([*scenario.required, *given])
    return sites["kind"].isin(scenario.kinds) | named


def _with_own(
    placed: gpd.GeoDataFrame, scenario: Scenario, units: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Return the candidates with the planner's own places after them."""
    if not scenario.own_sites:
        return placed
    ids, lon, lat = zip(*scenario.own_sites, strict=True)
    points = gpd.GeoSeries(gpd.points_from_xy(lon, lat), index=list(ids), crs=WGS84)
    own = gpd.GeoDataFrame(
        {
            "name": list(ids),
            "kind": OWN_KIND,
            "unit_id": assign_units(points, units)["unit_id"],
            "location_basis": "register",
        },
        geometry=points,
    )
    return pd.concat([placed, own])


def _nearer_pairs(
    demand: np.ndarray, serving: gpd.GeoDataFrame, placed: gpd.GeoDataFrame, coverage: Coverage
) -> sp.csr_array:
    """Return each point's nearest room and the candidate sites at most as far as that."""
    nearest_m = coverage.nearest_m.to_numpy()
    rooms = _nearest_rooms(serving, coverage, np.isfinite(nearest_m))
    farthest = np.where(np.isfinite(nearest_m), nearest_m, EVERYWHERE_M)
    return sp.hstack([rooms, reach_pairs(demand, lonlat(placed), farthest)], format="csr")


def _room_pairs(serving: gpd.GeoDataFrame, coverage: Coverage) -> sp.csr_array:
    """Return the nearest room of everybody within reach of one."""
    return _nearest_rooms(serving, coverage, coverage.covered.to_numpy() & (len(serving) > 0))


def _nearest_rooms(
    serving: gpd.GeoDataFrame, coverage: Coverage, chosen: np.ndarray
) -> sp.csr_array:
    rows = np.flatnonzero(chosen)
    columns = serving.index.get_indexer(coverage.nearest_room.iloc[rows])
    metres = coverage.nearest_m.to_numpy()[rows]
    return sp.csr_array((metres, (rows, columns)), shape=(len(chosen), len(serving)))


def _positions(
    ids: tuple[str, ...], placed: gpd.GeoDataFrame, serving: gpd.GeoDataFrame, name: str
) -> np.ndarray:
    """Return the problem's columns of site ids; a forbidden site that is out anyway is no fault."""
    found = placed.index.get_indexer(list(ids))
    lost = [site for site, at in zip(ids, found, strict=True) if at < 0]
    if lost and name != "forbidden":
        raise ScenarioError(
            "sites.unknown",
            f"{name}: no candidate site {first_ids(lost)} with a point; check the ids.",
            column=name,
            ids=first_ids(lost),
            count=len(lost),
        )
    return found[found >= 0] + len(serving)


def _costs(placed: gpd.GeoDataFrame, scenario: Scenario, rooms: int) -> np.ndarray:
    cost = placed["kind"].map(dict(scenario.kind_costs)).astype(float)
    if "cost" in placed:
        own = placed["cost"].astype(float)
        cost = own.where(own.notna(), cost)
    if cost.isna().any():
        kinds = ", ".join(sorted(placed["kind"][cost.isna()].unique()))
        raise ScenarioError(
            "sites.no_costs",
            f"There is a budget, but {int(cost.isna().sum())} sites have no cost (kinds {kinds});"
            " give costs by kind.",
            count=int(cost.isna().sum()),
            value=kinds,
        )
    return np.concatenate([np.zeros(rooms), cost.to_numpy()])


def _case_load(study: Study, scenario: Scenario) -> np.ndarray:
    """Return the cases at each demand point: those of its place, shared out by people."""
    demand = study.demand
    place = demand["unit_id"]
    counted = case_places(study.cases, study.units, pd.Index(place.unique())).value_counts()
    people = demand["people"].fillna(0.0)
    total = people.groupby(place).transform("sum")
    part = (people / total.where(total > 0)).fillna(0.0)
    return (place.map(counted).fillna(0.0) * part).to_numpy()


def _won(within: sp.csr_array, at: np.ndarray, coverage: Coverage) -> list[np.ndarray]:
    """Return, site by site, the demand rows it is first to bring within reach."""
    pairs = within.tocsc()[:, at]
    done = coverage.covered.to_numpy().copy()
    won = []
    for start, end in pairwise(pairs.indptr):
        rows = pairs.indices[start:end]
        won.append(rows[~done[rows]])
        done[rows] = True
    return won


def _explained(
    study: Study,
    problem: SitingProblem,
    plan: Plan,
    placed: gpd.GeoDataFrame,
    coverage: Coverage,
    within: Reached,
) -> tuple[gpd.GeoDataFrame, pd.Series]:
    """Return the chosen sites with what each is worth, and who is within reach with them."""
    rooms = len(problem.existing)
    # Of rooms with a capacity, who is within reach explains the sites; what would be lost without
    # one is left unknown.
    worth = explain_sites(problem, plan)
    names = [*[None] * rooms, *placed["name"]]
    worth["runner_up_name"] = [names[at] if at >= 0 else None for at in worth["runner_up"]]
    # Only where the plan's value is people do its parts count people.
    in_people = problem.objective in ("cover", "cover_all") and not problem.case_weight
    in_people = in_people and problem.capacity is None
    for column, name in (("alone", "people_alone"), ("loss", "people_lost")):
        worth[name] = worth[column] if in_people else float("nan")
    if problem.capacity is not None:
        worth["runner_up_loss"] = float("nan")
    at = worth.index.to_numpy() - rooms
    worth = worth.set_index(placed.index[at]).rename_axis("site_id")
    sites = placed.iloc[at].rename_axis("site_id").join(worth)
    won = _won(pairs_of_sites(problem, within.part), at, coverage)
    people = study.demand["people"].fillna(0.0).to_numpy()
    modelled = np.where(study.demand["location_basis"] == "modelled", people, 0.0)
    sites["people_in_order"] = [float(people[rows].sum()) for rows in won]
    part = pd.Series([float(modelled[rows].sum()) for rows in won], index=sites.index)
    sites["people_modelled_share"] = share(part, sites["people_in_order"])
    sites["people_in_order"] = served(problem, plan, sites["people_in_order"])
    for level in ("township", "county"):
        units = sites["unit_id"].map(ancestors(study.units, level))
        sites[level] = units.map(study.units["name"])
    covered = coverage.covered.copy()
    covered.iloc[np.concatenate([np.empty(0, dtype=int), *won])] = True
    return sites, covered
