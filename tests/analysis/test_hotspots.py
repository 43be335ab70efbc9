"""The scan statistic: brute force as oracle, null maps, planted hot spots, bad input."""

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from esda.getisord import G_Local
from hypothesis import given, settings
from hypothesis import strategies as st
from libpysal.weights import KNN
from shapely import box

from analysis.hotspots import COLUMNS, scan
from geo.errors import RoomplanError, ScenarioError, StudyError
from geo.reach import EARTH_RADIUS_M, ReachError


def metres(a: np.ndarray, b: np.ndarray) -> float:
    """Haversine, written out again so that it owes nothing to the code under test."""
    (lon1, lat1), (lon2, lat2) = np.radians(a), np.radians(b)
    h = math.sin((lat2 - lat1) / 2) ** 2
    h += math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(h))


def ratio(c: int, e: float, total: int) -> float:
    if c <= e:
        return 0.0
    outside = (total - c) * math.log((total - c) / (total - e)) if total > c else 0.0
    return c * math.log(c / e) + outside


def brute(
    at: np.ndarray, people: np.ndarray, cases: np.ndarray, max_share: float = 0.5
) -> tuple[float, set[frozenset[int]]]:
    """Return the highest ratio over every circle round a place and the sets that reach it."""
    total, best, winners = int(cases.sum()), 0.0, set()
    for centre in at:
        reach = np.array([metres(centre, other) for other in at])
        for radius in np.unique(reach):
            inside = reach <= radius + 1e-3
            if people[inside].sum() > max_share * people.sum() + 1e-9:
                continue
            expected = total * people[inside].sum() / people.sum()
            value = ratio(int(cases[inside].sum()), expected, total)
            if value > best + 1e-9:
                best, winners = value, set()
            if value > 0 and abs(value - best) <= 1e-9:
                winners.add(frozenset(np.flatnonzero(inside).tolist()))
    return best, winners


def world(seed: int, n: int, mean: float = 4.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    at = rng.uniform([117.6, 24.5], [119.0, 25.9], (n, 2))
    people = rng.integers(0, 5000, n).astype(float)
    people[:2] += 100
    return at, people, rng.poisson(mean * people / people.mean())


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("max_share", [0.5, 0.2])
def test_the_best_window_equals_brute_force(seed: int, max_share: float) -> None:
    at, people, cases = world(seed, 12)
    best, winners = brute(at, people, cases, max_share)
    found = scan(at, people, cases, simulations=1, seed=0, max_share=max_share)
    assert (len(found) > 0) == (best > 0)
    assert found.loc[0, "llr"] == pytest.approx(best, abs=1e-9)
    assert frozenset(found.loc[0, "members"]) in winners


def test_places_on_a_lattice_enter_a_circle_together() -> None:
    grid = np.array([[118 + i * 0.01, j * 0.01] for i in range(-2, 3) for j in range(-2, 3)])
    people, cases = np.full(25, 100.0), np.ones(25, dtype=int)
    cases[[7, 11, 13, 17]] = 9  # the four neighbours of the middle, all as far from it
    best, winners = brute(grid, people, cases)
    found = scan(grid, people, cases, simulations=9, seed=0)
    assert found.loc[0, "llr"] == pytest.approx(best)
    assert set(found.loc[0, "members"]) == {7, 11, 12, 13, 17}
    assert frozenset(found.loc[0, "members"]) in winners


@pytest.mark.parametrize("seed", range(4))
def test_the_p_value_equals_brute_force_on_the_same_random_maps(seed: int) -> None:
    at, people, cases = world(seed, 9)
    order = np.lexsort((at[:, 1], at[:, 0]))
    at, people, cases = at[order], people[order], cases[order]
    found = scan(at, people, cases, simulations=30, seed=5)
    maps = np.random.default_rng(5).multinomial(cases.sum(), people / people.sum(), size=30)
    chance = [brute(at, people, counts)[0] for counts in maps]
    rank = 1 + sum(value >= found.loc[0, "llr"] - 1e-9 for value in chance)
    assert found.loc[0, "p_value"] == rank / 31


def test_one_hot_village_on_paper() -> None:
    at = [[118.0, 25.0], [118.5, 25.0], [118.9, 25.0], [119.3, 25.0]]
    found = scan(at, [100, 100, 100, 100], [12, 4, 4, 4], simulations=999, seed=0)
    row = found.loc[0]
    assert (row["centre"], row["members"], row["radius_m"]) == (0, (0,), 0)
    assert (row["cases"], row["expected"], row["population"]) == (12, 6, 100)
    assert row["relative_risk"] == pytest.approx((12 / 6) / (12 / 18))
    assert row["llr"] == pytest.approx(12 * math.log(2) + 12 * math.log(12 / 18))
    assert not row["small_n"]


def test_every_case_in_one_place_has_no_finite_relative_risk() -> None:
    found = scan([[118, 25], [119, 25]], [50, 50], [9, 0], simulations=99, seed=0)
    assert found.loc[0, "relative_risk"] == np.inf
    assert found.loc[0, "llr"] == pytest.approx(9 * math.log(2))
    assert found.loc[0, "small_n"]


def test_secondary_windows_share_no_place_and_are_ordered() -> None:
    at, people, _ = world(3, 120)
    people += 500
    cases = np.random.default_rng(0).poisson(people / 500)
    for middle in (5, 60):
        near = np.argsort([metres(at[middle], other) for other in at])[:6]
        cases[near] *= 4
    found = scan(at, people, cases, simulations=99, seed=0)
    assert (found["p_value"].iloc[:2] <= 0.01).all()
    members = [set(m) for m in found["members"]]
    assert all(not a & b for i, a in enumerate(members) for b in members[:i])
    assert found["llr"].is_monotonic_decreasing
    assert found["p_value"].is_monotonic_increasing
    for row in found.itertuples():
        inside = list(row.members)
        assert row.cases == cases[inside].sum()
        assert row.population == pytest.approx(people[inside].sum())
        apart = max(metres(at[row.centre], at[i]) for i in inside)
        assert row.radius_m == pytest.approx(apart, abs=0.01)
    one = scan(at, people, cases, simulations=99, seed=0, max_windows=1)
    pd.testing.assert_frame_equal(one, found.iloc[:1])


def test_null_maps_seldom_alarm() -> None:
    at, people, _ = world(8, 150)
    rng = np.random.default_rng(21)
    alarms = 0
    for _ in range(60):
        cases = rng.multinomial(400, people / people.sum())
        found = scan(at, people, cases, simulations=99, seed=int(rng.integers(1 << 30)))
        alarms += bool((found["p_value"] <= 0.05).any())
    assert alarms <= 8  # 5 % of 60 is 3; 9 or more has a chance of 0.3 %


def test_planted_hot_spots_are_found() -> None:
    at, people, _ = world(9, 150)
    rng = np.random.default_rng(22)
    hits = 0
    for _ in range(20):
        middle = at[rng.integers(150)]
        near = np.argsort([metres(middle, other) for other in at])[:8]
        weight = people.copy()
        weight[near] *= 4
        cases = rng.multinomial(600, weight / weight.sum())
        found = scan(at, people, cases, simulations=99, seed=1)
        overlap = set(found.loc[0, "members"]) & set(near.tolist())
        hits += found.loc[0, "p_value"] <= 0.05 and len(overlap) >= 4
    assert hits >= 17


def test_the_hot_spot_is_where_getis_and_ord_see_it() -> None:
    at, people, _ = world(10, 200)
    people += 800
    near = np.argsort([metres(at[0], other) for other in at])[:10]
    weight = people.copy()
    weight[near] *= 5
    cases = np.random.default_rng(4).multinomial(3000, weight / weight.sum())
    found = scan(at, people, cases, simulations=99, seed=1)
    near8 = KNN.from_array(at, k=8)
    local = G_Local(cases / people, near8, transform="B", star=1.0, permutations=0)
    hottest = int(np.argmax(local.Zs))
    assert hottest in found.loc[0, "members"]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(3, 40))
def test_shuffling_the_places_changes_nothing(seed: int, n: int) -> None:
    at, people, cases = world(seed, n)
    ids = pd.Index([f"v{i:03d}" for i in range(n)])
    places = gpd.GeoSeries(gpd.points_from_xy(*at.T), index=ids, crs=4326)
    mixed = np.random.default_rng(seed).permutation(n)
    one = scan(places, people, cases, simulations=19, seed=3)
    two = scan(places.iloc[mixed], people[mixed], cases[mixed], simulations=19, seed=3)
    pd.testing.assert_frame_equal(one, two)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(3, 25))
def test_splitting_a_place_in_two_changes_no_window(seed: int, n: int) -> None:
    at, people, cases = world(seed, n)
    whole = scan(at, people, cases, simulations=19, seed=3)
    halves = scan(
        np.vstack([at, at]),
        np.append(people, people),
        np.append(cases, cases) * 1,
        simulations=19,
        seed=3,
    )
    np.testing.assert_allclose(halves["llr"], 2 * whole["llr"], atol=1e-9)
    assert [set(m) for m in halves["members"]] == [
        {*m, *(i + n for i in m)} for m in whole["members"]
    ]


def test_a_seed_gives_the_same_answer_again() -> None:
    at, people, cases = world(1, 60)
    one, two = (scan(at, people, cases, simulations=50, seed=7) for _ in range(2))
    pd.testing.assert_frame_equal(one, two)


@pytest.mark.parametrize(
    ("at", "people", "cases"),
    [
        ([[118, 25], [119, 25]], [5, 5], [0, 0]),
        ([[118, 25]], [5], [3]),
        ([], [], []),
        ([[118, 25], [119, 25]], [0, 0], [0, 0]),
        ([[118, 25], [119, 25], [120, 25]], [1, 1, 1], [4, 4, 4]),
    ],
)
def test_nothing_to_find_is_an_empty_table(at: list, people: list, cases: list) -> None:
    found = scan(at, people, cases, simulations=9, seed=0)
    assert found.empty
    assert tuple(found.columns) == COLUMNS
    full = scan([[118, 25], [119, 25]], [50, 50], [9, 0], simulations=9, seed=0)
    numbers = [c for c in COLUMNS if c not in ("centre", "members")]
    pd.testing.assert_series_equal(found[numbers].dtypes, full[numbers].dtypes)


AT = [[118.0, 25.0], [118.5, 25.0], [119.0, 25.0]]
POINTS = gpd.GeoSeries(gpd.points_from_xy(*np.array(AT).T), crs=4326)
BOXES = gpd.GeoSeries([box(x, y, x + 0.1, y + 0.1) for x, y in AT], crs=4326)


@pytest.mark.parametrize(
    ("at", "people", "cases", "kind", "code"),
    [
        (AT, [1, np.nan, 1], [1, 1, 1], StudyError, "hotspots.unknown"),
        (AT, [1, np.inf, 1], [1, 1, 1], StudyError, "hotspots.unknown"),
        (AT, [1, 1, 1], [1, np.nan, 1], StudyError, "hotspots.unknown"),
        (AT, [1, -1, 1], [1, 1, 1], StudyError, "hotspots.negative"),
        (AT, [1, 1, 1], [1, -1, 1], StudyError, "hotspots.negative"),
        (AT, [1, 1, 1], [1, 0.5, 1], StudyError, "hotspots.not_whole"),
        (AT, [1, 0, 1], [1, 1, 1], StudyError, "hotspots.zero_population"),
        (AT, [1, 1], [1, 1, 1], StudyError, "hotspots.length"),
        (AT, [1, 1, 1], [1, 1], StudyError, "hotspots.length"),
        ([[118, np.nan]] * 3, [1, 1, 1], [1, 1, 1], ReachError, "reach.not_finite"),
        ([[25, 118]] * 3, [1, 1, 1], [1, 1, 1], ReachError, "reach.not_degrees"),
        (POINTS.to_crs(3857), [1, 1, 1], [1, 1, 1], StudyError, "hotspots.crs"),
        (BOXES, [1, 1, 1], [1, 1, 1], StudyError, "hotspots.not_points"),
        (POINTS.where([True, False, True]), [1, 1, 1], [1, 1, 1], ReachError, "reach.not_finite"),
    ],
)
def test_bad_columns_end_in_their_own_error(at, people, cases, kind, code) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(kind) as caught:
        scan(at, people, cases, simulations=9, seed=0)
    assert isinstance(caught.value, RoomplanError)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("settings_", "code"),
    [
        ({"simulations": 0}, "hotspots.simulations"),
        ({"simulations": 9.5}, "hotspots.simulations"),
        ({"seed": -1}, "hotspots.seed"),
        ({"seed": None}, "hotspots.seed"),
        ({"max_share": 0}, "hotspots.max_share"),
        ({"max_share": 0.6}, "hotspots.max_share"),
        ({"max_share": np.nan}, "hotspots.max_share"),
        ({"max_windows": 0}, "hotspots.windows"),
    ],
)
def test_bad_settings_end_in_their_own_error(settings_: dict, code: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        scan(AT, [1, 1, 1], [1, 1, 1], **{"simulations": 9, "seed": 0, **settings_})
    assert caught.value.code == code


def test_too_many_places_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.hotspots.MAX_PLACES", 2)
    with pytest.raises(StudyError) as caught:
        scan(AT, [1, 1, 1], [1, 1, 1], simulations=9, seed=0)
    assert caught.value.code == "hotspots.too_many"
