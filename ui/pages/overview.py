"""Overview: the whole city at a glance, and the card of what is clicked."""

import streamlit as st

from ui import frame, maps, report, state, views, widgets
from ui.cards import card_of, choices, city_figures, picked_by
from ui.escape import plain

text = frame.begin()
measured = frame.measured()
city_figures(measured, text)
options = choices(measured, text)


@st.fragment
def city() -> None:
    """Draw the map and the card: a click runs this part of the page and no other."""
    left, right = st.columns([3, 1])
    with right:
        picked = st.selectbox(
            text("overview.pick"),
            options,
            format_func=options.__getitem__,
            key=state.slot("pick", "", parse=lambda link: link if link in options else ""),
            placeholder=text("app.select"),
        )
        state.keep("pick", picked, "")
        card_of(picked, measured, text)
    with left:
        layer, _, feature = picked.partition(":")
        maps.show(
            views.overview(measured, text, selected=(layer, feature) if feature else None),
            key="overview",
            on_click=lambda click: state.later("pick", picked_by(click)),
        )


city()
rooms = measured.rooms
no_point = int((rooms.geometry.isna() | rooms.geometry.is_empty).sum())
st.caption(text("overview.no_point", count=no_point))
if len(measured.later):
    names = plain("、".join(measured.later["name"]))
    st.caption(text("overview.later", count=len(measured.later), names=names))
for kind, table in (
    ("units", lambda: report.units_list(measured, ("city", "county", "township"))),
    ("rooms", lambda: report.rooms_list(measured)),
):
    widgets.on_demand(kind, table, measured, text)
