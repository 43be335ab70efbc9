"""Coverage and the gap list on a toy city whose answers fit on paper, and the laws they keep."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.audit import full_coverage
from analysis.coverage import open_rooms, serves_by_distance
from analysis.gaps import compare_gaps
from analysis.journey import catchments_of, hotspots_of, survey
from analysis.scenario import scenario_of
from worlds import toy_frames, toy_study

DAY = dt.date(2019, 5, 31)
STEP_M = 1111.950802  # 0.01 degrees on a meridian


def measured(study=None, **options):
    study = study or toy_study()
    return survey(study, scenario_of(study, **{"as_of": DAY, **options}))


def test_rooms_count_from_their_opening_day():
    rooms = toy_study().rooms
    assert list(open_rooms(rooms, DAY).index) == ["r1", "r2", "r3", "r4"]
    assert list(open_rooms(rooms, dt.date(2024, 1, 1)).index) == ["r1", "r2", "r3", "r4", "r5"]
    rooms.loc["r1", "is_open"] = False
    assert "r1" not in open_rooms(rooms, DAY).index


def test_trade_rooms_and_outposts_cover_nobody_by_distance():
    study = toy_study()
    serving = serves_by_distance(study.rooms, study.units)
    assert serving.to_dict() == {"r1": True, "r2": True, "r3": False, "r4": False, "r5": True}


def test_a_room_in_another_county_covers_nobody_there():
    study = toy_study()
    study.rooms.loc["r2", "located_unit_id"] = "A1"
    assert not serves_by_distance(study.rooms, study.units)["r2"]


def test_paper_answers_for_the_city():
    result = measured()
    city = result.by_level["city"].loc["C"]
    assert city["people"] == 2000
    assert city["people_covered"] == 1100
    assert city["share_covered"] == pytest.approx(0.55)
    assert city["modelled_share"] == pytest.approx(0.1)
    assert city["covered_modelled_share"] == pytest.approx(100 / 1100)
    assert city["rooms"] == 4
    assert city["rooms_reported"] == 3
    assert city["rooms_without_point"] == 1
    assert city["cases"] == 4
    assert city["cases_open"] == 1
    assert city["cases_handled"] == 2
    assert city["share_handled"] == pytest.approx(2 / 3)
    assert city["activities"] == 1
    assert city["mean_m"] == pytest.approx((500 * STEP_M + 400 * 10 * STEP_M) / 2000)
    assert city["worst_m"] == pytest.approx(10 * STEP_M)
    assert list(result.later.index) == ["r5"]


def test_paper_answers_by_county_and_township():
    result = measured()
    county = result.by_level["county"]
    assert list(county.index) == ["A", "B"]
    assert county["people_covered"].tolist() == [1000, 100]
    assert county["rooms"].tolist() == [2, 2]
    assert county["own_rooms"].tolist() == [0, 0]  # a trade room and an outpost
    audit = full_coverage(toy_study().units, result.rooms)["status"].to_dict()
    assert {unit for unit, status in audit.items() if status == "has"} == {"A1", "B1"}
    township = result.by_level["township"]
    assert township["share_covered"].tolist() == pytest.approx([2 / 3, 0, 0.5])
    assert np.isnan(township.loc["A2", "people_per_room"])


def test_paper_answers_for_what_is_sure():
    """The people of B1 live near its room or 11 km away: nobody knows which."""
    result = measured(limit_urban_m=1500.0)
    city = result.by_level["city"].loc["C"]
    assert city[["people_certain", "people_covered", "people_possible"]].tolist() == [
        *(1000, 1600, 1700),
    ]
    assert city["share_certain"] == pytest.approx(0.5)
    assert city["share_possible"] == pytest.approx(0.85)
    gap = result.gaps.loc["B1"]
    assert gap[["uncovered_least", "people_uncovered", "uncovered_most"]].tolist() == [0, 100, 200]
    assert result.gaps.loc["v3", ["uncovered_least", "uncovered_most"]].tolist() == [300, 300]


def test_the_longest_likely_way_decides_what_is_certain():
    way = 1.6 * STEP_M  # from v2 to r1 in the plain
    assert measured(limit_urban_m=way + 0.1).coverage.certain["d2"]
    assert not measured(limit_urban_m=way - 0.1).coverage.certain["d2"]
    study = toy_study()
    study = replace(study, settings={**study.settings, "travel": {"units": {"A1": "hills"}}})
    assert not measured(study, limit_urban_m=way + 0.1).coverage.certain["d2"]


def test_better_positions_narrow_the_interval():
    frames = toy_frames()
    frames["demand"]["location_basis"] = "register"
    rough, located = (
        measured(study, limit_urban_m=1500.0).by_level["city"].loc["C"]
        for study in (toy_study(), toy_study(**frames))
    )
    assert located["people_covered"] == rough["people_covered"] == 1600
    assert [located["people_certain"], located["people_possible"]] == [1100, 1600]


def test_the_limit_is_inclusive():
    study = toy_study()
    exact = survey(study, scenario_of(study, as_of=DAY)).coverage.nearest_m["d2"]
    assert measured(limit_urban_m=float(exact)).coverage.covered["d2"]
    assert not measured(limit_urban_m=float(np.nextafter(exact, 0))).coverage.covered["d2"]


def test_paper_answers_for_the_gaps():
    gaps = measured().gaps
    assert gaps.index.tolist() == ["v2", "v3", "B1"]
    assert gaps["rank"].tolist() == [1, 2, 3]
    assert gaps["people_uncovered"].tolist() == [500, 300, 100]
    assert gaps["share_uncovered"].tolist() == [1, 1, 0.5]
    assert gaps["reason"].tolist() == ["far", "far", "partly"]
    assert gaps["nearest_room"].tolist() == ["r1", "r1", "r2"]
    assert gaps["site_id"].tolist() == ["s1", "s2", "s4"]
    assert gaps["site_people"].tolist() == [500, 300, 100]
    assert gaps["cases"].tolist() == [3, 0, 0]
    assert gaps["location_basis"].tolist() == ["register", "register", "modelled"]
    assert gaps["county"].tolist() == ["甲县", "甲县", "乙县"]
    assert not gaps["is_rest"].any()
    assert gaps.geometry["B1"].y == pytest.approx(25.15)


def test_two_lists_say_what_is_closed_new_and_still_open():
    new = measured().gaps
    earlier = {"v2": 700.0, "v1": 60.0, "B1": np.nan, "torn-down": 9.0}
    old = pd.DataFrame({"people_uncovered": earlier}).assign(name="旧名")
    both = compare_gaps(old, new, toy_study().units)
    assert both.index.tolist() == ["v2", "v3", "B1", "v1", "torn-down"]
    assert both["change"].tolist() == ["open", "new", "open", "closed", "gone"]
    assert both["people_before"].tolist()[:2] == [700, 0]
    assert np.isnan(both.loc["B1", "people_before"])
    assert both["people_uncovered"].tolist()[:4] == [500, 300, 100, 0]
    assert np.isnan(both.loc["torn-down", "people_uncovered"])
    assert both.loc["v1", ["name", "county", "level"]].tolist() == ["旧名", "甲县", "village"]
    pd.testing.assert_frame_equal(both.loc[new.index, new.columns], new, check_dtype=False)


def test_a_list_against_itself_and_against_nothing():
    new, units = measured().gaps, toy_study().units
    assert set(compare_gaps(new, new, units)["change"]) == {"open"}
    assert set(compare_gaps(new.iloc[:0], new, units)["change"]) == {"new"}
    assert set(compare_gaps(new, new.iloc[:0], units)["change"]) == {"closed"}


def test_a_case_with_a_point_and_no_unit_is_assigned_and_a_stated_one_is_kept():
    frames = toy_frames()
    frames["cases"].loc["c1", "unit_id"] = None
    frames["cases"].loc["c2", "unit_id"] = "B1"  # the name wins over the point, which is in A1
    cases = toy_study(**frames).cases
    assert cases["unit_id"].loc[["c1", "c2", "c3"]].tolist() == ["A1", "B1", "v2"]
    assert cases["unit_id"].isna().loc["c4"]  # no point, no unit


def test_a_township_beside_its_known_villages_is_the_rest():
    frames = toy_frames()
    frames["demand"].loc["d2", "unit_id"] = "A1"
    gaps = measured(toy_study(**frames)).gaps
    assert gaps["is_rest"].to_dict() == {"A1": True, "v3": False, "B1": False}


def test_a_case_counts_at_its_place_from_the_day_it_came():
    gaps = measured(as_of=dt.date(2025, 1, 5)).gaps
    assert gaps.loc["B1", ["cases", "cases_open"]].tolist() == [1, 1]


def test_no_room_at_all_is_said_so():
    study = toy_study()
    study.rooms["is_open"] = False
    result = measured(study)
    assert set(result.gaps["reason"]) == {"no_service"}
    assert np.isinf(result.coverage.nearest_m).all()
    assert result.by_level["city"].loc["C", "people_covered"] == 0


def test_unknown_people_are_counted_and_add_nothing():
    frames = toy_frames()
    frames["demand"].loc["d5", "people"] = float("nan")
    result = measured(toy_study(**frames))
    city = result.by_level["city"].loc["C"]
    assert city["people"] == 1900
    assert city["points_unknown"] == 1
    assert "B1" not in result.gaps.index


def test_full_coverage_leaves_no_gap():
    result = measured(limit_urban_m=50_000.0, limit_rural_m=50_000.0)
    assert result.gaps.empty
    assert result.by_level["city"].loc["C", "share_covered"] == 1


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(60, 20_000), min_size=2, max_size=2).map(sorted))
def test_coverage_never_falls_as_the_limit_grows(limits):
    low, high = (measured(limit_urban_m=x, limit_rural_m=x).coverage.covered for x in limits)
    assert (high | ~low).all()


@settings(max_examples=25, deadline=None)
@given(
    st.floats(60, 30_000),
    st.lists(st.booleans(), min_size=5, max_size=5),
    st.sampled_from(["plain", "hills", "mountains", [1, 1, 1]]),
)
def test_certain_is_covered_and_covered_is_possible(limit, spread, terrain):
    frames = toy_frames()
    basis = ["modelled" if flag else "register" for flag in spread]
    frames["demand"]["location_basis"] = basis
    study = toy_study(**frames)
    study = replace(study, settings={**study.settings, "travel": {"terrain": terrain}})
    result = measured(study, limit_urban_m=limit, limit_rural_m=limit)
    found = result.coverage
    assert (found.covered | ~found.certain).all()
    assert (found.possible | ~found.covered).all()
    for table in result.by_level.values():
        assert (table["people_certain"] <= table["people_covered"]).all()
        assert (table["people_covered"] <= table["people_possible"]).all()
    gaps = result.gaps
    assert (gaps["uncovered_least"] <= gaps["people_uncovered"]).all()
    assert (gaps["people_uncovered"] <= gaps["uncovered_most"]).all()
    wider = measured(study, limit_urban_m=limit * 1.2, limit_rural_m=limit * 1.2).coverage
    assert (wider.certain | ~found.certain).all()
    assert (wider.possible | ~found.possible).all()


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(5)), st.permutations(range(5)))
def test_shuffling_rows_changes_nothing(order, room_order):
    frames = toy_frames()
    straight = measured()
    frames["demand"] = frames["demand"].iloc[order]
    frames["rooms"] = frames["rooms"].iloc[room_order]
    shuffled = measured(toy_study(**frames))
    pd.testing.assert_frame_equal(straight.gaps, shuffled.gaps)
    for level in ("city", "county", "township"):
        pd.testing.assert_frame_equal(straight.by_level[level], shuffled.by_level[level])


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(0, 5000), min_size=5, max_size=5),
    st.floats(60, 20_000),
)
def test_people_are_conserved_at_every_level(people, limit):
    frames = toy_frames()
    frames["demand"]["people"] = [float(p) for p in people]
    result = measured(toy_study(**frames), limit_urban_m=limit, limit_rural_m=limit)
    for level in ("city", "county", "township"):
        table = result.by_level[level]
        assert table["people"].sum() == sum(people)
        assert (table["people_covered"] + table["people_uncovered"]).sum() == sum(people)
    assert (
        result.gaps["people_uncovered"].sum() == result.by_level["city"]["people_uncovered"].sum()
    )
    assert not result.gaps.index.duplicated().any()


def test_rooms_are_shared_by_all_who_can_come():
    study = toy_study()
    found = catchments_of(survey(study, scenario_of(study, as_of=DAY, limit_urban_m=2000.0)))
    # r1 serves v1 (at its door) and v2 (1,112 m of 2,000, the second ring); r2 half of B1.
    both, weighted = 1 / 1500, 1 / (1000 + 0.68 * 500)
    assert found["per_10k_2sfca"].tolist() == pytest.approx([1e4 * both, 0, 1e4 / 100 / 2])
    mean = weighted * (1000 + 0.68 * 500) / 1500
    assert found["per_10k_e2sfca"].tolist() == pytest.approx([1e4 * mean, 0, 1e4 / 100 / 2])


def test_shared_rooms_add_up_to_the_rooms_that_somebody_reaches():
    found = catchments_of(measured(), level="city").loc["C"]
    assert found["per_10k_2sfca"] * found["people"] / 1e4 == pytest.approx(2)
    assert found["per_10k_e2sfca"] * found["people"] / 1e4 == pytest.approx(2)


def test_a_hot_spot_is_found_where_cases_pile_up():
    windows = hotspots_of(measured(), simulations=99)
    assert windows.loc[0, "name"] == "二社区"
    assert windows.loc[0, "cases"] == 3
    assert windows.loc[0, "population"] == 500
