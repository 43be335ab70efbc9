"""Who is within reach of what: sparse great-circle distances and the nearest place.

Distances are metres on the sphere of the Earth's mean radius. No projection is involved, so a pair
is right wherever it lies: at the antimeridian, at a pole, or across a zone border.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from geo.errors import RoomplanError, first_ids
from geo.pairs import Floats, Ints, Pairs, within

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius of the Earth (IUGG, 2 a + b over 3 on GRS 80); a sphere differs by up to 0.5 %."""

HALF_CIRCUMFERENCE_M = float(np.pi * EARTH_RADIUS_M)

COMPILED_FROM = 100_000
"""Points in both tables together from which the compiled search pays for its loading."""

_HAIR = 1e-9  # the search is wider by this; the last word is the comparison of metres
_CHUNK = 1 << 15


class ReachError(RoomplanError, ValueError):
    """Coordinates or a limit that no distance can be computed from."""


def reach_pairs(
    demand_lonlat: npt.ArrayLike, site_lonlat: npt.ArrayLike, limit_m: npt.ArrayLike
) -> Pairs:
    """Return the great-circle metres of every pair within the limit.

    Parameters
    ----------
    demand_lonlat : array-like, shape (n_demand, 2)
        Longitude and latitude, degrees WGS-84.
    site_lonlat : array-like, shape (n_sites, 2)
        The same for the places to be reached.
    limit_m : float or array-like, shape (n_demand,)
        Largest distance in metres, inclusive; one for all or one a demand row. 0 means the very
        same position; half the circumference or more (``inf`` too) means every pair.

    Returns
    -------
    csr_array, shape (n_demand, n_sites)
        Metres, columns ascending in each row. A distance of 0 is stored; a pair that is not
        stored is out of reach.

    Raises
    ------
    ReachError
        Coordinates that are not finite degrees, or a limit that is negative or NaN; the message
        names how many rows and their first positions.

    Notes
    -----
    With unit vectors u and v the chord is c = |u - v| and the distance
    :math:`2 R \\arcsin(c / 2)`, good to a micrometre at walking distances and to some centimetres
    at the antipode. Up to :data:`COMPILED_FROM` points a k-d tree on the chords answers and nothing
    is compiled; beyond it rows of latitude sorted by longitude do (:mod:`geo.reach_kernels`).
    Both take O(n log n + pairs) time, and 12 bytes a pair for the answer. The sphere differs from
    the ellipsoid by up to 0.5 %, and a straight line is not a way: see :mod:`geo.travel`.

    References
    ----------
    Maneewongvatana, S. and Mount, D. (1999) It's okay to be skinny, if your friends are fat.
    4th CGC Workshop on Computational Geometry.

    Examples
    --------
    >>> pairs = reach_pairs([[118.0, 25.0]], [[118.0, 25.0], [118.0, 25.01], [119.0, 25.0]], 3000)
    >>> pairs.indices.tolist(), pairs.data.round(1).tolist()
    ([0, 1], [0.0, 1112.0])
    """
    demand = checked_lonlat(demand_lonlat, "demand")
    sites = checked_lonlat(site_lonlat, "sites")
    limit = _checked_limit(limit_m, len(demand))
    if not len(demand) or not len(sites):
        return csr_array((len(demand), len(sites)), dtype=np.float64)
    chord2 = np.square(_chord(limit) * (1 + _HAIR) + 1e-15)
    if _suits_grid(demand, sites, float(limit.max())):
        pairs = _pairs_by_grid(demand, sites, chord2, float(limit.max()))
    else:
        pairs = _pairs_by_tree(demand, sites, chord2)
    _chord2_to_metres(pairs.data)
    return within(pairs, limit)


def nearest(demand_lonlat: npt.ArrayLike, site_lonlat: npt.ArrayLike) -> tuple[Ints, Floats]:
    """Return the nearest site of every demand row, however far.

    Parameters
    ----------
    demand_lonlat : array-like, shape (n_demand, 2)
        Longitude and latitude, degrees WGS-84.
    site_lonlat : array-like, shape (n_sites, 2)
        The same for the places to be reached.

    Returns
    -------
    position : int64 array, shape (n_demand,)
        Row of the nearest site; -1 where there is no site. Of several sites at one position
        it is the first.
    metres : float array, shape (n_demand,)
        Great-circle distance; inf where there is no site.

    Raises
    ------
    ReachError
        Coordinates that are not finite degrees.

    Notes
    -----
    One k-d tree query on unit vectors: O((n_demand + n_sites) log n_sites) time. Which of two
    different positions at equal distance is named is decided by the last bit.

    Examples
    --------
    >>> position, metres = nearest([[118.0, 25.0]], [[119.0, 25.0], [118.0, 25.01]])
    >>> position.tolist(), metres.round(1).tolist()
    ([1], [1112.0])
    """
    if np.size(site_lonlat) and np.size(demand_lonlat):
        return SiteIndex(site_lonlat).nearest(demand_lonlat)
    n = len(checked_lonlat(demand_lonlat, "demand"))
    return np.full(n, -1, dtype=np.int64), np.full(n, np.inf)


class SiteIndex:
    """Places prepared for many searches of the nearest one.

    Parameters
    ----------
    lonlat : array-like, shape (n_sites, 2)
        Longitude and latitude, degrees WGS-84; at least one row.

    Raises
    ------
    ReachError
        Coordinates that are not finite degrees.
    """

    def __init__(self, lonlat: npt.ArrayLike) -> None:
        sites = checked_lonlat(lonlat, "sites")
        self._first = _first_of_equals(sites)
        self._tree = cKDTree(unit_vectors(sites[self._first]), balanced_tree=False)

    def nearest(self, demand_lonlat: npt.ArrayLike) -> tuple[Ints, Floats]:
        """Return position and great-circle metres of the nearest place, as :func:`nearest`."""
        demand = checked_lonlat(demand_lonlat, "demand")
        position = np.empty(len(demand), dtype=np.int64)
        metres = np.empty(len(demand))
        for start in range(0, len(demand), _CHUNK):  # what is between stays in the cache
            part = slice(start, start + _CHUNK)
            metres[part], position[part] = self._tree.query(unit_vectors(demand[part]))
        np.square(metres, out=metres)
        return self._first[position], _chord2_to_metres(metres)


def great_circle_m(from_lonlat: npt.ArrayLike, to_lonlat: npt.ArrayLike) -> Floats:
    """Return the great-circle metres between rows of two arrays, or of one row to many.

    Parameters
    ----------
    from_lonlat, to_lonlat : array-like, shape (n, 2) or (1, 2)
        Longitude and latitude, degrees WGS-84.

    Returns
    -------
    array, shape (n,)

    Raises
    ------
    ReachError
        Coordinates that are not finite degrees.

    Examples
    --------
    >>> great_circle_m([[0, 0]], [[180, 0]]).round().tolist()
    [20015114.0]
    """
    start = unit_vectors(checked_lonlat(from_lonlat, "demand"))
    end = unit_vectors(checked_lonlat(to_lonlat, "sites"))
    return _chord2_to_metres(np.square(start - end).sum(axis=1))


def unit_vectors(lonlat: Floats) -> Floats:
    """Return checked degrees as points on the unit sphere, shape (n, 3)."""
    radians = np.radians(lonlat)
    cos_lat = np.cos(radians[:, 1])
    cos_lat[np.abs(lonlat[:, 1]) == 90] = 0.0  # a pole has every longitude
    vectors = np.empty((len(lonlat), 3))
    np.multiply(cos_lat, np.cos(radians[:, 0]), out=vectors[:, 0])
    np.multiply(cos_lat, np.sin(radians[:, 0]), out=vectors[:, 1])
    np.sin(radians[:, 1], out=vectors[:, 2])
    return vectors


def checked_lonlat(lonlat: npt.ArrayLike, table: str) -> Floats:
    """Return coordinates as floats with longitude in [-180, 180), or say which rows are wrong.

    Parameters
    ----------
    lonlat : array-like, shape (n, 2)
        Degrees.
    table : str
        What to call them in the message.

    Returns
    -------
    array, shape (n, 2)

    Raises
    ------
    ReachError
    """
    points = np.asarray(lonlat, dtype=np.float64)
    if not points.size:
        return np.empty((0, 2))
    if points.ndim != 2 or points.shape[1] != 2:
        text = f"{table}: coordinates have shape {points.shape}; give one row (lon, lat) a point."
        raise ReachError("reach.shape", text, table=table, value=str(points.shape))
    lon, lat = points[:, 0], points[:, 1]
    if lon.min() >= -180 and lon.max() < 180 and lat.min() >= -90 and lat.max() <= 90:
        return points  # as nearly always; NaN fails every comparison
    bad = np.flatnonzero(~np.isfinite(points).all(axis=1))
    if len(bad):
        text = "have no finite longitude and latitude; locate them or leave them out"
        raise _rows_error("reach.not_finite", table, bad, text)
    bad = np.flatnonzero((np.abs(points[:, 1]) > 90) | (np.abs(points[:, 0]) > 360))
    if len(bad):
        text = "are not degrees in the order longitude, latitude; swap or convert them"
        raise _rows_error("reach.not_degrees", table, bad, text)
    lon = np.where(lon >= 180, lon - 360, np.where(lon < -180, lon + 360, lon))
    return np.column_stack([lon, lat])


def _rows_error(code: str, table: str, bad: Ints, text: str) -> ReachError:
    ids = first_ids(bad)
    message = f"{table}: {len(bad)} row(s) at positions {ids} {text}."
    return ReachError(code, message, table=table, count=len(bad), ids=ids)


def _checked_limit(limit_m: npt.ArrayLike, n_demand: int) -> Floats:
    limit = np.asarray(limit_m, dtype=np.float64)
    if limit.ndim and limit.shape != (n_demand,):
        text = f"{limit.size} limit(s) for {n_demand} demand row(s); give one, or one a row."
        raise ReachError("reach.limit_shape", text, value=limit.size, count=n_demand)
    bad = np.flatnonzero(~(limit >= 0))
    if len(bad):
        value = float(limit.flat[bad[0]])
        text = f"{len(bad)} limit(s) below 0 or unknown (first: {value:g} m); 0 m is the least."
        raise ReachError("reach.limit", text, value=value, count=len(bad))
    return np.broadcast_to(limit, (n_demand,))


def _chord(metres: Floats) -> Floats:
    return 2 * np.sin(np.minimum(metres / EARTH_RADIUS_M, np.pi) / 2)


def _chord2_to_metres(chord2: Floats) -> Floats:
    """Turn squared chords into metres in place, in pieces that stay in the processor's cache."""
    for start in range(0, len(chord2), _CHUNK):
        part = chord2[start : start + _CHUNK]
        np.sqrt(part, out=part)
        np.minimum(part, 2.0, out=part)
        part /= 2
        np.arcsin(part, out=part)
        part *= 2 * EARTH_RADIUS_M
    return chord2


def _first_of_equals(lonlat: Floats) -> Ints:
    """Return the positions that remain when each repeated position is kept once, first row."""
    order = np.lexsort((lonlat[:, 1], lonlat[:, 0]))
    ordered = lonlat[order]
    new = np.concatenate([[True], (ordered[1:] != ordered[:-1]).any(axis=1)])
    return np.sort(order[new])


def _suits_grid(demand: Floats, sites: Floats, limit_m: float) -> bool:
    """Return whether the tables are large, and the windows far from the poles and narrow."""
    if len(demand) + len(sites) < COMPILED_FROM:
        return False
    limit_deg = np.degrees(limit_m / EARTH_RADIUS_M)
    top = max(float(np.abs(points[:, 1]).max()) for points in (demand, sites))
    return bool(limit_deg < 2 and top + 4 * limit_deg < 85)


def _pairs_by_grid(demand: Floats, sites: Floats, chord2: Floats, limit_m: float) -> Pairs:
    from geo.reach_kernels import grid_pairs  # loads a compiler: only when it pays

    indptr, indices, data = grid_pairs(
        (demand, unit_vectors(demand)),
        (sites, unit_vectors(sites)),
        chord2,
        float(np.degrees(limit_m / EARTH_RADIUS_M)),
    )
    if indptr[-1] <= np.iinfo(np.int32).max:
        indptr = indptr.astype(np.int32)
    return csr_array((data, indices, indptr), shape=(len(demand), len(sites)))


def _pairs_by_tree(demand: Floats, sites: Floats, chord2: Floats) -> Pairs:
    """Find pairs by trees, rows of like limits together so that one long limit costs only its own.

    Squares are taken anew from the vectors, so that both searches give the same last bit.
    """
    start, end = unit_vectors(demand), unit_vectors(sites)
    tree = cKDTree(end)
    octave = np.ceil(np.log2(chord2) / 2)
    rows, columns = [], []
    for band in np.unique(octave):
        chosen = np.flatnonzero(octave == band)
        chord = float(np.sqrt(chord2[chosen].max()))
        near = cKDTree(start[chosen]).sparse_distance_matrix(tree, chord, output_type="ndarray")
        rows.append(chosen[near["i"]].astype(np.int32))
        columns.append(near["j"].astype(np.int32))
    i, j = np.concatenate(rows), np.concatenate(columns)
    squares = np.square(start[i] - end[j]).sum(axis=1)
    pairs = csr_array((squares, (i, j)), shape=(len(demand), len(sites)))
    pairs.sort_indices()
    return within(pairs, chord2)
