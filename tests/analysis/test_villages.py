"""Villages without a room of their own: whose is known, whose is not, and where nobody can tell."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.journey import survey, villages_of
from analysis.scenario import scenario_of
from worlds import toy_frames, toy_study


def found(as_of=dt.date(2024, 6, 1), **frames):
    study = toy_study(**frames)
    villages, counts = villages_of(survey(study, scenario_of(study, as_of=as_of)))
    return villages, counts


def with_rooms(*changes):
    """The toy's rooms with cells changed: (room, column, value)."""
    rooms = toy_frames()["rooms"]
    for room, column, value in changes:
        rooms.loc[room, column] = value
    return rooms


def test_paper_answers():
    villages, counts = found()
    assert villages["status"].to_dict() == {"v1": "none_known", "v2": "none_known", "v3": "has"}
    assert villages.loc["v3", ["rooms", "room_id", "basis"]].tolist() == [1, "r5", "simulated"]
    assert villages["people"].tolist() == [1000, 500, 300]
    assert villages["share_covered"].tolist() == [1, 0, 1]
    city = counts.loc["C"]
    assert city[["villages", "has", "has_simulated", "none_known"]].tolist() == [3, 1, 1, 2]
    assert city["people_none_known"] == 1500
    assert counts.loc["A2", "people_none_known"] == 0


def test_a_township_whose_villages_are_not_in_the_study_is_unknown_not_none():
    _, counts = found()
    names = ["villages", "has", "none_known", "people_none_known", "none_known_least"]
    assert counts.loc[["B", "B1"], names].isna().all(axis=None)
    assert counts["townships_unknown"].to_dict() == {
        **{"C": 1, "A": 0, "B": 1},
        **{"A1": 0, "A2": 0, "B1": 1},
    }
    assert "K" not in counts.index


def test_a_room_counts_from_its_day():
    villages, _ = found(as_of=dt.date(2019, 5, 31))
    assert set(villages["status"]) == {"none_known"}


def test_a_room_of_which_only_the_township_is_known_could_be_any_villages():
    rooms = with_rooms(("r5", "serves_unit_id", "A1"))
    villages, counts = found(rooms=rooms)
    assert set(villages["status"]) == {"none_known"}
    assert counts.loc["A1", ["none_known", "rooms_unnamed", "none_known_least"]].tolist() == [
        *(2, 1, 1),
    ]
    assert counts.loc["C", ["rooms_unnamed", "none_known_least"]].tolist() == [1, 2]


def test_an_area_room_serves_the_villages_it_names():
    rooms = with_rooms(("r5", "kind", "area")).assign(serves_also=[None] * 4 + ["v1; v2"])
    villages, counts = found(rooms=rooms)
    assert (villages["room_id"] == "r5").all()
    assert counts.loc["C", ["has", "none_known"]].tolist() == [3, 0]


@pytest.mark.parametrize("kind", ["sector", "outpost"])
def test_trade_rooms_and_outposts_are_no_villages(kind):
    villages, counts = found(rooms=with_rooms(("r5", "kind", kind)))
    assert set(villages["status"]) == {"none_known"}
    assert counts["rooms_unnamed"].sum() == 0


def test_the_best_known_room_is_named():
    rooms = toy_frames()["rooms"]
    second = rooms.loc[["r5"]].rename(index={"r5": "r0"}).assign(basis="reported", opened=pd.NaT)
    villages, _ = found(rooms=pd.concat([rooms, second]))
    assert villages.loc["v3", ["rooms", "room_id", "basis"]].tolist() == [2, "r0", "reported"]


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.sampled_from(["v1", "v2", "v3", "A1", "B1", "A"]), min_size=5, max_size=5),
    st.lists(st.sampled_from(["village", "area", "sector", "park"]), min_size=5, max_size=5),
    st.permutations(range(5)),
)
def test_counts_add_up_and_the_order_of_rooms_is_nothing(serves, kinds, order):
    rooms = toy_frames()["rooms"].assign(serves_unit_id=serves, kind=kinds)
    villages, counts = found(rooms=rooms)
    for level in ("city", "county", "township"):
        table = counts[counts["level"] == level]
        assert table["villages"].sum() == len(villages) == 3
        assert (table["has"] + table["none_known"]).sum() == 3
        assert table.filter(like="has_").sum(axis=None) == table["has"].sum()
        assert table["rooms_unnamed"].sum() <= counts.loc["C", "rooms_unnamed"]
    mixed, again = found(rooms=rooms.iloc[order])
    pd.testing.assert_frame_equal(villages, mixed)
    pd.testing.assert_frame_equal(counts, again)
