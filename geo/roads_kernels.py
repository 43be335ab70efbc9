"""Compiled searches with a cut-off: one a room, each touching only the nodes within its reach.

Imported only when pairs are asked for on roads: the first call on a machine compiles for some
seconds and later processes load the result from numba's cache.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from geo.pairs import Floats, Ints, Pairs

Indices = npt.NDArray[np.int32]


def searched(
    graph: Pairs,
    doors: tuple[Ints, Floats],
    homes: tuple[Ints, Indices, Floats],
    walks: tuple[Ints, Indices, Floats],
    limit: float,
) -> tuple[Ints, Indices, Floats]:
    """Search from every room up to a limit, and say whom each reaches.

    Parameters
    ----------
    graph : csr_array, shape (n_nodes, n_nodes)
        Cost of each edge in the direction of the search.
    doors : tuple of arrays, shape (n_rooms,)
        Node at which each room joins the graph (-1 for none), and the cost from room to node.
    homes : tuple of arrays
        ``(first, row, cost)``: rows of demand by node, as CSR, and what each adds to its node.
    walks : tuple of arrays
        ``(first, row, cost)``: pairs reached without the graph, as CSC by room.
    limit : float
        Inclusive.

    Returns
    -------
    first : int64 array, shape (n_rooms + 1,)
    row : int32 array
        Rows of demand reached by each room, in the order of the search.
    cost : float array
        The least of way and walk.

    Notes
    -----
    Dijkstra with a binary heap of pending nodes: O(edges log nodes) over the edges within the
    limit, however large the graph. Memory is that of the answer and 24 bytes a node and edge.
    """
    n_demand = int(max(homes[1].max(initial=-1), walks[1].max(initial=-1))) + 1
    at, door = np.ascontiguousarray(doors[0]), np.ascontiguousarray(doors[1])
    plain = (graph.indptr.astype(np.int64), graph.indices.astype(np.int32), graph.data)
    first, row, cost = _search(*plain, at, door, *homes, *walks, limit, n_demand)
    return first, row, cost


@njit(cache=True, nogil=True)
def _search(  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    indptr, indices, data, at, door, home_first, home_row, home_cost,
    walk_first, walk_row, walk_cost, limit, n_demand,
):  # fmt: skip
    """Search from room after room; only what a search touched is cleared behind it."""
    n = len(indptr) - 1
    least = np.full(n, np.inf)
    touched = np.empty(n, np.int32)
    keys = np.empty(len(data) + 1)
    nodes = np.empty(len(data) + 1, np.int32)
    walk = np.full(n_demand, np.inf)
    first = np.zeros(len(at) + 1, np.int64)
    row, cost = np.empty(1024, np.int32), np.empty(1024)
    found = 0
    for room in range(len(at)):
        for k in range(walk_first[room], walk_first[room + 1]):
            walk[walk_row[k]] = walk_cost[k]
        size, seen = 0, 0
        if at[room] >= 0 and door[room] <= limit:
            least[at[room]] = door[room]
            touched[0], seen = at[room], 1
            size = _push(keys, nodes, size, door[room], at[room])
        while size > 0:
            key, node = keys[0], nodes[0]
            size = _pop(keys, nodes, size)
            if key > least[node]:
                continue
            for k in range(home_first[node], home_first[node + 1]):
                total = min(key + home_cost[k], walk[home_row[k]])
                if total <= limit:
                    row, cost = _room_for(row, cost, found)
                    row[found], cost[found] = home_row[k], total
                    found += 1
                    walk[home_row[k]] = np.inf
            for k in range(indptr[node], indptr[node + 1]):
                total = key + data[k]
                other = indices[k]
                if total <= limit and total < least[other]:
                    if least[other] == np.inf:
                        touched[seen] = other
                        seen += 1
                    least[other] = total
                    size = _push(keys, nodes, size, total, other)
        for k in range(walk_first[room], walk_first[room + 1]):
            if walk[walk_row[k]] < np.inf:
                row, cost = _room_for(row, cost, found)
                row[found], cost[found] = walk_row[k], walk[walk_row[k]]
                found += 1
            walk[walk_row[k]] = np.inf
        for k in range(seen):
            least[touched[k]] = np.inf
        first[room + 1] = found
    return first, row[:found].copy(), cost[:found].copy()


@njit(cache=True, nogil=True)
def _room_for(row, cost, found):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Return arrays with a place to spare."""
    if found < len(row):
        return row, cost
    rows, costs = np.empty(2 * found, np.int32), np.empty(2 * found)
    rows[:found], costs[:found] = row, cost
    return rows, costs


@njit(cache=True, nogil=True)
def _push(keys, nodes, size, key, node):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Put a node on the heap and return its new size."""
    place = size
    while place > 0 and keys[(place - 1) // 2] > key:
        above = (place - 1) // 2
        keys[place], nodes[place] = keys[above], nodes[above]
        place = above
    keys[place], nodes[place] = key, node
    return size + 1


@njit(cache=True, nogil=True)
def _pop(keys, nodes, size):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Take the first node off the heap and return its new size."""
    size -= 1
    key, node = keys[size], nodes[size]
    place = 0
    while 2 * place + 1 < size:
        below = 2 * place + 1
        if below + 1 < size and keys[below + 1] < keys[below]:
            below += 1
        if keys[below] >= key:
            break
        keys[place], nodes[place] = keys[below], nodes[below]
        place = below
    keys[place], nodes[place] = key, node
    return size
