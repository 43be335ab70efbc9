"""Inequality of a rate between units: weighted Gini, Lorenz curve, Theil's T, best and worst.

Unknown values are never guessed and never dropped in silence: every measure refuses them, and
:func:`known` takes them out and says how many.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.errors import ScenarioError, StudyError

Floats: TypeAlias = npt.NDArray[np.float64]


class Theil(NamedTuple):
    """Theil's T and its two parts; ``between + within == total``."""

    total: float
    between: float
    within: float


class Known(NamedTuple):
    """Values and weights that are both known, and how many rows were not."""

    values: Floats
    weights: Floats
    unknown: int


class Interval(NamedTuple):
    """An estimate with the ends of its interval."""

    estimate: float
    low: float
    high: float


class Spread(NamedTuple):
    """Best and worst unit and how far apart they are; positions into the input."""

    best: int
    worst: int
    gap: float
    ratio: float


def known(values: npt.ArrayLike, weights: npt.ArrayLike) -> Known:
    """Return the rows where value and weight are both known, and the number left out.

    Parameters
    ----------
    values, weights : array-like, shape (n,)
        NaN is unknown.

    Returns
    -------
    Known

    Examples
    --------
    >>> known([1.0, float("nan")], [10, 20]).unknown
    1
    """
    x, w = same_length(values, weights)
    keep = ~(np.isnan(x) | np.isnan(w))
    return Known(x[keep], w[keep], int((~keep).sum()))


def gini(values: npt.ArrayLike, weights: npt.ArrayLike) -> float:
    """Return the population-weighted Gini coefficient of a rate.

    Parameters
    ----------
    values : array-like, shape (n,)
        A rate or share of each unit, 0 or more.
    weights : array-like, shape (n,)
        People of each unit, 0 or more; units of weight 0 do not count.

    Returns
    -------
    float
        0 (all people live under the same rate) to nearly 1. 0 too where every value is 0: nobody
        has anything, which is equal.

    Raises
    ------
    StudyError
        ``balance.unknown`` (NaN), ``balance.negative``, ``balance.infinite``,
        ``balance.no_weight`` or ``balance.length``.

    Notes
    -----
    :math:`G = \\sum_i \\sum_j w_i w_j |x_i - x_j| / (2 W^2 \\bar x)`, computed in O(n log n) from
    the sorted values. It equals the unweighted Gini on each unit repeated once a person, so units
    may be split or joined at will. It says how unequal units are, not people within them, and
    with few events a unit it is mostly chance: see :func:`analysis.noise.noise_floor`.

    References
    ----------
    Lerman & Yitzhaki 1989, Improving the accuracy of estimates of Gini coefficients,
    J. Econometrics 42, doi:10.1016/0304-4076(89)90074-2.

    Examples
    --------
    >>> gini([0, 1], [1, 1]), round(gini([1, 2, 3], [1, 1, 2]), 4)
    (0.5, 0.1944)
    """
    x, w = checked(values, weights)
    return float(gini_rows(x[None, :], w[None, :])[0])


def gini_rows(x: Floats, w: Floats) -> Floats:
    """Return the weighted Gini of each row of checked values and weights, both (rounds, n)."""
    order = np.argsort(x, axis=1, kind="stable")
    x, w = np.take_along_axis(x, order, 1), np.take_along_axis(w, order, 1)
    total = w.sum(axis=1, keepdims=True)
    have = (x * w).sum(axis=1)
    # Twice the middle rank of each unit's people, less all people: what pairs above and below add.
    lean = 2 * np.cumsum(w, axis=1) - w - total
    apart = (x * w * lean).sum(axis=1)
    shape = np.zeros_like(have)
    return np.clip(np.divide(apart, have * total[:, 0], out=shape, where=have > 0), 0, 1)


def lorenz(values: npt.ArrayLike, weights: npt.ArrayLike) -> pd.DataFrame:
    """Return the Lorenz curve of a rate.

    Parameters
    ----------
    values, weights : array-like, shape (n,)
        As for :func:`gini`.

    Returns
    -------
    DataFrame
        ``people_share`` and ``value_share``, both 0–1 and rising, from (0, 0) to (1, 1); the
        units run from the lowest rate to the highest. The diagonal where every value is 0.

    Notes
    -----
    Twice the area between curve and diagonal is :func:`gini`.

    Examples
    --------
    >>> lorenz([0, 1], [1, 1])["value_share"].tolist()
    [0.0, 0.0, 1.0]
    """
    x, w = checked(values, weights)
    order = np.argsort(x, kind="stable")
    people = np.append(0.0, np.cumsum(w[order]))
    have = np.append(0.0, np.cumsum((x * w)[order]))
    people /= people[-1]
    value = have / have[-1] if have[-1] > 0 else people
    return pd.DataFrame({"people_share": people, "value_share": value})


def theil(values: npt.ArrayLike, weights: npt.ArrayLike, groups: npt.ArrayLike) -> Theil:
    """Return Theil's T of a rate, split between and within groups of units.

    Parameters
    ----------
    values, weights : array-like, shape (n,)
        As for :func:`gini`.
    groups : array-like, shape (n,)
        The group (county) of each unit.

    Returns
    -------
    Theil
        ``total``, ``between``, ``within``, natural logarithms; 0 where every value is 0.

    Raises
    ------
    StudyError
        As :func:`gini`, and ``balance.group_unknown``.

    Notes
    -----
    :math:`T = \\sum_i (w_i / W) (x_i / \\bar x) \\ln (x_i / \\bar x)` with 0 ln 0 = 0. Between:
    the same with every unit at its group's mean. Within: the groups' own T, weighted by their
    share of the total. O(n).

    References
    ----------
    Theil 1967, Economics and Information Theory, North-Holland.
    Shorrocks 1980, The class of additively decomposable inequality measures, Econometrica 48,
    doi:10.2307/1913126.

    Examples
    --------
    >>> t = theil([1, 1, 3, 3], [1, 1, 1, 1], ["a", "a", "b", "b"])
    >>> round(t.total, 4), round(t.within, 4)
    (0.1308, 0.0)
    """
    given = pd.Series(np.asarray(groups, dtype=object))
    x, w = same_length(values, weights)
    if len(given) != len(x):
        raise _fault("length", f"{len(x)} values but {len(given)} groups.", count=len(given))
    if given.isna().any():
        count = int(given.isna().sum())
        raise _fault("group_unknown", f"{count} unit(s) have no group; give each one.", count=count)
    x, w = checked(x, w, drop_weightless=False)
    codes, _ = pd.factorize(given)
    people: Floats = np.bincount(codes, w).astype(float)
    mean = _ratio(np.bincount(codes, w * x).astype(float), people)
    between = _theil_t(mean, people)
    share = _ratio(people * mean, np.full(len(people), float((people * mean).sum())))
    own = [_theil_t(x[codes == g], w[codes == g]) for g in range(len(people))]
    within = float(np.dot(share, own))
    return Theil(between + within, between, within)


def _theil_t(x: Floats, w: Floats) -> float:
    people, have = w.sum(), (x * w).sum()
    if not (people > 0 and have > 0):
        return 0.0
    relative = x * (people / have)
    logs = np.log(relative, out=np.zeros_like(relative), where=relative > 0)
    return max(0.0, float((w / people * relative * logs).sum()))


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def spread(values: npt.ArrayLike) -> Spread:
    """Return the best and the worst unit, their gap and their ratio.

    Parameters
    ----------
    values : array-like, shape (n,)
        Rates; NaN is passed over. Higher is better.

    Returns
    -------
    Spread
        ``ratio`` is best over worst, NaN where the worst is 0: nothing has no multiple.

    Raises
    ------
    StudyError
        ``balance.nothing_known``: no value is known.

    Examples
    --------
    >>> spread([2.0, float("nan"), 8.0])
    Spread(best=2, worst=0, gap=6.0, ratio=4.0)
    """
    x = np.asarray(values, dtype=float)
    if np.isnan(x).all():
        raise _fault("nothing_known", "No value is known; there is no best or worst.")
    best, worst = int(np.nanargmax(x)), int(np.nanargmin(x))
    high, low = float(x[best]), float(x[worst])
    return Spread(best, worst, high - low, high / low if low > 0 else float("nan"))


def bootstrap_interval(
    values: npt.ArrayLike,
    weights: npt.ArrayLike,
    *,
    seed: int,
    rounds: int = 2_000,
    level: float = 0.95,
) -> Interval:
    """Return the Gini coefficient with a percentile interval from resampled units.

    Parameters
    ----------
    values, weights : array-like, shape (n,)
        As for :func:`gini`.
    seed : int
        Makes the draw repeatable.
    rounds : int
        How many resamples.
    level : float
        Share of resamples inside the interval, between 0 and 1.

    Returns
    -------
    Interval

    Raises
    ------
    StudyError
        As :func:`gini`.
    ScenarioError
        ``balance.rounds`` or ``balance.level``.

    Notes
    -----
    Units are drawn with replacement together with their people. The interval answers "would a
    city of other units like these look as unequal"; with eleven counties it is wide and leans
    low, and it does not contain the chance in the counts themselves (:mod:`analysis.noise`).
    O(rounds · n log n) time, O(rounds · n) memory.

    References
    ----------
    Efron 1979, Bootstrap methods, Annals of Statistics 7, doi:10.1214/aos/1176344552.

    Examples
    --------
    >>> bootstrap_interval([1, 1, 1], [5, 6, 7], seed=0)
    Interval(estimate=0.0, low=0.0, high=0.0)
    """
    x, w = checked(values, weights)
    check_rounds(rounds)
    if not 0 < level < 1:
        raise ScenarioError("balance.level", f"level is {level}; give 0 < level < 1.", value=level)
    drawn = np.random.default_rng(seed).integers(0, len(x), size=(rounds, len(x)))
    many = gini_rows(x[drawn], w[drawn])
    low, high = np.quantile(many, [(1 - level) / 2, (1 + level) / 2])
    return Interval(gini(x, w), float(low), float(high))


def check_rounds(rounds: int) -> None:
    """Refuse a number of random rounds below 1."""
    if rounds < 1:
        raise ScenarioError("balance.rounds", f"rounds is {rounds}; give 1 or more.", value=rounds)


def same_length(values: npt.ArrayLike, weights: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return both as flat arrays of floats, or say that they differ in length."""
    x, w = np.asarray(values, dtype=float).ravel(), np.asarray(weights, dtype=float).ravel()
    if len(x) != len(w):
        raise _fault("length", f"{len(x)} values but {len(w)} weights.", count=len(w))
    return x, w


def checked(
    values: npt.ArrayLike, weights: npt.ArrayLike, *, drop_weightless: bool = True
) -> tuple[Floats, Floats]:
    """Return finite values ≥ 0 and weights ≥ 0, or say which of them is not."""
    x, w = same_length(values, weights)
    for name, column in (("values", x), ("weights", w)):
        _refuse(np.isnan(column), name, "unknown", "unknown; take them out with known()")
        _refuse(np.isinf(column), name, "infinite", "infinite; a rate and its people are finite")
        _refuse(column < 0, name, "negative", "negative; give 0 or more")
    if not w.sum() > 0:
        raise _fault("no_weight", "The weights sum to 0; at least one unit needs people.")
    return (x[w > 0], w[w > 0]) if drop_weightless else (x, w)


def _refuse(bad: npt.NDArray[np.bool_], name: str, kind: str, text: str) -> None:
    if bad.any():
        raise _fault(kind, f"{int(bad.sum())} of the {name} are {text}.", count=int(bad.sum()))


def _fault(kind: str, text: str, **facts: object) -> StudyError:
    return StudyError(f"balance.{kind}", text, **facts)
