"""Maps of plans: the suggested sites over what stands, and two plans side by side."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

import geopandas as gpd
import numpy as np
import pandas as pd

from analysis.coverage import Coverage
from analysis.journey import Survey
from analysis.proposal import OWN_KIND, Proposal
from analysis.rivals import Rivals
from geo.schema import WGS84
from ui.maps import Layer as MapLayer
from ui.maps import MapView, Pins, Points, Polygons, Reach
from ui.tables import whole
from ui.views import approximate, boundaries, room_layers, room_radius, share_layer, view
from ui.wording import Words

MUCH = 1000
"""People from which on a township's change is drawn strong."""
CHANGES = ("#08519c", "#9ecae1", "#eef0f2", "#fdbe85", "#d94801")


# What stands whatever is planned is kept as long as the survey's coverage.
_STANDING: WeakKeyDictionary[Coverage, dict[str, MapView]] = WeakKeyDictionary()


def _standing(measured: Survey, text: Words) -> MapView:
    known = _STANDING.setdefault(measured.coverage, {})
    if text.lang not in known:
        layers = [*boundaries(measured, text), *room_layers(measured, text)]
        known[text.lang] = view(measured, layers, text)
    return known[text.lang]


def sites(measured: Survey, proposal: Proposal, text: Words, *, selected: Any = None) -> MapView:
    """Return the suggested sites as numbered pins over the rooms that stand."""
    standing = _standing(measured, text)
    layers = [
        share_layer(measured, text, covered=proposal.covered, name=text("sites.layer_gain")),
        *standing.layers,
        _candidates(proposal.placed, text),
        *_plan_layers(measured, proposal, text),
    ]
    return replace(standing, layers=layers, selected=selected)


def candidates_of(measured: Survey) -> gpd.GeoDataFrame:
    """Return what could be chosen: sites of the wanted kinds with a point, and own places."""
    sites, scenario = measured.study.sites, measured.scenario
    has_point = ~(sites.geometry.isna() | sites.geometry.is_empty)
    placed = sites[has_point & sites["kind"].isin(scenario.kinds)]
    if not scenario.own_sites:
        return placed
    ids, lon, lat = zip(*scenario.own_sites, strict=True)
    own = gpd.GeoDataFrame(
        {"name": list(ids), "kind": OWN_KIND, "location_basis": "register"},
        geometry=gpd.points_from_xy(lon, lat),
        index=list(ids),
        crs=WGS84,
    )
    return own if placed.empty else pd.concat([placed, own])


def ground(
    measured: Survey, placed: gpd.GeoDataFrame, text: Words, *, selected: Any = None
) -> MapView:
    """Return what a plan would start from, where there is none: rooms and candidate sites."""
    standing = _standing(measured, text)
    layers = [share_layer(measured, text), *standing.layers]
    if len(placed):
        layers.append(_candidates(placed, text, shown=True))
    return replace(standing, layers=layers, selected=selected)


def _candidates(placed: gpd.GeoDataFrame, text: Words, *, shown: bool = False) -> Points:
    return Points(
        "candidates",
        text("sites.layer_candidates"),
        points=placed,
        symbol=placed["kind"],
        basis=placed["location_basis"],
        tooltip=placed["name"],
        group=text("overview.group_sites"),
        shown=shown,
    )


def _plan_layers(measured: Survey, proposal: Proposal, text: Words) -> list[MapLayer]:
    chosen = proposal.sites
    order = pd.Series(range(1, len(chosen) + 1), index=chosen.index).astype(str)
    gained = text("column.people_in_order")
    tips = [
        f"{name}\n{text.choice('kind', kind)} · {gained} {whole(people)}"
        for name, kind, people in zip(
            chosen["name"], chosen["kind"], chosen["people_in_order"], strict=True
        )
    ]
    return [
        Reach(
            "new_reach",
            text("overview.layer_reach"),
            points=chosen,
            radius_m=room_radius(chosen, measured),
            group=text("overview.group_sites"),
        ),
        Pins(
            "pins",
            text("sites.layer_pins"),
            points=chosen,
            label=order,
            draggable=True,
            tooltip=pd.Series(tips, index=chosen.index),
            group=text("overview.group_sites"),
        ),
    ]


def one_of_two(measured: Survey, proposal: Proposal, text: Words) -> MapView:
    """Return one plan for a map beside another's: who is within reach, and the new rooms."""
    layers = [
        share_layer(measured, text, covered=proposal.covered, name=text("sites.layer_gain")),
        *boundaries(measured, text),
        *_plan_layers(measured, proposal, text)[1:],
    ]
    return view(measured, layers, text, search=False)


def rivals(measured: Survey, both: Rivals, names: tuple[str, str], text: Words) -> MapView:
    """Return two plans on one map: what both hold, what only one holds, who gains where."""
    first, second = names
    layers = [
        _change_layer(measured, both, text),
        *boundaries(measured, text),
        *[
            Pins(
                key,
                name,
                points=sites,
                label=pd.Series(label, index=sites.index),
                tooltip=sites["name"],
            )
            for key, name, sites, label in (
                ("both", text("scenarios.both"), both.both, "="),
                ("first", text("scenarios.only", name=first), both.only_first, "A"),
                ("second", text("scenarios.only", name=second), both.only_second, "B"),
            )
            if len(sites)
        ],
    ]
    return view(measured, layers, text, search=False)


def _change_layer(measured: Survey, both: Rivals, text: Words) -> Polygons:
    """Return the townships coloured by how many more or fewer people the second plan reaches."""
    change = both.by_township["difference"].round()
    words = (
        text("scenarios.gained_most", least=f"{MUCH:,}"),
        *(text(f"scenarios.{key}") for key in ("gained_some", "no_change", "lost_some")),
        text("scenarios.lost_most", least=f"{MUCH:,}"),
    )
    # From -2 (many fewer) to 2 (many more), turned into the order of the words.
    step = 2 - (np.sign(change) * np.where(change.abs() >= MUCH, 2, 1)).astype(int)
    names = both.by_township["name"]
    tips = [
        f"{name}\n{text('column.gained')} {whole(gained)} · {text('column.lost')} {whole(lost)}"
        for name, gained, lost in zip(
            names, both.by_township["gained"], both.by_township["lost"], strict=True
        )
    ]
    return Polygons(
        "township",
        text("scenarios.difference"),
        shapes=measured.study.units.loc[names.index],
        values=pd.Series([words[n] for n in step], index=names.index),
        palette=dict(zip(words, CHANGES, strict=True)),
        tooltip=pd.Series(tips, index=names.index),
        labels=names,
        label_zoom=11,
        dashed=approximate(measured.study.units),
        clickable=False,
    )
