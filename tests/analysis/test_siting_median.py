"""The p-median's bound, what it rules out, and branching: held to every choice tried."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analysis.siting import SitingProblem, choose, gap, nearest
from analysis.siting.branch import branch
from analysis.siting.gains import gains_of, greedy_nearest, saved, swap_gains
from analysis.siting.lagrange import bound_gains, certain, hopeless, too_far
from analysis.siting.plan import broken
from analysis.siting.pulls import charged, cut_short, pulls_of
from analysis.siting.rules import limits_of
from analysis.siting.run import Run
from benchmarks.instances import make
from geo.errors import InfeasibleError
from siting_oracle import best
from siting_worlds import problems


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
    most = max(saved(gains, choice) for choice in choices)
    start = chosen if warm else choices[0]
    bound = bound_gains(gains, start, Run(), count=len(start), steps=20)
    found, done = branch(gains, start, bound, 1e-9 * max(1.0, gains.base), Run())
    assert done
    assert len(found) == len(chosen)
    assert saved(gains, found) == pytest.approx(most, rel=1e-8)


@st.composite
def ruled(draw):
    """Draw a p-median without a cut-off, of sites of two kinds, under quotas or a budget."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows, sites, count = draw(st.integers(2, 9)), draw(st.integers(4, 9)), draw(st.integers(1, 4))
    least = draw(st.integers(0, min(2, count)))
    kinds = (["a", "b"] * sites)[:sites]
    rules = {"kinds": kinds, "quotas": {("kind", "a"): (least, least + 1)}}
    if draw(st.booleans()):
        rules |= {"site_cost": rng.integers(1, 4, sites) / 2, "budget": float(count)}
    return SitingProblem(
        cost=np.linalg.norm(rng.random((rows, 1, 2)) - rng.random((1, sites, 2)), axis=2) * 9,
        people=rng.integers(1, 5, rows),
        n_new=count,
        objective="median",
        required=draw(st.sampled_from([[], [0]])),
        **rules,
    )


@settings(max_examples=150, deadline=None)
@given(ruled())
def test_swaps_under_rules_keep_them_and_leave_none_that_helps(problem):
    free = np.setdiff1d(np.flatnonzero(problem.is_candidate), problem.must_open)
    gains = gains_of(problem.weight, charged(problem, pulls_of(problem)), columns=free)
    limits = limits_of(problem, free)

    def kept(choice):
        return not broken(problem, np.union1d(problem.must_open, free[choice]))

    everything = np.arange(len(free))
    sizes = range(1, len(free))
    choices = (np.array(c) for size in sizes for c in combinations(everything, size))
    choice = next(filter(kept, choices), None)
    assume(choice is not None)
    found = swap_gains(gains, choice, Run(), limits=limits)
    assert kept(found)
    assert len(found) == len(choice)
    shut = np.setdiff1d(everything, found)
    allowed = limits.allow(found, shut[:, None], found)
    for (row, col), may in np.ndenumerate(allowed):
        other = np.sort(np.append(np.delete(found, col), shut[row]))
        assert may == kept(other)
        assert not may or saved(gains, other) <= saved(gains, found) + 1e-8 * gains.base


@pytest.mark.parametrize("branching", [True, False])
def test_the_large_way_under_any_demands_reaches_the_best_of_all_choices(branching):
    @settings(max_examples=200, deadline=None)
    @given(st.one_of(medians(), ruled(), problems("median")))
    def law(problem):
        wanted = best(problem)
        if wanted is None:
            with pytest.raises(InfeasibleError):
                choose(problem)
            return
        plan = choose(problem)
        assert plan.verify(problem)
        assert plan.status == "optimal"
        assert plan.value == pytest.approx(wanted, rel=1e-7, abs=1e-7)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nearest, "SMALL", 1)
        patch.setattr(nearest, "RULED", 0)
        patch.setattr(gap, "STEPS", 2)
        patch.setattr(gap, "fits", lambda *_: branching)
        law()


def test_leaving_somebody_out_is_never_the_cheaper_plan(monkeypatch):
    monkeypatch.setattr(nearest, "SMALL", 1)
    cost = np.full((3, 3), np.inf)
    cost[0, 0] = cost[1, 1] = cost[2, 2] = 0.0
    cost[1:, 0] = 2.0
    problem = SitingProblem(cost=cost, people=[1, 1, 1], n_new=2, objective="median")
    plan = choose(problem)
    assert plan.verify(problem)
    assert (plan.value, plan.status) == (2.0, "optimal")


@pytest.mark.parametrize("kinds", [None, ["a", "b"] * 6])
def test_a_room_in_every_village_costs_nothing(kinds, monkeypatch):
    monkeypatch.setattr(nearest, "SMALL", 1)
    monkeypatch.setattr(nearest, "RULED", 0)
    points = np.random.default_rng(5).random((9, 2))
    sites = np.vstack([points, [[2.0, 2.0], [3.0, 3.0], [4.0, 4.0]]])
    cost = np.linalg.norm(points[:, None] - sites[None], axis=2)
    quotas = None if kinds is None else {("kind", "a"): (1, None)}
    wants = {"people": np.full(9, 1.3), "n_new": 9, "objective": "median"}
    problem = SitingProblem(cost=cost, kinds=kinds, quotas=quotas, **wants)
    plan = choose(problem)
    assert plan.verify(problem)
    assert (plan.value, plan.status) == (0.0, "optimal")


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
