"""What one new room can do: people it holds, villages joined to it; on paper for the toy city."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pandas as pd
import pytest

from analysis.journey import proposal_of, survey
from analysis.scenario import scenario_of
from analysis.stages import stages_of
from geo.errors import ScenarioError
from worlds import toy_study

STUDY = toy_study()
MEASURED = survey(STUDY, scenario_of(STUDY, as_of=dt.date(2019, 5, 31), n_new=1))


def plan(**settings):
    return proposal_of(replace(MEASURED, scenario=replace(MEASURED.scenario, **settings)))


def test_a_full_room_serves_no_more():
    found = plan(room_capacity=200.0)
    assert found.sites["people_in_order"].tolist() == [200]
    # Existing rooms are held to nothing: everybody within their reach stays counted.
    assert (found.before, found.after, found.plan.value) == (1100, 1300, 1300)
    assert found.plan.verify(found.problem)


def test_the_sum_over_sites_is_what_the_plan_serves():
    found = plan(n_new=2, room_capacity=400.0)
    assert found.sites["people_in_order"].tolist() == [400, 300]
    assert found.gained == found.plan.value - found.before == 700
    # What would be lost without a site is not computed under capacities, and not guessed.
    assert found.sites[["people_alone", "people_lost", "runner_up_loss"]].isna().all(axis=None)


def test_a_large_room_changes_nothing():
    free, large = plan(n_new=3), plan(n_new=3, room_capacity=10_000.0)
    assert list(free.sites.index) == list(large.sites.index)
    assert free.after == large.after


def test_two_rooms_share_people_out_better_than_first_come_first_served():
    # Both sites reach v2's 500 people; each holds 300.
    frame = STUDY.sites.copy()
    twin = frame.loc[["s1"]].rename(index={"s1": "s1b"})
    study = replace(STUDY, sites=pd.concat([frame.loc[["s1"]], twin]))
    measured = survey(
        study, scenario_of(study, as_of=dt.date(2019, 5, 31), n_new=2, room_capacity=300.0)
    )
    found = proposal_of(measured)
    assert found.sites["people_in_order"].tolist() == [300, 200]
    assert found.after == 1600


@pytest.mark.parametrize(("join_m", "gained"), [(0.0, 800), (2_000.0, 300), (10_050.0, 800)])
def test_an_area_room_serves_only_villages_joined_to_it(join_m, gained):
    # From its own village (300 people) the site reaches another (500) 10.0 km away, and none
    # between them; the only room stands in the other county.
    study = replace(STUDY, rooms=STUDY.rooms.loc[["r2"]])
    scenario = scenario_of(
        study,
        as_of=dt.date(2019, 5, 31),
        n_new=1,
        kinds=("campus",),
        limit_urban_m=10_050.0,
        limit_rural_m=10_050.0,
        area_join_m=join_m,
    )
    found = proposal_of(survey(study, scenario))
    assert (found.before, found.gained) == (100, gained)
    assert found.plan.value == found.after
    assert found.plan.verify(found.problem)


def test_the_parts_of_an_area_plan_add_up():
    found = plan(n_new=3, area_join_m=500.0)
    assert found.after == found.plan.value
    assert found.gained == found.sites["people_in_order"].sum()


def test_stages_hold_capacities_too():
    table, _ = stages_of(plan(n_new=2, room_capacity=400.0), per_stage=1)
    assert table["added"].tolist() == [400, 300]


@pytest.mark.parametrize("wrong", [{"room_capacity": -1.0}, {"area_join_m": 60_000.0}])
def test_bounds(wrong):
    with pytest.raises(ScenarioError) as caught:
        plan(**wrong)
    assert caught.value.code == "scenario.bounds"
