"""Parts of the Gaps page: the filters, and the card of one gap."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import streamlit as st

from analysis.gaps import GAP_CHANGES, REASONS, REMEDIES
from analysis.journey import Survey
from ui import state, widgets
from ui.names import unit_names
from ui.tables import kilometres, mark, percent, suppress, whole
from ui.wording import Words

IN_A_ROW = 4


def filtered(gaps: gpd.GeoDataFrame, measured: Survey, text: Words) -> gpd.GeoDataFrame:
    """Draw the filters and return the gaps that pass them; nothing picked means all.

    Parameters
    ----------
    gaps : GeoDataFrame
        From :func:`ui.report.gaps_list`, or with ``change`` from
        :func:`ui.report_since.gaps_since`.
    measured : Survey
    text : Words
    """
    filters = _filters(gaps, measured, text)
    shown, columns = gaps, []
    for number, (column, (label, words)) in enumerate(filters.items()):
        if number % IN_A_ROW == 0:
            columns = st.columns(IN_A_ROW)
        with columns[number % IN_A_ROW]:
            chosen = _pick(column, label, words, text)
        shown = shown[shown[column].isin(chosen)] if chosen else shown
    if len(filters) % IN_A_ROW == 0:
        columns = st.columns(IN_A_ROW)
    with columns[len(filters) % IN_A_ROW]:
        least = st.number_input(
            text("gaps.least"), 0, key=state.slot("least", 0, parse=int), step=500
        )
        state.keep("least", least, 0)
    return shown[shown["people_uncovered"].fillna(0) >= least]


def _filters(
    gaps: gpd.GeoDataFrame, measured: Survey, text: Words
) -> dict[str, tuple[str, dict[str, str]]]:
    """Return each column that is filtered by, its label and the words for its values."""
    names = unit_names(measured.study, text)
    counties = names[measured.by_level["county"].index]
    townships = measured.by_level["township"]
    county = townships["parent_id"].map(counties)
    present = {c: sorted(gaps[c].dropna().unique()) for c in ("location_basis", "site_kind")}
    choices = {
        "county_id": ("gaps.filter_county", counties.to_dict()),
        "township_id": ("gaps.filter_township", (county + " " + names[townships.index]).to_dict()),
        "level": ("gaps.filter_kind", {x: text(f"gaps.kind_{x}") for x in ("village", "township")}),
        "location_basis": (
            "gaps.filter_basis",
            {name: mark(name, text) for name in present["location_basis"] if name},
        ),
        "reason_code": ("gaps.filter_reason", {x: text(f"reason_short.{x}") for x in REASONS}),
        "remedy_code": ("gaps.filter_remedy", {x: text(f"remedy_short.{x}") for x in REMEDIES}),
        "site_kind": (
            "gaps.filter_site",
            {kind: text.choice("kind", kind) for kind in present["site_kind"]},
        ),
    }
    if "change" in gaps:
        choices["change"] = (
            "gaps.filter_change",
            {x: text(f"gap_change.{x}") for x in GAP_CHANGES},
        )
    return {column: (text(key), words) for column, (key, words) in choices.items()}


def _pick(column: str, label: str, words: dict[str, str], text: Words) -> list[str]:
    chosen = st.multiselect(
        label,
        list(words),
        format_func=words.__getitem__,
        placeholder=text("app.choose"),
        key=state.slot(column, [], parse=lambda link: [w for w in link.split(",") if w in words]),
    )
    return state.keep(column, chosen, [])


def card(shown: gpd.GeoDataFrame, least: int, text: Words) -> None:
    """Let a keyboard pick one of the listed gaps and show what is known of it.

    Parameters
    ----------
    shown : GeoDataFrame
        The listed gaps with people out of reach.
    least : int
        Smaller counts of cases are not shown.
    text : Words
    """
    names = {
        gap_id: f"{rank}. {county} {name}"
        for gap_id, rank, county, name in zip(
            shown.index, shown["rank"], shown["county"], shown["name"], strict=True
        )
    }
    if not names:
        return
    picked = st.selectbox(
        text("gaps.pick"),
        list(names),
        format_func=names.__getitem__,
        placeholder=text("app.select"),
    )
    gap = shown.loc[picked]
    cases = suppress(pd.Series([gap["cases"]]), least, text)[0]
    rows = {
        text("column.people_uncovered"): text(
            "gaps.card_people",
            people=whole(gap["people_uncovered"]),
            share=percent(gap["share_uncovered"], 0),
            least=whole(gap["uncovered_least"]),
            most=whole(gap["uncovered_most"]),
        ),
        text("column.location_basis"): mark(gap["location_basis"], text),
        text("column.nearest_room_name"): text(
            "gaps.card_room",
            room=gap["nearest_room_name"] if gap["reason_code"] != "no_service" else "—",
            basis=mark(gap["nearest_room_basis"], text),
            distance=kilometres(gap["nearest_m"]),
        ),
        text("column.cases"): str(cases),
        text("column.reason"): gap["reason"],
        text("column.remedy"): gap["remedy"],
        text("column.gap_id"): picked,
    }
    widgets.card(names[picked], rows)
