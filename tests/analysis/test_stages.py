"""Plans in stages on the toy city: nested, priced, and ending at the plan itself."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.journey import proposal_of, survey
from analysis.scenario import scenario_of
from analysis.siting import SitingProblem, choose
from analysis.siting.outlook import build_out
from analysis.stages import stage_numbers, stages_of
from geo.errors import ScenarioError
from geo.reach import great_circle_m
from worlds import toy_study


def plan(**wanted):
    study = toy_study()
    return proposal_of(survey(study, scenario_of(study, as_of=dt.date(2019, 5, 31), **wanted)))


def test_each_stage_adds_the_best_room_left():
    # 1,100 people are within reach already; s1 adds 500, s2 300, s4 100.
    table, sites = stages_of(plan(n_new=3), per_stage=1)
    assert table["names"].tolist() == ["二社区", "玩具学院", "乙村"]
    assert table["value"].tolist() == [1600, 1900, 2000]
    assert table["added"].tolist() == [500, 300, 100]
    assert table["price"].tolist() == [0, 0, 0]
    assert sites["stage"].to_dict() == {"s1": 1, "s2": 2, "s4": 3}


def test_required_sites_come_first():
    table, sites = stages_of(plan(n_new=3, required=("s4",)), per_stage=1)
    assert sites["stage"].to_dict() == {"s4": 1, "s1": 2, "s2": 3}
    assert table["added"].tolist() == [100, 500, 300]
    # More required sites than a stage holds: the better one goes first, nothing else does.
    _, sites = stages_of(plan(n_new=3, required=("s2", "s4")), per_stage=1)
    assert sites["stage"].to_dict() == {"s2": 1, "s4": 2, "s1": 3}


def test_fewest_rooms_for_a_share_are_staged_too():
    proposal = plan(objective="cover_all", target_share=0.95)
    table, sites = stages_of(proposal, per_stage=2)
    assert table["n_new"].tolist() == [2]
    assert set(sites.index) == set(proposal.sites.index)


def test_the_last_stage_takes_what_is_left():
    assert stage_numbers(7, 3) == [3, 6, 7]
    assert stage_numbers(6, 3) == [3, 6]
    assert stage_numbers(2, 3) == [2]


def test_no_stages_of_no_rooms():
    with pytest.raises(ScenarioError) as caught:
        stages_of(plan(n_new=1), per_stage=0)
    assert caught.value.code == "stages.none"


STEP_M = 1111.950802
ACROSS_M = great_circle_m([[118.05, 25.15]], [[118.15, 25.15]])[0]


def test_least_distance_is_staged_in_metres_a_head():
    table, sites = stages_of(plan(objective="median", n_new=2), per_stage=1)
    # s2 takes 300 people 10 steps off, s4 then 100 people the way across.
    assert sites["stage"].to_dict() == {"s2": 1, "s4": 2}
    paid = np.array([500 * STEP_M + 100 * ACROSS_M, 500 * STEP_M]) / 2000
    assert table["mean_m"].to_numpy() == pytest.approx(paid)
    assert table["shorter_m"].iloc[1] == pytest.approx(100 * ACROSS_M / 2000)
    assert table["price_m"].tolist() == [0, 0]
    assert "value" not in table


def test_worst_distance_is_staged_and_of_equals_the_nearest_on_average():
    proposal = plan(objective="center", n_new=3)
    table, sites = stages_of(proposal, per_stage=1)
    assert table["worst_m"].iloc[-1] == proposal.plan.value
    assert (table["shorter_m"] >= 0).all()
    # Of single rooms that leave the worst-off as far, the one that saves most comes first.
    assert sites["stage"].idxmin() == "s2"


SMALL = st.sampled_from([0.0, 1.0, 2.0, 3.0, 5.0])


@given(
    cost=st.lists(st.lists(SMALL, min_size=5, max_size=5), min_size=4, max_size=4),
    gone=st.sets(st.tuples(st.integers(0, 3), st.integers(0, 4)), max_size=8),
    people=st.lists(st.integers(1, 9), min_size=4, max_size=4),
    objective=st.sampled_from(["median", "center"]),
    room=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_distances_in_stages_are_the_best_subsets(cost, gone, people, objective, room):
    away = np.array(cost)
    for pair in gone:
        away[pair] = np.inf
    far = away[np.isfinite(away)].max(initial=0.0)

    def paid(sites):
        """Return worth and tie-break: nobody pays more than the farthest pair there is."""
        opened = [*sites, 4] if room else list(sites)
        near = np.minimum(away[:, opened].min(axis=1, initial=np.inf), far)
        total = float((near * people).sum())
        return (float(near.max()), total) if objective == "center" else (total, total)

    problem = SitingProblem(
        cost=np.where(np.isfinite(away), away, np.inf),
        people=people,
        objective=objective,
        n_new=3,
        existing=[4] if room else [],
        penalty=far,
    )
    last = choose(problem).sites
    table = build_out(replace(problem, penalty=None), [1, 2, 3], last=last)
    after = set(last.tolist())
    for number in (2, 1):
        row = table.loc[number]
        stage = set(row["sites"])
        assert stage < after
        assert paid(stage) == pytest.approx(min(paid(s) for s in combinations(after, number)))
        assert row["value"] == pytest.approx(paid(stage)[0])
        free = np.setdiff1d(np.arange(5), problem.existing).tolist()
        assert row["best"] == pytest.approx(min(paid(s) for s in combinations(free, number))[0])
        assert row["price"] == pytest.approx(row["value"] - row["best"])
        after = stage


@given(
    near=st.lists(st.lists(st.booleans(), min_size=5, max_size=5), min_size=6, max_size=6),
    people=st.lists(st.integers(0, 9), min_size=6, max_size=6),
    required=st.sets(st.integers(0, 4), max_size=3),
)
@settings(max_examples=60, deadline=None)
def test_every_prefix_is_the_best_of_the_next_and_never_beats_the_free_optimum(
    near, people, required
):
    cost = np.where(np.array(near), 0.0, np.inf)
    problem = SitingProblem(cost=cost, people=people, limit=1.0, n_new=4, required=sorted(required))
    last = choose(problem).sites
    table = build_out(problem, [1, 2, 4], last=last)
    stages = [set(sites) for sites in table["sites"]]
    assert stages[0] < stages[1] < stages[2] == set(last.tolist())
    for number, sites in zip([1, 2], stages, strict=False):
        assert sites <= required if len(required) > number else required <= sites
    assert (table["price"] >= 0).all()
    assert table["price"].iloc[-1] == 0
    assert (table["value"] + table["price"] - table["best"]).abs().max() < 1e-9
