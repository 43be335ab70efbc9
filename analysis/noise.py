"""The noise floor: how unequal counts look by chance alone when the true rates are all equal."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ive

from analysis.inequality import Floats, check_rounds, checked, gini_rows
from geo.errors import ScenarioError

ROUNDS = 2_000


def noise_floor(
    expected: npt.ArrayLike,
    weights: npt.ArrayLike | None = None,
    *,
    seed: int = 0,
    rounds: int = ROUNDS,
) -> float:
    """Return the Gini coefficient that chance alone gives when the true rates are all equal.

    Parameters
    ----------
    expected : float or array-like, shape (n,)
        Mean count of events a unit; one number is the mean over the units.
    weights : array-like, shape (n,), optional
        People of each unit. Without it ``expected`` must be one number and the answer is exact
        for many units of equal size.
    seed, rounds : int
        Of the simulation, where there are weights.

    Returns
    -------
    float

    Raises
    ------
    ScenarioError
        ``balance.expected`` or ``balance.rounds``.
    StudyError
        As :func:`analysis.inequality.gini`.

    Notes
    -----
    Counts are Poisson. For equal units of mean m the Gini of a Poisson variable is
    :math:`e^{-2m} (I_0(2m) + I_1(2m))`: 0.52, 0.32, 0.18 and 0.08 for m = 1, 3, 10 and 50. With
    weights it is the mean of :func:`noise_draws`. A measured Gini at or below the floor shows no
    inequality at all.

    References
    ----------
    Ramasubban 1958, The mean difference and the mean deviation of some discontinuous
    distributions, Biometrika 45, 549–556.

    Examples
    --------
    >>> [round(noise_floor(m), 2) for m in (1, 3, 10, 50)]
    [0.52, 0.32, 0.18, 0.08]
    """
    if weights is not None:
        return float(noise_draws(expected, weights, seed=seed, rounds=rounds).mean())
    mean = np.asarray(expected, dtype=float)
    if mean.ndim or not (np.isfinite(mean) and mean >= 0):
        raise ScenarioError(
            "balance.expected",
            f"expected is {expected!r}; give one mean count, 0 or more, or weights as well.",
            value=str(expected),
        )
    return float(ive(0, 2 * mean) + ive(1, 2 * mean)) if mean > 0 else 0.0


def noise_draws(
    expected: npt.ArrayLike,
    weights: npt.ArrayLike,
    *,
    exposure: npt.ArrayLike | None = None,
    seed: int,
    rounds: int = ROUNDS,
) -> Floats:
    """Return the Gini coefficients of simulated counts under equal true rates.

    Parameters
    ----------
    expected : float or array-like, shape (n,)
        Mean count of each unit; one number is their mean, shared out by exposure.
    weights : array-like, shape (n,)
        People of each unit.
    exposure : array-like, shape (n,), optional
        What a count is divided by to make the rate (rooms, for activities a room); the people
        unless given. Units of exposure 0 do not count.
    seed, rounds : int
        Of the simulation.

    Returns
    -------
    array, shape (rounds,)
        Their mean is the noise floor; a measured Gini above their 95th percentile is more than
        chance gives in 19 of 20 such cities.

    Raises
    ------
    ScenarioError
        ``balance.rounds``.
    StudyError
        As :func:`analysis.inequality.gini`.
    """
    check_rounds(rounds)
    base, people = checked(weights if exposure is None else exposure, weights)
    mean = np.asarray(expected, dtype=float)
    if mean.ndim == 0:
        mean = mean * base / base.mean() if base.sum() > 0 else np.zeros(len(base))
    else:
        mean = checked(mean, weights)[0]
    some = base > 0
    counts = np.random.default_rng(seed).poisson(mean[some], size=(rounds, int(some.sum())))
    return gini_rows(counts / base[some], np.broadcast_to(people[some], counts.shape))


def share_draws(
    trials: npt.ArrayLike,
    share: float,
    weights: npt.ArrayLike,
    *,
    seed: int,
    rounds: int = ROUNDS,
) -> Floats:
    """Return the Gini coefficients of simulated shares when the true share is one for all.

    Parameters
    ----------
    trials : array-like of whole numbers, shape (n,)
        Cases of each unit; units without any do not count.
    share : float
        The chance that a case is handled, 0–1.
    weights : array-like, shape (n,)
        People of each unit.
    seed, rounds : int
        Of the simulation.

    Returns
    -------
    array, shape (rounds,)

    Raises
    ------
    ScenarioError
        ``balance.share`` or ``balance.rounds``.
    StudyError
        As :func:`analysis.inequality.gini`.

    Notes
    -----
    Counts are binomial. The rest is as for :func:`noise_draws`.

    Examples
    --------
    >>> bool(share_draws([5, 5], 1.0, [1, 1], seed=0, rounds=3).any())
    False
    """
    check_rounds(rounds)
    if not 0 <= share <= 1:
        raise ScenarioError("balance.share", f"share is {share}; give 0 to 1.", value=share)
    asked, people = checked(trials, weights)
    some = asked > 0
    count = asked[some].round().astype(np.int64)
    handled = np.random.default_rng(seed).binomial(count, share, size=(rounds, len(count)))
    return gini_rows(handled / count, np.broadcast_to(people[some], handled.shape))
