"""Paper answers and laws of the siting engine."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import sparse

from analysis.siting import Cancelled, Plan, PlanFault, SitingProblem, choose, evaluate
from geo.errors import InfeasibleError
from siting_oracle import csr
from siting_worlds import OBJECTIVES, planes, problems

# Five villages on a line, a site in each; neighbours stand 2 apart.
LINE = csr([[abs(i - j) * 2 for j in range(5)] for i in range(5)])
PEOPLE = np.array([10, 1, 20, 1, 30])


def line(**changes):
    """Return the line problem with changes."""
    wants = {"cost": LINE, "people": PEOPLE, "limit": 2.0, "n_new": 1}
    return SitingProblem(**(wants | changes))


@pytest.mark.parametrize(
    ("changes", "sites", "value"),
    [
        ({}, [3], 51),
        ({"n_new": 2}, [1, 3], 62),
        ({"n_new": 0}, [], 0),
        ({"n_new": 1, "existing": [4]}, [1], 62),
        ({"n_new": 1, "forbidden": [3]}, [1], 31),
        ({"n_new": 1, "required": [0]}, [0], 11),
        ({"n_new": 5}, [0, 1, 2, 3, 4], 62),
        ({"objective": "cover_all", "n_new": None}, [1, 3], 2),
        ({"objective": "cover_all", "n_new": None, "share": 0.8}, [3], 1),
        ({"objective": "median", "limit": None}, None, 10 * 4 + 2 + 2 + 30 * 4),
        ({"objective": "center", "limit": None}, [2], 4),
        ({"objective": "center", "limit": None, "existing": [2]}, None, 4),
        ({"objective": "center", "limit": None, "n_new": 2}, None, 2),
        ({"budget": 3, "site_cost": [3, 3, 3, 9, 3], "n_new": None}, None, 31),
        ({"capacity": 20}, None, 20),
        ({"cases": [0, 0, 0, 0, 2], "case_weight": 10.0}, [3], 71),
    ],
)
def test_paper_answers(changes, sites, value):
    problem = line(**changes)
    plan = choose(problem)
    assert plan.verify(problem)
    assert plan.value == pytest.approx(value)
    assert plan.gap == 0
    assert plan.status == "optimal"
    assert sites is None or plan.sites.tolist() == sites


def test_stored_zero_is_distance_zero_and_survives():
    cost = csr([[0, None], [None, 0]])
    for given_as in (cost, sparse.csr_matrix(cost), cost.tocsc()):
        plan = choose(SitingProblem(cost=given_as, people=[1, 2], limit=1.0, n_new=1))
        assert plan.sites.tolist() == [1]
        assert plan.value == 2


def test_mask_and_positions_give_one_answer():
    mask = np.array([False, False, False, True, False])
    assert choose(line(forbidden=mask)).value == choose(line(forbidden=[3])).value
    assert choose(line(existing=mask)).value == choose(line(existing=[3])).value


def test_pandas_labels_with_unknown_ones_are_taken():
    kinds = pd.Series(["a", None, "a", "b", "b"], dtype="string")
    plan = choose(line(kinds=kinds, quotas={"b": (0, 0)}))
    assert plan.sites.tolist() == [1]


def test_given_choice_is_scored_and_its_faults_are_told():
    problem = line(n_new=2, forbidden=[4])
    plan = evaluate(problem, [3])
    assert plan.verify(problem)
    assert (plan.value, plan.method, plan.status) == (51, "given", "given")
    [fault] = plan.faults
    assert (fault.code, fault.facts) == ("n_new", {"count": 1, "wanted": 2})
    assert str(fault) == "1 new sites instead of 2"
    assert plan.bound >= choose(problem).value


@pytest.mark.parametrize(
    "spoilt",
    [
        {"value": 50.0},
        {"bound": 50.0},
        {"bound": 60.0},
        {"sites": np.array([0, 3])},
        {"sites": np.array([3, 3])},
        {"bound": float("nan")},
    ],
)
def test_checker_catches_a_spoilt_plan(spoilt):
    problem = line()
    good = choose(problem)
    fields = {name: getattr(good, name) for name in good.__dataclass_fields__}
    with pytest.raises(PlanFault):
        Plan(**(fields | spoilt)).verify(problem)


@settings(max_examples=40, deadline=None)
@given(planes(), st.integers(0, 2), st.floats(0.5, 5.0))
def test_more_sites_or_a_wider_limit_never_cover_less(world, count, limit):
    cost, people = world
    wants = {"cost": cost, "people": people}
    value = choose(SitingProblem(**wants, limit=limit, n_new=count)).value
    assert choose(SitingProblem(**wants, limit=limit, n_new=count + 1)).value >= value
    assert choose(SitingProblem(**wants, limit=limit * 1.5, n_new=count)).value >= value


SIGN = {"cover": -1.0, "cover_all": 1.0, "median": 1.0, "center": 1.0}


def cost_of(problem):
    """Return how bad the best plan is, inf where there is none; its bound is no worse."""
    sign = SIGN[problem.objective]
    try:
        plan = choose(problem)
    except InfeasibleError:
        return np.inf
    assert sign * plan.bound <= sign * plan.value
    return sign * plan.value


def no_worse(one, other):
    """Return whether one cost is at most another, up to the rounding of sums."""
    return one <= other or one == pytest.approx(other, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("law", ["limit", "candidates", "budget", "rooms", "required", "floors"])
def test_giving_way_never_makes_the_best_plan_worse(objective, law):
    @settings(max_examples=25, deadline=None)
    @given(problems(objective))
    def holds(problem):
        wider = {
            "limit": {"limit": None if problem.limit is None else problem.limit * 2},
            "candidates": {"forbidden": []},
            "budget": {"budget": None if problem.budget is None else problem.budget + 2},
            "rooms": {"existing": [*problem.existing, *problem.forbidden]},
            "required": {"required": []},
            "floors": {"floors": None},
        }[law]
        assume(law != "rooms" or not set(problem.forbidden) & set(problem.required))
        assert no_worse(cost_of(replace(problem, **wider)), cost_of(problem))

    holds()


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_one_more_site_never_makes_the_best_plan_worse(objective):
    @settings(max_examples=30, deadline=None)
    @given(planes(), st.integers(1, 3))
    def holds(world, count):
        cost, people = world
        wants = {"cost": cost, "people": people, "limit": 20.0, "objective": objective}
        fewer, more = (
            SitingProblem(**wants, n_new=n) for n in (count, min(count + 1, len(people)))
        )
        assert no_worse(cost_of(more), cost_of(fewer))

    holds()


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_point_given_twice_is_a_point_of_twice_the_people(objective):
    @settings(max_examples=40, deadline=None)
    @given(problems(objective), st.integers(0, 7))
    def holds(problem, at):
        at %= problem.n_demand
        rows = np.append(np.arange(problem.n_demand), at)
        labels = problem.demand_groups
        twice = replace(
            problem,
            cost=problem.cost[rows],
            people=problem.people[rows],
            cases=None if problem.cases is None else problem.cases[rows],
            demand_groups=None if labels is None else labels[rows],
        )
        factor = np.where(np.arange(problem.n_demand) == at, 2.0, 1.0)
        cases = None if problem.cases is None else problem.cases * factor
        doubled = replace(problem, people=problem.people * factor, cases=cases)
        assert cost_of(twice) == pytest.approx(cost_of(doubled), rel=1e-9)

    holds()


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_same_problem_and_seed_give_the_same_plan(objective):
    @settings(max_examples=15, deadline=None)
    @given(problems(objective), st.integers(0, 9))
    def holds(problem, seed):
        assume(np.isfinite(cost_of(problem)))
        one, other = (choose(problem, seed=seed) for _ in range(2))
        assert one.sites.tolist() == other.sites.tolist()
        assert (one.value, one.bound, one.method) == (other.value, other.bound, other.method)

    holds()


@settings(max_examples=30, deadline=None)
@given(planes(), st.sampled_from(OBJECTIVES))
def test_order_of_rows_and_sites_changes_nothing(world, objective):
    cost, people = world
    rng = np.random.default_rng(1)
    rows, cols = rng.permutation(len(people)), rng.permutation(cost.shape[1])
    wants = {"limit": 20.0, "n_new": 2, "objective": objective}
    one = SitingProblem(cost=cost, people=people, **wants)
    other = SitingProblem(cost=cost[rows][:, cols], people=people[rows], **wants)
    first, second = choose(one), choose(other)
    assert first.verify(one)
    assert second.verify(other)
    assert first.value == pytest.approx(second.value)


def test_same_seed_gives_the_same_plan():
    rng = np.random.default_rng(5)
    xy = rng.uniform(0, 10, (60, 2))
    cost = np.linalg.norm(xy[:, None] - xy[None], axis=2)
    problem = SitingProblem(cost=cost, people=rng.integers(1, 50, 60), limit=1.5, n_new=5)
    plans = [choose(problem, seed=3) for _ in range(3)]
    assert len({tuple(plan.sites) for plan in plans}) == 1


@pytest.mark.parametrize("how", ["false", "raise"])
def test_caller_can_stop_and_still_gets_a_plan_with_its_bound(how):
    stages = []

    def watch(now):
        stages.append(now.stage)
        if how == "raise":
            raise Cancelled
        return False

    rng = np.random.default_rng(5)
    xy = rng.uniform(0, 10, (300, 2))
    cost = np.linalg.norm(xy[:, None] - xy[None], axis=2)
    problem = SitingProblem(cost=cost, people=rng.integers(1, 50, 300), limit=1.0, n_new=20)
    plan = choose(problem, progress=watch)
    assert plan.verify(problem)
    assert plan.status == "cancelled"
    assert len(plan.sites) == 20
    assert plan.bound >= choose(problem).value
    assert stages
