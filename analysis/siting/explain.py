"""Why these sites: what each adds, what is lost without it, and what would replace it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from analysis.siting import measure
from analysis.siting.core import covered_by
from analysis.siting.inputs import keep_entries
from analysis.siting.plan import Plan, broken
from analysis.siting.problem import Floats, Ints, SitingProblem

RUNNER_UP_TRIES = 50


def benefit(problem: SitingProblem, sites: Ints) -> float:
    """Return what a choice of sites is worth, larger being better.

    Parameters
    ----------
    problem : SitingProblem
    sites : int array

    Returns
    -------
    float
        Weight covered (``cover``, ``cover_all``), minus person-distance (``median``) or minus the
        worst distance (``center``); minus infinity where somebody must be served and is not.
    """
    if problem.objective in ("cover", "cover_all"):
        return measure.weight_covered(problem, sites)
    return -measure.value_of(problem, sites)


def explain_sites(problem: SitingProblem, plan: Plan) -> pd.DataFrame:
    """Explain every new site of a plan.

    Parameters
    ----------
    problem : SitingProblem
    plan : Plan

    Returns
    -------
    DataFrame
        Index ``site`` (position), in the order in which building them helps most. Columns:
        ``order`` (from 1); ``alone``, the benefit of this site as the only new one; ``in_order``,
        what it adds to those before; ``loss``, what the plan loses without it; ``points``, demand
        points newly served that are nearest to it; ``people``, their people; ``cases_near``, cases
        it could serve (NaN without cases); ``distance_saved``, the person-distance it saves those
        that were served before; ``runner_up``, the site that replaces it best (-1: none), and
        ``runner_up_loss``, what the plan loses with that one instead.

    Notes
    -----
    Benefit as in :func:`benefit`: weight for covering, minus distance otherwise. ``in_order`` sums
    to the benefit of the plan; ``alone`` does not where sites share villages. Infinite where a
    site alone leaves somebody unserved who must be served. Cost: one pass over the pairs for each
    site.
    """
    order = build_order(problem, plan.sites)
    base, full = benefit(problem, order[:0]), benefit(problem, order)
    before = measure.nearest_open(problem, order[:0])
    won = villages_won(problem, plan)
    rows, last = [], base
    for n, site in enumerate(order):
        upto, without = benefit(problem, order[: n + 1]), order[order != site]
        other, worth = _runner_up(problem, without, int(site))
        mine = won[int(site)]
        rows.append(
            {
                "order": n + 1,
                "alone": _difference(benefit(problem, np.array([site])), base),
                "in_order": _difference(upto, last),
                "loss": _difference(full, benefit(problem, without)),
                "points": len(mine),
                "people": float(problem.people[mine].sum()),
                "cases_near": _cases_near(problem, int(site)),
                "distance_saved": _distance_saved(problem, before, int(site)),
                "runner_up": other,
                "runner_up_loss": _difference(full, worth),
            }
        )
        last = upto
    return pd.DataFrame(rows, index=pd.Index(order, name="site"))


def _difference(more: float, less: float) -> float:
    """Return ``more - less``, 0 where both are the same infinity."""
    return 0.0 if more == less else more - less


def build_order(problem: SitingProblem, sites: Ints) -> Ints:
    """Return sites in the order in which each next one helps most; ties by position."""
    left, done = [int(s) for s in np.sort(sites)], np.empty(0, dtype=np.intp)
    score = _covering_gain(problem) if _plain_cover(problem) else None
    while left:
        if score is not None:
            gains = score(done, np.array(left))
        else:
            gains = np.array([benefit(problem, np.append(done, s)) for s in left])
            if np.isneginf(gains).all():
                gains = np.array(
                    [measure.weight_covered(problem, np.append(done, s)) for s in left]
                )
        done = np.append(done, left.pop(int(np.argmax(gains))))
    return done


def _plain_cover(problem: SitingProblem) -> bool:
    return problem.objective in ("cover", "cover_all") and problem.capacity is None


def _covering_gain(problem: SitingProblem) -> Callable[[Ints, Ints], Floats]:
    """Return a function of (open new sites, sites) to the weight each would newly cover."""
    pairs = problem.pairs
    pattern = keep_entries(pairs, problem.is_candidate[pairs.indices])
    pattern.data = np.ones(pattern.nnz)
    columns = pattern.T.tocsr()

    def gain(opened: Ints, sites: Ints) -> Floats:
        done = covered_by(pairs, np.union1d(problem.existing, opened).astype(np.intp))
        return np.asarray(columns[sites] @ np.where(done, 0.0, problem.weight))

    return gain


def villages_won(problem: SitingProblem, plan: Plan) -> dict[int, Ints]:
    """Return the demand points each new site serves that nothing open served before.

    Parameters
    ----------
    problem : SitingProblem
    plan : Plan

    Returns
    -------
    dict of int to int array
        Site position to demand rows. A point belongs to its nearest new site, the lower position
        where two are as near.
    """
    before = measure.nearest_open(problem, plan.sites[:0])
    new = np.flatnonzero(np.isinf(before))
    part = problem.pairs[new][:, plan.sites].tocoo()
    order = np.lexsort((part.col, part.data, part.row))
    rows, first = np.unique(part.row[order], return_index=True)
    owner = part.col[order][first]
    return {int(s): new[rows[owner == n]] for n, s in enumerate(plan.sites)}


def _cases_near(problem: SitingProblem, site: int) -> float:
    if problem.cases is None:
        return float("nan")
    return float(problem.cases[problem.pairs[:, [site]].tocoo().row].sum())


def _distance_saved(problem: SitingProblem, before: Floats, site: int) -> float:
    """Return the person-distance a site saves those who were served already."""
    column = problem.pairs[:, [site]].tocoo()
    saved = np.where(np.isfinite(before[column.row]), before[column.row] - column.data, 0.0)
    return float((problem.weight[column.row] * np.maximum(saved, 0.0)).sum())


def _runner_up(problem: SitingProblem, without: Ints, site: int) -> tuple[int, float]:
    """Return the site that replaces one best and keeps every demand, with the plan's benefit."""
    others = np.setdiff1d(np.flatnonzero(problem.is_candidate), np.append(without, site))
    ranked = others[np.argsort(-_promise(problem, without, others), kind="stable")]
    tries = ranked if problem.objective == "center" else ranked[:RUNNER_UP_TRIES]
    best, worth = -1, -np.inf
    for other in tries[:RUNNER_UP_TRIES]:
        sites = np.sort(np.append(without, other))
        if broken(problem, sites):
            continue
        value = benefit(problem, sites)
        if value > worth:
            best, worth = int(other), value
        if _plain_cover(problem) or problem.objective == "median":
            break
    return best, worth


def _promise(problem: SitingProblem, opened: Ints, sites: Ints) -> Floats:
    """Return what each site would add: weight covered, or person-distance saved."""
    nearest = measure.nearest_open(problem, opened)
    pairs = problem.pairs
    rows = np.repeat(np.arange(problem.n_demand), np.diff(pairs.indptr))
    if problem.objective in ("cover", "cover_all"):
        gain = np.where(np.isinf(nearest[rows]), problem.weight[rows], 0.0)
    else:
        far = float(pairs.data.max(initial=0.0)) * 2 + 1
        cap = far if problem.penalty is None else problem.penalty
        weight = problem.weight if problem.objective == "median" else problem.weight > 0
        gain = weight[rows] * np.maximum(np.minimum(nearest, cap)[rows] - pairs.data, 0.0)
        if problem.objective == "center":
            worst = np.minimum(nearest, cap) * (problem.weight > 0)
            gain = np.where(worst[rows] == worst.max(), gain, gain * 1e-9)
    return np.asarray(np.bincount(pairs.indices, gain, problem.n_sites)[sites], dtype=float)
