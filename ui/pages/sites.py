"""Sites: where new rooms should go, with the proof in words."""

import streamlit as st

from geo.schema import SITE_KINDS
from ui import cached, frame, maps, report, state, views, widgets
from ui.tables import percent, whole
from ui.word import proven

text = frame.begin()
st.caption(text("sites.intro"))
left, middle, right = st.columns([1, 2, 1])
with left:
    n_new = frame.setting("new", "n_new", text("sites.n_new"), default=15, step=1)
with middle:
    kinds = st.multiselect(
        text("sites.kinds"),
        SITE_KINDS,
        format_func=lambda kind: text.choice("kind", kind),
        placeholder=text("app.choose"),
        key=state.slot("kinds", list(SITE_KINDS), parse=lambda words: words.split(",")),
    )
    state.keep("kinds", kinds, list(SITE_KINDS))
measured = frame.measured(n_new=n_new, kinds=tuple(kinds or SITE_KINDS))
with st.spinner(text("sites.running")):
    proposal = cached.proposal(measured)
plan = proposal.plan
st.success(proven(proposal, text))
maps.show(views.sites(measured, proposal, text), key="sites")
st.caption(
    text(
        "sites.solver",
        method=text(f"sites.method_{plan.method.replace(' ', '_')}"),
        seconds=f"{plan.seconds:.2f}",
        sites=whole(proposal.candidates),
        points=whole(len(measured.study.demand)),
        modelled=percent(proposal.gained_modelled_share, 0),
    )
)
table = report.sites_list(proposal)
st.markdown(f"##### {text('sites.table')}")
widgets.table("sites", table, text)
widgets.downloads("sites", table, measured, text)
if len(proposal.unplaced):
    with st.expander(text("sites.unplaced_table")):
        st.caption(text("sites.unplaced", count=len(proposal.unplaced)))
        widgets.table("unplaced", proposal.unplaced, text)
