"""What the register exports, and that importing it again changes nothing."""

from __future__ import annotations

import pandas as pd
import pytest

from geo.errors import RoomplanError
from geo.intake.apply import apply
from geo.intake.mapping import suggest_mapping
from geo.intake.raw import read_file
from geo.read import parse_table
from geo.register import LAYERS
from geo.register_export import export_table
from geo.schema import TABLES
from register_worlds import new_register, plain
from worlds import toy_frames

ENDINGS = (".csv", ".xlsx", ".geojson", ".gpkg")
MAPS = ("rooms", "sites")


@pytest.fixture
def register(tmp_path):
    sites = toy_frames()["sites"]
    sites.loc["s1", ["cost", "note"]] = [0.1, '引号"，逗号; 换行\n二行']
    sites["note"] = sites["note"].fillna("=1+1")  # guarded in a CSV, and bare again afterwards
    sites.loc["s2", "note"] = "'-5"  # looks guarded, and is not
    with new_register("file", tmp_path, sites=sites) as made:
        point = {"geometry": (118.1234567890123, 25.0000000012345)}
        made.edit("sites", "s1", point, version=1, who="乙")
        yield made


@pytest.mark.parametrize(
    ("table", "ending"),
    [(t, e) for t in ("sites", "activities") for e in ENDINGS if e in ENDINGS[:2] or t in MAPS],
)
def test_what_was_exported_comes_back_through_the_intake_unchanged(
    register, tmp_path, table, ending
):
    path = tmp_path / f"out{ending}"
    assert export_table(register, table, path) == len(register.read(table))
    (raw,) = read_file(path)
    units, rooms = toy_frames()["units"], register.read("rooms")
    mapping = suggest_mapping(raw, table=table)
    rows = apply(raw, mapping, units=units, table=table, datum="wgs84", rooms=rooms).rows
    assert register.preview_import(table, rows).differences == {}
    assert len(rows) == len(register.read(table))
    assert register.apply_import(table, rows, who="丙", label="zurück") is None


@pytest.mark.parametrize("table", LAYERS)
def test_an_exported_csv_is_a_file_of_the_study(register, tmp_path, table):
    path = tmp_path / "out.csv"
    export_table(register, table, path)
    frame = parse_table(path.read_bytes(), "out.csv", TABLES[table])
    back = plain(frame)
    for row in back.values():
        row.pop("geometry", None) if table == "cases" else None
    wanted = plain(register.read(table))
    for row in wanted.values():
        row.pop("geometry", None) if table == "cases" else None
    assert back == wanted
    if table == "cases":
        assert not {"geometry", "lon", "lat"} & set(frame.columns)
        assert register.apply_import(table, frame, who="丙", label="x") is None


@pytest.mark.parametrize("table", MAPS)
def test_an_exported_map_keeps_points_to_a_tenth_of_a_millimetre(register, tmp_path, table):
    path = tmp_path / "out.geojson"
    export_table(register, table, path)
    frame = parse_table(path.read_bytes(), "out.geojson", TABLES[table])
    points = {row: cells.get("geometry") for row, cells in plain(frame).items()}
    assert points == {r: c.get("geometry") for r, c in plain(register.read(table)).items()}
    if table == "sites":
        assert points["s1"] == (118.123456789, 25.000000001)


@pytest.mark.parametrize("ending", [".geojson", ".gpkg"])
@pytest.mark.parametrize("table", ["cases", "activities"])
def test_cases_are_never_drawn_on_an_exported_map(register, tmp_path, table, ending):
    with pytest.raises(RoomplanError) as caught:
        export_table(register, table, tmp_path / f"out{ending}")
    assert caught.value.code == "write.no_geometry"
    assert not (tmp_path / f"out{ending}").exists()


def test_the_past_can_be_exported(register, tmp_path):
    first = register.history("rooms")["when"].iloc[-1].to_pydatetime()
    register.add("sites", "s9", {"name": "园", "kind": "park", "unit_id": "A"}, who="乙")
    assert export_table(register, "sites", tmp_path / "then.csv", at=first) == 4
    assert export_table(register, "sites", tmp_path / "now.csv") == 5
    assert "s9" in set(pd.read_csv(tmp_path / "now.csv")["site_id"])
