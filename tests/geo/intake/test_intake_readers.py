"""The same list in every format arrives as the same rows."""

from __future__ import annotations

import datetime as dt
import io
import warnings
from pathlib import Path

import corpus
import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely
import xlsxwriter

from geo.errors import IntakeError
from geo.intake.grid import find_header, unique_names
from geo.intake.mapping import suggest_mapping
from geo.intake.raw import RawTable, read_file

NAMES = ["丰州镇活动室", "官桥镇活动室", "㐂㐂村活动室"]
LON, LAT = [118.5, 118.6, 118.7], [24.9, 25.0, 25.1]
LAYER = gpd.GeoDataFrame(
    {"名称": NAMES, "人数": [3, 4, None]},
    geometry=gpd.points_from_xy(LON, LAT),
    crs="EPSG:4326",
)


def only(content: bytes, name: str) -> RawTable:
    tables = read_file(content, name=name)
    assert len(tables) == 1
    return tables[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "，"])
def test_texts_of_every_encoding_and_delimiter(encoding: str, delimiter: str) -> None:
    rows = [["名称", "人数"], *([name, "3"] for name in NAMES)]
    text = "\r\n".join(delimiter.join(row) for row in rows)
    raw = only(text.encode(encoding), "a.csv")
    assert raw.frame["名称"].tolist() == NAMES
    assert raw.frame.index.tolist() == [2, 3, 4]
    assert raw.encoding == {"utf-8-sig": "utf-8", "utf-16": "utf-16-le"}.get(encoding, encoding)


def test_quotes_newlines_and_short_rows() -> None:
    text = '名称,备注,x\n"甲,乙","一行\n两行",1\n丙\n"说""好""",,2\n'
    frame = only(text.encode(), "a.csv").frame
    assert frame["名称"].tolist() == ["甲,乙", "丙", '说"好"']
    assert frame["备注"].tolist() == ["一行\n两行", "", ""]
    assert frame["x"].tolist() == ["1", "", "2"]


def test_titles_above_the_header_are_passed_over() -> None:
    text = "活动室一览表,,\n填报单位:南安市,,\n名称,乡镇,经度\n甲,丰州镇,118.5\n"
    raw = only(text.encode("gbk"), "a.csv")
    assert list(raw.frame.columns) == ["名称", "乡镇", "经度"]
    assert raw.frame.index.tolist() == [4]
    uneven = "活动室一览表\n名称,乡镇,经度\n甲,丰州镇,118.5\n"
    assert only(uneven.encode(), "a.csv").frame.index.tolist() == [3]


def test_odd_headers_become_unique_names() -> None:
    assert unique_names(["名称", " 名称 ", "", "名称 (2)"]) == [
        "名称",
        "名称 (2)",
        "column 3",
        "名称 (2) (2)",
    ]
    assert find_header([["", ""], ["a", "b"], ["1", "2"]]) == 1
    assert find_header([]) == 0


def test_long_digits_and_leading_zeros_survive() -> None:
    frame = only("代码,x\n006,350583110201\n0,1e3\n".encode(), "a.csv").frame
    assert frame["代码"].tolist() == ["006", "0"]
    assert frame["x"].tolist() == ["350583110201", "1e3"]


def sheet(**options: object) -> bytes:
    """Return a workbook with a title, a header in two rows, merged cells and every cell type."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "yyyy-mm-dd"})
    page = book.add_worksheet("名单")
    page.merge_range(0, 0, 0, 4, "活动室一览表")
    page.merge_range(1, 0, 2, 0, "名称")
    page.merge_range(1, 1, 2, 1, "县")
    page.merge_range(1, 2, 1, 3, "坐标")
    page.write_row(2, 2, ["经度", "纬度"])
    page.merge_range(1, 4, 2, 4, "成立时间")
    page.merge_range(3, 1, 4, 1, "南安市")
    for row, name in enumerate(NAMES[:2], start=3):
        page.write(row, 0, name)
        page.write(row, 2, LON[row - 3])
        page.write(row, 3, LAT[row - 3])
    page.write_datetime(3, 4, dt.datetime(2019, 5, 21))
    page.write(4, 4, 43606)
    hidden = book.add_worksheet("隐藏")
    hidden.write_row(0, 0, ["名称", "x"])
    hidden.write_row(1, 0, ["乙", 1])
    hidden.hide()
    book.close()
    return out.getvalue()


def test_a_workbook_as_offices_write_them() -> None:
    raw = only(sheet(), "a.xlsx")
    assert raw.layer == "名单"
    assert list(raw.frame.columns) == ["名称", "县", "经度", "纬度", "成立时间"]
    assert raw.frame["县"].tolist() == ["南安市", "南安市"]
    assert raw.frame["经度"].tolist() == ["118.5", "118.6"]
    assert raw.frame["纬度"].tolist() == ["24.9", "25"]
    assert raw.frame["成立时间"].tolist() == ["2019-05-21", "43606"]
    assert raw.frame.index.tolist() == [4, 5]


def test_cells_of_every_type() -> None:
    book = openpyxl.Workbook()
    book.active.append(["a", "b", "c", "d"])
    book.active.append([True, 350583110201.0, None, dt.time(8, 30)])
    book.active.append(["=1+1", 0.1, " x ", "y"])
    out = io.BytesIO()
    book.save(out)
    frame = only(out.getvalue(), "a.xlsx").frame
    assert frame.iloc[0].tolist() == ["true", "350583110201", "", "08:30:00"]
    assert frame.iloc[1].tolist() == ["", "0.1", " x ", "y"]


def made(folder: Path, driver: str, ending: str, **options: object) -> bytes:
    path = folder / f"made.{ending}"
    LAYER.to_file(path, driver=driver, **options)
    if ending != "shp":
        return path.read_bytes()
    parts = {p.suffix[1:]: p.read_bytes() for p in folder.glob("made.*")}
    return corpus.zipped_parts(parts, stem="图层/made")


@pytest.mark.parametrize(
    ("driver", "ending", "name"),
    [
        ("GeoJSON", "geojson", "a.geojson"),
        ("GPKG", "gpkg", "a.gpkg"),
        ("FlatGeobuf", "fgb", "a.fgb"),
        ("ESRI Shapefile", "shp", "a.zip"),
    ],
)
def test_layers_arrive_whole(tmp_path: Path, driver: str, ending: str, name: str) -> None:
    options = {"encoding": "UTF-8"} if ending == "shp" else {}
    raw = only(made(tmp_path, driver, ending, **options), name)
    assert raw.shapes is not None
    assert set(raw.frame["名称"]) == set(NAMES)
    assert "" in raw.frame["人数"].tolist()
    order = [raw.frame["名称"].tolist().index(name) for name in NAMES]
    assert shapely.get_x(raw.shapes)[order].tolist() == LON
    assert shapely.get_y(raw.shapes)[order].tolist() == LAT
    assert "4326" in raw.stated_crs or "WGS_1984" in raw.stated_crs or ending == "geojson"


def test_a_shapefile_in_gbk_without_cpg(tmp_path: Path) -> None:
    LAYER.iloc[:2].to_file(tmp_path / "g.shp", driver="ESRI Shapefile", encoding="GB18030")
    parts = {p.suffix[1:]: p.read_bytes() for p in tmp_path.glob("g.*") if p.suffix != ".cpg"}
    raw = only(corpus.zipped_parts(parts), "a.zip")
    assert raw.frame["名称"].tolist() == NAMES[:2]
    assert raw.encoding == "gb18030"
    assert next(iter(raw.frame.columns)) == "名称"


def test_a_wrong_cpg_does_not_win(tmp_path: Path) -> None:
    LAYER.iloc[:2].to_file(tmp_path / "g.shp", driver="ESRI Shapefile", encoding="GB18030")
    parts = {p.suffix[1:]: p.read_bytes() for p in tmp_path.glob("g.*")}
    raw = only(corpus.zipped_parts({**parts, "cpg": b"UTF-8"}), "a.zip")
    assert raw.frame["名称"].tolist() == NAMES[:2]


# Longer than the ten bytes of a heading in either encoding; two are equal in their first ten.
LONG = ["活动室名称", "县(市、区)", "乡镇(街道)", "成立时间", "服务单位代码", "服务单位名称"]
HEADS = {
    "UTF-8": ["活动室", "县(市、", "乡镇(街", "成立时", "服务单", "服务_1"],
    "GB18030": ["活动室名称", "县(市、区)", "乡镇(街道)", "成立时间", "服务单位代", "服务单位名"],
}
ROW = ["丰州镇木栅活动室", "南安市", "丰州镇", "2019-05-21", "350583101", "说明" * 90]


def cut_shapefile(folder: Path, encoding: str, *, cpg: bytes | None) -> bytes:
    """Return what GDAL itself makes of long Chinese headings, with another .cpg or none."""
    frame = gpd.GeoDataFrame([ROW], columns=LONG, geometry=LAYER.geometry[:1])
    with warnings.catch_warnings():  # that it cuts them is the point
        warnings.simplefilter("ignore")
        frame.to_file(folder / "g.shp", driver="ESRI Shapefile", encoding=encoding)
    parts = {p.suffix[1:]: p.read_bytes() for p in folder.glob("g.*")}
    del parts["cpg"]
    return corpus.zipped_parts(parts if cpg is None else {**parts, "cpg": cpg})


# Some text in UTF-8 fits GBK too, and then a .cpg that says GBK would be believed.
WRONG = {"UTF-8": b"BIG5", "GB18030": b"UTF-8"}


@pytest.mark.parametrize("cpg", [None, "right", "wrong", b"OEM", b"ISO-8859-1"])
@pytest.mark.parametrize("encoding", list(HEADS))
def test_cut_headings_and_values_are_read_in_their_encoding(
    tmp_path: Path, encoding: str, cpg: str | bytes | None
) -> None:
    told = {"right": encoding.encode(), "wrong": WRONG[encoding]}.get(cpg, cpg)
    content = cut_shapefile(tmp_path, encoding, cpg=told)
    raw = only(content, "a.zip")
    assert list(raw.frame.columns) == HEADS[encoding]
    assert raw.frame.iloc[0].tolist()[:-1] == ROW[:-1]
    whole = raw.frame.iloc[0, -1]
    assert ROW[-1].startswith(whole)
    assert len(whole) in (84, 127)  # 252 and 254 bytes
    assert raw.encoding.lower() == encoding.lower()


@pytest.mark.parametrize("encoding", list(HEADS))
def test_cut_headings_find_their_column(tmp_path: Path, encoding: str) -> None:
    raw = only(cut_shapefile(tmp_path, encoding, cpg=None), "a.zip")
    columns = suggest_mapping(raw, table="rooms").columns
    targets = ["name", "county", "township", "opened", "serves_unit_id", "serves"]
    assert columns == dict(zip(targets, HEADS[encoding], strict=True))


def cut_table(**columns: str) -> RawTable:
    frame = pd.DataFrame({head: [cell] for head, cell in columns.items()}, dtype="str")
    return RawTable(name="a.zip", layer="", frame=frame, file_format="shp", encoding="utf-8")


@pytest.mark.parametrize(
    ("columns", "target"),
    [
        ({"活动室": "丰州镇活动室"}, "name"),
        ({"活动室": "乡镇"}, None),  # 级别, 类型 or 名称
        ({"活动室": "村级", "类型": "社区"}, None),
        ({"活动室": "r-1", "名称": "丰州镇活动室"}, "room_id"),
        ({"服务单": "350583101"}, "serves_unit_id"),
        ({"服务单": "南安市丰州镇"}, "serves"),
        ({"服务单": "南安市", "服务_1": "丰州镇"}, None),
        ({"服务单": "南安市丰州镇", "服务_1": "350583101"}, "serves"),
        ({"服": "南安市"}, None),
    ],
)
def test_a_cut_heading_is_a_column_only_where_no_other_fits(
    columns: dict[str, str], target: str | None
) -> None:
    head = next(iter(columns))
    found = suggest_mapping(cut_table(**columns), table="rooms").columns
    assert {header: name for name, header in found.items()}.get(head) == target


def test_only_a_shapefile_cuts_headings() -> None:
    frame = cut_table(服务单="350583101").frame
    whole = RawTable(name="a.csv", layer="", frame=frame, encoding="utf-8")
    assert suggest_mapping(whole, table="rooms").columns == {}


def test_headings_equal_after_the_cut_keep_their_columns(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        [["1", "2"]], columns=["x服务单位甲", "x服务单位乙"], geometry=LAYER.geometry[:1]
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame.to_file(tmp_path / "g.shp", driver="ESRI Shapefile", encoding="GB18030")
    parts = {p.suffix[1:]: p.read_bytes() for p in tmp_path.glob("g.*")}
    raw = only(corpus.zipped_parts(parts), "a.zip")
    assert raw.frame.iloc[0].to_dict() == {"x服务单位": "1", "x服务单位 (2)": "2"}


@pytest.mark.parametrize("char", ["栅", "修", "蠅", "匠"])
def test_a_last_byte_is_no_blank(tmp_path: Path, char: str) -> None:
    """栅 ends in 0x85 in UTF-8, which is a blank as a character of its own."""
    frame = gpd.GeoDataFrame({char: [f"木{char}", char]}, geometry=LAYER.geometry[:2])
    for encoding in ("UTF-8", "GB18030"):
        frame.to_file(tmp_path / "g.shp", driver="ESRI Shapefile", encoding=encoding)
        parts = {p.suffix[1:]: p.read_bytes() for p in tmp_path.glob("g.*")}
        raw = only(corpus.zipped_parts(parts), "a.zip")
        assert raw.frame[char].tolist() == [f"木{char}", char]


def test_a_shapefile_without_prj_states_nothing(tmp_path: Path) -> None:
    LAYER.iloc[:2].to_file(tmp_path / "g.shp", driver="ESRI Shapefile", encoding="UTF-8")
    parts = {p.suffix[1:]: p.read_bytes() for p in tmp_path.glob("g.*") if p.suffix != ".prj"}
    assert only(corpus.zipped_parts(parts), "a.zip").stated_crs == ""


def test_two_shapefiles_in_one_zip_are_two_layers(tmp_path: Path) -> None:
    LAYER.to_file(tmp_path / "g.shp", driver="ESRI Shapefile", encoding="UTF-8")
    parts = [(p.suffix, p.read_bytes()) for p in tmp_path.glob("g.*")]
    members = [(f"{stem}{end}", content) for stem in ("一", "二") for end, content in parts]
    assert [t.layer for t in read_file(corpus.zipped(*members), name="a.zip")] == ["一", "二"]


KML = """<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Folder>
<Placemark><name>丰州镇活动室</name><ExtendedData><Data name="人数"><value>3</value></Data>
</ExtendedData><Point><coordinates>118.5,24.9,0</coordinates></Point></Placemark>
<Placemark><name>片区</name><Polygon><outerBoundaryIs><LinearRing><coordinates>
118,24 119,24 119,25 118,24</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>
<Placemark><name>坏</name><Point><coordinates>x,y</coordinates></Point></Placemark>
<Placemark><name>无</name></Placemark>
</Folder></Document></kml>"""


@pytest.mark.parametrize("zipped", [False, True])
def test_kml_and_kmz(zipped: bool) -> None:
    content = corpus.zipped(("doc.kml", KML.encode())) if zipped else KML.encode()
    raw = only(content, "a.kmz" if zipped else "a.kml")
    assert raw.frame["name"].tolist() == ["丰州镇活动室", "片区", "坏", "无"]
    assert raw.frame["人数"].tolist() == ["3", "", "", ""]
    assert raw.shapes is not None
    assert [s.geom_type if s is not None else None for s in raw.shapes] == [
        "Point",
        "Polygon",
        None,
        None,
    ]
    assert raw.broken_rows == (3,)


def test_geojson_keeps_ids_and_nested_values() -> None:
    body = corpus.feature(corpus.point(), name="甲", more={"a": [1, 2]}, n=2.0, t=True, z=None)
    raw = only(corpus.collection({**body, "id": 7}), "a.json")
    assert raw.frame.iloc[0].to_dict() == {
        "id": "7",
        "name": "甲",
        "more": '{"a": [1, 2]}',
        "n": "2",
        "t": "true",
        "z": "",
    }
    named = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}
    raw = only(corpus.collection(body, crs=named), "a.json")
    assert raw.stated_crs == "urn:ogc:def:crs:EPSG::4490"


def test_a_layer_without_geometry_in_a_geopackage(tmp_path: Path) -> None:
    content = corpus.geopackage(
        tmp_path,
        "CREATE TABLE 表 (名称 TEXT)",
        "INSERT INTO 表 VALUES ('甲')",
        "INSERT INTO gpkg_contents (table_name, data_type) VALUES ('表', 'attributes')",
    )
    layers = {t.layer: t for t in read_file(content, name="a.gpkg")}
    assert layers["表"].frame["名称"].tolist() == ["甲"]
    assert layers["rooms"].shapes is not None


def test_unknown_endings_are_judged_by_content() -> None:
    assert only("名称,x\n甲,1\n".encode(), "名单").file_format == "csv"
    assert only(pd.DataFrame({"a": [1], "b": [2]}).to_csv().encode(), "a.dat").file_format == "csv"


def test_an_empty_workbook_is_an_error() -> None:
    with pytest.raises(IntakeError) as caught:
        read_file(corpus.workbook([]), name="a.xlsx")
    assert caught.value.code == "intake.empty"
