"""What became of an import's rows, on the page: figures, map, table, report, files to mend."""

from __future__ import annotations

from typing import Any, TypeAlias

import geopandas as gpd
import pandas as pd
import streamlit as st

from geo.intake.report import ACCEPTED, HELD, WARNED, Intake
from geo.write import guard
from ui import data_map, data_report, state
from ui.data_desk import Desk
from ui.data_words import value_text
from ui.escape import plain
from ui.widgets import MIME, MOST_ROWS
from ui.wording import Words

SHOWN_ROWS = 200
MOST_REMARKS = 1000
MOST_IN_WORKBOOK = 20_000
# What a result was made for: file, sheet, table, mapping, study, datum.
Key: TypeAlias = tuple[Any, ...]


def show_rows(desk: Desk, intake: Intake, asked: Key) -> None:
    """Show what became of the rows: figures, map, table, report, files to mend.

    Parameters
    ----------
    desk : Desk
    intake : Intake
    asked : Key
        What the rows were made for: the same files are offered until it changes.
    """
    text = desk.text
    show_counts(intake, text)
    rows = intake.rows
    has_points = isinstance(rows, gpd.GeoDataFrame) and rows.geometry.notna().any()
    left, right = st.columns(2) if has_points else (None, st.container())
    if left is not None:
        with left:
            settings = desk.tables.settings
            view = data_map.preview_map(rows, desk.units, text, settings=settings)
            data_map.show(view, key="preview")
    with right:
        height = min(data_map.HEIGHT, 35 * (len(rows) + 1) + 3)
        st.dataframe(shown_rows(rows, intake.table, desk), hide_index=True, height=height)
    show_report(intake, text, asked)


def show_counts(intake: Intake, text: Words) -> None:
    """Show how many rows were accepted, warned about and held back."""
    st.markdown(f"##### {text('data.step_rows')}")
    for place, state_name in zip(st.columns(3), (ACCEPTED, WARNED, HELD), strict=True):
        place.metric(text(f"data.{state_name}"), f"{intake.counts[state_name]:,}")
    for line in data_report.notes_lines(intake, text):
        st.caption(plain(line))


def show_report(intake: Intake, text: Words, asked: Key) -> None:
    """Show what is wrong with which row, and offer the report and the rows held back as files.

    Parameters
    ----------
    intake : Intake
    text : Words
    asked : Key
        As of :func:`show_rows`.
    """
    key = (*asked, text.lang)
    told = state.once("told", key, lambda: data_report.report_table(intake, text))
    noted = told[told[text("data.problem")] != ""]
    if len(noted):
        st.markdown(f"###### {text('data.report')}")
        height = 35 * (min(len(noted), MOST_ROWS) + 1) + 3
        shown = noted.head(MOST_REMARKS).map(guard)
        st.dataframe(shown, hide_index=True, width="stretch", height=height)
        if len(noted) > MOST_REMARKS:
            st.caption(text("data.first_rows", shown=MOST_REMARKS, count=f"{len(noted):,}"))
    _files(intake, text, key)


def shown_rows(rows: pd.DataFrame, table: str, desk: Desk) -> pd.DataFrame:
    """Return the first accepted rows as people read them."""
    names = desk.units["name"]
    plain = pd.DataFrame(rows).head(SHOWN_ROWS)
    out = {desk.text("data.id"): plain.index}
    if plain.index.name == "unit_id":
        out[desk.text("column.name")] = [guard(name) for name in plain.index.map(names.to_dict())]
    for column in plain:
        cells = plain[column]
        if column == "geometry":
            cells = cells.map(lambda p: None if p is None else (p.x, p.y))
        if column.endswith("unit_id"):
            cells = cells.map(names)
        head = data_report.column_name(table, column, desk.text)
        out[head] = [guard(value_text(v, desk.text)) for v in cells]
    return pd.DataFrame(out)


def _files(intake: Intake, text: Words, key: Key) -> None:
    # A workbook of very many rows takes long to write; spreadsheets read CSV as well.
    ending = ".xlsx" if len(intake.status) <= MOST_IN_WORKBOOK else ".csv"
    left, right = st.columns(2)
    left.download_button(
        text("data.download_report"),
        state.once("report", key, lambda: data_report.report_bytes(intake, text, ending=ending)),
        file_name=f"{text('data.report')}{ending}",
        mime=MIME[ending],
        key="download_report",
        width="stretch",
        on_click="ignore",
    )
    if intake.counts[HELD]:
        right.download_button(
            text("data.download_held", count=intake.counts[HELD]),
            state.once("mend", key, lambda: data_report.held_back_bytes(intake, text)),
            file_name=f"{text('data.held_back')}.xlsx",
            mime=MIME[".xlsx"],
            key="download_held",
            width="stretch",
            on_click="ignore",
        )
