"""A share of a country's people by the fewest sites: small programs raise a bound and find a plan.

Multipliers bound the number of sites by the linear program. Where that is not whole, the map is cut
between the sites they make likely. Each piece is a small whole-number program in which a site pays
in every piece its part of the cost, so that the pieces together still bound the whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from analysis.siting.core import Core, covered_by, merge_rows
from analysis.siting.highs import SilentHighs
from analysis.siting.multipliers import Multipliers, share_by_steps
from analysis.siting.nearby import better_nearby
from analysis.siting.parts import components, cut, part_solver, solve_part
from analysis.siting.problem import Bools, Floats, Ints
from analysis.siting.run import Run
from analysis.siting.search import greedy_cover, trim_cover

LIKELY, SURE = -0.02, 0.05
ROOM, MORE_ROOM = 0.05, (0.3, 2.0)
PIECE_SECONDS = 0.5
TO_THE_END = {"mip_rel_gap": 0.0, "mip_abs_gap": 1e-3}
WIDEST = 3_000
STEPS_TIME, FIRST_TIME, MORE_TIME = 0.4, 0.5, 0.5
EASE = 1e-6
LEAST_PAID = 1e-12


@dataclass(frozen=True)
class Pieces:
    """Rows of a core in pieces, and what each column costs in each piece it reaches.

    Parameters
    ----------
    rows, start : int arrays
        Rows ordered by piece, and where each piece begins.
    cost, beyond : (n_pieces, n_columns) CSR arrays
        The part of a column's cost that falls to a piece; and how much of it is not paid for by
        the rows of the piece (below 0 where these pay more).
    steps : Multipliers
    pays : (n_rows,) float array
        Theirs, of each row no more than it is worth.
    likely : (n_columns,) bool array
    """

    rows: Ints
    start: Ints
    cost: sparse.csr_array
    beyond: sparse.csr_array
    steps: Multipliers
    pays: Floats
    likely: Bools


def share_in_pieces(core: Core, needed: float, run: Run) -> tuple[Ints, float]:
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
        Ascending.
    bound : float
        No fewer columns cover ``needed``.

    Notes
    -----
    A greedy choice and the largest reaches serve when time is up. Then multipliers (at most 0.4 of
    the time left), the pieces, the neighbourhoods, and once more the pieces whose bound was cut
    short (at most half of the time left). The plan at the rate covers a little more or less than
    is needed, so it is filled up and trimmed.
    """
    best = greedy_cover(core, len(core.columns), enough=needed)
    if len(best) < 2:
        return np.sort(best), float(len(best))
    reach = np.sort(core.cover.T @ core.weight)[::-1]
    bound = float(np.searchsorted(np.cumsum(reach), needed * (1 - 1e-9)) + 1)
    if run.stopped():
        return np.sort(best), bound
    steps = share_by_steps(core, needed, run.part(STEPS_TIME * run.left()))
    over = core.cover.T.astype(np.float64) @ np.minimum(steps.pays, steps.rate * core.weight) - 1.0
    pieces = pieces_of(core, steps, over)
    lifts, opened = first_lifts(core, pieces, run.part(FIRST_TIME * run.left()))
    found = better_nearby(core, opened | (over > SURE), over, steps, run)
    found = trim_cover(
        core, greedy_cover(core, len(over), start=found, enough=needed), 1, enough=needed
    )
    best = found if len(found) < len(best) else best
    bound = max(bound, steps.bound + float(lifts.sum()))
    if len(best) > np.ceil(bound - EASE):
        raised = more_lift(core, pieces, lifts, float(len(best)), run.part(MORE_TIME * run.left()))
        bound = max(bound, steps.bound + raised)
    return np.sort(best), bound


def pieces_of(core: Core, steps: Multipliers, over: Floats) -> Pieces:
    """Cut a core between the columns that are neither likely nor sure.

    Notes
    -----
    A column whose rows pay too little spreads what is missing evenly over the pieces it reaches;
    one whose rows pay too much gives it back to each as it pays. Rows that no likely column
    covers, or a sure one covers, stand alone: they hold what they pay already.
    """
    pays = np.minimum(steps.pays, steps.rate * core.weight)
    likely = (over > LIKELY) & (over <= SURE)
    own = sparse.csr_array(core.cover[:, np.flatnonzero(likely)])
    rows = np.flatnonzero(~covered_by(core.cover, np.flatnonzero(over > SURE)))
    rows = rows[np.diff(own.indptr)[rows] > 0]
    count, piece, _ = components(own[rows]) if len(rows) else (0, rows, rows)
    order = np.argsort(piece, kind="stable")
    rows, piece = rows[order], piece[order]
    reach = core.cover[rows]
    by = np.repeat(piece, np.diff(reach.indptr))
    shape = (count, len(core.columns))
    paid = np.repeat(pays[rows] + LEAST_PAID, np.diff(reach.indptr))
    cost = sparse.csr_array(sparse.coo_array((paid, (by, reach.indices)), shape=shape))
    touched = np.bincount(cost.indices, minlength=shape[1])[cost.indices]
    mine = over[cost.indices]
    back = -mine * cost.data / (1.0 + np.maximum(mine, 0.0))
    beyond = cost.copy()
    beyond.data = np.where(mine > 0, back, -mine / touched)
    cost.data = np.maximum(cost.data - LEAST_PAID + beyond.data, 0.0)
    start = np.searchsorted(piece, np.arange(count + 1))
    return Pieces(rows, start, cost, beyond, steps, pays, likely)


def first_lifts(core: Core, pieces: Pieces, run: Run) -> tuple[Floats, Bools]:
    """Return what whole numbers add to the bound in each piece, and the likely columns chosen.

    Notes
    -----
    Whatever a plan opens, each column pays in every piece its part of the cost, and the parts are
    one column together. So the least of each piece, added up, bounds the whole; what its rows pay
    already counts in the bound of the multipliers. A column that lies by more than ``room`` beyond
    what is paid for it makes the piece cost more than ``room`` above that: it may be left out
    where no more than ``room`` is counted. Small pieces come first; those not reached in time add
    nothing.
    """
    highs = part_solver(run, "bound", **TO_THE_END)
    lifts, opened = np.zeros(pieces.cost.shape[0]), np.zeros(len(core.columns), dtype=bool)
    for piece in np.argsort(np.diff(pieces.cost.indptr), kind="stable"):
        if not run.tell("bound", bound=pieces.steps.bound + float(lifts.sum())):
            break
        lift, columns = _lift(core, pieces, piece, ROOM, highs, run)
        opened[columns[pieces.likely[columns]]] = True
        lifts[piece] = lift
    return np.minimum(lifts, ROOM), opened


def more_lift(core: Core, pieces: Pieces, lifts: Floats, value: float, run: Run) -> float:
    """Return what all pieces add, those cut short looked at with more room."""
    highs, lifts = part_solver(run, "bound", **TO_THE_END), lifts.copy()
    short = np.flatnonzero(lifts >= ROOM)
    for piece in short[np.argsort(np.diff(pieces.cost.indptr)[short], kind="stable")]:
        bound = pieces.steps.bound + float(lifts.sum())
        if not run.tell("bound", value, bound) or np.ceil(bound - EASE) >= value:
            break
        for room in MORE_ROOM:
            lift, _ = _lift(core, pieces, piece, room, highs, run)
            lifts[piece] = max(lifts[piece], min(lift, room))
            if lift <= room:
                break
    return float(lifts.sum())


def _lift(
    core: Core, pieces: Pieces, piece: int, room: float, highs: SilentHighs, run: Run
) -> tuple[float, Ints]:
    """Return what a piece costs beyond what its rows pay, at the least, and its best columns."""
    stretch = slice(pieces.cost.indptr[piece], pieces.cost.indptr[piece + 1])
    beyond = pieces.beyond.data[stretch]
    near = beyond <= room
    columns, cost = pieces.cost.indices[stretch][near], pieces.cost.data[stretch][near]
    rows = pieces.rows[pieces.start[piece] : pieces.start[piece + 1]]
    already = float(pieces.pays[rows].sum() + np.minimum(beyond, 0.0).sum())
    if not len(columns) or len(columns) > WIDEST:
        return 0.0, columns[:0]
    order = np.argsort(columns)
    columns, cost = columns[order], cost[order]
    pattern, worth = cut(core.cover, rows, columns), pieces.steps.rate * core.weight[rows]
    all_worth = float(worth.sum())
    reached = np.flatnonzero(np.diff(pattern.indptr))
    pattern, worth, _, _ = merge_rows(
        pattern[reached], worth[reached], worth[reached], np.full(len(reached), -1)
    )
    opened, least = solve_part(highs, pattern, worth, cost, run, seconds=PIECE_SECONDS)
    return max(0.0, least + all_worth - already), columns[opened]
