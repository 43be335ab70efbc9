"""Ways on paper: metres and minutes on known roads, detours elsewhere, and what roads teach."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import Point

from analysis.coverage import cover, open_rooms
from analysis.detours import LEAST_PAIRS, detours_at
from analysis.scenario import Scenario
from analysis.service import ServiceRule
from analysis.ways import reached, ways_of
from geo.detours import DETOURS
from geo.reach import great_circle_m
from geo.roads_errors import RoadsError
from geo.schema import WGS84
from road_worlds import kept, roads_from, with_roads_of
from worlds import A, B, toy_frames, toy_study

DAY = dt.date(2019, 5, 31)
STRAIGHT = 1111.950802  # d2 to r1, and the sides of the bend are 1,007.3 m
EAST = 0.01
BEND = [(A, 25.05), (A + EAST, 25.05), (A + EAST, 25.06), (A, 25.06)]
BEND_M = float(sum(great_circle_m(BEND[:-1], BEND[1:])))


def found(roads=None, *, study=None, **settings):
    study = with_roads_of(study or toy_study(), roads)
    scenario = Scenario(as_of=DAY, **settings)
    return cover(ways_of(study, scenario), open_rooms(study.rooms, DAY))


def answers(row, roads=None, **settings):
    """Return surely, probably, possibly of one demand row."""
    got = found(roads, **settings)
    return tuple(bool(getattr(got, name)[row]) for name in ("certain", "covered", "possible"))


def limits(metres):
    return {"limit_urban_m": metres, "limit_rural_m": metres}


def test_without_roads_a_way_is_the_line_times_its_detour():
    plain = DETOURS["plain"]
    for metres, expected in (
        (plain.low * STRAIGHT - 1, (False, False, False)),
        (plain.low * STRAIGHT + 1, (False, False, True)),
        (plain.best * STRAIGHT + 1, (False, True, True)),
        (plain.high * STRAIGHT + 1, (True, True, True)),
    ):
        assert answers("d2", measure="way", **limits(metres)) == expected
    assert found().way_m["d2"] == pytest.approx(plain.best * STRAIGHT)
    assert found().way_min["d2"] == pytest.approx(plain.best * STRAIGHT * 0.06 / 4)


def test_of_straight_lines_only_the_surely_waits_for_the_way():
    high = DETOURS["plain"].high
    assert answers("d2", **limits(STRAIGHT - 1)) == (False, False, False)
    assert answers("d2", **limits(STRAIGHT + 1)) == (False, True, True)
    assert answers("d2", **limits(high * STRAIGHT + 1)) == (True, True, True)


def test_a_known_road_takes_the_place_of_the_detour():
    roads = kept(roads_from(BEND))
    assert pytest.approx(3126.6, abs=0.5) == BEND_M
    for metres, expected in (
        (0.9 * BEND_M - 1, (False, False, False)),
        (0.9 * BEND_M + 1, (False, False, True)),  # an unmapped path may save a tenth
        (BEND_M + 0.1, (True, True, True)),
    ):
        assert answers("d2", roads, measure="way", **limits(metres)) == expected
    assert found(roads).way_m["d2"] == pytest.approx(BEND_M)
    # Of straight lines, only the surely hears of the road.
    assert answers("d2", roads, **limits(STRAIGHT + 1)) == (False, True, True)
    assert answers("d2", roads, **limits(BEND_M - 1)) == (False, True, True)
    assert answers("d2", roads, **limits(BEND_M + 0.1)) == (True, True, True)


@pytest.mark.parametrize(
    ("road", "mode", "kmh"),
    [
        ("residential", "walk", 4.0),
        ("residential", "ebike", 18.0),
        ("residential", "drive", 20.0),
        ("path", "walk", 3.5),
        ("steps", "walk", 2.0),
        ("primary", "drive", 45.0),
    ],
)
def test_minutes_are_of_the_road_and_of_who_comes(road, mode, kmh):
    roads, minutes = kept(roads_from(BEND, name=road)), BEND_M * 0.06 / kmh
    for more, expected in ((-0.01, (False, False, True)), (0.01, (True, True, True))):
        assert answers("d2", roads, mode=mode, minutes=minutes + more) == expected
    got = found(roads, mode=mode, minutes=minutes)
    assert got.way_min["d2"] == pytest.approx(minutes)


def test_minutes_without_roads_are_of_the_mode():
    for mode, kmh in (("walk", 4), ("ebike", 15), ("drive", 25)):
        got = found(mode=mode, minutes=10.0)
        assert got.way_min["d2"] == pytest.approx(DETOURS["plain"].best * STRAIGHT * 0.06 / kmh)


def test_the_limit_of_a_place_is_that_of_its_rule_in_metres_of_straight_line():
    """r1 is a township's room; s1 has no level and is a village's room-to-be."""
    study = toy_study()
    best = DETOURS["plain"].best

    def limit(places, *rules, **settings):
        scenario = Scenario(rules=tuple(map(ServiceRule.of, rules)), **settings)
        return ways_of(study, scenario).limit_m(places, np.array([1]))[0]

    room, site = study.rooms.loc[["r1"]], study.sites.loc[["s1"]]
    for place, level in ((room, study.rooms["level"]["r1"]), (site, "village")):
        assert limit(place, **limits(900.0)) == 900
        assert limit(place, measure="way", **limits(900.0)) == pytest.approx(900 / best)
        assert limit(place, minutes=10.0) == pytest.approx(10 * 4000 / 60 / best)
        assert limit(place, f"level={level},limit=500m", minutes=10.0) == 500
        assert limit(place, "level=county,limit=500m", **limits(900.0)) == 900
        assert np.isnan(limit(place, f"level={level},limit=whole"))


def test_rooms_that_serve_whole_units_are_no_further_away():
    usual = found()
    for rule in ("limit=whole", "level=township,limit=whole", "group=resident,limit=whole"):
        got = found(rules=(ServiceRule.of(rule),))
        for column in ("nearest_room", "nearest_m", "way_m", "way_min"):
            assert getattr(got, column).tolist() == getattr(usual, column).tolist()


def test_a_mode_that_no_road_is_open_to_is_an_error():
    with pytest.raises(RoadsError) as caught:
        found(kept(roads_from(BEND, name="footway")), mode="drive", minutes=10.0)
    assert caught.value.code == "roads.closed"


def test_who_and_what_is_off_the_road_is_reached_by_detours():
    """r2 and d4 are in county B, 10 km from the road; d4 lives at r2, and d5 11 km away."""
    got = found(kept(roads_from(BEND)), measure="way")
    assert got.way_m["d4"] == 0
    assert got.way_m["d5"] == pytest.approx(DETOURS["plain"].best * 10 * STRAIGHT)
    # d3 lives at r5, which is not open: the way to r1 has no road, and no road leads to d3.
    assert got.way_m["d3"] == pytest.approx(DETOURS["plain"].best * 10 * STRAIGHT)
    assert got.covered[["d3", "d4", "d5"]].tolist() == [False, True, False]


def test_a_room_off_the_road_is_in_reach_of_people_on_it():
    rooms = toy_frames()["rooms"]
    rooms.loc["r1", "geometry"] = Point(A, 25.053)
    road = kept(roads_from([(A - 0.02, 25.06), (A, 25.06), (A + 0.02, 25.06)]))
    study = toy_study(rooms=rooms)
    way = DETOURS["plain"].best * 0.7 * STRAIGHT
    got = found(road, study=study, measure="way", **limits(way + 1))
    assert got.way_m["d2"] == pytest.approx(way, rel=1e-6)
    assert got.covered["d2"]
    assert not found(road, study=study, measure="way", **limits(way - 1)).covered["d2"]


def test_neighbours_do_not_go_round_by_the_road():
    """d1 lives 100 m from its room, and the road passes 400 m from both."""
    demand = toy_frames()["demand"]
    demand.loc["d1", "geometry"] = Point(A, 25.05 + 100 / STRAIGHT / 100)
    street = [(A + 0.004, 25.0 + n / 100) for n in (4, 5, 6)]
    got = found(kept(roads_from(street)), study=toy_study(demand=demand), measure="way")
    assert got.way_m["d1"] == pytest.approx(100, abs=0.01)
    assert got.way_min["d1"] == pytest.approx(1.5, abs=0.001)


def near(metres_east, lat=25.05):
    """Return a place some metres east of the meridian of county A."""
    return Point(A + metres_east / great_circle_m([(A, lat)], [(A + 1, lat)])[0], lat)


def test_another_room_off_the_road_makes_nobody_less_sure():
    """d1 has r1 300 m down the road; a new room stands 290 m aside, nearer than the road to it."""
    frames = toy_frames()
    rooms, demand = frames["rooms"].loc[["r1", "r1"]].copy(), frames["demand"]
    rooms.index = pd.Index(["r1", "r2"], name="room_id")
    rooms["geometry"] = [Point(A, 25.05 + 300 / STRAIGHT / 100), near(290)]
    roads = kept(roads_from([(A, 25.04), (A, 25.05), rooms.geometry.iloc[0].coords[0], (A, 25.06)]))
    for count in (1, 2):
        study = toy_study(rooms=rooms.iloc[:count], demand=demand)
        got = found(roads, study=study, measure="way", **limits(301.0))
        assert got.certain["d1"]
        assert got.way_m["d1"] == pytest.approx((300, 290)[count - 1], abs=0.1)


def test_who_is_off_the_road_drives_by_detour_if_that_is_quicker_than_the_walk():
    rooms = toy_frames()["rooms"].loc[["r1"]].copy()
    rooms["geometry"] = [near(450)]
    roads = kept(roads_from([(A - 0.02, 25.04), (A - 0.02, 25.06)]))
    got = found(roads, study=toy_study(rooms=rooms), mode="drive", minutes=2.0)
    assert got.way_min["d1"] == pytest.approx(450 * DETOURS["plain"].best * 0.06 / 25, rel=1e-3)
    assert got.covered["d1"]


def test_pairs_are_parts_of_the_limit_and_metres_of_the_line():
    study = with_roads_of(toy_study(), kept(roads_from(BEND)))
    rooms = study.rooms.loc[["r1"]]
    pairs = reached(ways_of(study, Scenario(measure="way", **limits(2 * BEND_M))), rooms)
    d2 = list(study.demand.index).index("d2")
    assert pairs.part[d2, 0] == pytest.approx(0.5)
    assert pairs.metres[d2, 0] == pytest.approx(STRAIGHT)
    none = reached(ways_of(study, Scenario()), rooms.iloc[:0])
    assert none.part.shape == none.metres.shape == (5, 0)


def test_a_site_is_the_room_to_be_of_its_village():
    """s1 stands in v2, 5 km from where its people live; s4 in a township is no village's."""
    demand = toy_frames()["demand"]
    demand.loc["d2", "geometry"] = Point(A, 25.06 + 5000 / STRAIGHT / 100)
    study = toy_study(demand=demand)
    sites = study.sites.loc[["s1", "s4"]]

    def pairs(*rules):
        ways = ways_of(study, Scenario(rules=tuple(map(ServiceRule.of, rules)), **limits(100.0)))
        return {
            (demand.index[row], sites.index[column])
            for row, column in zip(*reached(ways, sites).part.tocoo().coords, strict=True)
        }

    assert pairs() == {("d5", "s4")}
    assert pairs("level=village,limit=whole") == {("d2", "s1")}
    assert pairs("level=village,setting=rural,limit=whole") == set()
    assert pairs("level=township,limit=whole") == {("d5", "s4")}
    some = reached(
        ways_of(study, Scenario(rules=(ServiceRule("whole"),))), sites, rows=np.array([1, 4])
    )
    assert some.part.toarray().shape == (2, 2)
    assert some.part.nnz == 1
    assert some.metres[0, 0] == pytest.approx(5000, rel=1e-6)


def street_of(count):
    """Return people of v1 along a zigzag road, the seat of A1 in their middle, and some in B."""
    lat = np.linspace(25.01, 25.09, count)
    corners = [(A + 0.005 * (n % 2), y) for n, y in enumerate(lat)]
    far = [(B, 25.05), (B, 25.15)]
    rows = pd.DataFrame(
        {
            "unit_id": ["v1"] * count + ["B1"] * 2,
            "people": 10.0,
            "group": "resident",
            "setting": "rural",
            "location_basis": "register",
        },
        index=pd.Index([f"d{n}" for n in range(count + 2)], name="demand_id"),
    )
    points = gpd.points_from_xy(*np.array([*corners, *far]).T)
    return corners, gpd.GeoDataFrame(rows, geometry=points, crs=WGS84)


def test_counties_with_enough_roads_learn_their_detour():
    corners, demand = street_of(2 * LEAST_PAIRS)
    study = with_roads_of(toy_study(demand=demand), kept(roads_from(corners)), terrain="hills")
    detours = ways_of(study, Scenario()).detours
    middle = len(corners) // 2
    ratios = []
    for at, corner in enumerate(corners):
        leg = corners[min(at, middle) : max(at, middle) + 1]
        straight = great_circle_m([corner], [corners[middle]])[0]
        if straight >= 300:
            ratios.append(great_circle_m(leg[:-1], leg[1:]).sum() / straight)
    inside = demand["unit_id"] == "v1"
    assert detours.loc[inside, "best"].unique() == pytest.approx(np.median(ratios), rel=0.02)
    assert detours.loc[inside, "source"].str.startswith("roads, ").all()
    assert (detours.loc[~inside] == detours_at(study).loc[~inside]).all(axis=None)
    few = street_of(LEAST_PAIRS - 1)
    study = with_roads_of(toy_study(demand=few[1]), kept(roads_from(few[0])))
    assert ways_of(study, Scenario()).detours.equals(detours_at(study))


def test_what_roads_teach_does_not_depend_on_rooms_or_copies():
    corners, demand = street_of(2 * LEAST_PAIRS)
    study = with_roads_of(toy_study(demand=demand), kept(roads_from(corners)))
    learned = ways_of(study, Scenario()).detours
    fewer = replace(study, rooms=study.rooms.iloc[:1])
    assert ways_of(fewer, Scenario()).detours.equals(learned)
    twice = pd.concat([demand, demand.set_axis("x" + demand.index)]).rename_axis("demand_id")
    copied = replace(study, demand=gpd.GeoDataFrame(twice).sort_index())
    again = ways_of(copied, Scenario()).detours.loc[demand.index]
    assert again.equals(learned)
