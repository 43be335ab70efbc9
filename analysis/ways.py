"""How people get to rooms under a scenario, and whom a room's offer reaches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array

from analysis.detours import detours_at, learned
from analysis.scenario import Scenario, Study
from analysis.service import WHOLE, Offers, offers_of
from geo.pairs import Floats, Ints, Pairs, cheapest, within
from geo.reach import great_circle_m, reach_pairs
from geo.roads_classes import WAY_KMH
from geo.roads_kept import KeptRoads
from geo.travel import nearest_way, spread_over, way_pairs, with_roads
from geo.units import ancestors

BOUNDS = ("low", "best", "high")

NEW_LEVEL = "village"
"""The level of the room that a candidate site would become."""

_EDGE = 1 + 1e-12
"""Pairs are looked for this far beyond the limit, so that one rule alone says what is within."""


@dataclass(frozen=True, eq=False)
class Ways:
    """The ways of one study's people under one scenario.

    Parameters
    ----------
    demand, units : GeoDataFrame
    lonlat : float array, shape (n_demand, 2)
    scenario : Scenario
    detours : DataFrame
        Of :func:`analysis.detours.detours_at`; learned from roads where there are enough.
    roads : KeptRoads or None
    """

    demand: gpd.GeoDataFrame
    units: gpd.GeoDataFrame
    lonlat: Floats
    scenario: Scenario
    detours: pd.DataFrame
    roads: KeptRoads | None

    @property
    def straight(self) -> bool:
        """Whether limits in metres are of the straight line, not of the way."""
        return self.scenario.measure == "straight"

    @property
    def minutes_a_metre(self) -> float:
        """How long a metre of way takes where no road is known."""
        return 0.06 / WAY_KMH[self.scenario.mode]

    def offers(self, places: pd.DataFrame) -> Offers:
        """Return what places offer; sites, which have no level, are rooms-to-be of villages."""
        if "level" not in places:
            places = places.assign(level=NEW_LEVEL)
        scenario = self.scenario
        base = {"urban": (scenario.limit_urban_m, "m"), "rural": (scenario.limit_rural_m, "m")}
        if scenario.minutes:
            base = dict.fromkeys(base, (scenario.minutes, "min"))
        return offers_of(places, self.demand, base=base, rules=scenario.rules)

    def limit_m(self, places: pd.DataFrame, rows: Ints) -> Floats:
        """Return the straight line up to which each place serves one demand row, by best detour.

        NaN where the place serves that person's whole unit instead.
        """
        offers = self.offers(places)
        limit, unit = (of[offers.rooms, offers.people[rows]] for of in (offers.limit, offers.unit))
        metres = np.where(unit == "min", limit / self.minutes_a_metre, limit)
        of_way = (unit == "min") | (not self.straight)
        return np.where(of_way, metres / self.detours["best"].to_numpy()[rows], metres)


class Answers(NamedTuple):
    """Whom rooms reach: one value a demand row each.

    ``position`` and ``straight_m`` are of the room nearest by the straight line (-1 and inf for
    none), ``way_m`` and ``way_min`` of the shortest and the quickest way, as best known.
    """

    position: Ints
    straight_m: Floats
    way_m: Floats
    way_min: Floats
    certain: npt.NDArray[np.bool_]
    covered: npt.NDArray[np.bool_]
    possible: npt.NDArray[np.bool_]


class Reached(NamedTuple):
    """Pairs of people and places within reach, two matrices of one pattern.

    ``metres`` holds great-circle metres, ``part`` the part of the limit that is used up: 1 is the
    limit itself.
    """

    metres: Pairs
    part: Pairs


def ways_of(study: Study, scenario: Scenario) -> Ways:
    """Return the ways of a study's people under a scenario.

    Parameters
    ----------
    study : Study
    scenario : Scenario

    Raises
    ------
    TravelError
        As :func:`analysis.detours.detours_at`.
    """
    demand = study.demand
    lonlat = np.column_stack([demand.geometry.x, demand.geometry.y]).astype(float)
    detours = detours_at(study)
    if study.roads is not None:
        detours = learned(detours, study, study.roads, mode=scenario.mode)
    return Ways(demand, study.units, lonlat, scenario, detours, study.roads)


def answer_by(ways: Ways, rooms: gpd.GeoDataFrame, whole: gpd.GeoDataFrame) -> Answers:
    """Tell who is surely, probably and possibly within reach of rooms.

    Parameters
    ----------
    ways : Ways
    rooms : GeoDataFrame
        Those that serve by distance, each with a point.
    whole : GeoDataFrame
        Those that would serve their whole unit where a rule says so, with or without a point.

    Returns
    -------
    Answers

    Notes
    -----
    With L the limit that rooms of a class c offer to people of a class q, w their way and j the
    points where people may live,

    .. math:: certain = [\\max_j \\min_c w^{high}_{cj} / L_{cq} \\le 1], \\quad
        possible = [\\min_{j, c} w^{low}_{cj} / L_{cq} \\le 1]

    so certain implies covered implies possible. Where limits are of straight lines, no way is
    shorter than that: :math:`w^{low} = w^{best}` is the line and :math:`w^{high}` the upper value.
    One nearest-neighbour query a class of rooms: O(c (n + m) log m) time, O(q n) memory.
    """
    offers = ways.offers(rooms)
    n, kinds = len(ways.demand), offers.limit.shape[1]
    part = {bound: np.full((n, kinds), np.inf) for bound in BOUNDS}
    near = _nothing(n)
    for members, limit, unit in _classes(offers):
        found = _ways_to(ways, _lonlat(rooms.iloc[members]))
        closer = found["straight_m"].to_numpy() < near.straight_m
        near = near._replace(
            position=np.where(closer, members[found["position"]], near.position),
            straight_m=np.where(closer, found["straight_m"], near.straight_m),
            way_m=np.minimum(near.way_m, found["best_m"]),
            way_min=np.minimum(near.way_min, found["best_min"]),
        )
        for q in np.flatnonzero(unit != WHOLE).tolist():
            for bound in BOUNDS:
                way = found[_column(ways, bound, str(unit[q]))].to_numpy()
                np.minimum(part[bound][:, q], way / limit[q], out=part[bound][:, q])
    own = (np.arange(n), offers.people)
    spread = ways.demand["unit_id"].where(ways.demand["location_basis"] == "modelled")
    low, high = part["low"], part["high"]
    for q in range(kinds):
        bounds = spread_over(pd.DataFrame({"low_m": low[:, q], "high_m": high[:, q]}), spread)
        low[:, q], high[:, q] = bounds["low_m"], bounds["high_m"]
    served = _served_whole(ways, whole)
    return near._replace(
        certain=(high[own] <= 1) | served,
        covered=(part["best"][own] <= 1) | served,
        possible=(low[own] <= 1) | served,
    )


def reached(
    ways: Ways, places: gpd.GeoDataFrame, *, widest: float = 1.0, rows: Ints | None = None
) -> Reached:
    """Return the pairs of people and places within reach, as best known.

    Parameters
    ----------
    ways : Ways
    places : GeoDataFrame
        Rooms that serve by distance, or candidate sites; all with points.
    widest : float
        Up to this multiple of the limit.
    rows : int array, optional
        Only these demand rows; all of them without it.

    Returns
    -------
    Reached
        Matrices of shape (n rows, n places).

    Notes
    -----
    A candidate site in a village is that village's room-to-be: where village rooms serve all of
    their unit, all who live there are pairs, at no part of a limit. Whom rooms serve as a whole
    :func:`answer_by` tells.
    """
    chosen = np.arange(len(ways.demand)) if rows is None else rows
    lonlat, points, offers = ways.lonlat[chosen], _lonlat(places), ways.offers(places)
    pieces = []
    for members, limit, unit in _classes(offers):
        mine, theirs = limit[offers.people[chosen]], unit[offers.people[chosen]]
        for name in sorted(set(theirs) - {WHOLE}):
            at = np.flatnonzero(theirs == name)
            most = mine[at] * widest * _EDGE
            pairs = _pairs(ways, chosen[at], points[members], most, str(name))
            row = np.repeat(np.arange(len(at)), np.diff(pairs.indptr))
            share = pairs.data / mine[at][row]
            near = share <= widest
            pieces.append((at[row[near]], members[pairs.indices[near]], share[near]))
    if "serves_unit_id" not in places and (offers.unit == WHOLE).any():
        pieces.append(_own_villages(ways, places, offers, chosen))
    if not pieces:
        nothing = csr_array((len(chosen), len(places)), dtype=np.float64)
        return Reached(nothing, nothing.copy())
    row, column, value = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
    part = cheapest(row, column, value, (len(chosen), len(places)))
    row = np.repeat(np.arange(len(chosen)), np.diff(part.indptr))
    metres = great_circle_m(lonlat[row], points[part.indices])
    return Reached(csr_array((metres, part.indices, part.indptr), shape=part.shape), part)


def _lonlat(places: gpd.GeoDataFrame) -> Floats:
    return np.column_stack([places.geometry.x, places.geometry.y]).astype(float)


def _classes(offers: Offers) -> Iterator[tuple[Ints, Floats, npt.NDArray[np.object_]]]:
    """Yield the places, limits and units of each class."""
    for n, unit in enumerate(offers.unit):
        yield np.flatnonzero(offers.rooms == n), offers.limit[n], unit


def _nothing(n: int) -> Answers:
    far, no = np.full(n, np.inf), np.zeros(n, dtype=bool)
    return Answers(np.full(n, -1), far, far.copy(), far.copy(), no, no, no)


def _column(ways: Ways, bound: str, unit: str) -> str:
    if unit == "min":
        return f"{bound}_min"
    return "straight_m" if ways.straight and bound != "high" else f"{bound}_m"


def _ways_to(ways: Ways, points: Floats) -> pd.DataFrame:
    """Return the way to the nearest of some places, in metres and in minutes, as an interval."""
    plain = nearest_way(ways.lonlat, points, ways.detours)
    lengths = [f"{bound}_m" for bound in BOUNDS]
    # Nobody knows how long the straight line would take who comes by car: it bounds no minutes.
    slow = plain.assign(**{name: plain[name] * ways.minutes_a_metre for name in lengths})
    slow = slow.assign(straight_m=0.0)
    table = plain
    if ways.roads is not None:
        table = _by_road(ways, plain, points, "metres")
        slow = _by_road(ways, slow, points, "minutes")
    longest = table["high_m"].clip(lower=table["straight_m"])  # doors are taken onto the road
    return table.assign(
        position=plain["position"],
        straight_m=plain["straight_m"],
        high_m=longest,
        **{f"{bound}_min": slow[f"{bound}_m"] for bound in BOUNDS},
    )


def _by_road(ways: Ways, plain: pd.DataFrame, points: Floats, cost: str) -> pd.DataFrame:
    """Return ways with roads in place of detours, which still lead to who and what is off them."""
    assert ways.roads is not None
    mode = ways.scenario.mode
    found = ways.roads.nearest(ways.lonlat, points, mode=mode, cost=cost)
    table = with_roads(plain, found, ways.detours)
    people, rooms = (ways.roads.off_road(at, mode=mode, cost=cost) for at in (ways.lonlat, points))
    if people.any() or rooms.any():
        scale = ways.minutes_a_metre if cost == "minutes" else 1.0
        other = nearest_way(ways.lonlat, points[rooms], ways.detours)
        for name in (f"{bound}_m" for bound in BOUNDS):
            detour = np.where(people, plain[name], other[name] * scale)
            table[name] = np.minimum(table[name], detour)
    return table


def _pairs(ways: Ways, rows: Ints, points: Floats, most: Floats, unit: str) -> Pairs:
    """Return the pairs of some demand rows within their limits, in the limits' own unit."""
    lonlat = ways.lonlat[rows]
    if unit == "m" and ways.straight:
        return reach_pairs(lonlat, points, most)
    scale = ways.minutes_a_metre if unit == "min" else 1.0
    detoured = way_pairs(lonlat, points, most / scale, ways.detours.iloc[rows])
    detoured.data *= scale
    if ways.roads is None:
        return detoured
    mode, cost = ways.scenario.mode, "minutes" if unit == "min" else "metres"
    wide = ways.roads.pairs(ways.lonlat, points, float(most.max()), mode=mode, cost=cost)
    by_road = within(csr_array(wide[rows]), most)
    people, places = (ways.roads.off_road(at, mode=mode, cost=cost) for at in (ways.lonlat, points))
    row = np.repeat(np.arange(len(rows)), np.diff(detoured.indptr))
    off = people[rows][row] | places[detoured.indices]
    on = np.repeat(np.arange(len(rows)), np.diff(by_road.indptr))
    return cheapest(
        np.concatenate([on, row[off]]),
        np.concatenate([by_road.indices, detoured.indices[off]]),
        np.concatenate([by_road.data, detoured.data[off]]),
        by_road.shape,
    )


def _own_villages(
    ways: Ways, sites: gpd.GeoDataFrame, offers: Offers, rows: Ints
) -> tuple[Ints, Ints, Floats]:
    """Return the pairs of sites and the people of their village, where it is served as a whole."""
    lived_in = ways.demand["unit_id"].to_numpy()[rows]
    people = pd.DataFrame({"row": np.arange(len(rows)), "unit": lived_in})
    stands = pd.DataFrame({"column": np.arange(len(sites)), "unit": sites["unit_id"].to_numpy()})
    stands = stands[(stands["unit"].map(ways.units["level"]) == "village").to_numpy()]
    both = people.merge(stands, on="unit")
    row, column = both["row"].to_numpy(), both["column"].to_numpy()
    whole = offers.unit[offers.rooms[column], offers.people[rows][row]] == WHOLE
    return row[whole], column[whole], np.zeros(int(whole.sum()))


def _served_whole(ways: Ways, rooms: gpd.GeoDataFrame) -> npt.NDArray[np.bool_]:
    """Tell who lives in a unit whose rooms serve all of it."""
    offers = ways.offers(rooms)
    lived_in = ways.demand["unit_id"]
    served = np.zeros(len(lived_in), dtype=bool)
    above: Sequence[pd.Series] = ()
    for kind, unit in enumerate(offers.unit):
        people = np.isin(offers.people, np.flatnonzero(unit == WHOLE))
        if not people.any():
            continue
        above = above or [lived_in.map(ancestors(ways.units, level)) for level in _LEVELS]
        own = rooms["serves_unit_id"].to_numpy()[offers.rooms == kind]
        inside = np.logical_or.reduce([unit_id.isin(own).to_numpy() for unit_id in above])
        served |= people & inside
    return served


_LEVELS = ("county", "township", "village")
