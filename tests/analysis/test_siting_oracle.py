"""The engine against every choice tried, all models and constraints."""

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

import siting_oracle as oracle
from analysis.siting import SitingProblem, choose
from geo.errors import InfeasibleError

QUIET = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
COSTS = st.one_of(st.none(), st.sampled_from([0.0, 1.0, 2.0, 2.5, 3.0, 4.0, 7.5]))
LABELS = ("a", "b", None)


@st.composite
def problems(draw, objective, *, capacity=False, areas=False):
    """Draw a problem of at most 8 sites with any mixture of demands on it."""
    n_demand, n_sites = draw(st.integers(1, 7)), draw(st.integers(1, 8))
    rows = [draw(st.lists(COSTS, min_size=n_sites, max_size=n_sites)) for _ in range(n_demand)]
    people = draw(
        st.lists(st.sampled_from([0, 1, 2, 3, 5, 8.5, 100]), min_size=n_demand, max_size=n_demand)
    )
    sites = st.lists(st.integers(0, n_sites - 1), max_size=2)
    wants = {
        "limit": draw(st.sampled_from([1.0, 2.5, 4.0])),
        "n_new": draw(st.integers(0, n_sites)),
        "existing": draw(sites),
        "required": draw(st.one_of(st.just([]), st.just([]), sites)),
        "forbidden": draw(st.one_of(st.just([]), st.just([]), sites)),
    }
    if draw(st.booleans()):
        labels = st.lists(st.sampled_from(LABELS), min_size=n_sites, max_size=n_sites)
        wants["kinds"] = ["a", *draw(labels)][:n_sites]
        least = draw(st.integers(0, 1))
        wants["quotas"] = {"a": (least, draw(st.sampled_from([None, least, least + 1])))}
    if draw(st.booleans()):
        wants["budget"] = draw(st.sampled_from([2.0, 4.5, 7.0]))
        cost = st.lists(st.sampled_from([0.5, 1, 2.5]), min_size=n_sites, max_size=n_sites)
        wants["site_cost"] = draw(cost)
    if draw(st.booleans()):
        names = st.lists(st.sampled_from(("x", "y")), min_size=n_demand, max_size=n_demand)
        wants["demand_groups"] = draw(names)
        wants["floors"] = draw(st.sampled_from([0.3, 0.5]))
    if draw(st.booleans()):
        number = st.lists(st.integers(0, 4), min_size=n_demand, max_size=n_demand)
        wants["cases"], wants["case_weight"] = draw(number), 2.5
    if objective == "cover_all":
        wants["share"] = draw(st.sampled_from([0.4, 0.8, 1.0]))
        wants["n_new"] = draw(st.sampled_from([None, wants["n_new"]]))
    if objective in ("median", "center"):
        wants["penalty"] = draw(st.sampled_from([None, 2.0, 6.0]))
        wants["limit"] = draw(st.sampled_from([None, 4.0]))
    if capacity:
        room = st.lists(st.sampled_from([0, 2, 4, 9.5]), min_size=n_sites, max_size=n_sites)
        wants["capacity"] = draw(room)
    if areas:
        edge = st.integers(0, n_demand - 1)
        edges = draw(st.lists(st.tuples(edge, edge), max_size=10))
        pattern = np.zeros((n_demand, n_demand))
        for one, other in edges:
            pattern[one, other] = 1
        wants["adjacency"] = pattern
        wants["home"] = draw(st.lists(edge, min_size=n_sites, max_size=n_sites))
    return SitingProblem(cost=oracle.csr(rows), people=people, objective=objective, **wants)


def agree(problem):
    """Hold the engine to the best of all choices, or to saying that there is none."""
    wanted = oracle.best(problem)
    event("infeasible" if wanted is None else "feasible")
    if wanted is None:
        with pytest.raises(InfeasibleError):
            choose(problem)
        return
    plan = choose(problem)
    assert plan.verify(problem)
    assert plan.status == "optimal"
    assert plan.gap == 0
    assert plan.value == pytest.approx(wanted, rel=1e-7, abs=1e-7)
    assert plan.bound == pytest.approx(wanted, rel=1e-7, abs=1e-7)


@pytest.mark.parametrize("objective", ["cover", "cover_all", "median", "center"])
def test_every_model_and_constraint_agrees_with_brute_force(objective):
    @QUIET
    @given(problems(objective))
    def law(problem):
        agree(problem)

    law()


@pytest.mark.parametrize("objective", ["cover", "cover_all", "median", "center"])
def test_capacity_agrees_with_brute_force(objective):
    @settings(parent=QUIET, max_examples=30)
    @given(problems(objective, capacity=True))
    def law(problem):
        agree(problem)

    law()


@pytest.mark.parametrize("objective", ["cover", "cover_all", "median", "center"])
def test_area_rooms_agree_with_brute_force(objective):
    @settings(parent=QUIET, max_examples=40)
    @given(problems(objective, areas=True))
    def law(problem):
        agree(problem)

    law()
