"""A composite score whose weights the committee sets, and how far its ranking depends on them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from geo.errors import ScenarioError, StudyError

DRAWS = 2_000
STEADINESS = 20.0
"""Dirichlet concentration: a weight of 0.2 then lies between 0.07 and 0.36 in nine draws of ten."""


def composite(
    rates: pd.DataFrame,
    weights: Mapping[str, float],
    *,
    seed: int = 0,
    draws: int = DRAWS,
    steadiness: float = STEADINESS,
) -> pd.DataFrame:
    """Score units by weighted indicators and show how the ranking moves as the weights move.

    Parameters
    ----------
    rates : DataFrame
        One row a unit, one column an indicator, higher is better, NaN unknown.
    weights : mapping of str to float
        The committee's weight of each indicator, 0 or more; they are scaled to sum to 1.
    seed, draws : int
        Of the random weights.
    steadiness : float
        How closely random weights keep to the given ones; larger is closer.

    Returns
    -------
    DataFrame
        On the units' index: ``score`` 0–1 over the indicators that are known, ``known_weight``
        the share of the weights they carry, ``rank`` (1 is best; equal scores share it),
        ``rank_low`` and ``rank_high``, the 5th and 95th percentile of the rank as weights move,
        and ``first_share``, in how many of the draws the unit is first. NaN where nothing is
        known of a unit.

    Raises
    ------
    ScenarioError
        ``scores.no_weight``, ``scores.weight``, ``scores.draws`` or ``scores.steadiness``.
    StudyError
        ``scores.column_missing`` or ``scores.infinite``.

    Notes
    -----
    Each indicator is stretched so that its worst known unit is 0 and its best 1; where all are
    equal it says nothing and is 0.5 for all. Random weights are Dirichlet with mean ``weights``.
    In a draw an unknown value may be anything from worst to best, so what is not known widens the
    rank interval instead of lifting or sinking the unit. The score orders these units; it is no
    measure of merit, and the interval holds the choice of weights only, not chance in the counts.
    O(draws · units · indicators).

    References
    ----------
    Saisana, Saltelli & Tarantola 2005, Uncertainty and sensitivity analysis techniques as tools
    for the quality assessment of composite indicators, J. R. Stat. Soc. A 168,
    doi:10.1111/j.1467-985X.2005.00350.x.

    Examples
    --------
    >>> rates = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [9.0, 5.0, 1.0]}, index=["x", "y", "z"])
    >>> composite(rates, {"a": 3, "b": 1})["rank"].tolist()
    [3.0, 2.0, 1.0]
    """
    names, share = _weights(rates, weights)
    _check_draws(draws, steadiness)
    ordered = rates[names].sort_index()  # so that the order of the rows changes no draw
    level = _stretched(ordered)
    known = ~np.isnan(level)
    carried = known @ share
    score = np.where(known, level, 0) @ share / np.where(carried > 0, carried, np.nan)
    ranks = _drawn_ranks(level, share, carried > 0, seed, draws, steadiness)
    low, high = np.quantile(ranks, [0.05, 0.95], axis=0)
    table = pd.DataFrame(
        {"score": score, "known_weight": carried, "rank_low": low, "rank_high": high},
        index=ordered.index,
    )
    table.insert(2, "rank", table["score"].round(12).rank(ascending=False, method="min"))
    table["first_share"] = np.where(carried > 0, (ranks == 1).mean(axis=0), np.nan)
    return table.loc[rates.index]


def _weights(rates: pd.DataFrame, weights: Mapping[str, float]) -> tuple[list[str], np.ndarray]:
    missing = [name for name in weights if name not in rates]
    if missing:
        names = ", ".join(missing)
        raise StudyError(
            "scores.column_missing",
            f"No indicator is called {names}; check the names.",
            column=names,
        )
    for name, value in weights.items():
        if not (np.isfinite(value) and value >= 0):
            raise ScenarioError(
                "scores.weight",
                f"The weight of {name} is {value}; give a number, 0 or more.",
                column=name,
                value=str(value),
            )
    chosen = [name for name, value in weights.items() if value > 0]
    if not chosen:
        raise ScenarioError("scores.no_weight", "All weights are 0; give at least one above 0.")
    if np.isinf(rates[chosen].to_numpy(dtype=float)).any():
        raise StudyError("scores.infinite", "An indicator is infinite; a score needs finite rates.")
    share = np.array([weights[name] for name in chosen], dtype=float)
    return chosen, share / share.sum()


def _check_draws(draws: int, steadiness: float) -> None:
    if draws < 1:
        raise ScenarioError("scores.draws", f"draws is {draws}; give 1 or more.", value=draws)
    if not (np.isfinite(steadiness) and steadiness > 0):
        raise ScenarioError(
            "scores.steadiness",
            f"steadiness is {steadiness}; give a number above 0.",
            value=str(steadiness),
        )


def _stretched(rates: pd.DataFrame) -> np.ndarray:
    """Return each column from 0 (worst known) to 1 (best known); 0.5 where all are equal."""
    given = rates.to_numpy(dtype=float)
    low, high = rates.min().to_numpy(dtype=float), rates.max().to_numpy(dtype=float)
    wide = high > low
    level = (given - low) / np.where(wide, high - low, 1)
    return np.where(np.isnan(given), np.nan, np.where(wide, level, 0.5))


def _drawn_ranks(
    level: np.ndarray,
    share: np.ndarray,
    ranked: np.ndarray,
    seed: int,
    draws: int,
    steadiness: float,
) -> np.ndarray:
    """Return the rank of every unit in every draw, (draws, units); NaN for units never ranked."""
    rng = np.random.default_rng(seed)
    drawn = rng.dirichlet(steadiness * share, size=draws)
    anything = rng.random((draws, *level.shape))
    scores = np.einsum("dui,di->du", np.where(np.isnan(level), anything, level), drawn)
    scores = np.where(ranked, scores.round(12), np.nan)
    return pd.DataFrame(scores).rank(axis=1, ascending=False, method="min").to_numpy()
