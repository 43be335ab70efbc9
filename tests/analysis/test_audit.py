"""Full coverage and checklist: paper answers, what is unknown stays so, bad input to its error."""

import datetime as dt
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.audit import (
    checklist_by_unit,
    checklist_items,
    checklist_of,
    checklist_scores,
    coverage_counts,
    full_coverage,
)
from analysis.coverage import open_rooms
from geo.errors import StudyError
from geo.read import read_study
from worlds import toy_frames

DATA = Path(__file__).parents[2] / "data"

UNITS = pd.DataFrame(
    [
        ("q", "City", "city", None, ""),
        ("n", "New", "township", "a", "set up in 2022"),
        ("a", "A", "county", "q", ""),
        ("a1", "A1", "township", "a", ""),
        ("a1v", "V", "village", "a1", ""),
        ("b", "B", "county", "q", ""),
        ("b1", "B1", "township", "b", ""),
        ("k", "K", "county", "q", ""),
    ],
    columns=["unit_id", "name", "level", "parent_id", "note"],
).set_index("unit_id")
UNITS["is_context"] = UNITS.index == "k"

ROOMS = pd.DataFrame(
    [
        ("h1", "county", "a", "a1v", True, "simulated"),
        ("h0", "county", "a", "a", True, "reported"),
        ("h2", "county", "b", "a", True, "derived"),
        ("t1", "township", "a1", "b1", True, "derived"),
        ("t2", "township", "b1", None, False, "reported"),
        ("v1", "village", "a1v", "a1v", True, "simulated"),
        ("v2", "village", "n", None, True, "reported"),
        ("k1", "county", "k", "k", True, "reported"),
    ],
    columns=["room_id", "level", "serves_unit_id", "located_unit_id", "is_open", "basis"],
).set_index("room_id")


def test_full_coverage_on_paper() -> None:
    found = full_coverage(UNITS, ROOMS)
    assert found.index.tolist() == ["a", "b", "n", "a1", "b1"]
    assert found["status"].to_dict() == {
        "a": "has",
        "b": "has",
        "n": "none_known",
        "a1": "has",
        "b1": "none_known",
    }
    assert found["rooms"].tolist() == [2, 1, 0, 1, 0]
    assert found["room_id"].tolist()[:2] == ["h0", "h2"]
    assert found["basis"].dropna().to_dict() == {"a": "reported", "b": "derived", "a1": "derived"}
    assert found["stands_elsewhere"].dropna().to_dict() == {"a": False, "b": True, "a1": True}
    assert found["lower_rooms"].to_dict() == {"a": 3, "b": 0, "n": 1, "a1": 1, "b1": 0}
    assert found.loc["n", "note"] == "set up in 2022"


def test_what_full_coverage_rests_on() -> None:
    counts = coverage_counts(full_coverage(UNITS, ROOMS))
    assert counts.index.tolist() == ["county", "township"]
    assert counts["units"].tolist() == [2, 3]
    assert counts["has"].tolist() == [2, 1]
    assert counts["none_known"].tolist() == [0, 2]
    assert counts["has_reported"].tolist() == [1, 0]
    assert counts["has_derived"].tolist() == [1, 1]
    parts = counts.filter(like="has_").sum(axis=1)
    pd.testing.assert_series_equal(parts, counts["has"], check_names=False)


def test_a_room_without_a_known_place_may_stand_anywhere() -> None:
    rooms = ROOMS.assign(is_open=True)
    found = full_coverage(UNITS, rooms)
    assert found.loc["b1", "status"] == "has"
    assert pd.isna(found.loc["b1", "stands_elsewhere"])


def test_trade_rooms_and_outposts_count_and_are_told_apart() -> None:
    special = pd.DataFrame(
        [
            ("s1", "village", "sector", "a", "a", True, "reported"),
            ("s2", "township", "outpost", "b1", "a1", True, "derived"),
            ("s3", "township", "outpost", "a1", None, True, "reported"),
            ("s4", "village", "sector", "a1v", "a1v", True, "reported"),
            ("s5", "township", "outpost", "n", "a1", False, "reported"),
        ],
        columns=["room_id", "level", "kind", *ROOMS.columns[1:]],
    ).set_index("room_id")
    found = full_coverage(UNITS, pd.concat([ROOMS.assign(kind="hub"), special]))
    assert found["status"].tolist() == ["has", "has", "none_known", "has", "special"]
    assert found["rooms"].tolist() == [2, 1, 0, 1, 0]
    assert found["special_rooms"].tolist() == [1, 0, 0, 1, 1]
    assert found.loc["b1", ["room_id", "kind", "basis"]].tolist() == ["s2", "outpost", "derived"]
    assert found.loc["b1", "stands_elsewhere"]
    assert found.loc["a1", ["room_id", "kind"]].tolist() == ["t1", "hub"]
    counts = coverage_counts(found)
    assert counts["special"].tolist() == [0, 1]
    assert (counts[["has", "special", "none_known"]].sum(axis=1) == counts["units"]).all()
    assert counts["has_derived"].tolist() == [1, 1]


def test_shuffling_rooms_changes_nothing() -> None:
    mixed = ROOMS.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(full_coverage(UNITS, mixed), full_coverage(UNITS, ROOMS))


def test_no_room_at_all_leaves_every_unit_without_a_known_one() -> None:
    found = full_coverage(UNITS, ROOMS.iloc[:0])
    assert (found["status"] == "none_known").all()
    assert found["basis"].isna().all()


def test_the_bundled_study_is_fully_covered_but_for_the_new_township() -> None:
    frames = read_study(DATA).frames
    rooms = open_rooms(frames["rooms"], dt.date(2019, 5, 31))
    found = full_coverage(frames["units"], rooms)
    counts = coverage_counts(found)
    assert counts["units"].to_dict() == {"county": 11, "township": 164}
    assert counts["has"].to_dict() == {"county": 11, "township": 163}
    assert found.loc[found["status"] == "none_known", "name"].tolist() == ["临海街道"]
    assert counts["has_simulated"].sum() == 0


SETTINGS = {
    "basis": "own",
    "haves": [{"key": "h1", "zh": "甲", "en": "One"}, {"key": "h2", "zh": "乙", "en": "Two"}],
    "systems": [{"key": "s1", "zh": "丙", "en": "Three"}],
}
LOOKED_AT = pd.DataFrame(
    {"h1": [True, True, False, None], "h2": [True, None, False, ""]}, index=list("wxyz")
)


def test_scores_keep_what_nobody_looked_at_apart() -> None:
    found = checklist_scores(LOOKED_AT, checklist_of(SETTINGS))
    assert found["haves_met"].tolist() == [2, 1, 0, 0]
    assert found["haves_unmet"].tolist() == [0, 0, 2, 0]
    assert found["haves_unknown"].tolist() == [0, 1, 0, 2]
    assert found["haves_share"].tolist()[:3] == [1, 1, 0]
    assert np.isnan(found.loc["z", "haves_share"])
    assert found["haves_low"].tolist() == [1, 0.5, 0, 0]
    assert found["haves_high"].tolist() == [1, 1, 0, 1]
    assert found["systems_unknown"].tolist() == [1] * 4
    assert found["systems_share"].isna().all()


def test_items_are_counted_over_the_rooms() -> None:
    found = checklist_items(LOOKED_AT, checklist_of(SETTINGS))
    assert found.index.tolist() == ["h1", "h2", "s1"]
    assert found["part"].tolist() == ["haves", "haves", "systems"]
    assert found.loc["h1", ["met", "unmet", "unknown"]].tolist() == [2, 1, 1]
    assert found.loc["h1", "share"] == pytest.approx(2 / 3)
    assert found.loc["s1", "unknown"] == 4
    assert found.loc["h2", "name_zh"] == "乙"


def test_items_are_counted_by_the_unit_a_room_serves() -> None:
    frames, own = toy_frames(), checklist_of(SETTINGS)
    rooms = frames["rooms"].assign(h1=["是", "否", "有", None, "TRUE"], h2=[1.0, 0.0, None, " ", 1])
    rooms.loc["r3", "is_open"] = False
    by_county = checklist_by_unit(frames["units"], rooms, own, level="county")
    counts = by_county.set_index(["unit_id", "item"])[["met", "unmet", "unknown"]]
    assert counts.loc["A"].to_numpy().tolist() == [[2, 0, 0], [2, 0, 0], [0, 0, 2]]
    assert counts.loc["B"].to_numpy().tolist() == [[0, 1, 1], [0, 1, 1], [0, 0, 2]]
    city = checklist_by_unit(frames["units"], rooms, own, level="city").set_index("item")
    assert city.index.tolist() == ["h1", "h2", "s1"]
    assert (city[counts.columns] == counts.groupby("item").sum()).all(axis=None)
    assert city["share"].tolist()[:2] == [pytest.approx(2 / 3)] * 2
    assert checklist_by_unit(frames["units"].iloc[:1], rooms, own, level="county").empty


def test_the_shipped_checklist_is_a_template_and_invents_no_eighth_system() -> None:
    settings = tomllib.loads((DATA / "checklist.toml").read_text(encoding="utf-8"))
    checklist = checklist_of(settings)
    assert checklist.basis == "template"
    assert (len(checklist.haves), len(checklist.systems)) == (8, 7)
    assert all(checklist.note)


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({}, "audit.checklist_empty"),
        ({"haves": [{"key": "a", "zh": "甲"}]}, "audit.checklist_item"),
        ({"systems": [{"key": " ", "zh": "甲", "en": "A"}]}, "audit.checklist_item"),
        ({**SETTINGS, "systems": SETTINGS["haves"]}, "audit.checklist_twice"),
    ],
)
def test_a_bad_checklist_ends_in_its_own_error(settings: dict, code: str) -> None:
    with pytest.raises(StudyError) as caught:
        checklist_of(settings)
    assert caught.value.code == code


def test_a_cell_that_says_neither_yes_nor_no_is_refused() -> None:
    rooms = LOOKED_AT.assign(h1=[True, "maybe", False, None])
    for count in (checklist_scores, checklist_items):
        with pytest.raises(StudyError) as caught:
            count(rooms, checklist_of(SETTINGS))
        assert caught.value.code == "audit.checklist_value"
        assert caught.value.facts["ids"] == "x"
