"""Inequality: paper answers, laws, PySAL on replicated people as oracle, bad input to its error."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from inequality.gini import Gini
from inequality.theil import Theil as PysalTheil
from inequality.theil import TheilD

from analysis.balance import (
    bootstrap_interval,
    gini,
    known,
    lorenz,
    noise_draws,
    noise_floor,
    spread,
    theil,
)
from geo.errors import ScenarioError, StudyError

RATES = st.lists(
    st.tuples(st.floats(0.001, 1000), st.integers(1, 12), st.sampled_from("abc")),
    min_size=2,
    max_size=12,
)


def columns(rows: list) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    values, weights, groups = zip(*rows, strict=True)
    return np.array(values), np.array(weights), np.array(groups)


def test_gini_on_paper() -> None:
    assert gini([0, 1], [1, 1]) == 0.5
    assert gini([0, 0, 0, 1], [1, 1, 1, 1]) == 0.75
    assert gini([0, 1], [3, 1]) == 0.75
    assert gini([5, 5, 5], [1, 2, 3]) == 0
    assert gini([0, 0], [1, 2]) == 0
    assert gini([1, 2, 3], [1, 1, 2]) == pytest.approx(7 / 36)


@given(RATES)
def test_gini_equals_pysal_on_replicated_people(rows: list) -> None:
    values, weights, _ = columns(rows)
    assert gini(values, weights) == pytest.approx(Gini(np.repeat(values, weights)).g, abs=1e-9)


@given(RATES)
def test_gini_equals_the_double_sum(rows: list) -> None:
    x, w, _ = columns(rows)
    pairs = (w[:, None] * w[None] * np.abs(x[:, None] - x[None])).sum()
    expected = pairs / (2 * w.sum() ** 2 * np.average(x, weights=w))
    assert gini(x, w) == pytest.approx(expected, abs=1e-9)


@given(RATES)
def test_theil_equals_pysal_on_replicated_people(rows: list) -> None:
    values, weights, groups = columns(rows)
    people, member = np.repeat(values, weights), np.repeat(groups, weights)
    assume(len(set(groups)) > 1)
    ours = theil(values, weights, groups)
    oracle = TheilD(people, member)
    assert ours.total == pytest.approx(PysalTheil(people).T, abs=1e-9)
    assert ours.between == pytest.approx(float(np.ravel(oracle.bg)[0]), abs=1e-9)
    assert ours.within == pytest.approx(float(np.ravel(oracle.wg)[0]), abs=1e-9)


def test_theil_on_paper() -> None:
    half = theil([0, 1], [1, 1], ["a", "b"])
    assert half == (pytest.approx(np.log(2)), pytest.approx(np.log(2)), 0)
    inside = theil([0, 1], [1, 1], ["a", "a"])
    assert inside == (pytest.approx(np.log(2)), 0, pytest.approx(np.log(2)))
    assert theil([0, 0], [1, 1], ["a", "b"]) == (0, 0, 0)
    assert theil([2, 2], [1, 9], ["a", "b"]) == (0, 0, 0)


@given(RATES)
def test_theil_parts_make_the_whole(rows: list) -> None:
    values, weights, groups = columns(rows)
    values[0] = 0.0
    parts = theil(values, weights, groups)
    assert parts.between + parts.within == parts.total
    relative = values / np.average(values, weights=weights)
    logs = np.log(np.where(relative > 0, relative, 1))
    assert parts.total == pytest.approx(np.average(relative * logs, weights=weights), abs=1e-9)


@given(RATES, st.floats(0.01, 100), st.integers(2, 5), st.integers(0, 1000))
def test_scale_replication_and_order_change_nothing(
    rows: list, scale: float, times: int, seed: int
) -> None:
    values, weights, groups = columns(rows)
    mixed = np.random.default_rng(seed).permutation(len(values))
    before, whole = gini(values, weights), theil(values, weights, groups)
    assert gini(values * scale, weights) == pytest.approx(before, abs=1e-9)
    assert gini(values, weights * scale) == pytest.approx(before, abs=1e-9)
    assert gini(np.tile(values, times), np.tile(weights, times)) == pytest.approx(before, abs=1e-9)
    assert gini(values[mixed], weights[mixed]) == pytest.approx(before, abs=1e-9)
    again = theil(values[mixed] * scale, weights[mixed], groups[mixed])
    assert again == pytest.approx(whole, abs=1e-9)


@given(RATES)
def test_a_gift_from_the_richer_to_the_poorer_lowers_both(rows: list) -> None:
    values, weights, groups = columns(rows)
    low, high = int(values.argmin()), int(values.argmax())
    gap = values[high] - values[low]
    assume(gap > 0.01)
    after = values.copy()
    after[low] += 0.3 * gap * weights[high] / (weights[low] + weights[high])
    after[high] -= 0.3 * gap * weights[low] / (weights[low] + weights[high])
    assert gini(after, weights) < gini(values, weights)
    assert theil(after, weights, groups).total < theil(values, weights, groups).total


@given(RATES)
def test_twice_the_area_beside_the_lorenz_curve_is_gini(rows: list) -> None:
    values, weights, _ = columns(rows)
    curve = lorenz(values, weights)
    x, y = curve["people_share"], curve["value_share"]
    assert (x.iloc[0], y.iloc[0]) == (0, 0)
    assert (x.iloc[-1], y.iloc[-1]) == pytest.approx((1, 1))
    assert (y <= x + 1e-12).all()
    assert 1 - 2 * np.trapezoid(y, x) == pytest.approx(gini(values, weights), abs=1e-9)


def test_lorenz_of_nothing_is_the_diagonal() -> None:
    curve = lorenz([0, 0], [1, 3])
    assert curve["value_share"].tolist() == curve["people_share"].tolist() == [0, 0.25, 1]


def test_units_without_people_do_not_count() -> None:
    assert gini([0, 1, 99], [1, 1, 0]) == 0.5
    assert theil([1, 1, 99], [1, 1, 0], ["a", "b", "c"]) == (0, 0, 0)


@pytest.mark.parametrize(("mean", "floor"), [(1, 0.52), (3, 0.32), (10, 0.18), (50, 0.08)])
def test_the_noise_floor_of_equal_rates(mean: int, floor: float) -> None:
    assert round(noise_floor(mean), 2) == floor
    simulated = noise_floor(mean, np.full(400, 20_000), seed=1, rounds=200)
    assert simulated == pytest.approx(noise_floor(mean), abs=0.006)


def test_noise_falls_as_counts_grow_and_vanishes_without_events() -> None:
    people = np.array([1000, 5000, 20_000, 80_000])
    floors = [noise_floor(mean, people, seed=3) for mean in (1, 5, 25, 125)]
    assert floors == sorted(floors, reverse=True)
    assert noise_floor(0) == noise_floor(0, people, seed=3) == 0


def test_noise_is_repeatable_and_spreads_one_mean_by_people() -> None:
    people = np.array([1000.0, 3000.0])
    one = noise_draws(10, people, seed=7, rounds=50)
    assert one.shape == (50,)
    np.testing.assert_array_equal(one, noise_draws([5, 15], people, seed=7, rounds=50))
    assert (one != noise_draws(10, people, seed=8, rounds=50)).any()


def test_a_null_map_lies_at_the_floor_and_a_real_gap_above() -> None:
    rng = np.random.default_rng(11)
    people = rng.integers(5_000, 80_000, 160).astype(float)
    expected = people / 10_000 * 2
    draws = noise_draws(expected, people, seed=1)
    null = [gini(rng.poisson(expected) / people, people) for _ in range(40)]
    assert np.mean(np.array(null) > np.quantile(draws, 0.95)) <= 0.15
    uneven = expected * np.where(np.arange(160) < 80, 0.3, 1.7)
    assert gini(rng.poisson(uneven) / people, people) > np.quantile(draws, 0.95)


def test_the_bootstrap_interval_holds_the_estimate() -> None:
    rng = np.random.default_rng(2)
    values, weights = rng.gamma(2, 1, 60), rng.integers(1, 90, 60)
    found = bootstrap_interval(values, weights, seed=4)
    assert found.estimate == gini(values, weights)
    assert 0 < found.low < found.estimate < found.high < 1
    assert found == bootstrap_interval(values, weights, seed=4)
    narrow = bootstrap_interval(values, weights, seed=4, level=0.5)
    assert found.low < narrow.low < narrow.high < found.high


def test_best_and_worst() -> None:
    assert spread([3, np.nan, 1, 2]) == (0, 2, 2.0, 3.0)
    nothing = spread([0, 4])
    assert (nothing.best, nothing.worst, nothing.gap) == (1, 0, 4)
    assert np.isnan(nothing.ratio)


def test_unknown_values_are_taken_out_and_counted() -> None:
    rows = known([1, np.nan, 3, 4], [1, 1, np.nan, 2])
    assert (rows.values.tolist(), rows.weights.tolist(), rows.unknown) == ([1, 4], [1, 2], 2)


@pytest.mark.parametrize(
    ("values", "weights", "code"),
    [
        ([1, np.nan], [1, 1], "balance.unknown"),
        ([1, 2], [1, np.nan], "balance.unknown"),
        ([1, -2], [1, 1], "balance.negative"),
        ([1, 2], [1, -1], "balance.negative"),
        ([1, np.inf], [1, 1], "balance.infinite"),
        ([1, 2], [0, 0], "balance.no_weight"),
        ([], [], "balance.no_weight"),
        ([1, 2], [1], "balance.length"),
    ],
)
def test_bad_values_end_in_their_own_error(values: list, weights: list, code: str) -> None:
    measures = (gini, lorenz, lambda x, w: theil(x, w, ["a"] * len(x)))
    measures += (lambda x, w: bootstrap_interval(x, w, seed=0),)
    for measure in measures:
        with pytest.raises(StudyError) as caught:
            measure(values, weights)
        assert caught.value.code == code


@pytest.mark.parametrize(
    ("call", "kind", "code"),
    [
        (lambda: theil([1, 2], [1, 1], ["a", None]), StudyError, "balance.group_unknown"),
        (lambda: theil([1, 2], [1, 1], ["a"]), StudyError, "balance.length"),
        (lambda: spread([np.nan]), StudyError, "balance.nothing_known"),
        (lambda: spread([]), StudyError, "balance.nothing_known"),
        (lambda: noise_floor([1, 2]), ScenarioError, "balance.expected"),
        (lambda: noise_floor(-1), ScenarioError, "balance.expected"),
        (lambda: noise_floor(1, [1, 2], rounds=0), ScenarioError, "balance.rounds"),
        (lambda: noise_floor([1, -2], [1, 2]), StudyError, "balance.negative"),
        (
            lambda: bootstrap_interval([1, 2], [1, 1], seed=0, level=1),
            ScenarioError,
            "balance.level",
        ),
    ],
)
def test_bad_settings_end_in_their_own_error(call, kind, code) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(kind) as caught:
        call()
    assert caught.value.code == code
