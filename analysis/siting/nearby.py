"""A covering plan made better place by place: each neighbourhood chosen anew, the rest kept."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import sparse

from analysis.siting.core import Core, merge_rows
from analysis.siting.highs import SilentHighs
from analysis.siting.multipliers import Multipliers
from analysis.siting.parts import cut, part_solver, solve_part
from analysis.siting.problem import Bools, Floats, Ints
from analysis.siting.run import Run

WORTH_A_LOOK = -0.1
AROUND = 50
GAP, SECONDS = 1e-5, 1.0
LEAST_SAVED = 1e-9
SWEEPS = 5


class _Plan:
    """Columns open or not, and how often each row is covered."""

    def __init__(self, cover: sparse.csr_array, weight: Floats, opened: Bools) -> None:
        self.rows = cover
        self.columns = sparse.csr_array(cover.T)
        self.weight = weight
        self.opened = opened
        self.times = np.asarray(cover.astype(np.int32) @ opened.astype(np.int32))

    def around(self, column: int) -> Ints:
        """Return up to 50 columns near one, ascending: those with rows in common first."""
        found = np.array([column])
        while True:
            wider = _across(self.rows, _across(self.columns, found))
            if len(wider) > AROUND:
                more = np.setdiff1d(wider, found)
                step = len(more) / max(1, AROUND - len(found))
                picked = more[(np.arange(AROUND - len(found)) * step).astype(np.intp)]
                return np.union1d(found, picked)
            if len(wider) == len(found):
                return wider
            found = wider

    def missing(self, rate: float) -> Bools:
        """Return which columns are worth opening as things stand."""
        gain = self.columns @ np.where(self.times == 0, self.weight, 0.0)
        return np.asarray(rate * gain > 1.0)

    def improve(self, columns: Ints, rate: float, highs: SilentHighs, run: Run) -> Ints:
        """Choose some columns anew, the others kept; return the rows that changed."""
        rows = _across(self.columns, columns)
        pattern = cut(self.rows, rows, columns)
        now = self.opened[columns]
        alone = np.flatnonzero(self.times[rows] == pattern @ now)
        open_pattern, worth = pattern[alone], rate * self.weight[rows[alone]]
        useful = np.flatnonzero(open_pattern.T @ worth > 1.0)
        new = np.zeros(len(columns), dtype=bool)
        if len(useful):
            part = sparse.csr_array(open_pattern[:, useful])
            reached = np.flatnonzero(np.diff(part.indptr))
            gain, none = worth[reached], np.full(len(reached), -1)
            part, gain, _, _ = merge_rows(part[reached], gain, gain, none)
            ones = np.ones(len(useful))
            new[useful] = solve_part(highs, part, gain, ones, run, seconds=SECONDS)[0]
        values = [x.sum() - worth[open_pattern @ x > 0].sum() for x in (now, new)]
        if values[1] > values[0] - LEAST_SAVED:
            return rows[:0]
        self.opened[columns] = new
        moved = (pattern @ new - pattern @ now).astype(np.int32)
        self.times[rows] += moved
        return rows[moved != 0]


def better_nearby(core: Core, opened: Bools, over: Floats, steps: Multipliers, run: Run) -> Ints:
    """Choose anew, neighbourhood by neighbourhood, what saves most at the rate of a row's weight.

    Parameters
    ----------
    core : Core
    opened : (n_columns,) bool array
        The plan to begin with.
    over : (n_columns,) float array
        What the rows of each column pay beyond its cost; columns far below are left closed.
    steps : Multipliers
    run : Run

    Returns
    -------
    int array
        Columns, ascending. Their number less the rate times what they cover is never above that
        of the plan to begin with.

    Notes
    -----
    A neighbourhood is fifty columns; with those outside kept it is a whole-number program
    of some milliseconds. The first sweep looks everywhere, later ones near what changed. Nothing
    is lost when time is up between two neighbourhoods.
    """
    kept = np.flatnonzero((over > WORTH_A_LOOK) | opened)
    plan = _Plan(sparse.csr_array(core.cover[:, kept]), core.weight, opened[kept])
    highs = part_solver(run, "search", mip_rel_gap=GAP)
    stale = np.ones(len(kept), dtype=bool)
    rng = np.random.default_rng(run.seed)
    for _ in range(SWEEPS):
        changed = np.zeros(len(kept), dtype=bool)
        for column in _each(stale, plan.missing(steps.rate), rng):
            if not run.tell("search", bound=steps.bound):
                return kept[plan.opened]
            near = plan.around(column)
            stale[near] = False
            changed[_across(plan.rows, plan.improve(near, steps.rate, highs, run))] = True
        stale = changed
    return kept[plan.opened]


def _each(stale: Bools, missing: Bools, rng: np.random.Generator) -> Iterator[int]:
    """Yield stale columns as long as they are: those missing first, each kind in any order."""
    order = rng.permutation(np.flatnonzero(stale))
    for column in order[np.argsort(~missing[order], kind="stable")].tolist():
        if stale[column]:
            yield column


def _across(lines: sparse.csr_array, some: Ints) -> Ints:
    """Return the places of some lines of a pattern, ascending."""
    return np.unique(lines[some].indices)
