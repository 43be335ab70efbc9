"""What can be drawn: plain descriptions of map layers, with no folium and no JavaScript in them.

A page builds these from tables and hands them to :mod:`ui.maps`. Every text in them may come from
data and need not be escaped: the map writes it with ``textContent``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import geopandas as gpd
import pandas as pd

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class Layer:
    """What all layers share.

    Parameters
    ----------
    key : str
        Stable name of the layer; comes back in a :class:`Click`. Unique on a map.
    name : str
        What the reader sees in the layer list.
    group : str
        Heading under which the layer is listed; layers without one come first.
    shown : bool
        Whether the layer is on when the map opens. A later change of this value wins over the
        reader's own switch; as long as it stays the same, the reader's switch wins.
    """

    key: str
    name: str
    group: str = field(default="", kw_only=True)
    shown: bool = field(default=True, kw_only=True)


@dataclass(frozen=True, eq=False)
class Polygons(Layer):
    """Areas, as outlines or coloured by a value.

    Parameters
    ----------
    shapes : GeoDataFrame
        EPSG:4326 (multi)polygons; the index holds the ids. Simplified for drawing only.
    values : Series of float or str, optional
        On the index of ``shapes``. Numbers are cut into classes at ``breaks``; words are looked
        up in ``palette``. NaN or a missing row is unknown and hatched grey. Without values only
        outlines are drawn.
    breaks : sequence of float, optional
        Inner class limits, ascending; a value equal to a limit falls into the upper class.
        Default: quantiles into at most five classes.
    ramp : str
        Key of :data:`ui.layers.style.RAMPS`.
    palette : mapping of str to str, optional
        Colour by word, in the order of the legend.
    unit : str
        Printed once over the legend.
    fmt : str
        How a class limit is written, for example ``"{:.0%}"``.
    tooltip : Series of str, optional
        Text by id; the first line is set bold, further lines follow after a line break.
    dashed : bool
        Whether the outline is only approximate.
    line : {"strong", "thin"}
        Weight of the outline.
    labels : Series of str, optional
        Names written on the map, by id, where they do not run into each other.
    label_zoom : float
        Zoom from which on the names are written; 9 shows a prefecture, 12 a township.
    clickable : bool or None
        Whether a click returns the id; by default when there are values or tooltips.
    """

    shapes: gpd.GeoDataFrame
    values: pd.Series | None = field(default=None, kw_only=True)
    breaks: Sequence[float] | None = field(default=None, kw_only=True)
    ramp: str = field(default="viridis", kw_only=True)
    palette: Mapping[str, str] | None = field(default=None, kw_only=True)
    unit: str = field(default="", kw_only=True)
    fmt: str = field(default="{:,.4g}", kw_only=True)
    tooltip: pd.Series | None = field(default=None, kw_only=True)
    dashed: bool = field(default=False, kw_only=True)
    line: str = field(default="thin", kw_only=True)
    labels: pd.Series | None = field(default=None, kw_only=True)
    label_zoom: float = field(default=0, kw_only=True)
    clickable: bool | None = field(default=None, kw_only=True)


@dataclass(frozen=True, eq=False)
class Points(Layer):
    """Rooms: one symbol a row, its shape by kind and its filling by basis.

    Parameters
    ----------
    points : GeoDataFrame
        EPSG:4326 points; rows without a point are left out. The index holds the ids.
    symbol : Series of str
        A room kind of :data:`geo.schema.ROOM_KINDS`, on the index of ``points``.
    basis : Series of str
        A basis of :data:`geo.schema.BASES`: filled for reported, census and register; half for
        derived and modelled; hollow for simulated.
    tooltip : Series of str, optional
    """

    points: gpd.GeoDataFrame
    symbol: pd.Series = field(kw_only=True)
    basis: pd.Series = field(kw_only=True)
    tooltip: pd.Series | None = field(default=None, kw_only=True)


@dataclass(frozen=True, eq=False)
class Pins(Layer):
    """Suggested places: a drop-shaped pin with a short label, drawn over everything else.

    Parameters
    ----------
    points : GeoDataFrame
    label : Series of str, optional
        At most three characters, for example the rank.
    tooltip : Series of str, optional
    draggable : bool
        Whether a pin can be dragged; where it is let go comes back in :class:`Click`.
    """

    points: gpd.GeoDataFrame
    label: pd.Series | None = field(default=None, kw_only=True)
    tooltip: pd.Series | None = field(default=None, kw_only=True)
    draggable: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, eq=False)
class Reach(Layer):
    """Circles within which people are served, drawn as one even tint where they overlap.

    Parameters
    ----------
    points : GeoDataFrame
    radius_m : Series of float
        Metres, on the index of ``points``; rows without a radius are left out.
    """

    points: gpd.GeoDataFrame
    radius_m: pd.Series = field(kw_only=True)


@dataclass(frozen=True, eq=False)
class Hulls(Layer):
    """Clusters of cases: an outline with the number of cases in its middle.

    Parameters
    ----------
    shapes : GeoDataFrame
        Polygons, or points and lines for clusters in one place; EPSG:4326.
    count : Series of int
    tooltip : Series of str, optional
    """

    shapes: gpd.GeoDataFrame
    count: pd.Series = field(kw_only=True)
    tooltip: pd.Series | None = field(default=None, kw_only=True)


@dataclass(frozen=True, eq=False)
class Dots(Layer):
    """Many small points on a canvas (cases, demand points): no hover, no click.

    Parameters
    ----------
    points : GeoDataFrame
        Up to some 100,000 points.
    category : Series of str, optional
        Word by point, looked up in ``palette``.
    palette : mapping of str to str, optional
    size : Series of float, optional
        Relative weight; the area of a dot grows with it. Without it all are small and alike.
    """

    points: gpd.GeoDataFrame
    category: pd.Series | None = field(default=None, kw_only=True)
    palette: Mapping[str, str] | None = field(default=None, kw_only=True)
    size: pd.Series | None = field(default=None, kw_only=True)


@dataclass(frozen=True, eq=False)
class MapView:
    """A whole map.

    Parameters
    ----------
    layers : sequence of Layer
        From the bottom up. Dots, hulls, points and pins always lie over areas.
    focus : (west, south, east, north), optional
        What to show; the union of all areas by default. The map moves there when the value
        changes, and otherwise stays where the reader left it.
    selected : (layer key, id), optional
        What is set off by a bold outline.
    places : DataFrame, optional
        What the search box knows: columns ``name``, ``hint``, ``lon``, ``lat``.
    exclusive : sequence of str
        Groups of which only one layer is shown at a time.
    lang : {"zh", "en"}
        Language of the map's own words.
    title : str
        Heading of the picture that can be taken of the map.
    note : str
        One line under the map, for example that township lines are approximate.
    approval : str
        Approval number of the map, printed beside the note.
    public : bool
        Whether areas and places may be served as files that anyone who reaches the port can
        read. True only for the bundled study; otherwise they travel in the session.
    """

    layers: Sequence[Layer]
    focus: Bounds | None = field(default=None, kw_only=True)
    selected: tuple[str, str] | None = field(default=None, kw_only=True)
    places: pd.DataFrame | None = field(default=None, kw_only=True)
    exclusive: Sequence[str] = field(default=(), kw_only=True)
    lang: str = field(default="zh", kw_only=True)
    title: str = field(default="", kw_only=True)
    note: str = field(default="", kw_only=True)
    approval: str = field(default="", kw_only=True)
    public: bool = field(default=False, kw_only=True)


@dataclass(frozen=True)
class Click:
    """What the reader clicked on last.

    Parameters
    ----------
    layer : str
        Key of the layer.
    feature : str
        Id in that layer.
    count : int
        Grows with every click, so that a second click on the same thing can be told apart.
    moved : (longitude, latitude), optional
        Where a pin was dragged to; None for a plain click.
    """

    layer: str
    feature: str
    count: int = 0
    moved: tuple[float, float] | None = None
