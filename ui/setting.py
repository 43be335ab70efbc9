"""One number of the scenario as a widget, within the bounds that the scenario gives it."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import streamlit as st

from analysis.scenario import Scenario
from ui import state
from ui.wording import LANGUAGES, words

BOUNDS = {item.name: item.metadata for item in fields(Scenario)}


def setting(
    name: str, field: str, label: str, *, default: float, step: float, fmt: str = ""
) -> float:
    """Draw a number setting within the bounds that the scenario gives it."""
    bounds = BOUNDS[field]
    kind = bounds["kind"]
    value = st.number_input(
        label,
        min_value=bounds["least"],
        max_value=bounds["most"],
        step=kind(step),
        format=fmt or ("%.0f" if kind is float else "%d"),
        key=state.slot(name, kind(default), parse=_within(bounds)),
        help=words(state.kept("lang", LANGUAGES[0]))(f"help.{field}"),
    )
    return state.keep(name, value, kind(default))


def _within(bounds: Any) -> Any:
    def parse(text: str) -> Any:
        value = bounds["kind"](text)
        if not bounds["least"] <= value <= bounds["most"]:
            raise ValueError(text)
        return value

    return parse
