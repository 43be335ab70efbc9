"""The composite score: paper answers, laws, what is unknown, bad input to its error."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.scores import composite
from geo.errors import RoomplanError, ScenarioError, StudyError

RATES = pd.DataFrame(
    {"a": [1.0, 2.0, 3.0, 3.0], "b": [30.0, 20.0, 10.0, 10.0], "c": [5.0] * 4},
    index=["w", "x", "y", "z"],
)


def test_scores_on_paper() -> None:
    found = composite(RATES, {"a": 3, "b": 1, "c": 0})
    assert found["score"].tolist() == pytest.approx([0.25, 0.5, 0.75, 0.75])
    assert found["rank"].tolist() == [4, 3, 1, 1]
    assert (found["known_weight"] == 1).all()


def test_an_indicator_equal_for_all_says_nothing() -> None:
    found = composite(RATES, {"c": 1})
    assert found["score"].tolist() == [0.5] * 4
    assert found["rank"].tolist() == [1] * 4
    assert found["rank_high"].tolist() == [1] * 4


def test_the_ranking_moves_where_the_weights_decide_and_not_where_they_do_not() -> None:
    rates = pd.DataFrame(
        {"a": [0.0, 1.0, 0.9, 0.0], "b": [1.0, 0.9, 0.0, 0.0]},
        index=["left", "both", "right", "none"],
    )
    found = composite(rates, {"a": 1, "b": 1}, seed=1)
    assert found.loc["none", ["rank_low", "rank_high"]].tolist() == [4, 4]
    assert found.loc["left", "rank_low"] < found.loc["left", "rank_high"]
    assert found.loc["both", "first_share"] > 0.95
    firm = composite(rates, {"a": 1, "b": 1}, seed=1, steadiness=1e7)
    apart = firm["rank_high"] - firm["rank_low"]
    assert apart[["both", "none"]].tolist() == [0, 0]


def test_unknown_values_widen_the_interval_and_are_said() -> None:
    rates = RATES.copy()
    rates.loc["x", "a"] = np.nan
    rates.loc["w", ["a", "b", "c"]] = np.nan
    found = composite(rates, {"a": 3, "b": 1}, steadiness=1e6)
    assert found.loc["x", "known_weight"] == pytest.approx(0.25)
    assert found.loc["x", "score"] == pytest.approx(1)
    assert (found.loc["x", "rank_low"], found.loc["x", "rank_high"]) == (1, 3)
    assert found.loc["w", ["score", "rank", "rank_low", "rank_high", "first_share"]].isna().all()
    assert found.loc["w", "known_weight"] == 0


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 9), st.floats(0.01, 100))
def test_order_of_rows_and_scale_of_weights_change_nothing(seed: int, n: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    rates = pd.DataFrame(rng.integers(0, 5, (n, 3)), columns=list("abc"), dtype=float)
    rates = rates.mask(rates == 4)
    rates.iloc[0] = 1.0
    weights = {"a": 1.0, "b": 2.0, "c": 3.0}
    one = composite(rates, weights, draws=50)
    two = composite(
        rates.sample(frac=1, random_state=seed),
        {k: v * scale for k, v in weights.items()},
        draws=50,
    ).loc[rates.index]
    pd.testing.assert_frame_equal(one, two)
    assert one["score"].dropna().between(0, 1).all()
    assert (one["rank_low"] <= one["rank_high"])[one["score"].notna()].all()
    assert one["first_share"].sum() >= 1 - 1e-9


def test_a_better_value_never_lowers_the_score() -> None:
    better = RATES.copy()
    better.loc["x", "a"] = 2.5
    weights = {"a": 1, "b": 1}
    assert (
        composite(better, weights).loc["x", "score"] > composite(RATES, weights).loc["x", "score"]
    )


@pytest.mark.parametrize(
    ("rates", "weights", "options", "kind", "code"),
    [
        (RATES, {"d": 1}, {}, StudyError, "scores.column_missing"),
        (RATES, {"a": -1}, {}, ScenarioError, "scores.weight"),
        (RATES, {"a": np.nan}, {}, ScenarioError, "scores.weight"),
        (RATES, {"a": 0}, {}, ScenarioError, "scores.no_weight"),
        (RATES, {}, {}, ScenarioError, "scores.no_weight"),
        (RATES.replace(3.0, np.inf), {"a": 1}, {}, StudyError, "scores.infinite"),
        (RATES, {"a": 1}, {"draws": 0}, ScenarioError, "scores.draws"),
        (RATES, {"a": 1}, {"steadiness": 0}, ScenarioError, "scores.steadiness"),
    ],
)
def test_bad_input_ends_in_its_own_error(rates, weights, options, kind, code) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(kind) as caught:
        composite(rates, weights, **options)
    assert isinstance(caught.value, RoomplanError)
    assert caught.value.code == code
