"""The demonstration register against the published counts, and nobody's position made up."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest

from data.tables import full_width, read_facts
from geo.read import Tables

AS_OF = pd.Timestamp("2019-05-31")


@pytest.fixture(scope="session")
def rooms(quanzhou: Tables) -> gpd.GeoDataFrame:
    return quanzhou.frames["rooms"]


@pytest.fixture(scope="session")
def counted(rooms: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The rooms of spring 2019: an unknown opening counts as open by then."""
    return rooms[rooms["is_open"] & ~(rooms["opened"] > AS_OF)]


def of_county(rooms: gpd.GeoDataFrame, code: str) -> gpd.GeoDataFrame:
    return rooms[rooms["serves_unit_id"].str.startswith(code)]


def test_the_city_has_559_rooms(counted: gpd.GeoDataFrame) -> None:
    assert len(counted) == 559


def test_nanan_has_its_76_as_published(counted: gpd.GeoDataFrame) -> None:
    kinds = of_county(counted, "350583")["kind"].value_counts().to_dict()
    assert kinds == {
        "hub": 1,
        "township": 26,
        "village": 40,
        "community": 4,
        "park": 1,
        "campus": 1,
        "compound": 1,
        "sector": 2,
    }
    assert sum(kinds.values()) == 76


def test_fengze_has_its_25_as_published(counted: gpd.GeoDataFrame) -> None:
    kinds = of_county(counted, "350503")["kind"].value_counts().to_dict()
    assert kinds == {"hub": 1, "township": 8, "community": 16}


def test_the_published_counts_are_the_ones_tested_here() -> None:
    counts = read_facts("room_counts_reported").set_index("area")["total"]
    assert counts[counts != ""].to_dict() == {"泉州市": "559", "南安市": "76", "丰泽区": "25"}


def test_the_bases_reconcile(counted: gpd.GeoDataFrame) -> None:
    assert counted["basis"].value_counts().to_dict() == {
        "simulated": 380,
        "derived": 164,
        "reported": 15,
    }


def test_every_county_and_every_township_of_2019_has_its_one_room(
    counted: gpd.GeoDataFrame, quanzhou: Tables
) -> None:
    hubs = counted[counted["kind"] == "hub"]["serves_unit_id"]
    towns = counted[counted["kind"] == "township"]["serves_unit_id"]
    facts = read_facts("townships")
    assert sorted(hubs) == sorted(set(facts["county_code"]))
    assert sorted(towns) == sorted(set(facts["code_mca"]) - {"350503009"})


def test_all_twenty_reported_rooms_are_there_by_name(rooms: gpd.GeoDataFrame) -> None:
    reported = rooms[rooms["basis"] == "reported"]
    assert sorted(reported["name"]) == sorted(
        map(full_width, read_facts("rooms_reported")["name_zh"])
    )
    assert reported["source"].str.startswith("http").all()


def test_later_rooms_stand_with_their_dates(rooms: gpd.GeoDataFrame) -> None:
    later = rooms[rooms["opened"] > AS_OF].set_index("name")["opened"]
    assert later.dt.strftime("%Y-%m-%d").to_dict() == {
        "洛江区企业界人大代表联系群众活动站": "2023-11-13",
        "晋江市纺织行业人大代表联系群众活动室": "2023-11-01",
        "石狮市湖滨街道德辉商圈人大代表联系群众工作室": "2024-07-01",
        "德化县“德心赢商”代表履职工作室": "2019-06-01",
        "惠安县驻厦门人大代表活动室": "2024-06-22",
    }


def test_a_date_known_to_the_month_says_so(rooms: gpd.GeoDataFrame) -> None:
    by_name = rooms.set_index("name")
    assert by_name.at["南安市四季家园小区人大代表联系群众活动室", "opened"] == pd.Timestamp(
        "2018-03-01"
    )
    assert "仅知开放年月" in by_name.at["南安市四季家园小区人大代表联系群众活动室", "note"]
    assert "按最早可能日期" in by_name.at["德化县“德心赢商”代表履职工作室", "note"]


def test_no_room_stands_on_a_made_up_point(
    rooms: gpd.GeoDataFrame, fact_points: set[tuple[float, float]]
) -> None:
    located = rooms[rooms.geometry.notna()]
    assert {(p.x, p.y) for p in located.geometry} <= fact_points
    assert located["location_basis"].notna().all()
    assert rooms[rooms.geometry.isna()]["location_basis"].isna().all()


def test_simulated_rooms_say_so_in_name_basis_and_place(rooms: gpd.GeoDataFrame) -> None:
    simulated = rooms[rooms["basis"] == "simulated"]
    assert simulated["name"].str.endswith("（模拟）").all()
    assert not rooms[rooms["basis"] != "simulated"]["name"].str.contains("模拟").any()
    located = simulated[simulated.geometry.notna()]
    assert (located["location_basis"] == "simulated").all()


def test_a_village_has_at_most_one_room(rooms: gpd.GeoDataFrame) -> None:
    kinds = ["village", "community", "area"]
    served = rooms[rooms["kind"].isin(kinds)]["serves_unit_id"]
    assert served.is_unique


def test_the_room_in_xiamen_serves_its_county_from_nowhere_inside(
    rooms: gpd.GeoDataFrame,
) -> None:
    room = rooms[rooms["name"] == "惠安县驻厦门人大代表活动室"].iloc[0]
    assert (room["kind"], room["serves_unit_id"]) == ("outpost", "350521")
    assert pd.isna(room["located_unit_id"])
    assert room.geometry is None


def test_dehua_keeps_rooms_of_remote_townships_in_the_county_seat(
    rooms: gpd.GeoDataFrame,
) -> None:
    kept = of_county(rooms[rooms["kind"] == "outpost"], "350526")
    assert len(kept) > 0
    assert (kept["located_unit_id"] == "350526101").all()
    assert (kept["serves_unit_id"] != "350526101").all()
    assert (kept["level"] == "township").all()


def test_area_rooms_share_out_the_villages_of_their_township(
    rooms: gpd.GeoDataFrame, quanzhou: Tables
) -> None:
    parent = quanzhou.frames["units"]["parent_id"]
    areas = rooms[rooms["kind"] == "area"]
    assert (areas["serves_unit_id"].str.startswith("350525")).all()
    served = [
        (parent[host], village)
        for host, also in zip(areas["serves_unit_id"], areas["serves_also"].fillna(""), strict=True)
        for village in [host, *filter(None, also.split(";"))]
    ]
    villages = [village for _, village in served]
    assert len(villages) == len(set(villages)) > len(areas)
    assert all(parent[village] == township for township, village in served)
    whole = parent[parent.isin({township for township, _ in served})]
    assert set(villages) == set(whole.index)


def test_the_university_is_not_called_by_the_company_in_the_reprint(
    rooms: gpd.GeoDataFrame,
) -> None:
    assert (
        not rooms[["name", "note"]]
        .fillna("")
        .apply(lambda column: column.str.contains("完美体育"))
        .any(axis=None)
    )
