"""A covering pattern cut into parts, and the small program that each part is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from analysis.siting.highs import ROW_WISE, SilentHighs, optimal_point
from analysis.siting.problem import Bools, Floats, Ints
from analysis.siting.run import Run
from analysis.siting.solver import watch

WHOLE = 1e-6
FOREVER = 1e9
OUTWARD = 1e-7


@dataclass(frozen=True)
class Parts:
    """Rows and columns of a covering pattern, ordered by component.

    Parameters
    ----------
    cover : (n_rows, n_columns) CSR array
    weight : (n_rows,) float array
    columns : (n_columns,) int array
        What each column is called outside.
    row_start, col_start : (n_parts + 1,) int arrays
        Where each component begins.
    """

    cover: sparse.csr_array
    weight: Floats
    columns: Ints
    row_start: Ints
    col_start: Ints

    @property
    def count(self) -> int:
        """Return the number of components."""
        return len(self.col_start) - 1

    def rows_of(self, part: int) -> slice:
        """Return the rows of a component."""
        return slice(int(self.row_start[part]), int(self.row_start[part + 1]))

    def columns_of(self, part: int) -> slice:
        """Return the columns of a component."""
        return slice(int(self.col_start[part]), int(self.col_start[part + 1]))

    def pattern(self, part: int) -> sparse.csr_array:
        """Return the ones of a component, its rows and columns counted from 0."""
        rows, cols = self.rows_of(part), self.columns_of(part)
        starts = self.cover.indptr[rows.start : rows.stop + 1]
        indices = self.cover.indices[starts[0] : starts[-1]] - cols.start
        shape = (rows.stop - rows.start, cols.stop - cols.start)
        return sparse.csr_array((np.ones(len(indices)), indices, starts - starts[0]), shape)


def in_parts(cover: sparse.csr_array, weight: Floats, columns: Ints) -> Parts:
    """Return a pattern whose rows all have columns, ordered by component.

    Parameters
    ----------
    cover : (n_rows, n_columns) CSR array
    weight : (n_rows,) float array
    columns : (n_columns,) int array
    """
    count, row_part, col_part = components(cover)
    row_order, col_order = (np.argsort(p, kind="stable") for p in (row_part, col_part))
    place = np.empty(len(columns), dtype=np.int32)
    place[col_order] = np.arange(len(columns), dtype=np.int32)
    cover = cover[row_order]
    moved = sparse.csr_array((cover.data, place[cover.indices], cover.indptr), cover.shape)
    ends = np.arange(count + 1)
    return Parts(
        moved,
        weight[row_order],
        columns[col_order],
        np.searchsorted(row_part[row_order], ends),
        np.searchsorted(col_part[col_order], ends),
    )


def components(cover: sparse.csr_array) -> tuple[int, Ints, Ints]:
    """Return the number of components and the component of each row and column.

    Columns of a row are chained, so that the graph has one edge per stored pair and no row nodes.
    """
    inner = np.ones(cover.nnz, dtype=bool)
    inner[cover.indptr[1:] - 1] = False
    start = np.flatnonzero(inner)
    ones = np.ones(len(start), dtype=np.int8)
    ends = (cover.indices[start], cover.indices[start + 1])
    graph = sparse.coo_array((ones, ends), shape=(cover.shape[1],) * 2).tocsr()
    count, part = connected_components(graph, directed=False)
    return count, part[cover.indices[cover.indptr[:-1]]], part


def cut(pattern: sparse.csr_array, rows: Ints, columns: Ints) -> sparse.csr_array:
    """Return some rows of a pattern with some of its columns (ascending), as ones.

    Notes
    -----
    Costs as much as the rows are long, where scipy passes over all columns of the pattern.
    """
    part = pattern[rows]
    place = np.minimum(np.searchsorted(columns, part.indices), len(columns) - 1)
    kept = columns[place] == part.indices
    ends = np.concatenate([[0], np.cumsum(kept)])[part.indptr]
    shape = (len(rows), len(columns))
    return sparse.csr_array((np.ones(int(ends[-1])), place[kept], ends), shape)


def part_solver(run: Run, stage: str, **options: object) -> SilentHighs:
    """Return HiGHS for many small programs, with its costly tries for good points left out.

    Notes
    -----
    On a piece of some hundred columns the root of the tree costs half the time without them, and
    ends at the same bound.
    """
    highs = SilentHighs()
    for name in ("feasibility_jump", "rens", "rins", "root_reduced_cost"):
        highs.setOptionValue(f"mip_heuristic_run_{name}", False)
    options = {"mip_heuristic_effort": 0.0, "mip_detect_symmetry": False} | options
    for name, value in options.items():
        highs.setOptionValue(name, value)
    watch(highs, run, stage, linear=False)
    return highs


def solve_part(
    highs: SilentHighs,
    pattern: sparse.csr_array,
    worth: Floats,
    cost: Floats,
    run: Run,
    *,
    seconds: float = FOREVER,
) -> tuple[Bools, float]:
    """Solve one part: its linear program first, whole numbers only where that is not whole.

    Parameters
    ----------
    highs : SilentHighs
        With the gap to reach set.
    pattern : (n_rows, n_columns) CSR array
        Every row has columns.
    worth : (n_rows,) float array
        Above 0; what covering each row saves.
    cost : (n_columns,) float array
        Not below 0.
    run : Run
    seconds : float
        For the whole-number program.

    Returns
    -------
    opened : (n_columns,) bool array
        None where time was up.
    least : float
        No choice of columns costs less, after what it saves: in plain arithmetic from the prices
        of the linear program, or HiGHS's bound taken 1e-7 further out.
    """
    n_rows, n_cols = pattern.shape
    even = _safe_least(pattern, worth, worth / np.diff(pattern.indptr), cost)
    least = max(even, min(0.0, float(cost.min() - worth.sum())))
    none = np.zeros(n_cols, dtype=bool)
    if run.stopped():
        return none, least
    model = _model(pattern, worth, cost)
    # The clock of HiGHS runs on from one program to the next.
    highs.setOptionValue("time_limit", highs.getRunTime() + min(run.left(), FOREVER))
    highs.passModel(*model, np.zeros(n_cols + n_rows, dtype=np.int32))
    highs.run()
    point, prices = optimal_point(highs)
    if len(prices) != n_rows or run.stopped():
        return none, least
    least = max(least, _safe_least(pattern, worth, -prices, cost))
    x = point[:n_cols]
    if np.abs(x - np.rint(x)).max() < WHOLE:
        return x > 0.5, least
    whole = np.repeat(np.array([1, 0], dtype=np.int32), [n_cols, n_rows])
    until = highs.getRunTime() + max(0.1, min(seconds, run.left()))
    highs.setOptionValue("time_limit", until)
    highs.passModel(*model, whole)
    highs.run()
    point, _ = optimal_point(highs)
    bound = float(highs.getInfo().mip_dual_bound)
    opened = point[:n_cols] > 0.5 if len(point) else none
    return opened, max(least, bound - OUTWARD * abs(bound))


def _model(pattern: sparse.csr_array, worth: Floats, cost: Floats) -> tuple[object, ...]:
    """Return ``min cost x - worth y``, ``y <= sum of covering x``, as HiGHS takes it."""
    n_rows, n_cols = pattern.shape
    each = np.arange(n_rows, dtype=np.int32)
    ends = pattern.indptr[1:]
    indices = np.insert(pattern.indices, ends, each + n_cols).astype(np.int32)
    values = np.insert(-np.ones(pattern.nnz), ends, 1.0)
    starts = (pattern.indptr + np.arange(n_rows + 1)).astype(np.int32)
    count, costs = n_cols + n_rows, np.concatenate([cost, -worth])
    bounds = (np.zeros(count), np.ones(count), np.full(n_rows, -np.inf), np.zeros(n_rows))
    return count, n_rows, len(values), ROW_WISE, 1, 0.0, costs, *bounds, starts, indices, values


def _safe_least(pattern: sparse.csr_array, worth: Floats, duals: Floats, cost: Floats) -> float:
    """Return a bound that any dual values give, so that no solver tolerance enters it."""
    share = np.clip(duals, 0.0, worth)
    over = np.maximum(pattern.T @ share - cost, 0.0)
    return -float((worth - share).sum() + over.sum())
