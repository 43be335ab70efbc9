"""One function to solve a program: small ones here, large whole-number ones in a child process."""

from __future__ import annotations

import highspy
import numpy as np

from analysis.siting.apart import solve_apart
from analysis.siting.highs import Answer, Arrays, run_highs
from analysis.siting.problem import Floats
from analysis.siting.program import Program
from analysis.siting.run import Run

APART = 100_000
LINEAR_APART = 1_000_000


def solve(
    program: Program,
    run: Run,
    *,
    linear: bool = False,
    start: Floats | None = None,
    stage: str = "exact",
    presolve: bool = True,
) -> Answer:
    """Solve a program with HiGHS.

    Parameters
    ----------
    program : Program
    run : Run
        Gives the time left, the seed, and is told how it goes.
    linear : bool
        Drop the whole-number demands.
    start : (n_cols,) float array, optional
        A feasible point to start from, NaN where the solver is to complete it.
    stage : str
        What to call this step when telling the caller.
    presolve : bool
        Let HiGHS reduce the program first.

    Returns
    -------
    Answer

    Notes
    -----
    The gap is driven to 0 and the dual tolerance to 1e-9, so that the bound is off by no more
    than about 1e-9 of the sum of all costs. The number of threads is left alone: HiGHS keeps one
    pool per process and refuses to change it. Whole-number programs above 100,000 coefficients,
    and linear ones above a million, run in a child process, which keeps the time limit even where
    HiGHS does not.
    """
    if not program.n_cols:
        return _empty(program)
    arrays = Arrays.of(program, linear=linear, start=start, presolve=presolve)
    if len(arrays.values) > (APART if arrays.whole.any() else LINEAR_APART):
        return solve_apart(arrays, run, stage=stage)
    return run_highs(arrays, run, lambda highs: watch(highs, run, stage))


def _empty(program: Program) -> Answer:
    """Return the answer of a program without columns, which HiGHS does not give."""
    low, high = (np.concatenate([np.zeros(0), *side]) for side in (program.low, program.high))
    if (low > 0).any() or (high < 0).any():
        return Answer("infeasible", None, np.inf, np.inf)
    return Answer("optimal", np.empty(0), 0.0, 0.0, np.zeros(program.n_rows))


def watch(highs: highspy.Highs, run: Run, stage: str, *, linear: bool = True) -> None:
    """Let the caller's stop and the clock interrupt the solver; small linear programs need none."""
    if run.progress is None:
        return

    def look(event: highspy.HighsCallbackEvent) -> None:
        if not run.tell(stage):
            event.interrupt()

    highs.cbMipInterrupt.subscribe(look)
    if linear:
        highs.cbSimplexInterrupt.subscribe(look)
