"""The service standard as settings: metres or minutes, how people come, and rules for some."""

from __future__ import annotations

from typing import Any

import streamlit as st

from analysis.scenario import MODES, Scenario, Study
from analysis.service import CHOICES, WHOLE, ServiceRule
from geo.errors import ScenarioError
from ui import state
from ui.setting import setting
from ui.standard_words import rule_text
from ui.wording import Words

WALKS = (5, 10, 15)
KINDS = ("metres", "way", *(f"walk_{minutes}" for minutes in WALKS), "minutes")
ANY = ""
_BETWEEN = ";"


def standard(study: Study, start: Scenario, text: Words) -> dict[str, Any]:
    """Draw the settings of the standard and return them as fields of a scenario.

    Parameters
    ----------
    study : Study
    start : Scenario
        The study's own standard.
    text : Words
    """
    own = ("minutes" if start.minutes else "metres") if start.measure == "straight" else "way"
    kind = st.selectbox(
        text("service.title"),
        KINDS,
        format_func=lambda name: text(f"service.{name}"),
        key=state.slot("standard", own, parse=_one_of(KINDS)),
        help=text("service.help"),
        placeholder=text("app.select"),
    )
    state.keep("standard", kind, own)
    found: dict[str, Any] = {"measure": "way" if kind == "way" else "straight"}
    if kind in ("metres", "way"):
        for short, field, label in (
            ("urban", "limit_urban_m", "app.limit_urban"),
            ("rural", "limit_rural_m", "app.limit_rural"),
        ):
            found[field] = setting(
                short, field, text(label), default=getattr(start, field), step=100
            )
        found["minutes"] = 0.0
    elif kind == "minutes":
        label = text("service.minutes_label")
        default = start.minutes or float(WALKS[-1])
        found["minutes"] = setting("minutes", "minutes", label, default=default, step=5)
    else:
        found["minutes"] = float(kind.removeprefix("walk_"))
    walks = kind.startswith("walk_")
    asked = not walks and (kind == "minutes" or study.roads is not None)
    found["mode"] = _mode(start, text) if asked else ("walk" if walks else start.mode)
    found["rules"] = _rules(start, text)
    return found


def _mode(start: Scenario, text: Words) -> str:
    mode = st.selectbox(
        text("service.mode"),
        MODES,
        format_func=lambda name: text(f"mode.{name}"),
        key=state.slot("mode", start.mode, parse=_one_of(MODES)),
        placeholder=text("app.select"),
    )
    return str(state.keep("mode", mode, start.mode))


def _rules(start: Scenario, text: Words) -> tuple[ServiceRule, ...]:
    """Draw the rules, each with a button that takes it away, and a form for one more."""
    own = _BETWEEN.join(map(str, start.rules))
    now = _read(state.kept("rules", own))
    with st.expander(text("service.rules", count=len(now)), expanded=bool(now)):
        st.caption(text("service.rules_note"))
        for n, rule in enumerate(now):
            left, right = st.columns([3, 1], vertical_alignment="center")
            left.markdown(rule_text(rule, text))
            if right.button("✕", key=f"rule_{n}", help=text("service.remove")):
                _keep((*now[:n], *now[n + 1 :]), own)
        for level in ("township", "county"):
            whole = ServiceRule(WHOLE, level=level)
            label = rule_text(whole, text)
            if whole not in now and st.button(label, key=f"whole_{level}", width="stretch"):
                _keep((*now, whole), own)
        _form(now, own, text)
    return now


def _form(now: tuple[ServiceRule, ...], own: str, text: Words) -> None:
    # A form of its own for each number of rules: empty after one is added, kept after a mistake.
    with st.form(f"rule_{len(now)}", border=False):
        parts: dict[str, str] = {}
        for name, choices in CHOICES.items():
            family = {"level": "room_level"}.get(name, name)
            words = {value: text.choice(family, value) for value in choices}
            label = text(f"service.rule_{name}")
            named = {ANY: text("app.choose")} | words
            parts[name] = st.selectbox(
                label, list(named), format_func=named.__getitem__, placeholder=text("app.select")
            )
        parts["limit"] = st.text_input(
            text("service.rule_limit"), placeholder="800m / 15min / whole"
        )
        if st.form_submit_button(text("service.add"), width="stretch"):
            try:
                rule = ServiceRule.of({name: value for name, value in parts.items() if value})
            except ScenarioError:  # only the limit is typed: the rest are picked
                st.error(text("service.limit_wrong", value=parts["limit"]))
            else:
                _keep((*now, rule), own)


def _keep(rules: tuple[ServiceRule, ...], own: str) -> None:
    state.keep("rules", _BETWEEN.join(map(str, rules)), own)
    st.rerun()


def _read(kept: str) -> tuple[ServiceRule, ...]:
    """Return the rules of a link; one that cannot be read leaves the others alone."""
    found = []
    for part in filter(None, kept.split(_BETWEEN)):
        try:
            found.append(ServiceRule.of(part))
        except ScenarioError:
            continue
    return tuple(found)


def _one_of(choices: tuple[str, ...]) -> Any:
    def parse(value: str) -> str:
        if value not in choices:
            raise ValueError(value)
        return value

    return parse
