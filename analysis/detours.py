"""The detour that holds at each demand point: what the study says of it, or what its roads tell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.scenario import Study
from geo.detours import DETOURS, SHORTEST_SAMPLE_M, Detour, TravelError, detours_of
from geo.reach import great_circle_m
from geo.roads_kept import KeptRoads
from geo.units import ancestors

TERRAIN = "plain"
"""The terrain of places of which the study says nothing."""

LEAST_PAIRS = 30
"""Fewer pairs of a county whose way is known by road tell nothing of its other ways."""

_SAMPLED, _LONLAT = ("county", "township"), ["lon", "lat"]


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
    detours: pd.DataFrame, study: Study, roads: KeptRoads, *, mode: str = "walk"
) -> pd.DataFrame:
    """Put what roads tell in place of the detours of counties that have enough of them.

    Parameters
    ----------
    detours : DataFrame
        As :func:`detours_at` gives them.
    study : Study
    roads : KeptRoads
    mode : {"walk", "ebike", "drive"}

    Returns
    -------
    DataFrame
        As ``detours``. They matter where no road comes near.

    Notes
    -----
    The ways measured lead from every place where people live to the middle of the township that is
    nearest by road. They do not depend on rooms, so that another room changes no detour, and each
    place counts once, however many people or rows stand there.
    """
    homes, seats = _sample(study)
    points, middles = homes[_LONLAT].to_numpy(), seats[_LONLAT].to_numpy()
    by_road = roads.nearest(points, middles, mode=mode, cost="metres")
    known = by_road["on_road"].to_numpy()
    straight = np.zeros(len(homes))
    straight[known] = great_circle_m(points[known], middles[by_road["position"].to_numpy()[known]])
    usable = straight >= SHORTEST_SAMPLE_M
    county = study.demand["unit_id"].map(ancestors(study.units, "county"))
    table = detours.copy()
    for name, mine in homes[usable].groupby("county").indices.items():
        if len(mine) < LEAST_PAIRS:
            continue
        at = np.flatnonzero(usable)[mine]
        found = Detour.from_samples(straight[at], by_road["cost"].to_numpy()[at])
        everywhere = (county == name).to_numpy()
        for column in ("low", "best", "high", "source"):
            table.loc[everywhere, column] = getattr(found, column)
    return table


def _sample(study: Study) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return where people live, each place once, and of each township the place most in the middle.

    Both in an order of their own, whatever that of the rows.
    """
    demand = study.demand
    above = {level: demand["unit_id"].map(ancestors(study.units, level)) for level in _SAMPLED}
    homes = pd.DataFrame({**above, "lon": demand.geometry.x, "lat": demand.geometry.y}).dropna()
    homes = homes.drop_duplicates().sort_values([*_SAMPLED, *_LONLAT], ignore_index=True)
    middle = homes.groupby("township")[_LONLAT].transform("mean")
    off = ((homes[_LONLAT] - middle) ** 2).sum(axis=1)
    return homes, homes.loc[off.groupby(homes["township"]).idxmin()]


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
