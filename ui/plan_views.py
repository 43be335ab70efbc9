"""Maps of plans: the suggested sites over what stands, and two plans side by side."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.journey import Survey
from analysis.proposal import Proposal
from analysis.rivals import Rivals
from ui.maps import MapView, Pins, Points, Polygons, Reach
from ui.tables import whole
from ui.views import boundaries, room_layers, room_radius, share_layer, view
from ui.wording import Words


def sites(measured: Survey, proposal: Proposal, text: Words, *, selected: Any = None) -> MapView:
    """Return the suggested sites as numbered pins over the rooms that stand."""
    chosen = proposal.sites
    order = pd.Series(range(1, len(chosen) + 1), index=chosen.index).astype(str)
    gained = text("column.people_in_order")
    tips = [
        f"{name}\n{text.choice('kind', kind)} · {gained} {whole(people)}"
        for name, kind, people in zip(
            chosen["name"], chosen["kind"], chosen["people_in_order"], strict=True
        )
    ]
    radius = room_radius(chosen, measured)
    layers = [
        share_layer(measured, text, covered=proposal.covered, name=text("sites.layer_gain")),
        *boundaries(measured, text),
        *room_layers(measured, text),
        Points(
            "candidates",
            text("sites.layer_candidates"),
            points=proposal.placed,
            symbol=proposal.placed["kind"],
            basis=proposal.placed["location_basis"],
            tooltip=proposal.placed["name"],
            group=text("overview.group_sites"),
            shown=False,
        ),
        Reach(
            "new_reach",
            text("overview.layer_reach"),
            points=chosen,
            radius_m=radius,
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
    return view(measured, layers, text, selected=selected)


def rivals(measured: Survey, both: Rivals, first: str, text: Words) -> MapView:
    """Return two plans on one map: what both hold, what only one holds, who wins by county."""
    table = both.by_county
    units = measured.study.units
    tips = units["name"] + "\n" + table["difference"].map(lambda people: f"{people:+,.0f}")
    palette = {
        text("scenarios.more"): "#2c7fb8",
        text("scenarios.same"): "#e6e9ec",
        text("scenarios.fewer"): "#d95f0e",
    }
    words = dict(zip((1.0, 0.0, -1.0), palette, strict=True))
    layers = [
        Polygons(
            "county",
            text("scenarios.difference"),
            shapes=units.loc[table.index],
            values=np.sign(table["difference"].round()).map(words),
            palette=palette,
            tooltip=tips[table.index],
            line="strong",
        ),
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
                (
                    "second",
                    text("scenarios.only", name=text("scenarios.second")),
                    both.only_second,
                    "B",
                ),
            )
            if len(sites)
        ],
    ]
    return view(measured, layers, text, search=False)
