"""The engine against every choice tried: ten candidates, all models and constraints together."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, event, given, settings

from analysis.siting import choose, covering
from geo.errors import InfeasibleError
from siting_oracle import Oracle
from siting_worlds import MOST, OBJECTIVES, problems

QUIET = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
STEP = 1e-5


def agree(problem):
    """Hold the engine to the best of all choices, or to saying that there is none."""
    wanted = Oracle(problem).best()
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


def check_blame(problem, oracle):
    """Hold the demand blamed to one that is enough to give up, and the amount to the least.

    Where no single demand is enough, any may be named.
    """
    with pytest.raises(InfeasibleError) as caught:
        choose(problem)
    error = caught.value
    amounts = set(oracle.demands) - {"everybody served", "required sites"}
    helpful = [name for name in amounts if oracle.best({name: None}) is not None]
    event(f"{error.code}, {'some' if helpful else 'no'} single demand to give up")
    if helpful:
        name = blamed(error)
        assert name in helpful, str(error)
        assert oracle.best({name: relaxed(oracle, error, STEP)}) is None, str(error)
        if error.code in ("siting.too_many", "siting.too_few"):
            assert oracle.best({name: relaxed(oracle, error, -STEP)}) is not None, str(error)


def blamed(error):
    """Return the demand an error names, by the oracle's name of it."""
    if error.code == "siting.required_forbidden":
        return "required sites"
    if error.code == "siting.unreachable":
        return "everybody served"
    name = error.facts["demand"]
    if error.code == "siting.floor_reach":
        return f"coverage floor of {name}"
    return "people to cover" if error.code == "siting.share_reach" else name


def relaxed(oracle, error, less):
    """Return the demand blamed as far relaxed as the error says, a little ``less`` far."""
    demand, possible = oracle.demands[blamed(error)], error.facts["possible"]
    less *= max(1.0, abs(possible))
    if error.facts["wanted"] > possible:
        return replace(demand, least=possible + less)
    return replace(demand, most=possible - less)


@pytest.mark.parametrize(
    ("capacity", "areas", "tries"),
    [(False, False, 120), (False, True, 60), (True, False, 40), (True, True, 30)],
)
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_model_and_constraint_agrees_with_brute_force(objective, capacity, areas, tries):
    @settings(parent=QUIET, max_examples=tries)
    @given(problems(objective, capacity=capacity, areas=areas))
    def law(problem):
        agree(problem)

    law()


@pytest.mark.parametrize("capacity", [False, True])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_demand_blamed_is_one_that_helps_and_by_the_least_amount(objective, capacity):
    @settings(parent=QUIET, max_examples=20 if capacity else 50)
    @given(problems(objective, capacity=capacity, most=5 if capacity else MOST))
    def law(problem):
        oracle = Oracle(problem)
        assume(oracle.best() is None)
        check_blame(problem, oracle)

    law()


def test_prices_and_narrowing_agree_with_brute_force():
    @settings(parent=QUIET, max_examples=60)
    @given(problems("cover"))
    def law(problem):
        agree(problem)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(covering, "MIDDLE", -1)
        law()
