"""A bound on how few columns cover a share, without a linear program, at any size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from analysis.siting.core import Core
from analysis.siting.problem import Floats
from analysis.siting.run import Run

STEPS = 500
PATIENCE = 10
KEPT = 0.8
AHEAD = 0.1
LEAST_AHEAD = 2e-4
RATE_EVERY = 5


@dataclass(frozen=True)
class Multipliers:
    """What each row pays towards the columns that cover it, and what that proves.

    Parameters
    ----------
    pays : (n_rows,) float array
        In columns.
    rate : float
        Columns that a unit of weight is worth.
    bound : float
        No fewer columns cover the share.
    """

    pays: Floats
    rate: float
    bound: float


def share_by_steps(core: Core, needed: float, run: Run) -> Multipliers:
    """Bound how few columns of a core cover so much weight.

    Parameters
    ----------
    core : Core
    needed : float
        Above 0 and at most the weight of the core.
    run : Run

    Returns
    -------
    Multipliers

    Notes
    -----
    For any ``pays >= 0`` and ``rate >= 0`` no fewer columns do than ``rate * needed - sum max(0,
    rate * weight - pays) - sum over columns of max(0, sum of pays over its rows - 1)``. The best
    rate for given payments is a weighted quantile of ``pays / weight``; the payments follow the
    subgradient, scaled by the weights and smoothed, towards a value a little ahead of the best
    one (Held, Wolfe & Crowder 1974, doi:10.1007/BF01580223). Two products with the pairs a step;
    any step is safe, so no tolerance enters.
    """
    rows = sparse.csr_array(core.cover.astype(np.float64))
    columns = sparse.csr_array(rows.T)
    weight, move = core.weight, np.zeros(len(core.weight))
    largest = np.maximum.reduceat((columns @ weight)[rows.indices], rows.indptr[:-1])
    pays, rate = weight / largest, 0.0
    best, ahead, still = Multipliers(pays, rate, 0.0), AHEAD, 0
    for step in range(STEPS):
        if step % RATE_EVERY == 0:
            rate = _rate(pays / weight, weight, needed)
        paid = columns @ pays
        short = rate * weight - pays
        value = float(rate * needed - short[short > 0].sum() - np.maximum(paid - 1, 0).sum())
        still = 0 if value > best.bound * (1 + ahead / 300) else still + 1
        if value > best.bound:
            best = Multipliers(pays, rate, value)
        if not run.tell("bound", bound=best.bound):
            break
        if still >= PATIENCE:
            ahead, still = max(ahead / 1.5, LEAST_AHEAD), 0
            pays, rate, value, move = best.pays, best.rate, best.bound, np.zeros_like(move)
            paid, short = columns @ pays, rate * weight - pays
        slope = (short > 0) - rows @ (paid > 1).astype(np.float64)
        slope[(pays <= 0) & (slope < 0)] = 0.0
        move = KEPT * move + (1 - KEPT) * slope
        size = float((rate * weight * move**2).sum())
        length = (best.bound * (1 + ahead) - value) / max(size, 1e-9)
        pays = np.maximum(0.0, pays + length * rate * weight * move)
    return best


def _rate(ratio: Floats, weight: Floats, needed: float) -> float:
    """Return the least ratio up to which rows of so much weight lie."""
    order = np.argsort(ratio)
    place = int(np.searchsorted(np.cumsum(weight[order]), needed))
    return float(ratio[order[min(place, len(order) - 1)]])
