"""HiGHS: how it is filled, set and read, the same in this process and in a child."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from analysis.siting.problem import Floats
from analysis.siting.program import Program
from analysis.siting.run import Run

ROW_WISE = 2
EASE = 1e-9
ASTRAY = 1e-6


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


@dataclass(frozen=True)
class Arrays:
    """A program as the flat arrays HiGHS takes, with a point to start from (NaN: unknown).

    ``presolve`` is a single truth value; programs reduced already are solved faster without it.
    """

    cost: Floats
    lower: Floats
    upper: Floats
    low: Floats
    high: Floats
    starts: NDArray[np.int32]
    indices: NDArray[np.int32]
    values: Floats
    whole: NDArray[np.int32]
    start: Floats
    presolve: NDArray[np.bool_]

    @classmethod
    def of(
        cls, program: Program, *, linear: bool, start: Floats | None, presolve: bool = True
    ) -> Arrays:
        """Return the arrays of a program, without whole-number demands where it is linear."""
        matrix, whole = program.matrix(), np.concatenate(program.whole).astype(np.int32)
        sides = (program.cost, program.lower, program.upper, program.low, program.high)
        known = start is not None and not linear
        cost, lower, upper, low, high = (np.concatenate([np.empty(0), *side]) for side in sides)
        return cls(
            cost,
            lower,
            upper,
            low,
            high,
            matrix.indptr.astype(np.int32),
            matrix.indices.astype(np.int32),
            matrix.data,
            np.zeros_like(whole) if linear else whole,
            np.asarray(start) if known else np.full(program.n_cols, np.nan),
            np.array(presolve),
        )

    def as_frame(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @classmethod
    def from_frame(cls, frame: dict[str, NDArray[Any]]) -> Arrays:
        """Return the arrays that :meth:`as_frame` named."""
        return cls(**frame)


def highs_for(arrays: Arrays, run: Run) -> SilentHighs:
    """Return HiGHS loaded with a program, ready to run."""
    highs = SilentHighs()
    for name, value in _options(run).items():
        highs.setOptionValue(name, value)
    highs.setOptionValue("presolve", "choose" if arrays.presolve else "off")
    count, rows = len(arrays.cost), len(arrays.low)
    head = (count, rows, len(arrays.values), ROW_WISE, 1, 0.0)
    highs.passModel(
        *head,
        arrays.cost,
        arrays.lower,
        arrays.upper,
        arrays.low,
        arrays.high,
        arrays.starts,
        arrays.indices,
        arrays.values,
        arrays.whole,
    )
    known = np.flatnonzero(~np.isnan(arrays.start)).astype(np.int32)
    if len(known):
        highs.setSolution(len(known), known, arrays.start[known])
    return highs


def run_highs(
    arrays: Arrays, run: Run, listen: Callable[[SilentHighs], None] = lambda _: None
) -> Answer:
    """Solve a program, a second time without its start where HiGHS was led astray by it.

    Parameters
    ----------
    arrays : Arrays
    run : Run
    listen : callable
        Called with HiGHS before it runs, to subscribe to what it tells.

    Returns
    -------
    Answer

    Notes
    -----
    HiGHS 1.16 carries a start into the presolved program, where it may cost less than it does and
    end the search: the start comes back as optimal with a value it does not have. Its bound is
    safe, being the value at which the search was cut.
    """
    linear = not arrays.whole.any()
    for start in (arrays.start, np.full(len(arrays.cost), np.nan)):
        highs = highs_for(replace(arrays, start=start), run)
        listen(highs)
        highs.run()
        answer = answer_of(highs, linear=linear)
        if answer.x is None or linear:
            break
        truly = float(arrays.cost @ answer.x)
        if abs(truly - answer.value) <= ASTRAY * max(1.0, abs(truly)):
            break
        answer = replace(answer, status="stopped", value=truly)
        if run.stopped():
            break
    return answer


def bound_at(program: Program, prices: Floats) -> tuple[float, Floats]:
    """Return a bound on the cost that any prices of the rows give, and what each column costs then.

    Parameters
    ----------
    program : Program
        With finite bounds on every column.
    prices : (n_rows,) float array
        Best are the dual values of the linear program; any others are safe too.

    Returns
    -------
    bound : float
        No point of the program costs less.
    reduced : (n_cols,) float array
        A column away from the bound its sign asks for costs that much more per unit.

    Notes
    -----
    Lagrangian relaxation of all rows: ``sum price · side + sum min over bounds of reduced · x``.
    Plain arithmetic, so no tolerance of the solver enters it.
    """
    low, high, lower, upper = (
        np.concatenate([np.empty(0), *side])
        for side in (program.low, program.high, program.lower, program.upper)
    )
    side = np.where(prices > 0, low, high)
    usable = np.isfinite(side)
    price = np.where(usable, prices, 0.0)
    reduced = np.concatenate(program.cost) - program.matrix().T @ price
    rows = float((price * np.where(usable, side, 0.0)).sum())
    return rows + float(np.where(reduced > 0, reduced * lower, reduced * upper).sum()), reduced


def optimal_point(highs: highspy.Highs) -> tuple[Floats, Floats]:
    """Return the point and the row duals HiGHS ended with."""
    solution = highs.getSolution()
    return np.array(solution.col_value), np.array(solution.row_dual)


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


def answer_of(highs: highspy.Highs, *, linear: bool) -> Answer:
    """Return what HiGHS ended with."""
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
