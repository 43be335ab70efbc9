"""Clusters of cases: paper answers, laws, scikit-learn as oracle, each bad input to its error."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from shapely import Point, Polygon
from sklearn.cluster import DBSCAN
from sklearn.metrics import adjusted_rand_score

import analysis.clusters as clusters
from analysis.clusters import describe_clusters, find_clusters
from geo.errors import RoomplanError, ScenarioError, StudyError
from geo.reach import EARTH_RADIUS_M

SPHERE = Geod(a=EARTH_RADIUS_M, b=EARTH_RADIUS_M)


def offset(east_m: float, north_m: float, *, lon: float = 118.6, lat: float = 24.9) -> Point:
    """Return the point so many metres east and north on the sphere."""
    reach, turn = np.hypot(east_m, north_m), np.degrees(np.arctan2(east_m, north_m))
    return Point(SPHERE.fwd(lon, lat, turn, reach)[:2])


def table(points: list, ids: list | None = None, **columns: object) -> gpd.GeoDataFrame:
    index = pd.Index(ids if ids is not None else [f"c{i:03d}" for i in range(len(points))])
    return gpd.GeoDataFrame(
        pd.DataFrame(columns, index=index), geometry=gpd.GeoSeries(points, index), crs=4326
    )


def blobs(seed: int, n: int, centres: int = 6, spread: float = 0.01) -> gpd.GeoDataFrame:
    rng = np.random.default_rng(seed)
    middle = rng.uniform([117.6, 24.5], [119.0, 25.9], (centres, 2))
    at = middle[rng.integers(0, centres, n)] + rng.normal(0, spread, (n, 2))
    return table(list(gpd.points_from_xy(*at.T)), ids=[f"c{i:07d}" for i in range(n)])


def haversine_labels(cases: gpd.GeoDataFrame, radius_m: float, min_cases: int) -> np.ndarray:
    at = np.radians(np.column_stack([cases.geometry.y, cases.geometry.x]))
    model = DBSCAN(
        eps=radius_m / EARTH_RADIUS_M,
        min_samples=min_cases,
        metric="haversine",
        algorithm="ball_tree",
    )
    return model.fit(at).labels_


def test_two_groups_and_a_stray_case_on_paper() -> None:
    near = [offset(0, 0), offset(400, 0), offset(800, 0)]
    far = [offset(5000, 0), offset(5000, 100)]
    found = find_clusters(table([*far, *near, offset(20_000, 0)]), radius_m=450, min_cases=2)
    assert found.labels.tolist() == [1, 1, 0, 0, 0, -1]
    assert found.clusters["cases"].tolist() == [3, 2]
    assert (found.located, found.unlocated, found.alone) == (6, 0, 1)
    assert found.method == "raw"


@pytest.mark.parametrize("turn", [0, 37, 90, 151, 270])
@pytest.mark.parametrize("origin", [(118.6, 24.9), (118.0, 60.0), (-179.9999, 0.0), (10.0, 89.5)])
def test_the_radius_is_inclusive_and_right_to_a_thousandth(turn: float, origin: tuple) -> None:
    start = Point(origin)
    at_limit = Point(SPHERE.fwd(*origin, turn, 3000.0)[:2])
    beyond = Point(SPHERE.fwd(*origin, turn, 3000.0 * 1.0005)[:2])
    inside = find_clusters(table([start, at_limit]), radius_m=3000, min_cases=2)
    outside = find_clusters(table([start, beyond]), radius_m=3000, min_cases=2)
    assert inside.labels.tolist() == [0, 0]
    assert outside.labels.tolist() == [-1, -1]


def test_a_case_without_a_point_is_counted_and_never_in_a_cluster() -> None:
    cases = table([offset(0, 0), None, offset(10, 0), Point()])
    found = find_clusters(cases, radius_m=50, min_cases=2)
    assert found.labels.tolist() == [0, -1, 0, -1]
    assert (found.located, found.unlocated, found.alone) == (2, 2, 0)
    pd.testing.assert_index_equal(found.labels.index, cases.index)


def test_no_case_gives_no_cluster() -> None:
    empty = table([])
    found = find_clusters(empty, radius_m=500, min_cases=3)
    assert found.labels.empty
    assert found.clusters.empty
    full = find_clusters(table([offset(0, 0)] * 3), radius_m=500, min_cases=3)
    assert list(found.clusters.columns) == list(full.clusters.columns)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("radius_m", "min_cases"), [(300, 3), (800, 8), (2500, 20)])
def test_equals_scikit_learn_on_haversine(seed: int, radius_m: int, min_cases: int) -> None:
    cases = blobs(seed, 1500)
    found = find_clusters(cases, radius_m=radius_m, min_cases=min_cases)
    oracle = haversine_labels(cases, radius_m, min_cases)
    ours = found.labels.to_numpy()
    np.testing.assert_array_equal(ours < 0, oracle < 0)
    assert adjusted_rand_score(oracle, ours) == 1.0


@pytest.mark.parametrize("seed", range(30))
def test_many_places_get_the_labels_scikit_learn_gives(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(seed)
    cases = blobs(
        seed, int(rng.integers(1, 1500)), int(rng.integers(1, 30)), rng.choice([0.002, 0.02])
    )
    places = cases.geometry.translate(0, rng.choice([0, -25.2, -90, 45]))
    if seed % 3 == 0:  # a lattice: many cases at one place, many pairs just as far
        places = gpd.GeoSeries(
            shapely.set_precision(places.to_numpy(), 0.005), cases.index, crs=4326
        )
    cases = cases.set_geometry(places)
    asked = {
        "radius_m": float(rng.choice([120, 600, 4000])),
        "min_cases": int(rng.choice([1, 2, 9])),
    }
    raw = find_clusters(cases, **asked)
    monkeypatch.setattr(clusters, "RAW_BELOW", 1)
    found = find_clusters(cases, **asked)
    assert (raw.method, found.method) == ("raw", "cells")
    pd.testing.assert_series_equal(found.labels, raw.labels)


@pytest.mark.parametrize(
    ("origin", "radius_m"), [((179.99, 0), 5000), ((10.0, 89.0), 5000), ((118, 25), 150_000)]
)
def test_where_cells_do_not_work_they_are_not_used(
    origin: tuple, radius_m: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "RAW_BELOW", 1)
    points = [Point(SPHERE.fwd(*origin, turn, radius_m * 0.9)[:2]) for turn in (0, 60, 120, 300)]
    found = find_clusters(table([Point(origin), *points]), radius_m=radius_m, min_cases=5)
    assert found.method == "raw"
    assert found.labels.tolist() == [0] * 5


def test_too_many_neighbours_are_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "RAW_PAIRS", 1000)
    few = find_clusters(blobs(1, 500), radius_m=5, min_cases=5)
    many = find_clusters(blobs(1, 500), radius_m=5000, min_cases=5)
    assert (few.method, many.method) == ("raw", "cells")


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 60), st.sampled_from([200, 700]))
def test_shuffling_the_rows_changes_nothing(seed: int, n: int, radius_m: int) -> None:
    cases = blobs(seed, n, centres=3)
    mixed = cases.sample(frac=1, random_state=seed)
    one = find_clusters(cases, radius_m=radius_m, min_cases=3)
    two = find_clusters(mixed, radius_m=radius_m, min_cases=3)
    pd.testing.assert_series_equal(one.labels, two.labels.loc[cases.index])
    pd.testing.assert_series_equal(one.clusters["cases"], two.clusters["cases"])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(20, 80))
def test_the_clustered_cases_only_grow_with_the_radius(seed: int, n: int) -> None:
    cases = blobs(seed, n, centres=3)
    inside = [
        set(cases.index[find_clusters(cases, radius_m=r, min_cases=4).labels >= 0])
        for r in (150, 400, 1200)
    ]
    assert inside[0] <= inside[1] <= inside[2]


def test_repeated_places_count_each_case() -> None:
    found = find_clusters(table([offset(0, 0)] * 4 + [offset(30, 0)]), radius_m=50, min_cases=5)
    assert found.labels.tolist() == [0] * 5
    assert found.weights.tolist() == [4, 1]


def test_equal_sizes_are_ordered_by_the_smallest_case_id() -> None:
    points = [offset(0, 0), offset(9000, 0), offset(10, 0), offset(9010, 0)]
    found = find_clusters(table(points, ids=["d", "a", "c", "b"]), radius_m=50, min_cases=2)
    assert found.labels.to_dict() == {"d": 1, "a": 0, "c": 1, "b": 0}


def test_number_ids_are_ordered_as_numbers() -> None:
    points = [offset(0, 0), offset(9000, 0), offset(10, 0), offset(9010, 0)]
    found = find_clusters(table(points, ids=[10, 9, 30, 31]), radius_m=50, min_cases=2)
    assert found.labels.to_dict() == {10: 1, 9: 0, 30: 1, 31: 0}


def test_the_outline_holds_its_cases_and_no_corner_is_one() -> None:
    cases = blobs(3, 800)
    found = find_clusters(cases, radius_m=400, min_cases=5)
    assert len(found.clusters) > 2
    assert found.clusters.crs.equals("EPSG:4326")
    for label, outline in found.clusters.geometry.items():
        own = cases.geometry[found.labels == label]
        assert isinstance(outline, Polygon)
        assert own.within(outline.buffer(1e-12)).all()
        corners = np.asarray(outline.exterior.coords)
        at = np.column_stack([own.x, own.y])
        apart = np.abs(corners[:, None] - at[None]).max(axis=2)
        assert apart.min() > 1e-9


def test_what_a_cluster_is_about() -> None:
    cases = table(
        [offset(0, 0), offset(10, 0), offset(20, 0), offset(30, 0), offset(9000, 0)],
        categories=["water;road", "water", "road; water", None, "noise"],
        status=["filed", "registered", "withdrawn", "overdue", "filed"],
        received=pd.to_datetime(["2024-01-01", "2024-12-31", "2024-12-30", None, "2024-02-01"]),
        basis=["reported", "simulated", "simulated", "simulated", "reported"],
        location_basis=["reported", "modelled", None, "derived", "reported"],
    )
    row = find_clusters(cases, radius_m=50, min_cases=2).clusters.loc[0]
    assert (row["cases"], row["small_n"]) == (4, True)
    assert (row["main_categories"], row["main_count"]) == ("water;road", 3)
    assert row["unresolved_share"] == pytest.approx(2 / 3)
    assert row["with_status"] == 3
    assert (row["first"], row["last"]) == (pd.Timestamp("2024-01-01"), pd.Timestamp("2024-12-31"))
    assert (row["earlier"], row["recent"], row["trend_word"]) == (1, 2, "unknown")
    assert row["trend"] == pytest.approx(2 / 3 - 1 / 2)
    assert row["known_place_share"] == pytest.approx(1 / 3)
    assert row["simulated_share"] == pytest.approx(3 / 4)
    assert Point(row["lon"], row["lat"]).distance(offset(15, 0)) < 1e-6


def test_a_trend_is_against_all_cases_and_needs_enough_of_them() -> None:
    here, there = [offset(i, 0) for i in range(15)], [offset(9000 + i, 0) for i in range(15)]
    days = pd.to_datetime(["2018-03-01"] * 2 + ["2019-03-01"] * 13 + ["2018-03-01"] * 15)
    cases = table([*here, *there], received=days)
    words = find_clusters(cases, radius_m=50, min_cases=2).clusters["trend_word"]
    assert words.tolist() == ["rising", "falling"]
    few = find_clusters(cases, radius_m=50, min_cases=2, small_n=16).clusters
    assert few["trend_word"].tolist() == ["unknown"] * 2
    assert few["small_n"].all()


def test_a_list_that_ended_long_ago_makes_nothing_fall() -> None:
    days = pd.to_datetime("2018-01-01") + pd.to_timedelta(np.arange(30) * 10, unit="D")
    points = [offset(i, 0) for i in range(30)] + [offset(50_000, 0)]
    cases = table(points, received=[*days, pd.Timestamp("2026-01-01")])
    assert find_clusters(cases, radius_m=50, min_cases=2).clusters.loc[0, "trend_word"] == "steady"


def test_what_is_not_known_stays_unknown() -> None:
    row = find_clusters(table([offset(0, 0)] * 3), radius_m=50, min_cases=2).clusters.loc[0]
    unknown = ["main_categories", "main_count", "unresolved_share", "unresolved_low", "trend"]
    unknown += ["first", "last", "known_place_share", "simulated_share"]
    assert row[unknown].isna().all()
    assert row["with_status"] == 0


def test_rate_against_the_people_around_and_nearest_room() -> None:
    cases = table([offset(10 * i, 0) for i in range(6)] + [offset(90_000, 0), offset(0, 60_000)])
    demand = gpd.GeoDataFrame(
        {
            "people": [1000.0, np.nan, 5000.0, 9000.0],
            "group": ["resident", "student", "worker", "resident"],
            "location_basis": ["modelled", "reported", "reported", "reported"],
        },
        geometry=[offset(300, 0), offset(0, 0), offset(0, 0), offset(80_000, 0)],
        crs=4326,
    )
    rooms = gpd.GeoDataFrame(
        {"is_open": [True, False, True]},
        index=pd.Index(["r1", "r2", "r3"]),
        geometry=[offset(2025, 0), offset(100, 0), None],
        crs=4326,
    )
    found = find_clusters(cases, radius_m=400, min_cases=3)
    row = describe_clusters(found, demand, rooms).loc[0]
    assert (row["area_cases"], row["residents"]) == (6, 1000)
    assert row["residents_known_share"] == 0
    assert row["expected"] == pytest.approx(8 * 1000 / 10_000)
    assert row["rate_per_10k"] == pytest.approx(60)
    assert row["relative_risk"] == pytest.approx((6 / 1000) / (2 / 9000))
    assert row["nearest_room_id"] == "r1"
    assert row["nearest_room_m"] == pytest.approx(2000, abs=1)


def test_nobody_known_around_means_no_rate_and_no_room_means_unreachable() -> None:
    found = find_clusters(table([offset(0, 0)] * 3), radius_m=400, min_cases=3)
    demand = gpd.GeoDataFrame({"people": [10.0]}, geometry=[offset(9000, 0)], crs=4326)
    rooms = gpd.GeoDataFrame({"name": ["x"]}, geometry=[None], crs=4326)
    row = describe_clusters(found, demand, rooms).loc[0]
    unknown = ["residents", "residents_known_share", "expected", "rate_per_10k"]
    assert row[[*unknown, "relative_risk", "nearest_room_id"]].isna().all()
    assert row["nearest_room_m"] == np.inf


def test_no_cluster_has_nothing_to_describe() -> None:
    found = find_clusters(table([offset(0, 0)]), radius_m=400, min_cases=3)
    demand = gpd.GeoDataFrame({"people": [10.0]}, geometry=[offset(0, 0)], crs=4326)
    rooms = gpd.GeoDataFrame({"name": ["x"]}, geometry=[offset(0, 0)], crs=4326)
    described = describe_clusters(found, demand, rooms)
    assert described.empty
    assert {"relative_risk", "nearest_room_m"} <= set(described.columns)


def test_no_case_elsewhere_makes_the_relative_risk_infinite() -> None:
    found = find_clusters(table([offset(0, 0)] * 3), radius_m=400, min_cases=3)
    demand = gpd.GeoDataFrame(
        {"people": [10.0, 90.0]}, geometry=[offset(0, 0), offset(9000, 0)], crs=4326
    )
    rooms = gpd.GeoDataFrame({"name": ["x"]}, geometry=[None], crs=4326)
    row = describe_clusters(found, demand, rooms).loc[0]
    assert (row["relative_risk"], row["expected"]) == (np.inf, pytest.approx(0.3))


GOOD = table([Point(118, 25), Point(118, 25)])


@pytest.mark.parametrize(
    ("cases", "radius_m", "min_cases", "kind", "code"),
    [
        (GOOD, 0, 2, ScenarioError, "clusters.radius"),
        (GOOD, -1, 2, ScenarioError, "clusters.radius"),
        (GOOD, np.nan, 2, ScenarioError, "clusters.radius"),
        (GOOD, np.inf, 2, ScenarioError, "clusters.radius"),
        (GOOD, "500", 2, ScenarioError, "clusters.radius"),
        (GOOD, 500, 0, ScenarioError, "clusters.min_cases"),
        (GOOD, 500, 2.5, ScenarioError, "clusters.min_cases"),
        (GOOD, 500, True, ScenarioError, "clusters.min_cases"),
        (pd.DataFrame({"a": [1]}), 500, 2, StudyError, "clusters.geometry"),
        (GOOD.to_crs(4490), 500, 2, StudyError, "clusters.crs"),
        (GOOD.to_crs(3857), 500, 2, StudyError, "clusters.crs"),
        (GOOD.set_crs(None, allow_override=True), 500, 2, StudyError, "clusters.crs"),
        (table([Point(200, 25)]), 500, 2, StudyError, "clusters.degrees"),
        (table([Point(25, 118)]), 500, 2, StudyError, "clusters.degrees"),
        (table([Point(1, 1).buffer(1)]), 500, 2, StudyError, "clusters.not_points"),
        (table([Point(1, 1)] * 2, ids=["a", "a"]), 500, 2, StudyError, "clusters.id_twice"),
    ],
)
def test_bad_input_ends_in_its_own_error(cases, radius_m, min_cases, kind, code) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(kind) as caught:
        find_clusters(cases, radius_m=radius_m, min_cases=min_cases)
    assert isinstance(caught.value, RoomplanError)
    assert caught.value.code == code
