"""Several meanings of within reach side by side: a chart of the city, a table by county."""

from __future__ import annotations

import streamlit as st

from analysis.journey import Survey
from ui import cached, charts, report, widgets
from ui.wording import Words


def standards(measured: Survey, text: Words) -> None:
    """Draw the comparison of standards, closed until asked for."""
    with st.expander(text("districts.standards")):
        st.caption(text("districts.standards_note"))
        table = report.standards_list(cached.standards(measured), measured)
        city = table[table["level"] == "city"]
        named = city.assign(standard=[text.choice("standard", name) for name in city["standard"]])
        title = text("column.share_covered").replace("（%）", "").replace(" (%)", "")
        chart = charts.bars(named, name="standard", value="share_covered", title=title, fmt=".1%")
        st.altair_chart(chart, width="stretch")
        widgets.table("standards", table, text)
        widgets.downloads("standards", table, measured, text, endings=(".xlsx", ".csv"))
