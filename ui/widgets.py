"""Small pieces that several pages show alike: tables, downloads, cards."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pandas as pd
import streamlit as st

from analysis.journey import Survey
from analysis.proposal import Proposal
from analysis.stages import Stages
from geo.write import guard
from ui import cached, report
from ui.escape import esc
from ui.names import in_language
from ui.tables import present
from ui.word import word_report
from ui.wording import Words

MOST_ROWS = 15
ROW_PIXELS = 35
MIME = {
    ".csv": "text/csv",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".geojson": "application/geo+json",
    ".gpkg": "application/geopackage+sqlite3",
}


def table(kind: str, frame: pd.DataFrame, text: Words, *, height: int | None = None) -> None:
    """Show one of the lists of :data:`ui.report.COLUMNS` as people read it."""
    # Guarded like a file: a reader may copy cells straight into a spreadsheet.
    shown = present(frame, report.COLUMNS[kind], text).map(guard)
    numbers = {
        column: st.column_config.NumberColumn(format="localized")
        for column in shown.select_dtypes("number")
    }
    rows = min(len(shown), MOST_ROWS)
    st.dataframe(
        shown,
        hide_index=True,
        width="stretch",
        height=height or ROW_PIXELS * (rows + 1) + 3,
        column_config=numbers,
        placeholder="—",
    )


@st.fragment
def on_demand(kind: str, make: Callable[[], pd.DataFrame], measured: Survey, text: Words) -> None:
    """Offer a list that is made, and sent to the browser, only once it is opened."""
    part = st.expander(text(report.SHEETS[kind]), key=f"open_{kind}", on_change="rerun")
    if part.open:
        with part:
            frame = in_language(make(), measured.study, text)
            table(kind, frame, text)
            downloads(kind, frame, measured, text)


def downloads(
    kind: str,
    frame: pd.DataFrame,
    measured: Survey,
    text: Words,
    *,
    endings: tuple[str, ...] = (".xlsx", ".csv", ".geojson", ".gpkg"),
) -> None:
    """Offer a list as files: spreadsheets with headings, GIS files with raw columns."""
    name = text(report.SHEETS[kind])
    for column, ending in zip(st.columns(len(endings)), endings, strict=True):
        with column:
            # A function, because most lists are never taken away: a file is written when asked for.
            st.download_button(
                text("app.download_as", name=ending.removeprefix(".").upper()),
                partial(_file, kind, frame, measured, text, ending),
                file_name=f"{name}-{measured.scenario.as_of.isoformat()}{ending}",
                mime=MIME[ending],
                key=f"download_{kind}{ending}",
                width="stretch",
                on_click="ignore",
            )


def _file(kind: str, frame: pd.DataFrame, measured: Survey, text: Words, ending: str) -> bytes:
    return cached.exports(kind, frame, measured, text, [ending])[0]


def word_download(
    measured: Survey, proposal: Proposal, text: Words, *, stages: Stages | None = None
) -> None:
    """Offer the report as a Word document, written only when asked for."""
    if st.toggle(text("report.make"), key="word_make"):
        st.download_button(
            text("report.download"),
            word_report(measured, proposal, text, stages=stages),
            file_name=f"{text('report.title')}-{measured.scenario.as_of.isoformat()}.docx",
            mime="application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            on_click="ignore",
        )


CARD = "margin:0;padding:0;font-size:.9rem;line-height:1.35;font-variant-numeric:tabular-nums"
# Name beside value, and over it where two columns would be too narrow to read.
FACT = "display:flex;flex-wrap:wrap;gap:0 .8rem;margin-bottom:.3rem"
NAME = "flex:2 1 5rem;margin:0;padding:0;font-weight:400;color:#5b6670;overflow-wrap:anywhere"
VALUE = "flex:3 1 6rem;margin:0;padding:0;overflow-wrap:anywhere"


def card(title: str, rows: dict[str, str]) -> None:
    """Show one thing's facts as a short list of names and values, never read as markup."""
    lines = "".join(
        f'<div style="{FACT}"><dt style="{NAME}">{esc(name)}</dt>'
        f'<dd style="{VALUE}">{esc(value)}</dd></div>'
        for name, value in rows.items()
    )
    with st.container(border=True):
        st.text(title)
        st.html(f'<dl style="{CARD}">{lines}</dl>')
