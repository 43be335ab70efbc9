"""A covering pattern cut into components that have no row and no column in common."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from analysis.siting.problem import Floats, Ints


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
    count, row_part, col_part = _components(cover)
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


def _components(cover: sparse.csr_array) -> tuple[int, Ints, Ints]:
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
