"""A register as layout 1 wrote it, in both stores: plain SQL that no later layout changes.

Layout 1 had neither ``more`` nor ``register_columns``, no guard, and rooms without ``source``.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg

from geo.register_layout import ewkb_point, gpkg_point

LAYERS = {
    "rooms": "room_id TEXT NOT NULL UNIQUE, name TEXT, level TEXT, kind TEXT, serves_unit_id TEXT,"
    " located_unit_id TEXT, opened DATE, is_open BOOLEAN, basis TEXT, location_basis TEXT,"
    " note TEXT, version INTEGER NOT NULL, geom {point}",
    "cases": "case_id TEXT NOT NULL UNIQUE, received DATE, room_id TEXT, unit_id TEXT,"
    " categories TEXT, channel TEXT, status TEXT, closed DATE, satisfaction {double}, basis TEXT,"
    " location_basis TEXT, version INTEGER NOT NULL, geom {point}",
    "activities": "activity_id TEXT NOT NULL UNIQUE, room_id TEXT, date DATE, themes TEXT,"
    " deputies {double}, attendance {double}, basis TEXT, version INTEGER NOT NULL",
    "sites": "site_id TEXT NOT NULL UNIQUE, name TEXT, kind TEXT, unit_id TEXT, cost {double},"
    " location_basis TEXT, note TEXT, version INTEGER NOT NULL, geom {point}",
}
HISTORY = """
CREATE TABLE register_meta (id INTEGER PRIMARY KEY, layout INTEGER NOT NULL,
  change INTEGER NOT NULL, made_at TEXT NOT NULL);
CREATE TABLE register_units (unit_id TEXT PRIMARY KEY, name TEXT);
CREATE TABLE register_changes (change_id INTEGER PRIMARY KEY, made_at TEXT NOT NULL,
  who TEXT NOT NULL, action TEXT NOT NULL, label TEXT, undoes INTEGER);
CREATE TABLE register_history (entry_id {number}, change_id INTEGER NOT NULL,
  table_name TEXT NOT NULL, row_id TEXT NOT NULL, version INTEGER NOT NULL,
  before TEXT, after TEXT);
CREATE INDEX ix_register_history_change_id ON register_history (change_id);
CREATE INDEX ix_register_history_row ON register_history (table_name, row_id, entry_id);
INSERT INTO register_meta VALUES (1, 1, 2, '2026-06-30T01:02:03.000004Z');
INSERT INTO register_units VALUES ('A', '甲县');
INSERT INTO register_changes VALUES (1, '2026-06-29T01:02:03.000004Z', '旧', 'create', NULL, NULL);
INSERT INTO register_changes VALUES (2, '2026-06-30T01:02:03.000004Z', '改', 'edit', NULL, NULL);
INSERT INTO register_history (change_id, table_name, row_id, version, before, after)
  VALUES (1, 'sites', 's1', 1, NULL, '{old}');
INSERT INTO register_history (change_id, table_name, row_id, version, before, after)
  VALUES (2, 'sites', 's1', 2, '{old}', '{new}');
INSERT INTO sites (site_id, name, kind, unit_id, cost, version, geom)
  VALUES ('s1', '园', 'park', 'A', 7.5, 2, {shape});
INSERT INTO rooms (room_id, name, level, kind, serves_unit_id, is_open, basis, version)
  VALUES ('r1', '室', 'county', 'hub', 'A', {true}, 'reported', 1);
INSERT INTO register_history (change_id, table_name, row_id, version, before, after)
  VALUES (1, 'rooms', 'r1', 1, NULL, '{room}');
"""
OLD = '{"name": "园", "kind": "park", "unit_id": "A", "geometry": [118.5, 25.25]}'
NEW = '{"name": "园", "kind": "park", "unit_id": "A", "cost": 7.5, "geometry": [118.5, 25.25]}'
ROOM = (
    '{"name": "室", "level": "county", "kind": "hub", "serves_unit_id": "A", "is_open": true,'
    ' "basis": "reported"}'
)
POINT = (118.5, 25.25)


def _script(*, key: str, point: str, double: str, true: str, shape: str) -> list[str]:
    layers = [f"CREATE TABLE {n} (fid {key}, {c})" for n, c in LAYERS.items()]
    text = ";".join(layers).format(point=point, double=double) + ";" + HISTORY
    facts = {"{number}": key, "{old}": OLD, "{new}": NEW, "{room}": ROOM}
    for name, fact in {**facts, "{shape}": shape, "{true}": true}.items():
        text = text.replace(name, fact)
    return [statement for statement in text.split(";") if statement.strip()]


def write_old_file(path: Path) -> None:
    """Write a GeoPackage register of layout 1."""
    shape = f"x'{gpkg_point(POINT).hex()}'"
    key = "INTEGER PRIMARY KEY AUTOINCREMENT"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "PRAGMA application_id = 0x47504B47; PRAGMA user_version = 10300;"
            "PRAGMA journal_mode = WAL;"
            "CREATE TABLE gpkg_contents (table_name TEXT PRIMARY KEY, data_type TEXT NOT NULL,"
            " identifier TEXT UNIQUE, description TEXT, last_change DATETIME NOT NULL"
            " DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')), min_x DOUBLE, min_y DOUBLE,"
            " max_x DOUBLE, max_y DOUBLE, srs_id INTEGER)"
        )
        for statement in _script(key=key, point="POINT", double="DOUBLE", true="1", shape=shape):
            connection.execute(statement)
        connection.commit()


def write_old_database(url: str) -> None:
    """Write a PostgreSQL register of layout 1."""
    shape = f"'{ewkb_point(POINT)}'"
    statements = _script(
        key="SERIAL PRIMARY KEY",
        point="geometry(Point,4326)",
        double="DOUBLE PRECISION",
        true="true",
        shape=shape,
    )
    with psycopg.connect(url) as connection:
        for statement in statements:
            connection.execute(statement)
