"""What stands under a plan on the Sites page: other sizes, stability, stages, own choice, files."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from analysis.journey import Survey
from analysis.proposal import Proposal
from analysis.stages import DISTANCES, Stages
from geo.errors import InfeasibleError, RoomplanError
from ui import cached, charts, history, maps, plan_views, report, solving, state, widgets, wishes
from ui.escape import plain
from ui.names import in_language
from ui.plan_report import plan_report
from ui.plan_words import blame, faults
from ui.tables import kilometres, percent, whole
from ui.wording import Words

MOST = 500


def toolbar(text: Words) -> None:
    """Draw undo, redo and the switch for adding places by a click."""
    left, middle, right = st.columns([1, 1, 4], vertical_alignment="center")
    with left:
        history.button("undo", text)
    with middle:
        history.button("redo", text)
    right.toggle(text("sites.click_adds"), key=wishes.ADDING)


def no_plan(measured: Survey, error: RoomplanError, text: Words) -> None:
    """Say why there is no plan and what to do about it."""
    if error.code == "sites.none":
        kinds = "、".join(text.choice("kind", kind) for kind in measured.scenario.kinds)
        st.warning(text("sites.none_yet", kinds=kinds), icon=":material/add_location_alt:")
        return
    if isinstance(error, InfeasibleError):
        why = blame(error, measured.study, text)
        st.error(plain(text("sites.infeasible", why=why)), icon=":material/block:")
        return
    st.error(plain(text.explain(error)), icon=":material/error:")


def stopped(proposal: Proposal, text: Words) -> None:
    """Say that a plan was stopped early, and offer to go on."""
    if proposal.plan.status == "cancelled":
        st.info(text("sites.stopped"))
        st.button(text("sites.again"), key="solve_again", on_click=solving.again)


def straight_only(measured: Survey, text: Words) -> None:
    """Say where distances are of another kind than the standard."""
    straight = measured.ways.straight and not measured.scenario.minutes
    if measured.scenario.objective in DISTANCES and not straight:
        st.caption(text("sites.straight_only"))


def outlook_boxes(measured: Survey, text: Words) -> None:
    """Draw the curve over the number of rooms and the stability of the sites, when asked for."""
    if measured.scenario.objective != "cover":
        return
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


def own_choice(measured: Survey, proposal: Proposal, text: Words) -> None:
    """Score the pinned sites and own places as a plan of their own, beside the best one."""
    # Two more plans, which nobody waits for who does not look.
    part = st.expander(text("sites.mine"), key="open_mine", on_change="rerun")
    if not part.open:
        return
    with part:
        st.caption(text("sites.mine_help"))
        given = measured.scenario.required
        if not given:
            st.info(text("sites.mine_none"))
            return
        mine = cached.scored(measured, given)
        said = [
            text(
                "sites.mine_result",
                count=len(given),
                after=whole(mine.after),
                gained=whole(mine.gained),
                best=len(proposal.sites),
                best_after=whole(proposal.after),
                difference=whole(proposal.after - mine.after),
            )
        ]
        scenario = measured.scenario
        if scenario.objective == "cover" and not scenario.case_weight:
            free = replace(
                scenario,
                n_new=len(given),
                required=(),
                forbidden=(),
                quotas=(),
                budget=0.0,
                floor_share=0.0,
            )
            best = cached.proposal(replace(measured, scenario=free))
            gain = best.plan.bound - best.before
            said.append(
                text(
                    "sites.mine_same",
                    count=len(given),
                    bound=whole(best.plan.bound),
                    share=percent(mine.gained / gain if gain > 0 else float("nan")),
                )
            )
        st.markdown(plain(" ".join(said)))
        if broken := faults(mine, measured.study, text):
            st.warning(plain(text("sites.mine_breaks", broken=text("data.semicolon").join(broken))))
        table = in_language(report.sites_list(mine), measured.study, text)
        widgets.table("sites", table, text)


def files(measured: Survey, proposal: Proposal, stages: Stages | None, text: Words) -> None:
    """List the plan; offer it as spreadsheet, GIS files, Word document and page to print."""
    table = in_language(report.sites_list(proposal, stages), measured.study, text)
    widgets.table("sites", table, text)
    widgets.downloads("sites", table, measured, text)
    widgets.word_download(measured, proposal, text, stages=stages)
    if not st.toggle(text("plan.make"), key="plan_make"):
        return
    day = measured.scenario.as_of.isoformat()
    title = report.notes(measured, text, text("plan.title"))[0]
    page = plan_report(measured, proposal, text, stages=stages)
    drawn = maps.standalone_html(plan_views.sites(measured, proposal, text), title=title)
    for column, content, name in zip(
        st.columns(2), (page, drawn), ("plan.download", "plan.map_download"), strict=True
    ):
        column.download_button(
            text(name),
            content.encode(),
            file_name=f"{text(f'{name}_file')}-{day}.html",
            mime="text/html",
            key=name,
            width="stretch",
            on_click="ignore",
        )


def stages_box(measured: Survey, proposal: Proposal, text: Words) -> Stages | None:
    """Draw the stages of a plan; return them once asked for."""
    with st.expander(text("stages.title"), expanded=str(state.kept("per_stage", 0)) != "0"):
        if not len(proposal.sites):
            return None
        metres = measured.scenario.objective in DISTANCES
        per_stage = st.number_input(
            text("stages.per_stage"),
            min_value=0,
            max_value=MOST,
            step=1,
            key=state.slot("per_stage", 0, parse=_count),
            help=text("stages.help_m" if metres else "stages.help"),
        )
        state.keep("per_stage", per_stage, 0)
        if per_stage < 1:
            st.caption(text("stages.start"))
            return None
        found = cached.stages(measured, int(per_stage), proposal)
        _show(found, measured, proposal, text)
    return found


def _count(link: str) -> int:
    return min(max(int(link), 0), MOST)


def _show(found: Stages, measured: Survey, proposal: Proposal, text: Words) -> None:
    distance = DISTANCES.get(measured.scenario.objective)
    if distance is None:
        before = float(found.table["value"].iloc[0] - found.table["added"].iloc[0])
        start = pd.DataFrame({"n_new": [0], "value": [before], "best_of_size": [before]})
        st.altair_chart(charts.stages(pd.concat([start, found.table]), text), width="stretch")
        st.caption(_price(found.table, before, text))
    else:
        st.altair_chart(charts.stages(found.table, text, distance=distance), width="stretch")
        st.caption(_price_m(found.table, distance, text))
    if measured.scenario.case_weight:
        st.caption(text("stages.weighted"))
    widgets.table("stages", found.table, text)
    widgets.downloads("stages", found.table, measured, text, endings=(".xlsx", ".csv"))


def _price(table: pd.DataFrame, before: float, text: Words) -> str:
    worst = table["price"].idxmax()
    row = table.loc[worst]
    if round(row["price"]) < 1:
        return text("stages.no_price")
    gained = row["best_of_size"] - before
    return text(
        "stages.total",
        price=whole(row["price"]),
        stage=worst,
        share=percent(row["price"] / gained if gained else float("nan")),
    )


def _price_m(table: pd.DataFrame, distance: str, text: Words) -> str:
    worst = table["price_m"].idxmax()
    row = table.loc[worst]
    if row["price_m"] < 5:  # what would be written as 0.00 km
        return text("stages.no_price")
    return text(
        "stages.total_m",
        stage=worst,
        price=kilometres(row["price_m"]),
        value=kilometres(row[distance]),
        best=kilometres(row["best_of_size_m"]),
    )
