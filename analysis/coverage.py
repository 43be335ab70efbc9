"""Who is within reach of a room: people covered, the nearest room, and both by unit."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from analysis.scenario import Scenario
from geo.detours import DETOURS, Detour
from geo.travel import nearest_way, spread_over
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
    """Each demand point's nearest serving room, and how surely it is within the limit.

    Parameters
    ----------
    nearest_room : Series of str
        Room id on the demand's index; None where no room serves by distance.
    nearest_m : Series of float
        Great-circle metres to it; inf where there is none.
    covered : Series of bool
        ``nearest_m <= limit_m``, the limit included.
    limit_m : Series of float
        The limit that held at each demand point.
    certain : Series of bool
        Even the longest way that is likely, from wherever the people may live, is within the limit.
    possible : Series of bool
        The straight line from somewhere they may live is within the limit.
    """

    nearest_room: pd.Series
    nearest_m: pd.Series
    covered: pd.Series
    limit_m: pd.Series
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


def limits_m(demand: gpd.GeoDataFrame, scenario: Scenario) -> pd.Series:
    """Return the limit that holds at each demand point, by its setting.

    Parameters
    ----------
    demand : GeoDataFrame
    scenario : Scenario

    Returns
    -------
    Series of float
        Metres, on the demand's index.
    """
    by_setting = {"urban": scenario.limit_urban_m, "rural": scenario.limit_rural_m}
    return demand["setting"].map(by_setting).astype(float)


def cover(
    demand: gpd.GeoDataFrame,
    rooms: gpd.GeoDataFrame,
    *,
    limit_m: pd.Series,
    detours: Detour | pd.DataFrame = DETOURS["plain"],
) -> Coverage:
    """Find each demand point's nearest room, whether it is within the limit, and how sure that is.

    Parameters
    ----------
    demand : GeoDataFrame
        Points with people.
    rooms : GeoDataFrame
        The rooms that serve by distance, each with a point, taken to stand where it is drawn.
    limit_m : Series of float
        Metres, on the demand's index.
    detours : Detour or DataFrame
        One for all, or :func:`geo.detours.detours_of` of the demand; only the upper values count.

    Returns
    -------
    Coverage

    Notes
    -----
    The standard is a straight line d, so ``covered`` is :math:`d \\le L`. No way is shorter than a
    straight line and none is likely to be longer than :math:`f_{high} d`, so with the smallest and
    largest over all points that the people of a modelled point may live at,

    .. math:: certain = [\\max_i f_i d_i \\le L], \\qquad possible = [\\min_i d_i \\le L]

    and certain implies covered implies possible. One nearest-neighbour query on the sphere:
    O((n + m) log m) time, O(n + m) memory.
    """
    ways = nearest_way(lonlat(demand), lonlat(rooms), detours).set_axis(demand.index)
    ids = np.array([*rooms.index, None], dtype=object)  # position −1 is no room
    nearest_m = ways["straight_m"].rename("nearest_m")
    modelled = demand["location_basis"] == "modelled"
    bounds = spread_over(ways.assign(low_m=nearest_m), demand["unit_id"].where(modelled))
    return Coverage(
        nearest_room=pd.Series(ids[ways["position"]], index=demand.index, name="nearest_room"),
        nearest_m=nearest_m,
        covered=(nearest_m <= limit_m).rename("covered"),
        limit_m=limit_m.rename("limit_m"),
        certain=(bounds["high_m"] <= limit_m).rename("certain"),
        possible=(bounds["low_m"] <= limit_m).rename("possible"),
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
        their shares; distances are means and quantiles over people, in metres. ``rooms`` counts
        every room that serves the unit or a part of it, ``own_rooms`` those of its own level.

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
    return sums.join(_distances_by_unit(people, coverage.nearest_m, unit))


def _distances_by_unit(people: pd.Series, metres: pd.Series, unit: pd.Series) -> pd.DataFrame:
    """Return people-weighted mean, median, 95th percentile and maximum distance by unit."""
    rows = pd.DataFrame({"unit": unit, "people": people, "metres": metres})
    rows = rows[(people > 0) & unit.notna()].sort_values(["unit", "metres"], kind="stable")
    by_unit = rows.groupby("unit", sort=False)
    total = by_unit["people"].sum()
    # The first distance by which the share of the unit's people is reached.
    reached = by_unit["people"].cumsum() / by_unit["people"].transform("sum")
    table = pd.DataFrame({"mean_m": (rows["metres"] * rows["people"]).groupby(rows["unit"]).sum()})
    table["mean_m"] /= total
    for name, share_reached in (("median_m", 0.5), ("p95_m", 0.95)):
        table[name] = rows[reached >= share_reached - 1e-12].groupby("unit")["metres"].first()
    table["worst_m"] = by_unit["metres"].last()
    return table


def _rooms_by_unit(rooms: gpd.GeoDataFrame, unit: pd.Series, index: pd.Index) -> pd.DataFrame:
    no_point = rooms.geometry.isna() | rooms.geometry.is_empty
    table = pd.DataFrame({"rooms": unit.value_counts()})
    for basis in ROOM_BASES:
        table[f"rooms_{basis}"] = unit[rooms["basis"] == basis].value_counts()
    table["rooms_without_point"] = unit[no_point].value_counts()
    return table.reindex(index).fillna(0).astype(int)
