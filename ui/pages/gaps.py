"""Gaps: the ranked list of places out of reach, to filter, look at and take away."""

import streamlit as st

from ui import frame, maps, report, state, views, widgets
from ui.tables import mark, percent, whole

text = frame.begin()
measured = frame.measured()
gaps = report.gaps_list(measured, text)
st.caption(text("gaps.intro"))


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


columns = st.columns([2, 2, 2, 1])
with columns[0]:
    names = measured.by_level["county"]["name"].to_dict()
    counties = pick("county_id", text("gaps.filter_county"), names)
with columns[1]:
    words = {name: text(f"reason_short.{name}") for name in ("far", "partly", "no_service")}
    reasons = pick("reason_code", text("gaps.filter_reason"), words)
with columns[2]:
    words = {name: mark(name, text) for name in sorted(gaps["location_basis"].unique())}
    bases = pick("location_basis", text("gaps.filter_basis"), words)
with columns[3]:
    least = st.number_input(text("gaps.least"), 0, key=state.slot("least", 0, parse=int), step=500)
    state.keep("least", least, 0)

filters = {"county_id": counties, "reason_code": reasons, "location_basis": bases}
shown = gaps[gaps["people_uncovered"] >= least]
for column, chosen in filters.items():
    shown = shown[shown[column].isin(chosen)] if chosen else shown
people = shown["people_uncovered"]
modelled = people[shown["location_basis"] == "modelled"].sum() / people.sum() if len(shown) else 0
st.markdown(
    text(
        "gaps.count",
        count=whole(len(shown)),
        people=whole(people.sum()),
        modelled=percent(modelled, 0),
    )
)
widgets.table("gaps", shown, text, height=460)
widgets.downloads("gaps", shown, measured, text)
maps.show(views.gaps(measured, shown, text), key="gaps")
