"""From a raw table to rows: every row accepted, warned about or held back, each for its reason."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import corpus
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.crs import from_wgs84
from geo.errors import IntakeError
from geo.intake.apply import apply
from geo.intake.mapping import Mapping, suggest_mapping
from geo.intake.raw import RawTable, read_file
from geo.intake.report import ACCEPTED, HELD, PROBLEM_COLUMN, ROW_COLUMN, WARNED, Intake, preview
from geo.schema import TABLES, table_faults


def box(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    return shapely.box(west, south, east, north)


UNITS = gpd.GeoDataFrame(
    [
        ("350500", "泉州市", "city", None, None, None, None, box(118.0, 24.5, 119.0, 25.5)),
        ("350583", "南安市", "county", "350500", None, None, None, box(118.0, 24.5, 118.5, 25.5)),
        ("350524", "安溪县", "county", "350500", None, None, None, box(118.5, 24.5, 119.0, 25.5)),
        (
            "350583110",
            "丰州镇",
            "township",
            "350583",
            "350583999",
            None,
            None,
            box(118, 24.5, 118.5, 25),
        ),
        (
            "350583104",
            "官桥镇",
            "township",
            "350583",
            "350583105",
            None,
            None,
            box(118, 25, 118.5, 25.5),
        ),
        ("350583105", "省新镇", "township", "350583", "350583104", None, None, None),
        (
            "350524104",
            "官桥镇",
            "township",
            "350524",
            None,
            None,
            None,
            box(118.5, 24.5, 119, 25.5),
        ),
        ("350583110201", "桃源村委会", "village", "350583110", None, 118.2, 24.7, None),
        ("350583110202", "后厅村委会", "village", "350583110", None, None, None, None),
    ],
    columns=["unit_id", "name", "level", "parent_id", "code_nbs", "lon", "lat", "geometry"],
    crs="EPSG:4326",
).set_index("unit_id")


def raw_of(rows: dict[str, list[object]], **options: object) -> RawTable:
    """Return a raw table as a reader would, row numbers from 2."""
    frame = pd.DataFrame(rows).astype("str")
    frame.index = pd.RangeIndex(2, 2 + len(frame), name="row")
    return RawTable(name="名单.csv", layer="", frame=frame, **options)  # type: ignore[arg-type]


def taken(rows: dict[str, list[object]], table: str = "rooms", **options: object) -> Intake:
    raw = raw_of(rows)
    return apply(raw, suggest_mapping(raw, table=table), units=UNITS, **options)  # type: ignore[arg-type]


def room(**cells: object) -> dict[str, list[object]]:
    """Return one good row, some of its cells changed."""
    good = {"名称": "甲室", "级别": "村级", "类型": "行政村", "县": "南安市", "乡镇": "丰州镇"}
    good |= {"经度": "118.25", "纬度": "24.75", "成立时间": "2019-05-21"}
    return {header: [cell] for header, cell in {**good, **cells}.items()}


def codes(intake: Intake) -> list[str]:
    return [code.removeprefix("intake.row.") for code in intake.remarks["code"]]


def test_a_good_row_is_accepted_as_it_stands() -> None:
    intake = taken(room(), datum="wgs84")
    assert intake.counts == {ACCEPTED: 1, WARNED: 0, HELD: 0}
    row = intake.rows.iloc[0]
    assert (row["name"], row["level"], row["kind"]) == ("甲室", "village", "village")
    assert (row["serves_unit_id"], row["located_unit_id"]) == ("350583110", "350583110")
    assert (row["opened"], row["basis"], row["location_basis"]) == (
        pd.Timestamp("2019-05-21"),
        "register",
        "register",
    )
    assert intake.rows["is_open"].dtype == bool
    assert row["is_open"]
    assert (row.geometry.x, row.geometry.y) == (118.25, 24.75)
    assert list(table_faults("rooms", intake.rows, file="x", unit_ids=UNITS.index)) == []


@pytest.mark.parametrize(
    ("cells", "code", "column"),
    [
        ({"名称": "—"}, "cell_empty", "名称"),
        ({"名称": "合计"}, "total_row", "名称"),
        ({"名称": "甲室 13800138000"}, "person_number", "名称"),
        ({"级别": "省级"}, "choice", "级别"),
        ({"类型": "火车站"}, "choice", "类型"),
        ({"县": "南平市"}, "place_unknown", "县"),
        ({"乡镇": "无名镇"}, "place_unknown", "乡镇"),
        ({"县": "/", "乡镇": "官桥镇"}, "place_ambiguous", "乡镇"),
        ({"成立时间": "去年"}, "date", "成立时间"),
        ({"成立时间": "2019-02-30"}, "date", "成立时间"),
        ({"经度": "东边"}, "coordinate", "经度"),
        ({"经度": "inf"}, "coordinate", "经度"),
        ({"纬度": "无"}, "half_point", "经度, 纬度"),
        ({"经度": "24.75", "纬度": "118.25"}, "swapped", "经度, 纬度"),
        ({"经度": "0", "纬度": "0"}, "far_away", "经度, 纬度"),
        ({"经度": "1182500", "纬度": "247500"}, "far_away", "经度, 纬度"),
    ],
)
def test_a_bad_cell_holds_its_row_back(cells: dict[str, str], code: str, column: str) -> None:
    rows = room(**cells)
    both = {
        header: ["好室" if header == "名称" else room()[header][0], rows[header][0]]
        for header in rows
    }
    intake = taken(both, datum="wgs84")
    assert intake.counts[HELD] == 1
    remark = intake.remarks[intake.remarks["severity"] == HELD].iloc[0]
    assert (remark["row"], remark["code"], remark["column"]) == (3, f"intake.row.{code}", column)
    assert remark["message"]
    assert remark["remedy"]
    assert intake.rows["name"].tolist() == ["好室"]


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"成立时间": "2019年5月"}, "date_coarse"),
        ({"县": "南安", "乡镇": "丰洲镇"}, "place_unknown"),
        ({"经度": "118.45", "纬度": "24.75", "县": "安溪县", "乡镇": "官桥镇"}, "outside_unit"),
        ({"经度": "119.50", "纬度": "24.75"}, "outside_study"),
        ({"经度": "", "纬度": ""}, "placed_by_name"),
        ({"经度": "", "纬度": "", "乡镇": "/"}, "no_point"),
    ],
)
def test_a_doubtful_cell_is_remarked(cells: dict[str, str], code: str) -> None:
    assert code in codes(taken(room(**cells), datum="wgs84"))


def test_a_village_that_nobody_knows_leaves_the_row_at_its_township() -> None:
    intake = taken({**room(), "村": ["无名村"]}, datum="wgs84")
    assert codes(intake) == ["place_doubtful"]
    assert intake.rows["located_unit_id"].tolist() == ["350583110"]


def test_places_without_coordinates_tell_how_precise_they_are() -> None:
    rows = {
        "名称": ["甲", "乙", "丙", "丁"],
        "类型": ["行政村", "行政村", "乡镇街道", "代表之家"],
        "县": ["南安市"] * 4,
        "乡镇": ["丰州镇", "丰州镇", "官桥镇", ""],
        "村": ["桃源村", "后厅村", "", ""],
    }
    intake = taken(rows)
    assert intake.datum == ""
    assert intake.rows["location_basis"].tolist() == ["derived", None, "modelled", None]
    points = intake.rows.geometry
    assert (points.iloc[0].x, points.iloc[0].y) == (118.2, 24.7)
    assert points.iloc[1] is None
    assert UNITS.geometry["350583104"].contains(points.iloc[2])
    assert points.iloc[3] is None
    assert intake.rows["serves_unit_id"].tolist() == [
        "350583110201",
        "350583110202",
        "350583104",
        "350583",
    ]


def test_a_township_room_known_only_to_its_county_is_held_back() -> None:
    intake = taken(room(级别="乡镇", 类型="乡镇", 乡镇=""), datum="wgs84")
    assert "wrong_level" in codes(intake)


def test_a_room_may_serve_another_unit_than_it_stands_in() -> None:
    intake = taken({**room(级别="乡镇", 类型="乡镇"), "服务区域": ["南安市官桥镇"]}, datum="wgs84")
    assert intake.rows["serves_unit_id"].tolist() == ["350583104"]
    assert intake.rows["located_unit_id"].tolist() == ["350583110"]


def test_a_point_alone_finds_its_unit() -> None:
    rows = {"名称": ["某室"], "类型": ["行政村"], "经度": ["118.25"], "纬度": ["24.75"]}
    assert taken(rows, datum="wgs84").rows["located_unit_id"].tolist() == ["350583110"]


def test_codes_of_two_offices_are_settled_by_the_name() -> None:
    # 350583104 is 官桥镇 for civil affairs and 省新镇 for statistics.
    rows = {"名称": ["甲", "乙"], "类型": ["乡镇"] * 2, "县": ["南安市"] * 2}
    rows |= {"乡镇": ["官桥镇", "省新镇"], "所在区划代码": ["350583104", "350583104"]}
    intake = taken(rows)
    assert intake.rows["located_unit_id"].tolist() == ["350583104", "350583105"]
    clash = taken({**rows, "乡镇": ["丰州镇", "省新镇"]})
    assert "code_differs" in codes(clash)
    assert clash.counts[HELD] == 1


def test_a_list_without_a_county_column_can_be_told_its_county() -> None:
    raw = raw_of({"名称": ["甲"], "类型": ["社区"], "乡镇": ["官桥镇"]})
    suggested = suggest_mapping(raw, table="rooms")
    assert apply(raw, suggested, units=UNITS).counts[HELD] == 1
    told = Mapping("rooms", suggested.columns, constants={"county": "安溪县", "basis": "register"})
    rows = apply(raw, told, units=UNITS).rows
    assert rows["located_unit_id"].tolist() == ["350524104"]
    assert rows["basis"].tolist() == ["register"]


def test_population_by_full_name() -> None:
    rows = {"名称": ["南安市丰州镇", "官桥镇", "丰州镇"], "常住人口": ["1", "2", "3"]}
    intake = taken(rows, table="population")
    assert codes(intake) == ["id_twice", "place_ambiguous", "id_twice"]
    assert intake.rows.empty


def test_swapped_pairs_are_swapped_back_on_request() -> None:
    rows = room(经度="24.75", 纬度="118.25")
    intake = taken(rows, datum="wgs84", fix_swapped=True)
    assert intake.counts[HELD] == 0
    assert (intake.rows.geometry.iloc[0].x, intake.rows.geometry.iloc[0].y) == (118.25, 24.75)


def test_ids_are_the_same_the_second_time_and_unique() -> None:
    rows = {
        "名称": ["甲", "乙"],
        "类型": ["行政村"] * 2,
        "县": ["南安市"] * 2,
        "乡镇": ["丰州镇"] * 2,
    }
    first, second = taken(rows), taken({h: c[::-1] for h, c in rows.items()})
    assert set(first.rows.index) == set(second.rows.index)
    assert first.rows.index.is_unique
    again = taken({h: [*c, c[0]] for h, c in rows.items()})
    assert codes(again)[-1] == "same_twice"
    own = taken({**rows, "编号": ["a", "a"]})
    assert own.counts[HELD] == 2
    assert set(codes(own)) >= {"id_twice"}


def test_held_back_rows_can_be_mended_and_sent_again() -> None:
    rows = {
        "名称": ["甲", "乙"],
        "类型": ["行政村"] * 2,
        "县": ["南安市"] * 2,
        "乡镇": ["丰州镇", "丰洲乡"],
    }
    first = taken(rows)
    assert first.held_back[ROW_COLUMN].tolist() == ["3"]
    assert "丰洲乡" in first.held_back[PROBLEM_COLUMN].iloc[0]
    mended = first.held_back.assign(**{"乡镇": "丰州镇"})
    content = mended.to_csv(index=False).encode("utf-8-sig")
    raw = read_file(content, name="held.csv")[0]
    second = apply(raw, suggest_mapping(raw, table="rooms"), units=UNITS)
    assert second.rows["name"].tolist() == ["乙"]
    assert set(second.rows.index).isdisjoint(first.rows.index)


def test_the_report_has_every_row() -> None:
    rows = {
        "名称": ["甲", "乙", "合计"],
        "类型": ["行政村"] * 3,
        "县": ["南安市"] * 3,
        "乡镇": ["丰州镇", "/", ""],
    }
    intake = taken(rows)
    assert set(intake.report["row"]) == {2, 3, 4}
    assert intake.status.tolist() == [WARNED, WARNED, HELD]
    assert set(intake.warnings["row"]) == {2, 3}


def test_a_preview_says_what_is_new_changed_and_vanished() -> None:
    rows = {
        "名称": ["甲", "乙", "丙"],
        "类型": ["行政村"] * 3,
        "县": ["南安市"] * 3,
        "乡镇": ["丰州镇"] * 3,
    }
    rows["编号"] = ["a", "b", "c"]
    current = taken(rows, datum="wgs84").rows
    rows |= {"名称": ["甲", "乙二", "丁"], "编号": ["a", "b", "d"]}
    change = preview(taken(rows), current)
    assert (change.new, change.changed, change.vanished, change.same) == (
        ("d",),
        ("b",),
        ("c",),
        ("a",),
    )
    assert change.cells.to_dict("records") == [
        {"id": "b", "column": "name", "before": "乙", "after": "乙二"}
    ]
    assert preview(taken(rows), taken(rows).rows).changed == ()


def test_a_moved_point_is_a_change() -> None:
    current = taken({**room(), "编号": ["a"]}, datum="wgs84").rows
    moved = taken({**room(经度="118.26"), "编号": ["a"]}, datum="wgs84")
    assert preview(moved, current).cells["column"].tolist() == ["geometry"]


def test_persons_columns_are_refused_and_cannot_be_mapped() -> None:
    content = "名称,联系人,电话,乡镇,y\n甲,张三,1,丰州镇,13800138000\n".encode()
    raw = read_file(content, name="a.csv")[0]
    assert raw.refused == ("联系人", "电话", "y")
    assert list(raw.frame.columns) == ["名称", "乡镇"]
    with pytest.raises(IntakeError) as caught:
        apply(raw, Mapping("rooms", {"name": "联系人"}), units=UNITS)
    assert caught.value.code == "intake.personal_column"
    assert (
        "张三"
        not in apply(raw, suggest_mapping(raw, table="rooms"), units=UNITS).held_back.to_csv()
    )


def test_cases_name_their_room_and_keep_its_unit() -> None:
    rooms = taken({**room(), "编号": ["r1"]}, datum="wgs84").rows
    rows = {
        "编号": ["c1", "c2", "c3"],
        "活动室": ["甲室", "r1", "无此室"],
        "受理时间": ["2019.5.21", "43606", "2019/5/21"],
        "类别": ["交通、水利", "教育", "教育"],
        "办理状态": ["已办结", "办理中", "已反馈"],
    }
    intake = taken(rows, table="cases", rooms=rooms)
    assert intake.counts[HELD] == 1
    assert "room_unknown" in codes(intake)
    assert intake.rows["room_id"].tolist() == ["r1", "r1"]
    assert intake.rows["unit_id"].tolist() == ["350583110"] * 2
    assert intake.rows["categories"].tolist() == ["交通;水利", "教育"]
    assert intake.rows["status"].tolist() == ["handled", "assigned"]
    assert set(intake.rows["received"]) == {pd.Timestamp("2019-05-21")}


def test_activities_sites_and_population() -> None:
    rooms = taken({**room(), "编号": ["r1"]}, datum="wgs84").rows
    acts = taken(
        {
            "活动室": ["甲室"],
            "日期": ["20190521"],
            "主题": ["学习;走访"],
            "参加人数": ["约1,200人"],
        },
        table="activities",
        rooms=rooms,
    )
    assert acts.rows["attendance"].tolist() == [1200.0]
    sites = taken({"名称": ["丰州镇桃源村"], "类型": ["行政村"], "造价": ["-5"]}, table="sites")
    assert "too_small" in codes(sites)
    people = taken(
        {"县": ["南安市"] * 2, "乡镇": ["丰州镇", "官桥镇"], "常住人口": ["59,000", "—"]},
        table="population",
    )
    assert people.rows.index.tolist() == ["350583110", "350583104"]
    assert people.rows["population"].tolist()[0] == 59000
    assert np.isnan(people.rows["population"].iloc[1])


def _areas(*shapes: object, crs: str = "EPSG:4490", **columns: list[object]) -> RawTable:
    frame = pd.DataFrame(columns).astype("str")
    frame.index = pd.RangeIndex(1, 1 + len(frame), name="row")
    return RawTable(
        name="界.geojson",
        layer="",
        frame=frame,
        shapes=np.array(shapes, dtype=object),
        file_format="geojson",
        stated_crs=crs,
    )


def test_boundaries_find_level_and_parent_in_their_codes() -> None:
    square = box(118.0, 24.5, 118.2, 24.7)
    raw = _areas(
        square,
        square,
        square,
        区划代码=["156350500", "350583000000", "350583110"],
        名称=["泉州市", "南安市", "丰州镇"],
    )
    intake = apply(raw, suggest_mapping(raw, table="boundaries"), units=UNITS.iloc[:0])
    assert intake.rows.index.tolist() == ["350500", "350583", "350583110"]
    assert intake.rows["level"].tolist() == ["city", "county", "township"]
    assert intake.rows["parent_id"].tolist() == [None, "350500", "350583"]
    assert intake.datum == "cgcs2000"


def test_broken_outlines_are_held_back_each_with_its_reason() -> None:
    bow_tie = shapely.Polygon([(118, 24), (119, 25), (119, 24), (118, 25)])
    endless = shapely.from_wkt("POLYGON ((118 24, NaN 25, 119 24, 118 24))")
    raw = _areas(
        box(118, 24, 118.1, 24.1),
        bow_tie,
        endless,
        None,
        shapely.Point(118, 24),
        区划代码=["350583110", "350583111", "350583112", "350583113", "350583114"],
        名称=list("甲乙丙丁戊"),
    )
    intake = apply(raw, suggest_mapping(raw, table="boundaries"), units=UNITS)
    assert codes(intake) == ["outline_crosses", "coordinate", "shape_missing", "shape_kind"]
    assert "Self-intersection" in intake.remarks["message"].iloc[0]
    assert intake.rows["name"].tolist() == ["甲"]


@pytest.mark.parametrize("datum", ["epsg:4548", "epsg:4527", "gcj02"])
def test_boundaries_of_any_datum_arrive_in_wgs84(datum: str) -> None:
    square = box(118.0, 24.5, 118.2, 24.7)
    moved = shapely.transform(
        square, lambda xy: np.column_stack(from_wgs84(xy[:, 0], xy[:, 1], datum=datum))
    )
    raw = _areas(moved, crs="", 区划代码=["350583110"], 名称=["丰州镇"])
    mapping = suggest_mapping(raw, table="boundaries")
    with pytest.raises(IntakeError) as caught:
        apply(raw, mapping, units=UNITS)
    assert caught.value.code == "intake.datum_needed"
    rows = apply(raw, mapping, units=UNITS, datum=datum).rows
    assert shapely.equals_exact(rows.geometry.iloc[0], square, tolerance=1e-8)


def test_old_datums_are_refused_even_when_the_user_says_otherwise() -> None:
    from pyproj import CRS

    square = box(39_600_000, 2_700_000, 39_610_000, 2_710_000)
    raw = _areas(square, crs=CRS.from_epsg(2363).to_wkt("WKT1_ESRI"), 区划代码=["1"], 名称=["甲"])
    with pytest.raises(IntakeError) as caught:
        apply(raw, suggest_mapping(raw, table="boundaries"), units=UNITS)
    assert caught.value.code == "crs.old_datum"
    shapes = np.array([shapely.Point(39_600_000, 2_700_000)])
    table = raw_of({"名称": ["甲"], "类型": ["行政村"]}, shapes=shapes, stated_crs="Xian 1980")
    with pytest.raises(IntakeError) as caught:
        apply(table, suggest_mapping(table, table="rooms"), units=UNITS, datum="cgcs2000")
    assert caught.value.code == "crs.old_datum"


def test_shapes_of_the_wrong_kind_and_unreadable_ones_are_held_back() -> None:
    content = corpus.collection(
        corpus.feature(corpus.point(118.25, 24.75), name="甲", 类型="行政村"),
        corpus.feature({"type": "LineString", "coordinates": [[118, 24], [119, 25]]}, name="乙"),
        corpus.feature({"type": "Point", "coordinates": "x"}, name="丙"),
        corpus.feature(corpus.point(float("nan"), 24.9), name="丁"),
        corpus.feature(None, name="南安市丰州镇"),
    )
    raw = read_file(content, name="a.geojson")[0]
    intake = apply(raw, suggest_mapping(raw, table="rooms"), units=UNITS, datum="wgs84")
    held = intake.remarks[intake.remarks["severity"] == HELD]
    by_row = held.groupby("row")["code"].first().str.removeprefix("intake.row.").to_dict()
    assert by_row == {2: "shape_kind", 3: "shape_broken", 4: "coordinate"}
    assert intake.rows["name"].tolist() == ["甲", "南安市丰州镇"]


AREA = {"区划代码": "350583110", "名称": "丰州镇"}
BOW_TIE = [[[118, 24.5], [118.5, 25], [118.5, 24.5], [118, 25], [118, 24.5]]]


def layer_of(folder: Path, cells: dict[str, str], geometry: object, ending: str) -> bytes:
    """Return one feature as GDAL writes it."""
    drivers = {"geojson": "GeoJSON", "gpkg": "GPKG", "fgb": "FlatGeobuf", "shp": "ESRI Shapefile"}
    layer = gpd.GeoDataFrame([cells], geometry=[shapely.geometry.shape(geometry)], crs="EPSG:4326")
    options = {"encoding": "UTF-8"} if ending == "shp" else {}
    with warnings.catch_warnings():  # a Shapefile cuts headings, and GDAL says so
        warnings.simplefilter("ignore")
        layer.to_file(folder / f"a.{ending}", driver=drivers[ending], **options)
    if ending != "shp":
        return (folder / f"a.{ending}").read_bytes()
    return corpus.zipped_parts({p.suffix[1:]: p.read_bytes() for p in folder.glob("a.*")})


@pytest.mark.parametrize(
    ("table", "geometry", "code"),
    [
        ("rooms", corpus.point(24.75, 118.25), "swapped"),
        ("rooms", corpus.point(0, 0), "far_away"),
        ("boundaries", {"type": "Polygon", "coordinates": BOW_TIE}, "outline_crosses"),
    ],
)
@pytest.mark.parametrize("ending", ["geojson", "gpkg", "fgb", "shp"])
def test_swapped_strayed_and_crossing_shapes_are_told_in_every_format(
    tmp_path: Path, table: str, geometry: dict[str, object], code: str, ending: str
) -> None:
    cells = {"名称": "甲室", "类型": "行政村"} if table == "rooms" else AREA
    raw = read_file(layer_of(tmp_path, cells, geometry, ending), name="a")[0]
    intake = apply(raw, suggest_mapping(raw, table=table), units=UNITS, datum="wgs84")
    assert intake.counts[HELD] == 1
    assert codes(intake) == [code]


@pytest.mark.parametrize("number", ["NaN", "Infinity"])
@pytest.mark.parametrize("ending", ["json", "csv", "kml", "gpkg"])
def test_numbers_that_are_none_are_told_in_every_format(
    tmp_path: Path, ending: str, number: str
) -> None:
    feature = corpus.feature(corpus.point(float(number), 24.9), 名称="甲室", 类型="行政村")
    place = f"<Placemark><name>甲室</name><Point><coordinates>{number},24.9</coordinates></Point>"
    content = {
        "json": corpus.collection(feature),
        "csv": f"名称,类型,经度,纬度\n甲室,行政村,{number},24.9\n".encode(),
        "kml": f"<kml><Document>{place}</Placemark></Document></kml>".encode(),
    }
    if ending == "gpkg":
        content["gpkg"] = layer_of(tmp_path, feature["properties"], feature["geometry"], "gpkg")
    raw = read_file(content[ending], name="a")[0]
    intake = apply(raw, suggest_mapping(raw, table="rooms"), units=UNITS, datum="wgs84")
    assert intake.counts[HELD] == 1
    assert codes(intake)[0] in ("coordinate", "half_point", "shape_broken")


def test_a_whole_file_goes_from_gbk_to_the_register(tmp_path: Path) -> None:
    lon, lat = from_wgs84([118.25, 118.3], [24.75, 24.8], datum="bd09")
    frame = pd.DataFrame(
        {"活动室名称": ["甲", "乙"], "类型": ["社区", "片区"], "乡镇(街道)": ["丰州镇"] * 2}
    ).assign(**{"经度": lon, "纬度": lat})
    path = tmp_path / "名单.csv"
    path.write_bytes(frame.to_csv(index=False).encode("gbk"))
    raw = read_file(path)[0]
    assert raw.encoding == "gb18030"
    rows = apply(raw, suggest_mapping(raw, table="rooms"), units=UNITS, datum="bd09").rows
    assert rows.geometry.x.tolist() == pytest.approx([118.25, 118.3], abs=1e-9)
    assert rows.geometry.y.tolist() == pytest.approx([24.75, 24.8], abs=1e-9)


def test_nothing_mapped_and_a_wrong_table_are_errors() -> None:
    raw = raw_of({"x": [""], "y": [""]})
    for mapping, code in (
        (Mapping("rooms", {}), "intake.nothing_mapped"),
        (Mapping("units", {}), "intake.table"),
        (Mapping("rooms", {"name": "没有"}), "intake.column_missing"),
        (Mapping("rooms", {"colour": "x"}), "intake.target"),
    ):
        with pytest.raises(IntakeError) as caught:
            apply(raw, mapping, units=UNITS)
        assert caught.value.code == code
        assert corpus.chinese(caught.value)
    with pytest.raises(IntakeError) as caught:
        apply(raw, Mapping("rooms", {"name": "x"}), units=UNITS, table="cases")
    assert caught.value.code == "intake.table"


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["甲", "乙", "—", "", "合计"]),
            st.sampled_from(["丰州镇", "官桥镇", "无名镇", "", "南安市丰州镇"]),
            st.sampled_from(["118.25", "24.75", "", "x", "0"]),
            st.sampled_from(["24.75", "118.25", "", "99"]),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_every_row_ends_in_exactly_one_heap(cells: list[tuple[str, str, str, str]]) -> None:
    names, towns, lon, lat = (list(column) for column in zip(*cells, strict=True))
    raw = raw_of(
        {"名称": names, "乡镇": towns, "经度": lon, "纬度": lat, "类型": ["社区"] * len(cells)}
    )
    intake = apply(raw, suggest_mapping(raw, table="rooms"), units=UNITS, datum="wgs84")
    assert len(intake.rows) + len(intake.held_back) == len(cells)
    assert sum(intake.counts.values()) == len(cells)
    assert set(intake.report["row"]) == set(raw.frame.index)
    assert list(table_faults("rooms", intake.rows, file="x", unit_ids=UNITS.index)) == [] or (
        intake.rows.empty
    )
    assert intake.rows.index.is_unique


def test_every_remark_has_its_chinese_words() -> None:
    import tomllib

    from geo.intake.report import TEXTS

    folder = Path(__file__).parents[3] / "ui/wording/errors_zh"
    words = tomllib.loads((folder / "intake.toml").read_text("utf-8"))
    for code, (_, message, _) in TEXTS.items():
        for fact in ("{detail}", "{value}"):
            assert (fact in words[f"intake.row.{code}"]) == (fact in message)
        assert words[f"intake.remedy.{code}"]


def test_all_importable_tables_are_tables_of_the_study() -> None:
    from geo.intake.synonyms import IMPORTS

    assert set(IMPORTS) == {"rooms", "cases", "activities", "sites", "population", "boundaries"}
    for name in ("rooms", "cases", "activities", "sites"):
        assert IMPORTS[name] is TABLES[name]


def test_a_workbook_gives_all_its_sheets() -> None:
    book = io.BytesIO()
    with pd.ExcelWriter(book, engine="xlsxwriter") as writer:
        pd.DataFrame({"名称": ["甲"], "乡镇": ["丰州镇"]}).to_excel(
            writer, sheet_name="一", index=False
        )
        pd.DataFrame({"名称": ["乙"], "乡镇": ["丰州镇"]}).to_excel(
            writer, sheet_name="二", index=False
        )
    tables = read_file(book.getvalue(), name="a.xlsx")
    assert [t.layer for t in tables] == ["一", "二"]
