"""OpenStreetMap's .pbf files to lines, one way at a time (library: osmium, the extra ``roads``)."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.roads_errors import RoadsError

TAGS = ("highway", "oneway", "maxspeed", "junction", "access", "foot", "bicycle", "motor_vehicle")


def read_pbf(path: Path, *, name: str) -> tuple[npt.NDArray[np.object_], pd.DataFrame]:
    """Read every way that carries a ``highway`` tag.

    Parameters
    ----------
    path : Path
        A ``.osm.pbf`` file.
    name : str
        What to call it in messages.

    Returns
    -------
    shapes : object array of LineString, shape (n,)
        Degrees WGS-84; one a stretch inside the extract; None for a stretch of
        fewer than two nodes.
    lines : DataFrame, n rows
        The tags of :data:`TAGS` as text.

    Raises
    ------
    RoadsError
        ``roads.needs_osmium`` without the library, ``roads.damaged`` for any other file.

    Notes
    -----
    About 40,000 ways a second in Python; memory is that of the lines and of osmium's node index,
    16 bytes a node of the file.
    """
    try:
        import osmium
    except ImportError as error:
        text = f"{name}: reading .pbf needs osmium; install it with: pip install osmium."
        raise RoadsError("roads.needs_osmium", text, file=name) from error
    rows: list[list[str | None]] = []
    coordinates: list[tuple[float, float]] = []
    owner: list[int] = []
    try:
        ways = (
            osmium.FileProcessor(str(path))
            .with_locations()
            .with_filter(osmium.filter.EntityFilter(osmium.osm.WAY))
            .with_filter(osmium.filter.KeyFilter("highway"))
        )
        for way in ways:
            tags = [way.tags.get(tag) for tag in TAGS]
            runs = 0
            for lies_inside, run in groupby(way.nodes, key=lambda node: node.location.valid()):
                if lies_inside:  # a way that leaves the extract and comes back is two lines
                    located = [(node.lon, node.lat) for node in run]
                    coordinates.extend(located)
                    owner.extend([len(rows)] * len(located))
                    rows.append(tags)
                    runs += 1
            if not runs:
                rows.append(tags)
    except (RuntimeError, OSError) as error:
        text = f"{name}: the file is damaged or no .osm.pbf ({error}); download it again."
        raise RoadsError("roads.damaged", text, file=name, detail=str(error)) from error
    return _lines(coordinates, owner, len(rows)), pd.DataFrame(rows, columns=list(TAGS))


def _lines(
    coordinates: list[tuple[float, float]], owner: list[int], n: int
) -> npt.NDArray[np.object_]:
    shapes = np.full(n, None, dtype=object)
    index = np.array(owner, dtype=np.intp)
    several = np.flatnonzero(np.bincount(index, minlength=n) > 1)
    kept = np.isin(index, several)
    if len(several):
        made = shapely.linestrings(
            np.array(coordinates)[kept], indices=np.searchsorted(several, index[kept])
        )
        shapes[several] = made
    return shapes
