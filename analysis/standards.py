"""How the study says that people travel: the detour of each place."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.scenario import Study
from geo.detours import DETOURS, Detour, TravelError, detours_of

TERRAIN = "plain"
"""The terrain of places of which the study says nothing."""


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
