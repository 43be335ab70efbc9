"""Covering models as programs: most people covered, and fewest sites for a share of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.siting.core import Core
from analysis.siting.dominance import holds_another
from analysis.siting.problem import Floats, Ints, SitingProblem
from analysis.siting.program import Program, Soft
from analysis.siting.rules import Rule, rules_of


@dataclass(frozen=True)
class CoverModel:
    """A covering program and where its columns stand.

    Parameters
    ----------
    program : Program
    x : (n_columns,) int array
        Column ids of the sites of the core.
    z : (n_spare,) int array
        Column ids of how many spare sites of each class are opened.
    y : (n_rows,) int array
        Column ids of the rows covered; empty where every row must be.
    soft : list of Soft
        Demands that can be relaxed to find the one to blame.
    scale : float
        What one unit of cost is worth in weight.
    """

    program: Program
    x: Ints
    z: Ints
    y: Ints
    soft: list[Soft]
    scale: float


def cover_model(problem: SitingProblem, core: Core, *, aim: str) -> CoverModel:
    """Return the covering program of a core.

    Parameters
    ----------
    problem : SitingProblem
    core : Core
    aim : {"most", "fewest", "everyone"}
        Most weight covered; fewest sites that cover the share; any that cover every row.

    Returns
    -------
    CoverModel

    Notes
    -----
    Church & ReVelle's maximal covering: ``max sum w_i y_i``, ``y_i <= sum_j x_j`` over the columns
    that cover row i, the rules on ``x``. Only ``x`` is whole; ``y`` follows.

    References
    ----------
    Church, R. & ReVelle, C. (1974). The maximal covering location problem. Papers of the Regional
    Science Association 32, 101-118. doi:10.1007/BF01942293
    Toregas, C. et al. (1971). The location of emergency service facilities. Operations Research
    19, 1363-1373. doi:10.1287/opre.19.6.1363
    """
    program = Program()
    per_site = 1.0 if problem.objective == "cover_all" else 0.0
    x = program.add_columns(len(core.columns), cost=per_site, whole=True)
    z = program.add_columns(
        len(core.spare), cost=per_site, upper=[float(len(s)) for s in core.spare], whole=True
    )
    soft = add_rules(program, problem, core.columns, x, core.spare, z)
    scale = float(core.weight.mean()) if len(core.weight) and core.weight.any() else 1.0
    if aim == "everyone":
        needed = core.cover[np.flatnonzero(~holds_another(core.cover))]
        rows, cols = needed.nonzero()
        program.add_rows(needed.shape[0], [(rows, x[cols], np.ones(len(rows)))], low=1.0)
        return CoverModel(program, x, z, np.empty(0, dtype=np.intp), soft, scale)
    worth = -core.weight / scale if aim == "most" else 0.0
    y = add_covered(program, core, x, cost=worth)
    soft += add_floors(program, problem, core, y)
    if aim == "fewest":
        soft.append(_add_share(program, problem, core, y, scale))
    return CoverModel(program, x, z, y, soft, scale)


def add_covered(program: Program, core: Core, x: Ints, *, cost: Floats | float = 0.0) -> Ints:
    """Add one column per row of the core that is at most the open columns covering it."""
    rows, cols = core.cover.nonzero()
    y = program.add_columns(len(core.weight), cost=cost)
    each = np.arange(len(y))
    parts = [(each, y, np.ones(len(y))), (rows, x[cols], -np.ones(len(rows)))]
    program.add_rows(len(y), parts, high=0.0)
    return y


def _add_share(program: Program, problem: SitingProblem, core: Core, y: Ints, scale: float) -> Soft:
    low = (problem.share * float(problem.weight.sum()) - core.base_weight) / scale
    zero = np.zeros(len(y), dtype=np.intp)
    row = program.add_rows(1, [(zero, y, core.weight / scale)], low=low - 1e-12 * abs(low))
    base = core.base_weight / scale
    return Soft(int(row[0]), "people to cover", max(1.0, abs(low)), scale, base)


def add_rules(
    program: Program,
    problem: SitingProblem,
    columns: Ints,
    x: Ints,
    spare: list[Ints],
    z: Ints,
    *,
    counted: bool = True,
) -> list[Soft]:
    """Add count, quotas and budget as rows over sites.

    Parameters
    ----------
    program : Program
    problem : SitingProblem
    columns, x : int arrays
        Site positions and their column ids.
    spare, z : list of int arrays, int array
        Sites alike to every rule, and the column ids of how many of them are opened.
    counted : bool
        Whether required sites stand outside the columns and are to be counted in.

    Returns
    -------
    list of Soft
    """
    soft = []
    heads = np.array([group[0] for group in spare], dtype=np.intp)
    for rule in rules_of(problem):
        fixed = float(rule.weight[problem.must_open].sum()) if counted else 0.0
        parts = []
        for ids, weight in ((x, rule.weight[columns]), (z, rule.weight[heads])):
            used = np.flatnonzero(weight)
            parts.append((np.zeros(len(used), dtype=np.intp), ids[used], weight[used]))
        row = program.add_rows(1, parts, low=rule.low - fixed, high=_loosened(rule) - fixed)
        size = max(1.0, rule.high if np.isfinite(rule.high) else rule.low)
        soft.append(Soft(int(row[0]), rule.name, size, 1.0, fixed))
    return soft


def _loosened(rule: Rule) -> float:
    """Return the most of a rule with room for the rounding of a sum of costs."""
    return rule.high if rule.name != "budget" else rule.high * (1 + 1e-12)


def add_floors(program: Program, problem: SitingProblem, core: Core, y: Ints) -> list[Soft]:
    """Add a row for each floor that existing and required sites do not meet yet."""
    soft = []
    for n, (label, share) in enumerate(problem.floors):
        total = float(problem.people[problem.demand_groups == label].sum())
        inside = np.flatnonzero(core.floor == n)
        low = share * total * (1 - 1e-12) - core.base_floor[n]
        if low <= 0:
            continue
        size = max(1.0, low)
        zero = np.zeros(len(inside), dtype=np.intp)
        row = program.add_rows(1, [(zero, y[inside], core.people[inside] / size)], low=low / size)
        base = core.base_floor[n] / size
        soft.append(Soft(int(row[0]), f"coverage floor of {label}", 1.0, size, base))
    return soft


def sites_of(
    problem: SitingProblem, columns: Ints, spare: list[Ints], opened: Floats, filled: Floats
) -> Ints:
    """Return the sites a point of a program stands for, required ones included, ascending."""
    fill = [group[: round(number)] for group, number in zip(spare, filled, strict=True)]
    parts = [problem.must_open, columns[opened > 0.5], *fill]
    return np.unique(np.concatenate(parts)).astype(np.intp)


def point_of(core: Core, model: CoverModel, columns: Ints, fill: Ints) -> Floats:
    """Return the point of the program for chosen columns of the core and spare counts."""
    point = np.zeros(model.program.n_cols)
    point[model.x[columns]] = 1.0
    point[model.z] = fill
    if len(model.y):
        opened = np.zeros(len(core.columns), dtype=np.int32)
        opened[columns] = 1
        point[model.y] = (core.cover @ opened) > 0
    return point
