"""What within reach means: the study's own limits beside walks of some minutes and whole units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from analysis.coverage import ANSWERS, Coverage, cover, is_context, open_rooms, share
from analysis.scenario import Scenario, Study
from analysis.service import WHOLE, ServiceRule
from analysis.ways import ways_of
from geo.units import ancestors

LEVELS = ("city", "county")


@dataclass(frozen=True)
class Standard:
    """One meaning of within reach.

    Parameters
    ----------
    name : str
        What the wording knows it by.
    minutes : float, optional
        How long people may walk, by the best way known, whatever the rules; without it the
        scenario's own limits and rules hold.
    whole_units : tuple of {"township", "county"}
        Rooms of these levels serve everybody in their unit, however far; trade rooms and outposts
        do not.
    """

    name: str
    minutes: float | None = None
    whole_units: tuple[str, ...] = ()

    def of(self, scenario: Scenario) -> Scenario:
        """Return a scenario under this standard."""
        if self.minutes is not None:
            scenario = replace(scenario, minutes=float(self.minutes), mode="walk", rules=())
        whole = tuple(ServiceRule(WHOLE, level=level) for level in self.whole_units)
        return replace(scenario, rules=(*scenario.rules, *whole))


STANDARDS = (
    Standard("own"),
    *(Standard(f"walk_{minutes}", minutes=minutes) for minutes in (5, 10, 15)),
    Standard("own_township", whole_units=("township",)),
)
"""The scenario's own limits, three walks, and township rooms for all their township."""


def compare_standards(
    study: Study, scenario: Scenario, standards: Sequence[Standard] = STANDARDS
) -> pd.DataFrame:
    """Return who is within reach under several standards, for the city and every county.

    Parameters
    ----------
    study : Study
    scenario : Scenario
        Its day, and its limits and rules where a standard has none of its own.
    standards : sequence of Standard

    Returns
    -------
    DataFrame
        One row a standard and unit, in their order, the city first: ``standard``, ``unit_id``,
        ``level``, ``name``, ``people``, and people and share certain, covered and possible.

    Notes
    -----
    One nearest-neighbour query a standard: O(k (n + m) log m) time for k standards.
    """
    rooms = open_rooms(study.rooms, scenario.as_of)
    up = {level: study.demand["unit_id"].map(ancestors(study.units, level)) for level in LEVELS}
    parts = []
    for standard in standards:
        found = cover(ways_of(study, standard.of(scenario)), rooms)
        table = pd.concat([_sums(study, found, up[level], level) for level in LEVELS])
        parts.append(table.rename_axis("unit_id").reset_index().assign(standard=standard.name))
    return pd.concat(parts, ignore_index=True)


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
