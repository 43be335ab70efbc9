"""Totals to parts: people of a unit spread over the units inside it, to the last person.

Nothing here knows a file or a city. A census gives a county's people; :func:`rake_counts` spreads
them over townships whose own figures are partly known, :func:`spread_total` over villages, and
:mod:`geo.demand` over points on the map. Every step keeps its totals exactly.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linprog

from geo.errors import StudyError, first_ids
from geo.schema import BASES

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

RAKE_ROUNDS = 10_000
RAKE_TOLERANCE = 1e-9
WHOLE_TOLERANCE = 1e-6  # a fitted 41.9999999 is 42


def apportion(shares: ArrayLike, total: int) -> Counts:
    """Split a whole number in proportion to shares, by largest remainders.

    Parameters
    ----------
    shares : array_like of float, shape (n,)
        Non-negative; their sum need not be 1.
    total : int
        What to split, not negative.

    Returns
    -------
    ndarray of int, shape (n,)
        Sums to ``total`` exactly; each differs from its exact quota by less than 1.

    Raises
    ------
    StudyError
        ``population.shares`` when a share is negative, NaN or infinite or the total is negative;
        ``population.no_share`` when people are left and no share is positive.

    Notes
    -----
    Hamilton's method; equal remainders go to the earlier row. O(n log n).

    Examples
    --------
    >>> apportion([1, 1, 1], 10)
    array([4, 3, 3])
    """
    weights = np.asarray(shares, dtype=np.float64)
    bad = np.flatnonzero(~np.isfinite(weights) | (weights < 0))
    if len(bad) or total < 0:
        raise StudyError(
            "population.shares",
            f"{len(bad)} share(s) (rows {first_ids(bad + 1)}) are negative or unknown, or the "
            f"total {total} is negative; give finite shares of 0 or more.",
            count=len(bad),
            ids=first_ids(bad + 1),
            value=total,
        )
    if total == 0:
        return np.zeros(len(weights), dtype=np.int64)
    if weights.sum() <= 0:
        raise StudyError(
            "population.no_share",
            f"{total} people are left and no row may take them; give at least one row a share.",
            value=total,
        )
    quota = weights / weights.sum() * total
    counts = np.floor(quota).astype(np.int64)
    order = np.argsort(-(quota - counts), kind="stable")
    counts[order[: total - counts.sum()]] += 1
    return counts


def spread_total(
    weights: pd.Series[Any], total: int, *, pinned: pd.Series[Any] | None = None
) -> pd.Series[Any]:
    """Spread a total over weighted units, those with a known value keeping it.

    Parameters
    ----------
    weights : Series of float
        By unit.
    total : int
        People to spread, the pinned ones included.
    pinned : Series of float, optional
        Known whole numbers of people by unit; NaN or a missing row is not known.

    Returns
    -------
    Series of int
        On the index of ``weights``; sums to ``total``.

    Raises
    ------
    StudyError
        ``population.pinned_unit`` when a pinned unit has no weight row,
        ``population.pinned_total`` when the pinned people exceed the total or all units are pinned
        and miss it; otherwise as :func:`apportion`.

    Examples
    --------
    >>> weights = pd.Series({"a": 1.0, "b": 1.0, "c": 2.0})
    >>> spread_total(weights, 100, pinned=pd.Series({"c": 40})).to_dict()
    {'a': 30, 'b': 30, 'c': 40}
    """
    known = _known(weights.index, pinned)
    rest = total - int(known.sum())
    free = known.isna().to_numpy()
    if rest < 0 or (rest > 0 and not free.any()):
        raise pinned_total(int(known.sum()), total)
    counts = known.fillna(0).to_numpy(dtype=np.int64, copy=True)
    counts[free] = apportion(weights.to_numpy(dtype=np.float64)[free], rest)
    return pd.Series(counts, index=weights.index, name="people")


def rake(
    weights: pd.DataFrame, column_totals: pd.Series[Any], *, pinned: pd.Series[Any] | None = None
) -> pd.DataFrame:
    """Fit a table of weights to its column totals and to the row totals that are known.

    Parameters
    ----------
    weights : DataFrame of float, shape (rows, columns)
        For example townships × settings; a 0 stays 0.
    column_totals : Series of float
        By column.
    pinned : Series of float, optional
        Known row totals; NaN or a missing row is free.

    Returns
    -------
    DataFrame of float
        Like ``weights``; column totals met to 1e-9 of the whole, pinned rows likewise.

    Raises
    ------
    StudyError
        ``population.pinned_unit`` as in :func:`spread_total`; ``population.infeasible`` when no
        table with these zeros has these totals.

    Notes
    -----
    Iterative proportional fitting: rows and columns are scaled in turn, free rows only with their
    column. The result is the table closest to ``weights`` in relative entropy. O(rows × columns)
    a round; a county takes fewer than 100 rounds.

    References
    ----------
    Deming, W. E. & Stephan, F. F. (1940). On a least squares adjustment of a sampled frequency
    table when the expected marginal totals are known. Annals of Mathematical Statistics 11,
    427–444. doi:10.1214/aoms/1177731829
    """
    known = _known(weights.index, pinned).to_numpy(dtype=np.float64)
    goal = column_totals.reindex(weights.columns).to_numpy(dtype=np.float64)
    table = weights.to_numpy(dtype=np.float64, copy=True)
    held = ~np.isnan(known)
    slack = RAKE_TOLERANCE * max(1.0, float(np.nansum(goal)))
    for _ in range(RAKE_ROUNDS):
        table[held] *= _ratio(known[held], table[held].sum(axis=1))[:, None]
        table *= _ratio(goal, table.sum(axis=0))
        row_miss = np.abs(table[held].sum(axis=1) - known[held]).max(initial=0.0)
        if row_miss <= slack:
            break
    column_miss = np.abs(table.sum(axis=0) - goal).max(initial=0.0)
    if not max(row_miss, column_miss) <= slack:
        raise StudyError(
            "population.infeasible",
            f"No spread meets the totals {column_totals.to_dict()} and the {int(held.sum())} known "
            "row total(s) together; check that they belong to the same census.",
            count=int(held.sum()),
            value=str(column_totals.to_dict()),
        )
    return pd.DataFrame(table, index=weights.index, columns=weights.columns)


def rake_counts(
    weights: pd.DataFrame, column_totals: pd.Series[Any], *, pinned: pd.Series[Any] | None = None
) -> pd.DataFrame:
    """Do as :func:`rake`, in whole people: columns and pinned rows come out exact.

    Parameters
    ----------
    weights, column_totals, pinned
        As :func:`rake`; totals are whole numbers.

    Returns
    -------
    DataFrame of int
        Like ``weights``.

    Raises
    ------
    StudyError
        As :func:`rake`.

    Notes
    -----
    Each cell becomes its fitted value rounded down or up, such that all totals hold and the sum of
    the remainders rounded up is largest: controlled rounding, a transportation problem whose
    corners are whole. One linear program of rows × columns variables.

    References
    ----------
    Cox, L. H. (1987). A constructive procedure for unbiased controlled rounding. Journal of the
    American Statistical Association 82, 520–524. doi:10.1080/01621459.1987.10478456

    Examples
    --------
    >>> weights = pd.DataFrame({"urban": [2.0, 1.0], "rural": [0.0, 1.0]}, index=["a", "b"])
    >>> totals = pd.Series({"urban": 70, "rural": 30})
    >>> rake_counts(weights, totals, pinned=pd.Series({"a": 50})).to_numpy().tolist()
    [[50, 0], [20, 30]]
    """
    fitted = rake(weights, column_totals, pinned=pinned)
    known = _known(weights.index, pinned).to_numpy(dtype=np.float64)
    goal = column_totals.reindex(weights.columns).to_numpy(dtype=np.float64)
    counts = _rounded(fitted.to_numpy(), known, goal)
    return pd.DataFrame(counts, index=weights.index, columns=weights.columns)


def smoothed_shares(
    hits: pd.Series[Any], groups: pd.Series[Any], *, prior_rows: float
) -> pd.Series[Any]:
    """Return the share of true rows in each group, small groups drawn to the share of all.

    Parameters
    ----------
    hits : Series of bool or float
        1 where the row counts, 0 where not, NaN where not known.
    groups : Series
        The group of each row.
    prior_rows : float
        How many rows the overall share weighs.

    Returns
    -------
    Series of float
        One share a group, 0–1; NaN where nothing at all is known.

    Notes
    -----
    ``(hits + prior_rows × overall) / (known + prior_rows)``, the mean of a beta-binomial.

    Examples
    --------
    >>> hits = pd.Series([1.0, 1.0, 0.0, 0.0])
    >>> smoothed_shares(hits, pd.Series(["a", "a", "b", "b"]), prior_rows=2).to_dict()
    {'a': 0.75, 'b': 0.25}
    """
    values = hits.astype(float)
    by_group = values.groupby(groups)
    overall = float(values.mean())
    return (by_group.sum() + prior_rows * overall) / (by_group.count() + prior_rows)


def _known(index: pd.Index[Any], pinned: pd.Series[Any] | None) -> pd.Series[Any]:
    """Return the pinned values on an index, NaN where free."""
    if pinned is None:
        return pd.Series(np.nan, index=index)
    strange = pinned.dropna().index.difference(index)
    if len(strange):
        raise StudyError(
            "population.pinned_unit",
            f"{len(strange)} unit(s) with a known figure ({first_ids(strange)}) are not among the "
            "units to spread over; correct the id or leave the figure out.",
            count=len(strange),
            ids=first_ids(strange),
        )
    return pinned.reindex(index).astype(float)


def _rounded(table: Floats, row_totals: Floats, column_totals: Floats) -> Counts:
    """Round each cell down or up so that known rows and all columns keep their totals."""
    rows, columns = table.shape
    down = np.floor(table + WHOLE_TOLERANCE)
    remainder = np.clip(table - down, 0, 1)
    held = np.flatnonzero(~np.isnan(row_totals))
    cell = np.arange(rows * columns).reshape(rows, columns)
    in_rows = _incidence(cell[held], rows * columns)
    in_columns = _incidence(cell.T, rows * columns)
    missing = [row_totals[held] - down[held].sum(axis=1), column_totals - down.sum(axis=0)]
    found = linprog(
        -remainder.ravel(),
        A_eq=np.vstack([in_rows, in_columns]),
        b_eq=np.concatenate(missing),
        bounds=np.column_stack([np.zeros(cell.size), (table > 0).ravel()]),
        method="highs-ds",
    )
    if found.x is None:
        raise AssertionError(f"no controlled rounding of a fitted table: {found.message}")
    return (down + np.rint(found.x).reshape(table.shape)).astype(np.int64)


def _incidence(groups: NDArray[np.int64], size: int) -> Floats:
    """Return a 0/1 matrix with one row a group and one column a cell."""
    matrix = np.zeros((len(groups), size))
    matrix[np.arange(len(groups))[:, None], groups] = 1.0
    return matrix


def weakest_basis(basis: pd.Series, by: pd.Series) -> pd.Series:
    """Return what the sum of several figures rests on.

    Parameters
    ----------
    basis : Series of str or None
        Of each figure; unknown ones say nothing.
    by : Series
        The unit each figure is added to, on the same index.

    Returns
    -------
    Series of str or None
        By unit: the basis they share; of several the weakest in the order of
        :data:`geo.schema.BASES`, and ``derived`` at best, since a sum of unlike counts is no count.

    Examples
    --------
    >>> told = pd.Series(["census", "census", "reported", "simulated"])
    >>> weakest_basis(told, pd.Series(["a", "b", "b", "b"])).to_dict()
    {'a': 'census', 'b': 'simulated'}
    """
    rank = basis.map({name: place for place, name in enumerate(BASES)}).astype(float).groupby(by)
    worst = rank.max()
    worst = worst.where(rank.min() == worst, worst.clip(lower=BASES.index("derived")))
    return worst.map(dict(enumerate(BASES))).astype(object)


def basis_of_sum(basis: Iterable[object]) -> str | None:
    """Return what one sum rests on, as :func:`weakest_basis`; None where nobody says."""
    told = pd.Series(list(basis), dtype=object)
    found = weakest_basis(told, pd.Series("all", index=told.index)).get("all")
    return found if isinstance(found, str) else None


def residents_of(population: pd.DataFrame) -> pd.DataFrame:
    """Return the residents of each unit, of all settings; students and workers are no residents.

    Parameters
    ----------
    population : DataFrame
        Index unit_id; ``population``, ``population_basis``, and perhaps ``group``.

    Returns
    -------
    DataFrame
        Index unit_id, each once; ``population`` and ``population_basis``.
    """
    known = population[population["population"].notna()]
    if "group" in known:
        known = known[known["group"].isna() | (known["group"] == "resident")]
    units = known.index.to_series()
    people = known["population"].astype(float).groupby(level=0).sum()
    rows = range(len(known))
    basis = weakest_basis(known["population_basis"].set_axis(rows), units.set_axis(rows))
    return pd.DataFrame({"population": people, "population_basis": basis})


def pinned_total(known: int, total: int) -> StudyError:
    """Return the error of known figures that do not fit the total they belong to."""
    return StudyError(
        "population.pinned_total",
        f"The known figures add up to {known}, which does not fit the total of {total}; check that "
        "they belong to the same census.",
        value=known,
        total=total,
    )


def _ratio(goal: Floats, now: Floats) -> Floats:
    """Return goal / now, and 0 where both are 0; where only ``now`` is 0 nothing can be scaled."""
    return np.divide(goal, now, out=np.zeros_like(now), where=now > 0)
