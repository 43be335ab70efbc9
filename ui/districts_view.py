"""Parts of the Districts page: how even rooms are, who is covered, and whose room is known."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import streamlit as st

from analysis.audit import Checklist
from analysis.balance import gini, known, lorenz, noise_floor, spread
from analysis.journey import Survey
from ui import cached, charts, report, state, widgets
from ui.escape import plain
from ui.names import in_language, unit_names
from ui.tables import percent, whole
from ui.wording import Words

SHARES = ("share_certain", "share_covered", "share_possible")


def evenness(counties: pd.DataFrame, measure: str, text: Words) -> None:
    """Show how unequal rooms a head are beside what chance alone gives, and best against worst.

    Counties whose people are unknown have no rate: they are left out and counted.
    """
    rates = known(counties["rooms_per_10k"], counties["people"])
    figures = st.columns(3)
    if len(rates.values) > 1:
        counted = counties["rooms"][counties["rooms_per_10k"].notna()]
        floor = noise_floor(counted.mean(), rates.weights)
        uneven = f"{gini(rates.values, rates.weights):.3f}"
        figures[0].metric(text("districts.gini"), uneven, help=text("districts.gini_help"))
        chance = text("districts.gini_floor_help")
        figures[1].metric(text("districts.gini_floor"), f"{floor:.3f}", help=chance)
    if counties[measure].notna().any():
        between, names = spread(counties[measure]), counties["name"].map(plain).to_list()
        figures[2].metric(
            text("districts.best_worst"),
            "—" if pd.isna(between.ratio) else f"{between.ratio:.1f}",
            help=text(
                "districts.best_worst_help", best=names[between.best], worst=names[between.worst]
            ),
        )
    if rates.unknown:
        st.caption(text("districts.unknown_people", count=rates.unknown))
    if len(rates.values) > 1:
        st.markdown(f"##### {text('districts.lorenz')}")
        curve = lorenz(rates.values, rates.weights)
        chart = charts.lorenz(curve, x="people_share", y="value_share", text=text)
        st.altair_chart(chart, width="stretch")


def pick_unit(measured: Survey, text: Words) -> str:
    """Draw the choice of the city or one county for the parts below; return its id."""
    ids = measured.by_level["city"].index.append(measured.by_level["county"].index)
    names = unit_names(measured.study, text)[ids].to_dict()
    first = next(iter(names))
    unit = st.selectbox(
        text("districts.unit"),
        list(names),
        format_func=names.__getitem__,
        key=state.slot("unit", first, parse=lambda link: link if link in names else first),
        placeholder=text("app.select"),
    )
    return state.keep("unit", unit, first)


def groups(unit: str, measured: Survey, text: Words) -> None:
    """Draw coverage by group and setting of one unit, each with its interval."""
    table = _with_parts(report.groups_list(cached.groups(measured), measured), unit, measured)
    table = in_language(table, measured.study, text)
    shown = table[table["unit_id"] == unit]
    st.markdown(f"##### {text('districts.groups')}")
    st.caption(text("districts.groups_note"))
    drawn = shown[shown["people"] > 0]
    labels = [
        f"{text.choice('group', group)} · {text.choice('setting', setting)}"
        for group, setting in zip(drawn["group"], drawn["setting"], strict=True)
    ]
    chart = charts.ranges(drawn.assign(part=labels), name="part", shares=SHARES, text=text)
    st.altair_chart(chart, width="stretch")
    unknown = int(shown["points_unknown"].sum())
    if unknown:
        st.caption(text("districts.groups_unknown", count=unknown))
    widgets.table("groups", shown, text)
    widgets.downloads("groups", table, measured, text, endings=(".xlsx", ".csv"))


def villages(unit: str, measured: Survey, text: Words) -> None:
    """Count the villages without a known room by unit and list those of one unit."""
    found, counts = cached.villages(measured)
    table = report.village_counts_list(counts, measured)
    table = in_language(_with_parts(table, unit, measured), measured.study, text)
    st.markdown(f"##### {text('districts.villages')}")
    st.caption(plain(_villages_text(table.loc[unit], text)))
    widgets.table("village_counts", table, text)
    widgets.downloads("village_counts", table, measured, text)
    listed = report.villages_list(found, measured)
    listed = listed[listed["status"] == "none_known"]
    if unit in measured.by_level["county"].index:
        listed = listed[listed["county_id"] == unit]
    listed = in_language(listed, measured.study, text)
    if st.toggle(text("districts.villages_list", count=whole(len(listed))), key="villages_list"):
        widgets.table("villages", listed, text)
        widgets.downloads("villages", listed, measured, text, endings=(".xlsx", ".csv"))


def _with_parts(table: gpd.GeoDataFrame, unit: str, measured: Survey) -> gpd.GeoDataFrame:
    """Return the rows of a unit and of the units just below it."""
    ids = table["unit_id"] if "unit_id" in table else table.index.to_series()
    return table[(ids == unit) | (ids.map(measured.study.units["parent_id"]) == unit)]


def _villages_text(counts: pd.Series, text: Words) -> str:
    """Say how many villages of a unit have no room known, and what is not known of that."""
    said = [
        text(
            "districts.villages_found",
            name=counts["name"],
            all=whole(counts["villages"]),
            none=whole(counts["none_known"]),
            share=percent(counts["share_none_known"], 0),
        )
    ]
    unnamed, townships = counts["rooms_unnamed"], counts["townships_unknown"]
    if unnamed:
        least = whole(counts["none_known_least"])
        said.append(text("districts.villages_unnamed", unnamed=unnamed, least=least))
    if townships:
        said.append(text("districts.villages_unknown", townships=townships))
    return text("data.sentence_gap").join([*said, text("districts.villages_counted")])


def audit(measured: Survey, text: Words) -> None:
    """List every county and township with its own room, those without a known one first."""
    table = in_language(report.audit_list(measured), measured.study, text)
    st.markdown(f"##### {text('districts.coverage')}")
    counts = {
        status: int((table["status"] == status).sum()) for status in ("special", "none_known")
    }
    st.caption(text("districts.audit_found", all=len(table), **counts))
    widgets.table("audit", table, text, height=300)
    widgets.downloads("audit", table, measured, text, endings=(".xlsx", ".csv"))


def checklist(held: Checklist, unit: str, measured: Survey, text: Words) -> None:
    """Count the rooms of a unit that meet each item of the checklist, closed until asked for."""
    with st.expander(text("districts.checklist")):
        of = 1 if text.lang == "en" else 0
        if held.note[of]:
            st.caption(plain(held.note[of]))
        table = report.checklist_list(measured, held, text)
        if not set(held.items) & set(measured.rooms):
            items = text("data.comma").join(f"{key} {name[of]}" for key, name in held.items.items())
            st.info(text("districts.checklist_none", items=plain(items)))
        table = in_language(table, measured.study, text)
        names = {"": text("districts.checklist_all")}
        names |= {key: name[of] for key, name in held.items.items()}
        item = st.selectbox(
            text("districts.checklist_item"),
            list(names),
            format_func=names.__getitem__,
            key=state.slot("item", "", parse=lambda link: link if link in names else ""),
            placeholder=text("app.select"),
        )
        state.keep("item", item, "")
        shown = table[table["item"] == item] if item else table[table["unit_id"] == unit]
        widgets.table("checklist", shown, text)
        widgets.downloads("checklist", table, measured, text, endings=(".xlsx", ".csv"))
