"""The people of a unit to points on the map: fixed, even, and none lost.

Where only a unit's area is known, its people are spread over points of that area that are the same
in every run. :mod:`geo.population` gives the totals.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.errors import StudyError
from geo.population import apportion

Floats = NDArray[np.float64]

# Roberts' R2 sequence steps by powers of 1/g, where g is the real root of g**3 = g + 1.
PLASTIC = 1.32471795724474602596
R2_STEP = np.array([1 / PLASTIC, 1 / PLASTIC**2])
DISC_SEGMENTS = 16  # to a quarter circle


def spread_points(area: shapely.Geometry, count: int, *, skip: int = 0) -> Floats:
    """Return a fixed number of evenly spread points in an area, the same ones every time.

    Parameters
    ----------
    area : Polygon or MultiPolygon
        In metres.
    count : int
        How many points.
    skip : int
        How many points of the sequence to leave out first, for a second set in the same area.

    Returns
    -------
    ndarray of float, shape (count, 2)
        x and y in metres, each inside the area.

    Raises
    ------
    StudyError
        ``population.no_area`` when points are wanted and the area is empty.

    Notes
    -----
    The R2 sequence over the bounding box, points outside the area dropped. Its discrepancy falls
    about as 1/n, where random points reach 1/sqrt(n). O(count × box / area).

    References
    ----------
    Roberts, M. (2018). The unreasonable effectiveness of quasirandom sequences (R2).
    Niederreiter, H. (1992). Random Number Generation and Quasi-Monte Carlo Methods. SIAM.
    doi:10.1137/1.9781611970081

    Examples
    --------
    >>> spread_points(shapely.box(0, 0, 100, 100), 3).round(1).tolist()
    [[25.5, 7.0], [1.0, 64.0], [76.5, 21.0]]
    """
    if count <= 0:
        return np.empty((0, 2))
    if area.is_empty or area.area <= 0:
        raise StudyError(
            "population.no_area",
            f"{count} point(s) are to lie in an empty area; give the unit an outline.",
            count=count,
        )
    shapely.prepare(area)
    west, south, east, north = area.bounds
    size = np.array([east - west, north - south])
    batch = int(2 * (count + skip) * size[0] * size[1] / area.area) + 16
    found = np.empty((0, 2))
    first = 1
    while len(found) < count + skip:
        steps = np.arange(first, first + batch)[:, None]
        points = np.array([west, south]) + (0.5 + steps * R2_STEP) % 1.0 * size
        inside = shapely.contains_xy(area, points[:, 0], points[:, 1])
        found = np.vstack([found, points[inside]])
        first += batch
    return found[skip : skip + count]


def area_left(cell: shapely.Geometry, taken: ArrayLike, *, parts: int) -> shapely.Geometry:
    """Return a unit's cell without a disc around each part whose place is known.

    Parameters
    ----------
    cell : Polygon or MultiPolygon
        The unit, in metres.
    taken : array_like of float, shape (k, 2)
        Where its located parts are.
    parts : int
        How many parts the unit has in all; a disc has the area of one part's fair share.

    Returns
    -------
    Polygon or MultiPolygon
        The whole cell where the discs would leave nothing.
    """
    points = np.asarray(taken, dtype=np.float64).reshape(-1, 2)
    if not len(points) or parts < 1:
        return cell
    radius = float(np.sqrt(cell.area / parts / np.pi))
    discs = shapely.buffer(shapely.points(points), radius, quad_segs=DISC_SEGMENTS)
    left = shapely.difference(cell, shapely.union_all(discs))
    polygons = [part for part in shapely.get_parts(left) if part.area > 0]
    return shapely.multipolygons(polygons) if polygons else cell


def demand_points(
    area: shapely.Geometry,
    people: pd.Series[Any],
    *,
    km2_per_point: float,
    least: int,
    most: int,
) -> pd.DataFrame:
    """Spread the people of one unit evenly over points of its area, each setting on its own points.

    Parameters
    ----------
    area : Polygon or MultiPolygon
        In metres.
    people : Series of int
        By setting (urban, rural).
    km2_per_point : float
        Area a point stands for.
    least, most : int
        Bounds on the number of points.

    Returns
    -------
    DataFrame
        Columns x, y (metres), setting, people (int); sums to ``people`` by setting. Settings
        without people and points without people have no row.

    Raises
    ------
    StudyError
        As :func:`spread_points`.

    Notes
    -----
    The number of points follows the area and is shared out between the settings by their people,
    so that no point stands for many more people than another. The sets continue one sequence and
    share no point.
    """
    wanted = int(np.clip(np.ceil(area.area / 1e6 / km2_per_point), least, most))
    present = people[people > 0]
    counts = np.maximum(apportion(present.to_numpy(), wanted if len(present) else 0), 1)
    frames = []
    skip = 0
    for (setting, total), count in zip(present.items(), counts, strict=True):
        xy = spread_points(area, int(count), skip=skip)
        shared = apportion(np.ones(len(xy)), int(total))
        frames.append(
            pd.DataFrame({"x": xy[:, 0], "y": xy[:, 1], "setting": setting, "people": shared})
        )
        skip += int(count)
    if not frames:
        return pd.DataFrame({"x": [], "y": [], "setting": [], "people": []})
    points = pd.concat(frames, ignore_index=True)
    return points[points["people"] > 0].reset_index(drop=True)
