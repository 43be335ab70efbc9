"""Overview: the whole city at a glance, and the card of what is clicked."""

import streamlit as st

from ui import frame, maps, report, state, views, widgets
from ui.cards import card_of, choices
from ui.tables import percent, whole

measured, text = frame.measured()
city = measured.by_level["city"].iloc[0]
rooms, cases = measured.rooms, measured.cases
by_basis = rooms["basis"].value_counts()
townships = measured.by_level["township"]
served = int((townships["own_rooms"] > 0).sum())

columns = st.columns(4)
columns[0].metric(
    text("overview.rooms"),
    whole(len(rooms)),
    help=text(
        "overview.rooms_help",
        as_of=measured.scenario.as_of,
        reported=int(by_basis.get("reported", 0)),
        derived=int(by_basis.get("derived", 0)),
        simulated=int(by_basis.get("simulated", 0)),
    ),
)
columns[1].metric(
    text("overview.people"),
    percent(city["share_covered"]),
    help=text(
        "overview.people_help",
        covered=whole(city["people_covered"]),
        people=whole(city["people"]),
        modelled=percent(city["covered_modelled_share"], 0),
    ),
)
columns[2].metric(
    text("overview.townships"),
    text("overview.of", part=served, whole=len(townships)),
    help=text("overview.townships_help", all=len(townships)),
)
columns[3].metric(
    text("overview.cases_open"),
    text("overview.of", part=whole(city["cases_open"]), whole=whole(city["cases"])),
    help=text(
        "overview.cases_open_help",
        cases=whole(city["cases"]),
        simulated=whole(city["cases_simulated"]),
    ),
)

left, right = st.columns([3, 1])
with right:
    options = choices(measured)
    picked = st.selectbox(
        text("overview.pick"),
        options.index,
        format_func=lambda key: options[key] or text("overview.pick_none"),
        key=state.slot("pick", ""),
    )
    state.keep("pick", picked, "")
    card_of(picked, measured, text)
with left:
    layer, _, feature = picked.partition(":")
    selected = (layer, feature) if feature else None
    click = maps.show(views.overview(measured, text, selected=selected), key="overview")
    if click and state.newest_click("overview", click.count):
        state.later("pick", f"{click.layer}:{click.feature}")
        st.rerun()

no_point = int((rooms.geometry.isna() | rooms.geometry.is_empty).sum())
st.caption(text("overview.no_point", count=no_point))
if len(measured.later):
    names = "、".join(measured.later["name"])
    st.caption(text("overview.later", count=len(measured.later), names=names))
for kind, table in (
    ("units", report.units_list(measured, ("city", "county", "township"))),
    ("rooms", report.rooms_list(measured)),
):
    with st.expander(text(report.SHEETS[kind])):
        widgets.table(kind, table, text)
        widgets.downloads(kind, table, measured, text)
