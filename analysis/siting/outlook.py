"""How a plan would change: with more rooms, in a slightly different world, built in stages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd

from analysis.siting.engine import choose, evaluate
from analysis.siting.plan import Plan
from analysis.siting.problem import Bools, Floats, Ints, SitingProblem
from analysis.siting.run import Progress
from geo.errors import InfeasibleError, ProblemError


def coverage_curve(
    problem: SitingProblem, most: int, *, time_limit_s: float = 30.0, seed: int = 0
) -> pd.DataFrame:
    """Return the value against the number of new sites, with its elbow.

    Parameters
    ----------
    problem : SitingProblem
        Of objective ``cover`` or ``median``; its ``n_new`` is replaced.
    most : int
        The largest number of new sites.
    time_limit_s : float
        For the whole curve; each number gets an even share of what is left.
    seed : int

    Returns
    -------
    DataFrame
        Index ``n_new``, from the number of required sites to ``most``; columns ``value``,
        ``bound``, ``gap``, ``added`` (better by how much than one site fewer) and ``elbow`` (True
        for one row).

    Notes
    -----
    The elbow is the point farthest from the chord between both ends (Satopää et al. 2011,
    doi:10.1109/ICDCSW.2011.20): a reading aid, no statement about how many rooms are right.
    """
    if problem.objective not in ("cover", "median"):
        raise ProblemError(
            "siting.curve",
            f"There is no curve for the objective {problem.objective}; use cover or median.",
            value=problem.objective,
        )
    counts = range(len(problem.must_open), most + 1)
    plans, left = {}, time_limit_s
    for done, n in enumerate(counts):
        share = left / (len(counts) - done)
        plans[n] = choose(replace(problem, n_new=n), time_limit_s=share, seed=seed)
        left = max(0.1, left - plans[n].seconds)
    frame = pd.DataFrame(
        {name: [getattr(p, name) for p in plans.values()] for name in ("value", "bound", "gap")},
        index=pd.Index(list(counts), name="n_new"),
    )
    frame["added"] = frame["value"].diff().fillna(0.0)
    if not problem.maximise:
        frame["added"] = 0.0 - frame["added"]
    frame["elbow"] = _elbow(frame.index.to_numpy(float), frame["value"].to_numpy(float))
    return frame


def _elbow(x: Floats, y: Floats) -> Bools:
    span_x, span_y = max(1.0, x[-1] - x[0]), y[-1] - y[0]
    if span_y == 0:
        return np.asarray(x == x[0])
    above = (y - y[0]) / span_y - (x - x[0]) / span_x
    return np.asarray(np.arange(len(x)) == int(np.argmax(above)))


def stability(
    problem: SitingProblem,
    *,
    runs: int = 20,
    limit_spread: float = 0.1,
    weight_spread: float = 0.1,
    cost_spread: float = 0.1,
    time_limit_s: float = 30.0,
    seed: int = 0,
) -> pd.Series:
    """Return how often a site is picked when limit, people and distances are a little different.

    Parameters
    ----------
    problem : SitingProblem
    runs : int
        Number of changed problems.
    limit_spread, weight_spread, cost_spread : float
        Each run draws one factor for the limit, one for the people of each point and one for the
        costs of each demand point (its position and detour), uniform within 1 ± spread.
    time_limit_s : float
        For all runs together.
    seed : int

    Returns
    -------
    Series of float
        Share of runs that pick the site, indexed by site position, the most stable first; sites
        never picked are left out.

    Notes
    -----
    Pairs beyond the cut-off of ``cost`` stay unreachable in every run: give costs up to
    ``limit * (1 + limit_spread) / (1 - cost_spread)``. The spreads are assumptions, not
    measured errors. Runs that are infeasible raise as ``choose`` does.
    """
    rng = np.random.default_rng(seed)
    picks = np.zeros(problem.n_sites)
    rows = np.repeat(np.arange(problem.n_demand), np.diff(problem.cost.indptr))
    for _ in range(runs):
        people, detour = (
            rng.uniform(1 - s, 1 + s, problem.n_demand) for s in (weight_spread, cost_spread)
        )
        cost = problem.cost.copy()
        cost.data = cost.data * detour[rows]
        factor = rng.uniform(1 - limit_spread, 1 + limit_spread)
        limit = None if problem.limit is None else problem.limit * factor
        changed = replace(problem, cost=cost, people=problem.people * people, limit=limit)
        picks[choose(changed, time_limit_s=time_limit_s / runs, seed=seed).sites] += 1
    share = pd.Series(picks / runs, index=pd.RangeIndex(problem.n_sites, name="site"))
    return share[share > 0].sort_values(ascending=False, kind="stable")


def build_out(
    problem: SitingProblem,
    stages: Sequence[int],
    *,
    last: Ints | None = None,
    time_limit_s: float = 30.0,
    seed: int = 0,
) -> pd.DataFrame:
    """Return a build-out in stages whose last is the best plan and every prefix a good one.

    Parameters
    ----------
    problem : SitingProblem
    stages : sequence of int
        Numbers of new sites at the end of each stage, rising.
    last : int array, optional
        The sites of the last stage where they are decided already; chosen freely otherwise.
    time_limit_s : float
        For all stages together.
    seed : int

    Returns
    -------
    DataFrame
        Index ``n_new``; columns ``sites`` (all new sites so far, ascending), ``value``, ``best``
        (the best plan of that size, unordered), ``bound`` of that, and ``price``: what holding to
        the order costs at this stage, at least 0.

    Notes
    -----
    Built backwards: each stage is the best subset of the one after it. Quotas and floors hold at
    the end and are left out on the way; required sites come first, the best of them where a stage
    cannot hold all. Of p-center subsets with the same worst distance, which are many, the one of
    least person-distance is taken. Where distances have no ``penalty``, whom an early stage leaves
    unserved is charged the farthest pair there is, in every stage and in ``best`` alike.
    """
    numbers = [int(n) for n in stages]
    if not numbers or any(a >= b for a, b in pairwise(numbers)):
        raise ProblemError(
            "siting.stages",
            f"stages are {numbers}; they must be rising numbers of sites.",
            value=str(numbers),
        )
    problem = _charged(problem)
    share, rows = time_limit_s / (2 * len(numbers)), []
    allowed = np.flatnonzero(problem.is_candidate) if last is None else last
    for step, number in enumerate(reversed(numbers)):
        eased = replace(problem, n_new=number) if step == 0 else _eased(problem, number)
        best = choose(eased, time_limit_s=share, seed=seed)
        if step:
            others = np.setdiff1d(np.arange(problem.n_sites), _room(problem, number, allowed))
            plan = _prefix(replace(eased, forbidden=others), share, seed)
        else:
            plan = best if last is None else evaluate(problem, last)
        allowed = plan.sites
        price = best.value - plan.value if problem.maximise else plan.value - best.value
        rows.append(
            (tuple(plan.sites.tolist()), plan.value, best.value, best.bound, max(0.0, price))
        )
    columns = ["sites", "value", "best", "bound", "price"]
    return pd.DataFrame(rows[::-1], columns=columns, index=pd.Index(numbers, name="n_new"))


def _charged(problem: SitingProblem) -> SitingProblem:
    """Return the problem with a charge for the unserved, whom early stages cannot help leaving."""
    if problem.objective not in ("median", "center") or problem.penalty is not None:
        return problem
    return replace(problem, penalty=float(problem.pairs.data.max(initial=0.0)))


def _prefix(problem: SitingProblem, time_limit_s: float, seed: int) -> Plan:
    plan = choose(problem, time_limit_s=time_limit_s, seed=seed)
    if problem.objective != "center":
        return plan
    return nearest_on_average(problem, plan, time_limit_s=time_limit_s, seed=seed)


def _stage_only(
    progress: Callable[[Progress], object] | None,
) -> Callable[[Progress], object] | None:
    """Return a listener without value and bound: those of another aim would be misread."""
    if progress is None:
        return None
    return lambda now: progress(replace(now, value=None, bound=None))


def nearest_on_average(
    problem: SitingProblem,
    plan: Plan,
    *,
    time_limit_s: float = 30.0,
    seed: int = 0,
    progress: Callable[[Progress], object] | None = None,
) -> Plan:
    """Return, of the p-center plans that are as good as one, that of least person-distance.

    Parameters
    ----------
    problem : SitingProblem
        Of objective ``center``.
    plan : Plan
    time_limit_s, seed, progress
        As for :func:`analysis.siting.choose`.

    Returns
    -------
    Plan
        With the bound and status of ``plan``, and a value that is no worse.

    Notes
    -----
    Where a few points are far from every site, most sites of a p-center plan are free: any choice
    is optimal. The p-median in which everybody must be served within the worst distance settles
    it (lexicographic order of both aims).
    """
    nearer = replace(problem, objective="median")
    if 0 < plan.value < (np.inf if problem.penalty is None else problem.penalty):
        # Everybody must be served within the worst distance: nobody is let off with a charge.
        nearer = replace(nearer, limit=plan.value, penalty=None)
    try:
        found = choose(nearer, time_limit_s=time_limit_s, seed=seed, progress=_stage_only(progress))
    except InfeasibleError:  # there is a plan, but not in this time
        return plan
    told = evaluate(problem, found.sites)
    seconds = plan.seconds + found.seconds
    return replace(plan, sites=told.sites, value=told.value, covered=told.covered, seconds=seconds)


def _eased(problem: SitingProblem, number: int) -> SitingProblem:
    """Return the problem of an earlier stage: fewer sites, final quotas and floors left out."""
    eased = replace(problem, n_new=number, quotas=None, floors=None)
    if len(problem.must_open) <= number:
        return eased
    others = np.setdiff1d(np.arange(problem.n_sites), problem.must_open)
    return replace(eased, required=problem.must_open[:0], forbidden=others)


def _room(problem: SitingProblem, number: int, allowed: Ints) -> Ints:
    """Return the sites a stage may take: of the next stage's, only required ones if too many."""
    if len(problem.must_open) <= number:
        return allowed
    return np.intersect1d(allowed, problem.must_open)
