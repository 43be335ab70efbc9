"""A population of one's own in a study: grids, lists, the census, what is kept and what returns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cli
from geo.errors import RoomplanError, StudyError, StudyFaults
from geo.population_grid import GridPeople
from geo.population_held import (
    SETTING,
    hold_population,
    population_file,
    population_stamp,
    read_population,
    remove_population,
)
from geo.population_plan import accept_population, plan_grid, plan_table
from geo.population_points import (
    grid_demand,
    near_villages,
    rescale_to_census,
    urban_shares,
    with_settings,
)
from geo.population_table import table_demand
from geo.read import read_settings, read_study
from ui.wording import Words
from worlds import toy_frames, write_study

FRAMES = toy_frames()
UNITS, OWN = FRAMES["units"], FRAMES["demand"]
ABOUT = {"source": "甲院", "file": "a.tif", "date": "2020"}


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ROOMPLAN_HOME", str(tmp_path / "home"))


@pytest.fixture
def toy(tmp_path):
    return write_study(tmp_path / "toy")


def grid(*points, covered=None):
    """A raster's points: unit, people, cells, lon, lat."""
    table = pd.DataFrame(points, columns=["unit_id", "people", "cells", "lon", "lat"])
    share = pd.Series({"A1": 1.0, "A2": 1.0, "B1": 1.0}) if covered is None else covered
    facts = {"level": "township", "spacing_m": 500.0, "people": table["people"].sum()}
    return GridPeople(table, share, facts)


GRID = grid(
    ("A1", 600.0, 6, 118.02, 25.02),
    ("A1", 300.0, 1, 118.08, 25.02),
    ("A2", 50.0, 5, 118.02, 25.12),
    ("B1", 80.0, 2, 118.15, 25.1),
)


def rows(figures, **columns):
    table = pd.DataFrame(
        {"population": pd.Series(figures, dtype=float), "population_basis": "reported"}
    )
    return table.assign(**columns)


def people(demand, **where):
    chosen = demand
    for column, value in where.items():
        chosen = chosen[chosen[column] == value]
    return chosen["people"].sum()


def code_of(call, *arguments, **options):
    with pytest.raises(RoomplanError) as told:
        call(*arguments, **options)
    assert Words("zh").explain(told.value) != str(told.value)
    return told.value.code


# ---------------------------------------------------------------------------------- grids


def test_a_grid_replaces_the_residents_and_keeps_the_urban_share():
    """A1 is one third urban (500 of 1,500): of its 900 people 300, and the densest cell is it."""
    demand, kept = grid_demand(GRID, OWN, UNITS)
    assert kept.empty
    assert demand["people"].sum() == pytest.approx(1030)
    assert people(demand, unit_id="A1", setting="urban") == pytest.approx(300)
    urban = demand[demand["setting"] == "urban"]
    assert urban.geometry.x.tolist() == [118.08]
    # The people of A2 are near v3, whose place is known.
    assert demand.groupby("unit_id")["location_basis"].first().to_dict() == {
        "A1": "modelled", "B1": "modelled", "v3": "derived"
    }  # fmt: skip
    assert set(demand["people_basis"]) == {"modelled"}
    assert demand.index.is_unique


def test_a_counted_grid_is_derived():
    demand, _ = grid_demand(GRID, OWN, UNITS, people_basis="register")
    assert set(demand["location_basis"]) == {"derived"}
    assert set(demand["people_basis"]) == {"register"}
    for basis in ("derived", "modelled", "simulated"):  # nobody counted: the cells are no places
        demand, _ = grid_demand(GRID, OWN, UNITS, people_basis=basis)
        alone = demand[demand["unit_id"].map(UNITS["level"]) != "village"]
        assert set(alone["location_basis"]) == {"modelled"}


def test_people_near_a_known_village_count_for_it():
    """A1 is 10.1 by 11.1 km with two villages: a disc reaches 4.2 km, and the nearest wins."""
    points = pd.DataFrame(
        {
            "unit_id": ["A1"] * 4,
            "lon": [118.05, 118.05, 118.05, 118.001],
            "lat": [25.051, 25.0561, 25.09, 25.001],
        }
    )
    assert near_villages(points, OWN, UNITS, level="township").tolist() == ["v1", "v2", "v2", "A1"]
    # A point that only stands for people spread over a village says nothing about its place.
    spread = OWN.assign(location_basis="modelled")
    assert set(near_villages(points, spread, UNITS, level="township")) == {"A1"}


def test_units_that_the_grid_does_not_cover_keep_their_own():
    covered = pd.Series({"A1": 1.0, "A2": 0.98, "B1": 1.0})
    found = grid(("A1", 10.0, 1, 118.02, 25.02), ("A2", 5.0, 1, 118.02, 25.12), covered=covered)
    demand, kept = grid_demand(found, OWN, UNITS)
    assert kept.tolist() == ["A2", "B1"]
    assert demand.groupby("unit_id")["people"].sum().to_dict() == pytest.approx(
        {"A1": 10, "v3": 300, "B1": 200}
    )


def test_students_stay():
    student = OWN.iloc[[0]].assign(group="student", people=np.nan).set_axis(["s1"])
    demand, _ = grid_demand(GRID, pd.concat([OWN, student]), UNITS)
    assert np.isnan(demand.loc["s1", "people"])
    assert demand["people"].sum() == pytest.approx(1030)


def test_residents_known_to_a_county_only_leave_with_its_townships():
    county = OWN.iloc[[0]].assign(unit_id="A", people=9.0).set_axis(["k1"])
    demand, _ = grid_demand(GRID, pd.concat([OWN, county]), UNITS)
    assert "k1" not in demand.index


@settings(max_examples=60, deadline=None)
@given(
    counts=st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=30),
    share=st.floats(0, 1),
    seed=st.integers(0, 9),
)
def test_the_densest_points_are_urban_and_nobody_is_lost(counts, share, seed):
    rng = np.random.default_rng(seed)
    units = rng.choice(["a", "b"], len(counts))
    cells = rng.integers(1, 9, len(counts))
    points = pd.DataFrame({"unit_id": units, "people": counts, "cells": cells})
    found = with_settings(points, pd.Series({"a": share, "b": 1 - share}))
    for unit, urban in (("a", share), ("b", 1 - share)):
        total = people(points, unit_id=unit)
        assert people(found, unit_id=unit) == pytest.approx(total, rel=1e-9)
        assert people(found, unit_id=unit, setting="urban") == pytest.approx(
            urban * total, rel=1e-9, abs=1e-9 * total
        )
        mine = found[found["unit_id"] == unit].assign(at=lambda f: f.index)
        dense = (points["people"] / points["cells"]).reindex(mine["at"]).to_numpy()
        is_urban = (mine["setting"] == "urban").to_numpy()
        if is_urban.any() and not is_urban.all():
            assert dense[is_urban].min() >= dense[~is_urban].max() * (1 - 1e-12)


def test_the_urban_share_of_a_unit_without_residents_is_that_above():
    share = urban_shares(OWN[OWN["unit_id"] != "v3"], UNITS)
    assert share["v2"] == 1
    assert share["A1"] == pytest.approx(1 / 3)
    assert share["A2"] == share["A"] == pytest.approx(1 / 3)
    assert share["B1"] == 0


# ---------------------------------------------------------------------------------- the census


def modelled_townships():
    units = UNITS.copy()
    units.loc[["A1", "A2", "B1"], "population_basis"] = "modelled"
    return units


def test_counties_meet_the_census_in_proportion():
    units = modelled_townships()
    raw, _ = grid_demand(GRID, OWN, units)
    demand, factors = rescale_to_census(raw, units)
    assert factors.to_dict() == pytest.approx({"A1": 1800 / 950, "A2": 1800 / 950, "B1": 2.5})
    assert people(demand, unit_id="A1") == pytest.approx(1800 * 900 / 950, rel=1e-9)


def test_a_township_with_a_count_is_held_at_it():
    units = modelled_townships()
    units.loc["A2", "population_basis"] = "census"
    demand, _ = rescale_to_census(grid_demand(GRID, OWN, units)[0], units)
    # The people of A2 are near v3, its village.
    assert people(demand, unit_id="v3") == pytest.approx(300, rel=1e-9)
    assert people(demand, unit_id="A1") == pytest.approx(1500, rel=1e-9)


def test_a_county_without_a_count_stays():
    units = modelled_townships()
    units.loc["B", ["population", "population_basis"]] = [np.nan, None]
    demand, factors = rescale_to_census(grid_demand(GRID, OWN, units)[0], units)
    assert factors["B1"] == 1
    assert people(demand, unit_id="B1") == pytest.approx(80)


def test_a_scaled_count_is_derived():
    raw, _ = grid_demand(GRID, OWN, modelled_townships(), people_basis="census")
    demand, _ = rescale_to_census(raw, modelled_townships())
    assert set(demand["people_basis"]) == {"derived"}


def test_a_census_that_nobody_can_meet():
    empty = OWN[OWN["unit_id"] != "B1"].assign(people_basis="census")
    assert code_of(rescale_to_census, empty, modelled_townships()) == "population.nobody"
    units = UNITS.copy()
    units.loc["A2", "population"] = 5000.0
    raw, _ = grid_demand(GRID, OWN, units)
    assert code_of(rescale_to_census, raw, units) == "population.pinned_total"


@settings(max_examples=30, deadline=None)
@given(values=st.lists(st.floats(0.01, 1e5), min_size=4, max_size=4), census=st.floats(1, 1e7))
def test_rescaling_conserves_the_census_and_the_proportions(values, census):
    units = modelled_townships()
    units.loc["A", "population"] = census
    points = [(*p[:1], v, *p[2:]) for p, v in zip(GRID.points.to_numpy(), values, strict=True)]
    raw, _ = grid_demand(grid(*points), OWN, units)
    demand, _ = rescale_to_census(raw, units)
    in_a = demand["unit_id"].isin(["A1", "A2", "v1", "v2", "v3"])
    assert demand.loc[in_a, "people"].sum() == pytest.approx(census, rel=1e-9)
    share = demand.loc[in_a, "people"] / raw.loc[in_a, "people"]
    assert share.max() == pytest.approx(share.min(), rel=1e-9)


# ---------------------------------------------------------------------------------- lists


def test_a_village_keeps_its_place_and_gets_its_people():
    demand = table_demand(rows({"v1": 1234}), OWN, UNITS)
    assert demand.loc["d1", ["people", "people_basis"]].tolist() == [1234, "reported"]
    assert demand.loc["d1"].geometry == OWN.loc["d1"].geometry
    assert people(demand) == 2000 + 234
    assert set(demand.drop("d1")["people_basis"]) == {"census"}


def test_a_township_is_shared_as_before():
    demand = table_demand(rows({"A1": 3000, "B1": 100}), OWN, UNITS)
    assert demand["people"].to_dict() == {"d1": 2000, "d2": 1000, "d3": 300, "d4": 50, "d5": 50}


def test_what_listed_villages_leave_goes_to_the_others():
    demand = table_demand(rows({"A1": 3000, "v1": 2700, "A": 4000}), OWN, UNITS)
    assert demand["people"].to_dict() == {"d1": 2700, "d2": 300, "d3": 1000, "d4": 100, "d5": 100}


def test_parts_may_not_exceed_their_whole():
    assert (
        code_of(table_demand, rows({"A1": 10, "v1": 11}), OWN, UNITS) == "population.parts_exceed"
    )
    assert code_of(table_demand, rows({"A": 10, "v1": 11}), OWN, UNITS) == "population.parts_exceed"


def lost_village():
    """B1's 200 people are those of two villages whose place nobody knows."""
    new = UNITS.loc[["v1", "v2"]].set_axis(["w1", "w2"])
    new["parent_id"], new["population"] = "B1", [150.0, 50.0]
    return pd.concat([UNITS, new])


def test_a_village_without_a_place_changes_the_rest_of_its_township():
    units = lost_village()
    demand = table_demand(rows({"w1": 250}), OWN, units)
    assert demand.loc[["d4", "d5"], "people"].tolist() == [150, 150]
    both = table_demand(rows({"w1": 250, "w2": 150}), OWN, units)
    assert people(both, unit_id="B1") == 400
    # What some were counted for and the others modelled is no count.
    modelled = OWN.assign(people_basis="modelled")
    mixed = table_demand(rows({"w1": 250}), modelled, units)
    assert set(mixed.loc[["d4", "d5"], "people_basis"]) == {"modelled"}
    # Under a listed township it is part of that township's figure.
    within = table_demand(rows({"B1": 500, "w1": 250}), OWN, units)
    assert people(within, unit_id="B1") == 500


def test_people_of_a_unit_without_points_are_spread_over_its_outline():
    demand = table_demand(rows({"A2": 500}), OWN[OWN["unit_id"] != "v3"], UNITS)
    new = demand[demand["unit_id"] == "A2"]
    assert new["people"].sum() == pytest.approx(500, rel=1e-9)
    assert len(new) >= 24
    assert new.geometry.within(UNITS.geometry["A2"].buffer(1e-5)).all()
    assert set(new["location_basis"]) == {"modelled"}
    known = UNITS.assign(lon=np.nan, lat=np.nan)
    known.loc["v3", ["lon", "lat"]] = [118.05, 25.15]
    village = table_demand(rows({"v3": 500}), OWN[OWN["unit_id"] != "v3"], known)
    assert village[village["unit_id"] == "v3"].geometry.x.tolist() == [118.05]
    assert village.loc[village["unit_id"] == "v3", "location_basis"].tolist() == ["register"]


def test_people_without_any_place_are_refused():
    units = UNITS.copy()
    units.loc["A2", "geometry"] = None
    own = OWN[OWN["unit_id"] != "v3"]
    assert code_of(table_demand, rows({"A2": 500}), own, units) == "population.no_place"


def test_unknown_figures_change_nothing():
    demand = table_demand(rows({"v1": np.nan, "A2": 400}), OWN, UNITS)
    assert demand["people"].to_dict() == {"d1": 1000, "d2": 500, "d3": 400, "d4": 100, "d5": 100}


def test_students_are_entered_where_their_number_was_unknown():
    campus = OWN.iloc[[0, 2]].assign(group="student", people=np.nan, unit_id="A")
    own = pd.concat([OWN, campus.set_axis(["s1", "s2"])])
    demand = table_demand(rows({"A": 900}, group="student"), own, UNITS)
    assert demand.loc[["s1", "s2"], "people"].tolist() == [450, 450]
    assert people(demand, group="resident") == 2000


def test_urban_and_rural_people_apart():
    both = pd.concat([rows({"A1": 70}, setting="urban"), rows({"A1": 30}, setting="rural")])
    demand = table_demand(both, OWN, UNITS)
    assert demand["people"].to_dict() == {"d1": 30, "d2": 70, "d3": 300, "d4": 100, "d5": 100}
    half = pd.concat([rows({"A1": 70}, setting="urban"), rows({"A2": 30}, setting=None)])
    assert code_of(table_demand, half, OWN, UNITS) == "population.mixed_settings"


@settings(max_examples=40, deadline=None)
@given(figures=st.dictionaries(st.sampled_from(["v1", "v2", "v3", "B1"]), st.floats(0, 1e7)))
def test_a_list_is_met_exactly_and_nobody_else_changes(figures):
    demand = table_demand(rows(figures), OWN, UNITS)
    sums = demand.groupby("unit_id")["people"].sum()
    own = OWN.groupby("unit_id")["people"].sum()
    for unit in own.index:
        assert sums[unit] == pytest.approx(figures.get(unit, own[unit]), rel=1e-9)


def test_the_bundled_study_s_own_figures_change_nothing():
    """Every township and every village listed with the figure it has: all points stay."""
    own = read_study(Path(cli.__file__).parent / "data", own_population=True)
    units, demand = own.frames["units"], own.frames["demand"]
    for levels in (["village"], ["township"], ["township", "village"], ["county"]):
        known = units["level"].isin(levels) & units["population"].notna()
        found = table_demand(rows(units.loc[known, "population"]), demand, units)
        assert sorted(found.index) == sorted(demand.index)
        assert (found["people"] - demand["people"]).abs().max() < 1e-9
        assert found["people"].isna().sum() == demand["people"].isna().sum()


# ------------------------------------------------------------------- in force, kept, returned


def in_force(toy, **options):
    plan = plan_grid(GRID, read_study(toy, own_population=True), **options, about=ABOUT)
    accept_population(toy, plan, who="李四")
    return plan


def test_a_population_is_read_in_place_of_the_study_s_own_and_can_be_removed(toy):
    before = read_study(toy)
    plan = in_force(toy, rescale=False, people_basis="modelled")
    after = read_study(toy)
    assert after.frames["demand"]["people"].sum() == pytest.approx(1030, rel=1e-9)
    about = after.settings[SETTING]
    assert (about["source"], about["who"], about["kind"]) == ("甲院", "李四", "grid")
    assert about["rescaled"] is False
    assert plan.by_county["file"].to_dict() == pytest.approx({"A": 950, "B": 80})
    assert SETTING not in read_study(toy, own_population=True).settings
    assert read_study(toy, own_population=True).fingerprint == before.fingerprint
    settings_of = read_settings(toy)
    assert remove_population(toy, settings_of)
    assert not remove_population(toy, settings_of)
    assert read_study(toy).fingerprint == before.fingerprint
    assert list(population_file(toy, settings_of).parent.iterdir()) == []


def test_every_population_has_its_own_fingerprint(toy):
    seen = {read_study(toy).fingerprint}
    for options in ({"rescale": False}, {"rescale": True}):
        in_force(toy, **options, people_basis="modelled")
        seen.add(read_study(toy).fingerprint)
    assert len(seen) == 3


def test_read_back_is_what_was_planned(toy):
    plan = in_force(toy, rescale=True, people_basis="register")
    back = read_study(toy).frames["demand"]
    pd.testing.assert_frame_equal(
        pd.DataFrame(back).astype(object), pd.DataFrame(plan.demand).astype(object),
        check_names=False,
    )  # fmt: skip
    assert back.crs == plan.demand.crs


def test_figures_of_units_follow_and_counts_stay(toy):
    frames = toy_frames()
    frames["units"] = modelled_townships()
    frames["units"].loc[["v1", "v2"], "population_basis"] = "modelled"
    toy = write_study(toy.with_name("modelled"), frames)
    in_force(toy, rescale=False, people_basis="register")
    units = read_study(toy).frames["units"]
    assert units.loc["A1", ["population", "population_basis"]].tolist() == [900, "register"]
    assert units.loc["A", ["population", "population_basis"]].tolist() == [1800, "census"]
    # Nobody is near these villages, so nobody knows how many live there.
    assert units.loc[["v1", "v2"], "population"].isna().all()
    assert units.loc["v3", "population"] == 300


def test_a_list_s_figures_stand_at_its_units(toy):
    plan = plan_table(
        rows({"A1": 900, "v1": 800}),
        read_study(toy, own_population=True),
        rescale=False,
        about=ABOUT,
    )
    assert plan.figures.loc[["A1", "v1"], "population"].tolist() == [900, 800]
    assert plan.about["basis"] == "reported"
    scaled = plan_table(
        rows({"v1": 800}), read_study(toy, own_population=True), rescale=True, about=ABOUT
    )
    # A1 has a census of 1,500, so 800 and 500 become 923 and 577.
    assert scaled.figures.loc["v1", "population"] == pytest.approx(800 * 1500 / 1300)
    assert scaled.figures.loc["v1", "population_basis"] == "derived"
    assert scaled.demand["people"].sum() == pytest.approx(2000, rel=1e-9)


def test_a_simulated_or_modelled_figure_stays_one_whatever_it_is_added_to_or_scaled_by(toy):
    frames = toy_frames()
    frames["units"] = modelled_townships()
    frames["units"].loc["A", "population_basis"] = "derived"
    toy = write_study(toy.with_name("derived"), frames)
    own = read_study(toy, own_population=True)
    told = rows({"A1": 900, "A2": 500, "v1": 800}).assign(
        population_basis=["simulated", "census", "modelled"]
    )
    plan = plan_table(told, own, rescale=False, about=ABOUT)
    assert plan.about["basis"] == "simulated"
    assert plan.figures.loc["A", "population_basis"] == "simulated"
    apart = rows({"v1": 300.0}).assign(setting="urban", population_basis="census")
    both = pd.concat([apart, apart.assign(setting="rural", population_basis="simulated")])
    figure = plan_table(both, own, rescale=False, about=ABOUT).figures.loc["v1"]
    assert figure.tolist() == [600, "simulated"]
    frames["units"] = UNITS  # A1 has a census, so its village is scaled
    counted = read_study(write_study(toy.with_name("counted"), frames), own_population=True)
    told = rows({"v1": 800}).assign(population_basis="modelled")
    scaled = plan_table(told, counted, rescale=True, about=ABOUT).figures.loc["v1"]
    assert scaled["population"] != 800
    assert scaled["population_basis"] == "modelled"


def test_a_damaged_population_says_so_and_can_be_removed(toy):
    in_force(toy, rescale=False, people_basis="modelled")
    path = population_file(toy, read_settings(toy))
    csv = next(path.parent.glob("population-demand-*.csv"))
    whole = csv.read_bytes()
    csv.write_bytes(whole.replace(b"modelled", b"register"))
    assert code_of(read_study, toy) == "population.damaged"
    csv.unlink()
    assert code_of(read_study, toy) == "population.damaged"
    path.write_bytes(b"\xff\xfe")
    assert code_of(read_population, toy, read_settings(toy)) == "population.damaged"
    assert remove_population(toy, read_settings(toy))
    assert read_study(toy).frames["demand"]["people"].sum() == 2000


def test_writing_that_fails_leaves_the_earlier_population(toy, monkeypatch):
    in_force(toy, rescale=False, people_basis="modelled")
    stamp = population_stamp(toy, read_settings(toy))

    def full(content, path):
        raise StudyError("write.folder", "disk full", file=str(path))

    monkeypatch.setattr("geo.population_held.write_bytes", full)
    with pytest.raises(StudyError):
        in_force(toy, rescale=True, people_basis="modelled")
    monkeypatch.undo()
    monkeypatch.setenv("ROOMPLAN_HOME", str(toy.parent / "home"))
    assert population_stamp(toy, read_settings(toy)) == stamp
    assert read_study(toy).frames["demand"]["people"].sum() == pytest.approx(1030)


def test_a_demand_that_breaks_the_contract_is_named_by_its_file(toy):
    bad = OWN.assign(unit_id="nowhere", people_basis="census")
    figures = pd.DataFrame({"population": [], "population_basis": []})
    about = {"kind": "table", "source": "x", "file": "x", "rescaled": False, "basis": "census"}
    hold_population(
        toy, read_settings(toy), demand=bad, units=figures, about=about, who="x"
    )  # fmt: skip
    with pytest.raises(StudyFaults) as told:
        read_study(toy)
    fault = told.value.parts()[0]
    assert fault.code == "schema.unit_unknown"
    assert fault.facts["file"].startswith("population-demand-")
