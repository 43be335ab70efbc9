"""Sites: where new rooms should go, with the proof in words, and room to argue with it."""

import streamlit as st

from ui import cached, charts, frame, maps, plan_views, report, scenarios, state, widgets, wishes
from ui.site_card import site_card
from ui.tables import percent, whole
from ui.word import proven

text = frame.begin()
st.caption(text("sites.intro"))
study = cached.load(frame.study_folder())
wanted = wishes.wishes(study, text)
measured = frame.measured(**wanted)
with st.spinner(text("sites.running")):
    proposal = cached.proposal(measured)
plan = proposal.plan
st.success(proven(proposal, text))

adding = st.toggle(text("sites.click_adds"), key="site_click_adds")
picked = state.held("site_picked")
left, right = st.columns([3, 1])
with left:
    maps.show(
        plan_views.sites(measured, proposal, text, selected=picked),
        key="sites",
        on_click=lambda click: wishes.answer(click, text),
        on_place=(lambda lon, lat: wishes.add_own(lon, lat, text)) if adding else None,
    )
with right:
    site_card(picked, proposal, text)
st.caption(
    text(
        "sites.solver",
        method=text(f"sites.method_{plan.method.replace(' ', '_')}"),
        seconds=f"{plan.seconds:.2f}",
        sites=whole(proposal.candidates),
        points=whole(len(study.demand)),
        modelled=percent(proposal.gained_modelled_share, 0),
    )
)
table = report.sites_list(proposal)
st.markdown(f"##### {text('sites.table')}")
widgets.table("sites", table, text)
widgets.downloads("sites", table, measured, text)
widgets.word_download(measured, proposal, text)
if measured.scenario.objective == "cover":
    with st.expander(text("sites.curve")):
        if st.toggle(text("sites.curve_run"), key="site_curve"):
            with st.spinner(text("sites.running")):
                curve = cached.curve(measured)
            st.altair_chart(charts.curve(curve, text), width="stretch")
            st.caption(text("sites.curve_help"))
    with st.expander(text("sites.stable")):
        if st.toggle(text("sites.stable_run"), key="site_stable"):
            with st.spinner(text("sites.running")):
                widgets.table("stability", cached.stability(measured), text)
            st.caption(text("sites.stable_help"))
scenarios.keep_and_compare(measured, proposal, text)
if len(proposal.unplaced):
    with st.expander(text("sites.unplaced_table")):
        st.caption(text("sites.unplaced", count=len(proposal.unplaced)))
        widgets.table("unplaced", proposal.unplaced, text)
