"""The checker of plans under attack: whatever is changed and no longer so is refused."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from analysis.siting import PlanFault, SitingProblem, choose, evaluate
from geo.errors import InfeasibleError
from siting_oracle import Oracle
from siting_worlds import OBJECTIVES, problems

QUIET = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
STEPS = st.sampled_from([-1e9, -1.0, -1e-3, 1e-3, 1.0, 1e9, float("nan"), float("inf")])


def chosen(problem):
    """Return a checked plan, or give the example up where there is none."""
    try:
        plan = choose(problem)
    except InfeasibleError:
        assume(False)
    assert plan.verify(problem)
    return plan


def refused(problem, plan):
    """Return whether the checker refuses a plan."""
    try:
        return not plan.verify(problem)
    except PlanFault:
        return True


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_false_figure_is_refused(objective):
    @settings(parent=QUIET, max_examples=40)
    @given(problems(objective), st.sampled_from(["value", "bound", "covered", "total"]), STEPS)
    def law(problem, name, step):
        plan = chosen(problem)
        assert refused(problem, replace(plan, **{name: getattr(plan, name) + step}))

    law()


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_another_choice_under_the_same_figures_is_refused_unless_it_is_as_good(objective):
    @settings(parent=QUIET, max_examples=60)
    @given(problems(objective), st.data())
    def law(problem, data):
        plan = chosen(problem)
        other = data.draw(st.sets(st.integers(0, problem.n_sites - 1)))
        sites = np.array(sorted(other), dtype=np.intp)
        oracle = Oracle(problem)
        at = np.flatnonzero((oracle.sets == np.isin(np.arange(problem.n_sites), sites)).all(axis=1))
        kept = len(at) and all(bool(d.kept()[at[0]]) for d in oracle.demands.values())
        as_good = kept and oracle.values()[at[0]] == pytest.approx(plan.value, rel=1e-9)
        served = np.isfinite(oracle.near[at[0]]) @ oracle.weight if len(at) else np.nan
        as_good = as_good and served == pytest.approx(plan.covered, rel=1e-9)
        event("as good" if as_good else "false")
        assert refused(problem, replace(plan, sites=sites)) is not bool(as_good)

    law()


@pytest.mark.parametrize(
    "sites",
    [[-1], [5], [1, 0], [1, 1], [0.0], [[0]], [True, False, False, False, False]],
)
def test_what_are_no_positions_is_refused(sites):
    problem, plan = line()
    with pytest.raises(PlanFault):
        replace(plan, sites=np.array(sites)).verify(problem)
    with pytest.raises(PlanFault):
        replace(plan, sites=sites).verify(problem)


@pytest.mark.parametrize(
    "told",
    [
        {"objective": "median"},
        {"n_existing": 1},
        {"status": "given"},
        {"status": "proven"},
        {"status": "optimal", "bound": 62.0},
        {"method": "given"},
        {"faults": ("none",)},
    ],
)
def test_what_contradicts_itself_or_the_problem_is_refused(told):
    problem, plan = line()
    with pytest.raises(PlanFault):
        replace(plan, **told).verify(problem)


def test_plan_of_another_problem_is_refused():
    problem, plan = line()
    for changed in ({"limit": 1.0}, {"n_new": 2}, {"forbidden": [3]}, {"existing": [0]}):
        with pytest.raises(PlanFault):
            plan.verify(replace(problem, **changed))


@pytest.mark.parametrize("objective", ["median", "center"])
def test_chosen_plan_that_leaves_somebody_unserved_is_refused(objective):
    problem, _ = line(objective=objective, limit=2.0, n_new=1)
    own = evaluate(problem, [0])
    assert own.verify(problem)
    assert own.value == np.inf
    with pytest.raises(PlanFault, match="must be served"):
        replace(own, method="exact", status="feasible", faults=()).verify(problem)


def test_own_choice_may_not_hide_what_it_breaks():
    problem, _ = line(n_new=2)
    own = evaluate(problem, [3])
    assert own.verify(problem)
    with pytest.raises(PlanFault):
        replace(own, faults=()).verify(problem)


def line(**changes):
    """Return five villages on a line 2 apart, and the plan for them where there is one."""
    cost = [[abs(i - j) * 2 for j in range(5)] for i in range(5)]
    wants = {"cost": cost, "people": [10, 1, 20, 1, 30], "limit": 2.0, "n_new": 1} | changes
    problem = SitingProblem(**wants)
    return problem, None if changes else choose(problem)
