"""What every way through the engine shares: its result, and from a solved program to sites."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.siting import cover, measure, served
from analysis.siting.blame import blame
from analysis.siting.core import Core, core_of
from analysis.siting.highs import Answer
from analysis.siting.median import MedianModel
from analysis.siting.plan import Method, broken
from analysis.siting.problem import Floats, Ints, SitingProblem
from analysis.siting.run import Run
from analysis.siting.solver import solve
from analysis.siting.tally import ruled_greedy
from geo.errors import InfeasibleError

SERVE_START = 3_000


@dataclass(frozen=True)
class Found:
    """What a way through the engine brings back.

    Parameters
    ----------
    sites : int array
        New sites, ascending.
    bound : float
        No plan is better; not yet rounded outward.
    proven : bool
        Whether the solver ended with no gap.
    method : str
    """

    sites: Ints
    bound: float
    proven: bool
    method: Method = "exact"


def has_side_rules(problem: SitingProblem) -> bool:
    """Return whether anything but the number of new sites limits a plan."""
    limited = problem.quotas or problem.floors or problem.budget is not None
    return bool(limited) or problem.n_new is None


def late() -> InfeasibleError:
    """Return the error for time that was up before any plan was found."""
    return InfeasibleError(
        "siting.no_plan_in_time",
        "No plan that keeps all demands was found in the time allowed; allow more time or relax"
        " a demand.",
    )


def decoded(
    problem: SitingProblem,
    core: Core,
    model: cover.CoverModel,
    answer: Answer,
    start: Floats | None,
) -> Ints:
    """Return the sites of a covering answer, or of the start where time was up before any."""
    if answer.status == "infeasible":
        blame(model.program, model.soft)
    point = answer.x if answer.x is not None else start
    if point is None:
        raise late()
    return cover.sites_of(problem, core.columns, core.spare, point[model.x], point[model.z])


def solved(
    problem: SitingProblem, model: MedianModel, run: Run, *, start: Ints | None = None
) -> Found:
    """Solve a program over distances; ``start`` is a plan that keeps everything."""
    point = None
    if start is not None and np.isfinite(measure.value_of(problem, start)):
        point = np.full(model.program.n_cols, np.nan)
        point[model.x] = np.isin(model.columns, start)
    answer = solve(model.program, run, start=point)
    if answer.status == "infeasible":
        blame(model.program, model.soft)
    if problem.objective == "cover":
        bound = min(float(problem.weight.sum()), model.base - model.scale * answer.bound)
    elif problem.objective == "cover_all":
        bound = max(0.0, answer.bound)
    else:
        bound = max(0.0, model.base + model.scale * answer.bound)
    if answer.x is None and point is not None and start is not None:
        return Found(start, bound, False)
    if answer.x is None:
        raise late()
    x, z = answer.x[model.x], answer.x[model.z]
    sites = cover.sites_of(problem, model.columns, model.spare, x, z)
    return Found(sites, bound, answer.status == "optimal")


def serve(problem: SitingProblem, run: Run) -> Found:
    """Solve an objective with rooms of limited capacity.

    Where the program could take long, a choice that does not look at capacity is its start.
    """
    start = None
    if problem.pairs.nnz > SERVE_START:
        free = np.flatnonzero(problem.is_candidate)
        least = problem.objective == "cover_all"
        start = free if least else ruled_greedy(problem, core_of(problem, problem.pairs, run=run))
        if start is None or broken(problem, start):
            start = None
    return solved(problem, served.served_model(problem), run, start=start)
