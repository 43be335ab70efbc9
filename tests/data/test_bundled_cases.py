"""Simulated cases, activities and sites against the totals that were published."""

from __future__ import annotations

from collections import Counter

import geopandas as gpd
import pandas as pd
import pytest

from data.tables import read_facts
from geo.read import Tables
from geo.schema import CLOSED_STATES


@pytest.fixture(scope="session")
def cases(quanzhou: Tables) -> gpd.GeoDataFrame:
    return quanzhou.frames["cases"]


@pytest.fixture(scope="session")
def activities(quanzhou: Tables) -> pd.DataFrame:
    return quanzhou.frames["activities"]


def batch(frame: pd.DataFrame, code: str) -> pd.DataFrame:
    return frame[frame.index.str.startswith(f"{code}-")]


def test_quangang_2018_has_136_opinions_130_solved_and_7_suggestions(
    cases: gpd.GeoDataFrame,
) -> None:
    opinions = batch(cases, "qg18")
    assert len(opinions) == 136
    assert opinions["status"].isin(CLOSED_STATES).sum() == 130
    assert (opinions["outcome"] == "闭会期间建议").sum() == 7
    assert not (cases["status"] == "withdrawn")[opinions.index].any()


def test_quangang_visits_brought_126(cases: gpd.GeoDataFrame) -> None:
    visits = batch(cases, "qg19")
    assert len(visits) == 126
    assert (visits["channel"] == "走访").all()
    assert (visits["received"] >= "2019-01-01").all()


def test_quangang_has_nothing_beyond_its_published_totals(cases: gpd.GeoDataFrame) -> None:
    assert cases["room_id"].str.match(r"[a-z]350505").sum() == 136 + 126


def test_fengze_has_339_of_which_205_were_answered(cases: gpd.GeoDataFrame) -> None:
    opinions = batch(cases, "fz")
    assert len(opinions) == 339
    assert opinions["status"].isin(["fed_back", "filed"]).sum() == 205
    assert opinions["closed"].notna().sum() == 205
    assert opinions["room_id"].str.contains("350503").all()


def test_the_university_and_the_market_have_their_opinions(cases: gpd.GeoDataFrame) -> None:
    assert (cases["room_id"] == "r03").sum() == len(batch(cases, "mk")) == 61
    assert (cases["room_id"] == "r18").sum() == len(batch(cases, "dh")) == 56


def test_the_three_stories_are_told_and_were_solved(cases: gpd.GeoDataFrame) -> None:
    opinions = batch(cases, "qg18")
    traffic = opinions[opinions["note"].fillna("").str.contains("幼儿园")]
    water = opinions[opinions["note"].fillna("").str.contains("324国道")]
    jobs = opinions[opinions["note"].fillna("").str.contains("征迁群众")]
    assert set(traffic["room_id"]) == {"t350505001"}
    assert (traffic["placed_by"] == "address").all()
    assert water["unit_id"].nunique() == len(water) == 14
    assert water["unit_id"].str.startswith("350505106").all()
    assert len(jobs) == 25
    assert set(jobs["room_id"]) == {"t350505105"}
    told = pd.concat([traffic, water, jobs])
    assert told["status"].isin(CLOSED_STATES).all()


def test_other_counties_follow_the_published_rate(
    cases: gpd.GeoDataFrame, quanzhou: Tables
) -> None:
    people = quanzhou.frames["units"]["population"]
    for county in ("350502", "350524", "350582"):
        assert len(batch(cases, f"c{county}")) == round(136 / 354_296 * people[county])


def test_every_case_is_simulated_names_its_total_and_holds_no_satisfaction(
    cases: gpd.GeoDataFrame,
) -> None:
    assert (cases["basis"] == "simulated").all()
    assert cases["source"].notna().all()
    assert cases["satisfaction"].isna().all()


def test_a_case_keeps_the_precision_of_its_place(
    cases: gpd.GeoDataFrame, fact_points: set[tuple[float, float]]
) -> None:
    located = cases[cases.geometry.notna()]
    assert {(p.x, p.y) for p in located.geometry} <= fact_points
    assert located["location_basis"].notna().all()
    assert cases[cases.geometry.isna()]["location_basis"].isna().all()
    by_village = located[located["placed_by"] == "village"]
    assert (by_village["location_basis"] == "register").all()


def test_dates_are_in_order_and_only_closed_cases_have_an_end(cases: gpd.GeoDataFrame) -> None:
    done = cases["status"].isin(CLOSED_STATES)
    assert cases["closed"].notna().eq(done).all()
    assert (cases.loc[done, "closed"] >= cases.loc[done, "received"]).all()


def test_a_case_is_taken_by_a_room_that_was_open(cases: gpd.GeoDataFrame, quanzhou: Tables) -> None:
    opened = cases["room_id"].map(quanzhou.frames["rooms"]["opened"])
    assert not (opened > cases["received"]).any()


def test_a_room_meets_only_once_it_is_open(activities: pd.DataFrame, quanzhou: Tables) -> None:
    opened = activities["room_id"].map(quanzhou.frames["rooms"]["opened"])
    assert not (opened > activities["date"]).any()


def test_categories_have_two_levels_and_no_topic_twice(cases: gpd.GeoDataFrame) -> None:
    topics = cases["categories"].str.split(";")
    assert topics.map(lambda listed: all(t.count("/") == 1 for t in listed)).all()
    assert topics.map(lambda listed: len(set(listed)) == len(listed)).all()
    assert (topics.str.len() > 1).any()


def test_shenhu_held_61_activities_with_the_printed_labels(activities: pd.DataFrame) -> None:
    held = activities[activities["room_id"] == "t350582112"]
    labels = Counter(label for row in held["themes"] for label in row.split(";"))
    assert len(held) == 61
    assert labels == {"代表意见建议": 38, "联系选民": 25, "党委决策": 23, "乡村振兴": 17, "其他": 1}
    assert (held["livelihood"] == "true").sum() == 25
    assert (held["themes"].str.split(";").map(lambda row: len(set(row)) == len(row))).all()


def test_fengze_and_the_university_met_as_many_as_reported(activities: pd.DataFrame) -> None:
    fengze = batch(activities, "fz")
    assert fengze["themes"].value_counts().to_dict() == {"为民办实事": 159, "代表述职": 17}
    assert (fengze["deputies"].sum(), fengze["attendance"].sum()) == (252, 1862)
    assert batch(activities, "mk")["attendance"].sum() == 124
    market = batch(activities, "dh")
    assert market["attendance"].sum() == 84
    assert (pd.to_datetime(market["date"]).dt.day_name() == "Thursday").all()
    assert (activities["basis"] == "simulated").all()


def test_sites_are_the_trusted_villages_the_campuses_and_the_parks(
    quanzhou: Tables, fact_points: set[tuple[float, float]]
) -> None:
    sites = quanzhou.frames["sites"]
    kinds = sites["kind"].value_counts()
    assert kinds["village"] + kinds["community"] == 676
    assert (kinds["campus"], kinds["park"], len(sites)) == (26, 18, 720)
    located = sites[sites.geometry.notna()]
    assert {(p.x, p.y) for p in located.geometry} <= fact_points
    parks = sites[sites["kind"] == "park"]
    assert parks[parks.geometry.notna()]["name"].to_list() == ["安平开发区"]
    assert parks["note"].fillna("").str.contains("同一园区").sum() == 2
    assert sites["cost"].isna().all()


def test_a_campus_belongs_to_the_township_its_address_names(quanzhou: Tables) -> None:
    sites = quanzhou.frames["sites"].set_index("name")
    facts = read_facts("campuses").set_index("name")
    assert "康美镇" in facts.at["闽南科技学院(康美校区)", "address"]
    assert sites.at["闽南科技学院（康美校区）", "unit_id"] == "350583115"
    assert sites.at["黎明职业大学", "unit_id"] == "350503"
