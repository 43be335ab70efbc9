"""The roads part of the Data page: a road file in, who stands near its roads, and away again."""

from __future__ import annotations

from functools import partial
from typing import Any

import geopandas as gpd
import streamlit as st

from geo.roads_files import Roads
from geo.roads_kept import (
    drop_roads,
    facts_of,
    keep_roads,
    near_roads,
    refuse_elsewhere,
    walkable,
)
from geo.roads_upload import read_uploaded_roads
from ui import data_own, state
from ui.data_desk import Desk
from ui.data_words import datum_text
from ui.escape import plain
from ui.roads_words import attribution_of, in_force, length, lines_of
from ui.wording import Words

TYPES = ["pbf", "gpkg", "zip", "geojson", "json", "fgb"]
DATUMS = ("", "wgs84", "cgcs2000", "gcj02", "bd09")


def roads(desk: Desk) -> None:
    """Draw which roads are in force, and an upload with what it would bring."""
    text = desk.text
    st.caption(text("roads.intro"))
    _in_force(desk)
    if not desk.may_edit:
        return
    turn = state.held("uploads", 0)
    file = st.file_uploader(text("roads.upload"), type=TYPES, key=f"roads_{turn}")
    st.caption(text("roads.upload_help"))
    choices, heights = _choices(text, turn)
    if file is None:
        return
    found, facts, near = _read(desk, file, heights, choices)
    name = plain(file.name)
    st.success(f"{name}{text('data.colon')}{length(facts, text)}", icon=":material/route:")
    for line in lines_of(facts, near, text):
        st.markdown(f"- {plain(line)}")
    given = st.text_input(
        text("roads.attribution"),
        value=attribution_of(None, found.is_osm),
        help=text("roads.attribution_help"),
        key=f"roads_attribution_{file.file_id}",
    )

    def save() -> None:
        attribution = attribution_of(given, found.is_osm)
        keep_roads(
            desk.folder,
            desk.tables.settings,
            found,
            name=file.name,
            attribution=attribution,
            who=desk.who,
        )

    data_own.take(desk, "roads", save, held=("roads_read",))


def _in_force(desk: Desk) -> None:
    """Say which roads are in force and who stands near them, and offer to take them away."""
    text, kept = desk.text, desk.tables.roads
    data_own.in_force(
        desk,
        "roads",
        in_force(None if kept is None else kept.about, text),
        icon=":material/route:",
        remove=None if kept is None else partial(drop_roads, desk.folder, desk.tables.settings),
    )
    if kept is None:
        return
    with st.expander(text("roads.details")):
        key = (desk.tables.fingerprint, kept.fingerprint)
        near = state.once(
            "roads_near", key, lambda: near_roads(kept.network("walk", "metres"), *_places(desk))
        )
        for line in lines_of(kept.about, near, text):
            st.markdown(f"- {plain(line)}")


def _choices(text: Words, turn: int) -> tuple[dict[str, str | None], Any]:
    """Return what the reader says about the file, and the file of heights."""
    with st.expander(text("roads.choices")):
        left, middle, right = st.columns(3)
        layer = left.text_input(text("roads.layer"), key="roads_layer")
        column = middle.text_input(
            text("roads.class_column"), help=text("roads.class_column_help"), key="roads_column"
        )
        datum = right.selectbox(
            text("roads.datum"),
            DATUMS,
            format_func=lambda name: (
                datum_text(name, text) if name else text("roads.datum_of_file")
            ),
            key="roads_datum",
            placeholder=text("app.select"),
        )
        heights = st.file_uploader(
            text("roads.heights"), type=["tif", "tiff"], key=f"roads_heights_{turn}"
        )
        st.caption(text("roads.heights_help"))
    chosen = {"layer": layer, "class_column": column, "datum": datum}
    return {name: value.strip() or None for name, value in chosen.items()}, heights


def _read(
    desk: Desk, file: Any, heights: Any, choices: dict[str, str | None]
) -> tuple[Roads, dict[str, Any], dict[str, float]]:
    """Read the upload once in the sandbox, telling what it is at."""
    text = desk.text
    key = (file.file_id, heights and heights.file_id, repr(choices), desk.tables.fingerprint)

    def read() -> tuple[Roads, dict[str, Any], dict[str, float]]:
        with st.status(text("roads.reading", name=file.name), expanded=True) as status:
            bar = st.progress(0.0)
            found = read_uploaded_roads(
                file.getvalue(),
                name=file.name,
                heights=None if heights is None else heights.getvalue(),
                heights_name=None if heights is None else heights.name,
                progress=lambda share, _: bar.progress(min(share, 1.0)) and None,
                **choices,
            )
            status.update(label=text("roads.joining"))
            network = walkable(found)
            near = near_roads(network, *_places(desk))
            refuse_elsewhere(near, file.name)
            status.update(label=text("roads.read"), state="complete", expanded=False)
        return found, facts_of(found, network), near

    told: tuple[Roads, dict[str, Any], dict[str, float]] = state.once("roads_read", key, read)
    return told


def _places(desk: Desk) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    rooms, demand = (gpd.GeoDataFrame(desk.tables.frames[name]) for name in ("rooms", "demand"))
    return rooms, demand
