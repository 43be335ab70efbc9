"""The shifts of China's web maps: GCJ-02 (Amap, Tencent) and BD-09 (Baidu), both ways.

Neither formula was ever published; these are the reconstructions in general use, which agree with
the map services to better than a metre. What is our own is the inverse, which is exact.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# GCJ-02 is defined on the Krasovsky ellipsoid and applied inside this rectangle only.
_GCJ_A = 6378245.0
_GCJ_EE = 0.00669342162296594323
_GCJ_BOX = (72.004, 0.8293, 137.8347, 55.8271)  # west, south, east, north
_BD_TURN = np.pi * 3000.0 / 180.0

INVERSE_TOLERANCE_DEG = 1e-11
_MAX_ROUNDS = 30


@dataclass(frozen=True)
class Shift:
    """One shift of degrees, and its exact inverse.

    Parameters
    ----------
    offset : callable
        From degrees to the offset in degrees, wherever the points lie.
    box : tuple of float or None
        West, south, east and north of the rectangle outside which points stay; None for no end.

    Notes
    -----
    The inverse is the fixed point of ``p = q - offset(p)``. The offset changes by less than 0.8 %
    of the way moved, so each round wins at least two digits; it stops when no point moves by more
    than 1e-11 degrees (1 µm). The usual one-step inverse of GCJ-02 errs by up to 5 m within
    China. Cost O(n).
    """

    offset: Callable[[Floats, Floats], tuple[Floats, Floats]]
    box: tuple[float, float, float, float] | None = None

    def forward(self, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        """Shift degrees.

        Parameters
        ----------
        lon, lat : ndarray of float, shape (n,)

        Returns
        -------
        lon, lat : ndarray of float, shape (n,)
        """
        d_lon, d_lat = self.offset(lon, lat)
        inside = self._inside(lon, lat)
        return np.where(inside, lon + d_lon, lon), np.where(inside, lat + d_lat, lat)

    def back(self, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        """Undo :meth:`forward` to far better than 1 mm; NaN stays NaN.

        Parameters
        ----------
        lon, lat : ndarray of float, shape (n,)

        Returns
        -------
        lon, lat : ndarray of float, shape (n,)
        """
        back_lon, back_lat = lon, lat
        for _ in range(_MAX_ROUNDS):
            d_lon, d_lat = self.offset(back_lon, back_lat)
            new_lon, new_lat = lon - d_lon, lat - d_lat
            moved = np.fmax(np.abs(new_lon - back_lon), np.abs(new_lat - back_lat))
            back_lon, back_lat = new_lon, new_lat
            if not np.any(moved > INVERSE_TOLERANCE_DEG):
                break
        inside = self._inside(back_lon, back_lat)
        return np.where(inside, back_lon, lon), np.where(inside, back_lat, lat)

    def _inside(self, lon: Floats, lat: Floats) -> NDArray[np.bool_]:
        if self.box is None:
            return np.ones(lon.shape, dtype=bool)
        west, south, east, north = self.box
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


# WGS-84 to GCJ-02; "outside China" is outside this rectangle, as in the services' own code.
GCJ02 = Shift(_gcj_shift, _GCJ_BOX)
# GCJ-02 to BD-09.
BD09 = Shift(_bd_shift)
