"""A linear or mixed-integer program, kept as CSR, and HiGHS behind one function."""

from __future__ import annotations

from dataclasses import dataclass, field

import highspy
import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from analysis.siting.problem import Bools, Floats, Ints
from analysis.siting.run import Run

ROW_WISE = 2
EASE = 1e-9


@dataclass
class Program:
    """Minimise ``cost · x`` subject to ``low <= A x <= high`` and bounds on ``x``.

    Columns and rows are added in blocks; each block of columns returns the ids to use in rows.
    """

    cost: list[Floats] = field(default_factory=list)
    lower: list[Floats] = field(default_factory=list)
    upper: list[Floats] = field(default_factory=list)
    whole: list[Bools] = field(default_factory=list)
    blocks: list[tuple[Ints, Ints, Floats]] = field(default_factory=list)
    low: list[Floats] = field(default_factory=list)
    high: list[Floats] = field(default_factory=list)
    n_cols: int = 0
    n_rows: int = 0

    def add_columns(
        self,
        count: int,
        *,
        cost: ArrayLike = 0.0,
        lower: ArrayLike = 0.0,
        upper: ArrayLike = 1.0,
        whole: bool = False,
    ) -> Ints:
        """Add columns and return their ids."""
        for store, values in ((self.cost, cost), (self.lower, lower), (self.upper, upper)):
            store.append(np.broadcast_to(np.asarray(values, dtype=float), (count,)))
        self.whole.append(np.full(count, whole))
        self.n_cols += count
        return np.arange(self.n_cols - count, self.n_cols)

    def add_rows(
        self,
        count: int,
        parts: list[tuple[Ints, Ints, Floats]],
        *,
        low: ArrayLike = -np.inf,
        high: ArrayLike = np.inf,
    ) -> Ints:
        """Add rows made of ``(row within the block, column id, coefficient)`` triples."""
        for rows, cols, values in parts:
            self.blocks.append((np.asarray(rows) + self.n_rows, cols, np.asarray(values)))
        self.low.append(np.broadcast_to(np.asarray(low, dtype=float), (count,)))
        self.high.append(np.broadcast_to(np.asarray(high, dtype=float), (count,)))
        self.n_rows += count
        return np.arange(self.n_rows - count, self.n_rows)

    def matrix(self) -> sparse.csr_array:
        """Return all rows as one CSR array."""
        if not self.blocks:
            return sparse.csr_array((self.n_rows, self.n_cols))
        rows, cols, values = (np.concatenate(part) for part in zip(*self.blocks, strict=True))
        shape = (self.n_rows, self.n_cols)
        return sparse.coo_array((values.astype(float), (rows, cols)), shape=shape).tocsr()


@dataclass(frozen=True)
class Soft:
    """A row of a program that can be relaxed to find the demand to blame.

    Parameters
    ----------
    row : int
    name : str
        What the row demands, in words.
    size : float
        A typical amount, in the unit of the row, to weigh excesses of different demands.
    unit : float
        What one unit of the row is worth in the user's unit.
    offset : float
        What required sites or existing rooms contribute, in the unit of the row.
    """

    row: int
    name: str
    size: float = 1.0
    unit: float = 1.0
    offset: float = 0.0


class SilentHighs(highspy.Highs):  # type: ignore[misc]
    """HiGHS without its banner, which it prints to standard output with the first callback."""

    def enableCallbacks(self) -> None:
        """Silence the log, then do as HiGHS does."""
        self.setOptionValue("output_flag", False)
        super().enableCallbacks()


@dataclass(frozen=True)
class Answer:
    """What the solver found.

    Parameters
    ----------
    status : {"optimal", "stopped", "infeasible"}
    x : (n_cols,) float array or None
        The best point found.
    value : float
        Its cost, inf where there is none.
    bound : float
        No point costs less.
    prices : (n_rows,) float array or None
        Dual values of the rows (linear programs only).
    """

    status: str
    x: Floats | None
    value: float
    bound: float
    prices: Floats | None = None


def solve(
    program: Program,
    run: Run,
    *,
    linear: bool = False,
    start: Floats | None = None,
    stage: str = "exact",
) -> Answer:
    """Solve a program with HiGHS inside this process.

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

    Returns
    -------
    Answer

    Notes
    -----
    The gap is driven to 0 and the dual tolerance to 1e-9, so that the bound is off by no more
    than about 1e-9 of the sum of all costs. The number of threads is left alone: HiGHS keeps one
    pool per process and refuses to change it.
    """
    if not program.n_cols:
        return _empty(program)
    highs = SilentHighs()
    for name, value in _options(run).items():
        highs.setOptionValue(name, value)
    _pass(highs, program, linear=linear)
    if start is not None and not linear:
        known = np.flatnonzero(~np.isnan(start)).astype(np.int32)
        highs.setSolution(len(known), known, start[known])
    _watch(highs, run, stage)
    highs.run()
    return _answer(highs, linear=linear or not any(w.any() for w in program.whole))


def optimal_point(highs: highspy.Highs) -> tuple[Floats, Floats]:
    """Return the point and the row duals HiGHS ended with."""
    solution = highs.getSolution()
    return np.array(solution.col_value), np.array(solution.row_dual)


def _empty(program: Program) -> Answer:
    """Return the answer of a program without columns, which HiGHS does not give."""
    low, high = (np.concatenate([np.zeros(0), *side]) for side in (program.low, program.high))
    if (low > 0).any() or (high < 0).any():
        return Answer("infeasible", None, np.inf, np.inf)
    return Answer("optimal", np.empty(0), 0.0, 0.0, np.zeros(program.n_rows))


def _options(run: Run) -> dict[str, object]:
    return {
        "random_seed": run.seed % 2_000_000_000,
        "mip_rel_gap": 0.0,
        "mip_abs_gap": 1e-9,
        "dual_feasibility_tolerance": EASE,
        "primal_feasibility_tolerance": EASE,
        "mip_feasibility_tolerance": EASE,
        "time_limit": min(run.left(), 1e9),
    }


def _pass(highs: highspy.Highs, program: Program, *, linear: bool) -> None:
    matrix = program.matrix()
    whole = np.concatenate(program.whole).astype(np.int32)
    integrality = np.zeros_like(whole) if linear else whole
    cost, lower, upper = (
        np.ascontiguousarray(np.concatenate(p))
        for p in (program.cost, program.lower, program.upper)
    )
    empty = np.empty(0)
    low = np.concatenate(program.low) if program.low else empty
    high = np.concatenate(program.high) if program.high else empty
    highs.passModel(
        program.n_cols,
        program.n_rows,
        matrix.nnz,
        ROW_WISE,
        1,
        0.0,
        cost,
        lower,
        upper,
        low,
        high,
        matrix.indptr.astype(np.int32),
        matrix.indices.astype(np.int32),
        matrix.data,
        integrality,
    )


def _watch(highs: highspy.Highs, run: Run, stage: str) -> None:
    """Let the caller's stop and the clock interrupt the solver."""
    if run.progress is None:
        return

    def look(event: highspy.HighsCallbackEvent) -> None:
        if not run.tell(stage):
            event.interrupt()

    highs.cbMipInterrupt.subscribe(look)
    highs.cbSimplexInterrupt.subscribe(look)


def _answer(highs: highspy.Highs, *, linear: bool) -> Answer:
    status, info = highs.getModelStatus(), highs.getInfo()
    kinds = highspy.HighsModelStatus
    if status in (kinds.kInfeasible, kinds.kUnboundedOrInfeasible):
        return Answer("infeasible", None, np.inf, np.inf)
    feasible = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    solution = highs.getSolution()
    x = np.array(solution.col_value) if feasible else None
    value = float(info.objective_function_value) if feasible else np.inf
    done = status in (kinds.kOptimal, kinds.kModelEmpty)
    if linear:
        prices = np.array(solution.row_dual) if done else None
        return Answer(
            "optimal" if done else "stopped", x, value, value if done else -np.inf, prices
        )
    return Answer("optimal" if done else "stopped", x, value, float(info.mip_dual_bound))
