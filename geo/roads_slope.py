"""Hills in the way: heights of road nodes from an elevation raster, and what they do to walkers.

The raster is a GeoTIFF such as SRTM or Copernicus DEM. An uploaded one is read in the child of
:mod:`geo.roads_upload`.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from geo.pairs import Floats
from geo.roads_errors import RoadsError, RoadWarning
from geo.roads_files import Roads

STEEPEST = 0.5
"""Slopes are held to this: a 30 m raster under a short piece can show any cliff."""

_STRIP_CELLS = 20_000_000


def with_heights(roads: Roads, raster: Path, *, name: str | None = None) -> Roads:
    """Return the roads with the rise of every piece, from an elevation raster.

    Parameters
    ----------
    roads : Roads
    raster : Path
        A GeoTIFF; one band of metres above sea level, with a coordinate system.
    name : str, optional
        What to call it in messages; its own name by default.

    Returns
    -------
    Roads
        ``rise_m`` filled in. Where the raster knows no height the piece counts as level, and a
        warning counts the nodes.

    Raises
    ------
    RoadsError
        ``roads.needs_rasterio``, ``roads.raster`` for a file that is no raster, has no coordinate
        system or does not touch the roads.

    Notes
    -----
    Heights are interpolated between the four nearest cells. The raster is read in strips of 20
    million cells, so that a province's fits.
    """
    name = name or raster.name
    try:
        import rasterio
        from rasterio.errors import RasterioError
    except ImportError as error:
        text = f"{name}: reading heights needs rasterio; install it: pip install rasterio."
        raise RoadsError("roads.needs_rasterio", text, file=name) from error
    try:
        with rasterio.open(raster, driver="GTiff") as source:
            if source.crs is None:
                raise _unusable(name, "it states no coordinate system")
            heights = _heights(source, roads.lonlat)
    except (RasterioError, OSError) as error:
        raise _unusable(name, str(error)) from error
    unknown = int(np.isnan(heights).sum())
    if unknown == len(heights):
        raise _unusable(name, "it does not cover the roads")
    warnings = roads.warnings
    if unknown:
        text = f"{unknown} node(s) without a height in {name}; roads there count as level."
        warnings = (*warnings, RoadWarning("roads.no_height", text, count=unknown))
    rise = np.nan_to_num(heights[roads.end] - heights[roads.start])
    mark = hashlib.sha256(rise.tobytes()).hexdigest()[:8]
    fingerprint = f"{roads.fingerprint}-{mark}"
    return replace(roads, rise_m=rise, warnings=warnings, fingerprint=fingerprint)


def walking_factor(slope: npt.ArrayLike) -> Floats:
    """Return how slope changes walking speed, 1 on the level.

    Parameters
    ----------
    slope : array-like
        Rise over run in the direction of travel.

    Returns
    -------
    array
        Above 1 on gentle descents.

    Notes
    -----
    Tobler's hiking function, :math:`e^{-3.5 (|s + 0.05| - 0.05)}` relative to level ground.

    References
    ----------
    Tobler, W. (1993) Three presentations on geographical analysis and modeling. NCGIA Technical
    Report 93-1.

    Examples
    --------
    >>> walking_factor([0.0, 0.1, -0.1]).round(3).tolist()
    [1.0, 0.705, 1.0]
    """
    held = np.clip(np.asarray(slope, dtype=np.float64), -STEEPEST, STEEPEST)
    return np.exp(-3.5 * (np.abs(held + 0.05) - 0.05))


def _heights(source: Any, lonlat: Floats) -> Floats:
    """Interpolate heights strip by strip; NaN outside the raster or at its holes."""
    from rasterio.warp import transform
    from rasterio.windows import Window

    x, y = transform("EPSG:4326", source.crs, lonlat[:, 0], lonlat[:, 1])
    x, y, back = np.asarray(x), np.asarray(y), ~source.transform
    column = back.a * x + back.b * y + back.c - 0.5  # counted from the centre of the first cell
    row = back.d * x + back.e * y + back.f - 0.5
    height, width = source.height, source.width
    inside = (column >= -0.5) & (column <= width - 0.5) & (row >= -0.5) & (row <= height - 0.5)
    heights = np.full(len(lonlat), np.nan)
    if not inside.any():
        return heights
    column, row = np.clip(column, 0, width - 1), np.clip(row, 0, height - 1)
    left = int(column[inside].min())
    wide = min(int(column[inside].max()) + 2, width) - left
    step = max(2, _STRIP_CELLS // wide)
    for top in range(0, height, step):
        chosen = np.flatnonzero(inside & (row >= top) & (row < top + step))
        if len(chosen):
            tall = min(step + 1, height - top)
            window = Window(left, top, wide, tall)
            band = source.read(1, window=window, masked=True)
            cells = np.ma.filled(band.astype(np.float64), np.nan)
            heights[chosen] = _between(cells, column[chosen] - left, row[chosen] - top)
    return heights


def _between(cells: Floats, column: Floats, row: Floats) -> Floats:
    """Interpolate bilinearly; the nearest cell where one of the four is a hole."""
    tall, wide = cells.shape
    j, i = (
        np.minimum(part.astype(np.int64), top - 1) for part, top in ((column, wide), (row, tall))
    )
    k, m = np.minimum(j + 1, wide - 1), np.minimum(i + 1, tall - 1)
    u, v = column - j, row - i
    smooth = (cells[i, j] * (1 - u) + cells[i, k] * u) * (1 - v) + (
        cells[m, j] * (1 - u) + cells[m, k] * u
    ) * v
    nearest = cells[np.where(v < 0.5, i, m), np.where(u < 0.5, j, k)]
    return np.where(np.isnan(smooth), nearest, smooth)


def _unusable(name: str, why: str) -> RoadsError:
    text = f"{name}: the heights cannot be used ({why[:200]})."
    return RoadsError("roads.raster", text, file=name, detail=why[:200])
