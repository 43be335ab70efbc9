"""What lies in the stores: a valid GeoPackage that GIS programs read live, old layouts, guards."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from geo import register_migrate, register_store
from geo.errors import MissingFileError, RegisterError
from geo.register import create_register, open_register
from geo.register_check import is_sound
from geo.register_layout import LAYER_TABLES, LAYOUT, gpkg_point, point_of_gpkg
from geo.register_store import connect, is_server, reading, writing
from geo.register_values import LAYERS, frame_of, from_json, specs_of, to_json, values_of
from geo.schema import TABLES, table_faults
from register_old import write_old_database, write_old_file
from register_worlds import STORES, new_register, new_target, plain, plain_register, plain_tables
from worlds import toy_frames

# ------------------------------------------------------------------------------- the GeoPackage


@pytest.fixture
def file(tmp_path):
    with new_register("file", tmp_path) as register:
        yield register


def query(register, sql):
    with closing(sqlite3.connect(register.name)) as connection:
        return connection.execute(sql).fetchall()


def test_the_file_is_a_geopackage(file):
    """Requirements of OGC 12-128r18, by the number of the clause."""
    assert query(file, "PRAGMA application_id") == [(0x47504B47,)]  # 1.1.1.1.1
    assert query(file, "PRAGMA user_version") == [(10300,)]
    assert query(file, "PRAGMA integrity_check") == [("ok",)]  # 1.1.1.1.3
    assert query(file, "PRAGMA foreign_key_check") == []
    systems = query(file, "SELECT srs_id, organization FROM gpkg_spatial_ref_sys")  # 1.1.2.1.2
    assert {(-1, "NONE"), (0, "NONE"), (4326, "EPSG")} <= set(systems)
    contents = query(file, "SELECT table_name, data_type, srs_id FROM gpkg_contents")  # 1.1.3
    assert set(contents) == {
        ("rooms", "features", 4326),
        ("cases", "features", 4326),
        ("sites", "features", 4326),
        ("activities", "attributes", None),
    }
    columns = query(file, "SELECT * FROM gpkg_geometry_columns")  # 2.1.5
    assert {row[0] for row in columns} == {"rooms", "cases", "sites"}
    assert {row[1:] for row in columns} == {("geom", "POINT", 4326, 0, 0)}
    for table in LAYERS:  # 2.1.6.1.1 and 2.4.3.1.1: one integer primary key
        keys = [row for row in query(file, f"PRAGMA table_info({table})") if row[5]]
        assert [(row[1], row[2]) for row in keys] == [("fid", "INTEGER")]
    assert query(file, "PRAGMA journal_mode") == [("wal",)]


READ_LIVE = """
import sys, json, pyogrio
path = sys.argv[1]
layers = {name: kind for name, kind in pyogrio.list_layers(path)}
rooms = pyogrio.read_dataframe(path, layer="rooms").set_index("room_id")
assert rooms.crs.to_epsg() == 4326
print(json.dumps([layers, rooms["name"].to_dict(), rooms["is_open"].dtype.name,
                  str(rooms["opened"].dtype), rooms.geometry.x.dropna().tolist()]))
"""


def test_a_gis_program_reads_the_file_while_it_is_being_edited(file):
    """GDAL in a process of its own, as a GIS program would be, inside an open transaction."""
    file.edit("rooms", "r1", {"name": "改"}, version=1, who="乙")
    with writing(file._engine) as connection:
        connection.execute(sa.text("UPDATE register_meta SET change = change"))
        done = subprocess.run(
            [sys.executable, "-c", READ_LIVE, file.name], capture_output=True, text=True, timeout=60
        )
    assert done.returncode == 0, done.stderr
    layers, names, open_type, opened_type, lons = json.loads(done.stdout)
    assert layers == {"rooms": "Point", "cases": "Point", "sites": "Point", "activities": None}
    assert names["r1"] == "改"
    assert open_type == "bool"
    assert opened_type.startswith("datetime64")
    assert lons == [point[0] for point in _points(file)]


def _points(register):
    rows = plain(register.read("rooms")).values()
    return [row["geometry"] for row in rows if "geometry" in row]


EDIT_OUTSIDE = """
import sys, pyogrio
frame = pyogrio.read_dataframe(sys.argv[1], layer="sites").head(1).assign(site_id="out")
pyogrio.write_dataframe(frame, sys.argv[1], layer="sites", append=True, driver="GPKG")
"""


def test_a_gis_program_cannot_edit_past_the_history(file):
    done = subprocess.run(
        [sys.executable, "-c", EDIT_OUTSIDE, file.name], capture_output=True, text=True, timeout=60
    )
    assert done.returncode != 0
    assert "Edit this layer in Roomplan" in done.stderr
    assert plain_register(file) == plain_tables(toy_frames())
    file.edit("sites", "s1", {"note": "x"}, version=1, who="乙")


def test_styles_that_a_gis_program_keeps_in_the_file_come_along_in_a_backup(file, tmp_path):
    with closing(sqlite3.connect(file.name)) as connection:
        connection.execute("CREATE TABLE layer_styles (id INTEGER PRIMARY KEY, styleQML TEXT)")
        connection.execute("INSERT INTO layer_styles VALUES (1, '<qgis/>')")
        connection.commit()
    file.backup(tmp_path / "backup.gpkg")
    with closing(sqlite3.connect(tmp_path / "backup.gpkg")) as connection:
        assert connection.execute("SELECT styleQML FROM layer_styles").fetchall() == [("<qgis/>",)]
        assert connection.execute("PRAGMA journal_mode").fetchall() == [("wal",)]


LITTLE, BIG, EMPTY = (
    bytes.fromhex("4750000300000000") + bytes(32) + gpkg_point((1.5, -2.5))[8:],
    bytes.fromhex("4750000000001066 0000000001 3ff8000000000000 c004000000000000"),
    bytes.fromhex("4750001100001066 0101000000 000000000000f87f 000000000000f87f"),
)


@pytest.mark.parametrize(
    ("blob", "point"), [(LITTLE, (1.5, -2.5)), (BIG, (1.5, -2.5)), (EMPTY, None)]
)
def test_points_that_other_programs_wrote_are_read(blob, point):
    """With an envelope, with the big end first, and the empty point."""
    assert point_of_gpkg(blob) == point


def test_a_save_waits_for_the_disk(file):
    with writing(file._engine) as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2, "FULL"


# ------------------------------------------------------------------------------- PostgreSQL


def test_a_save_waits_for_the_servers_disk_whatever_its_habit(tmp_path):
    with new_register("server", tmp_path) as register:
        with psycopg.connect(register.name, autocommit=True) as connection:
            connection.execute("ALTER ROLE roomplan SET synchronous_commit = off")
        with open_register(register.name) as again, writing(again._engine) as connection:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
        with psycopg.connect(register.name, autocommit=True) as connection:
            connection.execute("ALTER ROLE roomplan RESET synchronous_commit")


def test_postgis_programs_read_the_layers(tmp_path):
    with new_register("server", tmp_path) as register:
        engine = connect(register.name)
        rooms = gpd.read_postgis("SELECT * FROM rooms ORDER BY fid", engine, index_col="room_id")
        engine.dispose()
        assert rooms.crs.to_epsg() == 4326
        assert list(rooms.geometry.x.dropna()) == [point[0] for point in _points(register)]


def test_postgres_refuses_edits_past_the_history(tmp_path):
    with new_register("server", tmp_path) as register:
        for sql in (
            "UPDATE rooms SET name = 'x'",
            "DELETE FROM rooms",
            "INSERT INTO rooms (room_id, version) VALUES ('x', 1)",
        ):
            with (
                psycopg.connect(register.name) as connection,
                pytest.raises(psycopg.errors.RaiseException, match="Edit this layer in Roomplan"),
            ):
                connection.execute(sql)
        assert plain_register(register) == plain_tables(toy_frames())


def test_a_server_that_does_not_answer_is_named_without_its_password():
    with pytest.raises(RegisterError) as caught:
        open_register("postgresql://planner:geheim@127.0.0.1:1/rooms")
    assert caught.value.code == "register.server"
    assert "planner" in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_without_the_driver_the_error_tells_how_to_install_it(monkeypatch):
    def missing(*_: object, **__: object) -> None:
        raise ModuleNotFoundError("No module named 'psycopg'")

    monkeypatch.setattr(register_store.sa, "create_engine", missing)
    with pytest.raises(RegisterError, match=r"pip install 'roomplan\[server\]'"):
        open_register("postgresql://planner@127.0.0.1:1/rooms")


@pytest.mark.parametrize("prefix", ["postgresql://", "postgres://", "postgresql+psycopg://"])
def test_a_url_is_told_from_a_file(prefix):
    assert is_server(f"{prefix}planner@host/rooms")
    assert not is_server("postgresql.gpkg")


# ------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize("store", STORES)
def test_a_database_without_a_register_is_refused(store, tmp_path):
    target = new_target(store, tmp_path)
    if store == "file":
        gpd.GeoDataFrame({"a": [1]}, geometry=[None], crs=4326).to_file(target, layer="x")
    with pytest.raises(RegisterError) as caught:
        open_register(target)
    assert caught.value.code == "register.none"


def test_a_damaged_file_says_so(file):
    file.close()
    with open(file.name, "r+b") as content:
        content.seek(4096)
        content.write(b"\xff" * (Path(file.name).stat().st_size - 4096))
    with pytest.raises(RegisterError) as caught, open_register(file.name) as register:
        register.read_all()
    assert caught.value.code == "register.damaged"
    assert "restore the last backup" in str(caught.value)


def test_a_missing_folder_and_a_missing_file_are_named(tmp_path):
    with pytest.raises(RegisterError, match="choose another folder"):
        create_register(tmp_path / "none" / "r.gpkg", toy_frames(), who="甲")
    with pytest.raises(MissingFileError, match=r"none\.gpkg"):
        open_register(tmp_path / "none.gpkg")


# ------------------------------------------------------------------------------- older layouts


def old_register(store, folder):
    target = new_target(store, folder)
    write_old_database(target) if store == "server" else write_old_file(target)
    return target


@pytest.mark.parametrize("store", STORES)
def test_an_old_register_is_brought_up_to_date_without_losing_a_row(store, tmp_path):
    target = old_register(store, tmp_path)
    with open_register(target) as register:
        site = {"name": "园", "kind": "park", "unit_id": "A", "geometry": (118.5, 25.25)}
        assert plain(register.read("sites")) == {"s1": {**site, "cost": 7.5}}
        assert plain(register.read("sites", at="2026-06-29")) == {"s1": site}
        assert list(register.history()["who"]) == ["旧", "改", "旧"]
        room = {"note": "neu", "source": "网"}
        assert register.edit("rooms", "r1", room, version=1, who="乙") == 2
        register.apply_import("rooms", register.read("rooms").assign(desks=4), who="丙", label="x")
        assert register.read("rooms").loc["r1", "desks"] == 4
        register.undo(who="丁", change=2)
        assert plain(register.read("sites"))["s1"] == site
    with open_register(target) as register, reading(register._engine) as connection:
        assert connection.execute(sa.text("SELECT layout FROM register_meta")).scalar() == LAYOUT


@pytest.mark.parametrize("store", STORES)
def test_a_migration_that_fails_leaves_the_old_register(store, tmp_path, monkeypatch):
    target = old_register(store, tmp_path)

    def loses_a_row(connection):
        register_migrate._from_1_to_2(connection)
        connection.execute(sa.text("UPDATE register_meta SET writing = 1"))
        connection.execute(sa.delete(LAYER_TABLES["sites"]))

    with monkeypatch.context() as patch:
        patch.setattr(register_migrate, "STEPS", {1: loses_a_row})
        with pytest.raises(RegisterError) as caught:
            open_register(target)
        assert caught.value.code == "register.migration"
    with open_register(target) as register:
        assert list(register.read("sites").index) == ["s1"]


@pytest.mark.parametrize("store", STORES)
def test_a_newer_register_is_left_alone(store, tmp_path):
    with new_register(store, tmp_path) as register:
        with writing(register._engine) as connection:
            connection.execute(sa.text(f"UPDATE register_meta SET layout = {LAYOUT + 1}"))
        with pytest.raises(RegisterError) as caught:
            open_register(register.name)
        assert caught.value.code == "register.newer"


def test_a_step_leads_from_every_layout_to_the_next():
    assert set(register_migrate.STEPS) == set(range(1, LAYOUT))


# ------------------------------------------------------------------------------- the guard's rules

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=6)
POINTS = st.tuples(st.floats(-180, 180), st.floats(-90, 90))
CELLS = {
    "number": st.floats(-2, 2),
    "bool": st.booleans(),
    "date": st.dates(),
    "choice": st.sampled_from(["reported", "park", "village", "hub", "handled", "nichts"]),
    "unit": st.sampled_from(["A", "B", "Z"]),
}


@st.composite
def rows(draw):
    table = draw(st.sampled_from(LAYERS))
    specs = specs_of(table, {})
    raw = {name: draw(st.none() | CELLS.get(spec.kind, TEXTS)) for name, spec in specs.items()}
    raw["geometry"] = draw(st.none() | POINTS)
    return table, specs, values_of(table, "x", raw, specs)


@given(rows())
def test_a_row_is_sound_exactly_when_the_contract_has_no_fault(case):
    table, specs, row = case
    frame = frame_of(table, ["x"], [row], specs)
    faults = list(table_faults(table, frame, file=table, unit_ids=["A", "B"]))
    assert is_sound(table, row, specs, {"A", "B"}) == (not faults)


@given(rows())
def test_history_text_gives_the_row_back(case):
    _, specs, row = case
    back = from_json(to_json(row), specs)
    assert {n: v for n, v in back.items() if v is not None} == {
        n: v for n, v in row.items() if v is not None
    }


@given(rows())
def test_a_row_through_a_frame_is_the_same_row(case):
    table, specs, row = case
    frame = frame_of(table, ["x"], [row], specs)
    raw = frame.iloc[0].to_dict()
    assert values_of(table, "x", raw, specs) == row
    assert frame.index.name == TABLES[table].index
