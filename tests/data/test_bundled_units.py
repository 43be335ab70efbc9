"""Units, people and demand of the bundled study against the facts they were made from."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from data.population.build_population import published
from data.tables import read_facts
from geo.crs import metric_crs
from geo.read import Tables

CENSUS_2020 = 8_782_285


@pytest.fixture(scope="session")
def units(quanzhou: Tables) -> gpd.GeoDataFrame:
    return quanzhou.frames["units"]


@pytest.fixture(scope="session")
def demand(quanzhou: Tables) -> gpd.GeoDataFrame:
    return quanzhou.frames["demand"]


def test_the_tree_has_one_city_eleven_counties_and_one_for_context(
    units: gpd.GeoDataFrame,
) -> None:
    counted = units[~units["is_context"]]
    assert counted["level"].value_counts().to_dict() == {
        "village": 2561,
        "township": 164,
        "county": 11,
        "city": 1,
    }
    context = units[units["is_context"]]
    assert context["name"].to_list() == ["金门县"]
    assert context["population"].isna().all()


def test_people_add_up_to_the_census_at_every_level(units: gpd.GeoDataFrame) -> None:
    sums = units.groupby("level")["population"].sum()
    assert sums.to_dict() == dict.fromkeys(["city", "county", "township", "village"], CENSUS_2020)


@pytest.mark.parametrize("level", ["township", "village"])
def test_parts_add_up_to_each_parent(units: gpd.GeoDataFrame, level: str) -> None:
    parts = units[units["level"] == level].groupby("parent_id")["population"].sum()
    pd.testing.assert_series_equal(
        parts, units["population"].reindex(parts.index), check_names=False
    )


def test_counties_keep_their_census_figures(units: gpd.GeoDataFrame) -> None:
    census = read_facts("county_structure_2020").set_index("code")["population"].astype(float)
    assert units.loc[census.index, "population"].to_dict() == census.to_dict()
    assert (units.loc[census.index, "population_basis"] == "census").all()


def test_townships_are_pinned_to_what_was_published_joined_by_name(
    units: gpd.GeoDataFrame,
) -> None:
    figures = published()["population"].astype(float)
    assert units.loc[figures.index, "population"].to_dict() == figures.to_dict()
    by_name = units.loc[figures.index].set_index("name")["population"]
    # 350582101 is 陈埭镇 to the ministry and 安海镇 to the statistics bureau.
    assert by_name["陈埭镇"] == 304_033
    assert by_name["安海镇"] == 174_248
    townships = units[units["level"] == "township"]
    assert (townships["population_basis"] == "census").sum() == len(figures) == 7


def test_every_other_township_and_every_village_is_modelled(units: gpd.GeoDataFrame) -> None:
    modelled = units[units["population_basis"] == "modelled"]
    assert modelled["level"].value_counts().to_dict() == {"village": 2561, "township": 156}
    people = units["population"].dropna()
    assert (people == people.round()).all()


def test_the_new_subdistrict_is_unknown_and_not_empty(
    units: gpd.GeoDataFrame, demand: gpd.GeoDataFrame
) -> None:
    new = units.loc["350503009"]
    assert new["name"] == "临海街道"
    assert pd.isna(new["population"])
    assert new.geometry is None
    assert "350503009" not in set(demand["unit_id"])
    assert units[units["parent_id"] == "350503"]["population"].sum() == 698_557


def test_the_two_totals_of_2010_both_stand_in_the_facts() -> None:
    facts = read_facts("county_population").query("code == '350500' and year == '2010'")
    assert set(facts["population"]) == {"8128533", "8128530"}


def test_the_investment_zone_is_no_unit(units: gpd.GeoDataFrame) -> None:
    assert not units["name"].str.contains("投资区").any()


def test_cells_are_approximate_lie_in_their_county_and_do_not_overlap(
    units: gpd.GeoDataFrame,
) -> None:
    metric = metric_crs(units)
    townships = units[(units["level"] == "township") & units.geometry.notna()].to_crs(metric)
    outlines = units[units["level"] == "county"].to_crs(metric).geometry
    assert len(townships) == 163
    assert (townships["boundary_basis"] == "derived").all()
    for county, inside in townships.groupby("parent_id"):
        outline = outlines[county]
        # Coordinates are rounded to a metre, so neighbours may miss each other by slivers.
        assert inside.area.sum() == pytest.approx(outline.area, rel=1e-3)
        joined = shapely.union_all(inside.geometry.to_numpy())
        assert joined.symmetric_difference(outline).area < 1e-3 * outline.area


def test_both_codes_of_a_township_are_kept(units: gpd.GeoDataFrame) -> None:
    townships = units[(units["level"] == "township") & (units["parent_id"] == "350582")]
    assert (townships["code_nbs"] != townships.index).sum() == 15
    assert units.at["350582103", "code_nbs"] == "350582101"  # 安海镇


def test_names_in_english_cover_everything_above_villages(units: gpd.GeoDataFrame) -> None:
    above = units[units["level"] != "village"]
    assert above["name_en"].notna().all()
    assert above.at["350583", "name_en"] == "Nan'an"
    assert above.at["350583116", "name_en"] == "Fengzhou"


def test_demand_holds_every_resident_once(
    demand: gpd.GeoDataFrame, units: gpd.GeoDataFrame
) -> None:
    residents = demand[demand["group"] == "resident"]
    assert residents["people"].sum() == CENSUS_2020
    township = (
        residents["unit_id"]
        .map(units["parent_id"].where(units["level"] == "village"))
        .fillna(residents["unit_id"])
    )
    by_township = residents["people"].groupby(township).sum()
    expected = units.loc[by_township.index, "population"]
    pd.testing.assert_series_equal(by_township, expected, check_names=False)
    assert len(by_township) == 163


def test_demand_keeps_urban_and_rural_people_apart(demand: gpd.GeoDataFrame) -> None:
    by_setting = demand.groupby("setting")["people"].sum()
    assert by_setting.to_dict() == {"urban": 6_012_651, "rural": 2_769_634}


def test_trusted_villages_are_points_and_the_others_are_spread(
    demand: gpd.GeoDataFrame, units: gpd.GeoDataFrame
) -> None:
    residents = demand[demand["group"] == "resident"]
    located = residents[residents["location_basis"] == "register"]
    spread = residents[residents["location_basis"] == "modelled"]
    assert len(located) + len(spread) == len(residents)
    assert set(units.loc[located["unit_id"].unique(), "level"]) == {"village"}
    assert located["unit_id"].nunique() == 676
    assert set(units.loc[spread["unit_id"].unique(), "level"]) == {"township"}
    counts = spread["unit_id"].value_counts()
    assert counts.between(24, 80).all()


def test_spread_points_lie_in_their_township(
    demand: gpd.GeoDataFrame, units: gpd.GeoDataFrame
) -> None:
    spread = demand[demand["location_basis"] == "modelled"]
    cells = units.geometry.reindex(spread["unit_id"]).to_numpy()
    distance_deg = shapely.distance(spread.geometry.to_numpy(), cells)
    assert distance_deg.max() < 2e-5  # rounding to 5 decimals on both sides


def test_located_demand_stands_on_trusted_points_only(
    demand: gpd.GeoDataFrame, fact_points: set[tuple[float, float]]
) -> None:
    known = demand[demand["location_basis"] != "modelled"]
    assert {(p.x, p.y) for p in known.geometry} <= fact_points


def test_students_are_unknown_and_workers_have_no_row(demand: gpd.GeoDataFrame) -> None:
    students = demand[demand["group"] == "student"]
    assert len(students) == 26
    assert students["people"].isna().all()
    assert "worker" not in set(demand["group"])
