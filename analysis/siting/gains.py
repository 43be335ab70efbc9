"""The p-median as gains over what is open: greedy choice, swaps, and shaking a choice."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from analysis.siting.problem import Bools, Floats, Ints
from analysis.siting.pulls import Pulls
from analysis.siting.rules import Limits
from analysis.siting.run import Run

CLOSER = 1e-9
SHAKE_SHARE = 0.3
LEADERS = 300


@dataclass(frozen=True)
class Gains:
    """What each column saves each row, ``base`` minus the sum of the best being the cost.

    Parameters
    ----------
    gain : (nnz,) float array
        Person-distance saved, above 0; by row, the most first.
    rows, cols : (nnz,) int arrays
        Row and column of each entry.
    shape : tuple of int
        Rows and columns.
    columns : (n_columns,) int array
        Site positions.
    base : float
        Person-distance without any of them.
    """

    gain: Floats
    rows: Ints
    cols: Ints
    shape: tuple[int, int]
    columns: Ints
    base: float

    def only(self, keep: Bools) -> Gains:
        """Return the gains of some columns, ``keep`` being a mask over all of them."""
        mine = keep[self.cols]
        place = np.cumsum(keep) - 1
        return replace(
            self,
            gain=self.gain[mine],
            rows=self.rows[mine],
            cols=place[self.cols[mine]],
            shape=(self.shape[0], int(keep.sum())),
            columns=self.columns[keep],
        )


def gains_of(weight: Floats, pulls: Pulls, *, columns: Ints | None = None) -> Gains:
    """Return the gains of a p-median whose points are all charged something finite.

    ``columns`` are the site positions to tell of; by default those that bring somebody nearer.
    """
    near, cap = pulls.near, pulls.cap
    if columns is None:
        columns = np.flatnonzero(np.bincount(near.indices, minlength=near.shape[1]))
    place = np.full(near.shape[1], -1, dtype=np.intp)
    place[columns] = np.arange(len(columns))
    rows = np.repeat(np.arange(near.shape[0]), np.diff(near.indptr))
    order = np.lexsort((near.data, rows))
    gain = (weight[rows] * (cap[rows] - near.data))[order]
    counted = weight > 0
    base = float((weight[counted] * cap[counted]).sum())
    shape = (near.shape[0], len(columns))
    return Gains(gain, rows, place[near.indices[order]], shape, columns, base)


def totals(places: Ints, amounts: Floats, count: int) -> Floats:
    """Return the sum of the amounts at each place; numpy's of none at all are whole numbers."""
    return np.bincount(places, amounts, count).astype(np.float64, copy=False)


def best_two(gains: Gains, chosen: Ints) -> tuple[Floats, Floats, Ints]:
    """Return the best and second-best gain of each row over chosen columns, and whose is best.

    Returns
    -------
    first, second : (n_rows,) float arrays
    owner : (n_rows,) int array
        Place of the best in ``chosen``, -1 for none.
    """
    n_rows, width = gains.shape
    place = np.full(width, -1, dtype=np.intp)
    place[chosen] = np.arange(len(chosen))
    at = np.flatnonzero(place[gains.cols] >= 0)
    rows, worth = gains.rows[at], gains.gain[at]
    first, second = np.zeros(n_rows), np.zeros(n_rows)
    owner = np.full(n_rows, -1, dtype=np.intp)
    head = np.flatnonzero(np.diff(rows, prepend=-1))
    first[rows[head]], owner[rows[head]] = worth[head], place[gains.cols[at[head]]]
    after = head + 1
    after = after[after < len(rows)]
    follows = after[rows[after] == rows[after - 1]]
    second[rows[follows]] = worth[follows]
    return first, second, owner


def saved(gains: Gains, chosen: Ints) -> float:
    """Return what a choice of columns saves."""
    return float(best_two(gains, chosen)[0].sum())


def greedy_nearest(
    weight: Floats,
    pulls: Pulls,
    count: int,
    run: Run,
    *,
    take: Callable[[int], bool] = lambda _: True,
) -> Ints:
    """Return ``count`` sites, each saving the most person-distance after those before.

    Whatever ``take`` refuses is left out.

    Notes
    -----
    Lazy (Minoux 1978, doi:10.1007/BFb0006528): what a site saves only falls, so it is looked at
    again only when it leads. When time is up, the rest are picked by what each was last seen to
    save.
    """
    columns = pulls.near.tocsc()
    starts, rows, cost = columns.indptr, columns.indices, columns.data
    each = np.repeat(np.arange(columns.shape[1]), np.diff(starts))
    nearest = pulls.cap.copy()
    gain = totals(each, weight[rows] * (nearest[rows] - cost), columns.shape[1])
    heap = [
        (-worth, site)
        for site, worth in enumerate(gain.tolist())
        if starts[site + 1] > starts[site]
    ]
    heapq.heapify(heap)
    chosen: list[int] = []
    while heap and len(chosen) < count:
        site = heapq.heappop(heap)[1]
        mine, far = rows[starts[site] : starts[site + 1]], cost[starts[site] : starts[site + 1]]
        now = float(np.maximum(nearest[mine] - far, 0.0) @ weight[mine])
        if heap and -now > heap[0][0] and run.tell("search"):
            heapq.heappush(heap, (-now, site))
            continue
        if not take(site):
            continue
        chosen.append(site)
        nearest[mine] = np.minimum(nearest[mine], far)
    return np.array(chosen, dtype=np.intp)


def swap_gains(gains: Gains, chosen: Ints, run: Run, *, limits: Limits | None = None) -> Ints:
    """Swap a chosen column for a better one until no swap helps.

    Parameters
    ----------
    gains : Gains
    chosen : int array
    run : Run
    limits : Limits, optional
        Only swaps they allow are made.

    Notes
    -----
    Fast interchange (Whitaker 1983, doi:10.1080/03155986.1983.11731889): opening a column and
    closing another gains ``opened - closed + both``, where ``both`` is what the one makes up of
    the other's loss. One round costs a pass over the entries.
    """
    chosen = np.array(chosen, dtype=np.intp)
    while run.tell("search") and 0 < len(chosen) < gains.shape[1]:
        one, other, better = _best_swap(gains, chosen, limits)
        if better <= CLOSER * gains.base:
            break
        chosen[other] = one
    return np.sort(chosen)


def _best_swap(gains: Gains, chosen: Ints, limits: Limits | None) -> tuple[int, int, float]:
    """Return the column to open, the place in ``chosen`` to close, and what that gains."""
    first, second, owner = best_two(gains, chosen)
    width, gain, rows = gains.shape[1], gains.gain, gains.rows
    near = np.flatnonzero(gain > second[rows])
    gain, rows, cols = gain[near], rows[near], gains.cols[near]
    opened = totals(cols, np.maximum(gain - first[rows], 0.0), width)
    opened[chosen] = -np.inf
    owned = owner >= 0
    closed = totals(owner[owned], (first - second)[owned], len(chosen))
    mine = owned[rows]
    made_up = np.minimum(gain[mine], first[rows[mine]]) - second[rows[mine]]
    cells = (made_up, (cols[mine], owner[rows[mine]]))
    both = sparse.coo_array(cells, shape=(width, len(chosen))).tocsr().tocoo()
    worth = opened[both.row] - closed[both.col] + both.data
    one, other, apart = _best_apart(opened, closed, limits, chosen)
    if limits is not None:
        useful = np.flatnonzero(worth > 0)
        able = limits.allow(chosen, both.row[useful], chosen[both.col[useful]])
        worth[useful[~able]] = -np.inf
    best = int(np.argmax(worth)) if len(worth) else -1
    if best < 0 or apart >= worth[best]:
        return one, other, apart
    return int(both.row[best]), int(both.col[best]), float(worth[best])


def _best_apart(
    opened: Floats, closed: Floats, limits: Limits | None, chosen: Ints
) -> tuple[int, int, float]:
    """Return the best swap of two columns that have no row in common, and what it gains."""
    if limits is None:
        one, other = int(np.argmax(opened)), int(np.argmin(closed))
        return one, other, float(opened[one] - closed[other])
    ins, outs = _leaders(limits.alike, opened), _leaders(limits.alike[chosen], -closed)
    worth = opened[ins][:, None] - closed[outs]
    worth[~limits.allow(chosen, ins[:, None], chosen[outs])] = -np.inf
    one, other = divmod(int(np.argmax(worth)), len(outs))
    return int(ins[one]), int(outs[other]), float(worth[one, other])


def _leaders(alike: Ints, order: Floats) -> Ints:
    """Return the first of each number by falling order, the leading ones where there are many."""
    rank = np.argsort(-order, kind="stable")
    first = np.unique(alike[rank], return_index=True)[1]
    return rank[np.sort(first)[:LEADERS]]


def shake_gains(
    gains: Gains,
    chosen: Ints,
    worth: Floats,
    run: Run,
    *,
    tries: int = 30,
    limits: Limits | None = None,
) -> Ints:
    """Improve a choice by closing some columns at random, opening promising ones, and swaps.

    Parameters
    ----------
    gains : Gains
    chosen : int array
    worth : (n_columns,) float array
        How promising each column is.
    run : Run
    tries : int
    limits : Limits, optional
        That every choice keeps.

    Notes
    -----
    Variable neighbourhood search (Hansen & Mladenović 1997, doi:10.1016/S0305-0548(97)00031-2);
    the random numbers are seeded. Stops at 0.3 of the time allowed.
    """
    rng = np.random.default_rng(run.seed)
    count, best, size = len(chosen), saved(gains, chosen), 1
    chance = worth - worth.min() + 1e-12
    for _ in range(tries):
        if run.seconds() > SHAKE_SHARE * run.time_limit_s or run.stopped():
            break
        mixed = rng.permutation(chosen)
        fresh = _drawn(rng, chance, mixed, size, limits)
        if fresh is None:
            break
        found = swap_gains(gains, fresh, run, limits=limits)
        value = saved(gains, found)
        better = value > best * (1 + 1e-12)
        size = 1 if better else min(size + 1, max(1, count // 2))
        if better:
            chosen, best = found, value
    return np.sort(chosen)


def _drawn(
    rng: np.random.Generator, chance: Floats, mixed: Ints, size: int, limits: Limits | None
) -> Ints | None:
    """Return a choice with the first so many columns drawn anew, None where there are too few."""
    weight = chance.copy()
    weight[mixed[size:]] = 0.0
    if limits is None:
        if int(np.count_nonzero(weight)) < size:
            return None
        fresh = rng.choice(len(weight), size, replace=False, p=weight / weight.sum())
        return np.concatenate([mixed[size:], fresh])
    drawn, weight[mixed] = mixed.copy(), 0.0
    for place in range(min(size, len(drawn))):
        able = limits.allow(drawn, np.arange(len(weight)), drawn[place])
        own = np.where(able, weight, 0.0)
        if own.any():
            drawn[place] = rng.choice(len(own), p=own / own.sum())
            weight[drawn[place]] = 0.0
    return drawn
