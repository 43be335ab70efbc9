"""Districts: counties side by side on building, activity and results, with the noise."""

import streamlit as st

from ui import cached, charts, districts_view, frame, maps, report, state, tables, views, widgets
from ui.names import in_language
from ui.standards_view import catchments, standards

MEASURES = {
    "rooms_per_10k": (".2f", "{:.2f}"),
    "share_covered": (".0%", "{:.0%}"),
    "people_per_room": (",.0f", "{:,.0f}"),
    "cases_per_10k": (".2f", "{:.2f}"),
    "share_handled": (".0%", "{:.0%}"),
    "activities_per_room": (".2f", "{:.2f}"),
}

text = frame.begin()
measured = frame.measured()
counties = in_language(report.compare_list(measured), measured.study, text)
st.caption(text("districts.intro"))
measure = st.radio(
    text("districts.measure"),
    list(MEASURES),
    format_func=lambda name: tables.title(name, text),
    horizontal=True,
    key=state.slot("measure", "rooms_per_10k"),
)
state.keep("measure", measure, "rooms_per_10k")
title = tables.title(measure, text)
chart_format, map_format = MEASURES[measure]

left, right = st.columns(2)
with left:
    st.markdown(f"##### {text('districts.bars')}")
    if measure == "share_covered":
        by_share = counties.sort_values(measure, ascending=False, kind="stable")
        chart = charts.ranges(by_share, name="name", shares=districts_view.SHARES, text=text)
    else:
        chart = charts.bars(counties, name="name", value=measure, title=title, fmt=chart_format)
    st.altair_chart(chart, width="stretch")
with right:
    maps.show(
        views.districts(measured, text, values=counties[measure], name=title, fmt=map_format),
        key="districts",
        height=420,
    )

districts_view.evenness(counties, measure, text)
basis = measured.rooms["basis"]
said = text("districts.basis", bases=tables.bases(basis, text))
warned = text("districts.basis_simulated") if (basis == "simulated").any() else ""
st.caption(f"{said} {warned}")
st.markdown(f"##### {text('districts.table')}")
widgets.table("compare", counties, text)
widgets.downloads("compare", counties, measured, text)
unit = districts_view.pick_unit(measured, text)
districts_view.groups(unit, measured, text)
standards(measured, text)
catchments(measured, text)
districts_view.audit(measured, text)
districts_view.checklist(cached.checklist(frame.study_folder()), unit, measured, text)
districts_view.villages(unit, measured, text)
