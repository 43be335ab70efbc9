"""Containment of lines at country size, compiled.

The first call on a machine compiles for some seconds; later processes load numba's cache.
"""

from __future__ import annotations

import heapq

import numpy as np
from numba import njit
from numpy.typing import NDArray

from analysis.siting.problem import Bools, Floats, Ints

Indices = NDArray[np.int32]


@njit(cache=True)  # type: ignore[untyped-decorator]
def related(
    starts: Ints,
    places: Indices,
    cross_starts: Ints,
    crossing: Indices,
    classes: Ints,
    outer: bool,
    block: tuple[int, int],
    found: Bools,
) -> None:
    """Mark which lines lie inside another of their class, or (``outer``) hold another.

    Parameters
    ----------
    starts, places : int arrays
        The lines as CSR, indices sorted.
    cross_starts, crossing : int arrays
        The same pattern by place.
    classes : (n_lines,) int array
    outer : bool
    block : two ints
        The lines to look at, from and up to.
    found : (n_lines,) bool array
        Where to mark; empty lines never are, of equal lines all but the first.
    """
    for line in range(block[0], block[1]):
        first, last = starts[line], starts[line + 1]
        if first == last:
            continue
        rare = places[first]
        for at in range(first, last):
            here = places[at]
            if (
                cross_starts[here + 1] - cross_starts[here]
                < cross_starts[rare + 1] - cross_starts[rare]
            ):
                rare = here
        for at in range(cross_starts[rare], cross_starts[rare + 1]):
            other = crossing[at]
            longer = starts[other + 1] - starts[other] - (last - first)
            if other == line or longer < 0 or classes[other] != classes[line]:
                continue
            told = other if outer else line
            if found[told] or (longer == 0 and told < (line if outer else other)):
                continue
            if _inside(places, first, last, starts[other], starts[other + 1]):
                found[told] = True
                if not outer:
                    break


@njit(cache=True)  # type: ignore[untyped-decorator]
def _inside(places: Indices, first: int, last: int, at: int, end: int) -> bool:
    """Return whether the sorted stretch ``first:last`` lies inside the stretch ``at:end``."""
    for here in range(first, last):
        while at < end and places[at] < places[here]:
            at += 1
        if at == end or places[at] != places[here]:
            return False
        at += 1
    return True


@njit(cache=True)  # type: ignore[untyped-decorator]
def greedy(
    starts: Ints,
    rows: Indices,
    weight: Floats,
    gain: Floats,
    is_open: Bools,
    picked: Ints,
    count: int,
    enough: float,
) -> tuple[int, float]:
    """Pick columns of most gain one after another, as :func:`search.greedy_cover` says.

    Parameters
    ----------
    starts, rows : int arrays
        The columns as CSC.
    weight : (n_rows,) float array
    gain : (n_columns,) float array
        Weight each column adds now.
    is_open : (n_rows,) bool array
        Rows not covered yet; changed.
    picked : int array
        Room for the columns picked; the first ``count`` places are filled from the front.
    count : int
        Most columns.
    enough : float
        Weight to add, at which to stop.

    Returns
    -------
    number : int
        Columns picked.
    added : float
        Weight they add.
    """
    heap = [(-gain[j], j) for j in range(len(gain)) if gain[j] > 0]
    heapq.heapify(heap)
    number, added = 0, 0.0
    while heap and number < count and added < enough:
        best = heapq.heappop(heap)[1]
        now = 0.0
        for at in range(starts[best], starts[best + 1]):
            if is_open[rows[at]]:
                now += weight[rows[at]]
        if now <= 0:
            continue
        if heap and -now > heap[0][0]:
            heapq.heappush(heap, (-now, best))
            continue
        picked[number] = best
        number += 1
        added += now
        for at in range(starts[best], starts[best + 1]):
            is_open[rows[at]] = False
    return number, added
