"""Every objective with rooms of limited capacity: who is served where is part of the program."""

from __future__ import annotations

import numpy as np

from analysis.siting import cover
from analysis.siting.median import MedianModel
from analysis.siting.problem import Ints, SitingProblem
from analysis.siting.program import Program, Soft


def served_model(problem: SitingProblem, *, radius: float = np.inf) -> MedianModel:
    """Return the program with a share of each point's people sent to each room.

    Parameters
    ----------
    problem : SitingProblem
        One with ``capacity``.
    radius : float
        ``center``: everybody must be served within it.

    Returns
    -------
    MedianModel
        Value is ``base + scale * cost`` (``cover``: minus that).

    Notes
    -----
    ``g_ij`` is the share of point i served at j: ``sum_j g_ij <= 1``, ``g_ij <= x_j``,
    ``sum_i people_i g_ij <= capacity_j x_j``. One column and one row per pair.
    """
    program = Program()
    columns = np.flatnonzero(problem.is_candidate)
    required = np.isin(columns, problem.must_open)
    per_site = 1.0 if problem.objective == "cover_all" else 0.0
    x = program.add_columns(len(columns), cost=per_site, lower=required, whole=True)
    none = np.empty(0, dtype=np.intp)
    soft = cover.add_rules(program, problem, columns, x, [], none, counted=False)
    place = np.full(problem.n_sites, -1, dtype=np.intp)
    place[columns] = x
    more, scale = _add_shares(program, problem, place, radius)
    return MedianModel(program, columns, x, [], none, soft + more, scale, 0.0)


def _add_shares(
    program: Program, problem: SitingProblem, place: Ints, radius: float
) -> tuple[list[Soft], float]:
    pairs = problem.pairs.tocoo()
    aim, weight = problem.objective, problem.weight
    cap = np.inf if problem.penalty is None or aim in ("cover", "cover_all") else problem.penalty
    is_open = np.zeros(problem.n_sites, dtype=bool)
    is_open[problem.existing] = True
    keep = (weight > 0)[pairs.row] & (is_open | (place >= 0))[pairs.col]
    # Beyond the penalty a pair saves nothing, but whom it serves counts for a floor.
    keep &= pairs.data <= (np.inf if problem.floors and cap <= radius else min(radius, cap))
    rows, cols, cost = pairs.row[keep], pairs.col[keep], np.minimum(pairs.data[keep], cap)
    worth = {"cover": -weight[rows], "median": weight[rows] * cost}.get(aim, np.zeros(len(rows)))
    scale = float(np.abs(worth).mean()) if len(worth) and worth.any() else 1.0
    g = program.add_columns(len(rows), cost=worth / scale)
    spare = np.flatnonzero(weight > 0) if np.isfinite(cap) and cap <= radius else rows[:0]
    unserved = program.add_columns(
        len(spare), cost=weight[spare] * cap / scale if aim == "median" else 0.0
    )
    must = (weight > 0) & (aim in ("median", "center"))
    ones = np.ones(len(rows))
    program.add_rows(
        problem.n_demand,
        [(rows, g, ones), (spare, unserved, np.ones(len(spare)))],
        low=must.astype(float),
        high=1.0,
    )
    new = np.flatnonzero(place[cols] >= 0)
    each = np.arange(len(new))
    program.add_rows(
        len(new), [(each, g[new], ones[new]), (each, place[cols[new]], -ones[new])], high=0.0
    )
    _add_loads(program, problem, place, (rows, cols, g))
    return _add_needs(program, problem, rows, g), scale


def _add_loads(
    program: Program, problem: SitingProblem, place: Ints, shares: tuple[Ints, Ints, Ints]
) -> None:
    rows, cols, g = shares
    size = np.maximum(1.0, problem.capacity)
    new = np.flatnonzero(place >= 0)
    program.add_rows(
        problem.n_sites,
        [
            (cols, g, problem.people[rows] / size[cols]),
            (new, place[new], -(problem.capacity / size)[new]),
        ],
        high=np.where(place >= 0, 0.0, problem.capacity / size),
    )


def _add_needs(program: Program, problem: SitingProblem, rows: Ints, g: Ints) -> list[Soft]:
    """Add floors and the target share as rows over the shares served."""
    needs = []
    for label, share in problem.floors:
        inside = problem.demand_groups == label
        need = share * float(problem.people[inside].sum())
        needs.append((f"coverage floor of {label}", np.where(inside, problem.people, 0.0), need))
    if problem.objective == "cover_all":
        need = problem.share * float(problem.weight.sum())
        needs.append(("people to cover", problem.weight, need))
    soft = []
    for name, amount, need in needs:
        size = max(1.0, need)
        zero = np.zeros(len(rows), dtype=np.intp)
        low = need / size * (1 - 1e-12)
        row = program.add_rows(1, [(zero, g, amount[rows] / size)], low=low)
        soft.append(Soft(int(row[0]), name, 1.0, size))
    return soft
