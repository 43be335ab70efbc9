"""What it would take to close a gap: the best site on the list, and how many rooms in all.

For every place with people out of reach: the candidate that would bring in most of them, the
fewest candidates that would bring in nine tenths, and, because many places have no candidate
near them, how many rooms would do if they may stand where these people live.
"""

from __future__ import annotations

from typing import TypeAlias

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.coverage import lonlat
from geo.pairs import Pairs
from geo.reach import nearest, reach_pairs

Bools: TypeAlias = npt.NDArray[np.bool_]
Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.intp]
Objects: TypeAlias = npt.NDArray[np.object_]

TARGET = 0.9
"""The share of a place's people out of reach that rooms are counted for."""

MOST_TRIES = 400
"""After so many looks at part of a choice the search for fewer rooms stops, and says so."""

_PARTS = 1e6  # of one person; whole numbers add up alike in any order, so that ties stay ties

COLUMNS = (
    *("site_id", "site_people", "near_site_id", "near_site_m", "reachable_people"),
    *("rooms_least", "rooms_enough", "rooms_people", "rooms_sites", "free_rooms"),
)


def remedies(
    demand: gpd.GeoDataFrame,
    people: pd.Series,
    sites: gpd.GeoDataFrame,
    limit_m: pd.Series,
    *,
    listed: Pairs | None = None,
) -> pd.DataFrame:
    """Return what it would take to bring each place's people within reach.

    Parameters
    ----------
    demand : GeoDataFrame
        Points whose people are out of reach; ``unit_id`` is their place.
    people : Series of float
        How many, above 0, on the demand's index.
    sites : GeoDataFrame
        Candidate sites; those without a point are passed over.
    limit_m : Series of float
        The straight line within which a room would serve each point.
    listed : csr_array, shape (points, sites), optional
        Which points a room at each site would serve, where a straight line does not say it.

    Returns
    -------
    DataFrame
        Index: the places. ``site_id`` is the candidate within the limit of most of the people and
        ``site_people`` how many, unknown where none is; ``near_site_id`` the candidate nearest to
        any of them and ``near_site_m`` how far that is; ``reachable_people`` those within the
        limit of any candidate. ``rooms_enough`` candidates (``rooms_sites``, ids joined by ``;``,
        the best first) bring in ``rooms_people``: at least :data:`TARGET` of all, or everybody
        reachable where the list does not go so far; fewer than ``rooms_least`` cannot. Both
        unknown without a candidate. ``free_rooms`` rooms at points where the people live would
        bring in :data:`TARGET`; that is enough, not proven least.

    Notes
    -----
    Each place is a small set-covering problem. A greedy choice is an upper bound; the k best
    sites counted apart are a lower one; where they differ a depth-first search decides, and the
    bounds are given where :data:`MOST_TRIES` looks do not. Modelled points make all of it an
    expectation. O(pairs) plus O(p²) for a place of p points, at most some 80 in a township.

    References
    ----------
    Toregas, C. et al. (1971) The location of emergency service facilities. Operations Research 19,
    1363-1373. doi:10.1287/opre.19.6.1363
    """
    placed, listed = _placed(demand, sites, limit_m, listed)
    # Sorted, so that the order of the rows decides no tie.
    unit, keys = (column.to_numpy(dtype=str) for column in (demand["unit_id"], demand.index))
    order = np.lexsort((keys, unit))
    places, heads = unit[order].astype(object), people.to_numpy(float)[order]
    limit = limit_m.loc[demand.index].to_numpy(float)[order]
    points, listed = lonlat(demand)[order], listed[order]
    position, metres = nearest(points, lonlat(placed))
    free = reach_pairs(points, points, limit)
    ids = np.array([*placed.index, None], dtype=object)  # position -1 is no site
    starts = [n for n in range(len(places)) if n == 0 or places[n] != places[n - 1]]
    stops = [*starts[1:], len(places)][: len(starts)]  # no place, no end
    rows = []
    for first, last in zip(starts, stops, strict=True):
        nearby = first + int(np.argmin(metres[first:last]))
        rows.append(
            _remedy(heads[first:last], *_block(listed, first, last), ids)
            | {"near_site_id": ids[position[nearby]], "near_site_m": metres[nearby]}
            | {"free_rooms": _free_rooms(heads[first:last], free, first, last)}
        )
    table = pd.DataFrame(rows, index=pd.Index(places[starts], dtype=object), columns=list(COLUMNS))
    for column in ("rooms_least", "rooms_enough", "free_rooms"):
        table[column] = table[column].astype("Int64")
    return table


def fewest(reach: Bools, people: Floats, wanted: float) -> tuple[int, Ints]:
    """Return a proven least number of sites that bring in the people wanted, and a choice of some.

    Parameters
    ----------
    reach : bool array, shape (points, sites)
        Whether a room at the site would serve the point.
    people : float array, shape (points,)
    wanted : float
        Not more than all sites together bring in.

    Returns
    -------
    least : int
        No choice of fewer sites brings in as many.
    chosen : int array
        Columns, the best first; ``len(chosen) == least`` where the answer is proven.

    Examples
    --------
    >>> reach = np.array([[1, 0, 1], [1, 0, 0], [0, 1, 1], [0, 1, 0]], dtype=bool)
    >>> least, chosen = fewest(reach, np.array([4.0, 1.0, 4.0, 1.0]), 10.0)
    >>> least, sorted(chosen.tolist())
    (2, [0, 1])
    """
    parts, enough = _in_parts(people, wanted)
    chosen = _greedy(reach, parts, enough)
    won = np.sort(parts @ reach)[::-1]
    least = min(int(np.searchsorted(np.cumsum(won), enough)) + 1, len(chosen))
    tries = [MOST_TRIES]
    while least < len(chosen):
        found = _of_size(reach, parts, enough, least, tries)
        if found is not None:
            return least, np.array(found, dtype=np.intp)
        if tries[0] <= 0:
            break
        least += 1
    return least, chosen


def _placed(
    demand: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, limit_m: pd.Series, listed: Pairs | None
) -> tuple[gpd.GeoDataFrame, Pairs]:
    """Return the sites that have a point, in the order of their ids, and whom they would serve."""
    there = np.flatnonzero(~(sites.geometry.isna() | sites.geometry.is_empty))
    there = there[np.argsort(sites.index.to_numpy(dtype=str)[there], kind="stable")]
    placed = sites.iloc[there]
    if listed is None:
        limit = limit_m.loc[demand.index].to_numpy(float)
        return placed, reach_pairs(lonlat(demand), lonlat(placed), limit)
    return placed, listed[:, there]


def _remedy(people: Floats, reach: Bools, columns: Ints, ids: Objects) -> dict[str, object]:
    """Return what the candidates do for one place."""
    if not len(columns):
        return {"reachable_people": 0.0}
    won = np.round(people @ reach, 6)
    best = int(np.argmax(won))
    everyone, reachable = float(people.sum()), float(people[reach.any(axis=1)].sum())
    least, chosen = fewest(reach, people, min(TARGET * everyone, reachable))
    return {
        "site_id": ids[columns[best]],
        "site_people": won[best],
        "reachable_people": reachable,
        "rooms_least": least,
        "rooms_enough": len(chosen),
        "rooms_people": float(people[reach[:, chosen].any(axis=1)].sum()),
        "rooms_sites": ";".join(ids[columns[chosen]]),
    }


def _free_rooms(people: Floats, near: Pairs, first: int, last: int) -> int:
    """Return how many of the place's own points suffice as rooms."""
    if last - first == 1:
        return 1
    reach = np.zeros((last - first, last - first), dtype=bool)
    begin, end = near.indptr[first], near.indptr[last]
    row = np.repeat(np.arange(last - first), np.diff(near.indptr[first : last + 1]))
    column = near.indices[begin:end] - first
    own = (column >= 0) & (column < last - first)
    reach[row[own], column[own]] = True
    return len(_greedy(reach, *_in_parts(people, TARGET * float(people.sum()))))


def _block(pairs: Pairs, first: int, last: int) -> tuple[Bools, Ints]:
    """Return some rows as a dense table over the sites that any of them reaches."""
    begin, end = pairs.indptr[first], pairs.indptr[last]
    columns, column = np.unique(pairs.indices[begin:end], return_inverse=True)
    row = np.repeat(np.arange(last - first), np.diff(pairs.indptr[first : last + 1]))
    reach = np.zeros((last - first, len(columns)), dtype=bool)
    reach[row, column] = True
    return reach, columns


def _in_parts(people: Floats, wanted: float) -> tuple[Floats, float]:
    """Return people and what is wanted of them in whole parts, the latter less the rounding."""
    return np.rint(people * _PARTS), wanted * _PARTS - len(people)


def _greedy(reach: Bools, parts: Floats, enough: float) -> Ints:
    """Return sites one by one, each that which brings in most of the people left."""
    weight = reach * parts[:, None]
    won, left, chosen, missing = weight.sum(axis=0), parts.copy(), [], enough
    while missing > 0:
        best = int(np.argmax(won))
        chosen.append(best)
        now = np.flatnonzero(reach[:, best] & (left > 0))
        missing -= float(left[now].sum())
        left[now] = 0.0
        won -= weight[now].sum(axis=0)
    return np.array(chosen, dtype=np.intp)


def _of_size(
    reach: Bools, left: Floats, wanted: float, size: int, tries: list[int]
) -> list[int] | None:
    """Return a choice of at most ``size`` sites that brings in as many, None if none was found."""
    tries[0] -= 1
    won = left @ reach
    order = np.argsort(-won, kind="stable")
    ahead = np.append(0.0, np.cumsum(won[order]))
    for place, site in enumerate(order):
        # Even the best sites from here on, counted apart, would not do.
        if ahead[min(place + size, len(order))] - ahead[place] < wanted or tries[0] <= 0:
            return None
        if won[site] >= wanted:
            return [int(site)]
        rest = np.where(reach[:, site], 0.0, left)
        further = order[place + 1 :]
        found = None
        if size > 1 and len(further):
            found = _of_size(reach[:, further], rest, wanted - won[site], size - 1, tries)
        if found is not None:
            return [int(site), *(int(further[n]) for n in found)]
    return None
