"""Parts of the Cases page: the headline figures, and the months with their silences."""

from __future__ import annotations

import numpy as np
import streamlit as st

from analysis.cluster_table import wilson
from analysis.clusters import Clusters
from analysis.journey import Survey
from analysis.results import NOT_COUNTED, cases_by_month, is_open_case, silences
from ui import cached, charts, report, state, widgets
from ui.names import in_language
from ui.tables import percent, whole
from ui.wording import Words


def figures(measured: Survey, found: Clusters, text: Words) -> None:
    """Show how many cases there are, and which share is unresolved and has a place."""
    cases = measured.cases
    counted = int((~cases["status"].isin(NOT_COUNTED)).sum())
    unresolved = int(is_open_case(cases).sum())
    (low,), (high,) = wilson(np.array([unresolved]), np.array([counted]))
    simulated = int((cases["basis"] == "simulated").sum())
    shown = {
        "all": (whole(len(cases)), {"simulated": whole(simulated)}),
        "unresolved": (
            percent(unresolved / counted if counted else np.nan),
            {
                "part": whole(unresolved),
                "counted": whole(counted),
                "low": percent(low),
                "high": percent(high),
            },
        ),
        "placed": (
            percent(found.located / len(cases) if len(cases) else np.nan),
            {"part": whole(found.located), "rest": whole(found.unlocated)},
        ),
    }
    for column, (name, (value, facts)) in zip(st.columns(3), shown.items(), strict=True):
        column.metric(text(f"cases.{name}"), value, help=text(f"cases.{name}_help"))
        column.caption(text(f"cases.{name}_basis", **facts))


def months(measured: Survey, text: Words) -> None:
    """Draw the cases of every month, and name the long silences, which may mean two things."""
    counts = cases_by_month(measured.cases["received"], measured.scenario.as_of)
    silent = silences(counts)
    st.markdown(f"##### {text('cases.by_month')}")
    st.altair_chart(charts.by_month(counts, silent, text), width="stretch")
    if len(silent):
        spans = text("data.comma").join(
            text("cases.span", first=row["first"], last=row["last"], months=row["months"])
            for _, row in silent.iterrows()
        )
        st.caption(text("cases.silences", spans=spans))


def hotspots(measured: Survey, text: Words) -> None:
    """Draw the scan for places with more cases than their people lead one to expect, if asked."""
    st.markdown(f"##### {text('cases.hotspots')}")
    st.caption(text("cases.hotspots_intro"))
    wanted = st.toggle(
        text("cases.run_scan"), key=state.slot("scan", False, parse=lambda word: word == "True")
    )
    state.keep("scan", wanted, False)
    if wanted:
        with st.spinner(text("cases.scanning")):
            windows = in_language(
                report.hotspots_list(cached.hotspots(measured)), measured.study, text
            )
        widgets.table("hotspots", windows, text)
        widgets.downloads("hotspots", windows, measured, text, endings=(".xlsx", ".csv"))
