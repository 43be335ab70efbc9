"""From a problem to a plan: the way each objective takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from analysis.siting import cover, measure, median, price, search, served
from analysis.siting.blame import blame, blame_reach
from analysis.siting.core import Core, core_of
from analysis.siting.inputs import keep_entries, positions
from analysis.siting.plan import Plan, broken
from analysis.siting.problem import Floats, Ints, SitingProblem
from analysis.siting.program import Answer, solve
from analysis.siting.rules import check_rules
from analysis.siting.run import Progress, Run
from geo.errors import InfeasibleError

ROUNDING = 2e-9
LARGE = 150_000


@dataclass(frozen=True)
class Found:
    """What a way through the engine brings back: sites, a bound, and how."""

    sites: Ints
    bound: float
    proven: bool
    method: str = "exact"


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
    InfeasibleError
        When no plan keeps all demands; the message names one to give up and by how much. Also
        when time was up before any plan was found (code ``siting.no_plan_in_time``).
    """
    run = Run(time_limit_s=time_limit_s, progress=progress, seed=seed)
    check_rules(problem)
    run.tell("reduce")
    if problem.capacity is not None and problem.objective != "center":
        found = _served(problem, run)
    else:
        ways = {"cover": _cover, "cover_all": _cover_all, "median": _median, "center": _center}
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
        says in words which constraints it breaks.

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
    method: str,
    status: str,
    run: Run,
    faults: list[str] | None = None,
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
        covered=measure.weight_covered(problem, sites),
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
    safe = bound - margin
    if problem.objective == "cover_all" and np.isfinite(safe):
        safe = float(np.ceil(safe - 1e-6))
    return min(value, safe)


def _whole(problem: SitingProblem) -> bool:
    weight = problem.weight
    return bool(
        problem.capacity is None and (weight == np.rint(weight)).all() and weight.sum() < 2**50
    )


def _cover(problem: SitingProblem, run: Run) -> Found:
    core = core_of(problem, problem.pairs)
    _check_floors(problem, core)
    if core.cover.nnz > LARGE and not _has_side_rules(problem):
        return _cover_large(problem, core, run)
    model = cover.cover_model(problem, core, aim="most")
    start = _start(problem, core, model, run)
    answer = solve(model.program, run, start=start)
    ceiling = core.base_weight + float(core.weight.sum())
    bound = min(ceiling, core.base_weight - answer.bound * model.scale)
    sites = _decoded(problem, core, model, answer, start)
    return Found(sites, bound, answer.status == "optimal")


def _has_side_rules(problem: SitingProblem) -> bool:
    """Return whether anything but the number of new sites limits a plan."""
    limited = problem.quotas or problem.floors or problem.budget is not None
    return bool(limited) or problem.n_new is None


def _cover_large(problem: SitingProblem, core: Core, run: Run) -> Found:
    """Cover by a price per site; fill up with sites that add nothing."""
    count = int(problem.n_new or 0) - len(problem.must_open)
    if count < len(core.columns):
        columns, covered = price.price_cover(core, count, run)
    else:
        columns, covered = np.arange(len(core.columns)), float(core.weight.sum())
    sites = _filled(problem, core, columns, count)
    return Found(sites, core.base_weight + covered, False, "price and bound")


def _filled(problem: SitingProblem, core: Core, columns: Ints, count: int) -> Ints:
    """Return chosen columns and required sites, filled up to the number with any others."""
    others = [np.setdiff1d(core.columns, core.columns[columns]), *core.spare]
    fill = np.concatenate(others)[: count - len(columns)]
    return np.unique(np.concatenate([problem.must_open, core.columns[columns], fill]))


def _cover_all(problem: SitingProblem, run: Run) -> Found:
    core = core_of(problem, problem.pairs)
    _check_floors(problem, core)
    needed = problem.share * float(problem.weight.sum())
    reachable = core.base_weight + float(core.weight.sum())
    if needed > reachable * (1 + 1e-12):
        _blame_share(problem, needed, reachable)
    everyone = problem.share >= 1 and not problem.floors
    model = cover.cover_model(problem, core, aim="everyone" if everyone else "fewest")
    answer = solve(model.program, run)
    sites = _decoded(problem, core, model, answer, None)
    bound = max(0.0, answer.bound) + len(problem.must_open)
    return Found(sites, bound, answer.status == "optimal")


def _start(problem: SitingProblem, core: Core, model: cover.CoverModel, run: Run) -> Floats | None:
    """Return a good point to start from, where only the number of sites is limited."""
    if _has_side_rules(problem):
        return None
    count = int(problem.n_new or 0) - len(problem.must_open)
    picked = search.swap_cover(core, search.greedy_cover(core, count), run)
    if len(picked) < count:
        unused = np.setdiff1d(np.arange(len(core.columns)), picked)
        picked = np.concatenate([picked, unused[: count - len(picked)]])
    left, fill = count - len(picked), np.zeros(len(core.spare), dtype=np.intp)
    for n, group in enumerate(core.spare):
        fill[n] = min(left, len(group))
        left -= int(fill[n])
    return cover.point_of(core, model, picked, fill)


def _decoded(
    problem: SitingProblem,
    core: Core,
    model: cover.CoverModel,
    answer: Answer,
    start: Floats | None,
) -> Ints:
    if answer.status == "infeasible":
        blame(model.program, model.soft)
    point = answer.x if answer.x is not None else start
    if point is None:
        raise _late()
    return cover.sites_of(problem, core.columns, core.spare, point[model.x], point[model.z])


def _late() -> InfeasibleError:
    return InfeasibleError(
        "siting.no_plan_in_time",
        "No plan that keeps all demands was found in the time allowed; allow more time or relax"
        " a demand.",
    )


def _check_floors(problem: SitingProblem, core: Core) -> None:
    """Refuse a floor that opening every candidate would not meet."""
    for n, (label, share) in enumerate(problem.floors):
        total = float(problem.people[problem.demand_groups == label].sum())
        possible = core.base_floor[n] + float(core.people[core.floor == n].sum())
        wanted = share * total
        if wanted > possible * (1 + 1e-12):
            raise InfeasibleError(
                "siting.floor_reach",
                f"The coverage floor of {label} asks for {wanted:,.0f} people; opening every"
                f" candidate covers {possible:,.0f} ({wanted - possible:,.0f} short).",
                demand=label,
                wanted=wanted,
                possible=possible,
                excess=wanted - possible,
            )


def _blame_share(problem: SitingProblem, needed: float, reachable: float) -> None:
    total = float(problem.weight.sum())
    raise InfeasibleError(
        "siting.share_reach",
        f"The share {problem.share:g} asks for {needed:,.0f} people; opening every candidate"
        f" covers {reachable:,.0f} (share {reachable / total:.6f}, {needed - reachable:,.0f}"
        " short).",
        demand="share",
        wanted=needed,
        possible=reachable,
        excess=needed - reachable,
        share=reachable / total,
    )


def _median(problem: SitingProblem, run: Run) -> Found:
    pulls = median.pulls_of(problem)
    unserved = median.unservable(problem, pulls)
    if unserved.any():
        blame_reach(problem, unserved)
    model = median.median_model(problem, pulls)
    return _solved(problem, model, run)


def _solved(problem: SitingProblem, model: median.MedianModel, run: Run) -> Found:
    answer = solve(model.program, run)
    if answer.status == "infeasible":
        blame(model.program, model.soft)
    if answer.x is None:
        raise _late()
    if problem.objective == "cover":
        bound = min(float(problem.weight.sum()), model.base - model.scale * answer.bound)
    elif problem.objective == "cover_all":
        bound = max(0.0, answer.bound)
    else:
        bound = max(0.0, model.base + model.scale * answer.bound)
    x, z = answer.x[model.x], answer.x[model.z]
    sites = cover.sites_of(problem, model.columns, model.spare, x, z)
    return Found(sites, bound, answer.status == "optimal")


def _served(problem: SitingProblem, run: Run) -> Found:
    return _solved(problem, served.served_model(problem), run)


def _center(problem: SitingProblem, run: Run) -> Found:
    """Search the distinct distances for the least within which everybody can be served."""
    counted = problem.weight > 0
    if not counted.any():
        return Found(_any_sites(problem, run), 0.0, True)
    radii = _radii(problem)
    low, high, best = -1, len(radii), None
    last = len(radii) - 1
    middle = last
    while high - low > 1:
        answer, sites = _within(problem, float(radii[middle]), run, last=middle == last)
        if sites is not None:
            value = measure.value_of(problem, sites)
            high, best = int(np.searchsorted(radii, value)), sites
        elif answer == "infeasible":
            low = middle
        else:
            break
        middle = (low + high) // 2
    if best is None:
        raise _late()
    return Found(best, float(radii[low + 1]), high - low <= 1)


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
    problem: SitingProblem, radius: float, run: Run, *, last: bool
) -> tuple[str, Ints | None]:
    """Return whether everybody can be served within the radius, and sites that do it."""
    if problem.capacity is not None:
        model = served.served_model(problem, radius=radius)
        answer = solve(model.program, run)
        if answer.status == "infeasible" and last:
            blame(model.program, model.soft)
        if answer.x is None:
            return answer.status, None
        parts = (model.columns, model.spare, answer.x[model.x], answer.x[model.z])
        return "found", cover.sites_of(problem, *parts)
    charged = problem.penalty is not None and radius >= problem.penalty
    pairs = problem.pairs
    if not charged:
        pairs = keep_entries(pairs, pairs.data <= radius)
    core = core_of(problem, pairs)
    if charged:
        _check_floors(problem, core)
    elif core.lost > 0:
        return "infeasible", None
    plan = cover.cover_model(problem, core, aim="most" if charged else "everyone")
    answer = solve(plan.program, run)
    if answer.status == "infeasible" and last:
        blame(plan.program, plan.soft)
    if answer.x is None:
        return answer.status, None
    x, z = answer.x[plan.x], answer.x[plan.z]
    return "found", cover.sites_of(problem, core.columns, core.spare, x, z)


def _any_sites(problem: SitingProblem, run: Run) -> Ints:
    core = core_of(problem, keep_entries(problem.pairs, np.zeros(problem.pairs.nnz, dtype=bool)))
    model = cover.cover_model(problem, core, aim="everyone")
    answer = solve(model.program, run)
    return _decoded(problem, core, model, answer, None)
