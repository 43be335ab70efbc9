"""Maps that are drawn without internet: tables go in as layers, a folium map or HTML comes out.

A map has two parts. The *frame* (scripts, areas, places to search) is constant as long as the study
is; the *state* (colours, points, what is switched on) is small and is applied to the map that
stands, so that a rerun neither reloads geometry nor loses the reader's place.
"""

from __future__ import annotations

import folium

from ui.layers.model import (
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


def folium_map(view: MapView) -> folium.Map:
    """Return the view as one folium map that carries everything it draws.

    Parameters
    ----------
    view : MapView

    Returns
    -------
    folium.Map
        Its scripts are those of :mod:`ui.assets`; nothing in it names another server.
    """
    raise NotImplementedError


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
    raise NotImplementedError


def show(view: MapView, *, key: str, height: int = 620) -> Click | None:
    """Draw the view on a Streamlit page and return what was clicked last.

    Parameters
    ----------
    view : MapView
    key : str
        Name of this map in the session; unique on the page.
    height : int
        Pixels.

    Returns
    -------
    Click or None
        None until something was clicked. Reruns repeat the last click.

    Raises
    ------
    ui.assets.BundleMissingError
        When the scripts have not been built.
    """
    raise NotImplementedError
