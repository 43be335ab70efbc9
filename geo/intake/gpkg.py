"""GeoPackage by plain SQLite, without any function that could reach outside (child side)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import shapely

from geo.errors import IntakeError
from geo.intake.archive import damaged
from geo.intake.grid import Grid
from geo.intake.markup import grid_of_features
from geo.intake.sandbox import Limits

_ENVELOPE_BYTES = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}
_HEADER = 8
_EMPTY_FLAG = 0b10000
_Row = tuple[dict[str, str], bytes | None, bool]


def read_geopackage(path: Path, *, name: str, limits: Limits) -> list[Grid]:
    """Read every table that a GeoPackage lists among its contents.

    Parameters
    ----------
    path : Path
    name : str
    limits : Limits

    Returns
    -------
    list of Grid

    Raises
    ------
    IntakeError
        ``intake.damaged``, ``intake.not_geopackage`` or ``intake.no_layer``.

    Notes
    -----
    Views, virtual tables and triggers are never run: only ordinary tables are read, by this
    SQLite, which holds no function that opens files or addresses. A layer's name stays a name.
    """
    uri = f"{path.as_uri()}?mode=ro&immutable=1"
    try:
        with sqlite3.connect(uri, uri=True) as database:
            database.execute("PRAGMA trusted_schema = OFF")
            database.text_factory = lambda raw: raw.decode("utf-8", "replace")
            layers = list(_layers(database, name))
            if not layers:
                raise IntakeError(
                    "intake.no_layer", f"{name}: it lists no layer that is a table.", file=name
                )
            return [_layer(database, *layer, name=name, limits=limits) for layer in layers]
    except sqlite3.Error as problem:
        raise damaged(name, f"the database cannot be read ({problem})") from problem


def _layers(database: sqlite3.Connection, name: str) -> Iterator[tuple[str, str | None, str]]:
    """Yield table, geometry column and stated crs of every ordinary table in the contents."""
    known = {row[0] for row in database.execute("SELECT name FROM sqlite_master")}
    if "gpkg_contents" not in known:
        raise IntakeError(
            "intake.not_geopackage",
            f"{name}: it is a SQLite database but no GeoPackage (no table gpkg_contents).",
            file=name,
        )
    plain = {
        row[0]
        for row in database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
        if not str(row[1] or "").lstrip().upper().startswith("CREATE VIRTUAL")
    }
    shapes: dict[str, tuple[str, int]] = {}
    if "gpkg_geometry_columns" in plain:
        query = "SELECT table_name, column_name, srs_id FROM gpkg_geometry_columns"
        shapes = {row[0]: (row[1], row[2]) for row in database.execute(query)}
    for (table,) in database.execute("SELECT table_name FROM gpkg_contents"):
        if table in plain:
            column, srs = shapes.get(table, (None, 0))
            yield table, column, _crs(database, srs) if "gpkg_spatial_ref_sys" in plain else ""


def _crs(database: sqlite3.Connection, srs: int) -> str:
    query = (
        "SELECT organization, organization_coordsys_id, definition FROM gpkg_spatial_ref_sys "
        "WHERE srs_id = ?"
    )
    row = database.execute(query, (srs,)).fetchone()
    if row is None or srs in (0, -1):
        return ""
    return f"EPSG:{row[1]}" if str(row[0]).upper() == "EPSG" else str(row[2] or "")


def _layer(
    database: sqlite3.Connection,
    table: str,
    geometry: str | None,
    crs: str,
    *,
    name: str,
    limits: Limits,
) -> Grid:
    quoted = table.replace('"', '""')
    cursor = database.execute(f'SELECT * FROM "{quoted}" LIMIT ?', (limits.rows + 1,))
    columns = [column[0] for column in cursor.description]
    rows = (_row(columns, values, geometry) for values in cursor)
    about = {"format": "gpkg", "layer": table} | ({"crs": crs} if crs else {})
    return grid_of_features(rows, name=name, limits=limits, **about)


def _row(columns: list[str], values: tuple[Any, ...], geometry: str | None) -> _Row:
    texts, wkb, broken = {}, None, False
    for column, value in zip(columns, values, strict=True):
        if column == geometry:
            wkb, broken = _shape(value)
        elif not isinstance(value, bytes):
            texts[column] = "" if value is None else str(value).strip()
    return texts, wkb, broken


def _shape(blob: object) -> tuple[bytes | None, bool]:
    """Return the WKB inside a GeoPackage geometry, and whether it is unreadable."""
    if blob is None:
        return None, False
    if not isinstance(blob, bytes) or blob[:2] != b"GP" or len(blob) < _HEADER:
        return None, True
    flags = blob[3]
    envelope = _ENVELOPE_BYTES.get((flags >> 1) & 0b111)
    if flags & _EMPTY_FLAG:
        return None, False
    if envelope is None:
        return None, True
    try:
        shape = shapely.from_wkb(blob[_HEADER + envelope :])
    except shapely.errors.ShapelyError:
        return None, True
    return bytes(shapely.to_wkb(shapely.force_2d(shape))), False
