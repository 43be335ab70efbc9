"""Cases: clusters by place, set against the people who live there."""

from dataclasses import replace

import streamlit as st

from ui import cached, cases_view, charts, frame, maps, report, state, views, widgets
from ui.cards import cluster_card, cluster_choices, cluster_of
from ui.names import in_language
from ui.tables import whole

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
table = in_language(report.clusters_list(found, measured), measured.study, text)

cases_view.figures(measured, found, text)
st.caption(text("cases.intro"))
st.markdown(
    text(
        "cases.found",
        count=whole(len(table)),
        inside=whole(table["n"].sum()),
        outside=whole(found.alone),
        unplaced=whole(found.unlocated),
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
        picked = st.selectbox(
            text("cases.pick"),
            names,
            format_func=names.__getitem__,
            key=slot,
            placeholder=text("app.select"),
        )
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
    cases_view.months(measured, text)

cases_view.hotspots(measured, text)
