"""The boundaries part of the Data page: outlines in, what changes unit by unit, and back."""

from __future__ import annotations

from functools import partial
from typing import Any

import geopandas as gpd
import pandas as pd
import streamlit as st

from geo.intake.apply import apply
from geo.intake.mapping import Mapping
from geo.intake.raw import RawTable
from geo.intake.report import Intake
from geo.outlines import SETTING, OutlinePlan, hold_outlines, plan_outlines, remove_outlines
from geo.working_copy import save_mapping
from geo.write import guard, table_bytes
from ui import data_map, data_own, state
from ui.data_desk import Desk
from ui.data_reading import ask_datum, pick_table, read_upload
from ui.data_rows import Key, show_counts, show_report
from ui.data_upload import map_columns
from ui.outlines_words import changes, in_force, lines_of
from ui.widgets import MIME, ROW_PIXELS
from ui.wording import Words

TABLE = "boundaries"
TYPES = ["geojson", "json", "gpkg", "zip", "kml", "fgb"]
HELD = ("outlines_read", "outlines_plan", "outlines_map", "outlines_file")


def outlines(desk: Desk) -> None:
    """Draw whose outlines are in force, and an upload with as many steps as can be taken."""
    text = desk.text
    settings = desk.tables.settings
    st.caption(text("outlines.intro"))
    data_own.in_force(
        desk,
        "outlines",
        in_force(settings.get(SETTING), text),
        icon=":material/pentagon:",
        remove=partial(remove_outlines, desk.folder, settings) if SETTING in settings else None,
    )
    if not desk.may_edit:
        return
    file = st.file_uploader(
        text("outlines.upload"), type=TYPES, key=f"outlines_{state.held('uploads', 0)}"
    )
    st.caption(text("outlines.upload_help"))
    if file is None:
        return
    raw = pick_table(_areas_first(read_upload(file, text)), text)
    if raw is None:
        return
    key = f"{file.file_id}_{raw.layer}_{TABLE}"
    mapping, saved = map_columns(desk, raw, TABLE, key)
    st.markdown(f"##### {text('data.step_datum')}")
    datum = _datum(raw, text, key)
    if datum is None:
        return
    asked = (key, mapping.to_dict(), desk.tables.fingerprint, datum)
    intake = _apply(desk, raw, mapping, datum, asked)
    st.markdown(f"##### {text('outlines.step_change')}")
    if intake.rows.empty:
        st.info(text("data.nothing_to_accept"))
        return
    rows = gpd.GeoDataFrame(intake.rows)
    plan = state.once("outlines_plan", asked, lambda: plan_outlines(rows, desk.tables.frames))
    _show(desk, plan, asked)

    def save() -> None:
        hold_outlines(desk.folder, settings, plan, file=file.name, who=desk.who)
        save_mapping(desk.folder, mapping, saved=saved)

    data_own.take(desk, "outlines", save, held=HELD)


def _areas_first(raws: list[RawTable]) -> list[RawTable]:
    """Return the layers that have shapes, or all where none has, so that this is said of one."""
    return [raw for raw in raws if raw.shapes is not None] or raws


def _datum(raw: RawTable, text: Words, key: str) -> str | None:
    """Return the coordinate system the file states, or the one its reader chooses."""
    chosen = ask_datum(text, key, stated=raw.stated_crs)
    if not raw.stated_crs:
        st.caption(text("outlines.datum_unproven"))
    return chosen


def _apply(desk: Desk, raw: RawTable, mapping: Mapping, datum: str, asked: Key) -> Intake:
    """Return the file's rows, and show what became of them."""
    text = desk.text

    def read() -> Intake:
        with st.spinner(text("data.checking")):
            return apply(raw, mapping, units=desk.units, datum=datum)

    intake: Intake = state.once("outlines_read", asked, read)
    show_counts(intake, text)
    show_report(intake, text, asked)
    return intake


def _show(desk: Desk, plan: OutlinePlan, asked: Key) -> None:
    """Show unit by unit what changes, and the outlines before and after."""
    text, units = desk.text, desk.units
    # As text, because names of the file's rows stand in them.
    st.text("\n".join(f"· {line}" for line in lines_of(plan, units, text)))
    table = changes(plan, units, text)
    left, right = st.columns([2, 3])
    with left:
        key = (asked, text.lang)
        view = state.once(
            "outlines_map", key, lambda: data_map.outlines_map(plan.outlines, units, text)
        )
        data_map.show(view, key="outlines_map")
    with right:
        height = min(data_map.HEIGHT, ROW_PIXELS * (len(table) + 1) + 3)
        st.dataframe(
            table.map(guard),
            hide_index=True,
            width="stretch",
            height=height,
            column_config=_numbers(table),
            placeholder="—",
        )
        st.download_button(
            text("outlines.download"),
            state.once("outlines_file", key, lambda: table_bytes(table, ".xlsx")),
            file_name=f"{text('outlines.table')}.xlsx",
            mime=MIME[".xlsx"],
            key="download_outlines",
            on_click="ignore",
        )


def _numbers(table: pd.DataFrame) -> dict[str, Any]:
    return {
        column: st.column_config.NumberColumn(format="localized")
        for column in table.select_dtypes("number")
    }
