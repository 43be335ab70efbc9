"""A bound on the p-median by multipliers, and what no better plan can hold."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from analysis.siting.cover import add_rules
from analysis.siting.gains import Gains, best_two, totals
from analysis.siting.highs import bound_at
from analysis.siting.problem import Bools, Floats, Ints, SitingProblem
from analysis.siting.program import Program, Soft
from analysis.siting.rules import NUMBER
from analysis.siting.run import Run
from analysis.siting.solver import solve

PATIENCE = 30
MOMENTUM = 0.7
STILL = 1e-7
SHORTEST = 1e-3
FIRST = 1.5
EXACT = 1e-9


class Tolls(NamedTuple):
    """What rules over columns take from each column's worth, and give back in all.

    Parameters
    ----------
    each : (n_columns,) float array
    back : float
    """

    each: Floats
    back: float


@dataclass(frozen=True)
class Bound:
    """What equally many columns gain at most, and the multipliers that say so.

    Parameters
    ----------
    upper : float
        No choice of ``count`` columns gains more.
    worth : (n_columns,) float array
        The value of each column at that bound, tolls taken off.
    price : (n_rows,) float array
        The multiplier of each row.
    count : int
    length : float
        Of the next step.
    way : (n_rows,) float array
        Which way the last one went.
    tolls : Tolls
    """

    upper: float
    worth: Floats
    price: Floats
    count: int
    length: float
    way: Floats
    tolls: Tolls

    def only(self, keep: Bools) -> Bound:
        """Return the bound for some columns, ``keep`` being a mask over all of them."""
        tolls = Tolls(self.tolls.each[keep], self.tolls.back)
        return replace(self, worth=self.worth[keep], tolls=tolls)

    def edges(self) -> tuple[Bools, float, float]:
        """Return which columns are in the bound, the least of those, and the most of the others."""
        inside = np.zeros(len(self.worth), dtype=bool)
        inside[np.argpartition(-self.worth, self.count - 1)[: self.count]] = True
        least = max(0.0, float(self.worth[inside].min()))
        return inside, least, float(self.worth[~inside].max(initial=0.0))


class Descent:
    """Subgradient steps of Polyak's length, each going on part of the way of the one before.

    Parameters
    ----------
    price : (n_rows,) float array
        The multipliers to start from.
    patience : int
        So many steps without a better bound halve the length.
    """

    def __init__(self, price: Floats, patience: int, length: float = FIRST) -> None:
        self.price, self.patience, self.length = price, patience, length
        self.way, self.best, self.still = np.zeros(len(price)), np.inf, 0

    def look(self, value: float) -> None:
        """Note the bound at the multipliers; shorten the steps where it stands still."""
        self.still = 0 if value < self.best * (1 - STILL) else self.still + 1
        self.best = min(self.best, value)
        if self.still >= self.patience:
            self.length, self.still = self.length / 2, 0

    def step(self, value: float, lower: float, served: Ints) -> bool:
        """Go on where rows are served so often; return False where nothing pulls."""
        slope = np.where((self.price <= 0) & (served < 1), 0.0, 1.0 - served)
        self.way = slope + MOMENTUM * self.way
        size = float((self.way**2).sum())
        if size == 0:
            return False
        ahead = self.length * max(value - lower, 1e-6 * value) / size
        self.price = np.maximum(self.price - ahead * self.way, 0.0)
        return True


def bound_gains(
    gains: Gains,
    chosen: Ints,
    run: Run,
    *,
    count: int,
    steps: int,
    start: Bound | None = None,
    tolls: Tolls | None = None,
) -> Bound:
    """Bound the gain of any so many columns, and price each column.

    Parameters
    ----------
    gains : Gains
    chosen : int array
        A good choice.
    run : Run
    count : int
        Columns a choice holds, at most.
    steps : int
        At most.
    start : Bound, optional
        One of the same rows, to go on from.
    tolls : Tolls, optional
        Of rules that every choice keeps.

    Returns
    -------
    Bound

    Notes
    -----
    Each row may be served once; relaxing that with multipliers u gives
    ``sum u_i + the best count of sum_i max(0, g_ij - u_i)``, minimised by subgradient steps with
    Polyak's length, each going on 0.7 of the way before: without that they stopped 0.3 % from the
    linear program on a city, with it they reach it. Any u is safe, so no tolerance enters. One
    pass over the entries a step.

    References
    ----------
    Cornuéjols, G., Fisher, M. & Nemhauser, G. (1977). Location of bank accounts to optimize
    float. Management Science 23, 789-810. doi:10.1287/mnsc.23.8.789
    Beasley, J. (1993). Lagrangean heuristics for location problems. European Journal of
    Operational Research 65, 383-399. doi:10.1016/0377-2217(93)90118-7
    Camerini, P., Fratta, L. & Maffioli, F. (1975). On improving relaxation methods by modified
    gradient techniques. Mathematical Programming Study 3, 26-34. doi:10.1007/BFb0120697
    """
    gain, rows, cols, (n_rows, width) = gains.gain, gains.rows, gains.cols, gains.shape
    first, second, _ = best_two(gains, chosen)
    lower = float(first.sum())
    near = EXACT * max(gains.base - lower, 0.0)
    tolls = tolls or Tolls(np.zeros(width), 0.0)
    walk = Descent((first + second) / 2, PATIENCE)
    if start is not None:
        walk.price, walk.length, walk.way = start.price, start.length, start.way
    best, best_worth, best_price = np.inf, np.zeros(width), walk.price
    for _ in range(steps):
        surplus = np.maximum(gain - walk.price[rows], 0.0)
        worth = totals(cols, surplus, width) - tolls.each
        top = np.argpartition(-worth, count - 1)[:count]
        top = top[worth[top] > 0]
        value = float(walk.price.sum() + worth[top].sum()) + tolls.back
        walk.look(value)
        if value < best:
            best, best_worth, best_price = value, worth, walk.price
        if walk.length < SHORTEST or best - lower <= near or not run.tell("bound"):
            break
        inside = np.zeros(width, dtype=bool)
        inside[top] = True
        served = np.bincount(rows[inside[cols] & (surplus > 0)], minlength=n_rows)
        if not walk.step(value, lower, served):
            break
    return Bound(best, best_worth, best_price, count, walk.length, walk.way, tolls)


def tolls_of(ruled: SitingProblem, columns: Ints, bound: Bound, run: Run) -> Tolls:
    """Return the tolls under which a bound's columns bound a choice best.

    Parameters
    ----------
    ruled : SitingProblem
        With the quotas and the budget.
    columns : (n_columns,) int array
        Site positions.
    bound : Bound
    run : Run

    Notes
    -----
    The prices of the rules in the linear program of the best choice; any prices are safe.
    """
    program, soft, scale = _rules_program(ruled, columns, bound)
    prices = solve(program, run, linear=True).prices
    if prices is None:
        return bound.tolls
    prices[[row.row for row in soft if row.name == NUMBER]] = 0.0
    least, reduced = bound_at(program, prices)
    back = -scale * (least - float(np.minimum(reduced, 0.0).sum()))
    return Tolls(bound.worth + bound.tolls.each + scale * reduced, back)


def worthiest(ruled: SitingProblem, columns: Ints, bound: Bound, run: Run) -> Ints:
    """Return the columns of most worth at a bound that keep the rules, none where none is found."""
    answer = solve(_rules_program(ruled, columns, bound)[0], run)
    return np.flatnonzero(np.zeros(0) if answer.x is None else answer.x > 0.5)


def _rules_program(
    ruled: SitingProblem, columns: Ints, bound: Bound
) -> tuple[Program, list[Soft], float]:
    """Return the program of the most worth, tolls not taken, under the rules; and its scale."""
    worth = bound.worth + bound.tolls.each
    program, scale = Program(), max(float(worth.max(initial=0.0)), 1e-300)
    x = program.add_columns(len(columns), cost=-worth / scale, whole=True)
    soft = add_rules(program, ruled, columns, x, [], np.empty(0, dtype=np.intp))
    return program, soft, scale


def hopeless(bound: Bound, lower: float) -> Bools:
    """Return the columns in no choice that gains more than ``lower``.

    Notes
    -----
    A column outside the best ``count`` can enter only at the price of the least of those.
    """
    inside, least, _ = bound.edges()
    return np.asarray(~inside & (bound.upper - (least - bound.worth) < lower))


def certain(bound: Bound, lower: float) -> Bools:
    """Return the columns in every choice that gains more than ``lower``.

    Notes
    -----
    One of the best ``count`` is given up only for the most of the others.
    """
    inside, _, most = bound.edges()
    return np.asarray(inside & (bound.upper - (bound.worth - most) < lower))


def too_far(gains: Gains, bound: Bound, lower: float) -> Bools:
    """Return the entries all of whose row's nearer ones, themselves included, cannot all be shut.

    Notes
    -----
    Where no column that gains row i at least ``g`` is open, those of them in the bound give way to
    the most of the others, and the multiplier of i may fall to what the next column gains
    (0 for the last), for nobody else is asked about i. Any choice that gains more than ``lower``
    therefore opens one of the entries up to the first one told here.
    """
    inside, _, most = bound.edges()
    give = np.where(inside, np.maximum(bound.worth - most, 0.0), 0.0)[gains.cols]
    total = np.cumsum(give)
    head = np.flatnonzero(np.diff(gains.rows, prepend=-1))
    before = np.zeros(gains.shape[0])
    before[gains.rows[head]] = total[head] - give[head]
    following = np.append(gains.gain[1:], 0.0)
    last = np.append(gains.rows[1:] != gains.rows[:-1], True)
    after = np.where(last, 0.0, following)
    fall = np.maximum(bound.price[gains.rows] - after, 0.0)
    return np.asarray(bound.upper - (total - before[gains.rows]) - fall < lower)
