"""What the planner demands of a plan: pinned and ruled-out sites, own places, quotas, budget."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import geopandas as gpd
import pandas as pd
import streamlit as st

from analysis.coverage import is_context
from analysis.scenario import OBJECTIVES, Study
from geo.schema import SITE_KINDS
from ui import frame, history, state
from ui.layers.model import Click
from ui.names import unit_names
from ui.wording import Words

Own = tuple[str, float, float]
Quota = tuple[str, int | None, int | None]
ADDING = "site_click_adds"
"""The switch with which a click on the map adds a place."""
SHORT = {
    "new": "n_new",
    "goal": "objective",
    "budget": "budget",
    "floor": "floor_share",
    "cases_as": "case_weight",
    "share": "target_share",
    "seconds": "time_limit_s",
    "capacity": "room_capacity",
    "join": "area_join_m",
}
"""Name in the link and field of the scenario."""


def wishes(study: Study, text: Words) -> dict[str, Any]:
    """Draw all settings of a plan and return them as fields of a scenario."""
    left, middle, right = st.columns([1, 1, 2])
    with left:
        n_new = frame.setting("new", "n_new", text("sites.n_new"), default=15, step=1)
    with middle:
        objective = st.selectbox(
            text("sites.objective"),
            OBJECTIVES,
            format_func=lambda name: text(f"objective.{name}"),
            key=state.slot("goal", "cover"),
            placeholder=text("app.select"),
        )
        state.keep("goal", objective, "cover")
    with right:
        kinds = _many("kinds", text("sites.kinds"), dict.fromkeys(SITE_KINDS), text, SITE_KINDS)
    found: dict[str, Any] = {"n_new": n_new, "objective": objective}
    found["kinds"] = tuple(kinds) or SITE_KINDS
    with st.expander(text("sites.argue")):
        tabs = st.tabs(
            [text(f"sites.tab_{name}") for name in ("sites", "own", "quotas", "weights")]
        )
        with tabs[0]:
            found |= _pinned(study.sites, text)
        with tabs[1]:
            found["own_sites"] = _own_places(text)
            found["required"] += tuple(place[0] for place in found["own_sites"])
        with tabs[2]:
            found |= _quotas(study, text)
        with tabs[3]:
            found |= _weights(objective, text)
    history.record()
    return found


def own_places() -> tuple[Own, ...]:
    """Return the places the planner added."""
    return tuple(_parse_own(state.kept("own", "")))


def place(lon: float, lat: float, text: Words) -> None:
    """Answer a click on the map itself: it adds a place while the switch for that is on."""
    if state.sent(ADDING):
        add_own(lon, lat, text)


def add_own(lon: float, lat: float, text: Words) -> None:
    """Add a place the planner clicked on the map."""
    places = own_places()
    taken = {name for name, _, _ in places}
    number = next(n for n in range(1, len(places) + 2) if _own_name(n, text) not in taken)
    _keep_own([*places, (_own_name(number, text), round(lon, 5), round(lat, 5))])


def move(site_id: str, lon: float, lat: float, text: Words) -> None:
    """Move a site to another place: an own place moves, any other is ruled out and replaced."""
    places = list(own_places())
    names = [name for name, _, _ in places]
    if site_id in names:
        places[names.index(site_id)] = (site_id, round(lon, 5), round(lat, 5))
        _keep_own(places)
        return
    mark(site_id, "ban")
    add_own(lon, lat, text)


def take(scenario: Mapping[str, Any]) -> None:
    """Set the page's settings to those of a kept plan at the next run."""
    own = scenario.get("own_sites", ())
    names = {name for name, _, _ in own}
    history.put(
        {
            **{short: scenario[field] for short, field in SHORT.items() if field in scenario},
            "kinds": list(scenario.get("kinds", SITE_KINDS)),
            "pin": [one for one in scenario.get("required", ()) if one not in names],
            "ban": list(scenario.get("forbidden", ())),
            "own": _own_text(own),
            "quota": _quota_text(scenario.get("quotas", ())),
            "costs": _cost_text(scenario.get("kind_costs", ())),
        }
    )


def answer(click: Click, text: Words) -> None:
    """Pick the site that was clicked; move the one whose pin was dragged."""
    if click.moved is not None:
        move(click.feature, *click.moved, text)
        return
    state.hold("site_picked", (click.layer, click.feature))


def mark(site_id: str, how: str) -> None:
    """Pin (``pin``), rule out (``ban``) or release (``free``) a site at the next run."""
    if how != "pin" and site_id in {name for name, _, _ in own_places()}:
        _keep_own([place for place in own_places() if place[0] != site_id])
        return
    for name in ("pin", "ban"):
        ids = [one for one in _ids(state.kept(name, "")) if one != site_id]
        state.later(name, [*ids, site_id] if name == how else ids)


def _pinned(sites: gpd.GeoDataFrame, text: Words) -> dict[str, tuple[str, ...]]:
    placed = sites[~(sites.geometry.isna() | sites.geometry.is_empty)]
    names = {key: f"{name} · {key}" for key, name in placed["name"].items()}
    pinned = _many("pin", text("sites.pin"), names, text, ())
    banned = _many("ban", text("sites.ban"), names, text, ())
    return {
        "required": tuple(one for one in pinned if one not in banned),
        "forbidden": tuple(banned),
    }


def _own_places(text: Words) -> tuple[Own, ...]:
    st.caption(text("sites.own_help"))
    for name, lon, lat in own_places():
        left, right = st.columns([4, 1])
        left.text(f"{name}  {lon:.5f}, {lat:.5f}")
        right.button(text("sites.remove"), key=f"remove_{name}", on_click=mark, args=(name, "free"))
    columns = st.columns([2, 2, 1], vertical_alignment="bottom")
    lon = columns[0].number_input(text("sites.lon"), -180.0, 180.0, value=None, format="%.5f")
    lat = columns[1].number_input(text("sites.lat"), -90.0, 90.0, value=None, format="%.5f")
    ready = lon is not None and lat is not None
    columns[2].button(
        text("sites.add"), disabled=not ready, on_click=add_own, args=(lon, lat, text)
    )
    # Said anew in every run: a run that a next click broke off may have lost it from the link.
    _keep_own(list(own_places()))
    return own_places()


def _quotas(study: Study, text: Words) -> dict[str, Any]:
    units = study.units
    counties = unit_names(study, text)[(units["level"] == "county") & ~is_context(units)]
    labels = {**{kind: text.choice("kind", kind) for kind in SITE_KINDS}, **counties.to_dict()}
    kept = {label: (low, high) for label, low, high in _parse_quotas(state.kept("quota", ""))}
    costs = dict(_parse_costs(state.kept("costs", "")))
    start = pd.DataFrame(
        {
            text("sites.label"): list(labels.values()),
            text("sites.least"): [kept.get(label, (None, None))[0] for label in labels],
            text("sites.most"): [kept.get(label, (None, None))[1] for label in labels],
            text("sites.cost"): [costs.get(label) for label in labels],
        },
        index=list(labels),
    ).astype({text(f"sites.{c}"): "Float64" for c in ("least", "most", "cost")})
    st.caption(text("sites.quota_help"))
    # The table it starts from must not change under the reader's edits.
    first = state.held("quotas") if state.held("quotas") is not None else start
    state.hold("quotas", first)
    edited = st.data_editor(
        first,
        hide_index=True,
        disabled=[text("sites.label")],
        width="stretch",
        height=35 * 8,
        key=f"quota_table_{state.held('quota_turn', 0)}",
    )
    quotas, prices = _read_quotas(edited, text)
    state.keep("quota", _quota_text(quotas), "")
    state.keep("costs", _cost_text(prices), "")
    budget = frame.setting("budget", "budget", text("sites.budget"), default=0, step=1)
    return {"quotas": tuple(quotas), "kind_costs": tuple(prices), "budget": float(budget)}


def _read_quotas(table: pd.DataFrame, text: Words) -> tuple[list[Quota], list[tuple[str, float]]]:
    low, high, cost = (table[text(f"sites.{c}")] for c in ("least", "most", "cost"))
    quotas: list[Quota] = [
        (label, _whole(low[label]), _whole(high[label]))
        for label in table.index
        if pd.notna(low[label]) or pd.notna(high[label])
    ]
    kinds = [kind for kind in SITE_KINDS if kind in table.index and pd.notna(cost[kind])]
    return quotas, [(kind, max(float(cost[kind]), 0.0)) for kind in kinds]


def _weights(objective: str, text: Words) -> dict[str, float]:
    found = {
        "floor_share": frame.setting(
            "floor", "floor_share", text("sites.floor"), default=0, step=0.05, fmt="%.2f"
        ),
        "case_weight": frame.setting(
            "cases_as", "case_weight", text("sites.case_weight"), default=0, step=10
        ),
    }
    found["room_capacity"] = frame.setting(
        "capacity", "room_capacity", text("sites.capacity"), default=0, step=1000
    )
    found["area_join_m"] = frame.setting(
        "join", "area_join_m", text("sites.area_join"), default=0, step=500
    )
    found["time_limit_s"] = frame.setting(
        "seconds", "time_limit_s", text("sites.time_limit"), default=20, step=5
    )
    if objective == "cover_all":
        found["target_share"] = frame.setting(
            "share", "target_share", text("sites.share"), default=0.55, step=0.05, fmt="%.2f"
        )
    return found


def _many(
    name: str, label: str, words: Mapping[str, str | None], text: Words, default: tuple[str, ...]
) -> list[str]:
    chosen = st.multiselect(
        label,
        list(words),
        format_func=lambda key: words[key] or text.choice("kind", key),
        placeholder=text("app.choose") if default else text("sites.none_picked"),
        key=state.slot(
            name, list(default), parse=lambda link: [one for one in _ids(link) if one in words]
        ),
    )
    return list(state.keep(name, chosen, list(default)))


def _ids(kept: Any) -> list[str]:
    if isinstance(kept, str):
        return [one for one in kept.split(",") if one]
    return list(kept)


def _own_name(number: int, text: Words) -> str:
    return text("sites.own_name", number=number)


def _keep_own(places: list[Own]) -> None:
    state.keep("own", _own_text(places), "")


def _own_text(places: Iterable[Own]) -> str:
    return ";".join(f"{name}@{_degrees(lon)}@{_degrees(lat)}" for name, lon, lat in places)


def _quota_text(quotas: Iterable[Quota]) -> str:
    return ";".join(f"{a}:{_blank(b)}-{_blank(c)}" for a, b, c in quotas)


def _cost_text(costs: Iterable[tuple[str, float]]) -> str:
    return ";".join(f"{kind}:{cost:.12g}" for kind, cost in costs)


def _degrees(value: float) -> str:
    """Write a coordinate to five decimals, about a metre."""
    return f"{value:.5f}".rstrip("0").rstrip(".")


def _parse_own(link: str) -> list[Own]:
    places = []
    for part in filter(None, link.split(";")):
        name, _, point = part.partition("@")
        lon, _, lat = point.partition("@")
        try:
            places.append((name, float(lon), float(lat)))
        except ValueError:
            continue
    return places


def _parse_quotas(link: str) -> list[Quota]:
    found: list[Quota] = []
    for part in filter(None, link.split(";")):
        label, _, bounds = part.partition(":")
        low, _, high = bounds.partition("-")
        if all(one.isdigit() or not one for one in (low, high)):
            found.append((label, int(low) if low else None, int(high) if high else None))
    return found


def _parse_costs(link: str) -> list[tuple[str, float]]:
    parts = (part.partition(":") for part in filter(None, link.split(";")))
    return [(kind, float(cost)) for kind, _, cost in parts if cost.replace(".", "", 1).isdigit()]


def _whole(value: Any) -> int | None:
    return None if pd.isna(value) else max(int(value), 0)


def _blank(value: int | None) -> str:
    return "" if value is None else str(value)
