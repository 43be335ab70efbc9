"""DBSCAN on many points, exact, by cells so small that all points of one are neighbours.

Rows of equal latitude are cut into columns at their own parallel, so that no cell's diagonal is
longer than the radius. A crowded cell then makes all its points core points without looking at
one distance, and its core points are one cluster; distances are measured only between cells.
The first call on a machine compiles for some seconds; later processes load numba's cache.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

from geo.reach import EARTH_RADIUS_M, unit_vectors

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]

_NEAR_ROWS = 2  # a cell is the radius over √2 high, so the radius crosses two rows at most
_SHIFT = np.int64(1) << 32


def cell_labels(lonlat: Floats, weights: Ints, reach_m: float, min_cases: int) -> Ints:
    """Return DBSCAN's label of every point, numbered as scikit-learn numbers them.

    Parameters
    ----------
    lonlat : array, shape (n, 2)
        Degrees, where :func:`analysis.clusters.suits_cells`.
    weights : int array, shape (n,)
        Cases at each point.
    reach_m : float
        The radius as a chord, metres, inclusive.
    min_cases : int

    Returns
    -------
    int array, shape (n,)
        −1 for noise; else clusters in the order of their first core point. A border point of
        several clusters takes the one that comes first.

    Notes
    -----
    Time O(n log n) for sorting, then distances only where counts of cells do not decide; memory
    about 100 bytes a point. Two crowded cells that lie just out of reach of each other cost the
    product of their points.

    References
    ----------
    Gan & Tao 2015, DBSCAN revisited: mis-claim, un-fixability, and approximation, SIGMOD,
    doi:10.1145/2723372.2737792.
    """
    lon, lat = np.radians(lonlat).T
    side = reach_m / EARTH_RADIUS_M / np.sqrt(2) * (1 - 1e-9)
    row = np.floor(lat / side).astype(np.int64)
    row -= row.min()
    bands = np.arange(row.max() + 1) + np.floor(lat.min() / side)
    low = np.where(bands >= 0, bands, -(bands + 1)) * side  # of each row, nearest the equator
    width = side / np.cos(low)
    key = row * _SHIFT + np.floor((lon + np.pi) / width[row]).astype(np.int64)
    order = np.argsort(key, kind="stable")
    key = key[order]
    starts = np.flatnonzero(np.diff(key, prepend=-1))
    cell_row, cell_column = np.divmod(key[starts], _SHIFT)
    row_starts = np.searchsorted(cell_row, np.arange(len(bands) + 1))
    far = np.cos(np.minimum(np.abs(lat).max() + 3 * side, np.radians(85)))
    ptr, near = _neighbour_cells(cell_row, cell_column, row_starts, width, 1.5 * side / far)
    starts = np.append(starts, len(order))
    at = unit_vectors(lonlat[order]) * EARTH_RADIUS_M
    boxes = _boxes(at, starts)
    reach2 = reach_m * reach_m
    core = _core_points(at, weights[order], starts, boxes, ptr, near, reach2, min_cases)
    root = _components(at, core, starts, boxes, ptr, near, reach2)
    first = _labels(at, core, starts, boxes, ptr, near, reach2, root, order)
    labels = np.full(len(order), -1, dtype=np.int64)
    inside = first >= 0
    labels[order[inside]] = np.unique(first[inside], return_inverse=True)[1]
    return labels


@njit(cache=True, nogil=True)
def _neighbour_cells(row, column, row_starts, width, reach_lon):  # type: ignore[no-untyped-def]
    """Return for each cell the occupied cells within reach, as pointers and positions."""
    cells = len(row)
    ptr = np.zeros(cells + 1, np.int64)
    near = np.empty(0, np.int64)
    for fill in range(2):
        if fill:
            near = np.empty(ptr[cells], np.int64)
        found = 0
        for cell in range(cells):
            west = column[cell] * width[row[cell]] - reach_lon
            east = (column[cell] + 1) * width[row[cell]] + reach_lon
            for step in range(-_NEAR_ROWS, _NEAR_ROWS + 1):
                other = row[cell] + step
                if other < 0 or other >= len(width):
                    continue
                here, end = row_starts[other], row_starts[other + 1]
                here += np.searchsorted(column[here:end], np.int64(np.floor(west / width[other])))
                last = np.int64(np.floor(east / width[other]))
                while here < end and column[here] <= last:
                    if here != cell:
                        if fill:
                            near[found] = here
                        found += 1
                    here += 1
            ptr[cell + 1] = found
    return ptr, near


@njit(cache=True, nogil=True)
def _boxes(at, starts):  # type: ignore[no-untyped-def]
    """Return the least and the greatest coordinates of each cell's points, shape (cells, 6)."""
    boxes = np.empty((len(starts) - 1, 6))
    for cell in range(len(boxes)):
        for i in range(3):
            boxes[cell, i] = at[starts[cell] : starts[cell + 1], i].min()
            boxes[cell, 3 + i] = at[starts[cell] : starts[cell + 1], i].max()
    return boxes


@njit(cache=True, nogil=True)
def _to_box2(at, p, boxes, cell):  # type: ignore[no-untyped-def]
    """Return the squared distance from a point to the box round a cell's points."""
    total = 0.0
    for i in range(3):
        gap = max(boxes[cell, i] - at[p, i], at[p, i] - boxes[cell, 3 + i], 0.0)
        total += gap * gap
    return total


@njit(cache=True, nogil=True)
def _core_points(at, weights, starts, boxes, ptr, near, reach2, min_cases):  # type: ignore[no-untyped-def]
    """Tell which points have enough cases within reach; stops counting at enough."""
    core = np.zeros(len(at), np.bool_)
    for cell in range(len(starts) - 1):
        own = 0
        for p in range(starts[cell], starts[cell + 1]):
            own += weights[p]
        for p in range(starts[cell], starts[cell + 1]):
            count = own
            for n in range(ptr[cell], ptr[cell + 1]):
                if count >= min_cases:
                    break
                if _to_box2(at, p, boxes, near[n]) > reach2:
                    continue
                for q in range(starts[near[n]], starts[near[n] + 1]):
                    if _apart2(at, p, q) <= reach2:
                        count += weights[q]
            core[p] = count >= min_cases
    return core


@njit(cache=True, nogil=True)
def _components(at, core, starts, boxes, ptr, near, reach2):  # type: ignore[no-untyped-def]
    """Return each cell's component (union-find over cells that hold core points)."""
    cells = len(starts) - 1
    parent = np.arange(cells)
    has_core = np.zeros(cells, np.bool_)
    for cell in range(cells):
        has_core[cell] = core[starts[cell] : starts[cell + 1]].any()
    for cell in range(cells):
        if not has_core[cell]:
            continue
        for n in range(ptr[cell], ptr[cell + 1]):
            other = near[n]
            if other < cell and has_core[other]:
                a, b = _root(parent, cell), _root(parent, other)
                if a != b and _touch(at, core, starts, boxes, cell, other, reach2):
                    parent[max(a, b)] = min(a, b)
    for cell in range(cells):
        parent[cell] = _root(parent, cell) if has_core[cell] else -1
    return parent


@njit(cache=True, nogil=True)
def _labels(at, core, starts, boxes, ptr, near, reach2, root, order):  # type: ignore[no-untyped-def]
    """Return for each point the first core point of its cluster, −1 for noise."""
    cells = len(starts) - 1
    none = np.int64(len(at))
    first = np.full(cells, none)
    for cell in range(cells):
        for p in range(starts[cell], starts[cell + 1]):
            if core[p]:
                first[root[cell]] = min(first[root[cell]], order[p])
    label = np.full(len(at), np.int64(-1))
    for cell in range(cells):
        own = first[root[cell]] if root[cell] >= 0 else none
        for p in range(starts[cell], starts[cell + 1]):
            best = own
            if not core[p]:
                for n in range(ptr[cell], ptr[cell + 1]):
                    other = near[n]
                    if (
                        root[other] >= 0
                        and first[root[other]] < best
                        and _to_box2(at, p, boxes, other) <= reach2
                    ):
                        for q in range(starts[other], starts[other + 1]):
                            if core[q] and _apart2(at, p, q) <= reach2:
                                best = first[root[other]]
                                break
            if best < none:
                label[p] = best
    return label


@njit(cache=True, nogil=True)
def _touch(at, core, starts, boxes, one, two, reach2):  # type: ignore[no-untyped-def]
    """Tell whether a core point of one cell is within reach of one of the other."""
    for p in range(starts[one], starts[one + 1]):
        if core[p] and _to_box2(at, p, boxes, two) <= reach2:
            for q in range(starts[two], starts[two + 1]):
                if core[q] and _apart2(at, p, q) <= reach2:
                    return True
    return False


@njit(cache=True, nogil=True)
def _apart2(at, p, q):  # type: ignore[no-untyped-def]
    x, y, z = at[p, 0] - at[q, 0], at[p, 1] - at[q, 1], at[p, 2] - at[q, 2]
    return x * x + y * y + z * z


@njit(cache=True, nogil=True)
def _root(parent, cell):  # type: ignore[no-untyped-def]
    while parent[cell] != cell:
        parent[cell] = parent[parent[cell]]
        cell = parent[cell]
    return cell
