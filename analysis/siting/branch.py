"""The p-median of few columns by branch and bound, each branch bounded by multipliers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.siting.gains import Gains, saved
from analysis.siting.lagrange import Bound, Descent
from analysis.siting.problem import Floats, Ints
from analysis.siting.run import Run

STEPS = 60
PATIENCE = 6
CELLS = 4_000_000
TREE = 1_000
FEW = 12
MANY = 30
CLOSE = 5


@dataclass
class Tree:
    """The best choice so far, and what it takes to beat it.

    Parameters
    ----------
    table : (n_columns, n_rows) float array
        Gains, dense.
    count : int
        Columns a choice opens.
    step : float
        A better choice gains at least so much more.
    chosen : int array
    lower : float
        What ``chosen`` gains.
    """

    table: NDArray[np.float64]
    count: int
    step: float
    chosen: Ints
    lower: float

    @property
    def goal(self) -> float:
        """Return what a better choice gains at least, a little less for rounding."""
        return self.lower + self.step * (1 - 1e-6)

    def take(self, chosen: Ints) -> None:
        """Keep a choice if it is better."""
        value = float(self.table[chosen].max(axis=0).sum())
        if value > self.lower:
            self.chosen, self.lower = chosen, value


def fits(gains: Gains, bound: Bound, lower: float, step: float) -> bool:
    """Return whether branching is likely to end soon.

    It does where a better choice is better by a fair part of the gap, as with whole distances, and
    where few columns are to be chosen among few. Many columns and a gap of a few steps are left to
    the program: on random graphs of 500 to 800 nodes it was faster there, slower elsewhere.
    """
    left = bound.upper - lower
    if gains.shape[0] * gains.shape[1] > CELLS or (bound.count >= MANY and left <= CLOSE * step):
        return False
    return (bound.count <= FEW and gains.shape[1] <= FEW**2) or left <= TREE * step


def branch(gains: Gains, chosen: Ints, bound: Bound, step: float, run: Run) -> tuple[Ints, bool]:
    """Return the best choice of equally many columns, and whether all others were ruled out.

    Parameters
    ----------
    gains : Gains
    chosen : int array
        A good choice.
    bound : Bound
        Its multipliers are where each branch starts.
    step : float
        Two choices that differ in value differ by at least so much.
    run : Run

    Notes
    -----
    A branch opens the most promising column left, then the other shuts it. Multipliers bound each
    branch, shut the columns that cannot be in a better choice and open those that must be. The
    bounds are sums over any multipliers, so no tolerance enters.
    """
    table = np.zeros(gains.shape[::-1])
    table[gains.cols, gains.rows] = gains.gain
    tree = Tree(table, len(chosen), step, np.sort(chosen), saved(gains, chosen))
    none = np.empty(0, dtype=np.intp)
    branches = [(np.arange(gains.shape[1]), none, bound.price)]
    while branches:
        if not run.tell("exact"):
            return tree.chosen, False
        branches += _split(tree, *branches.pop())
    return tree.chosen, True


def _split(tree: Tree, free: Ints, opened: Ints, price: Floats) -> list[tuple[Ints, Ints, Floats]]:
    """Return the branches a branch leaves, none where no better choice is in it."""
    left = tree.count - len(opened)
    if len(free) <= left or left <= 1:
        _finish(tree, free, opened, left)
        return []
    upper, worth, price = _bounded(tree, free, opened, price)
    if upper < tree.goal:
        return []
    order = np.argsort(-worth, kind="stable")
    least, most = worth[order[left - 1]], worth[order[left]]
    inside = np.zeros(len(free), dtype=bool)
    inside[order[:left]] = True
    out = ~inside & (upper - (least - worth) < tree.goal)
    sure = inside & (upper - (worth - most) < tree.goal)
    opened, rest, worth = np.append(opened, free[sure]), free[~out & ~sure], worth[~out & ~sure]
    if sure.any() or len(rest) <= tree.count - len(opened):
        return [(rest, opened, price)]
    best = int(np.argmax(worth))
    others = np.delete(rest, best)
    return [(others, opened, price), (others, np.append(opened, rest[best]), price)]


def _finish(tree: Tree, free: Ints, opened: Ints, left: int) -> None:
    """Take the best choice of a branch with one column to choose, or none."""
    if left <= 0 or len(free) <= left:
        tree.take(np.append(opened, free[: max(left, 0)]))
        return
    covered = tree.table[opened].max(axis=0, initial=0.0)
    extra = np.maximum(tree.table[free] - covered, 0.0).sum(axis=1)
    tree.take(np.append(opened, free[int(np.argmax(extra))]))


def _bounded(tree: Tree, free: Ints, opened: Ints, price: Floats) -> tuple[float, Floats, Floats]:
    """Return the bound of a branch, what each free column is worth in it, and the multipliers."""
    table, kept, left = tree.table[free], tree.table[opened], tree.count - len(opened)
    best, best_worth, best_price = np.inf, np.zeros(len(free)), price
    walk = Descent(price, PATIENCE, 1.0)
    for number in range(STEPS):
        surplus, held = np.maximum(table - walk.price, 0.0), np.maximum(kept - walk.price, 0.0)
        worth = surplus.sum(axis=1)
        top = np.argpartition(-worth, left - 1)[:left]
        value = float(walk.price.sum() + worth[top].sum() + held.sum())
        walk.look(value)
        if value < best:
            best, best_worth, best_price = value, worth, walk.price
        if best < tree.goal:
            break
        if number % 10 == 0:
            tree.take(np.append(opened, free[top]))
        served = (surplus[top] > 0).sum(axis=0) + (held > 0).sum(axis=0)
        if not walk.step(value, tree.lower, served):
            break
    return best, best_worth, best_price
