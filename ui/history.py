"""Undo and redo for what the planner demands of a plan."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ui import state
from ui.wording import Words

WIDGETS = (
    *("new", "goal", "kinds", "pin", "ban", "budget", "floor", "cases_as", "share", "seconds"),
    *("capacity", "join"),
)
TEXTS = ("own", "quota", "costs")
MOST_STEPS = 100

Past = list[dict[str, Any]]


def record() -> None:
    """Remember the settings as they stand after all widgets were drawn, if they are new."""
    now = state.remembered(WIDGETS) | {name: state.kept(name, "") for name in TEXTS}
    past, at = _past()
    if past and _same(past[at], now):
        return
    past = [*past[: at + 1], now][-MOST_STEPS:]
    state.hold("wishes_past", (past, len(past) - 1))


def button(name: str, text: Words) -> None:
    """Draw the button that steps back (``undo``) or forth (``redo``) through the settings."""
    past, at = _past()
    how = -1 if name == "undo" else 1
    st.button(
        text(f"sites.{name}"),
        key=f"wishes_{name}",
        icon=f":material/{name}:",
        disabled=not 0 <= at + how < len(past),
        on_click=step,
        args=(how,),
        width="stretch",
    )


def step(how: int) -> None:
    """Go one step back (-1) or forth (1) at the next run."""
    past, at = _past()
    to = min(max(at + how, 0), len(past) - 1)
    if to < 0:
        return
    state.hold("wishes_past", (past, to))
    put(past[to])


def put(settings: dict[str, Any]) -> None:
    """Set the plan's settings at the next run, the table of quotas included."""
    state.restore(settings, without_widget=TEXTS)
    state.hold("quotas", None)
    # A data editor keeps its reader's edits under its key: only a new key starts from the table.
    state.hold("quota_turn", state.held("quota_turn", 0) + 1)


def _past() -> tuple[Past, int]:
    return state.held("wishes_past", ([], -1))


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    # A setting that is not on the page just now, such as a target share, has not changed.
    return set(other) <= set(one) and all(one[name] == value for name, value in other.items())
