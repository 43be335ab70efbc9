"""The card of the site that was clicked, with what a planner can do about it."""

from __future__ import annotations

import geopandas as gpd
import streamlit as st
from shapely import Point

from analysis.proposal import Proposal
from ui import state, widgets, wishes
from ui.tables import kilometres, mark, percent, whole
from ui.wording import Words


def site_card(
    picked: tuple[str, str] | None,
    placed: gpd.GeoDataFrame,
    proposal: Proposal | None,
    text: Words,
) -> None:
    """Show a chosen or candidate site and offer to pin it, rule it out or move it.

    Parameters
    ----------
    picked : (layer, site_id) or None
    placed : GeoDataFrame
        All candidates with a point.
    proposal : Proposal or None
        None where no plan keeps all demands.
    text : Words
    """
    chosen_ids = [] if proposal is None else list(proposal.sites.index)
    site_id = _picker(picked[1] if picked else None, placed, chosen_ids, text)
    if site_id is None:
        st.info(text("sites.card_hint"))
        return
    site = placed.loc[site_id]
    rows = {
        text("column.kind"): text.choice("kind", site["kind"]),
        text("column.location_basis"): mark(site["location_basis"], text),
        text("column.site_id"): str(site_id),
    }
    if proposal is not None and site_id in chosen_ids:
        chosen = proposal.sites.loc[site_id]
        people = chosen["people"] if chosen["people"] > 0 else float("nan")
        rows |= {
            text("column.rank"): whole(chosen["order"]),
            text("column.people_in_order"): whole(chosen["people_in_order"]),
            text("column.people_modelled_share"): percent(chosen["people_modelled_share"], 0),
            text("column.people_lost"): whole(chosen["people_lost"]),
            text("column.points"): whole(chosen["points"]),
            text("column.saved_m"): kilometres(chosen["distance_saved"] / people),
            text("column.runner_up_name"): chosen["runner_up_name"] or "—",
            text("column.runner_up_loss"): whole(chosen["runner_up_loss"]),
        }
    widgets.card(str(site["name"]), rows)
    _actions(str(site_id), site.geometry, text)


def _picker(
    site_id: str | None, placed: gpd.GeoDataFrame, first: list[str], text: Words
) -> str | None:
    """Draw a list to pick a place without the map, the chosen sites first; return the place."""
    names = placed["name"]
    order = [*first, *(one for one in placed.index if one not in set(first))]
    # A new key for each place, so that the list follows what was clicked on the map.
    key = f"site_of_{site_id}"
    return st.selectbox(
        text("sites.pick"),
        order,
        index=order.index(site_id) if site_id in names.index else None,
        format_func=lambda one: f"{names[one]} · {one}",
        placeholder=text("sites.pick_none"),
        key=key,
        on_change=lambda: state.hold("site_picked", ("pins", state.sent(key))),
    )


def _actions(site_id: str, point: Point, text: Words) -> None:
    for how in ("pin", "ban", "free"):
        st.button(
            text(f"sites.do_{how}"),
            key=f"site_{how}",
            on_click=wishes.mark,
            args=(site_id, how),
            width="stretch",
        )
    at = {}
    for name, bound in (("lon", 180.0), ("lat", 90.0)):
        start = point.x if name == "lon" else point.y
        at[name] = st.number_input(
            text(f"sites.{name}"),
            -bound,
            bound,
            float(start),
            0.001,
            format="%.5f",
            key=f"{name}_{site_id}",
        )
    st.button(
        text("sites.do_move"),
        key="site_move",
        on_click=wishes.move,
        args=(site_id, at["lon"], at["lat"], text),
        width="stretch",
    )
