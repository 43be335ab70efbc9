"""Sites: where new rooms should go, with the proof in words, and room to argue with it."""

import streamlit as st

from geo.errors import InfeasibleError, ScenarioError
from ui import (
    cached,
    frame,
    maps,
    plan_boxes,
    plan_views,
    scenarios,
    solving,
    state,
    widgets,
    wishes,
)
from ui.plan_words import proven
from ui.site_card import site_card
from ui.tables import percent, whole

text = frame.begin()
st.caption(text("sites.intro"))
study = cached.load(frame.study_folder())
wanted = wishes.wishes(study, text)
measured = frame.measured(**wanted)
# What is said over the map stays in one box: were the map to change places, it would load anew.
with solving.said():
    try:
        proposal = solving.proposal(measured, text)
        (st.success if proposal.plan.gap == 0 else st.warning)(proven(proposal, text))
        plan_boxes.stopped(proposal, text)
        plan_boxes.straight_only(measured, text)
    except (InfeasibleError, ScenarioError) as error:
        proposal = None
        plan_boxes.no_plan(measured, error, text)

plan_boxes.toolbar(text)
picked = state.held("site_picked")
if proposal is None:
    placed = plan_views.candidates_of(measured)
    view = plan_views.ground(measured, placed, text, selected=picked)
else:
    placed = proposal.placed
    view = plan_views.sites(measured, proposal, text, selected=picked)
left, right = st.columns([3, 1])
with left:
    maps.show(
        view,
        key="sites",
        on_click=lambda click: wishes.answer(click, text),
        on_place=lambda lon, lat: wishes.place(lon, lat, text),
    )
with right:
    site_card(picked, placed, proposal, text)
if proposal is None:
    st.stop()
st.caption(
    text(
        "sites.solver",
        method=text(f"sites.method_{proposal.plan.method.replace(' ', '_')}"),
        seconds=f"{proposal.plan.seconds:.2f}",
        sites=whole(proposal.candidates),
        points=whole(len(study.demand)),
        modelled=percent(proposal.gained_modelled_share, 0),
    )
)
st.markdown(f"##### {text('sites.table')}")
listed = st.empty()
stages = plan_boxes.stages_box(measured, proposal, text)
with listed.container():
    plan_boxes.files(measured, proposal, stages, text)
plan_boxes.own_choice(measured, proposal, text)
plan_boxes.outlook_boxes(measured, text)
scenarios.keep_and_compare(measured, proposal, text)
if len(proposal.unplaced):
    with st.expander(text("sites.unplaced_table")):
        st.caption(text("sites.unplaced", count=len(proposal.unplaced)))
        widgets.table("unplaced", proposal.unplaced, text)
