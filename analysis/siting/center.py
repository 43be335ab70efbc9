"""The p-center: the least worst distance, by covering at one distance after another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analysis.siting import cover, measure
from analysis.siting.blame import blame, blame_reach
from analysis.siting.core import core_of, covered_by
from analysis.siting.covering import check_floors, filled
from analysis.siting.found import Found, decoded, has_side_rules, late
from analysis.siting.inputs import keep_entries
from analysis.siting.problem import Floats, Ints, SitingProblem
from analysis.siting.run import Run
from analysis.siting.search import greedy_cover
from analysis.siting.served import served_model
from analysis.siting.solver import solve


def find_center(problem: SitingProblem, run: Run) -> Found:
    """Choose sites of least worst distance.

    Notes
    -----
    The answer is one of the distances that occur (Minieka 1970, doi:10.1137/1012016). A greedy
    cover narrows them from above, linear programs from below, and whole-number programs decide
    between; each is a covering problem at one distance.
    """
    if not (problem.weight > 0).any():
        return Found(_any_sites(problem, run), 0.0, True)
    radii = _radii(problem)
    low, high, best = -1, len(radii), None
    if not has_side_rules(problem) and problem.capacity is None:
        high, best = _greedy_from_above(problem, radii, run)
    top = len(radii) - 1
    if best is None:
        _, best = _within(problem, float(radii[top]), run, last=True)
        high = top if best is None else _place(problem, radii, best)
    low = _raise_low(problem, radii, high, run)
    while high - low > 1 and run.tell("exact"):
        middle = (low + high) // 2
        status, sites = _within(problem, float(radii[middle]), run)
        if sites is not None:
            high, best = _place(problem, radii, sites), sites
        elif status == "infeasible":
            low = middle
        else:
            break
    if best is None:
        raise late()
    return Found(best, float(radii[low + 1]), high - low <= 1)


def _place(problem: SitingProblem, radii: Floats, sites: Ints) -> int:
    return int(np.searchsorted(radii, measure.value_of(problem, sites)))


def _raise_low(problem: SitingProblem, radii: Floats, high: int, run: Run) -> int:
    """Return the place of the largest distance that a linear program rules out, -1 for none."""
    low, able = -1, high
    while able - low > 1 and run.tell("bound"):
        middle = (low + able) // 2
        status, _ = _within(problem, float(radii[middle]), run, linear=True)
        if status == "stopped":
            break
        low, able = (middle, able) if status == "infeasible" else (low, middle)
    return low


def _greedy_from_above(problem: SitingProblem, radii: Floats, run: Run) -> tuple[int, Ints | None]:
    """Return the place of the least distance at which greedy covering serves everybody."""
    low, high, best = -1, len(radii), None
    count = int(problem.n_new or 0) - len(problem.must_open)
    while high - low > 1 and run.tell("search"):
        middle = (low + high) // 2
        radius = float(radii[middle])
        if problem.penalty is not None and radius >= problem.penalty:
            core = core_of(problem, problem.pairs)
            done, picked = True, greedy_cover(core, count)
        else:
            core = core_of(problem, keep_entries(problem.pairs, problem.pairs.data <= radius))
            core = replace(core, weight=np.ones(len(core.weight)))
            picked = greedy_cover(core, count)
            done = core.lost == 0 and bool(covered_by(core.cover, picked).all())
        if done:
            best = filled(problem, core, picked, count)
            high = _place(problem, radii, best)
        else:
            low = middle
    return high, best


def _radii(problem: SitingProblem) -> Floats:
    """Return the worst distances a plan may have, ascending."""
    pairs = problem.pairs
    rows = np.repeat(np.arange(problem.n_demand), np.diff(pairs.indptr))
    usable = problem.is_candidate.copy()
    usable[problem.existing] = True
    keep = usable[pairs.indices] & (problem.weight > 0)[rows]
    cost = np.where(keep, pairs.data, np.inf)
    reachable = np.full(problem.n_demand, np.inf)
    np.minimum.at(reachable, rows, cost)
    cap = np.inf if problem.penalty is None else problem.penalty
    unserved = (problem.weight > 0) & np.isinf(np.minimum(reachable, cap))
    if unserved.any():
        blame_reach(problem, unserved)
    least = np.minimum(reachable, cap)[problem.weight > 0].max()
    radii = np.unique(cost[(cost >= least) & (cost < cap)])
    return np.append(radii, cap) if np.isfinite(cap) else radii[np.isfinite(radii)]


def _within(
    problem: SitingProblem,
    radius: float,
    run: Run,
    *,
    last: bool = False,
    linear: bool = False,
) -> tuple[str, Ints | None]:
    """Return whether everybody can be served within the radius, and sites that do it.

    At the ``last`` radius the demand to blame is named. ``linear`` programs only rule out.
    """
    if problem.capacity is not None:
        model = served_model(problem, radius=radius)
        answer = solve(model.program, run, linear=linear)
        if answer.status == "infeasible" and last:
            blame(model.program, model.soft)
        if answer.x is None or linear:
            return answer.status, None
        parts = (model.columns, model.spare, answer.x[model.x], answer.x[model.z])
        return "found", cover.sites_of(problem, *parts)
    charged = problem.penalty is not None and radius >= problem.penalty
    pairs = problem.pairs
    if not charged:
        pairs = keep_entries(pairs, pairs.data <= radius)
    core = core_of(problem, pairs)
    if charged:
        check_floors(problem, core)
    elif core.lost > 0:
        return "infeasible", None
    plan = cover.cover_model(problem, core, aim="most" if charged else "everyone")
    answer = solve(plan.program, run, linear=linear)
    if answer.status == "infeasible" and last:
        blame(plan.program, plan.soft)
    if answer.x is None or linear:
        return answer.status, None
    x, z = answer.x[plan.x], answer.x[plan.z]
    return "found", cover.sites_of(problem, core.columns, core.spare, x, z)


def _any_sites(problem: SitingProblem, run: Run) -> Ints:
    core = core_of(problem, keep_entries(problem.pairs, np.zeros(problem.pairs.nnz, dtype=bool)))
    model = cover.cover_model(problem, core, aim="everyone")
    answer = solve(model.program, run)
    return decoded(problem, core, model, answer, None)
