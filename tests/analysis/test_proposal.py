"""From study to plan and back: every demand a planner can make, on the toy city's paper answers."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.journey import proposal_of, survey
from analysis.proposal import propose
from analysis.rivals import compare
from analysis.scenario import Scenario, scenario_of
from analysis.service import ServiceRule
from geo.errors import InfeasibleError, ProblemError, ScenarioError
from geo.reach import great_circle_m
from worlds import toy_study

STEP_M = 1111.950802
STUDY = toy_study()
MEASURED = survey(STUDY, scenario_of(STUDY, as_of=dt.date(2019, 5, 31), n_new=1))


def plan(**settings):
    found = proposal_of(replace(MEASURED, scenario=replace(MEASURED.scenario, **settings)))
    assert found.plan.verify(found.problem)
    return found


def test_most_people():
    found = plan(n_new=2)
    assert list(found.sites.index) == ["s1", "s2"]
    assert found.sites["people_in_order"].tolist() == [500, 300]
    assert (found.before, found.after, found.gained) == (1100, 1900, 800)
    assert found.plan.gap == 0
    assert found.sites["runner_up_name"].tolist() == ["乙村", "乙村"]


def test_rooms_that_serve_their_whole_unit_stay_in_every_plan():
    """Everybody in A has a room; of least distance, such a room stands where it did."""
    usual = plan(objective="median")
    scenario = replace(MEASURED.scenario, rules=(ServiceRule("whole"),))
    whole = survey(STUDY, scenario)
    found = proposal_of(whole)
    assert found.before == whole.by_level["city"]["people_covered"].iloc[0]
    assert found.plan.value == found.after
    by_distance = proposal_of(replace(whole, scenario=replace(scenario, objective="median")))
    assert by_distance.plan.value == usual.plan.value


def test_required_and_forbidden():
    assert list(plan(required=("s4",)).sites.index) == ["s4"]
    assert list(plan(forbidden=("s1",)).sites.index) == ["s2"]
    assert plan(forbidden=("s3", "gone")).gained == 500
    with pytest.raises(ScenarioError, match="s9"):
        plan(required=("s9",))
    with pytest.raises(ScenarioError, match="s3"):
        plan(required=("s3",))


def test_a_required_site_of_another_kind_takes_part():
    assert list(plan(kinds=("campus",), required=("s4",)).sites.index) == ["s4"]


def test_quotas_by_kind_and_county():
    assert list(plan(quotas=(("campus", 1, None),)).sites.index) == ["s2"]
    assert list(plan(quotas=(("B", 1, 1),)).sites.index) == ["s4"]
    with pytest.raises((InfeasibleError, ProblemError)):
        plan(quotas=(("campus", 2, None),), n_new=2)


def test_budget_and_costs():
    costs = (("community", 10.0), ("campus", 1.0), ("village", 1.0))
    assert list(plan(n_new=3, budget=2.0, kind_costs=costs).sites.index) == ["s2", "s4"]
    with pytest.raises(ScenarioError, match="campus"):
        plan(budget=2.0, kind_costs=(("community", 1.0),))


def test_fewest_rooms_for_a_share():
    found = plan(objective="cover_all", target_share=0.8)
    assert (found.plan.value, list(found.sites.index)) == (1, ["s1"])
    assert plan(objective="cover_all", target_share=1.0).plan.value == 3


def test_floor_in_every_county():
    found = plan(floor_share=0.8, n_new=2)
    assert set(found.sites.index) == {"s1", "s4"}


def test_least_distance_and_worst_distance():
    median = plan(objective="median", n_new=1)
    # s1 saves 500 people 1 step, s2 saves 300 people 10 steps.
    assert list(median.sites.index) == ["s2"]
    across = great_circle_m([[118.05, 25.15]], [[118.15, 25.15]])[0]  # also nearer for d5
    assert median.plan.value == pytest.approx(500 * STEP_M + 100 * across)
    assert np.isnan(median.sites["people_lost"]).all()
    assert median.sites["people_in_order"].tolist() == [300]  # d3; d5 stays out of reach
    center = plan(objective="center", n_new=2)
    assert set(center.sites.index) == {"s2", "s4"}
    assert center.plan.value == pytest.approx(STEP_M)
    # Without s2 nobody helps the worst-off: of plans as good, the one that saves the most.
    settled = plan(objective="center", n_new=1, forbidden=("s2",))
    assert settled.plan.gap == 0
    assert list(settled.sites.index) == ["s4"]
    assert list(plan(objective="center", n_new=1, forbidden=("s2", "s4")).sites.index) == ["s1"]


def test_cases_weigh():
    assert list(plan(kinds=("campus", "village")).sites.index) == ["s2"]
    heavy = plan(case_weight=1000.0)
    assert list(heavy.sites.index) == ["s1"]
    assert heavy.sites["people_in_order"].tolist() == [500]


def test_the_planners_own_place():
    own = (("自选", 118.15, 25.15),)
    found = plan(own_sites=own, required=("自选",))
    assert list(found.sites.index) == ["自选"]
    assert found.gained == 100
    assert found.sites["county"].tolist() == ["乙县"]
    with pytest.raises(ScenarioError):
        Scenario(own_sites=(("nowhere", 500.0, 0.0),))


def test_the_planners_own_choice_is_scored_alike():
    scored = propose(
        STUDY,
        MEASURED.scenario,
        MEASURED.ways,
        MEASURED.serving,
        MEASURED.coverage,
        given=("s2", "s4"),
    )
    assert (scored.plan.method, scored.gained) == ("given", 400)
    assert scored.plan.faults
    best = plan(n_new=2)
    assert best.gained >= scored.gained


def test_two_plans_side_by_side():
    rivals = compare(STUDY, plan(n_new=2), plan(n_new=2, required=("s4",)))
    assert list(rivals.both.index) == ["s1"]
    assert list(rivals.only_first.index) == ["s2"]
    assert list(rivals.only_second.index) == ["s4"]
    table = rivals.by_county
    assert table.loc["A", ["first", "second", "gained", "lost"]].tolist() == [1800, 1500, 0, 300]
    assert table.loc["B", ["first", "second", "gained", "lost"]].tolist() == [100, 200, 100, 0]
    assert table["difference"].sum() == table["gained"].sum() - table["lost"].sum()
    assert table["wins"].to_dict() == {"A": "first", "B": "second"}
    assert rivals.by_township["difference"].to_dict() == {"A1": 0, "A2": -300, "B1": 100}
    assert rivals.by_township["wins"].to_dict() == {"A1": "same", "A2": "first", "B1": "second"}


def test_what_is_sure_and_possible_with_the_new_rooms_is_what_a_survey_with_them_finds():
    found = plan(n_new=2)
    assert found.after_certain <= found.after <= found.after_possible
    rooms = STUDY.rooms
    opened = rooms.iloc[[0] * len(found.sites)].set_axis(list(found.sites.index))
    opened = opened.assign(
        kind=found.sites["kind"],
        level="village",
        located_unit_id=found.sites["unit_id"],
        serves_unit_id=found.sites["unit_id"],
        opened=pd.NaT,
        geometry=found.sites.geometry,
    )
    later = survey(replace(STUDY, rooms=pd.concat([rooms, opened])), MEASURED.scenario)
    city = later.by_level["city"].iloc[0]
    assert found.after_certain == pytest.approx(city["people_certain"])
    assert found.after_possible == pytest.approx(city["people_possible"])
    assert found.after == pytest.approx(city["people_covered"])
