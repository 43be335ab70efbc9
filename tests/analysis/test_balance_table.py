"""Units side by side: rates, flags, the city's row, the noise floor, bad input to its error."""

import numpy as np
import pandas as pd
import pytest

from analysis.balance import INDICATORS, balance_table, gini, noise_draws, share_draws, theil
from geo.errors import RoomplanError, ScenarioError, StudyError

COUNTS = pd.DataFrame(
    {
        "people": [10_000.0, 20_000.0, 40_000.0, np.nan],
        "rooms": [10, 10, 10, 3],
        "covered": [10_000.0, 5_000.0, 10_000.0, np.nan],
        "cases": [20, 0, 5, 8],
        "handled": [15, 0, 5, 8],
        "activities": [40, 20, 0, np.nan],
    },
    index=pd.Index(["a", "b", "c", "d"], name="unit_id"),
)


def test_rates_on_paper() -> None:
    units = balance_table(COUNTS).units
    assert units["rooms_per_10k"].tolist()[:3] == [10, 5, 2.5]
    assert units["share_covered"].tolist()[:3] == [1, 0.25, 0.25]
    assert units["activities_per_room"].tolist()[:3] == [4, 2, 0]
    assert units["activities_per_10k"].tolist()[:3] == [40, 10, 0]
    assert units.loc[["a", "c", "d"], "share_handled"].tolist() == [0.75, 1, 1]
    assert np.isnan(units.loc["b", "share_handled"])
    assert units.loc["d", ["rooms_per_10k", "share_covered", "activities_per_room"]].isna().all()
    pd.testing.assert_index_equal(units.index, COUNTS.index)


def test_a_rate_on_few_events_is_flagged() -> None:
    units = balance_table(COUNTS).units
    assert units["share_handled_small"].tolist() == [False, True, True, True]
    assert units["rooms_per_10k_small"].tolist() == [False, False, False, True]
    assert units["activities_per_room_small"].tolist() == [False, False, True, True]
    assert balance_table(COUNTS, small_n=1).units["share_handled_small"].tolist() == [
        False,
        True,
        False,
        False,
    ]


def test_the_city_row_on_paper() -> None:
    city = balance_table(COUNTS, seed=3).city
    assert city.index.tolist() == [i.name for i in INDICATORS]
    row = city.loc["rooms_per_10k"]
    assert (row["axis"], row["units"], row["units_unknown"], row["units_small"]) == (
        "building",
        3,
        1,
        0,
    )
    assert (row["best"], row["worst"], row["gap"], row["ratio"]) == ("a", "c", 7.5, 4)
    assert row["gini"] == gini([10, 5, 2.5], [1, 2, 4])
    assert row["gini_low"] <= row["gini"] <= row["gini_high"]
    assert np.isnan(row["theil_between"])
    assert city.loc["share_handled", "units"] == 2
    assert np.isnan(city.loc["activities_per_room", "ratio"])


def test_theil_is_split_by_the_groups_given() -> None:
    groups = pd.Series(["g", "g", "h", "h"], index=COUNTS.index)
    row = balance_table(COUNTS, groups=groups).city.loc["rooms_per_10k"]
    expected = theil([10, 5, 2.5], [1, 2, 4], ["g", "g", "h"])
    assert tuple(row[["theil", "theil_between", "theil_within"]]) == pytest.approx(expected)


def test_coverage_has_no_noise_of_counts_and_says_so() -> None:
    row = balance_table(COUNTS).city.loc["share_covered"]
    assert pd.isna(row[["noise_floor", "noise_p95", "above_noise"]]).all()


def test_equal_true_rates_stay_below_the_floor_and_unequal_ones_rise_above() -> None:
    rng = np.random.default_rng(0)
    people = rng.integers(20_000, 90_000, 160).astype(float)
    rooms = np.full(160, 4)
    frame = pd.DataFrame({"people": people, "rooms": rooms, "covered": people / 2})
    equal = frame.assign(cases=12)
    alarms = 0
    for _ in range(40):
        equal["activities"] = rng.poisson(8.0, 160)
        equal["handled"] = rng.binomial(12, 0.7, 160)
        calm = balance_table(equal, rounds=200).city["above_noise"]
        alarms += int(calm[["activities_per_room", "share_handled"]].sum())
    assert alarms <= 10  # 5 % of 80 is 4; 11 or more has a chance of 0.3 %
    split = np.arange(160) % 2
    uneven = equal.assign(activities=rng.poisson(np.where(split, 2.0, 14.0)))
    uneven["handled"] = rng.binomial(12, np.where(split, 0.4, 0.95))
    loud = balance_table(uneven).city
    assert loud.loc[["activities_per_room", "share_handled"], "above_noise"].all()
    assert (loud["noise_floor"] < loud["noise_p95"]).sum() == 4


def test_fewer_than_two_known_units_are_neither_equal_nor_unequal() -> None:
    city = balance_table(COUNTS.iloc[[0, 3]]).city
    assert city["units"].tolist() == [1] * len(INDICATORS)
    assert city[["gini", "theil", "gap", "noise_floor", "above_noise"]].isna().all().all()
    nobody = balance_table(COUNTS.iloc[:0])
    assert nobody.units.empty
    assert (nobody.city["units"] == 0).all()


def test_counts_of_zero_everywhere_are_equal() -> None:
    city = balance_table(COUNTS.assign(activities=0)).city.loc["activities_per_room"]
    assert (city["gini"], city["theil"], city["noise_floor"]) == (0, 0, 0)
    assert not city["above_noise"]


def test_shuffling_the_units_changes_nothing() -> None:
    groups = pd.Series(["g", "g", "h", "h"], index=COUNTS.index)
    mixed = balance_table(COUNTS.iloc[[2, 0, 3, 1]], groups=groups.iloc[[2, 0, 3, 1]])
    straight = balance_table(COUNTS, groups=groups)
    pd.testing.assert_frame_equal(mixed.units.loc[COUNTS.index], straight.units)
    pd.testing.assert_frame_equal(mixed.city, straight.city)


def test_share_draws_follow_the_binomial() -> None:
    draws = share_draws([1, 1], 0.5, [1, 1], seed=0, rounds=4000)
    assert set(draws.tolist()) == {0.0, 0.5}
    assert (draws == 0.5).mean() == pytest.approx(0.5, abs=0.03)
    assert not share_draws([9, 9, 0], 1.0, [1, 2, 3], seed=0, rounds=5).any()


def test_noise_draws_can_be_rates_of_another_base() -> None:
    rooms, people = np.array([2.0, 2.0, 0.0]), np.array([10.0, 990.0, 50.0])
    draws = noise_draws(5.0 * rooms, people, exposure=rooms, seed=0, rounds=300)
    even = noise_draws([10.0, 10.0], [10.0, 990.0], exposure=[1, 1], seed=0, rounds=300)
    np.testing.assert_allclose(draws, even)
    assert draws.mean() < 0.02  # nearly everybody lives in one unit


@pytest.mark.parametrize(
    ("change", "groups", "code"),
    [
        ({"rooms": None}, None, "balance.column_missing"),
        ({"rooms": -1}, None, "balance.below_zero"),
        ({"handled": 99}, None, "balance.part_above_whole"),
        ({"covered": 99_999.0}, None, "balance.part_above_whole"),
        ({}, pd.Series(["g"] * 3, index=["a", "b", "c"]), "balance.groups"),
        ({}, pd.Series(["g", None, "g", "g"], index=COUNTS.index), "balance.groups"),
    ],
)
def test_bad_counts_end_in_their_own_error(change, groups, code) -> None:  # type: ignore[no-untyped-def]
    frame = COUNTS.assign(**change)
    frame = frame.drop(columns=[c for c, v in change.items() if v is None])
    with pytest.raises(StudyError) as caught:
        balance_table(frame, groups=groups)
    assert isinstance(caught.value, RoomplanError)
    assert caught.value.code == code


def test_a_share_beyond_one_is_refused() -> None:
    with pytest.raises(ScenarioError) as caught:
        share_draws([3], 1.5, [1], seed=0)
    assert caught.value.code == "balance.share"
