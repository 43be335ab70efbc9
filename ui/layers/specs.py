"""Each layer as the plain description that the map's scripts understand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from ui.layers import pack
from ui.layers.classes import DIGITS, code_words, colour_areas
from ui.layers.model import Dots, Hulls, Layer, Pins, Points, Polygons, Reach
from ui.layers.style import DOT
from ui.wording import Words

Spec = dict[str, Any]

# What a filling says about the row it stands for.
FILLING = {
    "reported": "f",
    "census": "f",
    "register": "f",
    "derived": "h",
    "modelled": "h",
    "simulated": "o",
}
HOLLOW = "o"


def spec_of(layer: Layer, words: Words) -> Spec:
    """Return the description of one layer, ready for JSON.

    Parameters
    ----------
    layer : Layer
    words : Words
        For the words of the legend.

    Returns
    -------
    dict
        Only numbers, texts, lists and dicts. Texts are as they came; the scripts set them with
        ``textContent``.
    """
    common = {"key": layer.key, "name": layer.name, "group": layer.group, "shown": layer.shown}
    return {**common, **_SPECS[type(layer)](layer, words)}


def _areas(layer: Polygons, words: Words) -> Spec:
    source, _ = pack.pack_areas(layer.shapes)
    index = layer.shapes.index
    coloured = colour_areas(layer, unknown=words("map.unknown"))
    clickable = layer.clickable
    if clickable is None:
        clickable = layer.values is not None or layer.tooltip is not None
    return {
        "type": "polygons",
        "source": source,
        "codes": coloured["codes"],
        "colours": coloured["colours"],
        "legend": {"unit": layer.unit, "rows": coloured["rows"]},
        "mark": None if layer.values is not None else _outline(layer),
        "dashed": layer.dashed,
        "line": layer.line,
        "land": layer.values is None and layer.line == "strong",
        "clickable": clickable,
        "tips": pack.texts(layer.tooltip, index),
        "labels": pack.texts(layer.labels, index),
        "label_zoom": layer.label_zoom,
    }


def _outline(layer: Polygons) -> Spec:
    strong = layer.line == "strong"
    return {
        "line": 1.8 if strong else 1,
        "colour": "#2f3b47" if strong else "#5d6b78",
        "dashed": layer.dashed,
    }


def _rooms(layer: Points, words: Words) -> Spec:
    rows = pack.located(layer.points)
    symbol = layer.symbol.reindex(rows.index).fillna("village").astype(str)
    bases = layer.basis.reindex(rows.index).map(FILLING).fillna(HOLLOW)
    kinds = list(dict.fromkeys(symbol))
    order = {kind: n for n, kind in enumerate(kinds)}
    return {
        "type": "points",
        **_placed(rows, layer.tooltip),
        "kinds": kinds,
        "symbols": "".join(DIGITS[order[kind]] for kind in symbol),
        "bases": "".join(bases),
        "fillings": [filling for filling in "fho" if (bases == filling).any()],
        "legend": {"unit": "", "rows": _room_rows(symbol, words)},
    }


def _room_rows(symbol: pd.Series, words: Words) -> list[Spec]:
    """Return one row a kind, only those the map shows."""
    present = set(symbol)
    kinds = [kind for kind in _KIND_ORDER if kind in present]
    return [{"kind": kind, "basis": "f", "text": words.choice("kind", kind)} for kind in kinds]


_KIND_ORDER = (
    "hub", "township", "area", "village", "community", "park", "campus", "compound", "sector",
    "outpost",
)  # fmt: skip


def _pins(layer: Pins, words: Words) -> Spec:
    rows = pack.located(layer.points)
    return {
        "type": "pins",
        **_placed(rows, layer.tooltip),
        "labels": pack.texts(layer.label, rows.index),
        "draggable": layer.draggable,
        "mark": {"pin": True},
    }


def _reach(layer: Reach, words: Words) -> Spec:
    rows = pack.located(layer.points)
    metres = layer.radius_m.reindex(rows.index)
    rows = rows[metres.notna() & np.isfinite(metres)]
    return {
        "type": "reach",
        **_placed(rows, None),
        "metres": [round(float(m), 1) for m in metres[rows.index]],
        "mark": {"colour": "#2b6cb0", "alpha": 0.3},
    }


def _hulls(layer: Hulls, words: Words) -> Spec:
    rows = pack.located(layer.shapes)
    drawn = np.asarray(rows.geometry.array)
    return {
        "type": "hulls",
        "ids": [str(i) for i in rows.index],
        "shapes": pack.pack_polygons(drawn),
        "anchors": _middles(drawn),
        "counts": [int(n) for n in layer.count.reindex(rows.index).fillna(0)],
        "tips": pack.texts(layer.tooltip, rows.index),
        "mark": {"colour": "#f08c2e", "alpha": 0.8},
    }


def _middles(drawn: np.ndarray[Any, Any]) -> list[list[int]]:
    return [[round(g.centroid.x * pack.SCALE), round(g.centroid.y * pack.SCALE)] for g in drawn]


def _dots(layer: Dots, words: Words) -> Spec:
    rows = pack.located(layer.points)
    packed, box = pack.pack_dots(rows)
    category = None if layer.category is None else layer.category.reindex(rows.index)
    codes, colours, names = code_words(category, layer.palette, len(rows))
    legend = [{"round": True, "colour": c, "text": n} for c, n in zip(colours, names, strict=False)]
    return {
        "type": "dots",
        "packed": packed,
        "box": box,
        "codes": codes,
        "colours": colours or [DOT],
        "radii": _radii(layer.size, rows.index),
        "legend": {"unit": "", "rows": legend},
        "mark": None if legend else {"round": True, "colour": DOT},
    }


def _radii(size: pd.Series | None, index: pd.Index) -> list[float] | None:
    """Return pixels by row, the area in proportion to the weight; the greatest has 7."""
    if size is None:
        return None
    weight = size.reindex(index).fillna(0.0).clip(lower=0).astype(float)
    greatest = weight.max()
    share = weight / greatest if greatest > 0 else weight
    return [round(max(0.8, 7 * float(s) ** 0.5), 1) for s in share]


def _placed(rows: Any, tooltip: pd.Series | None) -> Spec:
    return {
        "ids": [str(i) for i in rows.index],
        "xy": pack.pack_points(rows),
        "tips": pack.texts(tooltip, rows.index),
    }


_SPECS: Mapping[type, Callable[[Any, Words], Spec]] = {
    Polygons: _areas,
    Points: _rooms,
    Pins: _pins,
    Reach: _reach,
    Hulls: _hulls,
    Dots: _dots,
}
