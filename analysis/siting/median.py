"""The p-median as a program over the distinct distances of each demand point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from analysis.siting import cover
from analysis.siting.core import Core, core_of
from analysis.siting.gains import Gains, gains_of
from analysis.siting.problem import Bools, Ints, SitingProblem
from analysis.siting.program import Program, Soft
from analysis.siting.pulls import Pulls


@dataclass(frozen=True)
class MedianModel:
    """A p-median program and where its columns stand.

    Parameters
    ----------
    program : Program
    columns, x : int arrays
        Site positions and their column ids.
    spare, z
        Sites that bring nobody nearer, by class, and their column ids.
    soft : list of Soft
    scale, base : float
        Value is ``base + scale * cost``.
    """

    program: Program
    columns: Ints
    x: Ints
    spare: list[Ints]
    z: Ints
    soft: list[Soft]
    scale: float
    base: float


def median_model(problem: SitingProblem, pulls: Pulls) -> MedianModel:
    """Return the p-median program.

    Parameters
    ----------
    problem : SitingProblem
    pulls : Pulls

    Returns
    -------
    MedianModel

    Notes
    -----
    For the distinct costs :math:`D_{i1} < … < D_{iK}` of point i, ``z_ik`` is 1 where no site is
    open within ``D_ik``; the cost is :math:`D_{i1} + \\sum_k (D_{i,k+1} - D_{ik}) z_{ik}` with
    ``z_ik >= z_i,k-1 - sum of x at D_ik``. One column and one row per pair at most.

    References
    ----------
    Elloumi, S. (2010). A tighter formulation of the p-median problem. Journal of Combinatorial
    Optimization 19, 69-83. doi:10.1007/s10878-008-9162-0
    García, S., Labbé, M. & Marín, A. (2011). Solving large p-median problems with a radius
    formulation. INFORMS Journal on Computing 23, 546-556. doi:10.1287/ijoc.1100.0418
    """
    useful = np.zeros(problem.n_sites, dtype=bool)
    useful[pulls.near.indices] = True
    reduced = core_of(problem, problem.pairs, shrink=False)
    program, classed = Program(), reduced
    columns = np.union1d(np.flatnonzero(useful), classed.columns)
    spare = [group[~useful[group]] for group in classed.spare]
    spare = [group for group in spare if len(group)]
    x = program.add_columns(len(columns), whole=True)
    z = program.add_columns(len(spare), upper=[float(len(s)) for s in spare], whole=True)
    soft = cover.add_rules(program, problem, columns, x, spare, z)
    place = np.full(problem.n_sites, -1, dtype=np.intp)
    place[columns] = x
    gains, needed = _served_gains(problem, pulls)
    base, scale = _add_levels(program, gains, place[gains.columns], needed)
    if problem.floors and problem.penalty is not None:
        y = cover.add_covered(program, classed, place[classed.columns])
        soft += cover.add_floors(program, problem, classed, y)
    return MedianModel(program, columns, x, spare, z, soft, scale, base)


def _served_gains(problem: SitingProblem, pulls: Pulls) -> tuple[Gains, Bools]:
    """Return the gains with whoever must be served charged the farthest, and those entries."""
    must = np.isinf(pulls.cap)
    cap = np.where(must, pulls.farthest(), pulls.cap)
    gains = gains_of(problem.weight, Pulls(pulls.near, cap))
    return gains, must[gains.rows] & (gains.gain == 0)


def left_model(
    gains: Gains,
    count: int,
    *,
    kept: Bools,
    needed: Bools,
    ruled: SitingProblem | None = None,
) -> MedianModel:
    """Return the program of what a bound leaves of a p-median.

    Parameters
    ----------
    gains : Gains
    count : int
        Columns to open, at most.
    kept : (n_columns,) bool array
        Columns every choice opens.
    needed : (nnz,) bool array
        Entries up to which every choice serves their row; farther ones are left out.
    ruled : SitingProblem, optional
        Whose quotas and budget the columns are to keep.

    Returns
    -------
    MedianModel
    """
    program = Program()
    x = program.add_columns(gains.shape[1], lower=kept.astype(float), whole=True)
    program.add_rows(1, [(np.zeros(len(x), dtype=np.intp), x, np.ones(len(x)))], high=count)
    none = np.empty(0, dtype=np.intp)
    if ruled is not None:
        cover.add_rules(program, ruled, gains.columns, x, [], none)
    base, scale = _add_levels(program, gains, x, needed)
    return MedianModel(program, gains.columns, x, [], none, [], scale, base)


def _add_levels(program: Program, gains: Gains, x: Ints, needed: Bools) -> tuple[float, float]:
    """Add the levels of every row; return the constant part of the cost and the scale.

    A row is served by one of its entries up to the first ``needed`` one, where there is one.
    """
    gain, rows = gains.gain, gains.rows
    new = np.ones(len(rows), dtype=bool)
    new[1:] = (rows[1:] != rows[:-1]) | (gain[1:] != gain[:-1])
    level = np.cumsum(new) - 1
    row, here = rows[new], gain[new]
    must = np.bincount(level[needed], minlength=len(row)) > 0
    done = np.concatenate([[0], np.cumsum(must)])[:-1]
    head = np.flatnonzero(np.diff(row, prepend=-1))
    wanted = done == np.repeat(done[head], np.diff(np.append(head, len(row))))
    entry, level = wanted[level], (np.cumsum(wanted) - 1)[level]
    step = np.where(must, 0.0, here - np.append(np.where(row[1:] == row[:-1], here[1:], 0.0), 0.0))
    base = gains.base - float(here[head].sum())
    row, step, must = row[wanted], step[wanted], must[wanted]
    scale = float(step.mean()) if step.any() else 1.0
    z = program.add_columns(len(row), cost=step / scale, upper=np.where(must, 0.0, 1.0))
    first = np.diff(row, prepend=-1) != 0
    each, inner = np.arange(len(row)), np.flatnonzero(~first)
    parts = [
        (each, z, np.ones(len(row))),
        (inner, z[inner - 1], -np.ones(len(inner))),
        (level[entry], x[gains.cols[entry]], np.ones(int(entry.sum()))),
    ]
    program.add_rows(len(row), parts, low=np.where(first, 1.0, 0.0))
    return base, scale


def median_core(problem: SitingProblem, pulls: Pulls) -> tuple[Core, float]:
    """Return the p-median as a maximal covering core, and the cost without any new site.

    Parameters
    ----------
    problem : SitingProblem
    pulls : Pulls
        With a finite ``cap`` wherever somebody counts.

    Returns
    -------
    core : Core
        Its covered weight is the person-distance saved.
    base : float

    Notes
    -----
    Point i at level k is a row of weight ``w_i (D_i,k+1 - D_ik)`` that every site within ``D_ik``
    covers: whoever serves i within ``D_ik`` saves all the steps beyond (Cornuéjols, Nemhauser &
    Wolsey 1980, doi:10.1137/0601030). Takes the sum of squared row lengths in memory.
    """
    near, cap, weight = pulls.near, pulls.cap, problem.weight
    rows = np.repeat(np.arange(problem.n_demand), np.diff(near.indptr))
    order = np.lexsort((near.data, rows))
    rows, cost, cols = rows[order], near.data[order], near.indices[order]
    last = np.ones(len(rows), dtype=bool)
    last[:-1] = (rows[1:] != rows[:-1]) | (cost[1:] != cost[:-1])
    ends = np.flatnonzero(last)
    row = rows[ends]
    farther = np.append(cost[ends][1:], 0.0)
    edge = np.append(row[1:] != row[:-1], True)
    step = weight[row] * (np.where(edge, cap[row], farther) - cost[ends])
    lengths = ends + 1 - near.indptr[row]
    starts = np.concatenate([[0], np.cumsum(lengths)])
    at = np.arange(starts[-1]) - np.repeat(starts[:-1] - near.indptr[row], lengths)
    ones = np.ones(len(at), dtype=np.int8)
    cover = sparse.csr_array((ones, cols[at], starts), shape=(len(row), problem.n_sites))
    columns = np.flatnonzero(np.bincount(near.indices, minlength=problem.n_sites))
    cover = sparse.csr_array(cover[:, columns])
    cover.sort_indices()
    counted = weight > 0
    core = Core(
        cover=cover,
        weight=step,
        people=np.zeros(len(row)),
        floor=np.full(len(row), -1),
        columns=columns,
        spare=[],
        base_weight=0.0,
        base_floor=np.zeros(0),
        lost=0.0,
    )
    return core, float((weight[counted] * cap[counted]).sum())
