"""Rooms edited in place: a table, a pin on the map, a new room, a room closed or removed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import streamlit as st

from geo.crs import to_wgs84
from geo.errors import RoomplanError
from geo.register_home import is_there, register_target
from geo.schema import BASES, ROOM_KINDS, ROOM_LEVELS
from ui import data_map, state
from ui.data_desk import Desk
from ui.data_report import column_name
from ui.data_words import DATUMS, datum_text
from ui.escape import plain
from ui.wording import Words

CHOICES = {"kind": ROOM_KINDS, "level": ROOM_LEVELS, "basis": BASES}
EDITED = ("name", "kind", "level", "serves_unit_id", "opened", "is_open", "basis", "note")
LEVEL_OF_KIND = {"hub": "county", "outpost": "county", "township": "township"}


def edit(desk: Desk) -> None:
    """Draw the table of rooms, and one room's place, and a form for a new one."""
    text = desk.text
    _say(desk)
    seen = _seen(desk)
    _tell_of_others(desk, seen)
    county = _pick_county(desk)
    shown = _in_county(seen, county, desk.units)
    st.caption(text("data.edit_help"))
    table = editable(shown, desk.units, text)
    changed = st.data_editor(
        table,
        hide_index=True,
        width="stretch",
        height=440,
        num_rows="fixed",
        disabled=not desk.may_edit,
        column_config=_columns(text),
        key=f"rooms_{county}_{state.held('edits', 0)}",
    )
    changes = differences(table, changed, text)
    if st.button(
        text("data.save_rows", count=len(changes)),
        type="primary",
        disabled=not changes or not desk.may_edit,
        key="save_rows",
    ):
        _save(desk, changes, shown["version"].to_dict())
    left, right = st.tabs([text("data.one_room"), text("data.new_room")])
    with left:
        _one_room(desk, shown)
    with right:
        _new_room(desk, county)


def _say(desk: Desk) -> None:
    for kind, message in state.held("said", []):
        getattr(st, kind)(plain(message))
    state.hold("said", None)


def _seen(desk: Desk) -> gpd.GeoDataFrame:
    """Return the rooms as this editor saw them first, with their versions, until they are saved."""
    held = state.held("seen")
    if held is not None and held[0] == str(desk.folder):
        return held[2]
    rooms = versioned(desk)
    state.hold("seen", (str(desk.folder), desk.tables.change, rooms))
    return rooms


def versioned(desk: Desk) -> gpd.GeoDataFrame:
    """Return the rooms with the version of each; 1 before there is a register."""
    if not is_there(register_target(desk.folder, desk.tables.settings)):
        return desk.rooms.assign(version=1)
    with desk.register() as register:
        rooms = register.read("rooms", with_version=True)
    assert isinstance(rooms, gpd.GeoDataFrame)
    return rooms


def _tell_of_others(desk: Desk, seen: gpd.GeoDataFrame) -> None:
    """Say that the register has moved on since the table was opened."""
    # Change 1 makes the register from the study's files: nothing differs from change 0.
    if max(state.held("seen")[1], 1) == max(desk.tables.change, 1):
        return
    left, right = st.columns([4, 1])
    left.info(desk.text("data.newer"), icon=":material/update:")
    if right.button(desk.text("data.reload"), key="reload", width="stretch"):
        _again()


def _again() -> None:
    state.hold("seen", None)
    state.hold("edits", state.held("edits", 0) + 1)
    st.rerun()


def _pick_county(desk: Desk) -> str:
    names = desk.units.loc[desk.units["level"] == "county", "name"].to_dict()
    text = desk.text
    options = ["", *names]
    chosen = st.selectbox(
        text("column.county"),
        options,
        format_func=lambda key: names.get(key, text("data.all_counties")),
        key=state.slot("county", "", parse=lambda link: link if link in names else ""),
        placeholder=text("app.select"),
    )
    return str(state.keep("county", chosen, ""))


def _in_county(rooms: gpd.GeoDataFrame, county: str, units: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the rooms that serve a county or a unit in it."""
    if not county:
        return rooms
    above = units["parent_id"].to_dict()

    def inside(unit: Any) -> bool:
        while isinstance(unit, str):
            if unit == county:
                return True
            unit = above.get(unit)
        return False

    return rooms[rooms["serves_unit_id"].map(inside)]


def editable(rooms: gpd.GeoDataFrame, units: gpd.GeoDataFrame, text: Words) -> pd.DataFrame:
    """Return the rooms as the table shows them: words for codes, names beside unit codes.

    Parameters
    ----------
    rooms, units : GeoDataFrame
    text : Words

    Returns
    -------
    DataFrame
        Column names as the contract has them; ``serves`` is the name of the unit served.
    """
    table = pd.DataFrame({"room_id": rooms.index}, index=rooms.index)
    for column in EDITED:
        cells = rooms[column] if column in rooms else pd.Series(None, index=rooms.index)
        if column in CHOICES:
            cells = cells.map(lambda code, family=column: text.choice(family, code))
        table[column] = cells
        if column == "serves_unit_id":
            table["serves"] = cells.map(units["name"])
    table["opened"] = pd.to_datetime(table["opened"]).dt.date
    table["note"] = table["note"].astype(object).where(table["note"].notna(), None)
    return table


def _columns(text: Words) -> dict[str, Any]:
    config = st.column_config
    made: dict[str, Any] = {
        "room_id": config.TextColumn(text("data.id"), disabled=True, width="small"),
        "serves": config.TextColumn(text("column.serves"), disabled=True, width="small"),
        "opened": config.DateColumn(text("data.target_opened"), format="YYYY-MM-DD"),
        "is_open": config.CheckboxColumn(text("data.target_is_open"), width="small"),
    }
    for column, codes in CHOICES.items():
        made[column] = config.SelectboxColumn(
            column_name("rooms", column, text),
            options=[text.choice(column, code) for code in codes],
            required=True,
            width="small",
        )
    for column in ("name", "serves_unit_id", "note"):
        made[column] = config.TextColumn(
            column_name("rooms", column, text), required=column != "note"
        )
    return made


def differences(
    before: pd.DataFrame, after: pd.DataFrame, text: Words
) -> dict[str, dict[str, Any]]:
    """Return what was edited: room to column to new value, codes for words.

    Parameters
    ----------
    before, after : DataFrame
        From :func:`editable`, and as the reader left it.
    text : Words
    """
    codes = {f: {text.choice(f, code): code for code in known} for f, known in CHOICES.items()}
    found: dict[str, dict[str, Any]] = {}
    for column in EDITED:
        old, new = before[column].astype(object), after[column].astype(object)
        same = (old == new) | (old.isna() & new.isna())
        for room in before.index[~same.to_numpy(dtype=bool)]:
            value = None if pd.isna(new[room]) else new[room]
            found.setdefault(str(room), {})[column] = codes.get(column, {}).get(value, value)
    return found


def _save(
    desk: Desk, changes: Mapping[str, Mapping[str, Any]], versions: Mapping[str, int]
) -> None:
    """Save each room on its own, so that one conflict does not hold up the others."""
    said = []
    with desk.register() as register:
        saved = 0
        for room, values in changes.items():
            try:
                register.edit("rooms", room, values, version=versions[room], who=desk.who)
                saved += 1
            except RoomplanError as error:
                said.append(("error", desk.text.explain(error)))
    if saved:
        said.insert(0, ("success", desk.text("data.saved_rows", count=saved)))
    state.hold("said", said)
    _again()


def _one_room(desk: Desk, rooms: gpd.GeoDataFrame) -> None:
    """Draw one room's pin, to be put elsewhere, and what closes or removes it."""
    text = desk.text
    if rooms.empty:
        st.caption(text("data.no_rooms"))
        return
    names = rooms["name"].to_dict()
    room = st.selectbox(
        text("data.pick_room"),
        list(names),
        format_func=lambda key: f"{names[key]}  ({key})",
        key=state.slot("room", next(iter(names)), parse=str),
        placeholder=text("app.select"),
    )
    point = rooms.geometry[room]
    at = None if point is None or point.is_empty else (point.x, point.y)
    put = state.held(f"put_{room}", at)
    left, right = st.columns([2, 1])
    with left:
        st.caption(text("data.place_help"))
        view = data_map.placing_map(
            room, rooms, desk.units, text, at=put, settings=desk.tables.settings
        )
        data_map.show(
            view, key="placing", on_place=lambda lon, lat: state.hold(f"put_{room}", (lon, lat))
        )
    with right:
        _place_form(desk, room, put, at, int(rooms.loc[room, "version"]))
        _close_form(desk, room, rooms.loc[room])


def _place_form(
    desk: Desk,
    room: str,
    put: tuple[float, float] | None,
    at: tuple[float, float] | None,
    version: int,
) -> None:
    text = desk.text
    st.text(text("data.stands_at", place=_degrees(put)))
    with st.form(f"typed_{room}", border=False):
        typed = st.text_input(text("data.typed"), placeholder="118.589421, 24.908853")
        datum = st.selectbox(
            text("data.datum_question"),
            DATUMS,
            format_func=lambda d: datum_text(d, text),
            placeholder=text("app.select"),
        )
        if st.form_submit_button(text("data.show_place"), width="stretch"):
            place = typed_place(typed, str(datum))
            if place is None:
                st.error(text("data.not_a_place"))
            else:
                state.hold(f"put_{room}", place)
                st.rerun()
    moved = put is not None and put != at
    if st.button(
        text("data.save_place"),
        type="primary",
        disabled=not moved or not desk.may_edit,
        key="save_place",
        width="stretch",
    ):
        state.hold(f"put_{room}", None)
        _save(desk, {room: {"geometry": put, "location_basis": "register"}}, {room: version})


def _degrees(place: tuple[float, float] | None) -> str:
    return "—" if place is None else f"{place[0]:.6f}, {place[1]:.6f}"


def typed_place(typed: str, datum: str) -> tuple[float, float] | None:
    """Return WGS-84 degrees of a typed pair, ``None`` where it is none.

    Examples
    --------
    >>> typed_place("118.5, 24.9", "wgs84"), typed_place("x", "wgs84")
    ((118.5, 24.9), None)
    """
    parts = typed.replace("\uff0c", ",").replace(",", " ").split()
    try:
        x, y = (float(part) for part in parts)
    except ValueError:
        return None
    if not (abs(x) <= 180 and abs(y) <= 90):
        return None
    lon, lat = to_wgs84(np.array([x]), np.array([y]), datum=datum)
    return float(lon[0]), float(lat[0])


def _close_form(desk: Desk, room: str, row: pd.Series) -> None:
    text, version = desk.text, int(row["version"])
    is_open = bool(row["is_open"])
    label = text("data.close_room" if is_open else "data.open_room")
    if st.button(label, key="close", disabled=not desk.may_edit, width="stretch"):
        _save(desk, {room: {"is_open": not is_open}}, {room: version})
    if st.button(
        text("data.remove_room"), key="remove", disabled=not desk.may_edit, width="stretch"
    ):
        try:
            with desk.register() as register:
                register.remove("rooms", room, version=version, who=desk.who)
            state.hold("said", [("success", text("data.removed_room", name=row["name"]))])
        except RoomplanError as error:
            state.hold("said", [("error", text.explain(error))])
        _again()


def _new_room(desk: Desk, county: str) -> None:
    text, units = desk.text, desk.units
    served = units[units["level"] != "city"]
    full = served["name"] + " \u00b7 " + served["parent_id"].map(units["name"])
    with st.form("new_room", clear_on_submit=True):
        name = st.text_input(text("data.target_name"))
        left, right = st.columns(2)
        kind = left.selectbox(
            text("data.target_kind"),
            ROOM_KINDS,
            format_func=lambda k: text.choice("kind", k),
            placeholder=text("app.select"),
        )
        unit = right.selectbox(
            text("data.target_serves"),
            list(served.index),
            format_func=lambda u: full[u],
            placeholder=text("app.select"),
        )
        typed = left.text_input(text("data.typed_optional"))
        datum = right.selectbox(
            text("data.datum_question"),
            DATUMS,
            format_func=lambda d: datum_text(d, text),
            placeholder=text("app.select"),
        )
        if not st.form_submit_button(text("data.add_room"), disabled=not desk.may_edit):
            return
    place = typed_place(typed, str(datum))
    if not name.strip() or (typed.strip() and place is None):
        st.error(text("data.not_a_place" if name.strip() else "data.name_needed"))
        return
    values = {
        "name": name.strip(),
        "kind": kind,
        "level": LEVEL_OF_KIND.get(str(kind), "village"),
        "serves_unit_id": unit,
        "located_unit_id": unit if kind != "outpost" else None,
        "is_open": True,
        "basis": "register",
        "location_basis": "register" if place else None,
        "geometry": place,
    }
    with desk.register() as register:
        register.add("rooms", f"r-{uuid.uuid4().hex[:10]}", values, who=desk.who)
    state.hold("said", [("success", text("data.added_room", name=values["name"]))])
    _again()
