"""Which unit each cell of a raster belongs to: exactly, and fast where no boundary is near.

The rule is that of :func:`geo.units.assign_units`, asked of the cell's centre. A square of cells
that no outline crosses has one answer for all of them; only the others are asked cell by cell.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.schema import WGS84
from geo.units import ancestors, assign_units

Bools: TypeAlias = npt.NDArray[np.bool_]
Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
Axis: TypeAlias = npt.NDArray[np.floating[Any]]
Place: TypeAlias = Callable[[Axis, Axis], tuple[Floats, Floats]]
"""Column and row of a raster (0.5, 0.5 is the first cell's centre) to longitude and latitude."""

SQUARES = (16, 4)
_PIECE_DEG = 0.002
_AT_ONCE = 400_000
_SHORTEST_DEGREE_M = 50_000.0  # of longitude, at 63 degrees


class CellUnits:
    """The units of a study, prepared for the cells of one raster.

    Parameters
    ----------
    units : GeoDataFrame
        The units table, EPSG:4326.
    place : callable
        Where the raster's columns and rows lie.
    nearest_m : float
        How far outside every outline a cell's centre may lie and still count for the nearest.
        Generalised outlines lose coast and islands; but across a land border other people's
        cells begin at once.

    Notes
    -----
    The level asked is the township, or the lowest one above it that has outlines. A cell inside a
    context unit goes nowhere. Where villages of its unit have outlines and one holds the centre,
    the cell is that village's.
    """

    def __init__(self, units: gpd.GeoDataFrame, place: Place, *, nearest_m: float = 0.0) -> None:
        has = units.geometry.notna() & ~units.geometry.is_empty
        levels = [v for v in ("township", "county", "city") if (has & (units["level"] == v)).any()]
        self.level = levels[0] if levels else "city"
        self._units = units
        self._upper = units[units["level"] != "village"]
        context = units.get("is_context", pd.Series(False, index=units.index)).fillna(False)
        context = context.astype(bool)
        self._top = _Outlines(units, has & (units["level"] == self.level) & ~context)
        self._villages = _Outlines(units, has & (units["level"] == "village"))
        above = ancestors(units, self.level).iloc[self._villages.code]
        self._above = units.index.get_indexer(pd.Index(above))
        drawn = has & ((units["level"] == self.level) | (units["level"] == "village") | context)
        self._edges = _edge_tree(units.geometry[drawn].to_numpy())
        self._place = place
        self._nearest_m = nearest_m

    def of(self, row: Ints, col: Ints) -> Ints:
        """Return the position of each cell's unit in ``units``; -1 where it has none.

        Parameters
        ----------
        row, col : ndarray of int, shape (n,)

        Returns
        -------
        ndarray of int, shape (n,)

        Notes
        -----
        A square of 16 × 16 cells whose box no edge meets is decided by one of its cells; another
        is cut into squares of 4 × 4, and of those that an edge still meets every cell is asked.
        O(cells + edges log edges), with one exact test for each cell of the squares along edges.
        """
        answer = np.full(len(row), -1, dtype=np.int64)
        left = np.arange(len(row))
        for side in SQUARES:
            if not len(left):
                break
            member, first = _squares(row[left] // side, col[left] // side)
            cell = left[first]
            box = self._boxes(row[cell] // side, col[cell] // side, side)
            crossed = _hit(self._edges, box)
            code = np.full(len(cell), -1, dtype=np.int64)
            whole = np.flatnonzero(~crossed)
            code[whole] = self._exact(row[cell[whole]], col[cell[whole]], nearest_m=0.0)
            if self._nearest_m > 0:
                outside = np.flatnonzero(~crossed & (code < 0))
                wider = self._nearest_m / _SHORTEST_DEGREE_M * np.array([-1, -1, 1, 1])
                crossed[outside] = _hit(self._edges, box[outside] + wider)
            answer[left] = code[member]
            left = left[crossed[member]]
        for start in range(0, len(left), _AT_ONCE):
            part = left[start : start + _AT_ONCE]
            answer[part] = self._exact(row[part], col[part], nearest_m=self._nearest_m)
        return answer

    def _boxes(self, row: Ints, col: Ints, side: int) -> Floats:
        """Return west, south, east, north of squares, a tenth larger for bent edges."""
        corners = [
            self._place(side * (col + right).astype(float), side * (row + down).astype(float))
            for right in (0, 1)
            for down in (0, 1)
        ]
        lon, lat = (np.array(axis) for axis in zip(*corners, strict=True))
        low = np.column_stack([lon.min(axis=0), lat.min(axis=0)])
        high = np.column_stack([lon.max(axis=0), lat.max(axis=0)])
        slack = 0.1 * (high - low)
        return np.hstack([low - slack, high + slack])

    def _exact(self, row: Ints, col: Ints, *, nearest_m: float) -> Ints:
        points = shapely.points(*self._place(col + 0.5, row + 0.5))
        tree = shapely.STRtree(points)
        code = np.full(len(points), -1, dtype=np.int64)
        cell, outline = self._top.holding(tree)
        _put_first(code, cell, self._top.code[outline])
        left = np.flatnonzero(code < 0)
        if nearest_m > 0 and len(left):
            lost = gpd.GeoSeries(points[left], crs=WGS84)
            found = assign_units(lost, self._upper, level=self.level, nearest_m=nearest_m)
            ids = found["unit_id"]
            near = self._units.index.get_indexer(pd.Index(ids))
            code[left] = np.where(ids.isna(), -1, near)
        cell, outline = self._villages.holding(tree)
        own = (self._above[outline] == code[cell]) & (code[cell] >= 0)
        _put_first(code, cell[own], self._villages.code[outline[own]])
        return code


class _Outlines:
    """Some units' outlines in the order of their ids, with their positions in the table."""

    def __init__(self, units: gpd.GeoDataFrame, which: pd.Series) -> None:
        chosen = np.flatnonzero(which)
        order = np.argsort(units.index.to_numpy(dtype=object)[chosen], kind="stable")
        self.code: Ints = chosen[order].astype(np.int64)
        self._shapes = units.geometry.to_numpy()[self.code]

    def holding(self, points: shapely.STRtree) -> tuple[Ints, Ints]:
        """Return (point, outline) wherever a point lies in an outline or on its edge, sorted."""
        outline, point = points.query(self._shapes, predicate="intersects")
        order = np.lexsort((outline, point))
        return point[order], outline[order]


def _put_first(code: Ints, cell: Ints, units: Ints) -> None:
    """Give each cell the first of the units that hold it."""
    cells, first = np.unique(cell, return_index=True)
    code[cells] = units[first]


def _squares(down: Ints, right: Ints) -> tuple[Ints, Ints]:
    """Number the squares that hold cells; return each cell's square and each square's first cell.

    The cells lie close together, so a table of all squares is small and spares the sorting.
    """
    wide = right.max() - right.min() + 1
    key = (down - down.min()) * wide + right - right.min()
    first = np.full(key.max() + 1, -1, dtype=np.int64)
    first[key[::-1]] = np.arange(len(key))[::-1]
    there = np.flatnonzero(first >= 0)
    number = np.empty(len(first), dtype=np.int64)
    number[there] = np.arange(len(there))
    return number[key], first[there]


def _edge_tree(shapes: npt.NDArray[np.object_]) -> shapely.STRtree:
    """Return the outlines' edges in short pieces, whose boxes then say where an edge may be."""
    lines = shapely.segmentize(shapely.boundary(shapes), _PIECE_DEG)
    at, owner = shapely.get_coordinates(shapely.get_parts(lines), return_index=True)
    joined = np.flatnonzero(owner[1:] == owner[:-1])
    return shapely.STRtree(shapely.linestrings(np.stack([at[joined], at[joined + 1]], axis=1)))


def _hit(tree: shapely.STRtree, box: Floats) -> Bools:
    """Tell which boxes meet the box of an edge."""
    hit = np.zeros(len(box), dtype=bool)
    hit[tree.query(shapely.box(*box.T))[0]] = True
    return hit
