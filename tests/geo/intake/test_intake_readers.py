"""The same list in every format arrives as the same rows."""

from __future__ import annotations

import datetime as dt
import io
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
    assert frame.iloc[1].tolist() == ["", "0.1", "x", "y"]


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
