"""Why these sites: what each adds, what is lost without it, and what would replace it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.siting import measure
from analysis.siting.charges import Changes, Charges
from analysis.siting.core import covered_by
from analysis.siting.plan import SLACK, Plan, site_costs
from analysis.siting.problem import Bools, Floats, Ints, SitingProblem


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
        Whose capacities, if any, are left out: sharing people out anew for every question would
        take minutes.
    plan : Plan

    Returns
    -------
    DataFrame
        Index ``site`` (position), in the order in which building them helps most. Columns:
        ``order`` (from 1); ``alone``, the benefit of this site as the only new one; ``in_order``,
        what it adds to those before; ``loss``, what the plan loses without it; ``points``, demand
        points newly served that are nearest to it; ``people``, their people; ``cases_near``, cases
        it could serve (NaN without cases); ``distance_saved``, the person-distance it saves those
        that were served before; ``runner_up``, the site that replaces it best and keeps every
        demand (-1: none), and ``runner_up_loss``, what the plan loses with that one instead.

    Notes
    -----
    Benefit as in :func:`benefit`: weight for covering, minus distance otherwise. ``in_order`` sums
    to the benefit of the plan; ``alone`` does not where sites share villages. Infinite where a
    site alone leaves somebody unserved who must be served. Of runners-up that are worth the same,
    the one that saves more person-distance. With n new sites, m points, P pairs of which p belong
    to the new sites: O(P log P + n (m + p)), whatever the objective.
    """
    charges = Charges(problem)
    order = build_order(problem, plan.sites, charges)
    none = charges.near(order[:0])
    first, second, owner = charges.two_nearest(order)
    base, full, near = charges.worth(none), charges.worth(first), none
    others = charges.gains(first)
    before = measure.nearest_open(problem, order[:0])
    won = villages_won(problem, plan)
    rows, last = [], base
    for n, site in enumerate(order.tolist()):
        near = charges.opened(near, site)
        upto, alone = charges.worth(near), charges.worth(charges.opened(none, site))
        without = np.where(owner == site, second, first)
        gains = charges.changed(others, first, without, np.flatnonzero(owner == site))
        other, worth = _runner_up(problem, charges, plan.sites, site, gains)
        mine = won[site]
        rows.append(
            {
                "order": n + 1,
                "alone": _difference(alone, base),
                "in_order": _difference(upto, last),
                "loss": _difference(full, charges.worth(without)),
                "points": len(mine),
                "people": float(problem.people[mine].sum()),
                "cases_near": _cases_near(problem, charges, site),
                "distance_saved": _distance_saved(problem, charges, before, site),
                "runner_up": other,
                "runner_up_loss": _difference(full, worth),
            }
        )
        last = upto
    return pd.DataFrame(rows, index=pd.Index(order, name="site"))


def _difference(more: float, less: float) -> float:
    """Return ``more - less``, 0 where both are the same infinity or differ by rounding only."""
    same = more == less or (np.isfinite(more) and abs(more - less) <= 1e-12 * abs(more))
    return 0.0 if same else more - less


def build_order(problem: SitingProblem, sites: Ints, charges: Charges | None = None) -> Ints:
    """Return sites in the order in which each next one helps most; ties by position.

    As long as somebody who must be served is not, most helps what serves the most of them.
    """
    charges = charges or Charges(problem)
    left, done = np.sort(sites).astype(np.intp), []
    near = charges.near(left[:0])
    while len(left):
        best = charges.gains(near, left).ranked(left)[0]
        done.append(best)
        near, left = charges.opened(near, int(best)), left[left != best]
    return np.array(done, dtype=np.intp)


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


def _cases_near(problem: SitingProblem, charges: Charges, site: int) -> float:
    if problem.cases is None:
        return float("nan")
    return float(problem.cases[charges.column(site)[0]].sum())


def _distance_saved(problem: SitingProblem, charges: Charges, before: Floats, site: int) -> float:
    """Return the person-distance a site saves those who were served already."""
    rows, cost = charges.column(site)
    saved = np.where(np.isfinite(before[rows]), before[rows] - cost, 0.0)
    return float((problem.weight[rows] * np.maximum(saved, 0.0)).sum())


def _runner_up(
    problem: SitingProblem, charges: Charges, sites: Ints, site: int, gains: Changes
) -> tuple[int, float]:
    """Return the site that replaces one best and keeps every demand, with the plan's benefit."""
    free = problem.is_candidate.copy()
    free[sites] = False
    free &= _keeps(problem, charges, sites, site, gains)
    others = np.flatnonzero(free & np.isfinite(gains.worth))
    if not len(others):
        return -1, -np.inf
    best = int(gains.ranked(others)[0])
    return best, float(gains.worth[best])


def _keeps(
    problem: SitingProblem, charges: Charges, sites: Ints, site: int, gains: Changes
) -> Bools:
    """Return which sites keep required sites, quotas, budget, share and floors in place of one."""
    without = sites[sites != site]
    missing = np.setdiff1d(problem.must_open, without)
    keeps = np.full(problem.n_sites, not len(missing))
    keeps[missing] = len(missing) == 1
    for column, label, least, most in problem.quotas:
        same = (problem.kinds if column == "kind" else problem.groups) == label
        number = int(same[without].sum()) + same
        keeps &= (number >= least) & (number <= (np.inf if most is None else most))
    if problem.budget is not None:
        cost = site_costs(problem)
        keeps &= cost[without].sum() + cost <= problem.budget * (1 + 1e-9) + 1e-9
    if problem.objective == "cover_all":
        total = float(problem.weight.sum())
        keeps &= total + gains.worth >= problem.share * total * (1 - SLACK)
    if problem.floors:
        reached = covered_by(problem.pairs, np.union1d(problem.existing, without))
        for label, share in problem.floors:
            people = np.where(problem.demand_groups == label, problem.people, 0.0)
            need = share * float(people.sum()) * (1 - SLACK)
            keeps &= charges.reached_with(reached, people) >= need
    return keeps
