"""Cases: clusters by place, set against the people who live there."""

from dataclasses import replace

import streamlit as st

from ui import cached, charts, frame, maps, report, state, views, widgets
from ui.cards import cluster_card, cluster_choices, cluster_of

text = frame.begin()
with st.sidebar:
    radius = frame.setting(
        "radius", "cluster_radius_m", text("cases.radius"), default=1000, step=100
    )
    least = frame.setting(
        "min_cases", "cluster_min_cases", text("cases.min_cases"), default=8, step=1
    )
measured = frame.measured(cluster_radius_m=radius, cluster_min_cases=least)
found = cached.clusters(measured)
table = report.clusters_list(found, measured)

st.caption(text("cases.intro"))
st.markdown(
    text(
        "cases.found",
        count=len(table),
        inside=int(table["n"].sum()),
        outside=found.alone,
        unplaced=found.unlocated,
    )
)
drawn = views.cases(measured, found, table, text)
names = cluster_choices(table, text)


@st.fragment
def city() -> None:
    """Draw the map and the card of a cluster: a click runs this part of the page and no other."""
    left, right = st.columns([3, 1])
    with right:
        slot = state.slot("cluster", "", parse=lambda link: link if link in names else "")
        picked = st.selectbox(text("cases.pick"), names, format_func=names.__getitem__, key=slot)
        state.keep("cluster", picked, "")
        cluster_card(picked, table, text)
    with left:
        maps.show(
            replace(drawn, selected=("clusters", picked) if picked else None),
            key="cases",
            on_click=lambda click: state.later("cluster", cluster_of(click)),
        )


city()
if table.empty:
    st.info(text("cases.none"))
else:
    st.markdown(f"##### {text('cases.clusters')}")
    widgets.table("clusters", table, text)
    widgets.downloads("clusters", table, measured, text)
left, right = st.columns(2)
with left:
    st.markdown(f"##### {text('cases.by_category')}")
    st.altair_chart(charts.cases_by_category(measured.cases, text), width="stretch")
with right:
    st.markdown(f"##### {text('cases.by_month')}")
    st.altair_chart(charts.by_month(measured.cases["received"], text), width="stretch")

st.markdown(f"##### {text('cases.hotspots')}")
st.caption(text("cases.hotspots_intro"))
if st.toggle(
    text("cases.run_scan"), key=state.slot("scan", False, parse=lambda word: word == "True")
):
    state.keep("scan", True, False)
    with st.spinner(text("cases.scanning")):
        windows = report.hotspots_list(cached.hotspots(measured))
    widgets.table("hotspots", windows, text)
    widgets.downloads("hotspots", windows, measured, text, endings=(".xlsx", ".csv"))
else:
    state.keep("scan", False, False)
