"""Roads for the toy city, and random toy cities for laws.

The toy roads follow the meridian of county A from 25.00 to 25.10, and two detours lead off it::

    25.10  +---- end of the road in county A
    25.06  +  d2 (on the road)
    25.05  +  d1, r1
    25.00  +---- start
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from hypothesis import strategies as st

from analysis.scenario import Scenario, Study
from analysis.service import ServiceRule
from geo.roads_files import Roads, roads_of_lines, save
from geo.roads_kept import KeptRoads
from geo.schema import WGS84
from worlds import toy_frames, toy_study

FOLDER = tempfile.TemporaryDirectory(prefix="roads-")
STEP = 0.01
CLASSES = ("primary", "residential", "path")


def roads_from(
    *lines: list[tuple[float, float]], name: str = "residential", fingerprint: str = "t"
) -> Roads:
    """Return roads along lines of (lon, lat), all of one class."""
    shapes = np.array([shapely.LineString(line) for line in lines], dtype=object)
    return roads_of_lines(
        shapes, pd.DataFrame({"highway": [name] * len(lines)}), fingerprint=fingerprint
    )


def kept(roads: Roads) -> KeptRoads:
    """Return roads as a study holds them, in a folder that goes when the process ends."""
    path = Path(tempfile.mkdtemp(dir=FOLDER.name)) / "roads-t.npz"
    save(roads, path)
    return KeptRoads(path, {"fingerprint": roads.fingerprint})


def with_roads_of(study: Study, roads: KeptRoads | None, **travel: object) -> Study:
    """Return a study that has roads, and what it says about ways."""
    settings = {**study.settings, "travel": travel}
    return replace(study, roads=roads, settings=settings)


@cache
def grid_roads(seed: int) -> KeptRoads:
    """Return streets 0.01 degrees apart over the west of the toy city; the east has none."""
    rng = np.random.default_rng(seed)
    lines, tags = [], []
    for x in range(11):
        for y in range(21):
            for dx, dy in ((1, 0), (0, 1)):
                if x + dx > 10 or y + dy > 20 or (x and y and rng.random() < 0.3):
                    continue
                ends = np.array([(x, y), (x + dx, y + dy)]) * STEP + (118.0, 25.0)
                lines.append(shapely.LineString(ends))
                one_way = rng.choice(["no", "yes"], p=[0.9, 0.1])
                tags.append({"highway": rng.choice(CLASSES), "oneway": one_way})
    return kept(roads_of_lines(np.array(lines, dtype=object), pd.DataFrame(tags), fingerprint="g"))


def points(count: int, seed: int) -> list[shapely.Point]:
    """Return places all over the toy city, some of them on a street."""
    rng = np.random.default_rng(seed)
    xy = rng.uniform((118.0, 25.0), (118.2, 25.2), (count, 2))
    street = rng.random(count) < 0.4
    xy[street, 0] = np.round(xy[street, 0], 2)
    return list(shapely.points(xy))


def random_demand(count: int, seed: int) -> gpd.GeoDataFrame:
    """Return people of every group, setting and basis in places of the toy city."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(
        {
            "unit_id": rng.choice(["v1", "v2", "v3", "A1", "A2", "B1"], count),
            "people": rng.integers(0, 1000, count).astype(float),
            "group": rng.choice(["resident", "worker"], count),
            "setting": rng.choice(["urban", "rural"], count),
            "location_basis": rng.choice(["register", "modelled"], count),
        },
        index=pd.Index([f"d{n}" for n in range(count)], name="demand_id"),
    )
    return gpd.GeoDataFrame(
        rows.astype({"people": float}), geometry=points(count, seed + 1), crs=WGS84
    )


def random_rooms(count: int, seed: int) -> gpd.GeoDataFrame:
    """Return rooms of several levels and kinds, each in the county it serves."""
    rng = np.random.default_rng(seed)
    model = toy_frames()["rooms"]
    rows = model.iloc[[0] * count].copy()
    rows.index = pd.Index([f"r{n}" for n in range(count)], name="room_id")
    unit = rng.choice(["v1", "v2", "v3", "A1", "A2", "B1", "A", "B"], count)
    kinds = ["township", "village", "park", "hub", "sector"]
    rows = rows.assign(
        level=rng.choice(["county", "township", "village"], count),
        kind=rng.choice(kinds, count),
        serves_unit_id=unit,
        located_unit_id=unit,
        opened=pd.NaT,
    )
    return rows.set_geometry(gpd.GeoSeries(points(count, seed + 2), index=rows.index, crs=WGS84))


limits = st.one_of(
    st.floats(100, 20_000).map(lambda m: f"{m:.3f}m"),
    st.floats(1, 240).map(lambda m: f"{m:.3f}min"),
)
rules = st.lists(
    st.builds(
        ServiceRule,
        limit=limits,
        level=st.sampled_from([None, "township", "village"]),
        kind=st.sampled_from([None, "park", "hub"]),
        group=st.sampled_from([None, "worker"]),
        setting=st.sampled_from([None, "urban"]),
    ),
    max_size=3,
).map(tuple)
scenarios = st.builds(
    Scenario,
    limit_urban_m=st.floats(50, 10_000),
    limit_rural_m=st.floats(50, 20_000),
    minutes=st.one_of(st.just(0.0), st.floats(1, 200)),
    measure=st.sampled_from(["straight", "way"]),
    mode=st.sampled_from(["walk", "ebike", "drive"]),
    rules=rules,
)
road_choices = st.sampled_from([None, 0, 1])


@st.composite
def studies(draw: st.DrawFn, *, most_people: int = 15, most_rooms: int = 8) -> Study:
    """Draw a toy city with people and rooms anywhere, with roads or without."""
    seed = draw(st.integers(0, 10_000))
    people = draw(st.integers(1, most_people))
    rooms = draw(st.integers(0, most_rooms))
    study = toy_study(demand=random_demand(people, seed), rooms=random_rooms(rooms, seed))
    which = draw(road_choices)
    return with_roads_of(study, None if which is None else grid_roads(which))
