"""The p-median's bound, what it rules out, and branching: held to every choice tried."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from analysis.siting import SitingProblem, choose, gap, nearest
from analysis.siting.branch import branch
from analysis.siting.gains import gains_of, greedy_nearest, saved, swap_gains
from analysis.siting.lagrange import bound_gains, certain, hopeless, too_far
from analysis.siting.pulls import charged, cut_short, pulls_of
from analysis.siting.run import Run
from benchmarks.instances import make
from geo.errors import InfeasibleError


@st.composite
def medians(draw):
    """Draw a p-median of points in a square with a few sites, some pairs out of reach."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows, sites = draw(st.integers(2, 12)), draw(st.integers(3, 9))
    cost = np.linalg.norm(rng.random((rows, 1, 2)) - rng.random((1, sites, 2)), axis=2) * 9
    cost = np.rint(cost) if draw(st.booleans()) else cost
    cost[rng.random(cost.shape) < draw(st.sampled_from([0.0, 0.3]))] = np.inf
    return SitingProblem(
        cost=cost,
        people=rng.integers(0, 5, rows),
        n_new=draw(st.integers(1, sites - 1)),
        objective="median",
        penalty=draw(st.sampled_from([4.0, 20.0])),
        existing=[0] if draw(st.booleans()) else [],
    )


def parts(problem):
    """Return gains, a choice after swaps, and every choice of equally many columns."""
    pulls = charged(problem, pulls_of(problem))
    gains = gains_of(problem.weight, pulls)
    count = min(problem.n_new, gains.shape[1] - 1)
    if count < 1:
        return None
    picked = greedy_nearest(problem.weight, pulls, count, Run())
    chosen = swap_gains(gains, np.flatnonzero(np.isin(gains.columns, picked)), Run())
    return gains, chosen, [np.array(c) for c in combinations(range(gains.shape[1]), count)]


@settings(max_examples=150, deadline=None)
@given(medians(), st.integers(1, 40))
def test_no_choice_gains_more_than_the_bound_nor_holds_what_it_rules_out(problem, steps):
    made = parts(problem)
    if made is None:
        return
    gains, chosen, choices = made
    bound = bound_gains(gains, chosen, Run(), count=len(chosen), steps=steps)
    worth = [saved(gains, choice) for choice in choices]
    assert max(worth) <= bound.upper + 1e-9 * gains.base
    for share in (1.0, 0.9):
        goal = share * saved(gains, chosen) - 1e-9
        lost, sure = hopeless(bound, goal), certain(bound, goal)
        wanted = too_far(gains, bound, goal)
        for choice, value in zip(choices, worth, strict=True):
            if value < goal + 2e-9:
                continue
            assert not lost[choice].any()
            assert np.isin(np.flatnonzero(sure), choice).all()
            opened = np.isin(gains.cols, choice)
            for row in np.unique(gains.rows[wanted]):
                mine = gains.rows == row
                first = int(np.argmax(wanted[mine]))
                assert opened[mine][: first + 1].any()


@settings(max_examples=100, deadline=None)
@given(medians(), st.booleans())
def test_branching_finds_the_best_of_all_choices(problem, warm):
    made = parts(problem)
    if made is None:
        return
    gains, chosen, choices = made
    best = max(saved(gains, choice) for choice in choices)
    start = chosen if warm else choices[0]
    bound = bound_gains(gains, start, Run(), count=len(start), steps=20)
    found, done = branch(gains, start, bound, 1e-9 * max(1.0, gains.base), Run())
    assert done
    assert len(found) == len(chosen)
    assert saved(gains, found) == pytest.approx(best, rel=1e-8)


@settings(max_examples=100, deadline=None)
@given(medians(), st.booleans())
def test_both_ends_of_the_large_way_reach_the_best_of_all_choices(problem, branching):
    free = [j for j in range(problem.n_sites) if j not in problem.existing]
    values = [
        problem.people
        @ np.minimum(problem.penalty, dense(problem)[:, [*problem.existing, *choice]].min(axis=1))
        for choice in combinations(free, min(problem.n_new, len(free)))
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nearest, "SMALL", 0)
        patch.setattr(gap, "STEPS", 2)
        patch.setattr(gap, "fits", lambda *_: branching)
        if problem.n_new > len(free):
            return
        plan = choose(problem)
    assert plan.verify(problem)
    assert plan.value == pytest.approx(min(values))
    assert plan.status == "optimal"


def dense(problem):
    """Return the costs, inf where there is none."""
    full = np.full(problem.cost.shape, np.inf)
    pairs = sparse.coo_array(problem.cost)
    full[pairs.row, pairs.col] = pairs.data
    return full


@settings(max_examples=60, deadline=None)
@given(medians(), st.integers(1, 3))
def test_cutting_pairs_short_only_lowers_what_a_plan_costs(problem, times):
    pulls = charged(problem, pulls_of(problem))
    sites = np.flatnonzero(problem.is_candidate)[: problem.n_new]
    near = cut_short(pulls, sites, times)
    assert near.near.nnz <= pulls.near.nnz
    assert (near.cap <= pulls.cap).all()
    full, short = gains_of(problem.weight, pulls), gains_of(problem.weight, near)
    for choice in (sites, np.flatnonzero(problem.is_candidate)[-problem.n_new :]):
        costs = [
            part.base - saved(part, np.flatnonzero(np.isin(part.columns, choice)))
            for part in (full, short)
        ]
        assert costs[1] <= costs[0] + 1e-9 * full.base


def test_every_pair_of_a_city_without_a_cut_off_is_proven():
    world = make(300, 312, 10)
    cost = np.linalg.norm(world.demand_xy[:, None] - world.site_xy[None], axis=2)
    for count in (4, 30, 80):
        problem = SitingProblem(cost=cost, people=world.people, n_new=count, objective="median")
        plan = choose(problem)
        assert plan.verify(problem)
        assert plan.status == "optimal"


@settings(max_examples=150, deadline=None)
@given(medians(), st.data())
def test_the_large_way_under_quotas_and_a_budget_reaches_the_best_of_all_choices(problem, data):
    free = [j for j in range(problem.n_sites) if j not in problem.existing]
    if problem.n_new > len(free):
        return
    kinds = np.array(["ab"[j % 2] for j in range(problem.n_sites)])
    least = data.draw(st.integers(0, problem.n_new))
    price = np.array([1.0 + j % 3 for j in range(problem.n_sites)])
    budget = data.draw(st.sampled_from([None, 4.0, 7.0]))
    ruled = {"kinds": kinds, "quotas": {"a": (least, None), "b": (None, 2)}}
    ruled |= {"site_cost": price, "budget": budget}
    ruled = replace(problem, **ruled)
    sizes = [problem.n_new] if budget is None else range(problem.n_new + 1)
    values = [
        problem.people
        @ np.minimum(
            problem.penalty,
            dense(problem)[:, [*problem.existing, *choice]].min(axis=1, initial=np.inf),
        )
        for size in sizes
        for choice in combinations(free, size)
        if sum(kinds[j] == "a" for j in choice) >= least
        and sum(kinds[j] == "b" for j in choice) <= 2
        and (budget is None or price[list(choice)].sum() <= budget)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nearest, "RULED", -1)
        patch.setattr(gap, "STEPS", 3)
        if not values:
            with pytest.raises(InfeasibleError):
                choose(ruled)
            return
        plan = choose(ruled)
    assert plan.verify(ruled)
    assert plan.status == "optimal"
    assert plan.value == pytest.approx(min(values))
