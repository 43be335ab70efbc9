"""Clusters of cases: where several were raised close together, and what they are about.

A cluster says that cases lie close to each other. It does not say that they are more than the
people there would lead one to expect: that is what :mod:`analysis.hotspots` is for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral, Real
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from analysis.cluster_table import KNOWN_PLACES, USED_COLUMNS, Located, cell_keys, cluster_table
from geo.errors import ScenarioError, StudyError, first_ids
from geo.reach import EARTH_RADIUS_M, nearest, reach_pairs, unit_vectors
from geo.schema import WGS84

RAW_BELOW = 50_000
"""Places below which scikit-learn answers, so that a city's first map waits for no compiler."""

RAW_PAIRS = 60_000_000
"""Neighbours that scikit-learn may hold at once, about half a gigabyte."""

CELL_MAX_RADIUS_M = 100_000.0
CELL_MAX_LAT = 80.0
CELLS_A_RADIUS = 4
SMALL_N = 10
_TOUCH_M = 1e-6


@dataclass(frozen=True, eq=False)
class Clusters:
    """What :func:`find_clusters` found.

    Attributes
    ----------
    labels : Series of int64
        The cluster of each case on the cases' own index; −1 where it belongs to none.
    clusters : GeoDataFrame
        One row a cluster, largest first; see :func:`analysis.cluster_table.cluster_table`.
    radius_m, min_cases : float, int
        What was asked.
    method : {"raw", "cells"}
        Who answered: scikit-learn, or :mod:`analysis.cluster_kernels`. The labels are the same.
    located, unlocated, alone : int
        Cases with a point, without one, and with one but in no cluster.
    points, weights, point_labels : ndarray
        Distinct places (n, 2) in degrees, the cases at each and their cluster.
    """

    labels: pd.Series
    clusters: gpd.GeoDataFrame
    radius_m: float
    min_cases: int
    method: str
    located: int
    unlocated: int
    alone: int
    points: np.ndarray
    weights: np.ndarray
    point_labels: np.ndarray


def find_clusters(
    cases: gpd.GeoDataFrame, *, radius_m: float, min_cases: int, small_n: int = SMALL_N
) -> Clusters:
    """Group cases that lie close together (DBSCAN) and describe each group.

    Parameters
    ----------
    cases : GeoDataFrame of Point or none, EPSG:4326
        The cases table; only the geometry is needed. Rows without a point get label −1.
    radius_m : float
        Cases this many metres apart or nearer (great circle, limit included) are neighbours.
    min_cases : int
        A case with at least this many cases within the radius, itself counted, makes a cluster.
    small_n : int
        Clusters of fewer cases are flagged ``small_n``.

    Returns
    -------
    Clusters

    Raises
    ------
    ScenarioError
        ``clusters.radius`` or ``clusters.min_cases``: not a positive number.
    StudyError
        ``clusters.geometry``, ``clusters.crs``, ``clusters.not_points``, ``clusters.degrees`` or
        ``clusters.id_twice``.

    Notes
    -----
    Distances are chords between unit vectors, so that the radius is exact anywhere on the sphere
    and needs no projection. Cases at one and the same place are one weighted point, which changes
    no label. Below 50,000 places scikit-learn labels them, beyond that (or where it would have to
    hold more than 60 million neighbours) :mod:`analysis.cluster_kernels` does; both are exact
    DBSCAN and give the same labels. Cases are taken in the order of their ids, so a case on the
    border of two clusters joins the one whose first core case has the smaller id, and shuffling
    changes nothing. Labels run from the largest cluster down; equal sizes by their smallest case
    id. Time is O(n log n), and about 400 bytes a case. Nothing here is a test of significance.

    References
    ----------
    Ester, Kriegel, Sander & Xu 1996, A density-based algorithm for discovering clusters in large
    spatial databases with noise, KDD-96, 226–231.

    Examples
    --------
    >>> at = gpd.points_from_xy([118.6, 118.6001, 118.9], [24.9, 24.9, 24.9])
    >>> found = find_clusters(gpd.GeoDataFrame(geometry=at, crs=4326), radius_m=50, min_cases=2)
    >>> found.labels.tolist(), found.alone
    ([0, 0, -1], 1)
    """
    _check_settings(radius_m, min_cases)
    lonlat, has_point = _case_points(cases)
    rows = _rows_by_id(cases.index, has_point)
    places, place_of, weights = _distinct(lonlat[rows])
    place_labels, method = _label_places(places, weights, radius_m, min_cases)
    found = _by_size(place_labels, place_of, weights)
    labels = np.full(len(cases), -1, dtype=np.int64)
    labels[rows] = found[place_of]
    used = pd.DataFrame(cases[[c for c in USED_COLUMNS if c in cases]])
    located = Located(used.iloc[rows], lonlat[rows], found[place_of])
    return Clusters(
        labels=pd.Series(labels, index=cases.index, name="cluster"),
        clusters=cluster_table(located, cell_m=radius_m / CELLS_A_RADIUS, small_n=small_n),
        radius_m=float(radius_m),
        min_cases=int(min_cases),
        method=method,
        located=len(rows),
        unlocated=len(cases) - len(rows),
        alone=int((labels[rows] < 0).sum()),
        points=places,
        weights=weights,
        point_labels=found,
    )


def _check_settings(radius_m: float, min_cases: int) -> None:
    if not isinstance(radius_m, Real) or not (math.isfinite(radius_m) and radius_m > 0):
        raise ScenarioError(
            "clusters.radius",
            f"radius_m is {radius_m!r}; give a number of metres above 0.",
            value=radius_m,
        )
    whole = isinstance(min_cases, Integral) and not isinstance(min_cases, bool)
    if not whole or min_cases < 1:
        raise ScenarioError(
            "clusters.min_cases",
            f"min_cases is {min_cases!r}; give a whole number of cases, at least 1.",
            value=min_cases,
        )


def _case_points(cases: gpd.GeoDataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return lon/lat of every case (n, 2), NaN without a point, and whether it has one."""
    if not isinstance(cases, gpd.GeoDataFrame) or cases._geometry_column_name not in cases:
        raise StudyError("clusters.geometry", "The cases have no geometry column; give one.")
    crs = cases.crs
    if crs is None or not crs.equals(WGS84, ignore_axis_order=True):
        raise StudyError(
            "clusters.crs", f"The cases are not in WGS-84 ({crs}); convert them.", crs=str(crs)
        )
    if not cases.index.is_unique:
        twice = cases.index[cases.index.duplicated()].unique()
        raise StudyError(
            "clusters.id_twice",
            f"{len(twice)} case id(s) stand twice ({first_ids(twice)}); ids are unique.",
            count=len(twice),
            ids=first_ids(twice),
        )
    shapes = cases.geometry.to_numpy()
    has_point = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    shapes = np.where(has_point, shapes, None)  # an empty point has no x to ask for
    _refuse(cases.index, has_point & (shapely.get_type_id(shapes) != 0), "not_points", "no points")
    lonlat = np.column_stack([shapely.get_x(shapes), shapely.get_y(shapes)])
    outside = ~((np.abs(lonlat[:, 0]) <= 180) & (np.abs(lonlat[:, 1]) <= 90))
    _refuse(cases.index, has_point & outside, "degrees", "outside ±180° and ±90°")
    return lonlat, has_point


def _refuse(ids: pd.Index, bad: np.ndarray, kind: str, text: str) -> None:
    if bad.any():
        count, named = int(bad.sum()), first_ids(ids[bad])
        raise StudyError(
            f"clusters.{kind}",
            f"{count} case(s) are {text} ({named}); correct their geometry.",
            count=count,
            ids=named,
        )


def _rows_by_id(index: pd.Index, has_point: np.ndarray) -> np.ndarray:
    """Return the positions of the cases that have a point, in the order of their ids."""
    rows = np.flatnonzero(has_point)
    ids = index[rows]
    if not pd.api.types.is_numeric_dtype(ids.dtype):
        ids = ids.astype(str)
    if ids.is_monotonic_increasing:
        return rows
    return rows[np.asarray(ids.argsort())]


def _distinct(lonlat: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return distinct places in order of first appearance, each row's place, cases a place."""
    key = np.ascontiguousarray(lonlat + 0.0).view(np.complex128).ravel()
    codes, places = pd.factorize(key)
    points = np.column_stack([places.real, places.imag])
    return points, codes, np.bincount(codes, minlength=len(points)).astype(np.int64)


def _label_places(
    places: np.ndarray, weights: np.ndarray, radius_m: float, min_cases: int
) -> tuple[np.ndarray, str]:
    """Return DBSCAN's label of every place and who computed it."""
    if len(places) == 0:
        return np.empty(0, dtype=np.int64), "raw"
    reach = _chord_m(radius_m)
    if suits_cells(places, radius_m) and _is_many(places, reach):
        from analysis.cluster_kernels import cell_labels  # a city's first map needs no compiler

        return cell_labels(places, weights, reach, int(min_cases)), "cells"
    from sklearn.cluster import DBSCAN  # 0.6 s of loading that no other page should wait for

    model = DBSCAN(eps=reach, min_samples=min_cases, algorithm="kd_tree")
    model.fit(unit_vectors(places) * EARTH_RADIUS_M, sample_weight=weights)
    return model.labels_.astype(np.int64), "raw"


def suits_cells(lonlat: np.ndarray, radius_m: float) -> bool:
    """Tell whether cells work here: away from poles and antimeridian, a radius up to 100 km.

    Parameters
    ----------
    lonlat : array, shape (n, 2)
        Degrees.
    radius_m : float
    """
    if radius_m > CELL_MAX_RADIUS_M or np.abs(lonlat[:, 1]).max() > CELL_MAX_LAT:
        return False
    reach_deg = np.degrees(radius_m / EARTH_RADIUS_M) / np.cos(np.radians(CELL_MAX_LAT + 1))
    return bool(np.abs(lonlat[:, 0]).max() + reach_deg < 180)


def _chord_m(distance_m: float) -> float:
    """Return the straight line through the earth that belongs to a great-circle distance."""
    half = min(distance_m / (2 * EARTH_RADIUS_M), math.pi / 2)
    return 2 * EARTH_RADIUS_M * math.sin(half) + _TOUCH_M


def _is_many(places: np.ndarray, reach_m: float) -> bool:
    """Tell whether there are more places, or neighbours, than scikit-learn should hold."""
    if len(places) >= RAW_BELOW:
        return True
    if len(places) ** 2 <= RAW_PAIRS:
        return False
    tree = cKDTree(unit_vectors(places) * EARTH_RADIUS_M)
    return bool(tree.count_neighbors(tree, reach_m) > RAW_PAIRS)


def _by_size(place_labels: np.ndarray, place_of: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Renumber the labels by size, then by the first of the cases in their id order."""
    inside = place_labels >= 0
    if not inside.any():
        return place_labels
    sizes = np.bincount(place_labels[inside], weights[inside])
    # Places stand in the order of their smallest case id, so the first place decides.
    first = np.full(len(sizes), len(place_labels))
    np.minimum.at(first, place_labels[inside], np.flatnonzero(inside))
    rank = np.empty(len(sizes), dtype=np.int64)
    rank[np.lexsort((first, -sizes))] = np.arange(len(sizes))
    return np.where(inside, rank[place_labels], -1)


def describe_clusters(
    found: Clusters, demand: gpd.GeoDataFrame, rooms: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Set each cluster against the people who live around it and name its nearest room.

    Parameters
    ----------
    found : Clusters
        From :func:`find_clusters`.
    demand : GeoDataFrame of Point
        The demand table: ``people``, and ``group`` where there is one (only residents count).
    rooms : GeoDataFrame of Point or none
        The rooms table; closed rooms and rooms without a point cannot be the nearest.

    Returns
    -------
    GeoDataFrame
        ``found.clusters`` with ``area_cases`` (all located cases in the cluster's surroundings),
        ``residents`` there, ``residents_known_share`` of them on points whose place is reported or
        registered, ``expected`` cases at the city's rate, ``rate_per_10k``, ``relative_risk``
        (that rate over the rate everywhere else; inf where no case lies elsewhere),
        ``nearest_room_id`` and ``nearest_room_m`` from the cluster's mean place (metres; inf
        where no room has a point).

    Notes
    -----
    The surroundings are what lies within the radius of a cell that holds the cluster's cases;
    cases and residents are counted over the same ground, so the rate is not lifted by drawing
    the line around the cases. NaN where no resident is known there. A relative risk near 1 says
    that many people live there, not that there is much to report; a high one is a reason to look
    and no proof: see :func:`analysis.hotspots.scan`. Cost is the pairs of neighbouring cells.
    """
    table = found.clusters.copy()
    ground = _ground(found)
    inside, known, total = _residents_near(found, ground, demand)
    area = _cases_near(found, ground)
    outside_cases, outside_people = found.located - area, total - inside
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(inside > 0, area / inside, np.nan)
        elsewhere = np.where(outside_people > 0, outside_cases / outside_people, np.nan)
        known_share = np.where(inside > 0, known / inside, np.nan)
        risk = rate / elsewhere
    table["area_cases"] = area
    table["residents"] = inside
    table["residents_known_share"] = known_share
    table["expected"] = inside * found.located / total if total > 0 else np.nan
    table["rate_per_10k"] = rate * 10_000
    table["relative_risk"] = risk
    open_rooms = rooms[rooms["is_open"].astype(bool)] if "is_open" in rooms else rooms
    open_rooms = open_rooms[~(open_rooms.geometry.isna() | open_rooms.geometry.is_empty)]
    position, metres = nearest(table[["lon", "lat"]].to_numpy(), _lonlat(open_rooms))
    names: list[str | None] = [*open_rooms.index.astype(str), None]
    table["nearest_room_id"] = pd.array([names[at] for at in position], dtype="str")
    table["nearest_room_m"] = metres
    return table


def _lonlat(frame: gpd.GeoDataFrame) -> np.ndarray:
    return np.column_stack([frame.geometry.x, frame.geometry.y])


class _Ground(NamedTuple):
    """The mean place of each cluster's cases in each cell, its label and its cases."""

    middle: np.ndarray
    label: np.ndarray
    load: np.ndarray


def _ground(found: Clusters) -> _Ground:
    cell = pd.factorize(cell_keys(found.points, found.radius_m / CELLS_A_RADIUS))[0]
    labels = len(found.clusters) + 1
    part, kept = pd.factorize(cell * labels + found.point_labels + 1)
    load = np.bincount(part, found.weights)
    middle = [np.bincount(part, found.weights * found.points[:, i]) / load for i in range(2)]
    return _Ground(np.column_stack(middle), kept % labels - 1, load)


def _touches(found: Clusters, ground: _Ground, lonlat: np.ndarray) -> csr_array:
    """Return 1 where a point (row) lies in the surroundings of a cluster (column)."""
    own = ground.label >= 0
    pairs = reach_pairs(lonlat, ground.middle[own], found.radius_m)
    pairs.data = np.ones_like(pairs.data)
    shape = (int(own.sum()), len(found.clusters))
    entries = (np.ones(shape[0]), (np.arange(shape[0]), ground.label[own]))
    touches = csr_array(pairs @ csr_array(entries, shape=shape))
    touches.data = np.ones_like(touches.data)
    return touches


def _cases_near(found: Clusters, ground: _Ground) -> np.ndarray:
    near = _touches(found, ground, ground.middle).T @ ground.load
    return np.asarray(near).round().astype(np.int64)


def _residents_near(
    found: Clusters, ground: _Ground, demand: gpd.GeoDataFrame
) -> tuple[np.ndarray, np.ndarray, float]:
    """Return residents near each cluster (NaN where none is known), those on known points, all."""
    people = demand["people"].to_numpy(dtype=float)
    counted = ~np.isnan(people)
    if "group" in demand:
        counted &= (demand["group"] == "resident").to_numpy(dtype=bool)
    rows, people = demand[counted], people[counted]
    touches = _touches(found, ground, _lonlat(rows)).T
    near = np.where(touches @ np.ones(len(people)) > 0, touches @ people, np.nan)
    if "location_basis" not in rows:
        return near, np.full(len(near), np.nan), float(people.sum())
    surely = rows["location_basis"].isin(KNOWN_PLACES).to_numpy(dtype=bool)
    return near, touches @ np.where(surely, people, 0.0), float(people.sum())
