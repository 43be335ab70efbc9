"""Coverage by group and setting on the toy city, what the parts add up to, and what is furthest."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.breakdown import coverage_by_group
from analysis.coverage import costs_by_unit
from analysis.journey import catchments_of, groups_of, survey
from analysis.scenario import scenario_of
from worlds import toy_frames, toy_study

DAY = dt.date(2019, 5, 31)
STEP_M = 1111.950802


def measured(study=None, **options):
    study = study or toy_study()
    return survey(study, scenario_of(study, **{"as_of": DAY, **options}))


def with_students(people):
    """The toy city with the second village's people told as students."""
    frames = toy_frames()
    frames["demand"].loc["d2", "group"] = "student"
    frames["demand"].loc["d2", "people"] = people
    return toy_study(**frames)


def by_group(study, level="county", **options):
    found = measured(study, **options)
    return coverage_by_group(study.units, study.demand, found.coverage, level=level)


def test_paper_answers_by_county_group_and_setting():
    table = by_group(with_students(500.0))
    keys = table[["unit_id", "group", "setting"]].to_numpy().tolist()
    assert keys == [
        ["A", "resident", "rural"],
        ["A", "student", "urban"],
        ["B", "resident", "rural"],
    ]
    assert table["people"].tolist() == [1300, 500, 200]
    assert table["people_certain"].tolist() == [1000, 0, 0]
    assert table["people_covered"].tolist() == [1000, 0, 100]
    assert table["people_possible"].tolist() == [1000, 0, 200]
    assert table["share_covered"].tolist() == pytest.approx([10 / 13, 0, 0.5])
    assert table["modelled_share"].tolist() == [0, 0, 1]
    assert table["points"].tolist() == [2, 1, 2]
    assert table["points_unknown"].tolist() == [0, 0, 0]
    assert table["mean_m"].tolist() == pytest.approx([3000 / 1300 * STEP_M, STEP_M, 5 * STEP_M])
    assert table["name"].tolist() == ["甲县", "甲县", "乙县"]
    assert (table["level"] == "county").all()


def test_unknown_people_of_a_group_stay_unknown():
    table = by_group(with_students(float("nan"))).set_index("group").loc["student"]
    assert table[["people", "people_covered", "share_covered", "mean_m"]].isna().all()
    assert table[["points", "points_unknown"]].tolist() == [1, 1]


def test_unknown_beside_known_people_adds_nothing_and_is_counted():
    frames = toy_frames()
    frames["demand"].loc["d5", "people"] = float("nan")
    row = by_group(toy_study(**frames)).set_index("unit_id").loc["B"]
    assert row[["people", "people_covered", "points_unknown"]].tolist() == [100, 100, 1]


def test_the_journey_breaks_down_every_level():
    found = groups_of(measured())
    assert found["level"].unique().tolist() == ["city", "county", "township"]
    assert found.groupby("level")["people"].sum().tolist() == [2000, 2000, 2000]


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.sampled_from([0.0, 0.3, 7.0, 1234.5, 1e6, float("nan")]), min_size=5, max_size=5),
    st.lists(st.sampled_from(["resident", "student", "worker"]), min_size=5, max_size=5),
    st.lists(st.sampled_from(["urban", "rural"]), min_size=5, max_size=5),
    st.permutations(range(5)),
)
def test_the_parts_of_a_unit_add_up_to_it(people, group, setting, order):
    frames = toy_frames()
    frames["demand"] = frames["demand"].assign(people=people, group=group, setting=setting)
    study = toy_study(**frames)
    found = measured(study)
    for level, whole in found.by_level.items():
        table = coverage_by_group(study.units, study.demand, found.coverage, level=level)
        for column in ("people", "people_certain", "people_covered", "people_possible"):
            parts = table.groupby("unit_id")[column].sum().reindex(whole.index, fill_value=0)
            assert np.allclose(parts, whole[column], rtol=1e-9, atol=1e-9)
        assert table["points"].sum() == 5
        known = table[table["people"] > 0]
        assert (known["share_certain"] <= known["share_covered"]).all()
        assert (known["share_covered"] <= known["share_possible"]).all()
    frames["demand"] = frames["demand"].iloc[order]
    mixed = toy_study(**frames)
    pd.testing.assert_frame_equal(
        by_group(study), by_group(mixed), check_dtype=False, rtol=1e-9, atol=1e-6
    )


rows = st.lists(
    st.tuples(
        st.sampled_from("AB"),
        st.one_of(st.just(0.0), st.floats(0.5, 1000), st.just(float("nan"))),
        st.one_of(st.integers(0, 5).map(float), st.just(float("inf"))),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=200, deadline=None)
@given(rows)
def test_quantiles_over_people_are_those_of_people_written_out(given_rows):
    unit, people, cost = (pd.Series(values) for values in zip(*given_rows, strict=True))
    found = costs_by_unit(people, cost, unit, place=pd.Series([f"p{n:02d}" for n in unit.index]))
    for name in "AB":
        lived = [
            (metres, -n, weight)
            for n, (where, weight, metres) in enumerate(given_rows)
            if where == name and weight > 0
        ]
        if not lived:
            assert name not in found.index
            continue
        total, so_far, answers = sum(w for _, _, w in lived), 0.0, {}
        for metres, _, weight in sorted(lived):
            so_far += weight
            for label, part in (("median", 0.5), ("p95", 0.95)):
                if so_far >= part * total * (1 - 1e-9):
                    answers.setdefault(label, metres)
        assert found.loc[name, ["median", "p95"]].to_dict() == answers
        assert found.loc[name, "worst"] == max(metres for metres, _, _ in lived)
        assert found.loc[name, "place"] == f"p{-max(lived)[1]:02d}"
        mean = sum(metres * weight for metres, _, weight in lived) / total
        assert found.loc[name, "mean"] == pytest.approx(mean)


def test_the_furthest_place_is_named():
    counties = measured().by_level["county"]
    assert counties["worst_place"].tolist() == ["v3", "B1"]
    assert counties["worst_m"].tolist() == pytest.approx([10 * STEP_M] * 2)
    assert counties["worst_min"].tolist() == pytest.approx(
        [10 * STEP_M * 1.32 * 0.06 / 4] * 2, rel=1e-6
    )


def test_the_modified_catchment_counts_a_far_room_for_less():
    study = toy_study()
    found = catchments_of(survey(study, scenario_of(study, as_of=DAY, limit_urban_m=2000.0)))
    ratio = 1 / (1000 + 0.68 * 500)  # r1: v1 at its door, v2 in the second ring
    expected = ratio * (1000 + 0.68**2 * 500) / 1500
    assert found.loc["A1", "per_10k_m2sfca"] == pytest.approx(1e4 * expected)
    assert (found["per_10k_m2sfca"] <= found["per_10k_e2sfca"]).all()
    assert found.loc["A1", ["rooms", "people_per_room"]].tolist() == [1, 1500]
