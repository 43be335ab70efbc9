"""Greedy choice and swaps on a covering core: a good plan at once, before any proof."""

from __future__ import annotations

import numpy as np

from analysis.siting.core import Core
from analysis.siting.problem import Floats, Ints
from analysis.siting.run import Run


def greedy_cover(core: Core, count: int) -> Ints:
    """Return up to ``count`` columns, each adding the most weight to those before.

    Parameters
    ----------
    core : Core
    count : int

    Returns
    -------
    int array
        Columns of the core in the order picked; fewer where nothing is left to add.

    Notes
    -----
    Covers at least 1 - 1/e of the best (Nemhauser, Wolsey & Fisher 1978,
    doi:10.1007/BF01588971). Each row leaves the gains once: linear in the stored pairs, plus one
    pass over the columns per pick.
    """
    columns = core.cover.tocsc()
    gain = columns.T @ core.weight
    open_rows = np.ones(len(core.weight), dtype=bool)
    picked = []
    for _ in range(min(count, len(gain))):
        best = int(np.argmax(gain))
        if gain[best] <= 0:
            break
        picked.append(best)
        rows = columns.indices[columns.indptr[best] : columns.indptr[best + 1]]
        rows = rows[open_rows[rows]]
        open_rows[rows] = False
        _take_off(core, gain, rows)
        gain[best] = 0.0
    return np.array(picked, dtype=np.intp)


def _take_off(core: Core, gain: Floats, rows: Ints) -> None:
    """Take the weight of rows off the gain of every column that covers them."""
    starts, ends = core.cover.indptr[rows], core.cover.indptr[rows + 1]
    for row, start, end in zip(rows, starts, ends, strict=True):
        gain[core.cover.indices[start:end]] -= core.weight[row]


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
        if run.stopped() or not chosen.any():
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
