"""Districts: counties side by side on building, activity and results, with the noise."""

import streamlit as st

from analysis.balance import gini, lorenz, noise_floor, spread
from ui import charts, frame, maps, report, state, views, widgets
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
counties = report.compare_list(measured)
st.caption(text("districts.intro"))
measure = st.radio(
    text("districts.measure"),
    list(MEASURES),
    format_func=lambda name: text(f"column.{name}").replace("(%)", ""),
    horizontal=True,
    key=state.slot("measure", "rooms_per_10k"),
)
state.keep("measure", measure, "rooms_per_10k")
title = text(f"column.{measure}").replace("(%)", "")
chart_format, map_format = MEASURES[measure]

left, right = st.columns(2)
with left:
    st.markdown(f"##### {text('districts.bars')}")
    st.altair_chart(
        charts.bars(counties, name="name", value=measure, title=title, fmt=chart_format),
        width="stretch",
    )
with right:
    maps.show(
        views.districts(measured, text, values=counties[measure], name=title, fmt=map_format),
        key="districts",
        height=420,
    )

rooms, people = counties["rooms_per_10k"], counties["people"]
floor = noise_floor(counties["rooms"].mean(), people)
between = spread(counties[measure])
figures = st.columns(3)
figures[0].metric(
    text("districts.gini"), f"{gini(rooms, people):.3f}", help=text("districts.gini_help")
)
figures[1].metric(
    text("districts.gini_floor"), f"{floor:.3f}", help=text("districts.gini_floor_help")
)
names = counties["name"].to_list()
figures[2].metric(
    text("districts.best_worst"),
    f"{between.ratio:.1f}",
    help=text("districts.best_worst_help", best=names[between.best], worst=names[between.worst]),
)
by_basis = measured.rooms["basis"].value_counts()
known = {name: int(by_basis.get(name, 0)) for name in ("reported", "derived", "simulated")}
st.caption(text("districts.basis", **known))
st.markdown(f"##### {text('districts.lorenz')}")
curve = charts.lorenz(lorenz(rooms, people), x="people_share", y="value_share", text=text)
st.altair_chart(curve, width="stretch")
st.markdown(f"##### {text('districts.table')}")
widgets.table("compare", counties, text)
widgets.downloads("compare", counties, measured, text)
standards(measured, text)
catchments(measured, text)
st.markdown(f"##### {text('districts.coverage')}")
audit = report.audit_list(measured)
lacking = int((audit["status"] != "has").sum())
st.caption(text("districts.audit_found", all=len(audit), lacking=lacking))
widgets.table("audit", audit, text, height=300)
widgets.downloads("audit", audit, measured, text, endings=(".xlsx", ".csv"))
