"""The p-median: small as one program, large by search, bound and what they leave."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analysis.siting import measure, median
from analysis.siting.blame import blame_reach
from analysis.siting.found import Found, has_side_rules, late, solved
from analysis.siting.gains import gains_of, greedy_nearest
from analysis.siting.gap import close
from analysis.siting.lagrange import EXACT
from analysis.siting.plan import broken
from analysis.siting.price import price_cover
from analysis.siting.problem import Ints, SitingProblem
from analysis.siting.pulls import Pulls, charged, cut_short, pulls_of, unservable
from analysis.siting.run import Run
from analysis.siting.tally import Tally, fill_up

SMALL = 3_000
RULED = 150_000
LARGE = 150_000
LEVELS = 60_000_000
NEAREST = 5
WIDER = 4


def find_median(problem: SitingProblem, run: Run) -> Found:
    """Choose sites of least person-distance."""
    pulls = pulls_of(problem)
    run.keep_back()
    unserved = unservable(problem, pulls)
    if unserved.any():
        blame_reach(problem, unserved)
    free = int(problem.is_candidate.sum()) - len(problem.must_open)
    count = int(problem.n_new or 0) - len(problem.must_open)
    if has_side_rules(problem) and pulls.near.nnz > RULED and not problem.floors:
        return _median_ruled(problem, pulls, run)
    if has_side_rules(problem) or not 0 < count < free or pulls.near.nnz < SMALL:
        return solved(problem, median.median_model(problem, pulls), run)
    if _is_local(problem, pulls):
        return _median_priced(problem, pulls, count, run)
    return _median_large(problem, pulls, count, run)


def _is_local(problem: SitingProblem, pulls: Pulls) -> bool:
    """Return whether few sites compete for each point of a problem too large for one program."""
    lengths = np.diff(pulls.near.indptr).astype(np.int64)
    is_charged = np.isfinite(pulls.cap[problem.weight > 0]).all()
    return bool(is_charged) and pulls.near.nnz > LARGE and int((lengths**2).sum()) < LEVELS


def _median_priced(problem: SitingProblem, pulls: Pulls, count: int, run: Run) -> Found:
    """Choose by a price per site, as a covering problem."""
    core, base = median.median_core(problem, pulls)
    if count >= len(core.columns):
        gained, columns = float(core.weight.sum()), np.arange(len(core.columns))
    else:
        columns, gained = price_cover(core, count, run)
    sites = _completed(problem, core.columns[columns])
    return Found(sites, base - gained, False, "price and bound")


def _median_large(problem: SitingProblem, pulls: Pulls, count: int, run: Run) -> Found:
    """Search and bound without quotas or a budget; whatever is chosen is filled up."""
    chosen = greedy_nearest(problem.weight, charged(problem, pulls), count, run)
    found = _searched(problem, pulls, chosen, count, run)
    if np.isfinite(measure.value_of(problem, found.sites)):
        return found
    if run.stopped():
        raise late()
    return solved(problem, median.median_model(problem, pulls), run)


def _median_ruled(problem: SitingProblem, pulls: Pulls, run: Run) -> Found:
    """Search and bound under quotas and a budget, from a greedy choice that keeps them."""
    tally = Tally(problem)
    greedy_nearest(problem.weight, charged(problem, pulls), tally.number, run, take=tally.take)
    fill_up(problem, tally)
    sites = np.array(sorted(tally.opened), dtype=np.intp)
    chosen, count = np.setdiff1d(sites, problem.must_open), tally.number - len(problem.must_open)
    kept = not broken(problem, sites) and np.isfinite(measure.value_of(problem, sites))
    if not kept or count < 1:
        return solved(problem, median.median_model(problem, pulls), run)
    return _searched(problem, pulls, chosen, count, run, ruled=problem)


def _searched(
    problem: SitingProblem,
    pulls: Pulls,
    chosen: Ints,
    count: int,
    run: Run,
    *,
    ruled: SitingProblem | None = None,
) -> Found:
    """Search and bound; where leaving somebody out seems cheaper than any plan, charge more."""
    charges = charged(problem, pulls)
    found = _widened(problem, charges, chosen, count, run, ruled=ruled)
    known = measure.value_of(problem, found.sites)
    if found.proven or run.stopped() or not np.isfinite(known):
        return found
    dear = charged(problem, pulls, known=known)
    if (dear.cap <= charges.cap).all():
        return found
    chosen = np.setdiff1d(found.sites, problem.must_open)
    again = _widened(problem, dear, chosen, count, run, ruled=ruled)
    return replace(again, bound=max(found.bound, again.bound))


def _widened(
    problem: SitingProblem,
    all_of_them: Pulls,
    chosen: Ints,
    count: int,
    run: Run,
    *,
    ruled: SitingProblem | None = None,
) -> Found:
    """Search and bound among the nearest sites of each point, more of them where that is too few.

    A plan that serves everybody from those is as good in the whole problem; a bound holds there.
    """
    others = np.setdiff1d(np.flatnonzero(problem.is_candidate), problem.must_open)
    best, bound, times = _completed(problem, chosen, fill=ruled is None), 0.0, NEAREST
    value = measure.value_of(problem, best)
    while True:
        near = cut_short(all_of_them, chosen, times)
        gains = gains_of(problem.weight, near, columns=None if ruled is None else others)
        state = close(gains, chosen, count, run, ruled=ruled)
        chosen, bound = state.sites(), max(bound, state.least_cost())
        found = _completed(problem, chosen, fill=ruled is None)
        now = measure.value_of(problem, found)
        if now < value:
            best, value = found, now
        met = value - bound <= EXACT * value
        if met or run.stopped() or near.near.nnz == all_of_them.near.nnz:
            return Found(best, bound, met, state.method)
        times *= WIDER


def _completed(problem: SitingProblem, chosen: Ints, *, fill: bool = True) -> Ints:
    """Return chosen and required sites, filled up to the number with any candidates."""
    sites = np.union1d(problem.must_open, chosen).astype(np.intp)
    if not fill:
        return sites
    others = np.setdiff1d(np.flatnonzero(problem.is_candidate), sites)
    return np.union1d(sites, others[: int(problem.n_new or 0) - len(sites)]).astype(np.intp)
