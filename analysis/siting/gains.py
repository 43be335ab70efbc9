"""The p-median as gains over what is open: search, bound, and the sites that cannot win."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from analysis.siting.median import Pulls
from analysis.siting.problem import Floats, Ints, SitingProblem
from analysis.siting.run import Run

PATIENCE = 12
STEPS = 600
BEYOND = 4.0
SHAKE_SHARE = 0.3


@dataclass(frozen=True)
class Gains:
    """What each column saves each row, ``base`` minus the sum of the best being the cost.

    Parameters
    ----------
    gain : (n_rows, n_columns) CSR array
        Person-distance saved, above 0.
    rows : (nnz,) int array
        Row of each stored entry.
    columns : (n_columns,) int array
        Site positions.
    base : float
        Person-distance without any of them.
    """

    gain: sparse.csr_array
    rows: Ints
    columns: Ints
    base: float


def gains_of(problem: SitingProblem, pulls: Pulls) -> Gains:
    """Return the gains of a p-median.

    Notes
    -----
    A point that must be served and reaches every candidate pays at most its farthest one. One
    that does not is charged four times its farthest pair where nobody serves it: a relaxation,
    whose bound is valid and whose plan is checked before it is believed.
    """
    near = pulls.near
    filled = np.diff(near.indptr) > 0
    farthest = np.zeros(problem.n_demand)
    farthest[filled] = np.maximum.reduceat(near.data, near.indptr[:-1][filled])
    columns = np.flatnonzero(np.bincount(near.indices, minlength=problem.n_sites))
    everywhere = np.diff(near.indptr) == int(problem.is_candidate.sum()) - len(problem.must_open)
    ceiling = np.where(everywhere, farthest, BEYOND * farthest + 1.0)
    cap = np.where(np.isinf(pulls.cap), ceiling, pulls.cap)
    counted = problem.weight > 0
    rows = np.repeat(np.arange(problem.n_demand), np.diff(near.indptr))
    data = problem.weight[rows] * (cap[rows] - near.data)
    gain = sparse.csr_array((data, near.indices, near.indptr), near.shape)
    base = float((problem.weight[counted] * cap[counted]).sum())
    return Gains(sparse.csr_array(gain[:, columns]), rows, columns, base)


def best_two(gains: Gains, chosen: Ints) -> tuple[Floats, Floats, Ints]:
    """Return the best and second-best gain of each row over chosen columns, and whose is best.

    Returns
    -------
    first, second : (n_rows,) float arrays
    owner : (n_rows,) int array
        Place of the best in ``chosen``, -1 for none.
    """
    place = np.full(gains.gain.shape[1], -1, dtype=np.intp)
    place[chosen] = np.arange(len(chosen))
    at = np.flatnonzero(place[gains.gain.indices] >= 0)
    rows, worth = gains.rows[at], gains.gain.data[at]
    order = np.lexsort((-worth, rows))
    rows, worth, at = rows[order], worth[order], at[order]
    n_rows = gains.gain.shape[0]
    first, second = np.zeros(n_rows), np.zeros(n_rows)
    owner = np.full(n_rows, -1, dtype=np.intp)
    head = np.flatnonzero(np.diff(rows, prepend=-1))
    first[rows[head]], owner[rows[head]] = worth[head], place[gains.gain.indices[at[head]]]
    after = head + 1
    after = after[after < len(rows)]
    follows = after[rows[after] == rows[after - 1]]
    second[rows[follows]] = worth[follows]
    return first, second, owner


def search_gains(
    gains: Gains, count: int, run: Run, *, start: Ints | None = None, rounds: int = 400
) -> Ints:
    """Return ``count`` columns by greedy choice, or from a start, and swaps.

    Notes
    -----
    Fast interchange (Whitaker 1983, doi:10.1080/03155986.1983.11731889). A pick and a swap cost
    one pass over the pairs each. When time is up, the rest are picked by what each saves alone.
    """
    width = gains.gain.shape[1]
    chosen = np.empty(0, dtype=np.intp) if start is None else start.copy()
    first = best_two(gains, chosen)[0]
    for _ in range(min(count, width) - len(chosen)):
        extra = np.maximum(gains.gain.data - first[gains.rows], 0.0)
        worth = np.bincount(gains.gain.indices, extra, width)
        worth[chosen] = -1.0
        if not run.tell("search"):
            rest = count - len(chosen)
            return np.sort(np.append(chosen, np.argsort(-worth, kind="stable")[:rest]))
        chosen = np.append(chosen, int(np.argmax(worth)))
        first = best_two(gains, chosen)[0]
    for _ in range(rounds):
        if not run.tell("search") or not 0 < len(chosen) < width:
            break
        one, other, better = _best_swap(gains, chosen)
        if better <= 1e-9 * gains.base:
            break
        chosen[other] = one
    return np.sort(chosen)


def shake_gains(gains: Gains, chosen: Ints, worth: Floats, run: Run, *, tries: int = 30) -> Ints:
    """Improve a choice by closing some columns at random, opening promising ones, and swaps.

    Notes
    -----
    Variable neighbourhood search (Hansen & Mladenović 1997, doi:10.1016/S0305-0548(97)00031-2);
    the first start is the best columns of the Lagrangian bound. The random numbers are seeded.
    Stops at 0.3 of the time allowed.
    """
    rng = np.random.default_rng(run.seed)
    count, best = len(chosen), float(best_two(gains, chosen)[0].sum())
    chance = worth - worth.min() + 1e-12
    size, start = 1, np.argpartition(-worth, count - 1)[:count]
    for _ in range(tries):
        if run.seconds() > SHAKE_SHARE * run.time_limit_s or run.cancelled:
            break
        found = search_gains(gains, count, run, start=start)
        value = float(best_two(gains, found)[0].sum())
        size = 1 if value > best else min(size + 1, max(1, count // 2))
        if value > best * (1 + 1e-12):
            chosen, best = found, value
        kept = rng.permutation(chosen)[size:]
        weight = chance.copy()
        weight[kept] = 0.0
        able = int(np.count_nonzero(weight))
        if able < count - len(kept):
            break
        fresh = rng.choice(len(weight), count - len(kept), replace=False, p=weight / weight.sum())
        start = np.concatenate([kept, fresh])
    return np.sort(chosen)


def _best_swap(gains: Gains, chosen: Ints) -> tuple[int, int, float]:
    """Return the column to open, the place in ``chosen`` to close, and what that gains."""
    first, second, owner = best_two(gains, chosen)
    data, rows, width = gains.gain.data, gains.rows, gains.gain.shape[1]
    opened = np.bincount(gains.gain.indices, np.maximum(data - first[rows], 0.0), width)
    owned = owner >= 0
    closed = np.bincount(owner[owned], (first - second)[owned], len(chosen))
    saved = np.maximum(np.minimum(data, first[rows]) - second[rows], 0.0)
    at = np.flatnonzero((saved > 0) & owned[rows])
    cell = gains.gain.indices[at].astype(np.intp) * len(chosen) + owner[rows[at]]
    both = np.bincount(cell, saved[at], width * len(chosen)).reshape(width, len(chosen))
    worth = opened[:, None] - closed[None, :] + both
    worth[chosen] = -np.inf
    best = int(np.argmax(worth))
    return best // len(chosen), best % len(chosen), float(worth.flat[best])


def bound_gains(gains: Gains, chosen: Ints, run: Run) -> tuple[float, Floats]:
    """Bound the gain of any equally many columns, and price each column.

    Parameters
    ----------
    gains : Gains
    chosen : int array
        A good choice to start from.
    run : Run

    Returns
    -------
    upper : float
        No choice of ``len(chosen)`` columns gains more.
    worth : (n_columns,) float array
        The value of each column at that bound.

    Notes
    -----
    Each row may be served once; relaxing that with multipliers u gives
    ``sum u_i + the best count of sum_i max(0, g_ij - u_i)``, minimised by subgradient steps with
    Polyak's length. Any u is safe, so no tolerance enters. One pass over the pairs a step.

    References
    ----------
    Cornuéjols, G., Fisher, M. & Nemhauser, G. (1977). Location of bank accounts to optimize
    float. Management Science 23, 789-810. doi:10.1287/mnsc.23.8.789
    Beasley, J. (1993). Lagrangean heuristics for location problems. European Journal of
    Operational Research 65, 383-399. doi:10.1016/0377-2217(93)90118-7
    """
    data, rows, cols = gains.gain.data, gains.rows, gains.gain.indices
    n_rows, width = gains.gain.shape
    count = len(chosen)
    first, second, _ = best_two(gains, chosen)
    lower, u = float(first.sum()), (first + second) / 2
    best, best_worth, length, still = np.inf, np.zeros(width), 1.5, 0
    for _ in range(STEPS):
        surplus = np.maximum(data - u[rows], 0.0)
        worth = np.bincount(cols, surplus, width)
        top = np.argpartition(-worth, count - 1)[:count]
        value = float(u.sum() + worth[top].sum())
        if value < best * (1 - 1e-7):
            still = 0
        else:
            still += 1
        if value < best:
            best, best_worth = value, worth
        if still >= PATIENCE:
            length, still = length / 2, 0
        if length < 1e-3 or best - lower <= 1e-9 * gains.base or not run.tell("bound"):
            break
        inside = np.zeros(width, dtype=bool)
        inside[top] = True
        served = np.bincount(rows[inside[cols] & (surplus > 0)], minlength=n_rows)
        slope = np.where((u <= 0) & (served < 1), 0.0, 1.0 - served)
        size = float((slope**2).sum())
        if size == 0:
            break
        u = np.maximum(u - length * max(value - lower, 1e-6 * value) / size * slope, 0.0)
    return best, best_worth


def hopeless(worth: Floats, count: int, upper: float, lower: float) -> Ints:
    """Return the columns in no choice that gains more than ``lower``.

    Notes
    -----
    A column outside the best ``count`` can enter only at the price of the least of those.
    """
    least = np.partition(worth, len(worth) - count)[len(worth) - count]
    return np.flatnonzero(upper - (least - worth) < lower * (1 - 1e-9))
