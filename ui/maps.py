"""Maps that are drawn without internet: tables go in as layers, a folium map or HTML comes out.

A map has two parts. The *frame* (scripts, areas, places to search) is constant as long as the study
is; the *state* (colours, points, what is switched on) is small and is applied to the map that
stands, so that a rerun neither reloads geometry nor loses the reader's place.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

import folium
import numpy as np
import pandas as pd
from markupsafe import Markup

from ui import assets
from ui.escape import esc, script_json
from ui.layers import pack
from ui.layers.elements import Call, OfflineMap, State
from ui.layers.model import (
    Bounds,
    Click,
    Dots,
    Hulls,
    Layer,
    MapView,
    Pins,
    Points,
    Polygons,
    Reach,
)
from ui.layers.specs import spec_of
from ui.wording import words

__all__ = [
    "Click",
    "Dots",
    "Hulls",
    "Layer",
    "MapView",
    "Pins",
    "Points",
    "Polygons",
    "Reach",
    "folium_map",
    "show",
    "standalone_html",
]

TEXTS = ("panel", "search", "none", "north", "full", "picture", "zoom_in", "zoom_out")
FILLINGS = ("filling_f", "filling_h", "filling_o")
# Nothing may be asked of any server, whatever stands in the file.
POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"

# What a layer becomes is kept as long as the layer is, because most reruns change none of them.
_WRITTEN: WeakKeyDictionary[Layer, dict[str, Markup]] = WeakKeyDictionary()


def folium_map(view: MapView) -> folium.Map:
    """Return the view as one folium map that carries everything it draws.

    Parameters
    ----------
    view : MapView

    Returns
    -------
    folium.Map
        It needs the bundle on its page; nothing in it names another server.
    """
    assets.forget_networks()
    drawn = OfflineMap(None)
    Call("frame", _frame(view, public=False)).add_to(drawn)
    for call in _state(view):
        call.add_to(drawn)
    return drawn


def standalone_html(view: MapView, *, title: str = "") -> str:
    """Return the view as one HTML file that opens from disk with no network.

    Parameters
    ----------
    view : MapView
    title : str
        Title of the document.

    Returns
    -------
    str
        Scripts, styles and data are inside; a content policy in it forbids every request.

    Raises
    ------
    ui.assets.BundleMissingError
        When the scripts have not been built.
    """
    figure = folium_map(view).get_root()
    figure.render()
    body, script = figure.html.render(), figure.script.render()
    return (
        f'<!doctype html><html lang="{esc(view.lang)}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{esc(title)}</title>"
        "<style>html,body,.folium-map{height:100%;width:100%;margin:0}</style>"
        f"<script>{assets.bundle_text()}</script></head>"
        f"<body>{body}<script>{script}</script></body></html>"
    )


def show(
    view: MapView,
    *,
    key: str,
    height: int = 620,
    on_click: Callable[[Click], None] | None = None,
    on_place: Callable[[float, float], None] | None = None,
) -> Click | None:
    """Draw the view on a Streamlit page and return what was clicked last.

    Parameters
    ----------
    view : MapView
    key : str
        Name of this map in the session; unique on the page.
    height : int
        Pixels.
    on_click : callable, optional
        Called with a new click before the page runs again, so that the one run which follows
        already knows it.
    on_place : callable, optional
        Called in the same way with longitude and latitude of a click on the map itself. A map
        that stands does not learn of it later: give it from the start.

    Returns
    -------
    Click or None
        None until something was clicked. Reruns repeat the last click.

    Raises
    ------
    ui.assets.BundleMissingError
        When the scripts have not been built.
    """
    # Here, because they bring all of Streamlit, which the command line does without.
    from streamlit_folium import st_folium

    from ui import state as session

    assets.forget_networks()
    frame = _frame(view, public=view.public)
    standing = OfflineMap(assets.bundle_url())
    Call("frame", frame).add_to(standing)
    state = State()
    for call in _state(view, picks=on_click is not None):
        call.add_to(state)
    # A new frame is a new map; everything else is applied to the one that stands.
    frame_key = f"{key} {_digest(frame)}"

    def changed() -> None:
        # Every answer repeats the last click on a layer and the last on the map: one is old.
        sent = session.sent(frame_key)
        click = session.fresh(f"{key} click", _click(sent))
        if click is not None and on_click is not None:
            on_click(click)
        press = session.fresh(f"{key} place", (sent or {}).get("last_clicked"))
        place = _on_earth(press or {})
        if place is not None and on_place is not None:
            on_place(*place)

    answer = st_folium(
        standing,
        key=frame_key,
        height=height,
        use_container_width=True,
        returned_objects=["last_active_drawing", *(["last_clicked"] if on_place else [])],
        feature_group_to_add=state,
        on_change=changed,
    )
    return _click(answer)


def _click(answer: Mapping[str, Any] | None) -> Click | None:
    """Return the click in streamlit-folium's answer, which a browser could have forged."""
    drawing = (answer or {}).get("last_active_drawing") or {}
    given = drawing.get("properties") or {}
    if not {"layer", "feature", "count"} <= set(given):
        return None
    moved = _on_earth(given)
    return Click(str(given["layer"]), str(given["feature"]), int(given["count"]), moved)


def _on_earth(given: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return longitude and latitude of what was clicked, if that is a place on earth."""
    if not {"lng", "lat"} <= set(given):
        return None
    lon, lat = float(given["lng"]), float(given["lat"])
    return (lon, lat) if abs(lon) <= 180 and abs(lat) <= 90 else None


def _state(view: MapView, *, picks: bool = False) -> list[Call]:
    calls = [Call("put", _written(layer, view.lang)) for layer in view.layers]
    settled = {
        "order": [layer.key for layer in view.layers],
        "focus": view.focus or _extent(view),
        "selected": view.selected,
        "picks": picks,
        "exclusive": list(view.exclusive),
        "title": view.title,
        "note": view.note,
        "approval": view.approval,
    }
    return [*calls, Call("settle", settled)]


def _written(layer: Layer, lang: str) -> Markup:
    known = _WRITTEN.setdefault(layer, {})
    if lang not in known:
        known[lang] = script_json(spec_of(layer, words(lang)))
    return known[lang]


def _frame(view: MapView, *, public: bool) -> dict[str, Any]:
    """Return what stays the same over reruns: areas, places to search, the map's own words."""
    wording = words(view.lang)
    areas = [layer for layer in view.layers if isinstance(layer, Polygons)]
    packed = dict(pack.pack_areas(layer.shapes) for layer in areas)
    return {
        "sources": {key: _source("areas", data, public=public) for key, data in packed.items()},
        "places": None if view.places is None else _places(_Same(view.places), public),
        "text": {name: wording(f"map.{name}") for name in (*TEXTS, *FILLINGS)},
    }


class _Same:
    """A table as a key: equal to itself only, whatever stands in it."""

    def __init__(self, table: pd.DataFrame) -> None:
        self.table = table

    def __hash__(self) -> int:
        return id(self.table)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.table is self.table


# Thousands of rows that hardly ever change, asked for in every run.
@lru_cache(maxsize=8)
def _places(known: _Same, public: bool) -> dict[str, Any]:
    given = known.table[["name", "hint", "lon", "lat"]].dropna()
    rows = [
        [str(name), str(hint), round(float(lon), 5), round(float(lat), 5)]
        for name, hint, lon, lat in given.itertuples(index=False)
    ]
    return _source("places", rows, public=public)


def _source(name: str, data: Any, *, public: bool) -> dict[str, Any]:
    """Return the data itself, or where the browser finds it when everybody may read it."""
    if public:
        url = assets.publish(name, json.dumps(data, ensure_ascii=False, separators=(",", ":")))
        if url is not None:
            return {"url": url}
    return {"data": data}


def _extent(view: MapView) -> Bounds | None:
    """Return the box around all areas, or around all points where there are none."""
    found = [layer.shapes for layer in view.layers if isinstance(layer, Polygons)]
    if not found:
        found = [layer.points for layer in view.layers if hasattr(layer, "points")]
    boxes = np.array([frame.total_bounds for frame in found if len(frame)])
    boxes = boxes[np.isfinite(boxes).all(axis=1)] if len(boxes) else boxes
    if not len(boxes):
        return None
    west, south = boxes[:, :2].min(axis=0)
    east, north = boxes[:, 2:].max(axis=0)
    return float(west), float(south), float(east), float(north)


def _digest(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
