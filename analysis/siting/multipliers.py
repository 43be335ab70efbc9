"""A bound on what any columns gain above a price, without a linear program, at any size."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from analysis.siting.core import Core
from analysis.siting.run import Run

STEPS = 250
PATIENCE = 6
SHORTEST = 1e-2


def surplus_by_steps(core: Core, price: float, target: float, run: Run) -> float:
    """Return a bound on ``covered(S) - price * len(S)`` over all sets S of columns.

    Parameters
    ----------
    core : Core
    price : float
        What each column costs, in weight.
    target : float
        About the least the bound could be, from which the steps take their length.
    run : Run

    Returns
    -------
    float

    Notes
    -----
    For any multipliers ``0 <= u <= weight`` the bound is ``sum (weight - u) + sum over columns of
    max(0, sum of u over its rows - price)``. They follow the subgradient, scaled by the weights,
    with Polyak's length (Held, Wolfe & Crowder 1974, doi:10.1007/BF01580223). Two products with
    the pairs a step; every step is safe, so no tolerance enters.
    """
    rows = sparse.csr_array(core.cover.astype(np.float64))
    columns = sparse.csr_array(rows.T)
    weight, u = core.weight, core.weight / 2
    best, length, still = float(weight.sum()), 1.0, 0
    for _ in range(STEPS):
        over = columns @ u - price
        value = float((weight - u).sum() + over[over > 0].sum())
        still = 0 if value < best * (1 - 1e-5) else still + 1
        best = min(best, value)
        if still >= PATIENCE:
            length, still = length / 2, 0
        slope = rows @ (over > 0) - 1.0
        slope[((u >= weight) & (slope < 0)) | ((u <= 0) & (slope > 0))] = 0.0
        size = float((weight * slope**2).sum())
        if length < SHORTEST or size == 0.0 or not run.tell("bound"):
            break
        u = np.clip(u - length * max(value - target, 0.0) / size * weight * slope, 0.0, weight)
    return best
