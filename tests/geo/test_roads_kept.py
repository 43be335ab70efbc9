"""The roads a study keeps: one file or the other, read once, and no search made twice."""

from __future__ import annotations

import json
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geo.roads
from geo.errors import RoomplanError
from geo.roads import nearest_by_road, road_pairs
from geo.roads_errors import RoadsError
from geo.roads_kept import (
    KeptRoads,
    drop_roads,
    find_roads,
    keep_roads,
    near_roads,
    refuse_elsewhere,
    roads_stamp,
)
from road_worlds import grid_roads, roads_from
from worlds import A, toy_frames

ROAD = [(A, 25.04), (A, 25.06)]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ROOMPLAN_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def searches(monkeypatch):
    """Count the rooms searched from, and the searches for the nearest."""
    seen = {"rooms": 0, "nearest": 0}
    pairs, near = geo.roads.road_pairs, geo.roads.nearest_by_road

    def counted_pairs(network, demand, rooms, limit, **options):
        seen["rooms"] += len(rooms)
        return pairs(network, demand, rooms, limit, **options)

    def counted_near(*arguments, **options):
        seen["nearest"] += 1
        return near(*arguments, **options)

    monkeypatch.setattr("geo.roads.road_pairs", counted_pairs)
    monkeypatch.setattr("geo.roads.nearest_by_road", counted_near)
    return seen


def places(count, seed):
    return np.random.default_rng(seed).uniform((118.0, 25.0), (118.1, 25.2), (count, 2))


def test_kept_found_replaced_and_dropped(tmp_path, home):
    assert find_roads(tmp_path, {}) is None
    assert roads_stamp(tmp_path, {}) == ""
    first = keep_roads(tmp_path, {}, roads_from(ROAD), name="a.gpkg", who="甲", attribution="乙")
    stamp = roads_stamp(tmp_path, {})
    found = find_roads(tmp_path, {})
    assert found is not None
    assert (found.path, found.about) == (first.path, first.about)
    assert found.about["kilometres"] == pytest.approx(2.2)
    assert (found.about["name"], found.about["who"], found.about["attribution"]) == (
        "a.gpkg", "甲", "乙",
    )  # fmt: skip
    assert len(found.roads().start) == found.about["pieces"] == 12
    longer = keep_roads(
        tmp_path, {}, roads_from([*ROAD, (A, 25.07)], fingerprint="longer"), name="b.gpkg"
    )
    assert roads_stamp(tmp_path, {}) != stamp
    assert [path.name for path in home.rglob("*.npz")] == [longer.path.name]
    assert drop_roads(tmp_path, {})
    assert not drop_roads(tmp_path, {})
    assert find_roads(tmp_path, {}) is None
    assert not list(home.rglob("*.npz"))


def test_a_study_with_its_own_register_keeps_its_roads_inside(tmp_path):
    kept = keep_roads(tmp_path, {"register": "r.gpkg"}, roads_from(ROAD), name="a")
    assert kept.path.parent == tmp_path


def test_roads_that_nobody_can_walk_leave_the_old_ones_in_force(tmp_path):
    keep_roads(tmp_path, {}, roads_from(ROAD), name="a")
    stamp = roads_stamp(tmp_path, {})
    with pytest.raises(RoadsError) as caught:
        keep_roads(tmp_path, {}, roads_from(ROAD, name="motorway", fingerprint="m"), name="b")
    assert caught.value.code == "roads.closed"
    assert roads_stamp(tmp_path, {}) == stamp
    assert len(find_roads(tmp_path, {}).roads().start) == 12


def test_other_files_of_the_study_s_folder_stay(tmp_path):
    inside = {"register": "r.gpkg"}
    theirs = tmp_path / "roads-2020.npz"
    theirs.write_bytes(b"theirs")
    for fingerprint in ("one", "two"):
        keep_roads(tmp_path, inside, roads_from(ROAD, fingerprint=fingerprint), name="a")
        assert len(list(tmp_path.glob("roads-*.npz"))) == 2
    assert drop_roads(tmp_path, inside)
    assert list(tmp_path.glob("roads*")) == [theirs]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"file": "x"}', b"\xff\xfe"])
def test_what_somebody_broke_is_an_error_with_a_way_out(tmp_path, home, content):
    keep_roads(tmp_path, {}, roads_from(ROAD), name="a")
    stamp = roads_stamp(tmp_path, {})
    next(home.rglob("roads.json")).write_bytes(content)
    assert roads_stamp(tmp_path, {}) != stamp
    with pytest.raises(RoomplanError) as caught:
        find_roads(tmp_path, {})
    assert caught.value.code == "roads.kept_damaged"
    assert "register roads --remove" in str(caught.value)


@pytest.mark.parametrize("break_", ["gone", "cut", "other"])
def test_a_broken_file_of_roads_is_named_when_it_is_needed(tmp_path, break_):
    kept = keep_roads(tmp_path, {}, roads_from(ROAD), name="a")
    if break_ == "gone":
        kept.path.unlink()
    elif break_ == "cut":
        kept.path.write_bytes(kept.path.read_bytes()[:500])
    else:
        np.savez(kept.path, start=np.zeros(3))
    with pytest.raises(RoadsError) as caught:
        find_roads(tmp_path, {}).network("walk", "metres")
    assert caught.value.code == "roads.kept_damaged"


def test_a_name_in_the_record_leads_nowhere_else(tmp_path, home):
    keep_roads(tmp_path, {}, roads_from(ROAD), name="a")
    record = next(home.rglob("roads.json"))
    about = json.loads(record.read_text("utf-8")) | {"file": "../../etc/passwd"}
    record.write_text(json.dumps(about), encoding="utf-8")
    assert find_roads(tmp_path, {}).path == record.with_name("passwd")


def test_who_stands_near(tmp_path):
    kept = keep_roads(tmp_path, {}, roads_from(ROAD), name="a")
    frames = toy_frames()
    near = near_roads(kept.network("walk", "metres"), frames["rooms"], frames["demand"])
    assert near == {"rooms": 1 / 4, "people": 1500 / 2000}
    refuse_elsewhere(near, "a")
    nobody = near_roads(kept.network("walk", "metres"), frames["rooms"][:0], frames["demand"][:0])
    assert np.isnan(list(nobody.values())).all()
    with pytest.raises(RoadsError) as caught:
        refuse_elsewhere({"rooms": 0.0, "people": 0.0}, "a")
    assert caught.value.code == "roads.elsewhere"


def fresh(seed=0) -> KeptRoads:
    """Return the grid's roads with nothing remembered."""
    return KeptRoads(grid_roads(seed).path, grid_roads(seed).about)


def test_no_search_is_made_twice(searches):
    kept, demand, rooms = fresh(), places(50, 1), places(10, 2)
    options = {"mode": "walk", "cost": "metres"}
    wide = kept.pairs(demand, rooms, 4000, **options)
    assert searches["rooms"] == 10
    narrow = kept.pairs(demand, rooms[::-1], 2000, **options)
    assert searches["rooms"] == 10  # a narrower limit and another order cost no search
    expected = road_pairs(kept.network("walk", "metres"), demand, rooms[::-1], 2000)
    assert (narrow != expected).nnz == 0
    assert 0 < narrow.nnz < wide.nnz
    moved = rooms.copy()
    moved[3] += 0.003
    kept.pairs(demand, moved, 4000, **options)
    assert searches["rooms"] == 11  # an edit of one room costs the search of one
    kept.pairs(demand, rooms, 4000, **options)
    assert searches["rooms"] == 11  # and taking it back costs none
    kept.pairs(demand, rooms[:2], 5000, **options)
    assert searches["rooms"] == 13
    kept.pairs(demand[:40], rooms[:2], 5000, **options)
    assert searches["rooms"] == 15  # other people are another question
    for _ in range(2):
        kept.nearest(demand, rooms, **options)
    assert searches["nearest"] == 1


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.lists(st.integers(0, 11), max_size=8), st.floats(0, 6000)),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from([("walk", "metres"), ("walk", "minutes"), ("drive", "minutes")]),
)
def test_whatever_was_asked_before_the_answer_is_that_of_a_search(questions, kind):
    mode, cost = kind
    kept, demand, rooms = fresh(1), places(30, 3), places(12, 4)
    for chosen, limit in questions:
        limit = limit if cost == "metres" else limit / 60
        mine = rooms[np.array(chosen, dtype=int)]
        found = kept.pairs(demand, mine, limit, mode=mode, cost=cost)
        expected = road_pairs(kept.network(mode, cost), demand, mine, limit)
        assert found.shape == expected.shape
        assert found.nnz == expected.nnz
        assert np.array_equal(found.indptr, expected.indptr)
        assert np.array_equal(found.data, expected.data)
        assert np.array_equal(found.indices, expected.indices)


def test_a_search_of_each_room_alone_is_the_oracle():
    """One room at a time by scipy's Dijkstra gives the same bits as the search with a cut-off."""
    for mode, cost, limit in (("walk", "minutes", 60), ("drive", "metres", 5000)):
        network = fresh().network(mode, cost)
        demand, rooms = places(80, 5), places(9, 6)
        found = road_pairs(network, demand, rooms, limit).tocsc()
        for at, room in enumerate(rooms):
            alone = nearest_by_road(network, demand, [room], limit=limit)["cost"].to_numpy()
            column = found[:, [at]]
            assert np.array_equal(np.sort(column.indices), np.flatnonzero(np.isfinite(alone)))
            assert np.array_equal(column.toarray().ravel(), np.where(np.isfinite(alone), alone, 0))


def test_several_readers_at_once_search_once(searches):
    kept, demand, rooms = fresh(), places(200, 7), places(20, 8)
    found = []

    def ask():
        found.append(kept.pairs(demand, rooms, 9000, mode="walk", cost="metres"))

    readers = [threading.Thread(target=ask) for _ in range(4)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert searches["rooms"] == 20
    assert len({matrix.nnz for matrix in found}) == 1


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr("geo.roads_kept._MOST_COLUMNS", 5)
    kept, demand, rooms = fresh(), places(5, 9), places(30, 10)
    for at in range(25):
        kept.pairs(demand, rooms[at : at + 3], 1000, mode="walk", cost="metres")
        kept.nearest(demand, rooms[at : at + 1], mode="walk", cost="metres")
    held = [value for key, value in kept._found.items() if key[0] == "pairs"]
    assert len(held) <= 1
    assert all(len(columns) <= 8 for columns in held)
    assert len(kept._found) <= 24
