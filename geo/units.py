"""The administrative tree, and each point's one unit in it.

The rule for a point, in this order: the unit its row states; the unit it lies inside; of several
units it touches, the one with the smallest id; the nearest unit within a limit; none.
"""

from __future__ import annotations

from typing import TypeAlias

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.errors import RoomplanError, first_ids
from geo.reach import EARTH_RADIUS_M, great_circle_m
from geo.schema import UNIT_LEVELS, WGS84

RULES = ("stated", "inside", "boundary", "nearest", "none")
EXACT_BASES = ("reported", "census", "register")
"""What an outline must rest on before it may contradict a row."""

Bools: TypeAlias = npt.NDArray[np.bool_]
Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.intp]
Objects: TypeAlias = npt.NDArray[np.object_]

_METRES_A_DEGREE = float(np.pi / 180 * EARTH_RADIUS_M)


class UnitsError(RoomplanError, ValueError):
    """Points or unit ids that the administrative tree cannot place."""


def ancestors(units: pd.DataFrame, level: str) -> pd.Series:
    """Return the unit of one level that each unit belongs to.

    Parameters
    ----------
    units : DataFrame
        The units table: ``level`` and ``parent_id`` on the index ``unit_id``.
    level : {"city", "county", "township", "village"}
        The level asked for.

    Returns
    -------
    Series of str
        On the index of ``units``: the unit itself when it is of that level, NaN when it stands
        higher or hangs on nothing.

    Raises
    ------
    UnitsError
        An unknown level.

    Examples
    --------
    >>> tree = pd.DataFrame(
    ...     {"level": ["city", "county", "township"], "parent_id": [None, "c", "k"]},
    ...     index=["c", "k", "t"])
    >>> ancestors(tree, "county").fillna("").tolist()
    ['', 'k', 'k']
    """
    target = UNIT_LEVELS.index(_checked_level(level))
    rank = pd.Index(UNIT_LEVELS).get_indexer(pd.Index(units["level"]))
    parent = units.index.get_indexer(pd.Index(units["parent_id"]))
    above = np.arange(len(units))
    for _ in UNIT_LEVELS:
        lower = (above >= 0) & (rank[above] > target)
        above[lower] = parent[above[lower]]
    ids = units.index.to_series().array.take(above).copy()  # -1 takes the last, and is blanked
    found = pd.Series(ids, index=units.index, name=f"{level}_id")
    return found.where((above >= 0) & (rank[above] == target))


def descendants(units: pd.DataFrame, unit_id: str, *, level: str | None = None) -> pd.Index:
    """Return the ids of a unit and everything below it.

    Parameters
    ----------
    units : DataFrame
        The units table.
    unit_id : str
        Where to start; it is part of the answer.
    level : str, optional
        Keep only this level.

    Returns
    -------
    Index of str
        In the order of ``units``.

    Raises
    ------
    UnitsError
        No such unit, or an unknown level.
    """
    _known_ids(pd.Series([unit_id]), units)
    up = ancestors(units, str(units.at[unit_id, "level"]))
    below = units.index[up == unit_id]
    return below if level is None else below[units.loc[below, "level"] == _checked_level(level)]


def roll_up(
    values: pd.Series, units: pd.DataFrame, level: str, *, empty: float = np.nan
) -> pd.Series:
    """Sum values by the unit of one level that each belongs to.

    Parameters
    ----------
    values : Series of float
        On unit ids; an id may stand several times. Values of units above the level belong to no
        one unit of it and are left out.
    units : DataFrame
        The units table.
    level : {"city", "county", "township", "village"}
        The level of the sums.
    empty : float
        The sum of a unit that no value belongs to: NaN, or 0 for things that were counted.

    Returns
    -------
    Series of float
        On every unit of that level that is not context. Unknown values are left out of a sum;
        a sum of nothing but unknown values is NaN.

    Raises
    ------
    UnitsError
        Ids that are no unit, or an unknown level.

    Notes
    -----
    To count the unknown ones, roll up ``values.isna()``.
    """
    _known_ids(values.index.to_series(), units)
    above = values.index.to_series().map(ancestors(units, level)).to_numpy(dtype=object)
    of_level = units.index[(units["level"] == level) & ~_is_context(units)]
    groups = values.astype(float).groupby(above)
    sums = groups.sum(min_count=1).reindex(of_level)
    return sums.where(of_level.isin(above), empty)


def assign_units(
    points: gpd.GeoDataFrame | gpd.GeoSeries,
    units: gpd.GeoDataFrame,
    *,
    level: str = "township",
    stated: pd.Series | None = None,
    nearest_m: float = 2_000.0,
) -> pd.DataFrame:
    """Give every point the one unit it belongs to, and say by which rule.

    Parameters
    ----------
    points : GeoDataFrame or GeoSeries
        Points, EPSG:4326; a row may have none. The index may repeat.
    units : GeoDataFrame
        The units table. Context units receive nothing, and a point inside one goes nowhere.
    level : {"city", "county", "township", "village"}
        The level of the units to assign.
    stated : Series of str, optional
        In the order of ``points``: the unit a row names itself, NaN where it names none. A unit
        below the level counts for the one above it; a unit above the level (only the county is
        known) confines the search to what is below it.
    nearest_m : float
        How far a point outside every outline may be from the one it goes to, inclusive: outlines
        are generalised and lose coast and islands.

    Returns
    -------
    DataFrame
        On the index of ``points``: ``unit_id``; ``rule`` (one of :data:`RULES`); ``distance_m``,
        great-circle metres from the point to the unit's outline, 0 inside, NaN where unknown;
        ``basis``, what the unit rests on (``reported`` where the row states it, else the
        ``boundary_basis`` of the outline); ``conflict``, whether an exact outline (of
        :data:`EXACT_BASES`) puts the point elsewhere than the row states, which is flagged only:
        the stated unit stands.

    Raises
    ------
    UnitsError
        Points that are not WGS-84 points, an unknown level or one without units, stated ids that
        are no unit, a negative or unknown ``nearest_m``.

    Notes
    -----
    Points go into an STR tree that every outline queries: O((n + units) log n) time. Edges are
    straight in longitude and latitude, as files draw them; the nearest point of an outline is
    sought on a plane around each point (within 0.1 % at 2 km) and its distance taken on the sphere.

    References
    ----------
    Leutenegger, S., Lopez, M. and Edgington, J. (1997) STR: a simple and efficient algorithm for
    R-tree packing. ICDE, 497-506. doi:10.1109/ICDE.1997.582015
    """
    geometry = _checked_points(points)
    named = _checked_stated(stated, units, len(geometry))
    if not nearest_m >= 0:
        text = f"nearest_m is {nearest_m}; give a distance of 0 m or more."
        raise UnitsError("units.nearest", text, value=float(nearest_m))
    cells = units[(units["level"] == _checked_level(level)) & ~_is_context(units)].sort_index()
    if cells.empty:
        text = f"there is no unit of level {level!r} to assign points to."
        raise UnitsError("units.no_level", text, level=level)
    code = cells.index.get_indexer(named.map(ancestors(units, level)))
    rule = np.where(code >= 0, "stated", "none").astype(object)
    metres = np.full(len(geometry), np.nan)
    touching = _touching(geometry, cells)
    _place_inside(code, rule, metres, touching, _allowed(*touching, named, units, cells))
    left = np.flatnonzero((code < 0) & _has_point(geometry) & ~_in_context(geometry, units))
    _place_nearest(code, rule, metres, left, geometry, nearest_m, named, units, cells)
    _measure_stated(code, rule, metres, touching, geometry, cells)
    ids = pd.Series(cells.index.to_numpy(dtype=object)[code], dtype="str").where(code >= 0)
    basis = ids.map(units["boundary_basis"]).where(rule != "stated", "reported")
    conflict = _conflicts(named, geometry, units, level)
    answer = {"unit_id": ids, "rule": rule, "distance_m": metres, "basis": basis}
    return pd.DataFrame(answer | {"conflict": conflict}).set_index(points.index)


def _place_inside(
    code: Ints, rule: Objects, metres: Floats, touching: tuple[Ints, Ints], allowed: Bools
) -> None:
    """Give free points the cell they lie in; of several, the first in the order of ids."""
    row, cell = (part[allowed & (code[touching[0]] < 0)] for part in touching)
    rows, first, times = np.unique(row, return_index=True, return_counts=True)
    code[rows], metres[rows] = cell[first], 0.0
    rule[rows] = np.where(times > 1, "boundary", "inside")


def _place_nearest(
    code: Ints,
    rule: Objects,
    metres: Floats,
    left: Ints,
    geometry: Objects,
    nearest_m: float,
    named: pd.Series,
    units: pd.DataFrame,
    cells: gpd.GeoDataFrame,
) -> None:
    """Give points outside every outline the nearest one within the limit."""
    boxes = _boxes(geometry[left], nearest_m)
    at, cell = shapely.STRtree(cells.geometry.to_numpy()).query(boxes, predicate="intersects")
    ok = _allowed(left[at], cell, named, units, cells)
    at, cell = at[ok], cell[ok]
    clipped = shapely.intersection(cells.geometry.to_numpy()[cell], boxes[at])
    distance = _metres_between(geometry[left[at]], clipped)
    near = distance <= nearest_m
    at, cell, distance = at[near], cell[near], distance[near]
    order = np.lexsort((cell, distance, at))
    rows, first = np.unique(at[order], return_index=True)
    chosen = order[first]
    code[left[rows]], metres[left[rows]] = cell[chosen], distance[chosen]
    rule[left[rows]] = "nearest"


def _measure_stated(
    code: Ints,
    rule: Objects,
    metres: Floats,
    touching: tuple[Ints, Ints],
    geometry: Objects,
    cells: gpd.GeoDataFrame,
) -> None:
    """Measure how far the points of rows that state a unit lie from its outline."""
    row, cell = touching
    metres[row[code[row] == cell]] = 0.0
    shapes = cells.geometry.to_numpy()
    outside = np.flatnonzero((rule == "stated") & np.isnan(metres) & _has_point(geometry))
    metres[outside] = _metres_between(geometry[outside], shapes[code[outside]])


def _touching(geometry: Objects, cells: gpd.GeoDataFrame) -> tuple[Ints, Ints]:
    """Return (row, cell) of every point that lies in a cell or on its edge, sorted."""
    tree = shapely.STRtree(geometry)  # the points, because outlines are what gets prepared
    cell, row = tree.query(cells.geometry.to_numpy(), predicate="intersects")
    order = np.lexsort((cell, row))
    return row[order], cell[order]


def _allowed(
    row: Ints, cell: Ints, named: pd.Series, units: pd.DataFrame, cells: pd.DataFrame
) -> Bools:
    """Tell which (row, cell) agree with what the row states: nothing, or a unit above the cell."""
    stated = named.to_numpy(dtype=object)[row]
    allowed: Bools = pd.isna(stated)
    for level in UNIT_LEVELS:
        above = ancestors(units, level).reindex(cells.index).to_numpy(dtype=object)
        allowed = allowed | (above[cell] == stated)
    return allowed


def _conflicts(named: pd.Series, geometry: Objects, units: gpd.GeoDataFrame, level: str) -> Bools:
    """Tell which points an exact outline, at the level or above, puts elsewhere than stated."""
    conflict = np.zeros(len(geometry), dtype=bool)
    for name in UNIT_LEVELS[: UNIT_LEVELS.index(level) + 1]:
        outlined = units[(units["level"] == name) & units["boundary_basis"].isin(EXACT_BASES)]
        stated = outlined.index.get_indexer(named.map(ancestors(units, name)))
        row, cell = _touching(geometry, outlined)
        somewhere = np.isin(np.arange(len(geometry)), row)
        agrees = np.isin(np.arange(len(geometry)), row[stated[row] == cell])
        conflict |= named.map(ancestors(units, name)).notna().to_numpy() & somewhere & ~agrees
    return conflict


def _metres_between(points: Objects, shapes: Objects) -> Floats:
    """Return great-circle metres from each point to its shape, 0 inside; NaN without a shape.

    The nearest point is sought on a plane whose degrees of longitude are shortened for the
    latitude of each point.
    """
    start = shapely.get_coordinates(points)
    scale = np.column_stack([np.cos(np.radians(start[:, 1])), np.ones(len(start))])
    coordinates, owner = shapely.get_coordinates(shapes, return_index=True)
    local = (coordinates - start[owner]) * scale[owner]
    flat = shapely.set_coordinates(np.array(shapes, dtype=object), local)
    lines = shapely.shortest_line(shapely.points(np.zeros((len(start), 2))), flat)
    metres = np.full(len(start), np.nan)
    found = ~shapely.is_missing(lines)
    foot = shapely.get_coordinates(lines).reshape(-1, 2, 2)[:, 1]
    metres[found] = great_circle_m(start[found], start[found] + foot / scale[found])
    return metres


def _boxes(points: Objects, metres: float) -> Objects:
    """Return boxes in degrees that hold everything within a distance, a hair larger."""
    lon, lat = shapely.get_coordinates(points).T
    high = metres / _METRES_A_DEGREE * 1.01 + 1e-9
    wide = high / np.maximum(np.cos(np.radians(np.abs(lat) + high)), 1e-3)
    return shapely.box(lon - wide, lat - high, lon + wide, lat + high)


def _in_context(geometry: Objects, units: gpd.GeoDataFrame) -> Bools:
    row, _ = _touching(geometry, units[_is_context(units)])
    return np.isin(np.arange(len(geometry)), row)


def _has_point(geometry: Objects) -> Bools:
    return ~(shapely.is_missing(geometry) | shapely.is_empty(geometry))


def _is_context(units: pd.DataFrame) -> pd.Series:
    if "is_context" not in units:
        return pd.Series(False, index=units.index)
    return units["is_context"].fillna(False).astype(bool)


def _checked_level(level: str) -> str:
    if level not in UNIT_LEVELS:
        text = f"{level!r} is no level; take one of {', '.join(UNIT_LEVELS)}."
        raise UnitsError("units.level", text, level=level, choices=", ".join(UNIT_LEVELS))
    return level


def _known_ids(ids: pd.Series, units: pd.DataFrame) -> None:
    unknown = ids[ids.notna() & ~ids.isin(units.index)]
    if len(unknown):
        first = first_ids(unknown.unique())
        text = f"{len(unknown)} row(s) name a unit that is not in the units table: {first}."
        raise UnitsError("units.unknown", text, count=len(unknown), ids=first)


def _checked_points(points: gpd.GeoDataFrame | gpd.GeoSeries) -> Objects:
    if points.crs is None or not points.crs.equals(WGS84):
        text = f"the points' coordinates are not WGS-84 ({points.crs}); convert them first."
        raise UnitsError("units.crs", text, value=str(points.crs))
    geometry = np.array(points.geometry, dtype=object)
    bad = np.flatnonzero(~np.isin(shapely.get_type_id(geometry), (-1, 0)))
    if len(bad):
        ids = first_ids(points.index[bad])
        text = f"{len(bad)} row(s) are not points ({ids}); give one point a row."
        raise UnitsError("units.not_points", text, count=len(bad), ids=ids)
    return geometry


def _checked_stated(stated: pd.Series | None, units: pd.DataFrame, n: int) -> pd.Series:
    """Return the stated ids by position, empty cells as NaN."""
    if stated is None:
        return pd.Series(np.nan, index=range(n), dtype="str")
    if len(stated) != n:
        text = f"{len(stated)} stated unit(s) for {n} point(s); give one a point, NaN where none."
        raise UnitsError("units.stated", text, value=len(stated), count=n)
    named = stated.astype("str").str.strip().reset_index(drop=True)
    named = named.where(named != "")
    _known_ids(named, units)
    return named
