"""What a user brings in place of the study's own people, roads or outlines."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import streamlit as st

from geo.errors import RoomplanError
from ui import state
from ui.data_desk import Desk
from ui.escape import plain

OF_EVERY_UPLOAD = ("upload", "told", "report", "mend")


def in_force(
    desk: Desk, part: str, told: str, *, icon: str, remove: Callable[[], object] | None
) -> None:
    """Say what is in force and what was just done, and offer the way back.

    Parameters
    ----------
    desk : Desk
    part : str
        What the wording and the widgets know it by.
    told : str
        What is in force.
    icon : str
    remove : callable or None
        Returns to the study's own; None where that is in force.
    """
    text = desk.text
    done = state.held(f"{part}_done")
    if done is not None:
        st.success(text(f"{part}.{done}"), icon=":material/check:")
        state.hold(f"{part}_done", None)
    left, right = st.columns([4, 1], vertical_alignment="center")
    left.info(plain(told), icon=icon)
    if remove is None or not desk.may_edit:
        return
    about = f"{part}.remove_help"
    back = right.button(
        text(f"{part}.remove"),
        help=text(about) if text.has(about) else None,
        key=f"{part}_remove",
        width="stretch",
    )
    if back:
        remove()
        state.hold(f"{part}_done", "removed")
        st.rerun()


def take(desk: Desk, part: str, save: Callable[[], object], *, held: Iterable[str]) -> None:
    """Draw the button that takes an upload, and take it.

    Parameters
    ----------
    desk : Desk
    part : str
    save : callable
        What it refuses with a RoomplanError is shown, and the upload stays.
    held : iterable of str
        What the session holds of the upload and lets go with it.
    """
    if not st.button(desk.text(f"{part}.accept"), type="primary", key=f"{part}_accept"):
        return
    try:
        with st.spinner(desk.text("data.saving")):
            save()
    except RoomplanError as error:
        st.error(plain(desk.text.explain(error)), icon=":material/error:")
        return
    for name in (*OF_EVERY_UPLOAD, *held):
        state.hold(name, None)
    state.hold("uploads", state.held("uploads", 0) + 1)
    state.hold(f"{part}_done", "accepted")
    st.rerun()
