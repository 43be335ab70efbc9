"""Laws of reach: limits, rooms, speed, order, copies and place, whatever the city and standard."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.access import floating_catchments
from analysis.coverage import cover, coverage_by_unit, open_rooms, serves_by_distance
from analysis.journey import survey
from analysis.scenario import Scenario
from analysis.service import ServiceRule
from analysis.standards import compare_standards
from analysis.ways import reached, ways_of
from geo.reach import great_circle_m, nearest, reach_pairs
from geo.roads import build_network, nearest_by_road
from geo.roads_classes import SPEEDS_KMH
from road_worlds import grid_roads, scenarios, studies, with_roads_of

ANSWERS = ("certain", "covered", "possible")
FEW = settings(max_examples=25, deadline=None)


def answers(study, scenario):
    return cover(ways_of(study, scenario), open_rooms(study.rooms, scenario.as_of))


def no_lower(less, more):
    for name in ANSWERS:
        assert (getattr(less, name) <= getattr(more, name).reindex(less.covered.index)).all(), name


@FEW
@given(studies(), scenarios)
def test_answers_are_in_order(study, scenario):
    found = answers(study, scenario)
    assert (found.certain <= found.covered).all()
    assert (found.covered <= found.possible).all()


@FEW
@given(studies(), scenarios)
def test_covered_is_having_a_pair_within_reach(study, scenario):
    ways = ways_of(study, scenario)
    rooms = open_rooms(study.rooms, scenario.as_of)
    serving = rooms[serves_by_distance(rooms, study.units)]
    part = reached(ways, serving).part
    expected = np.diff(part.indptr) > 0
    assert cover(ways, rooms).covered.tolist() == expected.tolist()
    wide = reached(ways, serving, widest=1.25).part
    assert ((wide.data <= 1).sum(), (wide.data <= 1.25).all()) == (part.nnz, True)
    some = np.arange(0, len(study.demand), 2)
    assert (reached(ways, serving, rows=some).part != part[some]).nnz == 0


@FEW
@given(studies(), scenarios, st.floats(1, 3))
def test_longer_limits_reach_no_fewer(study, scenario, factor):
    def grown(rule):
        amount, unit = rule.amount
        most = {"m": 50_000, "min": 240}[unit]
        return replace(rule, limit=f"{min(amount * factor, most):.6f}{unit}")

    wider = replace(
        scenario,
        limit_urban_m=scenario.limit_urban_m * factor,
        limit_rural_m=min(scenario.limit_rural_m * factor, 50_000),
        minutes=min(scenario.minutes * factor, 240),
        rules=tuple(grown(rule) for rule in scenario.rules),
    )
    no_lower(answers(study, scenario), answers(study, wider))


@FEW
@given(studies(), scenarios, st.integers(0, 8))
def test_another_room_never_takes_anybody_out_of_reach(study, scenario, kept):
    fewer = replace(study, rooms=study.rooms.iloc[:kept])
    less, more = answers(fewer, scenario), answers(study, scenario)
    no_lower(less, more)
    for cost in ("nearest_m", "way_m", "way_min"):
        assert (getattr(more, cost) <= getattr(less, cost)).all(), cost


@FEW
@given(studies(), scenarios)
def test_who_comes_faster_reaches_no_fewer(study, scenario):
    """Without roads; on them an e-bike obeys signs and keeps off steps that walkers take."""
    study = with_roads_of(study, None)
    walk, ebike, drive = (
        answers(study, replace(scenario, mode=mode)) for mode in ("walk", "ebike", "drive")
    )
    no_lower(walk, ebike)
    no_lower(ebike, drive)
    assert (drive.way_min <= walk.way_min).all()
    assert (drive.way_m == walk.way_m).all()


@settings(max_examples=15, deadline=None)
@given(
    st.sampled_from([0, 1]),
    st.sampled_from(["walk", "ebike", "drive"]),
    st.dictionaries(st.sampled_from(["primary", "residential", "path"]), st.floats(1, 3)),
)
def test_faster_roads_bring_every_room_nearer(seed, mode, factors):
    roads = grid_roads(seed).roads()
    usual = SPEEDS_KMH[mode]
    faster = {name: usual[name] * by for name, by in factors.items() if name in usual}
    rng = np.random.default_rng(seed)
    demand, rooms = rng.uniform((118, 25), (118.1, 25.2), (2, 30, 2))
    before = nearest_by_road(grid_roads(seed).network(mode, "minutes"), demand, rooms)
    after = nearest_by_road(build_network(roads, mode, speeds_kmh=faster), demand, rooms)
    assert (after["cost"] <= before["cost"] + 1e-9).all()


@FEW
@given(studies(), scenarios, st.sampled_from([0, 1]))
def test_roads_narrow_what_a_detour_left_open(study, scenario, seed):
    """Where the detour said nothing but that a way is no shorter than the straight line."""
    scenario = replace(scenario, measure="way", minutes=0.0, rules=())
    open_ = with_roads_of(study, None, terrain=[1, 1.3, 1e6])
    known = with_roads_of(study, grid_roads(seed), terrain=[1, 1.3, 1e6])
    before, after = answers(open_, scenario), answers(known, scenario)
    assert (before.certain <= after.certain).all()
    assert (after.possible <= before.possible).all()
    by_line = replace(scenario, measure="straight")
    before, after = answers(open_, by_line), answers(known, by_line)
    assert (before.certain <= after.certain).all()
    assert (after.covered == before.covered).all()
    assert (after.possible == before.possible).all()


@FEW
@given(studies(), scenarios, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(study, scenario, random):
    def mixed(frame):
        order = list(range(len(frame)))
        random.shuffle(order)
        return frame.iloc[order]

    other = replace(study, demand=mixed(study.demand), rooms=mixed(study.rooms))
    one, two = answers(study, scenario), answers(other, scenario)
    for name in (*ANSWERS, "nearest_m", "way_m", "way_min"):
        pd.testing.assert_series_equal(
            getattr(one, name), getattr(two, name).reindex(study.demand.index), check_exact=True
        )


@settings(max_examples=12, deadline=None)
@given(studies(), scenarios)
def test_copies_change_nothing(study, scenario):
    """Every row twice with half its people, every room twice: the sums of people stay."""
    half = study.demand.assign(people=study.demand["people"] / 2)
    demand = pd.concat([half, half.set_axis("x" + half.index)]).rename_axis("demand_id")
    twins = study.rooms.set_axis("x" + study.rooms.index)
    rooms = pd.concat([study.rooms, twins]).rename_axis("room_id")
    other = replace(study, demand=gpd.GeoDataFrame(demand), rooms=gpd.GeoDataFrame(rooms))
    one, two = answers(study, scenario), answers(other, scenario)
    for level in ("city", "county", "township"):
        before, after = (
            coverage_by_unit(s.units, s.demand, s.rooms, found, level=level)
            for s, found in ((study, one), (other, two))
        )
        for column in (*(f"people_{name}" for name in ANSWERS), "median_m", "worst_min"):
            assert after[column].tolist() == pytest.approx(
                before[column].tolist(), rel=1e-12, nan_ok=True
            ), column


@settings(max_examples=12, deadline=None)
@given(studies(), scenarios)
def test_people_are_conserved_through_every_step(study, scenario):
    people = study.demand["people"].sum()
    found = survey(study, scenario)
    for level in ("city", "county", "township"):
        table = found.by_level[level]
        assert table["people"].sum() == pytest.approx(people, rel=1e-9)
        both = table["people_covered"] + table["people_uncovered"]
        assert both.tolist() == pytest.approx(table["people"].tolist(), rel=1e-9)
        for answer in ANSWERS:
            expected = study.demand["people"][getattr(found.coverage, answer)].sum()
            assert table[f"people_{answer}"].sum() == pytest.approx(expected, rel=1e-9)
    uncovered = found.gaps["people_uncovered"].sum()
    covered = found.by_level["city"]["people_covered"].sum()
    assert uncovered + covered == pytest.approx(people, rel=1e-9)
    standard = compare_standards(study, scenario)
    for _, rows in standard.groupby(["standard", "level"]):
        assert rows["people"].sum() == pytest.approx(people, rel=1e-9)


@FEW
@given(studies(), scenarios)
def test_what_rooms_offer_is_shared_out_whole(study, scenario):
    rooms = study.rooms[serves_by_distance(study.rooms, study.units)]
    part = reached(ways_of(study, scenario), rooms).part
    people = study.demand["people"]
    for method in ("2sfca", "e2sfca"):
        weight = None if method == "2sfca" else (lambda cost: np.exp(-cost))
        found = floating_catchments(
            part, people, pd.Series(1.0, index=rooms.index), method=method, weight=weight
        )
        met = np.bincount(part.indices, people.to_numpy()[part.nonzero()[0]], len(rooms)) > 0
        assert (found.access * people).sum() == pytest.approx(met.sum(), rel=1e-9)


def rotated(points, turn):
    """Turn points on the sphere."""
    lon, lat = np.radians(points).T
    xyz = np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    x, y, z = (xyz @ turn.T).T
    return np.degrees(np.column_stack([np.arctan2(y, x), np.arctan2(z, np.hypot(x, y))]))


@FEW
@given(st.integers(0, 10_000), st.integers(1, 30), st.integers(1, 30), st.floats(1, 30_000))
def test_the_place_on_the_sphere_changes_nothing(seed, n, m, limit):
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    demand, sites = (
        rng.uniform((118, 25), (118.2, 25.2), (n, 2)),
        rng.uniform((118, 25), (118.2, 25.2), (m, 2)),
    )
    there, places = rotated(demand, turn), rotated(sites, turn)
    assert nearest(there, places)[1] == pytest.approx(nearest(demand, sites)[1], abs=1e-6)
    metres = great_circle_m(np.repeat(demand, m, axis=0), np.tile(sites, (n, 1))).reshape(n, m)
    sure = np.abs(metres - limit) > 1e-6
    here, far = (reach_pairs(*both, limit).toarray() for both in ((demand, sites), (there, places)))
    assert np.abs(here - far)[sure].max(initial=0) <= 1e-6


def test_a_standard_of_whole_units_leaves_nobody_out_who_has_a_room():
    scenario = Scenario(rules=(ServiceRule("whole", level="township"),))
    study = with_roads_of(survey_world(), grid_roads(0))
    found = answers(study, scenario)
    assert found.certain.all()


def survey_world():
    from worlds import toy_study

    study = toy_study()
    rooms = study.rooms.copy()
    rooms.loc["r5", ["level", "kind", "serves_unit_id"]] = ["township", "township", "A2"]
    return replace(study, rooms=rooms)
