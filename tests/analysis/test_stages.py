"""Plans in stages on the toy city: nested, priced, and ending at the plan itself."""

from __future__ import annotations

import datetime as dt

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


@pytest.mark.parametrize(("wanted", "per_stage"), [({"objective": "median"}, 1), ({}, 0)])
def test_no_stages_for_other_aims_or_none_a_stage(wanted, per_stage):
    with pytest.raises(ScenarioError) as caught:
        stages_of(plan(n_new=1, **wanted), per_stage=per_stage)
    assert caught.value.code == "stages.none"


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
