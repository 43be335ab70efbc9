"""GeoJSON and KML by our own hand, so that no link in them is ever followed (child side)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from typing import Any
from xml.etree import ElementTree

import pyarrow as pa
import shapely
from shapely.geometry import shape

from geo.errors import IntakeError
from geo.intake.grid import GEOMETRY, Grid, check_size, unique_names
from geo.intake.sandbox import Limits
from geo.intake.text import decode

_UNKNOWN_SHAPE = "geometry_unreadable"


def read_geojson(content: bytes, *, name: str, limits: Limits) -> list[Grid]:
    """Read a FeatureCollection or a single Feature.

    Parameters
    ----------
    content : bytes
    name : str
    limits : Limits

    Returns
    -------
    list of Grid
        One.

    Raises
    ------
    IntakeError
        ``intake.json``, ``intake.too_deep``, ``intake.not_geojson`` or ``intake.crs_link``.
    """
    text, encoding = decode(content, name=name)
    try:
        root = json.loads(text)
    except RecursionError as problem:
        raise _too_deep(name) from problem
    except ValueError as problem:
        raise IntakeError(
            "intake.json", f"{name}: not valid JSON: {problem}.", file=name, detail=str(problem)
        ) from problem
    kind = root.get("type") if isinstance(root, dict) else type(root).__name__
    features = (
        [root]
        if kind == "Feature"
        else root.get("features")
        if kind == "FeatureCollection"
        else None
    )
    if not isinstance(features, list):
        raise IntakeError(
            "intake.not_geojson",
            f"{name}: JSON of the type {str(kind)[:40]!r}, not a GeoJSON FeatureCollection.",
            file=name,
            value=str(kind)[:40],
        )
    rows = (_feature(feature) for feature in features)
    return [
        _grid(
            rows, name=name, limits=limits, format="geojson", encoding=encoding, **_crs(root, name)
        )
    ]


def _crs(root: dict[str, Any], name: str) -> dict[str, str]:
    """Return the crs a GeoJSON states; refuse one behind a link."""
    crs = root.get("crs")
    if not isinstance(crs, dict):
        return {}
    if crs.get("type") != "name":
        raise IntakeError(
            "intake.crs_link",
            f"{name}: it states its coordinate system by a link, which is not followed; remove the "
            'member "crs" and choose the system while importing.',
            file=name,
        )
    stated = crs.get("properties")
    return {"crs": str(stated.get("name", ""))[:200]} if isinstance(stated, dict) else {}


def _feature(feature: object) -> tuple[dict[str, str], bytes | None, bool]:
    """Return one feature's properties as text, its shape, and whether the shape is unreadable."""
    if not isinstance(feature, dict):
        return {}, None, True
    properties = feature.get("properties")
    values = properties if isinstance(properties, dict) else {}
    if "id" in feature and "id" not in values:
        values = {"id": feature["id"], **values}
    texts = {str(key): _text(value) for key, value in values.items()}
    geometry = feature.get("geometry")
    if geometry is None:
        return texts, None, False
    try:
        return texts, _wkb(shape(geometry)), False
    except (
        shapely.errors.ShapelyError,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        IndexError,
    ):
        return texts, None, True


def _text(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _wkb(geometry: Any) -> bytes | None:
    if geometry.is_empty:
        return None
    return bytes(shapely.to_wkb(shapely.force_2d(geometry)))


def _grid(
    rows: Iterable[tuple[dict[str, str], bytes | None, bool]],
    *,
    name: str,
    limits: Limits,
    **about: Any,
) -> Grid:
    texts, shapes, broken = [], [], []
    for number, (values, geometry, is_broken) in enumerate(rows, start=1):
        texts.append(values)
        shapes.append(geometry)
        if is_broken:
            broken.append(number)
    keys = list(dict.fromkeys(key for values in texts for key in values))
    check_size(
        len(texts), len(keys) + 1, name=name, max_rows=limits.rows, max_columns=limits.columns
    )
    columns = {
        column: pa.array([values.get(key, "") for values in texts], pa.string())
        for key, column in zip(keys, unique_names(keys), strict=True)
    }
    columns[GEOMETRY] = pa.array(shapes, pa.binary())
    told = {"layer": "", "first_row": 1, "broken_shapes": broken, **about}
    return Grid(pa.table(columns), told)


def read_kml(content: bytes, *, name: str, limits: Limits) -> list[Grid]:
    """Read every Placemark of a KML: name, description, extended data and shape.

    Parameters
    ----------
    content : bytes
    name : str
    limits : Limits

    Returns
    -------
    list of Grid
        One. NetworkLinks are not followed.

    Raises
    ------
    IntakeError
        ``intake.xml`` or ``intake.xml_entities``.
    """
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise IntakeError(
            "intake.xml_entities",
            f"{name}: it declares entities, which can point to other files; export it again as "
            "plain KML.",
            file=name,
        )
    text, encoding = decode(content, name=name)
    try:
        root = ElementTree.fromstring(_without_declaration(text))
        rows = [_placemark(mark) for mark in root.iter() if _tag(mark) == "Placemark"]
    except ElementTree.ParseError as problem:
        raise IntakeError(
            "intake.xml", f"{name}: not valid XML: {problem}.", file=name, detail=str(problem)
        ) from problem
    except RecursionError as problem:
        raise _too_deep(name) from problem
    return [_grid(rows, name=name, limits=limits, format="kml", encoding=encoding)]


def _without_declaration(text: str) -> str:
    """Drop ``<?xml … encoding=…?>``: the text is decoded already."""
    text = text.lstrip("﻿ \r\n\t")
    return text[text.index("?>") + 2 :] if text.startswith("<?xml") and "?>" in text else text


def _tag(node: ElementTree.Element) -> str:
    return str(node.tag).rpartition("}")[2]


def _placemark(mark: ElementTree.Element) -> tuple[dict[str, str], bytes | None, bool]:
    values: dict[str, str] = {}
    for node in mark.iter():
        tag, text = _tag(node), (node.text or "").strip()
        if tag in ("name", "description") and tag not in values:
            values[tag] = text
        elif tag == "Data":
            inner = next((child for child in node if _tag(child) == "value"), None)
            values[node.get("name", "data")] = (
                (inner.text or "").strip() if inner is not None else ""
            )
        elif tag == "SimpleData":
            values[node.get("name", "data")] = text
    try:
        parts = [part for child in mark for part in _kml_shapes(child)]
    except (ValueError, shapely.errors.ShapelyError):
        return values, None, True
    if not parts:
        return values, None, False
    return values, _wkb(parts[0] if len(parts) == 1 else _collect(parts)), False


def _collect(parts: list[Any]) -> Any:
    kinds = {part.geom_type for part in parts}
    if kinds == {"Polygon"}:
        return shapely.multipolygons(parts)
    if kinds == {"Point"}:
        return shapely.multipoints(parts)
    return shapely.geometrycollections(parts)


def _kml_shapes(node: ElementTree.Element) -> Iterator[Any]:
    tag = _tag(node)
    if tag == "MultiGeometry":
        for child in node:
            yield from _kml_shapes(child)
    elif tag == "Point":
        yield shapely.Point(_positions(node)[0])
    elif tag == "LineString":
        yield shapely.LineString(_positions(node))
    elif tag == "Polygon":
        rings = [child for child in node if _tag(child).endswith("BoundaryIs")]
        shells = [_positions(r) for r in rings if _tag(r) == "outerBoundaryIs"]
        holes = [_positions(r) for r in rings if _tag(r) == "innerBoundaryIs"]
        if not shells:
            raise ValueError("a polygon without an outer boundary")
        yield shapely.Polygon(shells[0], holes)


def _positions(node: ElementTree.Element) -> list[tuple[float, float]]:
    text = next((n.text or "" for n in node.iter() if _tag(n) == "coordinates"), "")
    positions = []
    for part in text.split():
        lon, lat = part.split(",")[:2]
        positions.append((float(lon), float(lat)))
    if not positions:
        raise ValueError("no coordinates")
    return positions


def _too_deep(name: str) -> IntakeError:
    return IntakeError(
        "intake.too_deep",
        f"{name}: it is nested deeper than any map file needs, and is refused.",
        file=name,
    )


def grid_of_features(
    rows: Iterable[tuple[dict[str, str], bytes | None, bool]],
    *,
    name: str,
    limits: Limits,
    **about: Any,
) -> Grid:
    """Make a grid of features; for the other readers of shapes.

    Parameters
    ----------
    rows : iterable of (dict of str to str, bytes or None, bool)
        Attributes, WKB, and whether the shape could not be read.
    name : str
    limits : Limits
    **about
        What else to say about the table.

    Returns
    -------
    Grid
    """
    return _grid(rows, name=name, limits=limits, **about)
