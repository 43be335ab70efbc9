"""Compiled search for pairs within reach, for sizes beyond a city's.

Imported only when :func:`geo.reach.reach_pairs` meets large tables: the first call on a machine
compiles for some seconds and later processes load the result from numba's cache.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_ROW = 1024.0  # key distance between two latitude rows; more than any window is wide
_SHORT = 96  # up to here a row is sorted by counting
_SLACK_DEG = 1e-6  # about 0.1 m: covers the rounding of keys; the final filter is by metres


def grid_pairs(
    demand: tuple[Floats, Floats], sites: tuple[Floats, Floats], chord2: Floats, limit_deg: float
) -> tuple[Ints, npt.NDArray[np.int32], Floats]:
    """Find all pairs within a squared chord, by latitude rows sorted by longitude.

    Parameters
    ----------
    demand, sites : tuple of arrays
        ``(lonlat, xyz)``: shape (n, 2) degrees with longitude in [-180, 180), and shape (n, 3)
        unit vectors. Nobody stands within ``limit_deg`` of a pole.
    chord2 : array, shape (n_demand,)
        Largest squared chord accepted for each demand row.
    limit_deg : float
        Largest limit of any row, degrees of arc, below 90.

    Returns
    -------
    indptr : int64 array, shape (n_demand + 1,)
    indices : int32 array, shape (n_pairs,)
        Ascending within each row.
    chord2 : array, shape (n_pairs,)
        Squared chords, zeros kept.

    Notes
    -----
    Sites are sorted once by (row, longitude); demand is visited in the same order, so the window
    of each of the three neighbouring rows only moves forward. Sites near the antimeridian get a
    copy on its other side. Time is O(n log n + pairs); memory is the answer and about 60 bytes a
    point, because a first run counts and a second one fills.
    """
    height = max(limit_deg + _SLACK_DEG, 1e-3)
    widths = _row_widths(height)
    lonlat, ids = _with_copies(sites[0], _widest(demand[0], height))
    key, order = _sorted_keys(lonlat, height)
    ids = ids[order]
    d_key, d_order = _sorted_keys(demand[0], height)
    n = len(d_order)
    indptr = np.zeros(n + 1, dtype=np.int64)
    args = (
        d_key,
        d_order.astype(np.int32),
        demand[1][d_order],
        chord2[d_order],
        key,
        ids,
        sites[1][ids],
        widths,
    )
    nothing = (np.empty(0, dtype=np.int32), np.empty(0))
    _scan(*args, indptr, *nothing, False)
    np.cumsum(indptr, out=indptr)
    indices = np.empty(indptr[-1], dtype=np.int32)
    data = np.empty(indptr[-1])
    _scan(*args, indptr, indices, data, True)
    return indptr, indices, data


def _half_widths(lat_deg: Floats, radius_deg: float) -> Floats:
    """Return how many degrees of longitude a circle spans to one side, at these latitudes."""
    ratio = np.sin(np.radians(radius_deg)) / np.maximum(np.cos(np.radians(lat_deg)), 1e-12)
    return np.where(ratio < 1, np.degrees(np.arcsin(np.minimum(ratio, 1))) + _SLACK_DEG, 180.0)


def _row_widths(height: float) -> Floats:
    """Return the half width of the window for demand in each latitude row."""
    edge = np.arange(int(180.0 / height) + 2) * height - 90.0
    furthest = np.maximum(np.abs(edge), np.abs(edge + height))
    return _half_widths(np.minimum(furthest, 90.0), height)


def _widest(lonlat: Floats, height: float) -> float:
    """Return the widest window any demand row needs."""
    top = min(float(np.abs(lonlat[:, 1]).max()) + height, 90.0)
    return float(_half_widths(np.array([top]), height)[0])


def _with_copies(lonlat: Floats, width: float) -> tuple[Floats, npt.NDArray[np.int32]]:
    """Return the sites, and once more those within ``width`` of the antimeridian, beyond it."""
    ids = np.arange(len(lonlat), dtype=np.int32)
    west = np.flatnonzero(lonlat[:, 0] <= -180.0 + width)
    east = np.flatnonzero(lonlat[:, 0] >= 180.0 - width)
    if not len(west) + len(east):
        return lonlat, ids
    copies = [lonlat, lonlat[west] + [360.0, 0.0], lonlat[east] - [360.0, 0.0]]
    return np.concatenate(copies), np.concatenate([ids, ids[west], ids[east]])


def _sorted_keys(lonlat: Floats, height: float) -> tuple[Floats, Ints]:
    """Return sorted keys ``row * _ROW + longitude`` and the order that sorts them."""
    key = np.floor((lonlat[:, 1] + 90.0) / height) * _ROW + lonlat[:, 0]
    order = np.argsort(key)
    return key[order], order


@njit(cache=True, nogil=True)
def _scan(  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    d_key, d_id, d_xyz, chord2, key, ids, xyz, widths, indptr, indices, data, fill
):
    """Count the pairs of each demand row into ``indptr[row + 1]``, or fill the rows."""
    low = np.zeros(3, dtype=np.int64)
    high = np.zeros(3, dtype=np.int64)
    index, value = np.empty(_SHORT, dtype=np.int32), np.empty(_SHORT)
    for a in range(len(d_key)):
        band = np.floor((d_key[a] + 0.5 * _ROW) / _ROW)
        width = widths[int(band)]
        x, y, z = d_xyz[a, 0], d_xyz[a, 1], d_xyz[a, 2]
        start = indptr[d_id[a]]
        at = start
        count = 0
        for k in range(3):
            middle = d_key[a] + (k - 1) * _ROW
            while low[k] < len(key) and key[low[k]] < middle - width:
                low[k] += 1
            high[k] = max(high[k], low[k])
            while high[k] < len(key) and key[high[k]] <= middle + width:
                high[k] += 1
            for b in range(low[k], high[k]):
                dx, dy, dz = xyz[b, 0] - x, xyz[b, 1] - y, xyz[b, 2] - z
                square = dx * dx + dy * dy + dz * dz
                if square <= chord2[a]:
                    if fill:
                        indices[at] = ids[b]
                        data[at] = square
                        at += 1
                    else:
                        count += 1
        if fill:
            _sort_row(indices, data, start, at, index, value)
        else:
            indptr[d_id[a] + 1] = count


@njit(cache=True, nogil=True)
def _sort_row(indices, data, start, stop, index, value):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Sort one row by index: short ones by counting the smaller, long ones by Shell's gaps."""
    n = stop - start
    if n <= len(index):
        index[:n] = indices[start:stop]
        value[:n] = data[start:stop]
        for a in range(n):
            smaller = 0
            for b in range(n):  # no branch, so that the processor takes several at a time
                smaller += index[b] < index[a]
            indices[start + smaller] = index[a]
            data[start + smaller] = value[a]
        return
    gap = 1
    while gap * 3 < n:
        gap = gap * 3 + 1
    while gap > 0:
        for a in range(start + gap, stop):
            moved, kept, b = indices[a], data[a], a
            while b >= start + gap and indices[b - gap] > moved:
                indices[b], data[b] = indices[b - gap], data[b - gap]
                b -= gap
            indices[b], data[b] = moved, kept
        gap //= 3
