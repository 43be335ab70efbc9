"""A bound on how few columns cover a share, near that of the linear program, at any size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from analysis.siting.core import Core
from analysis.siting.problem import Floats
from analysis.siting.run import Run

STEPS = 2000
LOOK_EVERY = 50
LEAST_GAIN = 1e-5
FEW_ROWS = 30.0
FALLEN, FALLEN_ENOUGH, LONGEST = 0.8, 0.2, 0.36


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
    rate for given payments is a weighted quantile of ``pays / weight``. The payments are the duals
    of the linear program, approached by primal-dual steps (:class:`_Walk`) until 50 of them raise
    the bound by less than 1e-5. Two products with the pairs a step; any payments are safe, so no
    tolerance enters.
    """
    columns = sparse.csr_array(core.cover.T.astype(np.float64))
    reach = columns @ core.weight
    pays = core.weight / np.maximum.reduceat(reach[core.cover.indices], core.cover.indptr[:-1])
    best = _priced(columns, core.weight, needed, pays)
    walk = _Walk(core, needed, best)
    for step in range(1, STEPS + 1):
        if not run.tell("bound", bound=best.bound):
            break
        walk.step(step)
        if step % LOOK_EVERY == 0:
            now = _priced(columns, core.weight, needed, walk.pays())
            done = 0 < best.bound < now.bound < best.bound * (1 + LEAST_GAIN)
            best = max(best, now, key=lambda m: m.bound)
            if done:
                break
    return best


class _Walk:
    """Primal-dual steps towards the linear program of a share.

    Notes
    -----
    ``min sum x`` with ``cover x + z >= 1`` and ``sum weight z <= what may stay uncovered``, all in
    [0, 1]: z is the uncovered part of each row. Reflected steps of the primal-dual hybrid gradient
    (Chambolle & Pock 2011, doi:10.1007/s10851-010-0251-1), pulled towards where they began (Halpern
    1967, doi:10.1090/S0002-9904-1967-11864-0) and begun anew once they have come closer, with
    diagonal step lengths; so does Lu & Yang 2024, arXiv:2407.16144. ``tilt`` balances the steps of
    columns and rows by the way each has gone.
    """

    def __init__(self, core: Core, needed: float, first: Multipliers) -> None:
        n_rows, n_columns = core.cover.shape
        unit = FEW_ROWS * float(core.weight.mean())
        pattern = core.cover.astype(np.float64)
        least = sparse.hstack([pattern, sparse.eye_array(n_rows)])
        spent = sparse.hstack(
            [sparse.csr_array((1, n_columns)), sparse.csr_array(-core.weight[None, :] / unit)]
        )
        self.rows = sparse.csr_array(sparse.vstack([least, spent]))
        self.columns = sparse.csr_array(self.rows.T)
        self.cost = np.repeat([1.0, 0.0], [n_columns, n_rows])
        self.wanted = np.append(np.ones(n_rows), (needed - float(core.weight.sum())) / unit)
        self.reach = [1.0 / abs(m).sum(axis=1) for m in (self.columns, self.rows)]
        self.at = [np.zeros(n_columns + n_rows), np.append(first.pays, first.rate * unit)]
        self.tilt = 1.0
        self._begin(self.at)

    def _begin(self, at: list[Floats]) -> None:
        self.begun, self.at, self.since = at, at, 0
        self.first = self.last = np.inf

    def pays(self) -> Floats:
        """Return what each row pays now."""
        return np.asarray(np.maximum(self.at[1][:-1], 0.0))

    def step(self, number: int) -> None:
        """Take one step; begin anew where the walk has come closer or has been going for long."""
        (x, y), (reach_x, reach_y) = self.at, self.reach
        new_x = np.clip(x - reach_x / self.tilt * (self.cost - self.columns @ y), 0.0, 1.0)
        slope = self.wanted - self.rows @ (2.0 * new_x - x)
        new_y = np.maximum(y + reach_y * self.tilt * slope, 0.0)
        moved = sum(self._lengths([new_x - x, new_y - y]))
        self.first = min(self.first, moved) if self.since == 0 else self.first
        closer = moved <= FALLEN_ENOUGH**2 * self.first
        stuck = self.last < moved <= FALLEN**2 * self.first
        if self.since and (closer or stuck or self.since > LONGEST * number + 1):
            ways = self._lengths([new_x - self.begun[0], new_y - self.begun[1]], even=True)
            if min(ways) > 0:
                self.tilt = float(np.sqrt(self.tilt * np.sqrt(ways[1] / ways[0])))
            self._begin([new_x, new_y])
            return
        self.since, self.last = self.since + 1, moved
        pull = 1.0 / (self.since + 1)
        self.at = [
            (1 - pull) * (2.0 * new - old) + pull * start
            for new, old, start in zip((new_x, new_y), (x, y), self.begun, strict=True)
        ]

    def _lengths(self, moves: list[Floats], *, even: bool = False) -> list[float]:
        tilt = 1.0 if even else self.tilt
        scale = (tilt, 1.0 / tilt)
        return [
            s * float((m * m / r).sum()) for s, m, r in zip(scale, moves, self.reach, strict=True)
        ]


def _priced(columns: sparse.csr_array, weight: Floats, needed: float, pays: Floats) -> Multipliers:
    """Return what payments prove, at the rate that proves most."""
    rate = _rate(pays / weight, weight, needed)
    short = rate * weight - pays
    over = columns @ pays - 1.0
    value = rate * needed - short[short > 0].sum() - over[over > 0].sum()
    return Multipliers(pays, rate, float(value))


def _rate(ratio: Floats, weight: Floats, needed: float) -> float:
    """Return the least ratio up to which rows of so much weight lie."""
    order = np.argsort(ratio)
    place = int(np.searchsorted(np.cumsum(weight[order]), needed))
    return float(ratio[order[min(place, len(order) - 1)]])
