"""Reach seen otherwise: several standards side by side, and rooms shared by all who can come."""

from __future__ import annotations

import streamlit as st

from analysis.journey import Survey
from ui import cached, charts, report, widgets
from ui.districts_view import SHARES
from ui.names import in_language
from ui.wording import Words


def standards(measured: Survey, text: Words) -> None:
    """Draw the comparison of standards, closed until asked for."""
    with st.expander(text("districts.standards")):
        st.caption(text("districts.standards_note"))
        table = in_language(
            report.standards_list(cached.standards(measured), measured), measured.study, text
        )
        city = table[table["level"] == "city"]
        named = city.assign(standard=[text.choice("standard", name) for name in city["standard"]])
        chart = charts.ranges(named, name="standard", shares=SHARES, text=text)
        st.altair_chart(chart, width="stretch")
        widgets.table("standards", table, text)
        widgets.downloads("standards", table, measured, text, endings=(".xlsx", ".csv"))


def catchments(measured: Survey, text: Words) -> None:
    """Draw the floating catchments by township, closed until asked for."""
    with st.expander(text("districts.catchments")):
        st.caption(text("districts.catchments_note"))
        table = in_language(
            report.catchments_list(cached.catchments(measured), measured), measured.study, text
        )
        widgets.table("catchments", table, text)
        widgets.downloads("catchments", table, measured, text)
