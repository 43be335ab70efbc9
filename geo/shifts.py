"""The shifts of China's web maps: GCJ-02 (Amap, Tencent) and BD-09 (Baidu), both ways.

Neither formula was ever published; these are the reconstructions in general use, which agree with
the map services to better than a metre. What is our own is the inverse, which is exact.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# GCJ-02 is defined on the Krasovsky ellipsoid and applied inside this rectangle only.
_GCJ_A = 6378245.0
_GCJ_EE = 0.00669342162296594323
_GCJ_BOX = (72.004, 0.8293, 137.8347, 55.8271)
_BD_TURN = np.pi * 3000.0 / 180.0

INVERSE_TOLERANCE_DEG = 1e-11
_MAX_ROUNDS = 30


def wgs84_to_gcj02(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Shift WGS-84 degrees to GCJ-02 (Amap, Tencent); points outside China stay.

    Parameters
    ----------
    lon, lat : ndarray of float, shape (n,)

    Returns
    -------
    lon, lat : ndarray of float, shape (n,)

    Notes
    -----
    "Outside China" means outside the rectangle
    72.004 to 137.8347 E, 0.8293 to 55.8271 N, as in the services' own code. Cost O(n).
    """
    d_lon, d_lat = _gcj_shift(lon, lat)
    inside = _in_gcj_box(lon, lat)
    return np.where(inside, lon + d_lon, lon), np.where(inside, lat + d_lat, lat)


def gcj02_to_wgs84(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Undo :func:`wgs84_to_gcj02` to far better than 1 mm.

    Parameters
    ----------
    lon, lat : ndarray of float, shape (n,)

    Returns
    -------
    lon, lat : ndarray of float, shape (n,)

    Notes
    -----
    Fixed point of ``p = q - shift(p)``. The shift changes by less than 0.8 % of the way moved, so
    each round wins at least two digits; it stops when no point moves by more than 1e-11 degrees
    (1 µm). The usual one-step inverse errs by up to 5 m within China.
    """
    back_lon, back_lat = _fixed_point(_gcj_shift, lon, lat)
    inside = _in_gcj_box(back_lon, back_lat)
    return np.where(inside, back_lon, lon), np.where(inside, back_lat, lat)


def gcj02_to_bd09(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Shift GCJ-02 degrees to BD-09 (Baidu).

    Parameters
    ----------
    lon, lat : ndarray of float, shape (n,)

    Returns
    -------
    lon, lat : ndarray of float, shape (n,)
    """
    d_lon, d_lat = _bd_shift(lon, lat)
    return lon + d_lon, lat + d_lat


def bd09_to_gcj02(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Undo :func:`gcj02_to_bd09` by the same iteration as :func:`gcj02_to_wgs84`.

    Parameters
    ----------
    lon, lat : ndarray of float, shape (n,)

    Returns
    -------
    lon, lat : ndarray of float, shape (n,)
    """
    return _fixed_point(_bd_shift, lon, lat)


def _in_gcj_box(lon: Floats, lat: Floats) -> NDArray[np.bool_]:
    west, south, east, north = _GCJ_BOX
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)


def _gcj_shift(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Return the GCJ-02 offset in degrees at WGS-84 points, wherever they lie."""
    x, y = lon - 105.0, lat - 35.0
    root = 0.1 * np.sqrt(np.abs(x))
    wave = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0

    def ripple(t: Floats, *terms: tuple[float, float]) -> Floats:
        total = sum(a * np.sin(t * np.pi / period) for a, period in terms)
        return np.asarray(total) * 2.0 / 3.0

    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 2.0 * root + wave
    north += ripple(y, (20.0, 1.0), (40.0, 3.0)) + ripple(y, (160.0, 12.0), (320.0, 30.0))
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + root + wave
    east += ripple(x, (20.0, 1.0), (40.0, 3.0)) + ripple(x, (150.0, 12.0), (300.0, 30.0))
    phi = np.radians(lat)
    magic = 1.0 - _GCJ_EE * np.sin(phi) ** 2
    d_lat = np.degrees(north / (_GCJ_A * (1.0 - _GCJ_EE) / (magic * np.sqrt(magic))))
    d_lon = np.degrees(east / (_GCJ_A / np.sqrt(magic) * np.cos(phi)))
    return d_lon, d_lat


def _bd_shift(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Return the BD-09 offset in degrees at GCJ-02 points."""
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD_TURN)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD_TURN)
    return radius * np.cos(angle) + 0.0065 - lon, radius * np.sin(angle) + 0.006 - lat


def _fixed_point(
    shift: Callable[[Floats, Floats], tuple[Floats, Floats]], lon: Floats, lat: Floats
) -> tuple[Floats, Floats]:
    """Solve ``p + shift(p) = q`` for p; NaN stays NaN."""
    back_lon, back_lat = lon, lat
    for _ in range(_MAX_ROUNDS):
        d_lon, d_lat = shift(back_lon, back_lat)
        new_lon, new_lat = lon - d_lon, lat - d_lat
        moved = np.fmax(np.abs(new_lon - back_lon), np.abs(new_lat - back_lat))
        back_lon, back_lat = new_lon, new_lat
        if not np.any(moved > INVERSE_TOLERANCE_DEG):
            break
    return back_lon, back_lat
