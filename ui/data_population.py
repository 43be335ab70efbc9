"""The population part of the Data page: a grid or a list in, what changes by county, and back."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import altair as alt
import geopandas as gpd
import pandas as pd
import streamlit as st

from geo.intake.apply import apply
from geo.population_grid import SPACING_M
from geo.population_held import SETTING, remove_population
from geo.population_plan import PopulationPlan, accept_population, plan_grid, plan_table
from geo.population_upload import is_grid, read_uploaded_grid
from geo.read import Tables, read_study
from geo.schema import BASES
from geo.working_copy import save_mapping
from ui import charts, data_map, data_own, state
from ui.data_desk import Desk
from ui.data_reading import pick_table, read_upload
from ui.data_rows import show_rows
from ui.data_upload import map_columns
from ui.escape import plain
from ui.population_words import county_table, doubts, grid_lines, in_force
from ui.widgets import ROW_PIXELS
from ui.wording import Words

TYPES = ["tif", "tiff", "xlsx", "xls", "csv", "tsv", "txt"]
GRID_BASES = ("modelled", *(basis for basis in BASES if basis not in ("modelled", "simulated")))
MOST_DOTS = 20_000
HELD = ("people_grid", "people_list", "people_plan")


def population(desk: Desk) -> None:
    """Draw what is in force, and an upload with as many of its steps as can be taken."""
    text = desk.text
    settings = desk.tables.settings
    st.caption(text("population.intro"))
    data_own.in_force(
        desk,
        "population",
        in_force(settings.get(SETTING), text),
        icon=":material/groups:",
        remove=partial(remove_population, desk.folder, settings) if SETTING in settings else None,
    )
    if not desk.may_edit:
        return
    file = st.file_uploader(
        text("population.upload"), type=TYPES, key=f"people_{state.held('uploads', 0)}"
    )
    st.caption(text("population.upload_help"))
    if file is None:
        return
    about = {"file": file.name, **_about(file.name, text)}
    rescale = st.checkbox(text("population.rescale"), value=True, key="people_rescale")
    own = _own(desk)
    if is_grid(file.getvalue()[:4]):
        plan, lines = _grid(desk, file, own, about, rescale=rescale)
        remember = None
    else:
        plan, lines, remember = _list(desk, file, own, about, rescale=rescale)
    if plan is not None:
        plan = replace(plan, about={**plan.about, **about})
        _show(desk, plan, lines)

        def save() -> None:
            accept_population(desk.folder, plan, who=desk.who)
            if remember is not None:
                save_mapping(desk.folder, remember[0], saved=remember[1])

        data_own.take(desk, "population", save, held=HELD)


def _own(desk: Desk) -> Tables:
    """Return the study with its own population."""
    if SETTING not in desk.tables.settings:
        return desk.tables
    return state.once(
        "own_people",
        desk.tables.fingerprint,
        lambda: read_study(desk.folder, own_population=True),
    )


def _about(name: str, text: Words) -> dict[str, str]:
    left, right = st.columns([3, 1])
    source = left.text_input(text("population.source"), key="people_source", placeholder=name)
    date = right.text_input(text("population.figures_date"), key="people_date")
    return {"source": source.strip() or name, "date": date.strip()}


def _grid(
    desk: Desk, file: Any, own: Tables, about: dict[str, str], *, rescale: bool
) -> tuple[PopulationPlan, list[str]]:
    text, units = desk.text, gpd.GeoDataFrame(own.frames["units"])
    left, middle, right = st.columns(3, vertical_alignment="bottom")
    basis = left.selectbox(
        text("population.grid_basis"),
        GRID_BASES,
        format_func=lambda b: text(f"basis.{b}"),
        help=text("population.grid_basis_help"),
        key="people_basis",
        placeholder=text("app.select"),
    )
    spacing = middle.number_input(
        text("population.spacing"), 100.0, 5000.0, SPACING_M, step=100.0, format="%.0f",
        key="people_spacing",
    )  # fmt: skip
    density = right.checkbox(text("population.density"), key="people_density")
    key = (file.file_id, spacing, density, own.fingerprint)

    def read() -> Any:
        bar = st.progress(0.0, text("data.reading"))
        grid = read_uploaded_grid(
            file.getvalue(),
            units,
            name=file.name,
            density=density,
            spacing_m=spacing,
            progress=lambda share, _: bar.progress(min(share, 1.0), text("data.reading")) and None,
        )
        bar.empty()
        return grid

    grid = state.once("people_grid", key, read)
    plan = state.once(
        "people_plan",
        (*key, rescale, basis),
        lambda: plan_grid(grid, own, rescale=rescale, people_basis=basis, about=about),
    )
    return plan, grid_lines(grid.facts, plan, units["name"].to_dict(), text)


def _list(
    desk: Desk, file: Any, own: Tables, about: dict[str, str], *, rescale: bool
) -> tuple[PopulationPlan | None, list[str], Any]:
    text = desk.text
    raw = pick_table(read_upload(file, text), text)
    if raw is None:
        return None, [], None
    key = f"{file.file_id}_{raw.layer}_people"
    mapping, saved = map_columns(desk, raw, "population", key)
    asked = (key, mapping.to_dict(), own.fingerprint)
    units = gpd.GeoDataFrame(own.frames["units"])
    intake = state.once("people_list", asked, lambda: apply(raw, mapping, units=units))
    show_rows(desk, intake, asked)
    if intake.rows.empty:
        st.info(text("population.nothing_listed"))
        return None, [], None
    plan = state.once(
        "people_plan",
        (*asked, rescale),
        lambda: plan_table(intake.rows, own, rescale=rescale, about=about),
    )
    return plan, doubts(plan, text), (mapping, saved)


def _show(desk: Desk, plan: PopulationPlan, lines: list[str]) -> None:
    """Show by county what changes, and where the people would stand."""
    text = desk.text
    for line in lines:
        st.markdown(f"- {plain(line)}")
    table = county_table(plan, text)
    numbers = {
        column: st.column_config.NumberColumn(format="localized")
        for column in table.select_dtypes("number")
    }
    numbers[text("population.factor")] = st.column_config.NumberColumn(format="%.3f")
    height = ROW_PIXELS * (len(table) + 1) + 3
    st.dataframe(table, hide_index=True, width="stretch", height=height, column_config=numbers)
    left, right = st.columns(2)
    left.altair_chart(_bars(plan, text), width="stretch")
    points = plan.demand[plan.demand["people"] > 0].nlargest(MOST_DOTS, "people")
    with right:
        view = data_map.people_map(points, desk.units, text, settings=desk.tables.settings)
        data_map.show(view, key="people_map")
        if len(points) < len(plan.demand):
            count = f"{len(plan.demand):,}"
            st.caption(text("population.densest", shown=f"{len(points):,}", count=count))


def _bars(plan: PopulationPlan, text: Words) -> alt.Chart:
    """Return two bars a county: people before and after."""
    sides = {"before": text("population.before"), "after": text("population.after")}
    rows = plan.by_county.rename(columns=sides).melt("name", list(sides.values()), "side", "people")
    colours = alt.Scale(domain=list(sides.values()), range=[charts.MUTED, charts.ACCENT])
    return (
        alt.Chart(pd.DataFrame(rows))
        .mark_bar()
        .encode(
            y=alt.Y("name:N", title=None, sort=list(plan.by_county["name"])),
            yOffset=alt.YOffset("side:N", sort=list(sides.values())),
            x=alt.X("people:Q", title=text("population.chart"), axis=alt.Axis(format="~s")),
            color=alt.Color("side:N", scale=colours, title=None, legend=alt.Legend(orient="top")),
            tooltip=["name:N", "side:N", alt.Tooltip("people:Q", format=",.0f")],
        )
        .properties(height=data_map.HEIGHT)
    )
