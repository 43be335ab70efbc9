"""The same optimum as spopt, all four models."""

import warnings

import numpy as np
import pulp
import pytest

from analysis.siting import SitingProblem, choose
from benchmarks.instances import make

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from spopt.locate import LSCP, MCLP, PCenter, PMedian


@pytest.fixture(scope="module")
def world():
    """Return dense costs in metres and people of a generated part of a city."""
    instance = make(300, 300, 40)
    cost = np.linalg.norm(instance.demand_xy[:, None] - instance.site_xy[None], axis=2)
    return instance, np.round(cost, 3)


def peer(model):
    """Solve a spopt model and return its optimum."""
    model.solve(pulp.PULP_CBC_CMD(msg=False, timeLimit=120))
    return pulp.value(model.problem.objective)


@pytest.mark.parametrize("rooms", [False, True])
def test_maximal_covering(world, rooms):
    instance, cost = world
    existing = instance.existing if rooms else np.empty(0, dtype=int)
    fixed = np.isin(np.arange(300), existing).astype(int) if rooms else None
    theirs = peer(
        MCLP.from_cost_matrix(
            cost, instance.people, 3000, len(existing) + 8, predefined_facilities_arr=fixed
        )
    )
    problem = SitingProblem(
        cost=cost, people=instance.people, limit=3000.0, n_new=8, existing=existing
    )
    plan = choose(problem)
    assert plan.verify(problem)
    assert plan.gap == 0
    assert plan.value == pytest.approx(theirs, rel=1e-9)


def test_set_covering(world):
    _, cost = world
    problem = SitingProblem(cost=cost, people=np.ones(300), limit=3000.0, objective="cover_all")
    plan = choose(problem)
    assert plan.verify(problem)
    assert plan.value == peer(LSCP.from_cost_matrix(cost, 3000))


def test_median(world):
    instance, cost = world
    part = cost[:150, :150]
    people = instance.people[:150]
    problem = SitingProblem(cost=part, people=people, n_new=8, objective="median")
    plan = choose(problem)
    assert plan.verify(problem)
    theirs = peer(PMedian.from_cost_matrix(part, people, p_facilities=8))
    assert plan.value == pytest.approx(theirs, rel=1e-7)


def test_median_within_a_cut_off_that_greedy_choice_misses():
    """The best saving leaves somebody beyond 5.5 km here; spopt would pay 1,000 km for that."""
    instance = make(120, 124, 1, seed=1)
    cost = np.linalg.norm(instance.demand_xy[:, None] - instance.site_xy[None], axis=2)
    near = np.where(cost <= 5500, cost, np.inf)
    problem = SitingProblem(cost=near, people=instance.people, n_new=20, objective="median")
    assert problem.cost.nnz >= 3000
    plan = choose(problem)
    assert plan.verify(problem)
    assert (plan.status, plan.gap) == ("optimal", 0)
    far = np.where(cost <= 5500, cost, 1e6)
    theirs = peer(PMedian.from_cost_matrix(far, instance.people, p_facilities=20))
    assert plan.value == pytest.approx(theirs, rel=1e-7)


def test_center(world):
    _, cost = world
    part = cost[:50, :50]
    problem = SitingProblem(cost=part, people=np.ones(50), n_new=5, objective="center")
    plan = choose(problem)
    assert plan.verify(problem)
    assert plan.value == pytest.approx(peer(PCenter.from_cost_matrix(part, 5)), rel=1e-7)
