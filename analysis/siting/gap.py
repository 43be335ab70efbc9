"""Close the gap between a choice of a p-median and its bound."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from analysis.siting import lagrange
from analysis.siting.branch import branch, fits
from analysis.siting.gains import Gains, saved, shake_gains, swap_gains
from analysis.siting.lagrange import Bound, bound_gains
from analysis.siting.median import left_model
from analysis.siting.plan import Method
from analysis.siting.problem import Floats, Ints, SitingProblem
from analysis.siting.rules import Limits, limits_of
from analysis.siting.run import Run
from analysis.siting.solver import solve

STEPS = 60
ROUNDS = 40
PROGRESS = 0.02
SHORT = 0.02
ROUNDING = 1e-10


@dataclass(frozen=True)
class State:
    """A choice, the columns a better one may hold, and how much it may gain.

    Parameters
    ----------
    gains : Gains
        Of the columns still in question.
    chosen : int array
        Places among those.
    upper : float
        No choice gains more.
    step : float
        A better choice gains at least so much more.
    count : int
        Columns a choice holds, at most.
    ruled : SitingProblem, optional
        Whose quotas and budget a choice must keep.
    bound : Bound, optional
        The best one so far.
    method : str
    """

    gains: Gains
    chosen: Ints
    upper: float
    step: float
    count: int
    ruled: SitingProblem | None = None
    bound: Bound | None = None
    method: Method = "search and bound"

    @cached_property
    def lower(self) -> float:
        """Return what the choice gains."""
        return saved(self.gains, self.chosen)

    @property
    def limits(self) -> Limits | None:
        """Return what the quotas and the budget allow of the columns, None without any."""
        return None if self.ruled is None else limits_of(self.ruled, self.gains.columns)

    @property
    def met(self) -> bool:
        """Return whether no choice is better."""
        return self.upper < self.lower + self.step * (1 - 1e-6)

    def sites(self) -> Ints:
        """Return the site positions chosen."""
        return self.gains.columns[self.chosen]

    def least_cost(self) -> float:
        """Return the bound on the cost, the value itself where the choice is the best."""
        return self.gains.base - (self.lower if self.met else max(self.upper, self.lower))


def close(
    gains: Gains, sites: Ints, count: int, run: Run, *, ruled: SitingProblem | None = None
) -> State:
    """Improve a choice of sites and prove it as far as time allows.

    Parameters
    ----------
    gains : Gains
    sites : int array
        Site positions to start from.
    count : int
        Sites to choose, at most.
    run : Run
    ruled : SitingProblem, optional
        Whose quotas and budget ``sites`` keep and a choice must. Tolls stand for them in the
        bound; swaps and shakes keep them.

    Returns
    -------
    State

    Notes
    -----
    In turn: swaps; multipliers, which drop the columns no better choice holds and suggest another
    choice; random shakes and multipliers again. Then branch and bound for half the time left, or
    the program of what is left: no column dropped, no row served from farther than a better
    choice serves it.
    """
    given, count = np.flatnonzero(np.isin(gains.columns, sites)), min(count, gains.shape[1])
    state = State(gains, given, np.inf, 0.0, count, ruled)
    chosen = swap_gains(gains, given, run, limits=state.limits)
    state = _bounded(replace(state, chosen=chosen, step=_step(gains, chosen)), run)
    if not state.met and state.bound is not None:
        worth = state.bound.worth
        shaken = shake_gains(state.gains, state.chosen, worth, run, limits=state.limits)
        better = saved(state.gains, shaken) > state.lower
        state = _bounded(replace(state, chosen=shaken), run) if better else state
    if state.met or state.bound is None or run.stopped():
        return state
    return _solved(state, state.bound, run)


def _step(gains: Gains, chosen: Ints) -> float:
    """Return by how much two values differ at least: one, where all of them are whole numbers."""
    whole = gains.base == np.rint(gains.base) and (gains.gain == np.rint(gains.gain)).all()
    if whole and gains.base < 2**50:
        return 1.0
    return lagrange.EXACT * max(gains.base - saved(gains, chosen), 0.0)


def _bounded(state: State, run: Run) -> State:
    """Lower the bound by rounds of steps, dropping columns and trying the choice it suggests."""
    length = lagrange.FIRST
    tolls = None
    for _ in range(ROUNDS):
        if state.ruled is not None and state.bound is not None:
            tolls = lagrange.tolls_of(state.ruled, state.gains.columns, state.bound, run)
        start = None if state.bound is None else replace(state.bound, length=length)
        bound = bound_gains(
            state.gains, state.chosen, run, count=state.count, steps=STEPS, start=start, tolls=tolls
        )
        length, before = bound.length, state.upper - state.lower
        state = replace(state, bound=bound, upper=min(state.upper, bound.upper))
        slow = length < SHORT and state.upper - state.lower > (1 - PROGRESS) * before
        if state.met or slow or length < lagrange.SHORTEST or run.stopped():
            break
        state = _dropped(_suggested(state, bound, run), bound)
    return state


def _suggested(state: State, bound: Bound, run: Run) -> State:
    """Return the state with the columns of the bound, after swaps, if they are a better choice."""
    if state.ruled is None:
        inside = np.flatnonzero(bound.edges()[0])
    else:
        inside = lagrange.worthiest(state.ruled, state.gains.columns, bound, run)
    found = swap_gains(state.gains, inside, run, limits=state.limits)
    better = saved(state.gains, found) > state.lower
    return replace(state, chosen=found) if better else state


def _dropped(state: State, bound: Bound) -> State:
    """Return the state without the columns that no better choice holds."""
    keep = ~lagrange.hopeless(bound, state.lower - ROUNDING * state.gains.base)
    keep[state.chosen] = True
    if keep.all():
        return state
    return replace(
        state,
        gains=state.gains.only(keep),
        chosen=(np.cumsum(keep) - 1)[state.chosen],
        bound=bound.only(keep),
    )


def _solved(state: State, bound: Bound, run: Run) -> State:
    """Return the best choice among the columns left, by branching or by a program."""
    if (
        state.ruled is None
        and len(state.chosen) == state.count
        and fits(state.gains, bound, state.lower, state.step)
    ):
        half = run.part(run.left() / 2)
        chosen, done = branch(state.gains, state.chosen, bound, state.step, half)
        state = replace(state, chosen=chosen, method="branch and bound")
        state = replace(state, upper=state.lower) if done else state
        if done or run.stopped():
            return state
    state = _dropped(state, bound)
    bound = state.bound or bound
    goal = state.lower - ROUNDING * state.gains.base
    kept = lagrange.certain(bound, goal)
    needed = lagrange.too_far(state.gains, bound, goal) | kept[state.gains.cols]
    model = left_model(state.gains, state.count, kept=kept, needed=needed, ruled=state.ruled)
    point: Floats = np.full(model.program.n_cols, np.nan)
    point[model.x] = np.isin(np.arange(len(model.x)), state.chosen)
    answer = solve(model.program, run, start=point)
    if answer.status == "infeasible":
        return replace(state, upper=state.lower, method="exact")
    upper = state.gains.base - (model.base + model.scale * answer.bound)
    if answer.x is not None:
        found = np.flatnonzero(answer.x[model.x] > 0.5)
        if saved(state.gains, found) > state.lower and len(found) <= state.count:
            state = replace(state, chosen=found)
    upper = state.lower if answer.status == "optimal" else upper
    return replace(state, upper=min(state.upper, upper), method="exact")
