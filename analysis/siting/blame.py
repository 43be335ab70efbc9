"""Which demand makes a problem infeasible, and by how much."""

from __future__ import annotations

from typing import NoReturn

import numpy as np

from analysis.siting.cover import add_rules
from analysis.siting.problem import Bools, Floats, SitingProblem
from analysis.siting.program import Program, Soft
from analysis.siting.rules import classes_of
from analysis.siting.run import Run
from analysis.siting.solver import solve
from geo.errors import InfeasibleError, first_ids

BLAME_SECONDS = 10.0
MISSED = 1e-7
LARGE = 60_000


def blame(program: Program, soft: list[Soft]) -> NoReturn:
    """Raise the error that names the demand to give up and by how much.

    Parameters
    ----------
    program : Program
        An infeasible program; it is changed.
    soft : list of Soft
        Its rows that stand for demands of the user.

    Raises
    ------
    InfeasibleError
        Always.

    Notes
    -----
    Every soft row may be missed at a price of its excess over its size; the cheapest way out names
    the demand. Where that way misses several demands, each is tried alone, so that the one named
    is enough to give up wherever one is. Another one might do as well: the message tells a
    smallest change, not the only one.
    """
    price = np.array([1.0 / s.size for s in soft])
    rows = np.array([s.row for s in soft], dtype=np.intp)
    over = program.add_columns(len(soft), cost=price, upper=np.inf)
    under = program.add_columns(len(soft), cost=price, upper=np.inf)
    for block, sign in ((over, -1.0), (under, 1.0)):
        program.blocks.append((rows, block, np.full(len(soft), sign)))
    program.cost = [np.zeros(len(c)) for c in program.cost[:-2]] + program.cost[-2:]
    excess = _least_excess(program, price)
    worst = int(np.argmax(np.abs(excess) * price))
    found = soft[worst]
    side = np.concatenate(program.high if excess[worst] > 0 else program.low)[found.row]
    wanted = (side + found.offset) * found.unit
    possible = wanted + excess[worst] * found.unit
    kind = "at most" if excess[worst] > 0 else "at least"
    verb = "needed" if excess[worst] > 0 else "possible"
    raise InfeasibleError(
        "siting.too_many" if excess[worst] > 0 else "siting.too_few",
        f"No plan can keep all demands: {found.name} is to be {kind} {wanted:,.10g}, but with the"
        f" other demands {possible:,.10g} is {verb} (off by {abs(possible - wanted):,.6g}).",
        demand=found.name,
        wanted=wanted,
        possible=possible,
        excess=abs(possible - wanted),
    )


def check_together(problem: SitingProblem) -> None:
    """Refuse number, quotas and budget of a large problem that contradict each other.

    Raises
    ------
    InfeasibleError

    Notes
    -----
    Sites alike to every rule are one column, so this takes no time, where the whole program of a
    large problem would take long to say the same. A small one is left to its own program, which
    knows the demands on coverage too.
    """
    if problem.cost.nnz < LARGE:
        return
    able = np.flatnonzero(problem.is_candidate)
    alike = np.unique(classes_of(problem)[able], return_inverse=True)[1].ravel()
    groups = [able[alike == n] for n in range(int(alike.max(initial=-1)) + 1)]
    fixed = [float(np.isin(group, problem.must_open).sum()) for group in groups]
    program, none = Program(), np.empty(0, dtype=np.intp)
    sizes = [float(len(group)) for group in groups]
    z = program.add_columns(len(groups), lower=fixed, upper=sizes, whole=True)
    soft = add_rules(program, problem, none, none, groups, z, counted=False)
    if solve(program, Run(time_limit_s=BLAME_SECONDS)).status == "infeasible":
        blame(program, soft)


def _least_excess(program: Program, price: Floats) -> Floats:
    """Return by how much each soft row is missed, by one alone wherever one alone is enough."""
    run = Run(time_limit_s=BLAME_SECONDS)
    excess = _excess_of(program, run, np.ones(len(price), dtype=bool))
    if excess is None:
        raise InfeasibleError(
            "siting.infeasible", "No plan can keep all demands together; relax one of them."
        )
    missed = np.abs(excess) * price
    if np.count_nonzero(missed > MISSED) > 1:
        for row in np.argsort(-missed, kind="stable"):
            alone = _excess_of(program, run, np.arange(len(price)) == row)
            if alone is not None:
                return alone
    return excess


def _excess_of(program: Program, run: Run, soft: Bools) -> Floats | None:
    """Return the cheapest excesses where only some rows may be missed, None where none will do."""
    program.upper[-2:] = [np.where(soft, np.inf, 0.0)] * 2
    x = solve(program, run).x
    return None if x is None else x[-2 * len(soft) : -len(soft)] - x[-len(soft) :]


def blame_reach(problem: SitingProblem, unreached: Bools) -> NoReturn:
    """Raise the error for demand that no site at all can serve.

    Parameters
    ----------
    problem : SitingProblem
    unreached : (n_demand,) bool array
    """
    ids = first_ids(np.flatnonzero(unreached))
    people = float(problem.people[unreached].sum())
    raise InfeasibleError(
        "siting.unreachable",
        f"{int(unreached.sum())} demand point(s) with {people:,.0f} people (rows {ids}) can be"
        " served from no site; widen the limit, add sites, lower the share or state a penalty.",
        count=int(unreached.sum()),
        people=people,
        ids=ids,
    )
