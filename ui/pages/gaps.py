"""Gaps: the ranked list of places out of reach, to filter, look at and take away."""

import streamlit as st

from ui import cached, frame, gaps_view, maps, report, report_since, views, widgets
from ui.escape import plain
from ui.names import in_language
from ui.tables import percent, whole

text = frame.begin()
measured = frame.measured()
gaps = report.gaps_list(measured, text)
st.caption(text("gaps.intro"))
with st.expander(text("gaps.since")):
    kinds = ["xlsx", "csv", "geojson", "gpkg"]
    given = st.file_uploader(text("gaps.since_help"), type=kinds, key="gaps_since")
    if given is not None:
        earlier = cached.earlier_gaps(given.getvalue(), given.name)
        gaps = report_since.gaps_since(gaps, earlier, measured)
if given is not None:
    st.info(plain(report_since.changes_text(gaps, text)), icon=":material/compare_arrows:")

gaps = in_language(gaps, measured.study, text)
shown = gaps_view.filtered(gaps, measured, text)
out = shown[shown["people_uncovered"] > 0]
people = out["people_uncovered"]
modelled = people[out["location_basis"] == "modelled"].sum() / people.sum() if len(out) else 0
if len(out):
    said = text(
        "gaps.count",
        count=whole(len(out)),
        people=whole(people.sum()),
        modelled=percent(modelled, 0),
    )
    st.markdown(said)
else:
    st.info(text("gaps.none_left" if (gaps["people_uncovered"] > 0).any() else "gaps.nobody"))
if len(shown):
    widgets.table("gaps", shown, text, height=460 if len(shown) > widgets.MOST_ROWS else None)
    widgets.downloads("gaps", shown, measured, text)
left, right = st.columns([3, 2])
with right:
    gaps_view.card(out, report.suppress_below(measured), text)
with left:
    maps.show(views.gaps(measured, out, text), key="gaps")
