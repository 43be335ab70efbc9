"""Which layers each page's map has: surveys and plans go in, a MapView comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

import geopandas as gpd
import pandas as pd

from analysis.clusters import Clusters
from analysis.coverage import Coverage, is_context, lonlat
from analysis.journey import Survey
from analysis.results import main_categories
from geo.crs import metric_crs
from geo.reach import nearest
from geo.schema import BASES
from geo.units import ancestors
from ui.maps import Dots, Hulls, MapView, Points, Polygons, Reach
from ui.maps import Layer as MapLayer
from ui.names import unit_names
from ui.tables import SOLID, mark, percent, whole
from ui.wording import Words

SHARE_BREAKS = (0.2, 0.4, 0.6, 0.8)
DENSITY_BREAKS = (200, 500, 1_000, 3_000)
ROOM_LEVELS = ("county", "township", "village")
REACH_COLOURS = {"covered": "#2c7fb8", "uncovered": "#d95f0e"}
CATEGORY_COLOURS = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377")
OTHER_COLOUR = "#999999"
FAINT = "#fdae6b"


# A survey's map is kept as long as its coverage: going back to known settings draws it at once.
_DRAWN: WeakKeyDictionary[Coverage, dict[str, MapView]] = WeakKeyDictionary()


def overview(measured: Survey, text: Words, *, selected: Any = None) -> MapView:
    """Return the city at a glance: areas by coverage or density, rooms by level, people."""
    known = _DRAWN.setdefault(measured.coverage, {})
    if text.lang not in known:
        known[text.lang] = _overview(measured, text)
    return replace(known[text.lang], selected=selected)


def _overview(measured: Survey, text: Words) -> MapView:
    layers = [
        share_layer(measured, text),
        _density_layer(measured, text),
        *boundaries(measured, text),
        _reach_layer(measured, text),
        _people_layer(measured, text),
        *room_layers(measured, text),
    ]
    return view(measured, layers, text)


def districts(measured: Survey, text: Words, *, values: pd.Series, name: str, fmt: str) -> MapView:
    """Return the counties coloured by one measure."""
    units = measured.study.units
    shapes = units[(units["level"] == "county") & ~is_context(units)]
    layer = Polygons(
        *("county", name),
        shapes=shapes,
        values=values,
        fmt=fmt,
        tooltip=unit_names(measured.study, text),
        labels=unit_names(measured.study, text),
        line="strong",
    )
    return view(measured, [layer], text, search=False)


def cases(measured: Survey, found: Clusters, table: pd.DataFrame, text: Words) -> MapView:
    """Return the clusters of cases over the cases themselves, coloured by category."""
    placed = measured.cases[~(measured.cases.geometry.isna() | measured.cases.geometry.is_empty)]
    first = main_categories(placed["categories"])
    top = first.value_counts().index[: len(CATEGORY_COLOURS)]
    palette = dict(zip(top, CATEGORY_COLOURS, strict=False))
    other = text("cases.other")
    category = first.where(first.isin(top), other)
    tips = [
        f"{text('column.n')} {row['n']}\n{row['main_category'] or ''}\n"
        f"{text('column.relative_risk')} {row['relative_risk']:.2f}"
        for _, row in table.iterrows()
    ]
    hulls = gpd.GeoDataFrame(geometry=table.geometry)
    hulls.index = table["cluster"].astype(str)
    layers = [
        *boundaries(measured, text),
        Dots(
            "cases",
            text("cases.layer_dots"),
            points=placed,
            category=category,
            palette={**palette, other: OTHER_COLOUR},
            group=text("overview.group_cases"),
        ),
        Hulls(
            "clusters",
            text("cases.layer_hulls"),
            shapes=hulls,
            count=pd.Series(table["n"].to_numpy(), index=hulls.index),
            tooltip=pd.Series(tips, index=hulls.index),
            group=text("overview.group_cases"),
        ),
        *room_layers(measured, text, shown=False),
    ]
    return view(measured, layers, text)


def gaps(measured: Survey, shown: gpd.GeoDataFrame, text: Words) -> MapView:
    """Return the listed gaps as dots whose area is the people out of reach."""
    layers = [
        share_layer(measured, text),
        *boundaries(measured, text),
        *room_layers(measured, text, shown=False),
        Dots(
            "gaps",
            text("gaps.layer_gaps"),
            points=shown,
            category=shown["location_basis"].map(lambda basis: mark(basis, text)),
            palette={
                mark(basis, text): REACH_COLOURS["uncovered"] if basis in SOLID else FAINT
                for basis in BASES
                if (shown["location_basis"] == basis).any()
            },
            size=shown["people_uncovered"],
        ),
    ]
    return view(measured, layers, text)


def view(
    measured: Survey,
    layers: Sequence[MapLayer],
    text: Words,
    *,
    selected: Any = None,
    search: bool = True,
) -> MapView:
    """Return a map of these layers with the study's note, approval number and places."""
    study = measured.study
    return MapView(
        layers,
        selected=selected,
        places=places(measured, text) if search else None,
        exclusive=(text("overview.group_people"),),
        lang=text.lang,
        title=_title(measured, text),
        note=_note(study.units, unit_names(study, text), text),
        approval=str(study.settings.get("map_approval", "")),
        public=bool(study.settings.get("public_boundaries", False)),
    )


def _note(units: gpd.GeoDataFrame, names: pd.Series, text: Words) -> str:
    """Say what of the drawn outlines is not to be taken at its word, and what is not counted."""
    drawn = units[is_context(units) & units.geometry.notna() & (units["level"] == "county")]
    context = text("data.comma").join(names[drawn.index])
    said = [text("app.approximate")] if approximate(units) else []
    said += [text("app.context", names=context)] if context else []
    return text("data.sentence_gap").join(said)


def approximate(units: gpd.GeoDataFrame) -> bool:
    """Return whether the outline of any township is worked out rather than official."""
    own = units[(units["level"] == "township") & units.geometry.notna()]
    return bool((~own["boundary_basis"].isin(("reported", "census", "register"))).any())


def _title(measured: Survey, text: Words) -> str:
    study = measured.study
    name = study.settings.get("name_en", study.name) if text.lang == "en" else study.name
    return f"{name} {measured.scenario.as_of.isoformat()}"


def room_layers(measured: Survey, text: Words, *, shown: bool = True) -> list[Points]:
    """Return one layer of rooms for each level."""
    rooms = measured.rooms
    names = unit_names(measured.study, text)
    tips = (
        rooms["name"]
        + "\n"
        + rooms["kind"].map(lambda kind: text.choice("kind", kind))
        + " · "
        + rooms["serves_unit_id"].map(names)
        + "\n"
        + rooms["basis"].map(lambda basis: mark(basis, text))
    )
    return [
        Points(
            f"rooms_{level}",
            text(f"overview.rooms_{level}"),
            points=part,
            symbol=part["kind"],
            basis=part["basis"],
            tooltip=tips[part.index],
            group=text("overview.group_rooms"),
            shown=shown,
        )
        for level in reversed(ROOM_LEVELS)
        for part in [rooms[rooms["level"] == level]]
    ]


def share_layer(
    measured: Survey, text: Words, *, covered: pd.Series | None = None, name: str = ""
) -> Polygons:
    """Return the townships coloured by the share of their people within reach."""
    table = measured.by_level["township"]
    share = table["share_covered"]
    if covered is not None:
        share = _share_covered(measured, covered).reindex(table.index)
    names = unit_names(measured.study, text)[table.index]
    facts = (names, table["people"], share, table["modelled_share"])
    tips = [
        f"{unit}\n{text('column.people')} {whole(people)} · "
        f"{text('overview.share_unit')} {percent(part)}\n"
        f"{text('column.modelled_share')} {percent(modelled, 0)}"
        for unit, people, part, modelled in zip(*facts, strict=True)
    ]
    return Polygons(
        "township",
        name or text("overview.layer_share"),
        shapes=_township_shapes(measured),
        values=share,
        breaks=SHARE_BREAKS,
        fmt="{:.0%}",
        unit=text("overview.share_unit"),
        tooltip=pd.Series(tips, index=table.index),
        labels=unit_names(measured.study, text),
        label_zoom=11,
        dashed=approximate(measured.study.units),
        group=text("overview.group_people"),
    )


def places(measured: Survey, text: Words) -> pd.DataFrame:
    """Return what the search box knows: units and rooms with a point."""
    study = measured.study
    names = unit_names(study, text)
    units = study.units
    county = pd.Series(units.index, index=units.index).map(ancestors(units, "county"))
    inside = units.geometry.representative_point()
    lon, lat = (
        units[c].where(units[c].notna(), coordinate) if c in units else coordinate
        for c, coordinate in (("lon", inside.x), ("lat", inside.y))
    )
    found = pd.DataFrame({"name": names, "hint": county.map(names), "lon": lon, "lat": lat})
    rooms = study.rooms
    room_places = pd.DataFrame(
        {
            "name": rooms["name"],
            "hint": rooms["serves_unit_id"].map(names),
            "lon": rooms.geometry.x,
            "lat": rooms.geometry.y,
        }
    )
    return pd.concat([found, room_places]).dropna(subset=["lon", "lat"]).fillna("")


def _township_shapes(measured: Survey) -> gpd.GeoDataFrame:
    units = measured.study.units
    return units[(units["level"] == "township") & units.geometry.notna()]


def boundaries(measured: Survey, text: Words) -> list[Polygons]:
    """Return the county lines, drawn over whatever areas are coloured."""
    units = measured.study.units
    group = text("overview.group_boundaries")
    counties = Polygons(
        "county",
        text("overview.layer_counties"),
        shapes=units[units["level"] == "county"],
        line="strong",
        labels=unit_names(measured.study, text),
        clickable=False,
        group=group,
    )
    return [counties]


def _density_layer(measured: Survey, text: Words) -> Polygons:
    shapes = _township_shapes(measured)
    area_km2 = shapes.to_crs(metric_crs(measured.study.units)).area / 1e6
    people = measured.by_level["township"]["people"].reindex(shapes.index)
    density = people / area_km2
    names = unit_names(measured.study, text)[shapes.index]
    tips = [
        f"{name}\n{whole(value)} {text('overview.density_unit')}\n{mark('modelled', text)}"
        for name, value in zip(names, density, strict=True)
    ]
    return Polygons(
        "density",
        text("overview.layer_density"),
        shapes=shapes,
        values=density,
        breaks=DENSITY_BREAKS,
        fmt="{:,.0f}",
        unit=text("overview.density_unit"),
        tooltip=pd.Series(tips, index=shapes.index),
        dashed=approximate(measured.study.units),
        shown=False,
        group=text("overview.group_people"),
    )


def _reach_layer(measured: Survey, text: Words) -> Reach:
    return Reach(
        "reach",
        text("overview.layer_reach"),
        points=measured.serving,
        radius_m=room_radius(measured.serving, measured),
        shown=False,
        group=text("overview.group_rooms"),
    )


def _people_layer(measured: Survey, text: Words) -> Dots:
    demand = measured.study.demand
    known = demand[demand["people"] > 0]
    names = {flag: text(f"overview.{flag}") for flag in REACH_COLOURS}
    covered = measured.coverage.covered[known.index]
    return Dots(
        "people",
        text("overview.layer_people"),
        points=known,
        category=covered.map({True: names["covered"], False: names["uncovered"]}),
        palette={names[flag]: colour for flag, colour in REACH_COLOURS.items()},
        size=known["people"],
        shown=False,
        group=text("overview.group_rooms"),
    )


def room_radius(points: gpd.GeoDataFrame, measured: Survey) -> pd.Series:
    """Return how far each room or site serves the people nearest to it, in metres of straight line.

    Unknown where it serves their whole unit instead.
    """
    position, _ = nearest(lonlat(points), lonlat(measured.study.demand))
    return pd.Series(measured.ways.limit_m(points, position), index=points.index)


def _share_covered(measured: Survey, covered: pd.Series) -> pd.Series:
    demand = measured.study.demand
    people = demand["people"].fillna(0.0)
    unit = demand["unit_id"].map(ancestors(measured.study.units, "township"))
    return people.where(covered, 0.0).groupby(unit).sum() / people.groupby(unit).sum()
