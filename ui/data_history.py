"""The register's history on the Data page: who, when, before and after; undo; a day in the past."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import streamlit as st

from geo.register import LAYERS, Register
from geo.register_changes import CHINA
from geo.register_export import exchange_frame
from geo.working_copy import find_register
from geo.write import guard, table_bytes
from ui import cached, state
from ui.data_desk import Desk
from ui.data_words import history_table
from ui.tables import mark
from ui.widgets import MIME
from ui.wording import Words

SHOWN = 300
MOST = 9
MOST_IN_FILE = 20_000


def history(desk: Desk) -> None:
    """Draw the history with its undo, and the register as it was on a day."""
    text = desk.text
    undone = state.held("undone")
    if undone is not None:
        st.success(text("data.undone", change=undone))
        state.hold("undone", None)
    found = find_register(desk.folder)
    if found is None:
        st.info(text("data.no_history"))
        return
    with found as register:
        _changes(desk, register)
        _past(desk, register)


def _changes(desk: Desk, register: Register) -> None:
    text = desk.text
    row_id = st.text_input(text("data.history_of"), key=state.slot("row", "")).strip()
    state.keep("row", row_id, "")
    rows = cached.history(desk.tables.register, desk.tables.fingerprint, row_id)
    heads = changes_table(rows, text)
    st.caption(text("data.history_count", changes=len(heads), rows=f"{len(rows):,}"))
    st.dataframe(
        heads.head(SHOWN).map(guard), hide_index=True, width="stretch", height=_height(heads)
    )
    if heads.empty:
        return
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    lines = {
        int(line.iloc[0]): "  ".join(str(cell) for cell in line.iloc[:4])
        for _, line in heads.iterrows()
    }
    change = left.selectbox(
        text("data.pick_change"),
        list(lines),
        format_func=lines.__getitem__,
        key="pick_change",
        placeholder=text("app.select"),
    )
    _undo(desk, register, int(change), right)
    _details(desk, rows[rows["change"] == change], int(change), row_id)


def changes_table(rows: pd.DataFrame, text: Words) -> pd.DataFrame:
    """Return one line a change, newest first: number, when, who, what, how many rows.

    Parameters
    ----------
    rows : DataFrame
        From :meth:`geo.register.Register.history`.
    text : Words
    """
    heads = rows.drop_duplicates("change")
    told = history_table(heads, text)
    names = ("data.change", "data.when", "data.who", "data.action")
    table = told[[text(name) for name in names]].reset_index(drop=True)
    counts = rows["change"].value_counts()
    return table.assign(**{text("data.rows_changed"): heads["change"].map(counts).to_numpy()})


def _details(desk: Desk, rows: pd.DataFrame, change: int, row_id: str) -> None:
    text = desk.text
    shown = history_table(rows.head(SHOWN), text).iloc[:, 4:].map(guard)
    st.dataframe(shown, hide_index=True, width="stretch", height=_height(shown))
    if len(rows) > SHOWN:
        st.caption(text("data.first_rows", shown=SHOWN, count=f"{len(rows):,}"))
    if len(rows) > MOST_IN_FILE:
        st.caption(text("data.long_change"))
        return
    key = (desk.tables.register, desk.tables.fingerprint, row_id)
    st.download_button(
        text("data.download_change"),
        cached.change_file(*key, change, text.lang),
        file_name=f"{text('data.history')}-{change}.csv",
        mime=MIME[".csv"],
        key="download_history",
        on_click="ignore",
    )


def _height(table: pd.DataFrame) -> int:
    return 35 * (min(max(len(table), 1), MOST) + 1) + 3


def _undo(desk: Desk, register: Register, change: int, place: Any) -> None:
    """Offer to take a change back; one that cannot be says why when it is tried."""
    if place.button(
        desk.text("data.undo"), key="undo", disabled=not desk.may_edit, width="stretch"
    ):
        register.undo(who=desk.who, change=change)
        state.hold("undone", change)
        state.hold("imported", None)
        state.hold("seen", None)
        st.rerun()


def _past(desk: Desk, register: Register) -> None:
    """Show one layer as it was at the end of a day."""
    text = desk.text
    today = dt.datetime.now(CHINA).date()
    st.markdown(f"##### {text('data.past')}")
    left, right = st.columns(2)
    day = left.date_input(
        text("data.past_day"),
        key=state.slot("day", today, parse=dt.date.fromisoformat),
        format="YYYY-MM-DD",
    )
    state.keep("day", day, today)
    table = right.selectbox(
        text("data.table"),
        LAYERS,
        format_func=lambda t: text(f"data.table_{t}"),
        key="past_table",
        placeholder=text("app.select"),
    )
    frame = register.read(str(table), at=day)
    bases = frame["basis"] if "basis" in frame else frame["location_basis"]
    counts = bases.map(lambda basis: mark(basis, text)).value_counts()
    told = text("data.comma").join(f"{name} {count}" for name, count in counts.items())
    st.caption(text("data.past_count", day=day.isoformat(), count=len(frame), bases=told))
    plain = exchange_frame(frame, str(table), ".csv")
    st.dataframe(plain.map(guard), hide_index=True, width="stretch", height=280)
    st.download_button(
        text("app.download_as", name="XLSX"),
        table_bytes(plain, ".xlsx", name=str(table)),
        file_name=f"{table}-{day.isoformat()}.xlsx",
        mime=MIME[".xlsx"],
        key="download_past",
        on_click="ignore",
    )
