"""The detour that holds at each demand point: what the study says of it, or what its roads tell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.scenario import Study
from geo.detours import DETOURS, Detour, TravelError, detours_of
from geo.pairs import Floats
from geo.reach import great_circle_m
from geo.units import ancestors

TERRAIN = "plain"
"""The terrain of places of which the study says nothing."""

LEAST_PAIRS = 30
"""Fewer pairs of a county whose way is known by road tell nothing of its other ways."""


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


def learned(
    detours: pd.DataFrame,
    study: Study,
    by_road: pd.DataFrame,
    demand_lonlat: Floats,
    room_lonlat: Floats,
) -> pd.DataFrame:
    """Put what roads tell in place of the detours of counties that have enough of them.

    Parameters
    ----------
    detours : DataFrame
        As :func:`detours_at` gives them.
    study : Study
    by_road : DataFrame
        :func:`geo.roads.nearest_by_road` of the same demand, in metres.
    demand_lonlat, room_lonlat : float array, shape (n, 2)
        What it was given.

    Returns
    -------
    DataFrame
        As ``detours``. They matter where no road comes near.
    """
    known = by_road["on_road"].to_numpy()
    county = study.demand["unit_id"].map(ancestors(study.units, "county")).to_numpy(dtype=object)
    straight = np.full(len(by_road), np.nan)
    position = by_road["position"].to_numpy()[known]
    straight[known] = great_circle_m(demand_lonlat[known], room_lonlat[position])
    table = detours.copy()
    way = by_road["cost"].to_numpy()
    for name in pd.unique(county[known]):
        mine = known & (county == name)
        usable = mine & (straight > 0)
        if usable.sum() < LEAST_PAIRS:
            continue
        try:
            found = Detour.from_samples(straight[usable], way[usable])
        except TravelError:  # all of them live next door to a room
            continue
        everywhere = county == name
        for column in ("low", "best", "high", "source"):
            table.loc[everywhere, column] = getattr(found, column)
    return table


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
