"""The p-median: small as one program, large by search, bound and what they leave."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analysis.siting import gains, measure, median
from analysis.siting.blame import blame_reach
from analysis.siting.found import Found, has_side_rules, late, solved
from analysis.siting.price import price_cover
from analysis.siting.problem import Ints, SitingProblem
from analysis.siting.run import Run

SMALL = 3_000
LARGE = 150_000
LEVELS = 60_000_000


def find_median(problem: SitingProblem, run: Run) -> Found:
    """Choose sites of least person-distance."""
    pulls = median.pulls_of(problem)
    run.keep_back()
    unserved = median.unservable(problem, pulls)
    if unserved.any():
        blame_reach(problem, unserved)
    free = int(problem.is_candidate.sum()) - len(problem.must_open)
    count = int(problem.n_new or 0) - len(problem.must_open)
    if has_side_rules(problem) or not 0 < count < free or pulls.near.nnz < SMALL:
        return solved(problem, median.median_model(problem, pulls), run)
    if _is_local(problem, pulls):
        return _median_priced(problem, pulls, count, run)
    return _median_large(problem, pulls, count, run)


def _is_local(problem: SitingProblem, pulls: median.Pulls) -> bool:
    """Return whether few sites compete for each point of a problem too large for one program."""
    lengths = np.diff(pulls.near.indptr).astype(np.int64)
    charged = np.isfinite(pulls.cap[problem.weight > 0]).all()
    return bool(charged) and pulls.near.nnz > LARGE and int((lengths**2).sum()) < LEVELS


def _median_priced(problem: SitingProblem, pulls: median.Pulls, count: int, run: Run) -> Found:
    """Choose by a price per site, as a covering problem."""
    core, base = median.median_core(problem, pulls)
    if count >= len(core.columns):
        saved, columns = float(core.weight.sum()), np.arange(len(core.columns))
    else:
        columns, saved = price_cover(core, count, run)
    sites = _completed(problem, core.columns[columns])
    return Found(sites, base - saved, False, "price and bound")


def _median_large(problem: SitingProblem, pulls: median.Pulls, count: int, run: Run) -> Found:
    """Search, bound, drop the sites that cannot win, and solve what is left."""
    pulled = gains.gains_of(problem, pulls)
    count = min(count, len(pulled.columns))
    chosen = gains.search_gains(pulled, count, run)
    upper, worth = gains.bound_gains(pulled, chosen, run)
    if upper - pulled.base * 1e-9 > float(gains.best_two(pulled, chosen)[0].sum()):
        chosen = gains.shake_gains(pulled, chosen, worth, run)
        again, other = gains.bound_gains(pulled, chosen, run)
        upper, worth = (again, other) if again < upper else (upper, worth)
    sites = _completed(problem, pulled.columns[chosen])
    value, bound = measure.value_of(problem, sites), max(0.0, pulled.base - upper)
    if np.isfinite(value) and value - bound <= 1e-9 * value:
        return Found(sites, bound, True, "search and bound")
    if not np.isfinite(value) or run.stopped():
        rest = problem
    else:
        lost = gains.hopeless(worth, count, upper, pulled.base - value)
        rest = replace(problem, forbidden=np.union1d(problem.forbidden, pulled.columns[lost]))
    if not run.stopped():
        free = int(rest.is_candidate.sum()) - len(rest.must_open)
        near = median.pulls_of(rest)
        model = median.median_model(rest, near, reach=free - (len(sites) - len(rest.must_open)) + 1)
        found = solved(rest, model, run, start=sites)
        better = measure.value_of(problem, found.sites) < value
        sites = found.sites if better else sites
        return Found(sites, max(bound, found.bound), found.proven)
    if not np.isfinite(value):
        raise late()
    return Found(sites, bound, False, "search and bound")


def _completed(problem: SitingProblem, chosen: Ints) -> Ints:
    """Return chosen and required sites, filled up to the number with any candidates."""
    sites = np.union1d(problem.must_open, chosen)
    others = np.setdiff1d(np.flatnonzero(problem.is_candidate), sites)
    return np.union1d(sites, others[: int(problem.n_new or 0) - len(sites)]).astype(np.intp)
