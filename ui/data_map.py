"""The small maps of the Data page: what a list would bring, and where one room stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import geopandas as gpd
import pandas as pd

from ui import maps, state
from ui.layers.model import Bounds
from ui.maps import Dots, MapView, Pins, Points, Polygons
from ui.tables import mark
from ui.wording import Words

HEIGHT = 380
NEW, OLD = "#d95f0e", "#8fa3b5"


def preview_map(
    rows: gpd.GeoDataFrame, units: gpd.GeoDataFrame, text: Words, *, settings: Any
) -> MapView:
    """Return the accepted rows of a list over the counties."""
    layers: list[maps.Layer] = [_counties(units, text)]
    name = text("data.preview_layer")
    if "kind" in rows and "name" in rows and "basis" in rows:
        tips = rows["name"].astype(str) + "\n" + rows["basis"].map(lambda b: mark(b, text))
        layers.append(
            Points(
                "rows", name, points=rows, symbol=rows["kind"], basis=rows["basis"], tooltip=tips
            )
        )
    else:
        category = pd.Series(name, index=rows.index)
        layers.append(Dots("rows", name, points=rows, category=category, palette={name: NEW}))
    return _view(layers, text, settings)


def people_map(
    points: gpd.GeoDataFrame, units: gpd.GeoDataFrame, text: Words, *, settings: Any
) -> MapView:
    """Return demand points over the counties, each dot as large as its people are many."""
    name = text("population.map")
    dots = Dots(
        "people",
        name,
        points=points,
        category=pd.Series(name, index=points.index),
        palette={name: NEW},
        size=points["people"],
    )
    return _view([_counties(units, text), dots], text, settings)


def outlines_map(fresh: gpd.GeoDataFrame, units: gpd.GeoDataFrame, text: Words) -> MapView:
    """Return units' outlines as they are, dashed, and as they would be.

    Parameters
    ----------
    fresh : GeoDataFrame
        Index unit_id; the new outlines.
    units : GeoDataFrame
    text : Words
    """
    known = units.loc[fresh.index]
    before = Polygons(
        *("before", text("outlines.before_layer")),
        shapes=gpd.GeoDataFrame(known[known.geometry.notna()]),
        dashed=True,
        clickable=False,
    )
    after = Polygons(
        *("after", text("outlines.after_layer")),
        shapes=fresh,
        line="strong",
        labels=known["name"],
        clickable=False,
    )
    # Without the study's settings: an upload is nobody else's to read, and no approved map.
    return _view([after, before], text, {})


def placing_map(
    room: str,
    rooms: gpd.GeoDataFrame,
    units: gpd.GeoDataFrame,
    text: Words,
    *,
    at: tuple[float, float] | None,
    settings: Any,
) -> MapView:
    """Return one room as a pin among the others, to be dragged or put elsewhere by a click.

    Parameters
    ----------
    room : str
        Its id.
    rooms, units : GeoDataFrame
    text : Words
    at : (lon, lat) or None
        Where the pin stands; None while the room has no place.
    settings : mapping
        The study's.
    """
    others = rooms.drop(index=room, errors="ignore")
    kept = pd.Series(text("data.other_rooms"), index=others.index)
    palette = {text("data.other_rooms"): OLD}
    layers: list[maps.Layer] = [
        _counties(units, text),
        Dots("others", text("data.other_rooms"), points=others, category=kept, palette=palette),
    ]
    focus = None
    if at is not None:
        here = gpd.GeoDataFrame(index=[room], geometry=gpd.points_from_xy(*([v] for v in at)))
        here = here.set_crs("EPSG:4326")
        layers.append(Pins("room", text("data.this_room"), points=here, draggable=True))
        focus = (at[0] - 0.03, at[1] - 0.03, at[0] + 0.03, at[1] + 0.03)
    return _view(layers, text, settings, focus=focus)


def _counties(units: gpd.GeoDataFrame, text: Words) -> Polygons:
    levels = [level for level in ("county", "city") if (units["level"] == level).any()]
    shapes = units[(units["level"] == levels[0]) & units.geometry.notna()]
    return Polygons(
        *("county", text("overview.layer_counties")),
        shapes=shapes,
        line="strong",
        labels=units["name"],
        clickable=False,
    )


def _view(
    layers: list[maps.Layer], text: Words, settings: Any, *, focus: Bounds | None = None
) -> MapView:
    return MapView(
        layers,
        focus=focus,
        lang=text.lang,
        approval=str(settings.get("map_approval", "")),
        public=bool(settings.get("public_boundaries", False)),
    )


def show(
    view: MapView, *, key: str, on_place: Callable[[float, float], None] | None = None
) -> None:
    """Draw a small map.

    Parameters
    ----------
    view : MapView
    key : str
    on_place : callable, optional
        Called with longitude and latitude of a pin let go, or of a click on the map; once each.
    """

    def dragged(click: maps.Click) -> None:
        if click.moved is not None and state.held(f"pin_{key}") != click.count:
            state.hold(f"pin_{key}", click.count)
            put(*click.moved)

    def clicked(lon: float, lat: float) -> None:
        # The map repeats its last click beside every later drag, and the other way round.
        if state.held(f"place_{key}") != (lon, lat):
            state.hold(f"place_{key}", (lon, lat))
            put(lon, lat)

    put = on_place or (lambda _lon, _lat: None)
    maps.show(
        view,
        key=key,
        height=HEIGHT,
        on_click=dragged if on_place else None,
        on_place=clicked if on_place else None,
    )
