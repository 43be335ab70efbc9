"""Large covering problems by a price per site: components solved exactly, apart from each other.

At a price, a site pays only where it gains more than the price, and villages far apart stop having
anything to do with each other. What is left falls into thousands of small components.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from analysis.siting.core import Core, covered_by, merge_rows
from analysis.siting.highs import SilentHighs
from analysis.siting.parts import Parts, in_parts, solve_part
from analysis.siting.problem import Ints
from analysis.siting.run import Run
from analysis.siting.search import greedy_cover, most_by_gains, trim_cover
from analysis.siting.solver import watch

TRIES = 12
ELASTICITY = 1.3
CLOSE = 2e-6
PART_SECONDS = 10.0
PART_GAP = 1e-7


@dataclass(frozen=True)
class Priced:
    """The best columns at a price and the most that any choice gains above the price."""

    columns: Ints
    surplus: float


def parts_at(core: Core, price: float) -> Parts:
    """Return the components of the columns that reach more weight than the price.

    Notes
    -----
    Dropping the others is exact at this price: no column gains more than its whole reach.
    """
    reach = core.cover.T @ core.weight
    columns = np.flatnonzero(reach > price)
    cover = sparse.csr_array(core.cover[:, columns])
    rows = np.flatnonzero(np.diff(cover.indptr))
    weight, none = core.weight[rows], np.full(len(rows), -1)
    cover, weight, _, _ = merge_rows(cover[rows], weight, weight, none)
    return in_parts(cover, weight, columns)


def solve_at(core: Core, price: float, run: Run) -> Priced:
    """Return the best columns at a price, with a safe bound on what any choice could gain.

    Parameters
    ----------
    core : Core
    price : float
        What each column costs, in weight.
    run : Run

    Returns
    -------
    Priced
        ``surplus`` bounds ``covered(S) - price * len(S)`` over all sets S of columns. When time
        is up, components not reached are bounded by the reach of their columns.
    """
    parts = parts_at(core, price)
    highs = SilentHighs()
    highs.setOptionValue("mip_rel_gap", PART_GAP)
    watch(highs, run, "bound", linear=False)
    chosen = np.zeros(len(parts.columns), dtype=bool)
    surplus = 0.0
    for part in range(parts.count):
        rows, cols = parts.rows_of(part), parts.columns_of(part)
        if cols.stop - cols.start == 1:
            chosen[cols] = True
            surplus += float(parts.weight[rows].sum()) - price
            continue
        run.tell("bound")
        worth, cost = parts.weight[rows] / price, np.ones(cols.stop - cols.start)
        mine, least = solve_part(highs, parts.pattern(part), worth, cost, run, seconds=PART_SECONDS)
        chosen[cols] = mine
        surplus -= least * price
    return Priced(np.sort(parts.columns[chosen]), surplus)


def price_cover(core: Core, count: int, run: Run) -> tuple[Ints, float]:
    """Choose ``count`` columns of a large core, and bound what any such choice covers.

    Parameters
    ----------
    core : Core
    count : int
        Below the number of columns.
    run : Run

    Returns
    -------
    columns : int array
        At most ``count`` columns, ascending.
    bound : float
        No ``count`` columns cover more weight of the core.

    Notes
    -----
    For every price p, ``max over S of covered(S) - p |S|``, plus ``p count``, bounds the value
    (Lagrangian relaxation of the number of sites; Geoffrion 1974, doi:10.1007/BFb0120690). The
    price is searched until the best set at it has ``count`` columns, which then is optimal, or
    the gap is below 2e-6 of all weight covered, or no price between is left. Each try costs a
    small program per component.
    """
    best = greedy_cover(core, count)
    value = weight_of(core, best)
    bound = most_by_gains(core, best, count)
    if len(best) < count:
        return np.sort(best), value
    price = max(value - weight_of(core, best[:-1]), 1e-9 * value)
    below, above = (0.0, len(core.columns)), (np.inf, 0)
    for _ in range(TRIES):
        if run.stopped():
            break
        priced = solve_at(core, price, run)
        bound = min(bound, priced.surplus + price * count)
        number = len(priced.columns)
        mended = _mended(core, priced.columns, count, run)
        if weight_of(core, mended) > value:
            best, value = mended, weight_of(core, mended)
        close = bound - value <= CLOSE * (core.base_weight + value)
        if not run.tell("search", value, bound) or close:
            break
        below, above = ((price, number), above) if number > count else (below, (price, number))
        price = _next_price(below, above, price, number, count)
        if not below[0] < price < above[0] or above[0] - below[0] < 1e-6 * price:
            break
    return np.sort(best), max(bound, value)


def weight_of(core: Core, columns: Ints) -> float:
    """Return the weight that columns cover."""
    return float(core.weight[covered_by(core.cover, columns)].sum())


def _mended(core: Core, columns: Ints, count: int, run: Run) -> Ints:
    """Return exactly ``count`` columns made from too many or too few."""
    if len(columns) > count:
        return trim_cover(core, columns, count, run=run)
    return greedy_cover(core, count, start=columns)


def _next_price(
    below: tuple[float, int], above: tuple[float, int], price: float, number: int, count: int
) -> float:
    """Return the price to try next: where the number of sites is expected to be right."""
    if below[0] == 0.0 or not np.isfinite(above[0]):
        return price * (max(number, 1) / count) ** (1.0 / ELASTICITY)
    share = (below[1] - count) / max(1, below[1] - above[1])
    return below[0] + (above[0] - below[0]) * float(np.clip(share, 0.05, 0.95))
