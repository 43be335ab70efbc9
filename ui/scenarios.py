"""Plans kept under a name, and two of them side by side on a map and in a table."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace
from typing import Any

import streamlit as st

from analysis.journey import Survey
from analysis.proposal import Proposal
from analysis.rivals import Rivals, compare
from analysis.scenario import Scenario
from geo.errors import RoomplanError
from ui import cached, maps, plan_views, report, state, widgets, wishes
from ui.escape import plain
from ui.names import in_language
from ui.tables import whole
from ui.wording import Words

MOST_LINK = 4000
"""Characters a link may have; common proxies refuse 8 kB, and some chats cut off before."""

PLAN_FIELDS = (
    "n_new", "kinds", "objective", "target_share", "floor_share", "case_weight", "budget",
    "required", "forbidden", "own_sites", "quotas", "kind_costs", "time_limit_s",
    "room_capacity", "area_join_m",
)  # fmt: skip


def keep_and_compare(measured: Survey, proposal: Proposal, text: Words) -> None:
    """Draw the box that keeps the plan on screen, and the comparison with a kept one."""
    saved: dict[str, dict[str, Any]] = state.held("scenarios", {})
    length = state.link_length()
    if length > MOST_LINK:
        st.warning(text("sites.link_long", count=whole(length), most=whole(MOST_LINK)))
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
    here = text("scenarios.current")
    left, right, third = st.columns([2, 2, 1], vertical_alignment="bottom")
    choose = {"placeholder": text("scenarios.pick")}
    first = left.selectbox(
        text("scenarios.a"), list(saved), index=None, key="scenario_other", **choose
    )
    second = right.selectbox(text("scenarios.b"), [here, *saved], key="scenario_second", **choose)
    third.button(
        text("scenarios.load"),
        disabled=first is None,
        on_click=lambda: wishes.take(_settings(saved[first])),
        key="scenario_load",
        width="stretch",
    )
    if first is None:
        return
    plans = [_plan(measured, saved[first])]
    plans.append(proposal if second == here else _plan(measured, saved[second]))
    _side_by_side(measured, plans[0], plans[1], (first, second), text)


def _plan(measured: Survey, settings: dict[str, Any]) -> Proposal:
    scenario = replace(measured.scenario, **_settings(settings))
    return cached.proposal(replace(measured, scenario=scenario))


def _side_by_side(
    measured: Survey, first: Proposal, second: Proposal, names: tuple[str, str], text: Words
) -> None:
    rivals = compare(measured.study, first, second)
    columns = st.columns(4)
    columns[0].metric(text("scenarios.first", name=names[0]), whole(first.after))
    columns[1].metric(
        text("scenarios.second", name=names[1]),
        whole(second.after),
        whole(second.after - first.after),
    )
    columns[2].metric(text("scenarios.gained"), whole(rivals.by_county["gained"].sum()))
    columns[3].metric(text("scenarios.lost"), whole(rivals.by_county["lost"].sum()))
    st.markdown(plain(_verdict(rivals, text)))
    ways = ("difference", "both")
    look = st.segmented_control(
        text("scenarios.look"),
        ways,
        default=ways[0],
        format_func=lambda way: text(f"scenarios.look_{way}"),
        key="scenario_look",
    )
    if look == "both":
        for n, (column, plan) in enumerate(zip(st.columns(2), (first, second), strict=True)):
            with column:
                st.text(f"{'AB'[n]}：{names[n]}")
                maps.show(plan_views.one_of_two(measured, plan, text), key=f"plan_{n}", height=480)
    else:
        maps.show(plan_views.rivals(measured, rivals, names, text), key="rivals", height=520)
        st.caption(text("scenarios.side"))
    _tables(measured, rivals, names, text)


def _tables(measured: Survey, rivals: Rivals, names: tuple[str, str], text: Words) -> None:
    table = in_language(report.rivals_list(rivals), measured.study, text)
    widgets.table("rivals", table, text)
    widgets.downloads("rivals", table, measured, text, endings=(".xlsx", ".csv"))
    with st.expander(text("scenarios.by_township")):
        changed = rivals.by_township.query("gained >= 0.5 or lost >= 0.5")
        by_township = report.rivals_list(rivals._replace(by_county=changed))
        widgets.table("rivals", in_language(by_township, measured.study, text), text)
    sites = report.rival_sites(rivals, *names, text)
    widgets.table("rival_sites", in_language(sites, measured.study, text), text)


def _verdict(rivals: Rivals, text: Words) -> str:
    table = rivals.by_county
    more = table["difference"].sum()
    won = table["wins"].value_counts()
    return text(
        "scenarios.verdict",
        word=text("scenarios.word_more" if more >= 0 else "scenarios.word_fewer"),
        people=whole(abs(more)),
        gained=whole(table["gained"].sum()),
        lost=whole(table["lost"].sum()),
        a_counties=int(won.get("first", 0)),
        b_counties=int(won.get("second", 0)),
        same=int(won.get("same", 0)),
    )


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
