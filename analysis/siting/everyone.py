"""Everybody covered by the fewest sites, at country size: reduced to small parts, each solved."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from analysis.siting.core import Core, covered_by
from analysis.siting.dominance import holds_another, inside_another
from analysis.siting.parts import in_parts
from analysis.siting.problem import Bools, Floats, Ints
from analysis.siting.program import Program
from analysis.siting.run import Run
from analysis.siting.search import greedy_cover
from analysis.siting.solver import solve

PART_SHARE = 0.25
EASE = 1e-6


@dataclass(frozen=True)
class Kernel:
    """What is left of a set covering problem once nothing more is obvious.

    Parameters
    ----------
    cover : (n_rows, n_columns) CSR array
        Every row has columns.
    columns : (n_columns,) int array
        Columns of the core.
    forced : int array
        Columns of the core that some best choice opens.
    """

    cover: sparse.csr_array
    columns: Ints
    forced: Ints


def fewest_for_all(core: Core, run: Run) -> tuple[Ints, float]:
    """Cover every row of a large core with few columns, and bound how few can.

    Parameters
    ----------
    core : Core
    run : Run

    Returns
    -------
    columns : int array
        Ascending; they cover every row.
    bound : float
        No fewer columns do.

    Notes
    -----
    Columns inside others, rows that hold others and columns that alone cover a row are taken out
    in turn until nothing moves. What is left of villages on a map falls into components of a few
    hundred columns, and each is a small whole-number program. A component not reached in time
    keeps its greedy columns, and the bound ``sum_i min_j 1 / size_j`` over its rows i and the
    columns j that cover them (a feasible dual).

    References
    ----------
    Toregas, C. & ReVelle, C. (1972). Optimal location under time or distance constraints. Papers
    of the Regional Science Association 28, 133-143.
    """
    kernel = kernel_of(core.cover, run)
    n_rows, n_columns = kernel.cover.shape
    ones = np.ones(n_rows)
    rest = replace(core, cover=kernel.cover, weight=ones, columns=np.arange(n_columns))
    opened = np.zeros(n_columns, dtype=bool)
    opened[greedy_cover(rest, n_columns)] = True
    if not n_rows or run.stopped():
        columns = np.concatenate([kernel.forced, kernel.columns[opened]])
        least = np.ceil(least_by_share(kernel.cover).sum() - EASE)
        return np.sort(columns), float(len(kernel.forced) + least)
    parts = in_parts(kernel.cover, ones, rest.columns)
    share = least_by_share(parts.cover)
    bounds = np.ceil(np.add.reduceat(share, parts.row_start[:-1]) - EASE)
    for part in np.argsort(np.diff(parts.col_start), kind="stable"):
        if not run.tell("exact", bound=float(bounds.sum()) + len(kernel.forced)):
            break
        mine = parts.columns[parts.columns_of(part)]
        best, bound = _solve_part(parts.pattern(part), opened[mine], run)
        opened[mine] = best
        bounds[part] = max(bounds[part], bound)
    columns = np.concatenate([kernel.forced, kernel.columns[opened]])
    return np.sort(columns), float(len(kernel.forced) + bounds.sum())


def kernel_of(cover: sparse.csr_array, run: Run) -> Kernel:
    """Take out what is obvious until nothing moves, or time is up."""
    columns = np.arange(cover.shape[1])
    forced: list[Ints] = []
    before = (-1, -1)
    while cover.shape != before and cover.nnz and run.tell("reduce"):
        before = cover.shape
        cover, columns = _only(cover, columns, ~inside_another(sparse.csr_array(cover.T), run=run))
        if not run.tell("reduce"):
            break
        cover = sparse.csr_array(cover[np.flatnonzero(~holds_another(cover, run=run))])
        alone = np.unique(cover.indices[cover.indptr[:-1][np.diff(cover.indptr) == 1]])
        forced.append(columns[alone])
        cover = sparse.csr_array(cover[np.flatnonzero(~covered_by(cover, alone))])
        left = np.bincount(cover.indices, minlength=cover.shape[1]) > 0
        cover, columns = _only(cover, columns, left)
    return Kernel(cover, columns, np.concatenate([np.empty(0, dtype=np.intp), *forced]))


def _only(cover: sparse.csr_array, columns: Ints, keep: Bools) -> tuple[sparse.csr_array, Ints]:
    kept = np.flatnonzero(keep)
    part = sparse.csr_array(cover[:, kept])
    part.sort_indices()
    return part, columns[kept]


def least_by_share(cover: sparse.csr_array) -> Floats:
    """Return the least share of a column each row has to pay: their sum bounds the columns."""
    if not cover.nnz:
        return np.zeros(cover.shape[0])
    size = np.bincount(cover.indices, minlength=cover.shape[1])
    return np.asarray(np.minimum.reduceat(1.0 / size[cover.indices], cover.indptr[:-1]))


def _solve_part(pattern: sparse.csr_array, opened: Bools, run: Run) -> tuple[Bools, float]:
    """Return the fewest columns of a part, and a bound; the given ones where time was up."""
    program = Program()
    x = program.add_columns(pattern.shape[1], cost=1.0, whole=True)
    rows, cols = pattern.nonzero()
    program.add_rows(pattern.shape[0], [(rows, x[cols], np.ones(len(rows)))], low=1.0)
    answer = solve(program, run.part(run.left() * PART_SHARE), start=opened.astype(float))
    best = answer.value if answer.status == "optimal" else answer.bound
    bound = float(np.ceil(best - EASE))
    found = opened if answer.x is None else answer.x > 0.5
    return (found if found.sum() < opened.sum() else opened), bound
