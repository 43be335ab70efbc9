"""Greedy choice and swaps on a covering core: a good plan at once, before any proof."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

import numpy as np
from scipy import sparse

from analysis.siting.core import Core, covered_by
from analysis.siting.problem import Bools, Floats, Ints
from analysis.siting.run import Run

COMPILED_FROM = 1_000_000


def greedy_cover(
    core: Core, count: int, *, start: Ints | None = None, enough: float = np.inf
) -> Ints:
    """Return up to ``count`` columns, each adding the most weight to those before.

    Parameters
    ----------
    core : Core
    count : int
    start : int array, optional
        Columns chosen already; they come first and count.
    enough : float
        Stop once so much weight is covered.

    Returns
    -------
    int array
        Columns of the core in the order picked; fewer where nothing is left to add.

    Notes
    -----
    Covers at least 1 - 1/e of the best (Nemhauser, Wolsey & Fisher 1978,
    doi:10.1007/BF01588971). Lazy (Minoux 1978, doi:10.1007/BFb0006528): gains only fall, so a
    column is looked at again only when it leads. Linear in the stored pairs, plus a heap.
    """
    first = np.empty(0, dtype=np.intp) if start is None else start
    columns = core.cover.tocsc()
    is_open = ~covered_by(core.cover, first)
    needed = enough - float(core.weight[~is_open].sum())
    room = min(max(0, count - len(first)), len(core.columns))
    if core.cover.nnz > COMPILED_FROM:
        from analysis.siting.kernels import greedy  # loads numba, for large sizes only

        gain = columns.T @ np.where(is_open, core.weight, 0.0)
        parts = (columns.indptr.astype(np.int64), columns.indices, core.weight, gain, is_open)
        picked = np.empty(room, dtype=np.int64)
        number, _ = greedy(*parts, picked, room, needed)
        return np.concatenate([first, picked[:number]])
    chosen: list[int] = []
    for column, rows, worth in leaders(columns, core.weight, is_open):
        if len(chosen) >= room or needed <= 0:
            break
        chosen.append(column)
        is_open[rows] = False
        needed -= worth
    return np.concatenate([first, np.array(chosen, dtype=np.intp)])


def leaders(
    columns: sparse.csc_array, weight: Floats, is_open: Bools, *, cost: Floats | float = 1.0
) -> Iterator[tuple[int, Ints, float]]:
    """Yield column after column that adds the most weight for its cost, and its open rows.

    Parameters
    ----------
    columns : (n_rows, n_columns) CSC array
    weight : (n_rows,) float array
    is_open : (n_rows,) bool array
        Rows that count; whoever takes a column closes its rows in here.
    cost : (n_columns,) float array or float
    """
    starts, rows = columns.indptr, columns.indices
    gain = columns.T @ np.where(is_open, weight, 0.0)
    price = np.maximum(np.broadcast_to(cost, gain.shape), 1e-9)
    heap = [(-g, j) for j, g in enumerate((gain / price).tolist()) if g > 0]
    heapq.heapify(heap)
    while heap:
        best = heapq.heappop(heap)[1]
        mine = rows[starts[best] : starts[best + 1]]
        mine = mine[is_open[mine]]
        now = float(weight[mine].sum())
        rate = now / float(price[best])
        if now > 0 and heap and -rate > heap[0][0]:
            heapq.heappush(heap, (-rate, best))
        elif now > 0:
            yield best, mine, now


def most_by_gains(core: Core, columns: Ints, count: int) -> float:
    """Return a bound on what ``count`` columns cover: what some cover and the best of the rest add.

    Notes
    -----
    Any choice adds to ``columns`` at most the sum of what each of its columns adds alone.
    """
    is_open = ~covered_by(core.cover, columns)
    covered, total = float(core.weight[~is_open].sum()), float(core.weight.sum())
    most = total
    for counted, base in ((is_open, covered), (np.ones_like(is_open), 0.0)):
        gain = np.sort(core.cover.T @ np.where(counted, core.weight, 0.0))[::-1]
        most = min(most, base + float(gain[:count].sum()))
    return most


def trim_cover(
    core: Core,
    columns: Ints,
    count: int,
    *,
    enough: float = -np.inf,
    run: Run | None = None,
) -> Ints:
    """Return ``count`` of the columns, closing again and again the one least missed.

    No column is closed that would leave less than ``enough`` weight covered. When time is up,
    those least missed now are closed together, where nothing has to stay covered.
    """
    chosen = np.zeros(len(core.columns), dtype=bool)
    chosen[columns] = True
    part = sparse.csr_array(core.cover[:, columns])
    times = np.diff(part.indptr)
    by_column = part.tocsc()
    loss = by_column.T @ np.where(times == 1, core.weight, 0.0)
    covered = float(core.weight[times > 0].sum())
    for done in range(len(columns) - count):
        if run is not None and run.stopped() and enough == -np.inf:
            chosen[columns[np.argsort(loss)[: len(columns) - count - done]]] = False
            break
        least = int(np.argmin(loss))
        if covered - loss[least] < enough:
            break
        covered -= float(loss[least])
        rows = by_column.indices[by_column.indptr[least] : by_column.indptr[least + 1]]
        times[rows] -= 1
        chosen[columns[least]], loss[least] = False, np.inf
        for row in rows[times[rows] == 1]:
            mine = part.indices[part.indptr[row] : part.indptr[row + 1]]
            loss[mine] += core.weight[row]
    return np.flatnonzero(chosen)


def swap_cover(core: Core, picked: Ints, run: Run, *, rounds: int = 200) -> Ints:
    """Swap a column for a better one until no swap helps.

    Parameters
    ----------
    core : Core
    picked : int array
    run : Run
    rounds : int
        Most swaps made.

    Returns
    -------
    int array
        As many columns, ascending, covering at least as much.

    Notes
    -----
    Teitz & Bart's exchange: the gain of opening a column and closing another is
    ``gain(in) - loss(out) + both``, where ``both`` is the weight only ``out`` covers and ``in``
    covers too. One round costs a pass over the pairs.
    """
    chosen = np.zeros(len(core.columns), dtype=bool)
    chosen[picked] = True
    pattern = core.cover.astype(np.float64)
    columns = pattern.T.tocsr()
    for _ in range(rounds):
        if not run.tell("search") or not chosen.any():
            break
        times = pattern @ chosen
        open_weight = np.where(times == 0, core.weight, 0.0)
        single = np.where(times == 1, core.weight, 0.0)
        gain, loss = columns @ open_weight, columns @ single
        ins, outs = np.flatnonzero(~chosen & (gain > 0)), np.flatnonzero(chosen)
        if not len(ins):
            break
        both = (columns[ins] * single[None, :]) @ columns[outs].T
        worth = gain[ins][:, None] - loss[outs][None, :] + both.toarray()
        best = int(np.argmax(worth))
        if worth.flat[best] <= 1e-9 * max(1.0, float(gain.max())):
            break
        chosen[ins[best // len(outs)]] = True
        chosen[outs[best % len(outs)]] = False
    return np.flatnonzero(chosen)
