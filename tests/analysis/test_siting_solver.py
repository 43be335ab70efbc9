"""The child process, the price search and the p-median bound against the plain way."""

import numpy as np
import pytest
from scipy import sparse

from analysis.siting import Cancelled, SitingProblem, choose, covering, nearest, pieces, solver
from analysis.siting.core import core_of, covered_by
from analysis.siting.price import price_cover
from analysis.siting.program import Program
from analysis.siting.run import Run
from benchmarks.instances import city, distances, make


@pytest.fixture(scope="module")
def town():
    """Return a small generated world and its distances."""
    instance = make(500, 520, 60)
    return instance, distances(instance, 3000.0)


def cover(town, **changes):
    instance, cost = town
    wants = {"cost": cost, "people": instance.people, "limit": 3000.0, "n_new": 12}
    return SitingProblem(**(wants | changes))


def test_generator_gives_the_same_city_twice_and_zeros_stay_stored():
    one, other = city(), city()
    assert np.array_equal(one.people, other.people)
    assert np.array_equal(one.demand_xy, other.demand_xy)
    cost = distances(make(50, 55, 5), 3000.0)
    assert (cost.data == 0).sum() == 50


def test_child_process_gives_the_same_plan(town, monkeypatch):
    problem = cover(town)
    here = choose(problem)
    monkeypatch.setattr(solver, "APART", 0)
    apart = choose(problem)
    assert apart.verify(problem)
    assert (apart.value, apart.bound, apart.status) == (here.value, here.bound, "optimal")


def test_child_process_is_stopped_by_the_clock_and_by_the_caller(town, monkeypatch):
    monkeypatch.setattr(solver, "APART", 0)
    problem = cover(town)
    plan = choose(problem, time_limit_s=1e-6)
    assert plan.verify(problem)
    assert plan.status in ("feasible", "optimal")
    assert len(plan.sites) == 12

    def stop(now):
        if now.stage == "exact":
            raise Cancelled

    plan = choose(problem, progress=stop)
    assert plan.verify(problem)
    assert plan.status == "cancelled"


def test_hard_problem_comes_back_with_a_plan_and_its_bound():
    rng = np.random.default_rng(1)
    xy = rng.uniform(0, 100, (400, 2))
    cost = np.linalg.norm(xy[:, None] - xy[None], axis=2)
    problem = SitingProblem(
        cost=cost, people=rng.integers(1, 99, 400), n_new=40, objective="median"
    )
    plan = choose(problem, time_limit_s=2.0)
    assert plan.verify(problem)
    assert plan.status in ("feasible", "optimal")
    assert 0 < plan.bound <= plan.value


@pytest.mark.parametrize("existing", [False, True])
def test_price_search_agrees_with_the_whole_program(town, existing, monkeypatch):
    problem = cover(town, existing=town[0].existing if existing else None)
    exact = choose(problem)
    monkeypatch.setattr(covering, "LARGE", 0)
    monkeypatch.setattr(covering, "MANY", 0)
    priced = choose(problem)
    assert priced.verify(problem)
    assert priced.method == "price and bound"
    assert priced.value <= exact.value <= priced.bound
    assert priced.gap < 0.002


def test_price_search_without_time_still_bounds(town):
    problem = cover(town)
    core = core_of(problem, problem.pairs)
    columns, bound = price_cover(core, 12, Run(time_limit_s=0.0))
    covered = core.weight[covered_by(core.cover, columns)].sum()
    assert len(columns) == 12
    assert covered <= choose(problem).value <= bound


@pytest.mark.parametrize(("count", "reach"), [(1, None), (7, None), (25, None), (7, 3000.0)])
def test_median_by_bound_agrees_with_the_whole_program(town, count, reach, monkeypatch):
    instance, sparse_cost = town
    xy, sites = instance.demand_xy[:60], instance.site_xy[:60]
    cost = np.linalg.norm(xy[:, None] - sites[None], axis=2)
    if reach is not None:
        cost = sparse.csr_array(sparse_cost[:60][:, :60])
    wants = {"cost": cost, "people": instance.people[:60], "objective": "median", "n_new": count}
    problem = SitingProblem(**wants, penalty=reach)
    monkeypatch.setattr(nearest, "SMALL", 10**9)
    whole = choose(problem)
    monkeypatch.setattr(nearest, "SMALL", 0)
    bounded = choose(problem)
    assert bounded.verify(problem)
    assert bounded.value == pytest.approx(whole.value)
    assert bounded.bound == pytest.approx(whole.value)


def test_priced_median_agrees_with_the_whole_program(town, monkeypatch):
    instance, _ = town
    problem = cover(town, existing=instance.existing, objective="median", penalty=3000.0)
    exact = choose(problem)
    monkeypatch.setattr(nearest, "SMALL", 0)
    monkeypatch.setattr(nearest, "LARGE", 0)
    priced = choose(problem)
    assert priced.verify(problem)
    assert priced.method == "price and bound"
    assert priced.bound <= exact.value <= priced.value
    assert priced.gap < 0.002


@pytest.mark.parametrize("share", [0.3, 0.7, 0.95])
def test_priced_share_agrees_with_the_whole_program(town, share, monkeypatch):
    problem = cover(town, objective="cover_all", n_new=None, share=share)
    exact = choose(problem)
    monkeypatch.setattr(covering, "LARGE", 0)
    priced = choose(problem)
    assert priced.verify(problem)
    assert priced.method == "search and bound"
    assert priced.bound <= exact.value <= priced.value
    assert priced.value - priced.bound <= max(2, 0.05 * exact.value)


HIGHS_ASTRAY = """
    6 9 / 0 1 / 3 8 10 11 / 3 4 9 / 2 5 / 2 4 6 / 1 10 / 7 11 / 7 10 / 5 6 / 3 9 11 / 0 8
"""


@pytest.mark.parametrize("apart", [0, 10**9])
def test_a_start_does_not_lead_to_a_value_that_no_point_has(apart, monkeypatch):
    monkeypatch.setattr(solver, "APART", apart)
    program = Program()
    x = program.add_columns(12, cost=1.0, whole=True)
    for row in HIGHS_ASTRAY.split("/"):
        cols = x[[int(c) for c in row.split()]]
        program.add_rows(1, [(np.zeros(len(cols), dtype=int), cols, np.ones(len(cols)))], low=1.0)
    start = np.isin(np.arange(12), [0, 1, 2, 3, 6, 7]).astype(float)
    answer = solver.solve(program, Run(), start=start)
    assert (answer.status, answer.value, answer.bound) == ("optimal", 6.0, 6.0)
    assert answer.x.sum() == 6.0


@pytest.mark.parametrize("widest", [0, 10**9])
@pytest.mark.parametrize("share", [0.3, 0.9, 0.999])
def test_share_by_multipliers_bounds_and_comes_near(town, share, widest, monkeypatch):
    """With pieces, and where all of them are too wide to be looked at."""
    problem = cover(town, objective="cover_all", share=share, n_new=None)
    fewest = choose(problem).value
    monkeypatch.setattr(covering, "LARGE", 0)
    monkeypatch.setattr(pieces, "WIDEST", widest)
    plan = choose(problem)
    assert plan.verify(problem)
    assert 0.9 * fewest <= plan.bound <= fewest <= plan.value <= 1.05 * fewest + 1


@pytest.mark.parametrize("changes", [{}, {"limit": 8000.0}, {"required": [7, 300], "n_new": 5}])
def test_prices_and_narrowing_without_rules_agree_with_the_whole_program(changes, monkeypatch):
    """Between one program and a price per site, where few sites reach many points."""
    instance = make(500, 520, 60)
    wants = {"people": instance.people, "limit": 5000.0, "n_new": 12} | changes
    problem = SitingProblem(cost=distances(instance, wants["limit"]), **wants)
    whole = choose(problem)
    monkeypatch.setattr(covering, "MIDDLE", 0)
    narrow = choose(problem)
    assert narrow.verify(problem)
    assert (narrow.value, narrow.bound, narrow.status) == (whole.value, whole.value, "optimal")
