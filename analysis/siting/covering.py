"""The two covering objectives, small and large."""

from __future__ import annotations

import numpy as np

from analysis.siting import cover, price, search
from analysis.siting.core import Core, core_of
from analysis.siting.everyone import fewest_for_all
from analysis.siting.found import Found, decoded, has_side_rules
from analysis.siting.pieces import share_in_pieces
from analysis.siting.plan import Method
from analysis.siting.problem import Floats, Ints, SitingProblem
from analysis.siting.ruled import cover_ruled
from analysis.siting.run import Run
from analysis.siting.solver import solve
from geo.errors import InfeasibleError

LARGE = 60_000
MIDDLE = 20_000
MANY = 3_000
"""Columns above which a price per site, which takes a problem apart, beats one linear program."""


def cover_most(problem: SitingProblem, run: Run) -> Found:
    """Cover the most weight."""
    core = core_of(problem, problem.pairs, run=run)
    check_floors(problem, core)
    many = core.cover.nnz > LARGE and len(core.columns) > MANY
    if many and not has_side_rules(problem):
        return _cover_large(problem, core, run)
    if core.cover.nnz > MIDDLE:
        return cover_ruled(problem, core, run)
    model = cover.cover_model(problem, core, aim="most")
    start = _start(problem, core, model, run)
    answer = solve(model.program, run, start=start)
    ceiling = core.base_weight + float(core.weight.sum())
    bound = min(ceiling, core.base_weight - answer.bound * model.scale)
    sites = decoded(problem, core, model, answer, start)
    return Found(sites, bound, answer.status == "optimal")


def _cover_large(problem: SitingProblem, core: Core, run: Run) -> Found:
    """Cover by a price per site; fill up with sites that add nothing."""
    count = int(problem.n_new or 0) - len(problem.must_open)
    if count < len(core.columns):
        columns, covered = price.price_cover(core, count, run)
    else:
        columns, covered = np.arange(len(core.columns)), float(core.weight.sum())
    sites = filled(problem, core, columns, count)
    return Found(sites, core.base_weight + covered, False, "price and bound")


def _share_large(problem: SitingProblem, core: Core, needed: float, run: Run) -> Found:
    """Cover a share piece by piece, and everybody part by part."""
    if problem.share < 1:
        columns, fewest = share_in_pieces(core, max(0.0, needed - core.base_weight), run)
    else:
        columns, fewest = fewest_for_all(core, run)
    sites = np.union1d(problem.must_open, core.columns[columns]).astype(np.intp)
    method: Method = "search and bound" if problem.share < 1 else "exact"
    return Found(sites, fewest + len(problem.must_open), False, method)


def filled(problem: SitingProblem, core: Core, columns: Ints, count: int) -> Ints:
    """Return chosen columns and required sites, filled up to the number with any others."""
    others = [np.setdiff1d(core.columns, core.columns[columns]), *core.spare]
    fill = np.concatenate(others)[: count - len(columns)]
    return np.unique(np.concatenate([problem.must_open, core.columns[columns], fill]))


def cover_share(problem: SitingProblem, run: Run) -> Found:
    """Cover the share of all weight with the fewest new sites."""
    core = core_of(problem, problem.pairs, run=run)
    check_floors(problem, core)
    needed = problem.share * float(problem.weight.sum())
    reachable = core.base_weight + float(core.weight.sum())
    if needed > reachable * (1 + 1e-12):
        _blame_share(problem, needed, reachable)
    limited = problem.quotas or problem.floors or problem.budget is not None
    if core.cover.nnz > LARGE and not limited:
        found = _share_large(problem, core, needed, run)
        if problem.n_new is None or len(found.sites) <= problem.n_new:
            return found
    everyone = problem.share >= 1 and not problem.floors
    model = cover.cover_model(problem, core, aim="everyone" if everyone else "fewest")
    answer = solve(model.program, run)
    sites = decoded(problem, core, model, answer, None)
    bound = max(0.0, answer.bound) + len(problem.must_open)
    return Found(sites, bound, answer.status == "optimal")


def _start(problem: SitingProblem, core: Core, model: cover.CoverModel, run: Run) -> Floats | None:
    """Return a good point to start from, where only the number of sites is limited."""
    if has_side_rules(problem):
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


def check_floors(problem: SitingProblem, core: Core) -> None:
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
