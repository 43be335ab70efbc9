"""An upload read once in the sandbox, with a bar and a way to stop it; its coordinate system."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from geo.crs import parse_datum
from geo.intake.raw import RawTable, read_file
from ui import state
from ui.data_words import DATUMS, datum_text
from ui.escape import plain
from ui.wording import Words

OTHER, STATED = "other", "stated"


def read_upload(file: Any, text: Words) -> list[RawTable]:
    """Read an upload once in the sandbox; the button stops it, as does any other click."""
    held = state.held("upload")
    if held is not None and held[0] == file.file_id:
        return held[1]
    if state.held("cancelled") == file.file_id:
        st.info(text("data.cancelled"))
        if not st.button(text("data.read_again"), key="again"):
            return []
        state.hold("cancelled", None)
    place = st.empty()
    with place.container():
        bar = st.progress(0.0, text("data.reading"))
        stop = st.button(text("data.cancel"), key="cancel")
        if stop:
            state.hold("cancelled", file.file_id)
            st.rerun()
        # Any word to the page ends this run when the reader has clicked; the child dies with it.
        raws = read_file(
            file.getvalue(),
            name=file.name,
            progress=lambda share, _: bar.progress(min(share, 1.0), text("data.reading")) and None,
            cancel=_beat(bar, text),
        )
    place.empty()
    state.hold("upload", (file.file_id, raws))
    return raws


def _beat(bar: Any, text: Words) -> Callable[[], bool]:
    """Return what the reader of the file asks now and then: it lets the page hear a click."""
    beats = 0

    def cancelled() -> bool:
        nonlocal beats
        beats += 1
        if beats % 10 == 0:
            bar.progress(min(beats / 1000, 0.9), text("data.reading"))
        return False

    return cancelled


def pick_table(raws: list[RawTable], text: Words) -> RawTable | None:
    """Return the sheet or layer that is meant; None where nothing was read."""
    if len(raws) < 2:
        return raws[0] if raws else None
    layers = {raw.layer: raw for raw in raws}
    return layers[
        st.selectbox(
            text("data.layer"),
            list(layers),
            key="layer",
            placeholder=text("app.select"),
        )
    ]


def ask_datum(text: Words, key: str, *, start: str | None = None, stated: str = "") -> str | None:
    """Ask for a file's coordinate system; None, with a word on the page, while it is not settled.

    Parameters
    ----------
    text : Words
    key : str
        Of the upload.
    start : str, optional
        The one that is proven.
    stated : str
        What the file says; where it says something, that is offered first.

    Raises
    ------
    GeometryError
        When what was typed is no coordinate system.
    """
    options = [*((STATED,) if stated else ()), *DATUMS, OTHER]
    names = {STATED: text("data.datum_stated", crs=plain(stated)), OTHER: text("data.datum_other")}
    first = STATED if stated else start
    chosen = st.radio(
        text("data.datum_question"),
        options,
        index=options.index(first) if first in options else None,
        format_func=lambda d: names.get(d) or datum_text(d, text),
        horizontal=True,
        key=f"datum_{key}",
    )
    if chosen == STATED:
        return parse_datum(stated)
    if chosen == OTHER:
        told = st.text_input(text("data.epsg"), value=start or "", key=f"epsg_{key}").strip()
        return parse_datum(told) if told else None
    if chosen is None:
        st.info(text("data.datum_ask"))
    return chosen
