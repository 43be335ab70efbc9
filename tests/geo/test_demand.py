"""People to points: inside the area, the same every time, evenly spread and none lost."""

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.demand import area_left, demand_points, spread_points
from geo.errors import StudyError

SQUARE = shapely.box(0, 0, 1000, 1000)
RING = SQUARE.difference(shapely.box(200, 200, 800, 800))


@pytest.mark.parametrize("area", [SQUARE, RING, shapely.MultiPolygon([SQUARE])])
def test_points_lie_inside_and_are_the_same_every_time(area: shapely.Geometry) -> None:
    points = spread_points(area, 200)
    assert points.shape == (200, 2)
    assert shapely.contains_xy(area, points[:, 0], points[:, 1]).all()
    np.testing.assert_array_equal(points, spread_points(area, 200))


def test_points_are_spread_more_evenly_than_random_ones() -> None:
    points = spread_points(SQUARE, 400)
    squares = np.histogram2d(points[:, 0], points[:, 1], bins=5, range=[[0, 1000]] * 2)[0]
    # 25 squares of 16 points: Poisson counts would differ by 4 in standard deviation
    assert squares.std() < 1.5


@given(st.integers(0, 40), st.integers(1, 40))
@settings(max_examples=30)
def test_a_second_set_continues_the_first(skip: int, count: int) -> None:
    both = spread_points(RING, skip + count)
    np.testing.assert_array_equal(spread_points(RING, count, skip=skip), both[skip:])


def test_no_points_wanted_need_no_area() -> None:
    assert spread_points(shapely.Polygon(), 0).shape == (0, 2)


def test_points_in_no_area_are_refused() -> None:
    with pytest.raises(StudyError) as caught:
        spread_points(shapely.Polygon(), 3)
    assert caught.value.code == "population.no_area"


def test_a_located_part_takes_its_fair_share_of_the_area() -> None:
    left = area_left(SQUARE, [[500, 500]], parts=4)
    assert left.area == pytest.approx(SQUARE.area * 3 / 4, rel=0.005)
    assert not left.contains(shapely.Point(500, 500))


def test_nothing_located_leaves_the_whole_cell() -> None:
    assert area_left(SQUARE, np.empty((0, 2)), parts=4).equals(SQUARE)


def test_discs_that_would_leave_nothing_leave_the_whole_cell() -> None:
    cell = shapely.box(0, 0, 10, 10)
    corners = [[0, 0], [0, 10], [10, 0], [10, 10], [5, 5]]
    assert area_left(cell, corners, parts=1).equals(cell)


@given(st.integers(0, 20_000), st.integers(0, 20_000))
@settings(max_examples=40)
def test_people_are_conserved_by_setting(urban: int, rural: int) -> None:
    people = pd.Series({"urban": urban, "rural": rural})
    points = demand_points(RING, people, km2_per_point=0.01, least=5, most=40)
    sums = points.groupby("setting")["people"].sum().reindex(people.index, fill_value=0)
    assert sums.to_dict() == people.to_dict()
    assert (points["people"] > 0).all()
    assert not points.duplicated(["x", "y"]).any()


def test_the_number_of_points_follows_the_area_between_its_bounds() -> None:
    people = pd.Series({"urban": 9000, "rural": 1000})
    count = {
        km2: len(demand_points(SQUARE, people, km2_per_point=km2, least=10, most=50))
        for km2 in (1.0, 0.04, 0.001)
    }
    assert count == {1.0: 10, 0.04: 25, 0.001: 50}


def test_points_are_shared_out_by_people() -> None:
    people = pd.Series({"urban": 9000, "rural": 1000})
    points = demand_points(SQUARE, people, km2_per_point=1, least=20, most=20)
    assert points["setting"].value_counts().to_dict() == {"urban": 18, "rural": 2}
    assert points["people"].unique().tolist() == [500]
