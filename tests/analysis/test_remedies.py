"""What it would take: the sites that close a gap, against brute force and on paper."""

from __future__ import annotations

import datetime as dt
import itertools

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from analysis.journey import survey
from analysis.remedies import TARGET, fewest, remedies
from analysis.scenario import scenario_of
from analysis.service import ServiceRule
from worlds import toy_frames, toy_study

STEP = 0.01  # degrees of latitude, 1,111.95 m


def line(latitudes, people, *, unit="T", first=0):
    """Points on one meridian."""
    index = [f"d{first + n}" for n in range(len(latitudes))]
    points = gpd.points_from_xy([118.0] * len(latitudes), latitudes)
    frame = gpd.GeoDataFrame({"unit_id": unit, "people": people}, index=index, geometry=points)
    return frame.set_crs("EPSG:4326")


def sites_at(**latitudes):
    points = gpd.points_from_xy([118.0] * len(latitudes), list(latitudes.values()))
    return gpd.GeoDataFrame(index=list(latitudes), geometry=points, crs="EPSG:4326")


def remedies_of(demand, sites, limit=1500.0, **options):
    people = demand["people"].astype(float)
    return remedies(demand, people, sites, pd.Series(limit, index=demand.index), **options)


ROW = [25 + STEP * n for n in range(6)]


def test_one_site_in_the_middle_and_what_the_rest_needs():
    demand = line(ROW, [100, 100, 100, 10, 10, 180])
    found = remedies_of(demand, sites_at(s1=ROW[1], s2=ROW[0], far=26.0)).loc["T"]
    assert (found["site_id"], found["site_people"]) == ("s1", 300)
    assert (found["near_site_id"], found["near_site_m"]) == ("s2", 0)
    assert found["reachable_people"] == 300
    assert (found["rooms_least"], found["rooms_enough"], found["rooms_sites"]) == (1, 1, "s1")
    assert found["rooms_people"] == 300
    assert found["free_rooms"] == 2  # at the second and the last but one point


def test_two_sites_where_one_does_not_do():
    demand = line(ROW, [100] * 6)
    found = remedies_of(demand, sites_at(a=ROW[1], b=ROW[3], c=ROW[4])).loc["T"]
    assert (found["rooms_least"], found["rooms_enough"], found["rooms_sites"]) == (2, 2, "a;c")
    assert found["rooms_people"] == found["reachable_people"] == 600


def test_the_greedy_choice_is_not_the_last_word():
    """The best site alone leaves two halves; two others do all of it."""
    reach = np.array([[1, 0, 1], [1, 0, 0], [0, 1, 1], [0, 1, 0]], dtype=bool)
    assert sorted(fewest(reach, np.array([4.0, 1.0, 4.0, 1.0]), 10.0)[1].tolist()) == [0, 1]
    assert fewest(reach, np.array([4.0, 1.0, 4.0, 1.0]), 8.0)[1].tolist() == [2]


def test_no_site_in_reach_names_the_nearest_and_how_far():
    found = remedies_of(line(ROW[:2], [70, 30]), sites_at(s=25.1, t=25.2)).loc["T"]
    assert found[["site_id", "site_people", "rooms_sites"]].isna().all()
    assert found[["rooms_least", "rooms_enough", "rooms_people"]].isna().all()
    assert found["near_site_id"] == "s"
    assert found["near_site_m"] == pytest.approx(9 * 1111.950802)
    assert found["reachable_people"] == 0
    assert found["free_rooms"] == 1


def test_without_any_site_on_the_list():
    found = remedies_of(line(ROW[:1], [70]), sites_at()).loc["T"]
    assert pd.isna(found["near_site_id"])
    assert np.isinf(found["near_site_m"])
    assert found["free_rooms"] == 1


def test_nobody_out_of_reach_needs_nothing():
    assert remedies_of(line([], []), sites_at(s=25.0)).empty


def test_each_place_is_solved_apart():
    demand = pd.concat([line(ROW[:2], [5, 5], unit="A"), line(ROW[:2], [7, 7], unit="B", first=2)])
    found = remedies_of(demand, sites_at(s=ROW[0]))
    assert found["site_people"].to_dict() == {"A": 10, "B": 14}
    assert found["free_rooms"].tolist() == [1, 1]


def test_whom_a_room_serves_may_be_said_instead_of_measured():
    demand = line(ROW[:2], [70, 30])
    sites = sites_at(b=26.0, a=27.0)
    reach = csr_array(np.array([[0.5, 0.0], [0.0, 9.0]]))  # costs; the first serves only d0
    found = remedies_of(demand, sites, listed=reach).loc["T"]
    assert (found["site_id"], found["rooms_sites"]) == ("b", "b;a")


def test_ties_go_to_the_first_id_and_sites_without_a_point_are_passed_over():
    sites = sites_at(z=ROW[0], b=ROW[0], a=ROW[0])
    sites.loc["a", "geometry"] = None
    assert remedies_of(line(ROW[:1], [9]), sites).loc["T", "site_id"] == "b"


tables = st.integers(1, 7).flatmap(
    lambda sites: st.lists(
        st.tuples(st.integers(1, 9), st.lists(st.booleans(), min_size=sites, max_size=sites)),
        min_size=1,
        max_size=9,
    )
)


@settings(max_examples=300, deadline=None)
@given(tables, st.sampled_from([0.3, 0.6, 0.9, 1.0]))
def test_fewest_is_what_trying_everything_gives(rows, share):
    reach = np.array([row for _, row in rows], dtype=bool)
    people = np.array([weight for weight, _ in rows], dtype=float)
    reachable = people[reach.any(axis=1)].sum()
    if reachable == 0:
        return
    wanted = share * reachable
    sizes = (
        size
        for size in range(1, reach.shape[1] + 1)
        for some in itertools.combinations(range(reach.shape[1]), size)
        if people[reach[:, list(some)].any(axis=1)].sum() >= wanted - 1e-9
    )
    least, chosen = fewest(reach, people, wanted)
    assert least == len(chosen) == next(sizes)
    assert people[reach[:, chosen].any(axis=1)].sum() >= wanted - 1e-4


@settings(max_examples=50, deadline=None)
@given(
    st.permutations(range(6)),
    st.lists(st.floats(0.1, 5000), min_size=6, max_size=6),
    st.floats(100, 5000),
)
def test_the_order_of_rows_and_doubled_points_change_nothing(order, people, limit):
    demand = line(ROW, people)
    sites = sites_at(a=ROW[1], b=ROW[3], c=25.1)
    straight = remedies_of(demand, sites, limit)
    pd.testing.assert_frame_equal(
        straight, remedies_of(demand.iloc[order], sites.iloc[::-1], limit), rtol=1e-9
    )
    halves = demand.assign(people=demand["people"] / 2)
    doubled = pd.concat([halves, halves.rename(index=lambda key: f"{key}x")])
    pd.testing.assert_frame_equal(straight, remedies_of(doubled, sites, limit), rtol=1e-6)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0.1, 5000), min_size=6, max_size=6), st.floats(100, 5000))
def test_bounds_hold(people, limit):
    found = remedies_of(line(ROW, people), sites_at(a=ROW[1], b=ROW[3], c=25.1), limit).loc["T"]
    everyone = sum(people)
    assert found["free_rooms"] >= 1
    if pd.notna(found["site_id"]):
        assert 1 <= found["rooms_least"] <= found["rooms_enough"] <= 3
        assert found["site_people"] <= found["rooms_people"] + 1e-5
        assert found["rooms_people"] <= found["reachable_people"] + 1e-5
        wanted = min(TARGET * everyone, found["reachable_people"])
        assert found["rooms_people"] >= wanted * (1 - 1e-6) - 1e-4


@pytest.mark.parametrize(
    ("keep", "remedies_said"),
    [
        (["s1", "s2", "s4"], ["one", "one", "one"]),
        (["s1"], ["one", "off_list", "off_list"]),
        ([], ["off_list"] * 3),
    ],
)
def test_the_gap_list_says_which_kind_of_remedy_there_is(keep, remedies_said):
    frames = toy_frames()
    frames["sites"] = frames["sites"].loc[keep]
    study = toy_study(**frames)
    gaps = survey(study, scenario_of(study, as_of=dt.date(2019, 5, 31))).gaps
    assert gaps["remedy"].tolist() == remedies_said


@pytest.mark.parametrize(("measure", "remedy"), [("straight", "one"), ("way", "off_list")])
def test_a_site_is_in_reach_by_the_way_where_the_standard_is_one(measure, remedy):
    """The site is 556 m from v2 by the straight line and 734 m by the way; the limit is 700 m."""
    frames = toy_frames()
    frames["sites"] = (
        frames["sites"]
        .loc[["s1"]]
        .set_geometry(gpd.points_from_xy([118.05], [25.065], crs="EPSG:4326"))
    )
    study = toy_study(**frames)
    scenario = scenario_of(study, as_of=dt.date(2019, 5, 31), limit_urban_m=700.0, measure=measure)
    gap = survey(study, scenario).gaps.loc["v2"]
    assert (gap["remedy"], gap["near_site_id"]) == (remedy, "s1")
    assert gap["near_site_m"] == pytest.approx(0.005 * 111_195.0802)


@pytest.mark.parametrize(
    ("rules", "rooms"), [((), 1), (("level=village,limit=100m",), 2), (("kind=park,limit=1m",), 1)]
)
def test_rooms_where_people_live_are_held_to_the_rule_of_village_rooms(rules, rooms):
    """Two homes of v2 lie 500 m apart and 700 m and more from the nearest room."""
    demand = toy_frames()["demand"]
    two = demand.loc[["d2", "d2"]].set_axis(["d2", "d2b"]).rename_axis("demand_id")
    x, y = two.geometry.x.iloc[0], two.geometry.y.iloc[0]
    two = two.set_geometry(gpd.points_from_xy([x, x], [y, y + 500 / 111_195.0802]), crs=4326)
    study = toy_study(demand=pd.concat([demand.drop(index="d2"), two]))
    rules = tuple(map(ServiceRule.of, rules))
    scenario = scenario_of(study, as_of=dt.date(2019, 5, 31), limit_urban_m=700.0, rules=rules)
    assert survey(study, scenario).gaps.loc["v2", "free_rooms"] == rooms
