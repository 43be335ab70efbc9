"""Who is within reach of a room: people covered, the nearest room, and both by unit."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from analysis.ways import Ways, answer_by
from geo.units import ancestors

NO_RADIUS_KINDS = ("sector", "outpost")
"""Rooms of a trade, or outside the county: they count in audits and cover nobody by distance."""

ROOM_BASES = ("reported", "register", "derived", "simulated")
"""What it may rest on that a room exists."""

ANSWERS = ("certain", "covered", "possible")
"""People surely within reach, within reach by the straight line, and possibly within reach."""

COUNTS = [
    *("people", "people_certain", "people_covered", "people_possible"),
    *("people_modelled", "covered_modelled", "points_unknown"),
]


@dataclass(frozen=True, eq=False)
class Coverage:
    """Each demand point's nearest serving room, and how surely one is within reach.

    Parameters
    ----------
    nearest_room : Series of str
        Id of the room nearest by the straight line, on the demand's index; None where no room
        has a radius. A rule by which rooms serve whole units makes them no further away.
    nearest_m : Series of float
        Great-circle metres to it; inf where there is none.
    way_m, way_min : Series of float
        The shortest way to any of them in metres, and the quickest in minutes, as best known.
    covered : Series of bool
        Whether a room is within its limit, the limit included, as best known; by the straight
        line where that is what the scenario measures.
    certain : Series of bool
        Even the longest way that is likely, from wherever the people may live, is within a limit.
    possible : Series of bool
        The shortest way that is possible from somewhere they may live is within a limit.
    """

    nearest_room: pd.Series
    nearest_m: pd.Series
    way_m: pd.Series
    way_min: pd.Series
    covered: pd.Series
    certain: pd.Series
    possible: pd.Series


def open_rooms(rooms: gpd.GeoDataFrame, as_of: dt.date) -> gpd.GeoDataFrame:
    """Return the rooms that are open on a date.

    Parameters
    ----------
    rooms : GeoDataFrame
        The register; an unknown opening date counts as open since before the register began.
    as_of : date
        The day, included.

    Returns
    -------
    GeoDataFrame
        The rows with ``is_open`` whose ``opened`` is unknown or not later.
    """
    opened = pd.to_datetime(rooms["opened"])
    return rooms[rooms["is_open"].astype(bool) & ~(opened > pd.Timestamp(as_of))]


def serves_by_distance(rooms: gpd.GeoDataFrame, units: gpd.GeoDataFrame) -> pd.Series:
    """Tell which rooms cover the people around them.

    Parameters
    ----------
    rooms, units : GeoDataFrame

    Returns
    -------
    Series of bool
        On the rooms' index. False for rooms without a point, trade rooms, outposts, and rooms
        that stand in another county than the one they serve.
    """
    county = ancestors(units, "county")
    located = rooms["located_unit_id"].map(county)
    served = rooms["serves_unit_id"].map(county)
    elsewhere = located.notna() & served.notna() & (located != served)
    has_point = ~(rooms.geometry.isna() | rooms.geometry.is_empty)
    return has_point & ~rooms["kind"].isin(NO_RADIUS_KINDS) & ~elsewhere


def serves_whole(rooms: gpd.GeoDataFrame) -> pd.Series:
    """Tell which rooms serve their whole unit where a rule says so: no trade room, no outpost."""
    return ~rooms["kind"].isin(NO_RADIUS_KINDS)


def cover(ways: Ways, rooms: gpd.GeoDataFrame) -> Coverage:
    """Find each demand point's nearest room, whether one is within reach, and how sure that is.

    Parameters
    ----------
    ways : Ways
        Of the study's people under the scenario.
    rooms : GeoDataFrame
        The open ones.

    Returns
    -------
    Coverage

    Notes
    -----
    See :func:`analysis.ways.answer_by`; certain implies covered implies possible.
    """
    demand = ways.demand
    serving = rooms[serves_by_distance(rooms, ways.units)]
    found = answer_by(ways, serving, rooms[serves_whole(rooms)])
    ids = np.array([*serving.index, None], dtype=object)  # position -1 is no room
    values = {"nearest_room": ids[found.position], "nearest_m": found.straight_m}
    values |= {name: getattr(found, name) for name in ("way_m", "way_min", *ANSWERS)}
    return Coverage(
        **{name: pd.Series(of, index=demand.index, name=name) for name, of in values.items()}
    )


def coverage_by_unit(
    units: gpd.GeoDataFrame,
    demand: gpd.GeoDataFrame,
    rooms: gpd.GeoDataFrame,
    coverage: Coverage,
    *,
    level: str,
) -> pd.DataFrame:
    """Sum people, coverage, distance and rooms for every unit of a level.

    Parameters
    ----------
    units, demand : GeoDataFrame
    rooms : GeoDataFrame
        All open rooms, also those without a point or radius.
    coverage : Coverage
        Of the same demand.
    level : {"city", "county", "township"}

    Returns
    -------
    DataFrame
        Index ``unit_id``, context units left out. ``people`` is the sum of the demand, next to
        ``population`` and its basis from the units; ``modelled_share`` is the share of those
        people, and ``covered_modelled_share`` the share of the covered, who stand on modelled
        points; ``people_certain`` and ``people_possible`` bound ``people_covered``, and so do
        their shares; ``mean_m``, ``median_m``, ``p95_m`` and ``worst_m`` are over people, of the
        straight line to the nearest room, and ``mean_min`` … of the quickest way; ``worst_place``
        is where the people live who are furthest from one. ``rooms`` counts every room that
        serves the unit or a part of it, ``own_rooms`` those of its own level.

    Notes
    -----
    Rows whose people are unknown (NaN) add nothing and are counted in ``points_unknown``.
    """
    members = units[(units["level"] == level) & ~is_context(units)]
    up = ancestors(units, level)
    people = _people_by_unit(demand, coverage, demand["unit_id"].map(up))
    table = members[["name", "parent_id", "population", "population_basis"]].join(people)
    table[COUNTS] = table[COUNTS].fillna(0)
    table["people_uncovered"] = table["people"] - table["people_covered"]
    for answer in ANSWERS:
        table[f"share_{answer}"] = share(table[f"people_{answer}"], table["people"])
    table["modelled_share"] = share(table["people_modelled"], table["people"])
    table["covered_modelled_share"] = share(table["covered_modelled"], table["people_covered"])
    table = table.join(_rooms_by_unit(rooms, rooms["serves_unit_id"].map(up), table.index))
    own_level = (rooms["level"] == level) & ~rooms["kind"].isin(NO_RADIUS_KINDS)
    own = rooms.loc[own_level, "serves_unit_id"].value_counts()
    table["own_rooms"] = own.reindex(table.index).fillna(0).astype(int)
    table["people_per_room"] = share(table["people"], table["rooms"])
    table["rooms_per_10k"] = share(table["rooms"] * 10_000, table["people"])
    return table.drop(columns=["people_modelled", "covered_modelled"])


def is_context(units: gpd.GeoDataFrame) -> pd.Series:
    """Tell which units are drawn as context only and left out of every total."""
    if "is_context" not in units:
        return pd.Series(False, index=units.index)
    return units["is_context"].fillna(False).astype(bool)


def lonlat(points: gpd.GeoDataFrame) -> np.ndarray:
    """Return point geometries as an ``(n, 2)`` array of longitude and latitude in degrees."""
    return np.column_stack([points.geometry.x, points.geometry.y]).astype(float)


def share(part: pd.Series, whole: pd.Series) -> pd.Series:
    """Divide, giving NaN (unknown) where there is nothing to divide by."""
    return part / whole.where(whole != 0)


def _people_by_unit(demand: gpd.GeoDataFrame, coverage: Coverage, unit: pd.Series) -> pd.DataFrame:
    people = demand["people"].astype(float)
    modelled = demand["location_basis"] == "modelled"
    rows = pd.DataFrame(
        {
            "people": people,
            "people_certain": people.where(coverage.certain, 0.0),
            "people_covered": people.where(coverage.covered, 0.0),
            "people_possible": people.where(coverage.possible, 0.0),
            "people_modelled": people.where(modelled, 0.0),
            "covered_modelled": people.where(coverage.covered & modelled, 0.0),
            "points_unknown": people.isna().astype(float),
        }
    )
    sums = rows.groupby(unit).sum()
    metres = costs_by_unit(people, coverage.nearest_m, unit, place=demand["unit_id"])
    minutes = costs_by_unit(people, coverage.way_min, unit)
    worst = metres.pop("place").rename("worst_place")
    return sums.join(metres.add_suffix("_m")).join(minutes.add_suffix("_min")).join(worst)


def costs_by_unit(
    people: pd.Series, cost: pd.Series, unit: pd.Series, *, place: pd.Series | None = None
) -> pd.DataFrame:
    """Return the mean, median, 95th percentile and largest cost of reaching a room, by unit.

    Parameters
    ----------
    people : Series of float
        The weights; rows with none or unknown people are passed over.
    cost : Series of float
        Metres or minutes, on the same index; inf where no room is.
    unit : Series of str
        Whom each row belongs to; NaN for nobody.
    place : Series of str, optional
        Where each row is; of several that are as far, the first by name is the worst.

    Returns
    -------
    DataFrame
        Index: the units. ``mean``, ``median``, ``p95``, ``worst`` and, with places, ``place``,
        that of the worst. A quantile is the first cost within which the share of the people is.

    Notes
    -----
    One sort: O(n log n).
    """
    lived = (people > 0).to_numpy() & unit.notna().to_numpy()
    group, names = pd.factorize(unit[lived])
    where, places = pd.factorize((unit if place is None else place)[lived], sort=True)
    order = np.lexsort((where, -cost.to_numpy(np.float64)[lived], group))[::-1]
    group, where = group[order], where[order]
    weight, values = people.to_numpy(np.float64)[lived][order], cost.to_numpy(np.float64)[lived]
    values = values[order]
    first = np.flatnonzero(np.diff(group, prepend=-1))
    last = np.append(first[1:], len(group))[: len(first)] - 1
    total = np.add.reduceat(weight, first)
    running = np.cumsum(weight)
    table = {"mean": np.add.reduceat(values * weight, first) / total}
    for name, part in (("median", 0.5), ("p95", 0.95)):
        wanted = running[first] - weight[first] + part * total
        reached = np.searchsorted(running, wanted - 1e-12 * running[-1:], side="left")
        table[name] = values[np.minimum(reached, last)]
    table["worst"] = values[last]
    found = pd.DataFrame(table, index=names[group[first]])
    return found if place is None else found.assign(place=places[where[last]].to_numpy())


def _rooms_by_unit(rooms: gpd.GeoDataFrame, unit: pd.Series, index: pd.Index) -> pd.DataFrame:
    no_point = rooms.geometry.isna() | rooms.geometry.is_empty
    table = pd.DataFrame({"rooms": unit.value_counts()})
    for basis in ROOM_BASES:
        table[f"rooms_{basis}"] = unit[rooms["basis"] == basis].value_counts()
    table["rooms_without_point"] = unit[no_point].value_counts()
    return table.reindex(index).fillna(0).astype(int)
