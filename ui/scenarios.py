"""Plans kept under a name, and two of them side by side on a map and in a table."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace
from typing import Any

import streamlit as st

from analysis.journey import Survey
from analysis.proposal import Proposal
from analysis.rivals import compare
from analysis.scenario import Scenario
from geo.errors import RoomplanError
from ui import cached, maps, plan_views, report, state, widgets
from ui.tables import whole
from ui.wording import Words

PLAN_FIELDS = (
    "n_new", "kinds", "objective", "target_share", "floor_share", "case_weight", "budget",
    "required", "forbidden", "own_sites", "quotas", "kind_costs",
)  # fmt: skip


def keep_and_compare(measured: Survey, proposal: Proposal, text: Words) -> None:
    """Draw the box that keeps the plan on screen, and the comparison with a kept one."""
    saved: dict[str, dict[str, Any]] = state.held("scenarios", {})
    st.markdown(f"##### {text('scenarios.title')}")
    left, middle, right = st.columns([2, 1, 1], vertical_alignment="bottom")
    name = left.text_input(text("scenarios.name"), key="scenario_name", max_chars=60)
    if middle.button(text("scenarios.keep"), disabled=not name.strip(), width="stretch"):
        saved = {**saved, name.strip(): _plain(measured.scenario)}
        state.hold("scenarios", saved)
    right.download_button(
        text("scenarios.download"),
        json.dumps(saved, ensure_ascii=False, indent=1),
        file_name="scenarios.json",
        mime="application/json",
        disabled=not saved,
        width="stretch",
        on_click="ignore",
    )
    given = st.file_uploader(text("scenarios.upload"), type="json", key="scenario_file")
    if given is not None:
        saved = {**saved, **_read(given.getvalue(), text)}
        state.hold("scenarios", saved)
    if not saved:
        st.caption(text("scenarios.none"))
        return
    other = st.selectbox(
        text("scenarios.against"),
        list(saved),
        index=None,
        placeholder=text("scenarios.pick"),
        key="scenario_other",
    )
    if other is not None:
        _side_by_side(measured, proposal, other, saved[other], text)


def _side_by_side(
    measured: Survey, proposal: Proposal, name: str, settings: dict[str, Any], text: Words
) -> None:
    scenario = replace(measured.scenario, **_settings(settings))
    first = cached.proposal(replace(measured, scenario=scenario))
    rivals = compare(measured.study, first, proposal)
    columns = st.columns(4)
    columns[0].metric(text("scenarios.first", name=name), whole(first.after))
    columns[1].metric(
        text("scenarios.second"), whole(proposal.after), whole(proposal.after - first.after)
    )
    columns[2].metric(text("scenarios.gained"), whole(rivals.by_county["gained"].sum()))
    columns[3].metric(text("scenarios.lost"), whole(rivals.by_county["lost"].sum()))
    maps.show(plan_views.rivals(measured, rivals, name, text), key="rivals", height=480)
    table = report.rivals_list(rivals)
    widgets.table("rivals", table, text)
    widgets.downloads("rivals", table, measured, text, endings=(".xlsx", ".csv"))
    sites = report.rival_sites(rivals, name, text)
    widgets.table("rival_sites", sites, text)


def _plain(scenario: Scenario) -> dict[str, Any]:
    return {key: value for key, value in asdict(scenario).items() if key in PLAN_FIELDS}


def _settings(plain: dict[str, Any]) -> dict[str, Any]:
    """Return scenario fields from JSON: lists become tuples, unknown names are dropped."""
    names = {item.name for item in fields(Scenario)} & set(PLAN_FIELDS)
    return {key: _tuple(value) for key, value in plain.items() if key in names}


def _tuple(value: Any) -> Any:
    return tuple(_tuple(one) for one in value) if isinstance(value, list | tuple) else value


def _read(content: bytes, text: Words) -> dict[str, dict[str, Any]]:
    """Return the scenarios of a file; what is not one is said so and left out."""
    try:
        found = json.loads(content)
        for plain in found.values():
            Scenario(**_settings(plain))
    except (ValueError, TypeError, AttributeError, RoomplanError):
        st.error(text("scenarios.unreadable"))
        return {}
    return {str(name)[:60]: plain for name, plain in found.items()}
