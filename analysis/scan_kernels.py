"""The compiled inner loops of the scan statistic: every circle, every simulated map.

A window is the first ``k`` points of one centre's list of neighbours. For a window with ``e``
expected of ``C`` cases the log-likelihood ratio is ``table[c] − c · slope − base``: the logarithms
of the counts stand in a table, those of the expectations are taken once a window.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def window_terms(neighbours, share, total, slope, base, expected):  # type: ignore[no-untyped-def]
    """Fill expectation, slope and base of the windows of one centre, each shape (k,)."""
    inside = 0.0
    for k in range(len(neighbours)):
        inside += share[neighbours[k]]
        expected[k] = inside * total
        slope[k] = 0.0
        base[k] = 0.0
        if 0.0 < expected[k] < total:
            rest = np.log(total - expected[k])
            slope[k] = np.log(expected[k]) - rest
            base[k] = total * rest


@njit(nogil=True, cache=True)
def best_windows(order, closes, length, share, table, cases, taken):  # type: ignore[no-untyped-def]
    """Return the highest ratio of each centre and its last neighbour, −1 where there is none.

    A centre's windows stop before the first neighbour that is ``taken``.
    """
    centres, width = order.shape
    total = len(table) - 1
    top, last = np.zeros(centres), np.full(centres, -1)
    slope, base, expected = np.empty(width), np.empty(width), np.empty(width)
    for i in range(centres):
        window_terms(order[i, : length[i]], share, total, slope, base, expected)
        count = 0
        for k in range(length[i]):
            if taken[order[i, k]]:
                break
            count += cases[order[i, k]]
            if closes[i, k] and count > expected[k]:
                ratio = table[count] - count * slope[k] - base[k]
                if ratio > top[i]:
                    top[i], last[i] = ratio, k
    return top, last


@njit(nogil=True, cache=True)
def highest_ratios(order, closes, length, share, table, counts):  # type: ignore[no-untyped-def]
    """Return the highest ratio over all windows of each simulated map.

    ``counts`` holds the cases of ``lanes`` maps, shape (points, lanes). Windows are taken in
    blocks over which the expectation grows by about its own standard deviation. The count at a
    block's end with the expectation at its start bounds every window inside, and only where that
    bound beats the best so far is the block looked at window by window. Nothing is left out.
    """
    centres, width = order.shape
    lanes = counts.shape[1]
    total = len(table) - 1
    top = np.zeros(lanes)
    before, after = np.zeros(lanes, np.int32), np.zeros(lanes, np.int32)
    slope, base, expected = np.empty(width), np.empty(width), np.empty(width)
    for i in range(centres):
        window_terms(order[i, : length[i]], share, total, slope, base, expected)
        after[:] = 0
        start = 0
        while start < length[i]:
            before[:] = after
            stop, reach = start, expected[start] + np.sqrt(expected[start])
            while stop < length[i] and (stop == start or expected[stop] <= reach):
                row = counts[order[i, stop]]
                for lane in range(lanes):
                    after[lane] += row[lane]
                stop += 1
            for lane in range(lanes):
                count = after[lane]
                if count > expected[start]:
                    bound = table[count] - count * slope[start] - base[start]
                    if bound > top[lane]:
                        top[lane] = _best_in_block(
                            order[i], closes[i], start, stop, before[lane], expected, slope,
                            base, table, counts, lane, top[lane],
                        )  # fmt: skip
            start = stop
    return top


@njit(nogil=True, cache=True)
def _best_in_block(  # type: ignore[no-untyped-def]
    neighbours, closes, start, stop, count, expected, slope, base, table, counts, lane, best
):
    for k in range(start, stop):
        count += counts[neighbours[k], lane]
        if closes[k] and count > expected[k]:
            best = max(best, table[count] - count * slope[k] - base[k])
    return best
