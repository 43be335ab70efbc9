"""Standards beside each other on the toy city, and what its study says about ways."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.detours import detours_at
from analysis.journey import survey
from analysis.scenario import scenario_of
from analysis.standards import Standard, compare_standards
from geo.detours import DETOURS, TravelError
from worlds import toy_frames, toy_study

DAY = dt.date(2019, 5, 31)
WAY_M = 1.32 * 1111.950802  # from v2 to its room, by the best detour of the plain


def compared(*standards, study=None, **options):
    study = study or toy_study()
    table = compare_standards(study, scenario_of(study, as_of=DAY, **options), standards)
    return table.set_index(["standard", "unit_id"])


def city(name, **standard):
    return compared(Standard(name, **standard)).loc[(name, "C")]


def test_the_scenarios_own_limits_give_what_the_survey_gives():
    study = toy_study()
    measured = survey(study, scenario_of(study, as_of=DAY)).by_level
    own = compared(Standard("own")).loc["own"]
    for level in ("city", "county"):
        expected = measured[level]
        for column in ("people", "people_certain", "people_covered", "people_possible"):
            assert own.loc[expected.index, column].tolist() == expected[column].tolist()
    assert list(own.index) == ["C", "A", "B"]


def test_minutes_are_metres_of_way_by_the_best_detour():
    minutes = WAY_M / 4000 * 60
    assert city("walk", minutes=minutes * 1.001)["people_covered"] == 1600
    assert city("walk", minutes=minutes * 0.999)["people_covered"] == 1100
    assert city("walk", minutes=minutes)["people_certain"] == 1000
    assert city("walk", minutes=minutes)["people_possible"] == 1700


def test_township_rooms_may_serve_their_whole_township():
    assert city("whole", whole_units=("township",))["people_certain"] == 1700
    # The county's only room is of a trade, the other an outpost: neither serves a whole county.
    assert city("whole", whole_units=("county",))["people_covered"] == 1100
    rooms = toy_frames()["rooms"]
    rooms.loc["r3", "kind"] = "township"
    study = toy_study(rooms=rooms)
    table = compared(Standard("whole", whole_units=("county",)), study=study)
    assert table.loc[("whole", "A"), "share_certain"] == 1


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(1, 240), min_size=2, max_size=2).map(sorted), st.booleans())
def test_more_minutes_reach_no_fewer_and_answers_stay_in_order(minutes, whole):
    units = ("township",) if whole else ()
    short, long = (Standard(str(n), minutes=m, whole_units=units) for n, m in enumerate(minutes))
    table = compared(short, long)
    for answer in ("certain", "covered", "possible"):
        assert (table.loc["0", f"people_{answer}"] <= table.loc["1", f"people_{answer}"]).all()
    assert (table["people_certain"] <= table["people_covered"]).all()
    assert (table["people_covered"] <= table["people_possible"]).all()
    assert (table["people_possible"] <= table["people"]).all()


def with_travel(**travel):
    study = toy_study()
    return replace(study, settings={**study.settings, "travel": travel})


def test_a_study_that_says_nothing_lies_in_the_plain():
    study = toy_study()
    table = detours_at(study)
    assert list(table.index) == list(study.demand.index)
    assert set(table["high"]) == {DETOURS["plain"].high}


def test_the_closest_unit_has_the_last_word():
    study = with_travel(terrain="hills", units={"A": "mountains", "A2": [1, 1.5, 3]})
    assert detours_at(study)["high"].tolist() == [2.6, 2.6, 3, 2, 2]
    assert detours_at(study)["best"].tolist() == [1.6, 1.6, 1.5, 1.44, 1.44]


@pytest.mark.parametrize("terrain", ["castle", [1, 2], [1, 2, "3"], [True, 1, 1], 1.3])
def test_what_is_no_terrain_is_refused(terrain):
    with pytest.raises(TravelError) as caught:
        detours_at(with_travel(units={"A": terrain}))
    assert caught.value.code == "travel.terrain"
    assert "plain, hills, mountains" in str(caught.value)


def test_a_terrain_of_no_unit_is_refused():
    with pytest.raises(TravelError) as caught:
        detours_at(with_travel(units={"Z": "hills"}))
    assert caught.value.code == "travel.unknown_unit"
