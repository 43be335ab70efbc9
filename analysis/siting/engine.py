"""From a problem to a plan: the one door of the engine."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from analysis.siting import measure
from analysis.siting.blame import check_together
from analysis.siting.center import find_center
from analysis.siting.covering import cover_most, cover_share
from analysis.siting.found import Found, serve
from analysis.siting.inputs import count, positions, time_limit
from analysis.siting.nearest import find_median
from analysis.siting.plan import Broken, Method, Plan, broken
from analysis.siting.problem import Ints, SitingProblem
from analysis.siting.rules import check_rules
from analysis.siting.run import Progress, Run

ROUNDING = 2e-9


def choose(
    problem: SitingProblem,
    *,
    time_limit_s: float = 60.0,
    seed: int = 0,
    progress: Callable[[Progress], object] | None = None,
) -> Plan:
    """Choose new sites and prove how good the choice is.

    Parameters
    ----------
    problem : SitingProblem
    time_limit_s : float
        Wall time; when it is up, the best plan so far comes back with its bound.
    seed : int
        The same problem and seed give the same plan, unless time ran out.
    progress : callable, optional
        Called with a :class:`Progress`. Returning False or raising :class:`Cancelled` stops; the
        best plan so far comes back with status ``cancelled``.

    Returns
    -------
    Plan

    Raises
    ------
    ProblemError
        When the seed is no whole number, or one of seconds and seed is below zero.
    InfeasibleError
        When no plan keeps all demands; the message names one to give up and by how much. Also
        when time was up before any plan was found (code ``siting.no_plan_in_time``).

    Notes
    -----
    Formulas, guarantees and what they do not certify: docs/method-siting.md. Nothing is compiled
    and nothing but numpy, scipy and HiGHS is imported.

    Examples
    --------
    >>> cost = [[0, 2, 9], [2, 0, 2], [9, 2, 0]]
    >>> plan = choose(SitingProblem(cost=cost, people=[5, 1, 4], limit=2, n_new=1))
    >>> plan.sites.tolist(), plan.value, plan.bound, plan.gap
    ([1], 10.0, 10.0, 0.0)
    """
    seed = count(seed, "seed", needed=True) or 0
    run = Run(time_limit_s=time_limit(time_limit_s), progress=progress, seed=seed)
    check_rules(problem)
    check_together(problem)
    run.tell("reduce")
    if problem.capacity is not None and problem.objective != "center":
        found = serve(problem, run)
    else:
        ways = {
            "cover": cover_most,
            "cover_all": cover_share,
            "median": find_median,
            "center": find_center,
        }
        found = ways[problem.objective](problem, run)
    return _plan(problem, run, found)


def evaluate(problem: SitingProblem, sites: ArrayLike) -> Plan:
    """Score a planner's own choice of new sites.

    Parameters
    ----------
    problem : SitingProblem
    sites : int positions or (n_sites,) bool mask

    Returns
    -------
    Plan
        Of method and status ``given``; its bound is trivial (all weight, or zero) and ``faults``
        says which constraints it breaks.

    Raises
    ------
    ProblemError
        When the positions are none of the sites.
    """
    run = Run()
    chosen = np.setdiff1d(positions(sites, problem.n_sites, "sites"), problem.existing)
    value = measure.value_of(problem, chosen)
    bound = float(problem.weight.sum()) if problem.maximise else 0.0
    return _pack(problem, chosen, value, bound, "given", "given", run, broken(problem, chosen))


def _plan(problem: SitingProblem, run: Run, found: Found) -> Plan:
    value = measure.value_of(problem, found.sites)
    bound = outward(problem, found.bound, value)
    proven = found.proven or bound == value
    status = "optimal" if proven else ("cancelled" if run.cancelled else "feasible")
    return _pack(problem, found.sites, value, bound, found.method, status, run)


def _pack(
    problem: SitingProblem,
    sites: Ints,
    value: float,
    bound: float,
    method: Method,
    status: str,
    run: Run,
    faults: list[Broken] | None = None,
) -> Plan:
    return Plan(
        objective=problem.objective,
        sites=sites,
        value=value,
        bound=bound,
        method=method,
        status=status,
        seconds=run.seconds(),
        n_existing=len(problem.existing),
        covered=value if problem.maximise else measure.weight_covered(problem, sites),
        total=float(problem.weight.sum()),
        faults=tuple(faults or ()),
    )


def outward(problem: SitingProblem, bound: float, value: float) -> float:
    """Return the bound, moved to the safe side by the solver's tolerance.

    Notes
    -----
    The margin is 2e-9 of the bound. Where every value is a whole number (new sites, whole
    people), the next whole number inside is still safe and is taken.
    """
    if problem.objective == "center":
        return min(bound, value)
    margin = ROUNDING * max(abs(bound), abs(value))
    if problem.maximise:
        safe = bound + margin
        if _whole(problem) and np.isfinite(safe):
            safe = float(np.floor(safe))
        return max(value, safe)
    safe = max(bound - margin, 0.0)  # neither a distance nor a number of sites is below 0
    if problem.objective == "cover_all" and np.isfinite(safe):
        safe = float(np.ceil(safe - 1e-6))
    return min(value, safe)


def _whole(problem: SitingProblem) -> bool:
    weight = problem.weight
    return bool(
        problem.capacity is None and (weight == np.rint(weight)).all() and weight.sum() < 2**50
    )
