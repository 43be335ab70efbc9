"""The tree and the assignment of points, on a world of squares whose answers fit on paper."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Point, box

from geo.reach import EARTH_RADIUS_M
from geo.units import RULES, UnitsError, ancestors, assign_units, descendants, roll_up

DEGREE_M = np.pi / 180 * EARTH_RADIUS_M

# City c: county k1 west (townships a, b side by side), county k2 east (township d), and the
# context county x to the south. Each township is 0.1 degrees square; villages of a have no shape
# of their own here.
ROWS = [
    ("c", "city", None, box(118.0, 25.0, 118.3, 25.1), "reported", False),
    ("k1", "county", "c", box(118.0, 25.0, 118.2, 25.1), "reported", False),
    ("k2", "county", "c", box(118.2, 25.0, 118.3, 25.1), "reported", False),
    ("x", "county", "c", box(118.0, 24.9, 118.3, 24.995), "reported", True),
    ("b", "township", "k1", box(118.1, 25.0, 118.2, 25.1), "derived", False),
    ("a", "township", "k1", box(118.0, 25.0, 118.1, 25.1), "derived", False),
    ("d", "township", "k2", box(118.2, 25.0, 118.3, 25.1), "derived", False),
    ("a1", "village", "a", box(118.0, 25.0, 118.05, 25.1), "derived", False),
    ("a2", "village", "a", box(118.05, 25.0, 118.1, 25.1), "derived", False),
]


@pytest.fixture
def units():
    columns = ["unit_id", "level", "parent_id", "geometry", "boundary_basis", "is_context"]
    frame = pd.DataFrame(ROWS, columns=columns).set_index("unit_id")
    return gpd.GeoDataFrame(frame, crs="EPSG:4326")


def points(*lonlat, index=None):
    shapes = [None if p is None else Point(p) for p in lonlat]
    return gpd.GeoSeries(shapes, index=index, crs="EPSG:4326")


def test_ancestors_at_every_level(units):
    assert ancestors(units, "city").tolist() == ["c"] * 9
    county = ancestors(units, "county")
    assert county.index.equals(units.index)
    assert county.fillna("-").tolist() == ["-", "k1", "k2", "x", "k1", "k1", "k2", "k1", "k1"]
    township = ancestors(units, "township").dropna()
    assert township.to_dict() == {"b": "b", "a": "a", "d": "d", "a1": "a", "a2": "a"}
    assert ancestors(units, "village").dropna().to_dict() == {"a1": "a1", "a2": "a2"}


def test_ancestors_of_a_unit_hanging_on_nothing_are_unknown(units):
    units.loc["a", "parent_id"] = "gone"
    units.loc["d", "parent_id"] = ""
    county = ancestors(units, "county")
    assert county[["a", "a1", "d"]].isna().all()
    assert county["b"] == "k1"


def test_descendants(units):
    assert descendants(units, "k1").tolist() == ["k1", "b", "a", "a1", "a2"]
    assert descendants(units, "k1", level="village").tolist() == ["a1", "a2"]
    assert descendants(units, "a2").tolist() == ["a2"]


def test_roll_up_sums_and_keeps_zero_and_unknown_apart(units):
    values = pd.Series([1.0, 2.0, np.nan, 5.0, 7.0], index=["a1", "a2", "d", "a", "c"])
    county = roll_up(values, units, "county")
    assert county.index.tolist() == ["k1", "k2"]
    assert county["k1"] == 8
    assert np.isnan(county["k2"])
    township = roll_up(values, units, "township", empty=0)
    assert township["a"] == 8
    assert township["b"] == 0
    assert np.isnan(township["d"])
    assert roll_up(values, units, "city").tolist() == [15]
    assert roll_up(values[:0], units, "county", empty=0).tolist() == [0, 0]


def test_points_inside(units):
    where = points((118.05, 25.05), (118.15, 25.02), (118.25, 25.09), index=[7, 7, 3])
    answer = assign_units(where, units)
    assert answer["unit_id"].tolist() == ["a", "b", "d"]
    assert answer["rule"].tolist() == ["inside"] * 3
    assert answer["distance_m"].tolist() == [0, 0, 0]
    assert answer["basis"].tolist() == ["derived"] * 3
    assert not answer["conflict"].any()
    assert answer.index.tolist() == [7, 7, 3]


def test_shared_edges_and_corners_go_to_the_smallest_id(units):
    where = points((118.1, 25.05), (118.2, 25.0), (118.0, 25.0))
    answer = assign_units(where, units)
    assert answer["unit_id"].tolist() == ["a", "b", "a"]
    assert answer["rule"].tolist() == ["boundary", "boundary", "inside"]
    shuffled = assign_units(where, units.iloc[::-1])
    pd.testing.assert_frame_equal(shuffled, answer)


def test_points_outside_go_to_the_nearest_within_the_limit(units):
    step = 1_999.0 / DEGREE_M
    where = points((118.05, 25.1 + step), (118.15, 25.1 + step * 1.002), (118.05, 26.0))
    answer = assign_units(where, units)
    assert answer["unit_id"].fillna("-").tolist() == ["a", "-", "-"]
    assert answer["rule"].tolist() == ["nearest", "none", "none"]
    assert answer["distance_m"].iloc[0] == pytest.approx(1_999, abs=1e-3)
    assert answer["distance_m"].iloc[1:].isna().all()
    assert answer["basis"].isna().tolist() == [False, True, True]
    wider = assign_units(where, units, nearest_m=2_100)
    assert wider["unit_id"].fillna("-").tolist() == ["a", "b", "-"]


def test_nearest_measures_metres_not_degrees(units):
    # 0.0100 degrees north of b is 1,112 m; 0.0105 degrees east of an islet of d is 1,057 m.
    units.loc[["d"], "geometry"] = [
        MultiPolygon([box(118.2, 25.0, 118.3, 25.1), box(118.1, 25.105, 118.1395, 25.115)])
    ]
    answer = assign_units(points((118.15, 25.11)), units)
    assert answer["unit_id"].tolist() == ["d"]
    expected = 0.0105 * DEGREE_M * np.cos(np.radians(25.11))
    assert answer["distance_m"].iloc[0] == pytest.approx(expected, rel=1e-3)


def test_nearest_limit_is_inclusive_and_zero_means_inside_only(units):
    where = points((118.15, 25.1 + 500 / DEGREE_M))
    exact = assign_units(where, units)["distance_m"].iloc[0]
    assert assign_units(where, units, nearest_m=exact)["rule"].tolist() == ["nearest"]
    assert assign_units(where, units, nearest_m=exact - 1e-3)["rule"].tolist() == ["none"]
    assert assign_units(where, units, nearest_m=0)["rule"].tolist() == ["none"]


def test_context_receives_nothing_and_its_points_go_nowhere(units):
    where = points((118.05, 24.99), (118.05, 24.9975))
    answer = assign_units(where, units)
    assert answer["rule"].tolist() == ["none", "nearest"]
    stated = pd.Series(["x"])
    assert assign_units(where[:1], units, level="county", stated=stated)["rule"].tolist() == [
        "none"
    ]


def test_the_stated_unit_wins_over_an_approximate_cell(units):
    where = points((118.15, 25.05), None, (118.05, 25.05))
    answer = assign_units(where, units, stated=pd.Series(["a", "b", None]))
    assert answer["unit_id"].tolist() == ["a", "b", "a"]
    assert answer["rule"].tolist() == ["stated", "stated", "inside"]
    assert answer["basis"].tolist() == ["reported", "reported", "derived"]
    away = 0.05 * DEGREE_M * np.cos(np.radians(25.05))
    assert answer["distance_m"].iloc[0] == pytest.approx(away, rel=1e-4)
    assert np.isnan(answer["distance_m"].iloc[1])
    assert not answer["conflict"].any()


def test_a_stated_village_counts_for_its_township(units):
    answer = assign_units(points((118.07, 25.05)), units, stated=pd.Series(["a1"]))
    assert answer["unit_id"].tolist() == ["a"]
    assert answer["distance_m"].tolist() == [0]


def test_a_stated_county_confines_the_search(units):
    where = points((118.15, 25.05), (118.21, 25.05), (118.28, 25.05), None)
    answer = assign_units(where, units, stated=pd.Series(["k1"] * 4))
    assert answer["unit_id"].fillna("-").tolist() == ["b", "b", "-", "-"]
    assert answer["rule"].tolist() == ["inside", "nearest", "none", "none"]
    assert answer["conflict"].tolist() == [False, True, True, False]


def test_an_exact_outline_that_contradicts_the_row_is_flagged(units):
    where = points((118.25, 25.05), (118.2, 25.05), (118.15, 25.05))
    stated = pd.Series(["a", "b", "a"])
    answer = assign_units(where, units, stated=stated)
    assert answer["unit_id"].tolist() == ["a", "b", "a"]
    assert answer["conflict"].tolist() == [True, False, False]
    units["boundary_basis"] = "reported"
    assert assign_units(where, units, stated=stated)["conflict"].tolist() == [True, False, True]
    units["boundary_basis"] = "modelled"
    assert not assign_units(where, units, stated=stated)["conflict"].any()


def test_rows_without_a_point_or_a_name_go_nowhere(units):
    where = gpd.GeoSeries([None, Point()], crs="EPSG:4326")
    answer = assign_units(where, units)
    assert answer["rule"].tolist() == ["none", "none"]
    assert answer[["unit_id", "distance_m", "basis"]].isna().all(axis=None)


def test_no_points_give_the_same_columns(units):
    answer = assign_units(points(), units, stated=pd.Series([], dtype="str"))
    assert len(answer) == 0
    assert list(answer) == ["unit_id", "rule", "distance_m", "basis", "conflict"]


def test_a_frame_of_points_keeps_its_named_index(units):
    frame = gpd.GeoDataFrame(
        geometry=points((118.05, 25.05)), index=pd.Index(["r1"], name="room_id")
    )
    answer = assign_units(frame, units)
    assert answer.index.name == "room_id"
    assert answer.index.tolist() == ["r1"]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(-3, 33), st.integers(-3, 13)), min_size=1, max_size=30))
def test_every_point_agrees_with_plain_arithmetic(cells):
    """On a grid of 0.01 degrees the answer is a matter of dividing by ten."""
    columns = ["unit_id", "level", "parent_id", "geometry", "boundary_basis", "is_context"]
    units = gpd.GeoDataFrame(pd.DataFrame(ROWS, columns=columns).set_index("unit_id"), crs=4326)
    where = points(*[(118 + x / 100, 25 + y / 100) for x, y in cells])
    answer = assign_units(where, units, nearest_m=0)
    assert set(answer["rule"]) <= set(RULES)
    for (x, y), (unit, rule) in zip(cells, answer[["unit_id", "rule"]].to_numpy(), strict=True):
        if not (0 <= x <= 30 and 0 <= y <= 10):
            assert rule == "none"
        elif x in (10, 20):
            assert rule in ("boundary", "inside")  # 118.1 itself is rounded
            assert unit in {10: "ab", 20: "bd"}[x]
        else:
            assert unit == "abd"[min(x // 10, 2)]


@pytest.mark.parametrize(
    ("change", "code", "facts"),
    [
        ({"level": "province"}, "units.level", {"level": "province"}),
        ({"stated": ["a", "nowhere"]}, "units.unknown", {"count": 1, "ids": "nowhere"}),
        ({"stated": ["a"]}, "units.stated", {"value": 1, "count": 2}),
        ({"nearest_m": -1}, "units.nearest", {"value": -1.0}),
        ({"nearest_m": np.nan}, "units.nearest", {}),
        ({"crs": "EPSG:4490"}, "units.crs", {"value": "EPSG:4490"}),
        ({"crs": None}, "units.crs", {"value": "None"}),
        ({"shape": box(0, 0, 1, 1)}, "units.not_points", {"count": 1, "ids": "q"}),
        ({"drop": "township"}, "units.no_level", {"level": "township"}),
    ],
)
def test_bad_input_is_named(units, change, code, facts):
    shapes = [Point(118.05, 25.05), change.get("shape", Point(118.05, 25.06))]
    where = gpd.GeoSeries(shapes, index=["p", "q"], crs=change.get("crs", "EPSG:4326"))
    stated = pd.Series(change["stated"]) if "stated" in change else None
    units = units[units["level"] != change.get("drop")]
    with pytest.raises(UnitsError) as caught:
        assign_units(
            where,
            units,
            level=change.get("level", "township"),
            stated=stated,
            nearest_m=change.get("nearest_m", 2_000),
        )
    assert caught.value.code == code
    assert facts.items() <= caught.value.facts.items()


def test_values_on_unknown_units_are_refused(units):
    with pytest.raises(UnitsError) as caught:
        roll_up(pd.Series([1.0], index=["zz"]), units, "county")
    assert caught.value.code == "units.unknown"
    with pytest.raises(UnitsError):
        descendants(units, "zz")
