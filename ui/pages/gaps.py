"""Gaps: the ranked list of places out of reach, to filter, look at and take away."""

import streamlit as st

from analysis.gaps import GAP_CHANGES, REASONS
from ui import cached, frame, maps, report, report_since, state, views, widgets
from ui.tables import mark, percent, whole

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
    st.info(report_since.changes_text(gaps, text), icon=":material/compare_arrows:")


def pick(column: str, label: str, words: dict[str, str]) -> list[str]:
    """Draw a filter on one column and return what was picked; nothing picked means all."""
    chosen = st.multiselect(
        label,
        list(words),
        format_func=words.__getitem__,
        placeholder=text("app.choose"),
        key=state.slot(column, [], parse=lambda link: [w for w in link.split(",") if w in words]),
    )
    return state.keep(column, chosen, [])


filters = {}
columns = st.columns([2, 2, 2, 2, 1] if given is None else [2, 2, 2, 2, 2, 1])
with columns[0]:
    names = measured.by_level["county"]["name"].to_dict()
    filters["county_id"] = pick("county_id", text("gaps.filter_county"), names)
with columns[1]:
    words = {level: text(f"gaps.kind_{level}") for level in ("village", "township")}
    filters["level"] = pick("level", text("gaps.filter_kind"), words)
with columns[2]:
    words = {name: text(f"reason_short.{name}") for name in REASONS}
    filters["reason_code"] = pick("reason_code", text("gaps.filter_reason"), words)
with columns[3]:
    words = {name: mark(name, text) for name in sorted(measured.gaps["location_basis"].unique())}
    filters["location_basis"] = pick("location_basis", text("gaps.filter_basis"), words)
if given is not None:
    with columns[4]:
        words = {name: text(f"gap_change.{name}") for name in GAP_CHANGES}
        filters["change"] = pick("change", text("gaps.filter_change"), words)
with columns[-1]:
    least = st.number_input(text("gaps.least"), 0, key=state.slot("least", 0, parse=int), step=500)
    state.keep("least", least, 0)

shown = gaps[gaps["people_uncovered"].fillna(0) >= least]
for column, chosen in filters.items():
    shown = shown[shown[column].isin(chosen)] if chosen else shown
out = shown[shown["people_uncovered"] > 0]
people = out["people_uncovered"]
modelled = people[out["location_basis"] == "modelled"].sum() / people.sum() if len(out) else 0
st.markdown(
    text(
        "gaps.count",
        count=whole(len(out)),
        people=whole(people.sum()),
        modelled=percent(modelled, 0),
    )
)
widgets.table("gaps", shown, text, height=460)
widgets.downloads("gaps", shown, measured, text)
maps.show(views.gaps(measured, out, text), key="gaps")
