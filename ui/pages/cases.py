"""Cases: clusters by place, set against the people who live there."""

import streamlit as st

from ui import cached, charts, frame, maps, report, views, widgets

with st.sidebar:
    settings_box = st.container()
_, text = None, frame.language()
with settings_box:
    radius = frame.setting(
        "radius", "cluster_radius_m", text("cases.radius"), default=1000, step=100
    )
    least = frame.setting(
        "min_cases", "cluster_min_cases", text("cases.min_cases"), default=8, step=1
    )
measured, text = frame.measured(cluster_radius_m=radius, cluster_min_cases=least)
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
maps.show(views.cases(measured, found, table, text), key="cases")
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
