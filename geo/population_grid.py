"""A population raster, WorldPop's or the like, to people by unit and to points on the map.

Read in strips, so that a province's 100 m grid needs no more memory than a city's. Every cell with
people goes to one unit by its centre (:mod:`geo.population_cells`); the cells of one unit in one
square of the stated spacing become one point, where their people stand on average.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import from_wgs84, parse_datum, to_wgs84
from geo.errors import IntakeError
from geo.population_cells import Axis, CellUnits, Floats, Ints, Place

SPACING_M = 500.0
MOST_POINTS = 600_000
STRIP_CELLS = 2_000_000
MOST_CELLS = 4_000_000_000
MOST_BLOCK_BYTES = 128 * 1024 * 1024
COVERED = 0.99
"""Share of a unit's outline that the raster must cover before it speaks for the unit."""

_A, _E2 = 6_378_137.0, 0.006_694_379_990_14  # WGS-84
_COUNTS = ("cells", "no_value", "not_finite", "negative", "outside_cells")


@dataclass(frozen=True)
class GridPeople:
    """What a population raster says about a study.

    Parameters
    ----------
    points : DataFrame
        Columns ``unit_id``, ``people`` (float), ``cells`` (cells with people), ``lon``, ``lat``;
        by unit, then from north-west to south-east as the raster is stored.
    covered : Series of float
        By unit with an outline (of the level asked): the share of it that the raster covers, 0–1.
    facts : mapping
        ``people`` in units and ``outside_people`` in none; how many ``cells`` were read, how many
        held ``no_value``, ``not_finite`` numbers or ``negative`` ones (all taken as nobody), and
        ``outside_cells`` with people in no unit; ``cell_m`` and ``spacing_m``; ``crs``; ``level``.
    """

    points: pd.DataFrame
    covered: pd.Series
    facts: dict[str, Any]


def read_population_grid(
    path: str | Path,
    units: gpd.GeoDataFrame,
    *,
    name: str,
    density: bool = False,
    nearest_m: float = 0.0,
    spacing_m: float = SPACING_M,
    most_points: int = MOST_POINTS,
    strip_cells: int = STRIP_CELLS,
    progress: Callable[[float], None] | None = None,
) -> GridPeople:
    """Read the people of a study from a GeoTIFF.

    Parameters
    ----------
    path : path
        One band; people in each cell, or people per km² with ``density``.
    units : GeoDataFrame
        The units table, EPSG:4326.
    name : str
        What the user calls the file.
    density : bool
        Multiply by each cell's own area on the ellipsoid.
    nearest_m : float
        As for :class:`geo.population_cells.CellUnits`: 0 for a raster that goes on beyond the
        study, some hundred metres for one that was cut to it.
    spacing_m : float
        Side of the squares of cells that become one point; at least one cell.
    most_points : int
        The side is doubled until there are no more points than this.
    strip_cells : int
        Cells read at a time; changes nothing but the memory used.
    progress : callable, optional
        Called with a fraction 0–1.

    Returns
    -------
    GridPeople

    Raises
    ------
    IntakeError
        ``population_grid.not_tiff``, ``.damaged``, ``.bands``, ``.kind``, ``.no_crs``,
        ``.no_place``, ``.too_large``, ``.block``, ``.elsewhere``, ``.nobody``; what
        :func:`geo.crs.parse_datum` refuses.

    Notes
    -----
    A cell belongs to the unit its centre lies in, as :func:`geo.units.assign_units` decides it.
    Only rows and columns around the study are read. People are conserved: the points of a unit
    sum to its cells, whatever the strip. O(cells) time; memory O(strip + points).
    """
    import rasterio
    from rasterio.errors import RasterioError

    try:
        with rasterio.open(path, driver="GTiff") as source:
            datum = _checked(source, name)
            place = _place_of(source.transform, datum)
            window = _window(source, datum, units, name, nearest_m)
            factor = max(1, round(spacing_m / _cell_m(place, window)))
            found = CellUnits(units, place, nearest_m=nearest_m)
            strips = _strips(source, window, factor, strip_cells, progress)
            parts, facts = _sum_up(strips, found, place, factor, density=density)
    except RasterioError as error:
        raise _damaged(name, error) from error
    sums = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    if sums.empty:
        raise IntakeError(
            "population_grid.nobody",
            f"{name}: no cell in the study area holds people; is it a population grid?",
            file=name,
        )
    while len(sums) > most_points:
        factor *= 2
        sums = _coarser(sums)
    facts |= {"cell_m": _cell_m(place, window), "crs": datum, "level": found.level}
    facts["spacing_m"] = facts["cell_m"] * factor
    points = _points(sums, units, place)
    facts["people"] = float(points["people"].sum())
    return GridPeople(points, _covered(units, found.level, window, place), facts)


def is_tiff(head: bytes) -> bool:
    """Tell a TIFF or BigTIFF by its first four bytes."""
    return head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def _checked(source: Any, name: str) -> str:
    """Refuse what cannot be a population grid; return the coordinate system."""
    if source.count != 1:
        text = f"{name}: it has {source.count} bands; export the one with the people alone."
        raise IntakeError("population_grid.bands", text, file=name, count=source.count)
    dtype = np.dtype(source.dtypes[0])
    if dtype.kind not in "iuf" or source.colorinterp[0].name == "palette":
        text = f"{name}: its cells are no plain numbers ({dtype}); export people as numbers."
        raise IntakeError("population_grid.kind", text, file=name, value=str(dtype))
    if source.width * source.height > MOST_CELLS:
        size = f"{source.width:,} × {source.height:,}"
        text = f"{name}: {size} cells are more than can be read; cut it to the study area."
        raise IntakeError("population_grid.too_large", text, file=name, value=size)
    tall, wide = source.block_shapes[0]
    if tall * wide * dtype.itemsize > MOST_BLOCK_BYTES:
        text = (
            f"{name}: it is stored in pieces of {wide:,} × {tall:,} cells, too large to read part "
            "by part; save it tiled (gdal_translate -co TILED=YES)."
        )
        raise IntakeError("population_grid.block", text, file=name, value=f"{wide:,} × {tall:,}")
    if source.crs is None:
        text = f"{name}: it states no coordinate system; assign one and save it again."
        raise IntakeError("population_grid.no_crs", text, file=name)
    if source.transform.is_identity or source.transform.is_degenerate:
        text = f"{name}: it does not say where it lies; save it with its georeference."
        raise IntakeError("population_grid.no_place", text, file=name)
    return parse_datum(source.crs.to_wkt())


def _damaged(name: str, error: Exception) -> IntakeError:
    text = f"{name}: the raster is damaged or cut short ({str(error)[:120]}); fetch it again."
    return IntakeError("population_grid.damaged", text, file=name, detail=str(error)[:120])


def _place_of(transform: Any, datum: str) -> Place:
    def place(col: Axis, row: Axis) -> tuple[Floats, Floats]:
        x = transform.a * col + transform.b * row + transform.c
        y = transform.d * col + transform.e * row + transform.f
        return to_wgs84(x, y, datum=datum)

    return place


@dataclass(frozen=True)
class _Window:
    """The rows and columns around the study, ends excluded."""

    top: int
    bottom: int
    left: int
    right: int


def _window(
    source: Any, datum: str, units: gpd.GeoDataFrame, name: str, nearest_m: float
) -> _Window:
    """Return the part of the raster that the study's outlines and what is near them take."""
    west, south, east, north = units.total_bounds
    pad = 0.01 + nearest_m / 50_000
    lon, lat = np.meshgrid(
        np.linspace(west - pad, east + pad, 33), np.linspace(south - pad, north + pad, 33)
    )
    x, y = from_wgs84(lon.ravel(), lat.ravel(), datum=datum)
    back = ~source.transform
    col, row = back.a * x + back.b * y + back.c, back.d * x + back.e * y + back.f
    top, bottom = _range(row, source.height)
    left, right = _range(col, source.width)
    if bottom <= top or right <= left:
        raise IntakeError(
            "population_grid.elsewhere",
            f"{name}: it does not touch the study area; check the file and its coordinate system.",
            file=name,
        )
    return _Window(top, bottom, left, right)


def _range(at: Floats, end: int) -> tuple[int, int]:
    slack = 2 + 0.02 * float(np.ptp(at))
    low, high = np.floor(at.min() - slack), np.ceil(at.max() + slack)
    return int(np.clip(low, 0, end)), int(np.clip(high, 0, end))


def _cell_m(place: Place, window: _Window) -> float:
    """Return the side of a square as large as the cell in the middle of the window."""
    col = np.array([(window.left + window.right) / 2])
    row = np.array([(window.top + window.bottom) / 2])
    return float(1000 * np.sqrt(_cell_km2(place, col, row)[0]))


def _cell_km2(place: Place, col: Axis, row: Axis) -> Floats:
    """Return the area on the ellipsoid of cells around the points given."""
    east, west = place(col + 0.5, row), place(col - 0.5, row)
    down, up = place(col, row + 0.5), place(col, row - 0.5)
    phi = np.radians(place(col, row)[1])
    cross = (east[0] - west[0]) * (down[1] - up[1]) - (down[0] - up[0]) * (east[1] - west[1])
    # Radii of curvature along the meridian and across it.
    squared = 1 - _E2 * np.sin(phi) ** 2
    product = _A**2 * (1 - _E2) / squared**2
    area: Floats = np.abs(cross) * np.radians(1) ** 2 * product * np.cos(phi) / 1e6
    return area


Strip = tuple[int, int, "np.ma.MaskedArray[Any, np.dtype[np.float64]]"]


def _strips(
    source: Any,
    window: _Window,
    factor: int,
    strip_cells: int,
    progress: Callable[[float], None] | None,
) -> Iterator[Strip]:
    """Yield first row, first column and cells, strip by strip; no square of cells is cut."""
    from rasterio.windows import Window

    wide = window.right - window.left
    first = window.top - window.top % factor
    tall = max(1, strip_cells // (wide * factor)) * factor
    scale, offset = source.scales[0], source.offsets[0]
    for top in range(first, window.bottom, tall):
        start, end = max(top, window.top), min(top + tall, window.bottom)
        piece = Window(window.left, start, wide, end - start)
        cells = source.read(1, window=piece, masked=True).astype(np.float64)
        yield start, window.left, cells * scale + offset if (scale, offset) != (1, 0) else cells
        if progress is not None:
            progress((end - window.top) / (window.bottom - window.top))


def _sum_up(
    strips: Iterator[Strip], found: CellUnits, place: Place, factor: int, *, density: bool
) -> tuple[list[pd.DataFrame], dict[str, Any]]:
    """Add up the cells of each unit in each square, and count what was not taken."""
    counts = dict.fromkeys(_COUNTS, 0)
    outside = 0.0
    parts = []
    for top, left, cells in strips:
        value, known = cells.data, ~np.ma.getmaskarray(cells)
        finite = np.isfinite(value)
        counts["cells"] += value.size
        counts["no_value"] += int((~known).sum())
        counts["not_finite"] += int((known & ~finite).sum())
        counts["negative"] += int((known & finite & (value < 0)).sum())
        row, col = np.nonzero(known & finite & (value > 0))
        people = value[row, col]
        row, col = row + top, col + left
        if density:
            people *= _cell_km2(place, col + 0.5, row + 0.5)
        code = found.of(row, col)
        lost = code < 0
        counts["outside_cells"] += int(lost.sum())
        outside += float(people[lost].sum())
        if not lost.all():
            kept = ~lost
            parts.append(_squares(code[kept], row[kept], col[kept], people[kept], factor))
    return parts, {**counts, "outside_people": outside}


def _squares(code: Ints, row: Ints, col: Ints, people: Floats, factor: int) -> pd.DataFrame:
    """Add up the cells of each unit in each square of ``factor`` by ``factor`` cells."""
    down, right = row // factor, col // factor
    square = (down - down.min()) * (right.max() - right.min() + 1) + right - right.min()
    key = square * (code.max() + 1) + code
    keys, member = np.unique(key, return_inverse=True)
    first = np.empty(len(keys), dtype=np.int64)
    first[member[::-1]] = np.arange(len(key))[::-1]
    sums = {
        "people": people,
        "row": people * (row + 0.5),
        "col": people * (col + 0.5),
        "cells": np.ones(len(people)),
    }
    added = {part: np.bincount(member, weights=weights) for part, weights in sums.items()}
    return pd.DataFrame({"code": code[first], "down": down[first], "right": right[first]} | added)


def _coarser(sums: pd.DataFrame) -> pd.DataFrame:
    """Join squares two by two."""
    half = sums.assign(down=sums["down"] // 2, right=sums["right"] // 2)
    return half.groupby(["code", "down", "right"], as_index=False).sum()


def _points(sums: pd.DataFrame, units: gpd.GeoDataFrame, place: Place) -> pd.DataFrame:
    sums = sums.sort_values(["code", "down", "right"], kind="stable", ignore_index=True)
    people = sums["people"].to_numpy()
    lon, lat = place(sums["col"].to_numpy() / people, sums["row"].to_numpy() / people)
    ids = units.index.to_numpy(dtype=object)[sums["code"].to_numpy()]
    cells = sums["cells"].astype(int)
    return pd.DataFrame({"unit_id": ids, "people": people, "cells": cells, "lon": lon, "lat": lat})


def _covered(units: gpd.GeoDataFrame, level: str, window: _Window, place: Place) -> pd.Series:
    """Return the share of each unit's outline that lies within the raster."""
    col = np.linspace(window.left, window.right, 101)
    row = np.linspace(window.top, window.bottom, 101)
    ring = [
        *zip(col, np.full(101, row[0]), strict=True),
        *zip(np.full(101, col[-1]), row, strict=True),
        *zip(col[::-1], np.full(101, row[-1]), strict=True),
        *zip(np.full(101, col[0]), row[::-1], strict=True),
    ]
    edge = np.array(ring)
    footprint = shapely.polygons(np.column_stack(place(edge[:, 0], edge[:, 1])))
    outlines = units.geometry[(units["level"] == level) & units.geometry.notna()]
    inside = shapely.area(shapely.intersection(outlines.to_numpy(), footprint))
    return pd.Series(inside / shapely.area(outlines.to_numpy()), index=outlines.index)
