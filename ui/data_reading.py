"""An upload read once in the sandbox, with a bar and a way to stop it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from geo.intake.raw import RawTable, read_file
from ui import state
from ui.wording import Words


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
    return layers[st.selectbox(text("data.layer"), list(layers), key="layer")]
