"""What within reach means: the study's own limits beside walking circles, and detours by place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import pandas as pd

from analysis.coverage import (
    ANSWERS,
    NO_RADIUS_KINDS,
    Coverage,
    cover,
    is_context,
    limits_m,
    open_rooms,
    serves_by_distance,
    share,
)
from analysis.scenario import Scenario, Study
from geo.detours import DETOURS, Detour, TravelError, detours_of
from geo.units import ancestors

LEVELS = ("city", "county")

TERRAIN = "plain"
"""The terrain of places of which the study says nothing."""

WALK_KMH = 4.0
"""How fast people walk; a working assumption. A quarter of an hour is then 1,000 m of way."""


@dataclass(frozen=True)
class Standard:
    """One meaning of within reach.

    Parameters
    ----------
    name : str
        What the wording knows it by.
    minutes : float, optional
        How long people may walk at :data:`WALK_KMH`, by the best detour of their place; without
        it the scenario's limits hold, of town and country, by straight lines.
    whole_units : tuple of {"township", "county"}
        Rooms of these levels also serve everybody in their unit, however far; trade rooms and
        outposts do not.
    """

    name: str
    minutes: float | None = None
    whole_units: tuple[str, ...] = ()


STANDARDS = (
    Standard("own"),
    *(Standard(f"walk_{minutes}", minutes=minutes) for minutes in (5, 10, 15)),
    Standard("own_township", whole_units=("township",)),
)
"""The scenario's own limits, three walking circles, and township rooms for all their township."""


def compare_standards(
    study: Study, scenario: Scenario, standards: Sequence[Standard] = STANDARDS
) -> pd.DataFrame:
    """Return who is within reach under several standards, for the city and every county.

    Parameters
    ----------
    study : Study
    scenario : Scenario
        Its day, and its limits where a standard has none of its own.
    standards : sequence of Standard

    Returns
    -------
    DataFrame
        One row a standard and unit, in their order, the city first: ``standard``, ``unit_id``,
        ``level``, ``name``, ``people``, and people and share certain, covered and possible.

    Raises
    ------
    TravelError
        As :func:`detours_at`.

    Notes
    -----
    One nearest-neighbour query a standard: O(k (n + m) log m) time for k standards.
    """
    rooms = open_rooms(study.rooms, scenario.as_of)
    up = {level: study.demand["unit_id"].map(ancestors(study.units, level)) for level in LEVELS}
    detours = detours_at(study)
    parts = []
    for standard in standards:
        found = cover_by(standard, study, scenario, rooms=rooms, detours=detours)
        table = pd.concat([_sums(study, found, up[level], level) for level in LEVELS])
        parts.append(table.rename_axis("unit_id").reset_index().assign(standard=standard.name))
    return pd.concat(parts, ignore_index=True)


def cover_by(
    standard: Standard,
    study: Study,
    scenario: Scenario,
    *,
    rooms: gpd.GeoDataFrame,
    detours: pd.DataFrame,
) -> Coverage:
    """Return who is within reach of open rooms under one standard.

    Parameters
    ----------
    standard : Standard
    study : Study
    scenario : Scenario
    rooms : GeoDataFrame
        The open ones.
    detours : DataFrame
        Of :func:`detours_at`.
    """
    demand = study.demand
    serving = rooms[serves_by_distance(rooms, study.units)]
    if standard.minutes is None:
        found = cover(demand, serving, limit_m=limits_m(demand, scenario), detours=detours)
    else:
        way = standard.minutes / 60 * WALK_KMH * 1000
        limit = pd.Series(way, index=demand.index)
        found = cover(demand, serving, limit_m=limit, detours=detours)
        found = replace(found, covered=found.nearest_m * detours["best"] <= limit)
    served = _served_whole(standard.whole_units, study, rooms)
    return replace(
        found,
        certain=found.certain | served,
        covered=found.covered | served,
        possible=found.possible | served,
    )


def _served_whole(levels: Sequence[str], study: Study, rooms: gpd.GeoDataFrame) -> pd.Series:
    lived_in = study.demand["unit_id"]
    served = pd.Series(False, index=lived_in.index)
    for level in levels:
        own = rooms[(rooms["level"] == level) & ~rooms["kind"].isin(NO_RADIUS_KINDS)]
        served |= lived_in.map(ancestors(study.units, level)).isin(own["serves_unit_id"])
    return served


def _sums(study: Study, found: Coverage, unit: pd.Series, level: str) -> pd.DataFrame:
    people = study.demand["people"].fillna(0.0)
    columns = {"people": people}
    for answer in ANSWERS:
        columns[f"people_{answer}"] = people.where(getattr(found, answer), 0.0)
    sums = pd.DataFrame(columns).groupby(unit).sum()
    units = study.units
    members = units[(units["level"] == level) & ~is_context(units)][["name", "level"]]
    table = members.join(sums)
    table[list(columns)] = table[list(columns)].fillna(0.0)
    for answer in ANSWERS:
        table[f"share_{answer}"] = share(table[f"people_{answer}"], table["people"])
    return pd.DataFrame(table)


def detours_at(study: Study) -> pd.DataFrame:
    """Return the detour that holds at each demand point, by the study's own settings.

    Parameters
    ----------
    study : Study
        ``[travel]`` in its settings may hold ``terrain``, that of every place, and
        ``[travel.units]`` that of a township, county or city by its id. A terrain is a key of
        :data:`geo.detours.DETOURS`, or its own three numbers: lower, best, upper.

    Returns
    -------
    DataFrame
        ``low``, ``best``, ``high`` and ``source`` on the demand's index.

    Raises
    ------
    TravelError
        A terrain that is neither a known name nor three numbers, or of a unit that is not there.
    """
    travel = study.settings.get("travel", {})
    named = {unit: _detour(terrain) for unit, terrain in travel.get("units", {}).items()}
    default = _detour(travel.get("terrain", TERRAIN))
    lived_in = study.demand["unit_id"]
    places = pd.Series(lived_in.unique())  # fewer than points, and each is looked up once
    at_place = detours_of(places, study.units, named, default=default).set_axis(places)
    return at_place.loc[lived_in].set_axis(lived_in.index)


def _detour(terrain: Any) -> Detour:
    if isinstance(terrain, str) and terrain in DETOURS:
        return DETOURS[terrain]
    numbers = terrain if isinstance(terrain, list) else []
    if len(numbers) != 3 or not all(type(n) in (int, float) for n in numbers):
        choices = ", ".join(DETOURS)
        raise TravelError(
            "travel.terrain",
            f"study.toml, [travel]: {terrain!r} is no terrain; choose from {choices},"
            " or give lower, best and upper detour in brackets.",
            value=terrain,
            choices=choices,
        )
    low, best, high = map(float, numbers)
    return Detour(low, best, high, "study.toml")
