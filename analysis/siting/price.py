"""Large covering problems by a price per site: components solved exactly, apart from each other.

At a price, a site pays only where it gains more than the price, and villages far apart stop having
anything to do with each other. What is left falls into thousands of small components.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from analysis.siting.core import Core, covered_by, merge_rows, narrowed
from analysis.siting.highs import ROW_WISE, SilentHighs, optimal_point
from analysis.siting.multipliers import Multipliers, share_by_steps
from analysis.siting.parts import Parts, in_parts
from analysis.siting.problem import Bools, Floats, Ints
from analysis.siting.run import Run
from analysis.siting.search import greedy_cover, most_by_gains, trim_cover
from analysis.siting.solver import watch

TRIES = 12
ELASTICITY = 1.3
CLOSE = 2e-6
PART_SECONDS = 10.0
PART_GAP = 1e-7
FOREVER = 1e9
WIDEST = 5_000
WHOLE_PAIRS = 1_000_000
LIKELY, SURE = -0.02, 0.05
LIKELY_TRIES, LIKELY_GAP, LIKELY_SECONDS = 3, 1e-3, 1.0
NEAR = 2e-3
SHARE_ELASTICITY = 0.45


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


def solve_at(
    core: Core,
    price: float,
    run: Run,
    *,
    gap: float = PART_GAP,
    seconds: float = PART_SECONDS,
) -> Priced:
    """Return the best columns at a price, with a safe bound on what any choice could gain.

    Parameters
    ----------
    core : Core
    price : float
        What each column costs, in weight.
    run : Run
    gap, seconds : float
        At which to stop with a component whose linear program is not whole.

    Returns
    -------
    Priced
        ``surplus`` bounds ``covered(S) - price * len(S)`` over all sets S of columns. When time
        is up, components not reached are bounded by the reach of their columns.
    """
    parts = parts_at(core, price)
    highs = SilentHighs()
    highs.setOptionValue("mip_rel_gap", gap)
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
        mine, bound = _solve_part(
            highs, parts.pattern(part), parts.weight[rows], price, run, seconds
        )
        chosen[cols] = mine
        surplus += bound
    return Priced(np.sort(parts.columns[chosen]), surplus)


def _solve_part(
    highs: SilentHighs,
    pattern: sparse.csr_array,
    weight: Floats,
    price: float,
    run: Run,
    seconds: float,
) -> tuple[Bools, float]:
    """Solve one component: its linear program first, whole numbers only where that is not whole."""
    n_rows, n_cols = pattern.shape
    even = weight / np.diff(pattern.indptr)
    upper = min(float(weight.sum()) - price, _safe_surplus(pattern, weight, even, price))
    if run.stopped():
        return np.zeros(n_cols, dtype=bool), upper
    model = _part_model(pattern, weight / price)
    # The clock of HiGHS runs on from one program to the next.
    highs.setOptionValue("time_limit", highs.getRunTime() + min(run.left(), FOREVER))
    highs.passModel(*model, np.zeros(n_cols + n_rows, dtype=np.int32))
    highs.run()
    point, prices = optimal_point(highs)
    if len(prices) != n_rows or run.stopped():
        return np.zeros(n_cols, dtype=bool), upper
    upper = min(upper, _safe_surplus(pattern, weight, -prices * price, price))
    x = point[:n_cols]
    if np.abs(x - np.rint(x)).max() < 1e-6:
        return x > 0.5, upper
    whole = np.repeat(np.array([1, 0], dtype=np.int32), [n_cols, n_rows])
    until = highs.getRunTime() + max(0.1, min(seconds, run.left()))
    highs.setOptionValue("time_limit", until)
    highs.passModel(*model, whole)
    highs.run()
    point, _ = optimal_point(highs)
    bound = -float(highs.getInfo().mip_dual_bound) * price
    return point[:n_cols] > 0.5, min(upper, bound + 1e-7 * abs(bound))


def _part_model(pattern: sparse.csr_array, worth: Floats) -> tuple[object, ...]:
    """Return ``min sum x - sum worth y``, ``y <= sum of covering x``, as HiGHS takes it."""
    n_rows, n_cols = pattern.shape
    each = np.arange(n_rows, dtype=np.int32)
    ends = pattern.indptr[1:]
    indices = np.insert(pattern.indices, ends, each + n_cols).astype(np.int32)
    values = np.insert(-np.ones(pattern.nnz), ends, 1.0)
    starts = (pattern.indptr + np.arange(n_rows + 1)).astype(np.int32)
    count, cost = n_cols + n_rows, np.concatenate([np.ones(n_cols), -worth])
    bounds = (np.zeros(count), np.ones(count), np.full(n_rows, -np.inf), np.zeros(n_rows))
    return count, n_rows, len(values), ROW_WISE, 1, 0.0, cost, *bounds, starts, indices, values


def _safe_surplus(pattern: sparse.csr_array, weight: Floats, duals: Floats, price: float) -> float:
    """Return a bound that any dual values give, so that no solver tolerance enters it."""
    share = np.clip(duals, 0.0, weight)
    return float((weight - share).sum() + np.maximum(pattern.T @ share - price, 0.0).sum())


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
    value = _covered(core, best)
    bound = most_by_gains(core, best, count)
    if len(best) < count:
        return np.sort(best), value
    price = max(value - _covered(core, best[:-1]), 1e-9 * value)
    below, above = (0.0, len(core.columns)), (np.inf, 0)
    for _ in range(TRIES):
        if run.stopped():
            break
        priced = solve_at(core, price, run)
        bound = min(bound, priced.surplus + price * count)
        number = len(priced.columns)
        mended = _mended(core, priced.columns, count, run)
        if _covered(core, mended) > value:
            best, value = mended, _covered(core, mended)
        close = bound - value <= CLOSE * (core.base_weight + value)
        if not run.tell("search", value, bound) or close:
            break
        below, above = ((price, number), above) if number > count else (below, (price, number))
        price = _next_price(below, above, price, number, count)
        if not below[0] < price < above[0] or above[0] - below[0] < 1e-6 * price:
            break
    return np.sort(best), max(bound, value)


def price_share(core: Core, needed: float, run: Run) -> tuple[Ints, float]:
    """Choose few columns of a large core that cover so much weight, and bound how few can.

    Parameters
    ----------
    core : Core
    needed : float
        At most the weight of the core.
    run : Run

    Returns
    -------
    columns : int array
    bound : float
        No fewer columns cover ``needed``.

    Notes
    -----
    Whatever covers ``needed`` has ``covered(S) - p |S| <= surplus(p)`` and so at least
    ``(needed - surplus(p)) / p`` columns, at every price p. Where there are too many pairs, or a
    price cuts them into parts too large, multipliers bound the number instead, and tell which
    columns are likely: what these gain at the price of a column is a program in small parts, whose
    answer is filled up and trimmed.
    """
    best = greedy_cover(core, len(core.columns), enough=needed)
    if len(best) < 2:
        return np.sort(best), float(len(best))
    price = max(_covered(core, best) - _covered(core, best[:-1]), 1e-9 * needed)
    reach = np.sort(core.cover.T @ core.weight)[::-1]
    bound = float(np.searchsorted(np.cumsum(reach), needed * (1 - 1e-9)) + 1)
    below, above = 0.0, np.inf
    for _ in range(TRIES):
        if run.stopped():
            break
        if core.cover.nnz > WHOLE_PAIRS or np.diff(parts_at(core, price).col_start).max() > WIDEST:
            steps = share_by_steps(core, needed, run)
            best, bound = _share_likely(core, needed, best, steps, run), max(bound, steps.bound)
            break
        priced = solve_at(core, price, run)
        bound = max(bound, (needed - priced.surplus) / price)
        best = _fewer(core, needed, priced.columns, best)
        if not run.tell("search", float(len(best)), bound) or np.ceil(bound - 1e-6) >= len(best):
            break
        if _covered(core, priced.columns) < needed:
            above = price
        else:
            below = price
        previous, price = price, _between(below, above, price)
        if abs(price - previous) < 1e-6 * previous:
            break
    return np.sort(best), bound


def _between(below: float, above: float, price: float) -> float:
    """Return the middle of both prices, or a little more or less where one is not known yet."""
    if below > 0 and above < np.inf:
        return float(np.sqrt(below * above))
    return price * (0.9 if above < np.inf else 1.1)


def _share_likely(core: Core, needed: float, best: Ints, steps: Multipliers, run: Run) -> Ints:
    """Return few columns that cover so much weight, from those that multipliers make likely.

    A column that its rows pay for well over its cost is opened; one that they pay for well under
    is left out. The rest are best at a price, which moves until what they cover is about right.
    """
    pays = np.minimum(steps.pays, steps.rate * core.weight)
    over = core.cover.T @ pays - 1.0
    sure = np.flatnonzero(over > SURE)
    likely = np.flatnonzero((over > LIKELY) & (over <= SURE))
    rows = np.flatnonzero(~covered_by(core.cover, sure))
    weight, people, floor = core.weight[rows], core.people[rows], core.floor[rows]
    rest = replace(core, cover=core.cover[rows], weight=weight, people=people, floor=floor)
    rest, price = narrowed(rest, likely), 1.0 / max(steps.rate, 1e-12)
    for _ in range(LIKELY_TRIES):
        if run.stopped():
            break
        priced = solve_at(rest, price, run, gap=LIKELY_GAP, seconds=LIKELY_SECONDS)
        chosen = np.concatenate([sure, likely[priced.columns]])
        best = _fewer(core, needed, chosen, best)
        wanted = len(chosen) + (needed - _covered(core, chosen)) / price
        ratio = max(len(chosen), 1) / max(wanted, 1.0)
        if not run.tell("search", float(len(best)), steps.bound) or abs(ratio - 1) < NEAR:
            break
        price *= ratio ** (1.0 / SHARE_ELASTICITY)
    return best


def _fewer(core: Core, needed: float, columns: Ints, best: Ints) -> Ints:
    """Return columns filled up and trimmed to so much weight, or the best where those are fewer."""
    found = greedy_cover(core, len(core.columns), start=columns, enough=needed)
    found = trim_cover(core, found, 1, enough=needed)
    return found if len(found) < len(best) else best


def _covered(core: Core, columns: Ints) -> float:
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
