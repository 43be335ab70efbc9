"""Roads in words: which are in force, what was set aside, who stands near them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from geo.roads_errors import RoadWarning
from ui.tables import percent, whole
from ui.wording import Words

OSM = "© OpenStreetMap contributors, ODbL"


def in_force(about: Mapping[str, Any] | None, text: Words) -> str:
    """Say in one sentence which roads are in force.

    Parameters
    ----------
    about : mapping or None
        ``about`` of :class:`geo.roads_kept.KeptRoads`; None for a study without roads.
    text : Words
    """
    if not about:
        return text("roads.own")
    parts = [
        text("roads.in_force", name=about["name"]),
        length(about, text),
        text("roads.made", who=about["who"], made=about["imported"]),
        about["attribution"],
    ]
    if about["has_heights"]:
        parts.insert(2, text("roads.heights_used"))
    return text("data.semicolon").join(part for part in parts if part)


def length(facts: Mapping[str, Any], text: Words) -> str:
    """Say how long roads are and how much of them hangs together."""
    numbers = {"km": whole(facts["kilometres"]), "pieces": whole(facts["pieces"])}
    return text("roads.length", **numbers, share=percent(facts["connected_share"], 1))


def lines_of(facts: Mapping[str, Any], near: Mapping[str, float], text: Words) -> list[str]:
    """Say who stands near the roads, and what was set aside or guessed.

    Parameters
    ----------
    facts : mapping
        Of :func:`geo.roads_kept.facts_of`.
    near : mapping
        Of :func:`geo.roads_kept.near_roads`.
    text : Words
    """
    shares = {which: percent(share, 1) for which, share in near.items()}
    notes = [text.explain(RoadWarning.from_row(row)) for row in facts["warnings"]]
    return [text("roads.near", **shares), *notes]


def attribution_of(given: str | None, is_osm: bool) -> str:
    """Return who must be named where roads are shown: as the user says, or OpenStreetMap."""
    return (given or "").strip() or (OSM if is_osm else "")
