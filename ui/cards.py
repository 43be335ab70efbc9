"""The card of one room or unit, and the list from which a keyboard picks one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from analysis.journey import Survey
from geo.schema import BASES
from ui import widgets
from ui.layers.model import Click
from ui.names import unit_names
from ui.report import COLUMNS
from ui.standard_words import standard_text
from ui.tables import bases, kilometres, mark, percent, present, whole
from ui.wording import Words

UNIT_LAYERS = ("township", "density")


def city_figures(measured: Survey, text: Words) -> None:
    """Show the four figures of the city, each with what it rests on under it."""
    city = measured.by_level["city"].iloc[0]
    townships = measured.by_level["township"]
    served = townships.index[townships["own_rooms"] > 0]
    seats = measured.rooms[measured.rooms["level"] == "township"]
    seats = seats[seats["serves_unit_id"].isin(served)]
    surest = seats.groupby("serves_unit_id")["basis"].agg(lambda of: min(of, key=BASES.index))
    rooms_by = {"bases": bases(measured.rooms["basis"], text)}
    seats_by = {"bases": bases(surest, text)}
    figures = {
        "rooms": (whole(len(measured.rooms)), rooms_by),
        "people": (
            percent(city["share_covered"]),
            {
                "covered": whole(city["people_covered"]),
                "people": whole(city["people"]),
                "modelled": percent(city["covered_modelled_share"], 0),
                "certain": percent(city["share_certain"]),
                "possible": percent(city["share_possible"]),
            },
        ),
        "townships": (text("overview.of", part=len(served), whole=len(townships)), seats_by),
        "cases_open": (
            text("overview.of", part=whole(city["cases_open"]), whole=whole(city["cases"])),
            {"cases": whole(city["cases"]), "simulated": whole(city["cases_simulated"])},
        ),
    }
    standard = standard_text(measured.scenario, text)
    facts = {"as_of": measured.scenario.as_of, "all": len(townships), "standard": standard}
    for column, (name, (value, basis)) in zip(st.columns(4), figures.items(), strict=True):
        help_text = text(f"overview.{name}_help", **{**facts, **basis})
        column.metric(text(f"overview.{name}"), value, help=help_text)
        column.caption(text(f"overview.{name}_basis", **basis))


def choices(measured: Survey, text: Words) -> dict[str, str]:
    """Return what can be picked: key ``layer:id`` to its name, first nothing."""
    said = unit_names(measured.study, text)
    names = {"": text("overview.pick_none")}
    for level in ("county", "township"):
        above = measured.by_level[level]["parent_id"].map(said)
        names |= {f"{level}:{key}": f"{over} {said[key]}" for key, over in above.items()}
    rooms = measured.rooms
    names |= {
        f"rooms_{level}:{key}": name
        for key, name, level in zip(rooms.index, rooms["name"], rooms["level"], strict=True)
    }
    return names


def picked_by(click: Click) -> str:
    """Return the key of what was clicked; all layers of townships mean the township."""
    layer = "township" if click.layer in UNIT_LAYERS else click.layer
    return f"{layer}:{click.feature}"


def card_of(picked: str, measured: Survey, text: Words) -> None:
    """Show the card of a picked room or unit; of nothing, say how to pick."""
    layer, _, feature = picked.partition(":")
    if layer.startswith("rooms_") and feature in measured.rooms.index:
        _room_card(feature, measured, text)
        return
    if layer in ("county", "township") and feature in measured.by_level[layer].index:
        _unit_card(feature, layer, measured, text)
        return
    st.info(text("overview.card_hint"))


def _room_card(room_id: str, measured: Survey, text: Words) -> None:
    room = measured.rooms.loc[room_id]
    names = unit_names(measured.study, text)
    opened = room["opened"]
    cases = int((measured.cases["room_id"] == room_id).sum())
    activities = int((measured.activities["room_id"] == room_id).sum())
    rows = {
        text("column.kind"): text.choice("kind", room["kind"]),
        text("column.level"): text.choice("level", room["level"]),
        text("column.serves"): str(names.get(room["serves_unit_id"], "—")),
        text("column.located"): str(names.get(room["located_unit_id"], "—")),
        text("column.opened"): "—" if pd.isna(opened) else opened.date().isoformat(),
        text("column.basis"): mark(room["basis"], text),
        text("column.location_basis"): mark(room["location_basis"], text),
        text("column.cases"): whole(cases),
        text("column.activities"): whole(activities),
        text("column.note"): room.get("note") or "—",
        text("column.source"): room.get("source") or "—",
    }
    widgets.card(str(room["name"]), rows)


def _unit_card(unit_id: str, level: str, measured: Survey, text: Words) -> None:
    unit = measured.by_level[level].loc[unit_id]
    made_up = f"{mark('simulated', text)} {whole(unit['rooms_simulated'])}"
    rows = {
        text("column.level"): text.choice("level", level),
        text("column.population"): whole(unit["population"]),
        text("column.population_basis"): mark(unit["population_basis"], text),
        text("column.share_covered"): percent(unit["share_covered"]),
        text("overview.interval"): text(
            "overview.from_to",
            certain=percent(unit["share_certain"]),
            possible=percent(unit["share_possible"]),
        ),
        text("column.people_uncovered"): whole(unit["people_uncovered"]),
        text("column.modelled_share"): percent(unit["modelled_share"], 0),
        text("column.mean_m"): kilometres(unit["mean_m"]),
        text("column.mean_min"): whole(unit["mean_min"]) if unit["mean_min"] < np.inf else "—",
        text("column.worst_m"): kilometres(unit["worst_m"]),
        text("column.worst_name"): str(
            unit_names(measured.study, text).get(unit["worst_place"], "—")
        ),
        text("column.rooms"): f"{whole(unit['rooms'])} ({made_up})",
        text("column.people_per_room"): whole(unit["people_per_room"]),
        text("column.cases"): whole(unit["cases"]),
        text("column.cases_open"): whole(unit["cases_open"]),
    }
    widgets.card(str(unit_names(measured.study, text)[unit_id]), rows)


def cluster_choices(table: pd.DataFrame, text: Words) -> dict[str, str]:
    """Return the clusters that can be picked: number to its words, first none."""
    named = {
        str(row["cluster"]): text(
            "cases.one",
            named=_cluster_name(row, text),
            count=row["n"],
            what=row["main_category"] or "—",
        )
        for _, row in pd.DataFrame(table).iterrows()
    }
    return {"": text("overview.pick_none"), **named}


def _cluster_name(row: pd.Series, text: Words) -> str:
    place = "—" if pd.isna(row["township"]) else row["township"]
    return text("cases.named", number=row["cluster"], place=place)


def cluster_of(click: Click) -> str:
    """Return the cluster that was clicked; a click on anything else picks none."""
    return click.feature if click.layer == "clusters" else ""


def cluster_card(picked: str, table: pd.DataFrame, text: Words) -> None:
    """Show the facts of a picked cluster of cases; of none, say how to pick."""
    row = table[table["cluster"].astype(str) == picked]
    if row.empty:
        st.info(text("cases.card_hint"))
        return
    shown = present(row, COLUMNS["clusters"], text).iloc[0]
    facts = {
        name: whole(value) if isinstance(value, int | np.integer) else str(value)
        for name, value in shown.where(shown.notna(), "—").items()
    }
    widgets.card(_cluster_name(row.iloc[0], text), facts)
