"""Files people open: guarded cells, exact values, whole files or none."""

from __future__ import annotations

import io
import json

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point

from geo.errors import RoomplanError
from geo.write import json_text, table_bytes, write_bytes

EVIL = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x","y")']


def frame() -> gpd.GeoDataFrame:
    rows = {"name": ["甲", "=1+1"], "people": [3.5, float("nan")], "open": [True, False]}
    rows["opened"] = pd.to_datetime(["2019-05-31", None])
    return gpd.GeoDataFrame(
        rows, geometry=[Point(118.5, 25), None], crs="EPSG:4326", index=["r1", "r2"]
    )


@pytest.mark.parametrize("evil", EVIL)
def test_no_cell_is_a_formula(evil):
    table = pd.DataFrame({evil: [evil], "n": [-5]})
    text = table_bytes(table, ".csv").decode("utf-8-sig")
    back = pd.read_csv(io.StringIO(text), dtype=str)
    assert back.iloc[0, 0].startswith("'")
    assert back.columns[0].startswith("'")
    assert back.iloc[0, 1] == "-5"
    book = openpyxl.load_workbook(io.BytesIO(table_bytes(table, ".xlsx")))
    cells = [cell for row in book.worksheets[0].iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    assert all(cell.hyperlink is None for cell in cells)
    assert cells[-1].value == -5


def test_csv_has_a_bom_and_chinese():
    content = table_bytes(frame(), ".csv")
    assert content.startswith(b"\xef\xbb\xbf")
    assert "甲" in content.decode("utf-8-sig")


def test_xlsx_keeps_types_and_unknown_stays_empty():
    book = openpyxl.load_workbook(
        io.BytesIO(table_bytes(frame(), ".xlsx", name="a/b", notes=["n"]))
    )
    sheet = book.worksheets[0]
    assert [c.value for c in sheet[1]] == ["name", "people", "open", "opened"]
    assert sheet["B2"].value == 3.5
    assert sheet["B3"].value is None
    assert sheet["C2"].value is True
    assert sheet["D2"].value.isoformat() == "2019-05-31T00:00:00"
    assert sheet["D3"].value is None
    assert book.worksheets[1]["A1"].value == "n"


@pytest.mark.parametrize("ending", [".geojson", ".gpkg"])
def test_map_formats_return_points_and_values(ending, tmp_path):
    path = tmp_path / f"t{ending}"
    path.write_bytes(table_bytes(frame(), ending, name="rooms"))
    back = gpd.read_file(path)
    assert back.crs.equals("EPSG:4326")
    assert back.geometry.iloc[0].equals(Point(118.5, 25))
    assert back["name"].tolist() == ["甲", "=1+1"]


def test_geojson_unknown_is_null():
    features = json.loads(table_bytes(frame(), ".geojson"))["features"]
    assert features[1]["geometry"] is None
    assert features[1]["properties"]["people"] is None
    assert features[1]["properties"]["opened"] is None


@pytest.mark.parametrize(
    ("ending", "code"),
    [(".pdf", "write.ending"), ("", "write.ending"), (".gpkg", "write.no_geometry")],
)
def test_what_cannot_be_written(ending, code):
    with pytest.raises(RoomplanError) as caught:
        table_bytes(pd.DataFrame({"a": [1]}), ending)
    assert caught.value.code == code


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "t.csv"
    write_bytes(b"one", path)
    write_bytes(b"two", path)
    assert path.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(RoomplanError, match="nowhere"):
        write_bytes(b"x", tmp_path / "nowhere" / "t.csv")


@given(st.floats(), st.text(), st.booleans(), st.none() | st.integers())
def test_json_is_always_json(number, text, flag, count):
    value = {"a": [number, text, flag, count], "t": pd.DataFrame({"x": [number], "s": [text]})}
    back = json.loads(json_text(value))
    assert back["a"][1] == text
    assert back["a"][2] is flag
    assert back["t"][0]["s"] == text
