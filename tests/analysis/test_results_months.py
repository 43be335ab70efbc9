"""Cases by month on paper: empty months stand as zero, and long silences are named."""

import datetime as dt

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from analysis.results import cases_by_month, silences

RECEIVED = pd.Series(pd.to_datetime(["2019-11-03", "2019-11-30", None, "2020-04-01", "2020-06-09"]))


def test_every_month_until_the_day_is_counted() -> None:
    counts = cases_by_month(RECEIVED, dt.date(2020, 9, 1))
    assert counts.index.astype(str).tolist()[:2] == ["2019-11", "2019-12"]
    assert counts.tolist() == [2, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0]


def test_a_run_of_empty_months_is_named_and_a_short_one_is_not() -> None:
    found = silences(cases_by_month(RECEIVED, dt.date(2020, 9, 1)))
    assert found.astype(str).to_numpy().tolist() == [
        ["2019-12", "2020-03", "4"],
        ["2020-07", "2020-09", "3"],
    ]
    assert silences(cases_by_month(RECEIVED, dt.date(2020, 7, 1)))["months"].tolist() == [4]


def test_no_dated_case_gives_no_month_and_no_silence() -> None:
    none = cases_by_month(pd.Series([pd.NaT, pd.NaT]), dt.date(2020, 1, 1))
    assert none.empty
    assert silences(none).empty


@given(st.lists(st.dates(dt.date(2015, 1, 1), dt.date(2024, 12, 31)), min_size=1, max_size=30))
def test_no_case_is_lost_and_silences_hold_none(days: list[dt.date]) -> None:
    counts = cases_by_month(pd.Series(pd.to_datetime(days)), dt.date(2025, 6, 1))
    assert counts.sum() == len(days)
    for _, row in silences(counts, least=1).iterrows():
        assert counts[row["first"] : row["last"]].tolist() == [0] * row["months"]
