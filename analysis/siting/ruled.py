"""Covering under quotas, floors and a budget: prices first, then only the sites that matter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.siting import cover
from analysis.siting.blame import blame
from analysis.siting.core import Core, covered_by, narrowed
from analysis.siting.found import Found, late
from analysis.siting.highs import bound_at
from analysis.siting.problem import Floats, Ints, SitingProblem
from analysis.siting.run import Run
from analysis.siting.search import most_by_gains
from analysis.siting.solver import solve
from analysis.siting.tally import ruled_greedy

FIRST = 2e-5
WIDER = 8.0
EASE = 1e-9


@dataclass
class Best:
    """The best plan so far, and the least proven bound."""

    sites: Ints | None
    value: float
    bound: float

    def take(self, sites: Ints, value: float) -> None:
        """Keep a plan where it is better."""
        if self.sites is None or value > self.value:
            self.sites, self.value = sites, value


def cover_ruled(problem: SitingProblem, core: Core, run: Run) -> Found:
    """Cover the most weight under any rules, at a size too large for one program.

    Notes
    -----
    The linear program prices count, quotas, floors and every village. At these prices a site
    that costs more than it brings loses that much against the bound, whatever else a plan does.
    So the whole-number program needs only the sites that lose little: at first very little, then
    as much as the best plan so far lies below the bound. What is left out then cannot be better,
    and the second program's optimum is the problem's (Balas & Zemel 1980,
    doi:10.1287/opre.28.5.1130, core of a problem; reduced costs fix the rest).
    """
    best = Best(None, -np.inf, core.base_weight + float(core.weight.sum()))
    greedy = ruled_greedy(problem, core)
    if greedy is not None:
        best.take(greedy, _value(core, greedy))
    if problem.n_new is not None:
        count = max(0, problem.n_new - len(problem.must_open))
        picked = np.flatnonzero(np.isin(core.columns, [] if greedy is None else greedy))
        best.bound = min(best.bound, core.base_weight + most_by_gains(core, picked, count))
    run.tell("bound", best.value, best.bound)
    model = cover.cover_model(problem, core, aim="most")
    linear = solve(model.program, run, linear=True, stage="bound", presolve=False)
    if linear.status == "infeasible":
        blame(model.program, model.soft)
    if linear.prices is not None:
        bound, reduced = bound_at(model.program, linear.prices)
        best.bound = min(best.bound, core.base_weight - bound * model.scale)
        _narrow(problem, core, reduced[model.x] * model.scale, best, run)
    if best.sites is None:
        if not run.stopped():
            blame(model.program, model.soft)
        raise late()
    return Found(best.sites, best.bound, best.bound - best.value <= EASE * best.value)


def _narrow(problem: SitingProblem, core: Core, loss: Floats, best: Best, run: Run) -> None:
    """Solve with the sites that lose little, then with all that could still be better."""
    ceiling, width = best.bound, FIRST * best.bound
    while not run.stopped():
        if best.sites is not None:
            width = min(width, ceiling - best.value)
        kept = np.flatnonzero(loss <= width * (1 + EASE))
        bound = _solve(problem, narrowed(core, kept), best, run)
        all_in = len(kept) == len(loss)
        best.bound = min(best.bound, bound if all_in else max(bound, ceiling - width))
        if all_in or best.bound - best.value <= EASE * best.value:
            return
        width = ceiling - best.value if best.sites is not None else width * WIDER


def _solve(problem: SitingProblem, part: Core, best: Best, run: Run) -> float:
    """Solve with the columns of a part, keep what is better, and return the bound.

    Under a budget sites of many costs stay side by side, and HiGHS has something left to reduce.
    """
    model = cover.cover_model(problem, part, aim="most")
    start = None
    if best.sites is not None and np.isin(best.sites, part.columns).all():
        start = np.full(model.program.n_cols, np.nan)
        start[model.x] = np.isin(part.columns, best.sites)
    answer = solve(model.program, run, start=start, presolve=problem.budget is not None)
    if answer.x is not None:
        sites = cover.sites_of(
            problem, part.columns, part.spare, answer.x[model.x], answer.x[model.z]
        )
        best.take(sites, _value(part, sites))
    return part.base_weight - answer.bound * model.scale


def _value(core: Core, sites: Ints) -> float:
    """Return the weight covered by new sites; those outside the core add nothing."""
    covered = covered_by(core.cover, np.flatnonzero(np.isin(core.columns, sites)))
    return core.base_weight + float(core.weight[covered].sum())
