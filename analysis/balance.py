"""Building, activity and results side by side: rates by unit and how unequal they are.

The three axes are the city's own words: building is unbalanced, activities are unbalanced, and so
are results. Each indicator keeps the count it rests on, because a rate of two events is no rate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.inequality import (
    Floats,
    Interval,
    Known,
    Spread,
    Theil,
    bootstrap_interval,
    gini,
    known,
    lorenz,
    spread,
    theil,
)
from analysis.noise import noise_draws, noise_floor, share_draws
from geo.errors import StudyError, first_ids

__all__ = [
    "INDICATORS",
    "Balance",
    "Indicator",
    "Interval",
    "Known",
    "Spread",
    "Theil",
    "balance_table",
    "bootstrap_interval",
    "gini",
    "known",
    "lorenz",
    "noise_draws",
    "noise_floor",
    "share_draws",
    "spread",
    "theil",
]

SMALL_N = 10
COUNTS = ("people", "rooms", "covered", "cases", "handled", "activities")


@dataclass(frozen=True)
class Indicator:
    """One rate: a count over a base.

    Parameters
    ----------
    name : str
    axis : {"building", "activity", "results"}
    count, base : str
        Columns of the input.
    per : float
        Units of base a rate is given for.
    noise : {"poisson", "binomial", "none"}
        How chance alone moves the count; "none" where it is no count of events.
    evidence : str
        The column whose smallness makes the rate doubtful.
    """

    name: str
    axis: str
    count: str
    base: str
    per: float = 1.0
    noise: str = "poisson"
    evidence: str = ""


INDICATORS = (
    Indicator("rooms_per_10k", "building", "rooms", "people", 10_000, evidence="rooms"),
    Indicator("share_covered", "building", "covered", "people", noise="none", evidence="people"),
    Indicator("activities_per_room", "activity", "activities", "rooms", evidence="activities"),
    Indicator(
        "activities_per_10k", "activity", "activities", "people", 10_000, evidence="activities"
    ),
    Indicator("share_handled", "results", "handled", "cases", noise="binomial", evidence="cases"),
)


@dataclass(frozen=True, eq=False)
class Balance:
    """Rates by unit and their inequality over the city.

    Attributes
    ----------
    units : DataFrame
        On the input's index: one column an indicator and ``<indicator>_small``, True where fewer
        than ``small_n`` events stand behind the rate. NaN where a part is unknown or the base 0.
    city : DataFrame
        Index ``indicator``. ``axis``; ``units`` with a rate, ``units_unknown`` without;
        ``units_small``; ``best``, ``worst`` unit, ``gap``, ``ratio`` between them; ``gini`` with
        its bootstrap interval ``gini_low``, ``gini_high``; ``theil``, ``theil_between``,
        ``theil_within`` the groups (NaN without groups); ``noise_floor`` and ``noise_p95``, the
        mean and the 95th percentile of the Gini that chance alone gives; ``above_noise`` True,
        False, or NA where chance plays no such part.
    """

    units: pd.DataFrame
    city: pd.DataFrame


def balance_table(
    by_unit: pd.DataFrame,
    *,
    groups: pd.Series | None = None,
    small_n: int = SMALL_N,
    seed: int = 0,
    rounds: int = 1_000,
) -> Balance:
    """Compare units on building, activity and results.

    Parameters
    ----------
    by_unit : DataFrame
        Index: units of one level. Columns ``people``, ``rooms``, ``covered`` (people within
        reach), ``cases`` (those that wait for or have an answer), ``handled`` of them, and
        ``activities``. NaN is unknown.
    groups : Series, optional
        The group (county) of each unit, on the same index, for Theil's parts.
    small_n : int
        A rate on fewer events is flagged.
    seed, rounds : int
        Of bootstrap and noise floor.

    Returns
    -------
    Balance

    Raises
    ------
    StudyError
        ``balance.column_missing``, ``balance.below_zero``, ``balance.part_above_whole`` or
        ``balance.groups``.

    Notes
    -----
    People are the weights of every Gini, Lorenz curve and Theil: each resident counts once, under
    the rate of their unit. Chance moves counts of rooms and activities as Poisson, handled cases
    as binomial; rooms are decided and not drawn, so their floor is a yardstick only.
    """
    _check(by_unit, groups)
    rates = {i.name: _rate(by_unit, i) for i in INDICATORS}
    small = {f"{i.name}_small": by_unit[i.evidence].fillna(0) < small_n for i in INDICATORS}
    units = pd.DataFrame({**rates, **small}, index=by_unit.index)
    ordered = by_unit.sort_index()  # so that the order of the rows changes no draw and no tie
    member = None if groups is None else groups.loc[ordered.index]
    rows = {
        i.name: _city_row(units.loc[ordered.index], ordered, member, i, seed, rounds)
        for i in INDICATORS
    }
    city = pd.DataFrame.from_dict(rows, orient="index").rename_axis("indicator")
    city["above_noise"] = city["above_noise"].astype("boolean")
    order = [name for i in INDICATORS for name in (i.name, f"{i.name}_small")]
    return Balance(units[order], city)


def _check(by_unit: pd.DataFrame, groups: pd.Series | None) -> None:
    missing = [c for c in COUNTS if c not in by_unit]
    if missing:
        names = ", ".join(missing)
        raise StudyError(
            "balance.column_missing", f"The comparison needs the column(s) {names}.", column=names
        )
    for column in COUNTS:
        _refuse(by_unit.index[by_unit[column] < 0], column, "below_zero", "below 0")
    for part, whole in (("covered", "people"), ("handled", "cases")):
        above = by_unit[part] > by_unit[whole] * (1 + 1e-9)
        _refuse(by_unit.index[above], part, "part_above_whole", f"more than {whole}")
    if groups is not None and (not groups.index.equals(by_unit.index) or groups.isna().any()):
        count = len(by_unit)
        raise StudyError(
            "balance.groups", f"Give each of the {count} units one group, same index.", count=count
        )


def _refuse(bad: pd.Index, column: str, kind: str, text: str) -> None:
    if len(bad):
        ids = first_ids(bad)
        raise StudyError(
            f"balance.{kind}",
            f"Column {column!r}, {len(bad)} unit(s) ({ids}): {text}; correct the counts.",
            column=column,
            count=len(bad),
            ids=ids,
        )


def _rate(by_unit: pd.DataFrame, indicator: Indicator) -> pd.Series:
    base = by_unit[indicator.base].astype(float)
    return by_unit[indicator.count].astype(float) / base.where(base > 0) * indicator.per


def _city_row(
    units: pd.DataFrame,
    by_unit: pd.DataFrame,
    groups: pd.Series | None,
    indicator: Indicator,
    seed: int,
    rounds: int,
) -> dict[str, object]:
    rates = units[indicator.name]
    have = rates.notna() & (by_unit["people"] > 0)
    row: dict[str, object] = {
        "axis": indicator.axis,
        "units": int(have.sum()),
        "units_unknown": int((~have).sum()),
        "units_small": int(units.loc[have, f"{indicator.name}_small"].sum()),
    }
    if have.sum() < 2:  # one unit is neither equal nor unequal
        return row | dict.fromkeys(_MEASURES, np.nan) | {"above_noise": None}
    values, people = rates[have].to_numpy(), by_unit.loc[have, "people"].to_numpy(dtype=float)
    apart = spread(values)
    interval = bootstrap_interval(values, people, seed=seed, rounds=rounds)
    parts = theil(values, people, np.zeros(len(values)) if groups is None else groups[have])
    chance = _chance(by_unit[have], indicator, seed, rounds)
    return row | {
        "best": rates[have].index[apart.best],
        "worst": rates[have].index[apart.worst],
        "gap": apart.gap,
        "ratio": apart.ratio,
        "gini": interval.estimate,
        "gini_low": interval.low,
        "gini_high": interval.high,
        "theil": parts.total,
        "theil_between": np.nan if groups is None else parts.between,
        "theil_within": np.nan if groups is None else parts.within,
        "noise_floor": float(chance.mean()) if len(chance) else np.nan,
        "noise_p95": float(np.quantile(chance, 0.95)) if len(chance) else np.nan,
        "above_noise": bool(interval.estimate > np.quantile(chance, 0.95)) if len(chance) else None,
    }


_MEASURES = (
    "best",
    "worst",
    "gap",
    "ratio",
    "gini",
    "gini_low",
    "gini_high",
    "theil",
    "theil_between",
    "theil_within",
    "noise_floor",
    "noise_p95",
)


def _chance(rows: pd.DataFrame, indicator: Indicator, seed: int, rounds: int) -> Floats:
    """Return the Gini coefficients that chance alone gives, none where it plays no such part."""
    count, base = rows[indicator.count].to_numpy(float), rows[indicator.base].to_numpy(float)
    people = rows["people"].to_numpy(float)
    if indicator.noise == "none":
        return np.empty(0)
    rate = float(count.sum() / base.sum())
    if indicator.noise == "binomial":
        return share_draws(base, rate, people, seed=seed, rounds=rounds)
    return noise_draws(rate * base, people, exposure=base, seed=seed, rounds=rounds)
