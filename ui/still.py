"""A map as a still picture: for paper, where nothing can be switched on or asked.

One list of shapes is written as SVG, which prints sharply and names the counties, or as PNG for
Word, whose letters are limited to digits because no Chinese font is shipped.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from PIL import Image, ImageDraw, ImageFont

from ui.escape import esc
from ui.layers.classes import DIGITS, UNKNOWN, colour_areas
from ui.layers.model import Layer, MapView, Pins, Points, Polygons
from ui.layers.pack import anchors, located, simplify
from ui.wording import words

WIDTH = 1000.0
MARGIN = 18.0
EARTH_KM = 111.195
LINES = {"strong": ("#2f3b47", 1.6), "thin": ("#8b97a3", 0.5)}
FILLED, HOLLOW, PIN, INK = "#8b1a2b", "#ffffff", "#f2a900", "#11181f"
MISSING, BLANK = "#eceff1", "#ffffff"
SOLID = ("reported", "census", "register")
SHARPNESS = 2


@dataclass(frozen=True)
class Area:
    """A filled outline: the outer rings of its parts, in pixels, and its holes."""

    rings: Sequence[np.ndarray[Any, Any]]
    holes: Sequence[np.ndarray[Any, Any]]
    fill: str
    line: str
    width: float


@dataclass(frozen=True)
class Dot:
    """A circle, with a short label inside where it stands for a suggested room."""

    x: float
    y: float
    radius: float
    fill: str
    line: str
    label: str = ""


@dataclass(frozen=True)
class Name:
    """A place's name; only SVG writes it."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Picture:
    """A still map: its shapes from the bottom up, its size in pixels, scale and legend.

    Parameters
    ----------
    shapes : sequence of Area, Dot or Name
    width, height : float
    km : int
        What the scale bar stands for.
    km_pixels : float
        Pixels to a kilometre.
    legend : sequence of (str, sequence of (str, str))
        Layer name, and colour and word of each class.
    """

    shapes: Sequence[Any]
    width: float
    height: float
    km: int
    km_pixels: float
    legend: Sequence[tuple[str, Sequence[tuple[str, str]]]]


def picture(view: MapView) -> Picture:
    """Return what a map shows when it opens as a still picture.

    Parameters
    ----------
    view : MapView
        Layers that are off, and layers other than areas, rooms and pins, are left out.

    Returns
    -------
    Picture

    Notes
    -----
    Degrees are drawn as they are, longitudes shortened by the cosine of the middle latitude: over
    one city that is true to a few parts in a thousand, and so is the scale bar.
    """
    text = words(view.lang)
    layers = [layer for layer in view.layers if layer.shown]
    boxes = [layer.shapes.total_bounds for layer in layers if isinstance(layer, Polygons)]
    west, south, east, north = _around(np.array(boxes))
    shrink = math.cos(math.radians((south + north) / 2))
    scale = (WIDTH - 2 * MARGIN) / ((east - west) * shrink)

    def place(lonlat: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        x = (lonlat[:, 0] - west) * shrink * scale + MARGIN
        return np.column_stack([x, (north - lonlat[:, 1]) * scale + MARGIN])

    drawn = [_shapes(layer, place) for layer in layers]
    km_pixels = scale / EARTH_KM
    return Picture(
        # Pins over rooms over names over areas, whatever the order of the layers.
        shapes=sorted((s for part in drawn for s in part), key=_height),
        width=WIDTH,
        height=round((north - south) * scale + 2 * MARGIN + 30),
        km=_round_km(WIDTH / 6 / km_pixels),
        km_pixels=km_pixels,
        legend=[
            (layer.name, rows)
            for layer in layers
            if (rows := _legend(layer, text("map.unknown"))) is not None
        ],
    )


def svg(still: Picture) -> str:
    """Return the picture as an SVG element."""
    parts = [_svg_shape(shape) for shape in still.shapes]
    bar, y = still.km * still.km_pixels, still.height - 14
    north = f"{still.width - 40},16 {still.width - 32},44 {still.width - 40},38"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {still.width:g} {still.height:g}"'
        ' role="img" font-family="sans-serif">'
        f"{''.join(parts)}"
        f'<path d="M{MARGIN:g} {y - 6:g}v6h{bar:.1f}v-6" fill="none" stroke="{INK}"'
        ' stroke-width="1.5"/>'
        f'<text x="{MARGIN + 6:g}" y="{y - 5:g}" font-size="15">{still.km} km</text>'
        f'<polygon points="{north} {still.width - 48},44" fill="{INK}"/>'
        f'<text x="{still.width - 46}" y="62" font-size="16" font-weight="bold">N</text></svg>'
    )


def png(still: Picture) -> bytes:
    """Return the picture as the bytes of a PNG file, without the places' names."""
    k = SHARPNESS
    image = Image.new("RGB", (round(still.width * k), round(still.height * k)), "white")
    pen = ImageDraw.Draw(image)
    for shape in still.shapes:
        _png_shape(pen, shape)
    bar, y = still.km * still.km_pixels, still.height - 14
    corners = [(MARGIN, y - 6), (MARGIN, y), (MARGIN + bar, y), (MARGIN + bar, y - 6)]
    pen.line([(x * k, z * k) for x, z in corners], fill=INK, width=3)
    pen.text(((MARGIN + 6) * k, (y - 22) * k), f"{still.km} km", INK, _font(15))
    x = still.width - 40
    arrow = [(x, 16), (x + 8, 44), (x, 38), (x - 8, 44)]
    pen.polygon([(a * k, b * k) for a, b in arrow], fill=INK)
    pen.text(((x - 6) * k, 46 * k), "N", INK, _font(16))
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _around(boxes: np.ndarray[Any, Any]) -> tuple[float, float, float, float]:
    west, south = boxes[:, :2].min(axis=0)
    east, north = boxes[:, 2:].max(axis=0)
    return float(west), float(south), float(east), float(north)


def _round_km(most: float) -> int:
    return max(n for n in (1, 2, 5, 10, 20, 50, 100, 200, 500) if n <= max(most, 1))


def _shapes(layer: Layer, place: Any) -> list[Any]:
    if isinstance(layer, Polygons):
        return _areas(layer, place)
    if isinstance(layer, Points):
        rows = located(layer.points)
        solid = layer.basis.reindex(rows.index).isin(SOLID)
        return [
            Dot(x, y, 2.2, FILLED if full else HOLLOW, FILLED)
            for (x, y), full in zip(place(_xy(rows)), solid, strict=True)
        ]
    if isinstance(layer, Pins):
        rows = located(layer.points)
        label = [""] * len(rows) if layer.label is None else layer.label.reindex(rows.index)
        # The last pin lies on top: the first in the list matters most.
        pins = [Dot(x, y, 11.0, PIN, INK, str(n)) for (x, y), n in _pairs(place(_xy(rows)), label)]
        return pins[::-1]
    return []


def _pairs(points: np.ndarray[Any, Any], label: Any) -> Any:
    return zip(points, label, strict=True)


def _areas(layer: Polygons, place: Any) -> list[Any]:
    shapes = np.asarray(layer.shapes.geometry.array)
    coloured = colour_areas(layer, unknown="")
    codes = coloured["codes"] or UNKNOWN * len(shapes)
    line, width = LINES[layer.line]
    found: list[Any] = []
    for area, code in zip(simplify(shapes), codes, strict=True):
        if area is None or area.is_empty:
            continue
        fill = MISSING if code == UNKNOWN else coloured["colours"][DIGITS.index(code)]
        parts = shapely.get_parts(area)
        rings = [place(shapely.get_coordinates(part.exterior)) for part in parts]
        holes = [place(shapely.get_coordinates(h)) for part in parts for h in part.interiors]
        fill = "none" if coloured["codes"] is None else fill
        found.append(Area(rings, holes, fill, line, width))
    return found if layer.labels is None or layer.line == "thin" else found + _names(layer, place)


def _names(layer: Polygons, place: Any) -> list[Name]:
    assert layer.labels is not None
    middles = anchors(np.asarray(layer.shapes.geometry.array))
    names = layer.labels.reindex(layer.shapes.index)
    known = [(at.x, at.y, name) for at, name in zip(middles, names, strict=True) if at]
    points = place(np.array([(x, y) for x, y, _ in known]).reshape(-1, 2))
    return [Name(x, y, str(name)) for (x, y), (_, _, name) in zip(points, known, strict=True)]


def _height(shape: Any) -> float:
    """Return the order in which a shape is drawn: fillings, lines, rooms, names, pins."""
    if isinstance(shape, Area):
        # Larger areas first, so that one inside another's hole is seen.
        return (
            1 + shape.width if shape.fill == "none" else -max(np.ptp(r[:, 0]) for r in shape.rings)
        )
    if isinstance(shape, Dot):
        return 12 if shape.label else 10
    return 11


def _legend(layer: Layer, unknown: str) -> list[tuple[str, str]] | None:
    if isinstance(layer, Polygons):
        rows = colour_areas(layer, unknown=unknown)["rows"]
        return [(row.get("colour", MISSING), row["text"]) for row in rows] or None
    if isinstance(layer, Points):
        return [(FILLED, "")]
    return [(PIN, "")] if isinstance(layer, Pins) else None


def _xy(rows: gpd.GeoDataFrame) -> np.ndarray[Any, Any]:
    return np.column_stack([rows.geometry.x, rows.geometry.y])


def _svg_shape(shape: Any) -> str:
    if isinstance(shape, Area):
        path = "".join(
            "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in ring[:-1]) + "Z"
            for ring in (*shape.rings, *shape.holes)
        )
        return (
            f'<path d="{path}" fill="{shape.fill}" fill-rule="evenodd" stroke="{shape.line}"'
            f' stroke-width="{shape.width:g}"/>'
        )
    if isinstance(shape, Dot):
        circle = (
            f'<circle cx="{shape.x:.1f}" cy="{shape.y:.1f}" r="{shape.radius:g}"'
            f' fill="{shape.fill}" stroke="{shape.line}"/>'
        )
        return circle + _svg_text(shape.x, shape.y + 4.5, shape.label, "13") * bool(shape.label)
    return _svg_text(shape.x, shape.y, shape.text, '15" stroke="#fff" stroke-width="3')


def _svg_text(x: float, y: float, text: str, size: str) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="bold"'
        f' paint-order="stroke" text-anchor="middle">{esc(text)}</text>'
    )


def _png_shape(pen: Any, shape: Any) -> None:
    k = SHARPNESS
    if isinstance(shape, Area):
        for ring, fill in [(r, shape.fill) for r in shape.rings] + [
            (r, BLANK) for r in shape.holes
        ]:
            points = [tuple(p) for p in ring * k]
            if shape.fill != "none":
                pen.polygon(points, fill=fill)
            pen.line(points, fill=shape.line, width=round(shape.width * k))
    elif isinstance(shape, Dot):
        x, y, r = shape.x * k, shape.y * k, shape.radius * k
        pen.ellipse((x - r, y - r, x + r, y + r), fill=shape.fill, outline=shape.line, width=2)
        if shape.label:
            pen.text((x, y), shape.label, INK, _font(12), anchor="mm")


def _font(size: int) -> Any:
    return ImageFont.load_default(size * SHARPNESS)
