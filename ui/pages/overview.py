"""Overview: the whole city at a glance, and the card of what is clicked."""

import streamlit as st

from ui import frame, maps, report, state, views, widgets
from ui.cards import card_of, choices, city_figures

text = frame.begin()
measured = frame.measured()
city_figures(measured, text)
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
    maps.show(
        views.overview(measured, text, selected=selected),
        key="overview",
        on_click=lambda click: state.later("pick", f"{click.layer}:{click.feature}"),
    )

rooms = measured.rooms
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
