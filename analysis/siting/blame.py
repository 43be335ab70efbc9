"""Which demand makes a problem infeasible, and by how much."""

from __future__ import annotations

from typing import NoReturn

import numpy as np

from analysis.siting.problem import Bools, SitingProblem
from analysis.siting.program import Program, Soft
from analysis.siting.run import Run
from analysis.siting.solver import solve
from geo.errors import InfeasibleError, first_ids

BLAME_SECONDS = 10.0


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
    the demand. Where several demands clash, another one could be given up instead: the message
    tells the smallest change, not the only one.
    """
    price = np.array([1.0 / s.size for s in soft])
    over = program.add_columns(len(soft), cost=price, upper=np.inf)
    under = program.add_columns(len(soft), cost=price, upper=np.inf)
    for block, sign in ((over, -1.0), (under, 1.0)):
        rows = np.array([s.row for s in soft], dtype=np.intp)
        program.blocks.append((rows, block, np.full(len(soft), sign)))
    program.cost = [np.zeros(len(c)) for c in program.cost[:-2]] + program.cost[-2:]
    answer = solve(program, Run(time_limit_s=BLAME_SECONDS))
    if answer.x is None:
        raise InfeasibleError(
            "siting.infeasible", "No plan can keep all demands together; relax one of them."
        )
    excess = answer.x[over] - answer.x[under]
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
