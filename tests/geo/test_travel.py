"""Detours: paper answers, bounds that hold for every possible world, and the three classes."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.detours import DETOURS, Detour, TravelError, detours_of
from geo.reach import great_circle_m, nearest, reach_pairs
from geo.travel import classify, nearest_way, spread_over, way_pairs, with_roads

DEGREE_M = 6_371_008.8 * np.pi / 180
HOME = [[118.0, 25.0]]
KM = 1_000 / DEGREE_M


def test_errors_and_detours_on_paper():
    """One room 5 km north known to 500 m, one 6 km south known exactly; home known to 200 m."""
    rooms = [[118.0, 25 + 5 * KM], [118.0, 25 - 6 * KM]]
    ways = nearest_way(HOME, rooms, Detour(1, 1.5, 2), demand_error_m=200, site_error_m=[2_000, 0])
    row = ways.iloc[0]
    assert row["position"] == 0
    assert row["straight_m"] == pytest.approx(5_000, abs=1e-3)
    assert row["low_m"] == pytest.approx(5_000 - 2_000 - 200, abs=1e-3)
    assert row["best_m"] == pytest.approx(7_500, abs=1e-3)
    assert row["high_m"] == pytest.approx(2 * (6_000 + 200), abs=1e-3)  # the sure room is nearer


def test_without_sites_everything_is_out_of_reach():
    ways = nearest_way(HOME, [])
    assert ways["position"].tolist() == [-1]
    assert np.isinf(ways[["straight_m", "low_m", "best_m", "high_m"]]).all(axis=None)
    assert classify(ways, 1e9).tolist() == ["beyond"]
    assert len(nearest_way([], HOME)) == 0


def test_the_index_is_that_of_the_detours():
    table = pd.DataFrame({"low": [1.0, 1], "best": [1.0, 2], "high": [1.0, 3]}, index=["a", "b"])
    ways = nearest_way(HOME * 2, [[118.0, 25 + KM]], table)
    assert ways.index.tolist() == ["a", "b"]
    assert ways["best_m"].tolist() == pytest.approx([1_000, 2_000], abs=1e-3)
    assert classify(ways, pd.Series([500.0, 2_000.0], index=["a", "b"])).tolist() == [
        "beyond",
        "unsure",
    ]


def test_limits_are_inclusive_on_both_sides():
    ways = pd.DataFrame({"low_m": [5.0, 5.0, 5.0], "high_m": [9.0, 9.0, 9.0]})
    assert classify(ways, pd.Series([9.0, 5.0, np.nextafter(5, 0)])).tolist() == [
        "within",
        "unsure",
        "beyond",
    ]


UNITS = pd.DataFrame(
    {
        "level": ["city", "county", "county", "township", "village"],
        "parent_id": [None, "c", "c", "k", "t"],
    },
    index=["c", "k", "m", "t", "v"],
)


def test_the_closest_unit_above_decides():
    factors = {"k": DETOURS["hills"], "t": Detour(2, 2, 2, "own"), "c": Detour(3, 3, 3)}
    rows = pd.Series(["v", "t", "k", "m", np.nan], index=list("abcde"))
    table = detours_of(rows, UNITS, factors)
    assert table["best"].tolist() == [2, 2, 1.44, 3, 1.32]
    assert table["source"].iloc[0] == "own"
    assert table.index.tolist() == list("abcde")
    assert detours_of(rows, UNITS, {})["best"].tolist() == [1.32] * 5


def test_detour_from_samples():
    straight = np.array([1_000.0, 1_000, 1_000, 1_000, 100, 500, np.nan])
    way = np.array([900.0, 1_200, 1_400, 2_000, 5_000, np.inf, 800])
    found = Detour.from_samples(straight, way, spread=(0, 1))
    assert (found.low, found.best, found.high) == pytest.approx((1.0, 1.3, 2.0))
    assert found.source == "roads, 4 pairs"


coordinates = st.lists(
    st.tuples(st.floats(-0.05, 0.05), st.floats(-0.05, 0.05)), min_size=1, max_size=12
).map(lambda rows: np.array(rows) + np.array([118.0, 25.0]))


@settings(max_examples=60, deadline=None)
@given(
    coordinates, coordinates, st.integers(0, 1000), st.floats(0, 3_000), st.floats(0, 3_000),
    st.floats(1, 2), st.floats(1, 2), st.floats(1, 2),
)  # fmt: skip
def test_bounds_hold_in_every_possible_world(demand, sites, seed, own, other, a, b, c):
    """Move every point within its error and draw a detour: the truth stays in the interval."""
    low, best, high = sorted((a, b, c))
    detour = Detour(low, best, high)
    rng = np.random.default_rng(seed)
    error = rng.choice([0.0, other], len(sites))
    ways = nearest_way(demand, sites, detour, demand_error_m=own, site_error_m=error)
    assert (ways["low_m"] <= ways["best_m"]).all()
    assert (ways["best_m"] <= ways["high_m"]).all()
    moved = [moved_by(demand, own, rng), moved_by(sites, error, rng)]
    truth = nearest(*moved)[1] * rng.uniform(low, high, len(demand))
    assert (truth >= ways["low_m"] - 1e-3).all()
    assert (truth <= ways["high_m"] + 1e-3).all()
    limit = rng.uniform(0, 10_000)
    answer = classify(ways, limit)
    assert (truth[answer == "within"] <= limit + 1e-3).all()
    assert (truth[answer == "beyond"] > limit - 1e-3).all()
    certain, possible = (answer == "within").sum(), (answer != "beyond").sum()
    assert certain <= (ways["best_m"] <= limit).sum() <= possible
    surer = nearest_way(demand, sites, detour, demand_error_m=own / 2, site_error_m=error / 2)
    assert (surer["low_m"] >= ways["low_m"] - 1e-6).all()
    assert (surer["high_m"] <= ways["high_m"] + 1e-6).all()


def moved_by(points, metres, rng):
    """Move points by less than some metres (the plane is good to 0.01 % here)."""
    angle = rng.uniform(0, 2 * np.pi, len(points))
    step = np.broadcast_to(metres, len(points)) * rng.uniform(0, 0.999, len(points)) / DEGREE_M
    east = np.sin(angle) * step / np.cos(np.radians(points[:, 1]))
    return points + np.column_stack([east, np.cos(angle) * step])


def test_many_different_errors_only_widen_the_interval():
    rng = np.random.default_rng(0)
    demand, sites = rng.uniform((118, 25), (118.2, 25.2), (2, 80, 2))
    error = rng.uniform(0, 5_000, 80)
    ways = nearest_way(demand, sites, Detour.none(), site_error_m=error)
    metres = np.array([great_circle_m([home], sites) for home in demand])
    exact_low = np.maximum((metres - error).min(axis=1), 0)
    exact_high = (metres + error).min(axis=1)
    assert (ways["low_m"] <= exact_low + 1e-6).all()
    assert (ways["high_m"] >= exact_high - 1e-6).all()
    assert (ways["high_m"] - exact_high).max() < 5_000 / 8
    few = np.round(error, -3)
    ways = nearest_way(demand, sites, Detour.none(), site_error_m=few)
    assert ways["high_m"].to_numpy() == pytest.approx((metres + few).min(axis=1), abs=1e-6)


def test_pairs_by_the_way():
    rng = np.random.default_rng(3)
    demand, sites = rng.uniform((118, 25), (118.1, 25.1), (2, 50, 2))
    detour = Detour(1.1, 1.4, 2)
    for value, factor in (("low", 1.1), ("best", 1.4), ("high", 2)):
        found = way_pairs(demand, sites, 4_000, detour, value=value)
        straight = reach_pairs(demand, sites, 4_000 / factor)
        assert np.array_equal(found.indices, straight.indices)
        assert np.allclose(found.data, straight.data * factor)
    assert way_pairs(HOME, HOME, 0, detour).nnz == 1


def test_roads_narrow_the_interval_on_paper():
    ways = nearest_way(
        np.repeat(HOME, 3, axis=0), [[118.0, 25 + 2 * KM]], Detour(1, 1.5, 3), demand_error_m=100
    ).set_axis(list("abc"))
    by_road = pd.DataFrame(
        {
            "position": [0, 0, -1],
            "cost": [2_600.0, 2_000.0, np.inf],
            "road_cost": [2_600.0, np.inf, np.inf],
            "on_road": [True, False, False],
        }
    )
    found = with_roads(ways, by_road, Detour(1, 1.5, 3), error_m=100, shortcut=0.1)
    assert found.index.tolist() == list("abc")
    assert found["basis"].tolist() == ["roads", "detour", "detour"]
    assert found.loc["a", ["low_m", "best_m", "high_m"]].tolist() == pytest.approx(
        [2_600 * 0.9 - 300, 2_600, 2_900]
    )
    pd.testing.assert_frame_equal(found.loc[["c"], list(ways)], ways.loc[["c"]])
    # Who is nearer to the room than to any road walks straight, within the bounds of the detour.
    assert found.loc["b", ["low_m", "best_m", "high_m"]].tolist() == pytest.approx(
        [1_900, 2_000, 6_300]
    )
    # A road that is hardly longer than the walk is a way that is known.
    beside = with_roads(ways, by_road.assign(road_cost=2_100.0), Detour(1, 1.5, 3), error_m=100)
    assert beside.loc["b", ["low_m", "best_m", "high_m"]].tolist() == pytest.approx(
        [1_900, 2_000, 2_400]
    )
    sure = with_roads(ways, by_road, Detour(1, 1.5, 3), shortcut=0)
    assert sure.loc["a", ["low_m", "best_m", "high_m"]].tolist() == [2_600] * 3
    bold = with_roads(ways, by_road, shortcut=1).loc["a"]
    assert bold["low_m"] == pytest.approx(2_000, abs=1e-3)  # nothing beats the straight line


@settings(max_examples=40, deadline=None)
@given(coordinates, coordinates, st.integers(0, 1000), st.floats(0, 10_000))
def test_whoever_the_spread_people_are_the_interval_holds(demand, sites, seed, limit):
    """Put everybody of a group at one of its points: the truth stays in every row's interval."""
    rng = np.random.default_rng(seed)
    groups = pd.Series(rng.choice(["t", "u", None], len(demand)))
    ways = nearest_way(demand, sites, Detour(1.1, 1.3, 1.6))
    wide = spread_over(ways, groups)
    assert (wide["low_m"] <= ways["low_m"]).all()
    assert (wide["high_m"] >= ways["high_m"]).all()
    assert wide[["position", "straight_m", "best_m"]].equals(
        ways[["position", "straight_m", "best_m"]]
    )
    known = groups.isna().to_numpy()
    assert wide[known].equals(ways[known])
    for name in ("t", "u"):
        rows = np.flatnonzero(groups == name)
        for home in rows:
            truth = ways["straight_m"].iloc[home] * rng.uniform(1.1, 1.6)
            assert (wide["low_m"].iloc[rows] <= truth + 1e-6).all()
            assert (wide["high_m"].iloc[rows] >= truth - 1e-6).all()
    sure, wider = classify(ways, limit), classify(wide, limit)
    assert (sure[wider == "within"] == "within").all()
    assert (sure[wider == "beyond"] == "beyond").all()


def test_groups_must_fit():
    with pytest.raises(TravelError) as caught:
        spread_over(nearest_way(HOME, HOME), pd.Series(["a", "b"]))
    assert caught.value.code == "travel.groups"


@pytest.mark.parametrize(("rows", "shortcut"), [(2, 0.1), (1, -0.1), (1, 1.1), (1, np.nan)])
def test_roads_that_do_not_fit(rows, shortcut):
    ways = nearest_way(HOME, HOME)
    found = {"position": 0, "cost": 1.0, "road_cost": 1.0, "on_road": True}
    by_road = pd.DataFrame(found, index=range(rows))
    with pytest.raises(TravelError) as caught:
        with_roads(ways, by_road, shortcut=shortcut)
    assert caught.value.code == "travel.roads"


@pytest.mark.parametrize("numbers", [(0.9, 1, 1), (1, 3, 2), (1, 1, np.inf), (1, np.nan, 2)])
def test_impossible_detours(numbers):
    with pytest.raises(TravelError) as caught:
        Detour(*numbers)
    assert caught.value.code == "travel.detour"


@pytest.mark.parametrize(
    ("call", "code", "facts"),
    [
        ({"demand_error_m": -1}, "travel.error_value", {"table": "demand", "count": 1}),
        ({"site_error_m": [np.nan]}, "travel.error_value", {"table": "sites"}),
        ({"site_error_m": [1, 2]}, "travel.errors", {"table": "sites", "value": 2, "count": 1}),
        ({"detours": pd.DataFrame({"low": [1, 1]})}, "travel.detours", {"value": 2, "count": 1}),
    ],
)
def test_bad_input_is_named(call, code, facts):
    with pytest.raises(TravelError) as caught:
        nearest_way(HOME, HOME, **call)
    assert caught.value.code == code
    assert facts.items() <= caught.value.facts.items()


def test_other_bad_input_is_named():
    with pytest.raises(TravelError) as caught:
        detours_of(pd.Series(["v"]), UNITS, {"zz": DETOURS["plain"]})
    assert caught.value.code == "travel.unknown_unit"
    with pytest.raises(TravelError) as caught:
        Detour.from_samples([10.0], [20.0])
    assert caught.value.code == "travel.no_samples"
