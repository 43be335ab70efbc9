"""Geometry made small for the browser: simplified, rounded, written as differences."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

# 60 m in degrees of latitude. In longitude it is less (54 m at 25° N), which is on the safe side.
TOLERANCE_DEG = 60 / 111_320
SCALE = 100_000
MANY = 600


class _Shapes:
    """Shapes with a key of their content, so that equal ones are packed once a process."""

    def __init__(self, shapes: gpd.GeoSeries) -> None:
        self.ids = [str(i) for i in shapes.index]
        self.geometry = np.asarray(shapes.array)
        digest = hashlib.sha256("\n".join(self.ids).encode())
        for part in shapely.to_wkb(self.geometry):
            digest.update(part or b"\0")
        self.key = digest.hexdigest()[:16]

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Shapes) and other.key == self.key


def pack_areas(shapes: gpd.GeoDataFrame) -> tuple[str, dict[str, Any]]:
    """Return a content key and the packed areas for drawing.

    Parameters
    ----------
    shapes : GeoDataFrame
        EPSG:4326; an absent geometry keeps its place and draws nothing.

    Returns
    -------
    key : str
        Equal for equal ids and geometry.
    packed : dict
        ``ids``, ``shapes`` (polygons of rings, whole numbers of 1e-5 degrees as differences) and
        ``anchors`` (where a name can stand).

    Notes
    -----
    Neighbours stay neighbours: the coverage is simplified as a whole (Visvalingam-Whyatt, 60 m).
    Where the areas overlap and so are no coverage, each is simplified for itself. For drawing
    only. Costs O(n log n) in the vertices the first time, then a hash of the geometry.
    """
    return _pack_areas(_Shapes(shapes.geometry))


@lru_cache(maxsize=24)
def _pack_areas(shapes: _Shapes) -> tuple[str, dict[str, Any]]:
    drawn = simplify(shapes.geometry)
    packed = {
        "ids": shapes.ids,
        "shapes": pack_polygons(drawn),
        "anchors": [_whole(point) for point in anchors(drawn)],
    }
    return shapes.key, packed


def simplify(geometry: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return (multi)polygons simplified to 60 m, without gaps between neighbours.

    Parameters
    ----------
    geometry : array of shapely geometry
        Degrees.

    Returns
    -------
    array of shapely geometry
    """
    present = ~(shapely.is_missing(geometry) | shapely.is_empty(geometry))
    drawn = geometry.copy()
    if not present.any():
        return drawn
    if shapely.coverage_is_valid(geometry[present]):
        drawn[present] = shapely.coverage_simplify(geometry[present], TOLERANCE_DEG)
    else:
        drawn[present] = shapely.simplify(geometry[present], TOLERANCE_DEG)
    return drawn


def anchors(geometry: np.ndarray[Any, Any]) -> list[shapely.Point | None]:
    """Return where a name can stand in each area: the middle of its widest place.

    Notes
    -----
    The centre of the largest inscribed circle; for more than 600 areas, whose names nobody could
    read at once, the cheaper point on the surface.
    """
    if len(geometry) > MANY:
        return list(shapely.point_on_surface(geometry))
    found: list[shapely.Point | None] = []
    for area in geometry:
        if area is None or area.is_empty:
            found.append(None)
            continue
        parts = shapely.get_parts(area)
        widest = parts[np.argmax(shapely.area(parts))]
        if widest.area == 0:
            found.append(widest.centroid)
            continue
        reach = shapely.maximum_inscribed_circle(widest, tolerance=0.003)
        found.append(shapely.get_point(reach, 0))
    return found


def pack_polygons(geometry: np.ndarray[Any, Any]) -> list[list[list[list[int]]]]:
    """Return each area as polygons of rings of coordinate differences."""
    packed = []
    for area in geometry:
        parts = [] if area is None or area.is_empty else shapely.get_parts(area)
        polygons = (_rings(part) for part in parts if part.geom_type == "Polygon")
        packed.append([rings for rings in polygons if rings])
    return packed


def _rings(polygon: shapely.Polygon) -> list[list[int]]:
    rings = []
    for ring in (polygon.exterior, *polygon.interiors):
        whole = np.rint(shapely.get_coordinates(ring) * SCALE).astype(np.int64)
        moved = np.diff(whole, axis=0, prepend=np.zeros((1, 2), np.int64))
        moved = moved[np.r_[True, (moved[1:] != 0).any(axis=1)]]
        if len(moved) >= 4:
            rings.append([int(v) for v in moved[:-1].ravel()])
        elif not rings:
            return []  # an outline that vanished: its holes go with it
    return rings


def _whole(point: shapely.Point | None) -> list[int]:
    if point is None:
        return [0, 0]
    return [round(point.x * SCALE), round(point.y * SCALE)]


def located(points: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return only the rows that have a point."""
    return points[~(points.geometry.isna() | points.geometry.is_empty)]


def pack_points(points: gpd.GeoDataFrame) -> list[int]:
    """Return points as x, y, x, y … in whole numbers of 1e-5 degrees."""
    whole = np.rint(shapely.get_coordinates(points.geometry.array) * SCALE).astype(np.int64)
    return [int(v) for v in whole.ravel()]


def pack_dots(points: gpd.GeoDataFrame) -> tuple[str, list[float]]:
    """Return many points as base64 of 16-bit steps over their box, and the box.

    Notes
    -----
    A step over a city of 200 km is 3 m: enough to draw, and half the size of text.
    """
    xy = shapely.get_coordinates(points.geometry.array)
    if not len(xy):
        return "", [0.0, 0.0, 0.0, 0.0]
    low, high = xy.min(axis=0), xy.max(axis=0)
    span = np.where(high > low, high - low, 1.0)
    steps = np.rint((xy - low) / span * 65_535).astype("<u2")
    box = [*low.tolist(), *np.where(high > low, high, low + 1.0).tolist()]
    return base64.b64encode(steps.tobytes()).decode("ascii"), box


def texts(values: pd.Series | None, index: pd.Index) -> list[str] | None:
    """Return one text a row in the order of ``index``; a missing one is empty."""
    if values is None:
        return None
    found = values.reindex(index)
    return ["" if missing else str(v) for v, missing in zip(found, found.isna(), strict=True)]
