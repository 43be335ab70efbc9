"""Cost matrices between demand and rooms: sparse, with a cut-off, zeros kept.

A row is a demand point, a column a room or site, an entry metres or minutes. A stored 0 is a cost
of zero; a pair that is not stored is out of reach. Scipy's own sums and minima confuse the two,
so what is needed is here.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
Pairs: TypeAlias = csr_array


def nearest_in(pairs: Pairs) -> tuple[Ints, Floats]:
    """Return the cheapest stored entry of every row of a cost matrix.

    Parameters
    ----------
    pairs : csr_array, shape (n_demand, n_sites)
        Costs (metres or minutes); a stored 0 is a cost of zero, what is not stored is out of reach.

    Returns
    -------
    position : int64 array, shape (n_demand,)
        Column of the smallest entry, the leftmost of equals; -1 for an empty row.
    cost : float array, shape (n_demand,)
        The entry; inf for an empty row.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> pairs = csr_array(([5.0, 0.0], [0, 1], [0, 2, 2]), shape=(2, 3))
    >>> [part.tolist() for part in nearest_in(pairs)]
    [[1, -1], [0.0, inf]]
    """
    position = np.full(pairs.shape[0], -1, dtype=np.int64)
    cost = np.full(pairs.shape[0], np.inf)
    filled = np.flatnonzero(np.diff(pairs.indptr))
    if not len(filled):
        return position, cost
    starts = pairs.indptr[filled]
    cost[filled] = np.minimum.reduceat(pairs.data, starts)
    least = pairs.data == np.repeat(cost[filled], np.diff(pairs.indptr)[filled])
    column = np.where(least, pairs.indices, pairs.shape[1])
    position[filled] = np.minimum.reduceat(column, starts)
    return position, cost


def within(pairs: Pairs, limit: npt.ArrayLike) -> Pairs:
    """Return the entries of a cost matrix up to a limit, inclusive.

    Parameters
    ----------
    pairs : csr_array, shape (n_demand, n_sites)
        Costs in metres or minutes.
    limit : float or array-like, shape (n_demand,)
        In the unit of the costs.

    Returns
    -------
    csr_array
        The same object when every entry stays.
    """
    limits = np.asarray(limit, dtype=np.float64)
    if limits.ndim and limits.size and (limits == limits[0]).all():
        limits = limits[0]  # no need to spell it out for every pair
    keep = pairs.data <= (np.repeat(limits, np.diff(pairs.indptr)) if limits.ndim else limits)
    if keep.all():
        return pairs
    kept = np.concatenate([[0], np.cumsum(keep)])[pairs.indptr].astype(pairs.indptr.dtype)
    return csr_array((pairs.data[keep], pairs.indices[keep], kept), shape=pairs.shape)


def cheapest(row: Ints, column: Ints, cost: Floats, shape: tuple[int, int]) -> Pairs:
    """Return the matrix that holds the least of the costs given for each pair.

    Parameters
    ----------
    row, column : int array, shape (n,)
        Pairs, in any order, repeated or not.
    cost : float array, shape (n,)
    shape : tuple of int

    Returns
    -------
    csr_array
        Columns ascending, zeros stored. (Scipy would add repeated pairs up.)

    Examples
    --------
    >>> matrix = cheapest(np.array([0, 0]), np.array([1, 1]), np.array([5.0, 0.0]), (1, 2))
    >>> matrix.indices.tolist(), matrix.data.tolist()
    ([1], [0.0])
    """
    order = np.lexsort((cost, column, row))
    row, column, cost = row[order], column[order], cost[order]
    new = np.ones(len(row), dtype=bool)
    new[1:] = (row[1:] != row[:-1]) | (column[1:] != column[:-1])
    count = np.bincount(row[new], minlength=shape[0])
    indptr = np.concatenate([[0], np.cumsum(count)])
    small = max(len(row), shape[1]) <= np.iinfo(np.int32).max
    kind = np.int32 if small else np.int64
    return csr_array((cost[new], column[new].astype(kind), indptr.astype(kind)), shape=shape)
