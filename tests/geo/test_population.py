"""Totals to parts: paper answers, exact sums under hypothesis, and each bad input's own error."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import StudyError
from geo.population import apportion, rake, rake_counts, smoothed_shares, spread_total

shares_lists = st.lists(st.floats(0, 1e6, allow_nan=False), min_size=1, max_size=30)


def test_apportion_gives_the_largest_remainders_the_rest() -> None:
    # quotas 1.6, 2.4, 4.0: floors 1, 2, 4 and one left for the remainder 0.6
    assert apportion([4, 6, 10], 8).tolist() == [2, 2, 4]


def test_apportion_gives_equal_remainders_to_the_earlier_rows() -> None:
    assert apportion([1, 1, 1, 1], 6).tolist() == [2, 2, 1, 1]


@given(shares_lists.filter(lambda s: sum(s) > 1e-3), st.integers(0, 10**7))
def test_apportion_is_exact_and_within_one_of_each_quota(shares: list[float], total: int) -> None:
    counts = apportion(shares, total)
    quota = np.array(shares) / np.sum(shares) * total
    assert counts.sum() == total
    assert (np.abs(counts - quota) < 1 + 1e-6).all()
    assert (counts >= 0).all()


def test_nobody_needs_no_share() -> None:
    assert apportion([0, 0], 0).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("shares", "total", "code"),
    [
        ([1, -1], 5, "population.shares"),
        ([1, np.nan], 5, "population.shares"),
        ([1, np.inf], 5, "population.shares"),
        ([1, 1], -5, "population.shares"),
        ([0, 0], 5, "population.no_share"),
    ],
)
def test_apportion_refuses(shares: list[float], total: int, code: str) -> None:
    with pytest.raises(StudyError) as caught:
        apportion(shares, total)
    assert caught.value.code == code


def test_spread_total_keeps_pinned_units_and_the_index() -> None:
    weights = pd.Series([1.0, 1.0, 2.0, 5.0], index=list("dcba"))
    people = spread_total(weights, 100, pinned=pd.Series({"a": 60, "c": 0}))
    assert people.to_dict() == {"d": 13, "c": 0, "b": 27, "a": 60}
    assert list(people.index) == list("dcba")


@given(
    st.lists(st.integers(1, 50), min_size=2, max_size=20),
    st.integers(0, 5000),
    st.data(),
)
def test_spread_total_is_exact_whatever_is_pinned(
    weights: list[int], total: int, data: st.DataObject
) -> None:
    table = pd.Series(weights, dtype=float)
    pinned_rows = data.draw(st.sets(st.integers(0, len(weights) - 2)))
    share = total // len(weights)
    pinned = pd.Series(dict.fromkeys(pinned_rows, share), dtype=float)
    people = spread_total(table, total, pinned=pinned)
    assert people.sum() == total
    assert (people[sorted(pinned_rows)] == share).all()


@pytest.mark.parametrize(
    ("pinned", "code"),
    [
        ({"a": 101}, "population.pinned_total"),
        ({"a": 40, "b": 40}, "population.pinned_total"),
        ({"z": 1}, "population.pinned_unit"),
    ],
)
def test_spread_total_refuses(pinned: dict[str, int], code: str) -> None:
    with pytest.raises(StudyError) as caught:
        spread_total(pd.Series({"a": 1.0, "b": 1.0}), 100, pinned=pd.Series(pinned))
    assert caught.value.code == code


def test_rake_fits_a_pinned_row_and_both_columns() -> None:
    # Row a is pinned to 60 of 100; urban 70, rural 30. Odds ratio of equal weights stays 1, so
    # both rows keep the columns' 70:30.
    weights = pd.DataFrame(1.0, index=["a", "b"], columns=["urban", "rural"])
    fitted = rake(weights, pd.Series({"urban": 70, "rural": 30}), pinned=pd.Series({"a": 60}))
    np.testing.assert_allclose(fitted.to_numpy(), [[42, 18], [28, 12]], atol=1e-6)


def test_rake_keeps_the_odds_ratio_of_the_weights() -> None:
    weights = pd.DataFrame({"urban": [8.0, 1.0], "rural": [2.0, 3.0]}, index=["a", "b"])
    fitted = rake(weights, pd.Series({"urban": 500, "rural": 500}), pinned=pd.Series({"a": 600}))
    (au, ar), (bu, br) = fitted.to_numpy()
    assert au * br / (ar * bu) == pytest.approx(8 * 3 / (2 * 1), rel=1e-6)
    assert au + ar == pytest.approx(600)


@given(
    st.lists(st.tuples(st.floats(0.05, 1), st.floats(0.05, 1)), min_size=2, max_size=12),
    st.integers(1000, 10**6),
    st.integers(1000, 10**6),
)
def test_rake_counts_is_exact_in_columns_and_pinned_rows(
    weights: list[tuple[float, float]], urban: int, rural: int
) -> None:
    table = pd.DataFrame(weights, columns=["urban", "rural"])
    totals = pd.Series({"urban": urban, "rural": rural})
    pin = (urban + rural) // (2 * len(weights))
    counts = rake_counts(table, totals, pinned=pd.Series({0: pin}))
    assert counts.sum().to_dict() == totals.to_dict()
    assert counts.loc[0].sum() == pin
    assert (counts.to_numpy() >= 0).all()


def test_rake_counts_with_every_row_pinned() -> None:
    weights = pd.DataFrame(1.0, index=["a", "b", "c"], columns=["urban", "rural"])
    pinned = pd.Series({"a": 7, "b": 7, "c": 7})
    counts = rake_counts(weights, pd.Series({"urban": 11, "rural": 10}), pinned=pinned)
    assert counts.sum(axis=1).to_dict() == pinned.to_dict()
    assert counts.sum().to_dict() == {"urban": 11, "rural": 10}


@given(
    st.lists(
        st.tuples(st.integers(0, 400), st.integers(0, 400)).filter(any), min_size=1, max_size=9
    ),
    st.data(),
)
def test_rake_counts_meets_every_total_some_table_meets(
    truth: list[tuple[int, int]], data: st.DataObject
) -> None:
    """Totals come from a real table and zeros stay where it has them, so an answer exists."""
    table = pd.DataFrame(truth, columns=["urban", "rural"])
    free = data.draw(st.sets(st.integers(0, len(truth) - 1)))
    pinned = table.sum(axis=1).drop(sorted(free)).astype(float)
    weights = (table > 0).astype(float)
    counts = rake_counts(weights, table.sum(), pinned=pinned)
    assert counts.sum().to_dict() == table.sum().to_dict()
    assert counts.sum(axis=1)[pinned.index].to_dict() == pinned.to_dict()
    assert (counts.to_numpy()[weights.to_numpy() == 0] == 0).all()
    assert (counts.to_numpy() >= 0).all()


@pytest.mark.parametrize("pin", [40, 90])
def test_rake_refuses_totals_that_contradict_each_other(pin: int) -> None:
    # Row a has no rural part and row b no urban one, so a must hold the 70 urban people.
    weights = pd.DataFrame({"urban": [1.0, 0.0], "rural": [0.0, 1.0]}, index=["a", "b"])
    with pytest.raises(StudyError) as caught:
        rake(weights, pd.Series({"urban": 70, "rural": 30}), pinned=pd.Series({"a": pin}))
    assert caught.value.code == "population.infeasible"


def test_rake_refuses_people_of_a_setting_nobody_has() -> None:
    weights = pd.DataFrame({"urban": [1.0], "rural": [0.0]}, index=["a"])
    with pytest.raises(StudyError) as caught:
        rake(weights, pd.Series({"urban": 70, "rural": 30}))
    assert caught.value.code == "population.infeasible"


def test_smoothed_shares_ignore_unknown_rows_and_pull_to_the_whole() -> None:
    hits = pd.Series([1.0, 0.0, np.nan, 1.0, 1.0, np.nan])
    groups = pd.Series(list("aabbbc"))
    shares = smoothed_shares(hits, groups, prior_rows=1)
    # whole: 3 of 4 known; a: (1 + .75) / 3, b: (2 + .75) / 3, c: nothing known, so the whole
    assert shares.to_dict() == pytest.approx({"a": 1.75 / 3, "b": 2.75 / 3, "c": 0.75})
