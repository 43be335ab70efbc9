"""Road networks on paper, plain Dijkstra as the oracle, laws, and broken files to their errors."""

import heapq
import json
import sys

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiLineString, Point

from geo import roads_files
from geo.errors import IntakeError, MissingFileError
from geo.pairs import nearest_in, within
from geo.reach import great_circle_m
from geo.roads import build_network, nearest_by_road, road_pairs, snap
from geo.roads_classes import ROAD_CLASSES, SPEEDS_KMH, WALK_KMH, class_codes, stated_kmh
from geo.roads_errors import RoadsError
from geo.roads_files import read_roads, roads_of_lines

STEP = 0.001
M = great_circle_m([[0, 0]], [[STEP, 0]])[0]  # 111.2 m, along the equator and the meridians alike


def line(*nodes):
    return LineString([(x * STEP, y * STEP) for x, y in nodes])


def roads(*rows):
    """Rows of (line, class, other tags)."""
    shapes = np.array([row[0] for row in rows], dtype=object)
    tags = [{"highway": row[1]} | (row[2] if len(row) > 2 else {}) for row in rows]
    return roads_of_lines(shapes, pd.DataFrame(tags, dtype="str"))


def at(*nodes):
    return np.array(nodes, dtype=float) * STEP


def test_minutes_on_one_road():
    network = build_network(roads((line((0, 0), (4, 0), (10, 0)), "residential")), "walk")
    found = nearest_by_road(network, at((0, 0), (4, 0)), at((10, 0)))
    assert found["cost"].tolist() == pytest.approx(
        [10 * M * 0.06 / WALK_KMH, 6 * M * 0.06 / WALK_KMH]
    )
    assert found["position"].tolist() == [0, 0]
    assert found["on_road"].all()
    metres = build_network(roads((line((0, 0), (4, 0), (10, 0)), "residential")), cost="metres")
    assert nearest_by_road(metres, at((0, 0)), at((10, 0)))["cost"].iloc[0] == pytest.approx(10 * M)


RING = line((0, 0), (10, 0), (10, 10), (0, 10), (0, 0))


def test_cars_go_round_the_ring_and_feet_go_straight_back():
    """The ring runs east first: (10, 0) to (0, 0) is three sides by car, one on foot."""
    ring = roads((RING, "tertiary", {"oneway": "yes"}))
    drive = SPEEDS_KMH["drive"]["tertiary"]
    for mode, home, room, sides, kmh in (
        ("drive", (0, 0), (10, 0), 1, drive),
        ("drive", (10, 0), (0, 0), 3, drive),
        ("ebike", (10, 0), (0, 0), 3, SPEEDS_KMH["ebike"]["tertiary"]),
        ("walk", (10, 0), (0, 0), 1, WALK_KMH),
    ):
        network = build_network(ring, mode)
        found = nearest_by_road(network, at(home), at(room))["cost"].iloc[0]
        assert found == pytest.approx(sides * 10 * M * 0.06 / kmh, rel=1e-6)
        pairs = road_pairs(network, at(home), at(room), 1e9)
        assert pairs.data == pytest.approx([found])


@pytest.mark.parametrize(
    ("tags", "sides"),
    [
        ({"oneway": "-1"}, 1),
        ({"oneway": "F"}, 3),
        ({"oneway": "T"}, 1),
        ({"oneway": "B"}, 1),
        ({"oneway": "no"}, 1),
        ({"oneway": "1"}, 3),
        ({"junction": "roundabout"}, 3),
        ({"junction": "roundabout", "oneway": "no"}, 1),
        ({}, 1),
    ],
)
def test_words_for_one_way(tags, sides):
    network = build_network(roads((RING, "tertiary", tags)), "drive", cost="metres")
    found = nearest_by_road(network, at((10, 0)), at((0, 0)))["cost"].iloc[0]
    assert found == pytest.approx(sides * 10 * M, rel=1e-6)


def test_of_two_roads_the_quicker_counts():
    both = roads(
        (line((0, 0), (1, 0)), "service"), (line((0, 0), (1, 0)), "primary", {"maxspeed": "20"})
    )
    network = build_network(both, "drive")
    assert network.against.nnz == 2
    assert network.against.data == pytest.approx([M * 0.06 / 20] * 2)


def test_stated_limits_hold_drivers_back_and_nobody_else():
    slow = roads((line((0, 0), (1, 0)), "primary", {"maxspeed": "10 mph"}))
    assert build_network(slow, "drive").against.data == pytest.approx([M * 0.06 / 16.09344] * 2)
    assert build_network(slow, "walk").against.data == pytest.approx([M * 0.06 / WALK_KMH] * 2)
    fast = roads((line((0, 0), (1, 0)), "residential", {"maxspeed": "120"}))
    assert build_network(fast, "drive").against.data == pytest.approx([M * 0.06 / 20] * 2)


def test_who_may_go_where():
    network = roads(
        (line((0, 0), (0, 1)), "motorway", {"oneway": "no"}),
        (line((0, 1), (0, 2)), "steps"),
        (line((0, 2), (0, 3)), "residential", {"access": "private"}),
        (line((0, 3), (0, 4)), "residential", {"access": "private", "foot": "yes"}),
        (line((0, 4), (0, 5)), "residential", {"motor_vehicle": "no"}),
        (line((0, 5), (0, 6)), "footway", {"bicycle": "designated"}),
        (line((0, 6), (0, 7)), "pedestrian", {"motor_vehicle": "yes"}),
    )
    assert network.allowed.T.astype(int).tolist() == [
        [0, 1, 0, 1, 1, 1, 1],
        [0, 0, 0, 0, 1, 1, 0],
        [1, 0, 0, 0, 0, 0, 0],
    ]


def test_chinese_and_geofabrik_names():
    names = pd.Series(
        ["国道", "村道", "高速公路", "trunk_link", "track_grade5", "unknown", None, "??"]
    )
    assert class_codes(names).tolist() == [1, 5, 0, 1, 9, 5, -1, -1]


def test_speeds_out_of_this_world_are_counted():
    kmh, absurd = stated_kmh(pd.Series(["50", "900", "-5", "0", None, "signals", "60 mph"]))
    assert absurd.tolist() == [False, True, True, False, False, False, False]
    assert np.array_equal(kmh, [50, np.nan, np.nan, np.nan, np.nan, np.nan, 60 * 1.609344], True)


def test_the_way_from_the_door_to_the_road_is_walked():
    network = build_network(roads((line(*((x, 0) for x in range(11))), "primary")), "drive")
    home, room = at((2, 3)), at((8, -2))
    found = nearest_by_road(network, home, room)
    driving = 6 * M * 0.06 / SPEEDS_KMH["drive"]["primary"]
    assert found["cost"].iloc[0] == pytest.approx(driving + 5 * M * 0.06 / WALK_KMH, rel=1e-6)
    assert found["snap_m"].iloc[0] == pytest.approx(3 * M)
    assert found["cost"].iloc[0] == pytest.approx(road_pairs(network, home, room, 99).data[0])


def test_snapping_has_an_inclusive_limit():
    network = build_network(roads((line(*((x, 0) for x in range(11))), "primary")))
    far = at((5, 3))
    metres = snap(network, far)[1][0]
    assert snap(network, far, limit_m=metres)[0][0] >= 0
    assert snap(network, far, limit_m=metres - 1e-6)[0][0] == -1
    room = at((0, 0))
    beyond = nearest_by_road(network, far, room, snap_limit_m=metres - 1e-6)
    assert beyond["position"].tolist() == [-1]
    assert np.isinf(beyond["cost"].iloc[0])
    assert beyond["snap_m"].iloc[0] == metres
    assert road_pairs(network, far, room, 1e9, snap_limit_m=metres - 1e-6).nnz == 0
    assert nearest_by_road(network, room, far, snap_limit_m=metres - 1e-6)["position"][0] == -1


def test_without_a_limit_the_unreachable_is_still_not_stored():
    network = build_network(roads((line((0, 0), (1, 0)), "primary")))
    pairs = road_pairs(network, at((0, 0)), at((1, 0), (40, 0)), np.inf)
    assert pairs.indices.tolist() == [0]


def test_who_lives_beside_the_room_does_not_go_by_the_road():
    network = build_network(roads((line((0, 0), (10, 0)), "primary")))
    home, room = at((5, 3), (5, 4)), at((5, 3))
    found = nearest_by_road(network, home, room)
    assert found["cost"].tolist() == pytest.approx([0, M * 0.06 / WALK_KMH], abs=1e-9)
    assert not found["on_road"].any()
    assert road_pairs(network, home, room, 60).data == pytest.approx(found["cost"], abs=1e-9)


def test_nobody_walks_straight_across_the_river():
    """Both stand on the road, 111 m apart over the water and 21 steps apart over the bridge.

    A second room, far from any road, lets others walk straight and must not let these.
    """
    banks = line((0, 0), (10, 0), (10, 1), (0, 1))
    network = build_network(roads((banks, "primary")), cost="metres")
    home, rooms = at((0, 0)), at((0, 1), (9, 4))
    assert nearest_by_road(network, home, rooms[:1])["cost"].iloc[0] == pytest.approx(21 * M)
    pairs = road_pairs(network, home, rooms, 1e9)
    assert pairs[0, 0] == pytest.approx(21 * M, rel=1e-6)
    assert nearest_by_road(network, home, rooms)["cost"].iloc[0] == pytest.approx(pairs.data.min())
    assert pairs.data.min() > 10 * M
    assert road_pairs(network, home, rooms[:1], 20 * M).nnz == 0


def test_long_roads_are_divided_so_that_doors_find_them():
    network = build_network(roads((line((0, 0), (50, 0)), "primary")))
    assert (np.diff(np.sort(network.lonlat[:, 0])) * M / STEP <= 200).all()
    middle = nearest_by_road(network, at((25, 1)), at((50, 0)))
    assert middle["snap_m"].iloc[0] < np.hypot(M, 100)


def test_what_is_set_aside_is_counted():
    shapes = np.array(
        [
            line((0, 0), (5, 0)),
            LineString([(0, 0), (0, 0), (0, STEP)]),
            MultiLineString([[(0, 0), (-STEP, 0)], [(0, 0), (0, -STEP)]]),
            Point(0, 0),
            None,
            LineString([(0, 0), (np.inf, 0), (STEP, STEP)]),
            line((5, 0), (9, 9)),
            line((9, 9), (9, 12)),
        ],
        dtype=object,
    )
    highway = ["primary", "primary", "path", "primary", "primary", "primary", "proposed", "weird"]
    speed = ["400", "", "", "", "", "", "", "-1"]
    found = roads_of_lines(shapes, pd.DataFrame({"highway": highway, "maxspeed": speed}))
    counts = {w.code: w.count for w in found.warnings}
    assert counts == {
        "roads.unknown_class": 1,
        "roads.absurd_speed": 2,
        "roads.not_roads": 1,
        "roads.not_lines": 2,
        "roads.not_finite": 1,
        "roads.zero_length": 1,
    }
    network = build_network(found)
    cut = network.warnings[-1]
    assert (cut.code, cut.count) == ("roads.cut_off", 3)  # the 333 m to (9, 12) are two pieces
    assert network.kept_share < 1


def test_lines_that_do_not_meet_are_refused():
    apart = [(line((x, 0), (x, 1)), "primary") for x in range(8)]
    with pytest.raises(RoadsError) as caught:
        build_network(roads(*apart))
    assert caught.value.code == "roads.disconnected"
    assert caught.value.facts["share"] in ("12%", "13%")


def test_crossing_without_a_shared_vertex_is_a_bridge():
    crossing = [(line((0, 5), (10, 5)), "primary"), (line((4.5, 0), (4.5, 10)), "primary")]
    assert build_network(roads(*crossing)).kept_share == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("settings_", "code"),
    [
        ({"mode": "fly"}, "roads.mode"),
        ({"cost": "yuan"}, "roads.cost"),
        ({"speeds_kmh": {"primary": 0}}, "roads.speed"),
        ({"speeds_kmh": {"primary": 200}}, "roads.speed"),
        ({"speeds_kmh": {"primary": np.nan}}, "roads.speed"),
        ({"speeds_kmh": {"canal": 5}}, "roads.speed"),
        ({"mode": "drive"}, "roads.closed"),
    ],
)
def test_bad_settings(settings_, code):
    with pytest.raises(RoadsError) as caught:
        build_network(roads((line((0, 0), (1, 0)), "footway")), **settings_)
    assert caught.value.code == code


# A random town: a grid of streets, some one-way, some missing, of random classes.
GRID = 6


def town(seed):
    rng = np.random.default_rng(seed)
    rows = []
    for x in range(GRID):
        for y in range(GRID):
            for dx, dy in ((1, 0), (0, 1)):
                if x + dx < GRID and y + dy < GRID and rng.random() < 0.9:
                    name = rng.choice(["primary", "residential", "service"])
                    way = rng.choice(["no", "yes", "-1"], p=[0.6, 0.2, 0.2])
                    rows.append((line((x, y), (x + dx, y + dy)), name, {"oneway": way}))
    return roads(*rows)


def plain_dijkstra(roads_, mode, room_node, straight):
    """Walk from every node to the room on the graph as people travel it; no scipy, no transpose."""
    into = {}
    kmh = SPEEDS_KMH[mode]
    for a, b, metres, code, way in zip(
        roads_.start, roads_.end, roads_.metres, roads_.road_class, roads_.direction, strict=True
    ):
        minutes = metres * 0.06 / kmh[ROAD_CLASSES[code]]
        if way >= 0:
            into.setdefault(b, []).append((a, minutes))
        if way <= 0:
            into.setdefault(a, []).append((b, minutes))
    best, heap = {}, [(straight, room_node)]
    while heap:
        cost, node = heapq.heappop(heap)
        if node not in best:
            best[node] = cost
            for before, minutes in into.get(node, []):
                heapq.heappush(heap, (cost + minutes, before))
    return best


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_equal_to_plain_dijkstra(seed):
    found = town(seed)
    try:
        network = build_network(found, "drive")
    except RoadsError:
        assume(False)
    rng = np.random.default_rng(seed)
    rooms = network.lonlat[rng.integers(len(network.lonlat), size=3)]
    pairs = road_pairs(network, network.lonlat, rooms, 1e9)
    original = [int(np.flatnonzero((found.lonlat == p).all(axis=1))[0]) for p in network.lonlat]
    for column, room in enumerate(rooms):
        node = int(np.flatnonzero((found.lonlat == room).all(axis=1))[0])
        best = plain_dijkstra(found, "drive", node, 0.0)
        expected = [best[n] for n in original]
        assert pairs[:, [column]].toarray().ravel() == pytest.approx(expected, abs=1e-9)


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.floats(0, 6), st.randoms())
def test_laws(seed, limit, random):
    try:
        network = build_network(town(seed), "ebike")
        faster = build_network(town(seed), "ebike", speeds_kmh={"service": 30.0, "primary": 30.0})
    except RoadsError:
        assume(False)
    rng = np.random.default_rng(seed)
    demand, rooms = rng.uniform(-STEP, GRID * STEP, (2, 20, 2))
    rooms = rooms[:6]
    pairs = road_pairs(network, demand, rooms, 1e9)
    cut = road_pairs(network, demand, rooms, limit)
    expected = within(pairs, limit)
    assert np.array_equal(cut.indices, expected.indices)
    assert np.array_equal(cut.data, expected.data)
    table = nearest_by_road(network, demand, rooms)
    position, cost = nearest_in(pairs)
    assert table["cost"].to_numpy() == pytest.approx(cost)
    reached = position >= 0
    assert pairs[reached][:, position[reached]].diagonal() == pytest.approx(cost[reached])
    near = nearest_by_road(network, demand, rooms, limit=limit)["cost"]
    assert near.to_numpy() == pytest.approx(np.where(cost <= limit, cost, np.inf))
    fewer = nearest_by_road(network, demand, rooms[:3])["cost"]
    assert (fewer >= table["cost"] - 1e-9).all()
    assert (nearest_by_road(faster, demand, rooms)["cost"] <= table["cost"] + 1e-9).all()
    order = random.sample(range(20), 20)
    shuffled = nearest_by_road(network, demand[order], rooms[::-1])["cost"]
    assert shuffled.to_numpy() == pytest.approx(table["cost"].to_numpy()[order])


def test_the_way_is_never_shorter_than_the_straight_line():
    network = build_network(town(3), "walk", cost="metres")
    rng = np.random.default_rng(3)
    demand, rooms = rng.uniform(-STEP, GRID * STEP, (2, 40, 2))
    pairs = road_pairs(network, demand, rooms, 1e9)
    row = np.repeat(np.arange(40), np.diff(pairs.indptr))
    straight = great_circle_m(demand[row], rooms[pairs.indices])
    assert (pairs.data >= straight - 1e-6).all()


def test_progress_is_told(monkeypatch):
    network = build_network(town(1))
    monkeypatch.setattr("geo.roads._CHUNK", 2)
    told = []
    rooms = network.lonlat[:5]
    pairs = road_pairs(network, rooms, rooms, 99, progress=lambda n, of: told.append((n, of)))
    assert told[-1] == (5, 5)
    assert len(told) > 1
    monkeypatch.undo()
    assert np.array_equal(pairs.data, road_pairs(network, rooms, rooms, 99).data)


def test_no_rooms_and_no_demand():
    network = build_network(town(1))
    assert nearest_by_road(network, at((0, 0)), [])["position"].tolist() == [-1]
    assert len(nearest_by_road(network, [], at((0, 0)))) == 0
    assert road_pairs(network, [], at((0, 0)), 9).shape == (0, 1)
    assert road_pairs(network, at((0, 0)), [], 9).shape == (1, 0)


# Files.


@pytest.fixture
def lines():
    return gpd.GeoDataFrame(
        {"fclass": ["primary", "weird"], "oneway": ["T", "F"], "maxspeed": [50, 999]},
        geometry=[
            LineString([(118, 25), (118.001, 25)]),
            LineString([(118.001, 25), (118.002, 25)]),
        ],
        crs="EPSG:4326",
    )


@pytest.mark.parametrize("name", ["roads.gpkg", "roads.shp", "roads.geojson", "roads.fgb"])
@pytest.mark.parametrize("epsg", [4326, 4549])
def test_files_of_lines(lines, tmp_path, name, epsg):
    if name.endswith("geojson") and epsg != 4326:
        epsg = 4490
    lines.to_crs(epsg).to_file(tmp_path / name)
    found = read_roads(tmp_path / name)
    assert found.metres.sum() == pytest.approx(
        great_circle_m([[118, 25]], [[118.002, 25]])[0], rel=1e-6
    )
    order = np.argsort(found.road_class)
    assert found.road_class[order].tolist() == [2, 5]
    assert found.direction[order].tolist() == [-1, 1]
    assert found.limit_kmh[order][0] == 50
    assert {w.code for w in found.warnings} == {"roads.unknown_class", "roads.absurd_speed"}


def test_layer_class_column_and_datum_can_be_chosen(lines, tmp_path):
    path = tmp_path / "roads.gpkg"
    lines[:1].to_file(path, layer="other")
    lines.assign(等级说明=["县道", "村道"]).to_file(path, layer="county")
    found = read_roads(path, layer="county", class_column="等级说明")
    assert sorted(found.road_class.tolist()) == [3, 5]
    moved = read_roads(path, layer="county", datum="gcj02")
    assert 100 < great_circle_m(moved.lonlat[:1], found.lonlat[:1])[0] < 1_000
    with pytest.raises(RoadsError) as caught:
        read_roads(path, layer="county", class_column="no")
    assert caught.value.code == "roads.no_column"
    with pytest.raises(RoadsError) as caught:
        read_roads(path, layer="gone")
    assert caught.value.code == "roads.damaged"


def test_a_cache_gives_the_same_roads_without_reading(lines, tmp_path, monkeypatch):
    path, cache = tmp_path / "roads.gpkg", tmp_path / "cache"
    lines.to_file(path)
    first = read_roads(path, cache=cache)
    monkeypatch.setattr(roads_files, "_read_lines", None)
    again = read_roads(path, cache=cache)
    for name in ("lonlat", "start", "end", "metres", "road_class", "direction", "allowed"):
        assert np.array_equal(getattr(first, name), getattr(again, name))
    assert np.array_equal(first.limit_kmh, again.limit_kmh, equal_nan=True)
    told = [[(w.code, w.count, str(w)) for w in found.warnings] for found in (first, again)]
    assert told[0] == told[1] != []
    assert again.fingerprint == first.fingerprint
    monkeypatch.undo()
    lines[:1].to_file(path)
    changed = read_roads(path, cache=cache)
    assert changed.fingerprint != first.fingerprint
    assert len(changed.start) == 1
    assert read_roads(path, cache=cache, datum="gcj02").fingerprint != changed.fingerprint


def test_networks_are_told_apart():
    found = town(1)
    marks = {
        build_network(found, mode, cost=cost, speeds_kmh=speeds).fingerprint
        for mode in ("walk", "drive")
        for cost in ("minutes", "metres")
        for speeds in (None, {"primary": 50.0})
    }
    assert len(marks) == 8


def broken(lines, folder, kind):
    path = folder / "roads.gpkg"
    if kind == "missing":
        return path
    if kind == "damaged":
        path.write_bytes(b"SQLite format 3\0 and then nothing")
    elif kind == "no_crs":
        path = folder / "roads.shp"
        lines.to_file(path)
        (folder / "roads.prj").unlink()
    elif kind == "old_datum":
        lines.to_crs(4610).to_file(path)
    elif kind == "points":
        lines.set_geometry(lines.centroid).to_file(path)
    elif kind == "no_geometry":
        path = folder / "roads.csv"
        path.write_text("a,b\n1,2\n")
    elif kind == "empty":
        path = folder / "roads.geojson"
        path.write_text(json.dumps({"type": "FeatureCollection", "features": []}))
    elif kind == "points_only_length":
        same = gpd.GeoSeries([LineString([(118, 25), (118, 25)])], crs=4326)
        same.to_file(path)
    elif kind == "pbf":
        path = folder / "roads.osm.pbf"
        path.write_bytes(b"this is no pbf at all")
    return path


@pytest.mark.filterwarnings("ignore:Geometry is in a geographic CRS")
@pytest.mark.parametrize(
    ("kind", "error", "code"),
    [
        ("missing", MissingFileError, "roads.missing"),
        ("damaged", RoadsError, "roads.damaged"),
        ("no_crs", RoadsError, "roads.no_crs"),
        ("old_datum", IntakeError, "crs.old_datum"),
        ("points", RoadsError, "roads.no_lines"),
        ("no_geometry", RoadsError, "roads.no_lines"),
        ("empty", RoadsError, "roads.no_lines"),
        ("points_only_length", RoadsError, "roads.no_lines"),
        ("pbf", RoadsError, "roads.damaged"),
    ],
)
def test_broken_files_are_named(lines, tmp_path, kind, error, code):
    path = broken(lines, tmp_path, kind)
    with pytest.raises(error) as caught:
        read_roads(path)
    assert caught.value.code == code
    if code.startswith("roads"):
        assert caught.value.facts["file"] == path.name
        assert path.name in str(caught.value)


def test_pbf_without_its_library_says_what_to_install(tmp_path, monkeypatch):
    path = tmp_path / "roads.osm.pbf"
    path.write_bytes(b"")
    monkeypatch.setitem(sys.modules, "osmium", None)
    with pytest.raises(RoadsError) as caught:
        read_roads(path)
    assert caught.value.code == "roads.needs_osmium"


def test_a_pbf_of_our_own(tmp_path):
    import osmium
    from osmium.osm.mutable import Node, Way

    path = tmp_path / "roads.osm.pbf"
    with osmium.SimpleWriter(str(path)) as writer:
        for number, (lon, lat) in enumerate([(118, 25), (118.001, 25), (118.002, 25)], start=1):
            writer.add_node(Node(id=number, location=(lon, lat)))
        writer.add_way(
            Way(
                id=1,
                nodes=[1, 2, 3],
                tags={"highway": "primary", "oneway": "yes", "maxspeed": "40"},
            )
        )
        writer.add_way(Way(id=2, nodes=[2, 99, 3, 2], tags={"highway": "proposed"}))
        writer.add_way(Way(id=3, nodes=[1, 2, 99, 3, 2], tags={"highway": "footway"}))
        writer.add_way(Way(id=4, nodes=[1, 3], tags={"waterway": "river"}))
    found = read_roads(path)
    assert found.road_class.tolist() == [2, 2, 12, 12]
    assert found.direction.tolist() == [1, 1, 0, 0]
    assert found.limit_kmh[:2].tolist() == [40, 40]
    assert len(found.lonlat) == 3
    assert {w.code: w.count for w in found.warnings} == {"roads.not_roads": 2, "roads.not_lines": 1}
