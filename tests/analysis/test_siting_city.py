"""The same optimum as spopt at the size of a city: 2,400 demand points, 2,496 sites."""

from __future__ import annotations

import pytest

from analysis.siting import SitingProblem, choose
from benchmarks.bench_siting import LIMIT_M, peer_cover
from benchmarks.instances import city, distances


@pytest.mark.parametrize("rooms_kept", [True, False])
def test_maximal_covering_of_a_city(rooms_kept: bool) -> None:
    instance = city()
    cost = distances(instance, LIMIT_M)
    existing = instance.existing if rooms_kept else None
    problem = SitingProblem(
        cost=cost, people=instance.people, limit=LIMIT_M, n_new=50, existing=existing
    )
    plan = choose(problem, time_limit_s=120)
    n_open = 50 + (len(instance.existing) if rooms_kept else 0)
    _, optimum = peer_cover(instance, cost, n_open, rooms_kept)
    assert plan.verify(problem)
    assert (plan.status, plan.gap) == ("optimal", 0)
    assert plan.value == pytest.approx(optimum, abs=0.5)
