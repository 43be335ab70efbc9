"""How the register lies in a database: its tables, the GeoPackage header, its version number.

The same tables stand in a GeoPackage file and in PostgreSQL with PostGIS. The four layers are
what a GIS program opens; the ``register_*`` tables are the history behind them.
"""

from __future__ import annotations

import struct
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType

from geo.register_values import LAYERS, has_point
from geo.schema import TABLES

LAYOUT = 2
"""Version number of the layout; :mod:`geo.register_migrate` brings older ones up to it."""

GPKG_APPLICATION_ID = 0x47504B47
GPKG_VERSION = 10300
SRID = 4326

_GPKG_POINT = struct.Struct("<2sBBiBIdd")
_ENVELOPE_BYTES = (0, 32, 48, 48, 64)
_POINT_CODE = 1
_EWKB_POINT = struct.Struct("<BIIdd")
_EWKB_POINT_CODE = 0x20000001

WGS84_WKT = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,'
    'AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,'
    'AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],'
    'AXIS["Latitude",NORTH],AXIS["Longitude",EAST],AUTHORITY["EPSG","4326"]]'
)


def gpkg_point(point: tuple[float, float]) -> bytes:
    """Return a point as a GeoPackage geometry blob (OGC 12-128r18, 2.1.3).

    Examples
    --------
    >>> point_of_gpkg(gpkg_point((118.5, 25.0)))
    (118.5, 25.0)
    """
    return _GPKG_POINT.pack(b"GP", 0, 1, SRID, 1, _POINT_CODE, *point)


def point_of_gpkg(blob: bytes) -> tuple[float, float] | None:
    """Return the point of a GeoPackage blob, as this module or another program wrote it."""
    envelope = _ENVELOPE_BYTES[(blob[3] >> 1) & 0b111]
    if blob[3] & 0b10000:  # the flag of an empty geometry
        return None
    order = "<" if blob[8 + envelope] else ">"
    lon, lat = struct.unpack_from(f"{order}dd", blob, 8 + envelope + 5)
    return None if lon != lon else (lon, lat)  # an empty point is written as NaN


def ewkb_point(point: tuple[float, float]) -> str:
    """Return a point as the hexadecimal EWKB that PostGIS takes and gives."""
    return _EWKB_POINT.pack(1, _EWKB_POINT_CODE, SRID, *point).hex()


def point_of_ewkb(text: str) -> tuple[float, float]:
    """Return the point of hexadecimal EWKB.

    Examples
    --------
    >>> point_of_ewkb(ewkb_point((118.5, 25.0)))
    (118.5, 25.0)
    """
    lon, lat = _EWKB_POINT.unpack_from(bytes.fromhex(text))[-2:]
    return lon, lat


class _GpkgGeometry(UserDefinedType[Any]):
    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "POINT"


class _PostgisGeometry(UserDefinedType[Any]):
    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return f"geometry(Point,{SRID})"


class PointType(TypeDecorator[tuple[float, float]]):
    """A column of points ``(lon, lat)`` in WGS-84, stored as each database's own geometry."""

    impl = sa.LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        """Return the column type of the database."""
        return _PostgisGeometry() if dialect.name == "postgresql" else _GpkgGeometry()

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        """Return what the database's driver takes."""
        if value is None:
            return None
        return ewkb_point(value) if dialect.name == "postgresql" else gpkg_point(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> tuple[float, float] | None:
        """Return the point that the driver gave."""
        if value is None:
            return None
        return point_of_ewkb(value) if dialect.name == "postgresql" else point_of_gpkg(value)


_SQL_TYPES: dict[str, type[TypeEngine[Any]]] = {
    "number": sa.Double,
    "bool": sa.Boolean,
    "date": sa.Date,
}


def _layer(name: str, metadata: sa.MetaData) -> sa.Table:
    table = TABLES[name]
    contract = [
        sa.Column(column, _SQL_TYPES.get(spec.kind, sa.Text)())
        for column, spec in table.columns.items()
    ]
    point: list[sa.Column[Any]] = [sa.Column("geom", PointType())] if has_point(name) else []
    return sa.Table(
        name,
        metadata,
        sa.Column("fid", sa.Integer, primary_key=True),
        sa.Column(table.index, sa.Text, nullable=False, unique=True),
        *contract,
        sa.Column("more", sa.Text),
        sa.Column("version", sa.Integer, nullable=False),
        *point,
        sqlite_autoincrement=True,
    )


METADATA = sa.MetaData()
LAYER_TABLES = {name: _layer(name, METADATA) for name in LAYERS}

META = sa.Table(
    "register_meta",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("layout", sa.Integer, nullable=False),
    sa.Column("change", sa.Integer, nullable=False),
    sa.Column("made_at", sa.Text, nullable=False),
    sa.Column("writing", sa.Integer, nullable=False, server_default="0"),
)
UNITS = sa.Table(
    "register_units",
    METADATA,
    sa.Column("unit_id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text),
)
COLUMNS = sa.Table(
    "register_columns",
    METADATA,
    sa.Column("table_name", sa.Text, primary_key=True),
    sa.Column("column_name", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("place", sa.Integer, nullable=False),
)
CHANGES = sa.Table(
    "register_changes",
    METADATA,
    sa.Column("change_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("made_at", sa.Text, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("label", sa.Text),
    sa.Column("undoes", sa.Integer),
)
HISTORY = sa.Table(
    "register_history",
    METADATA,
    sa.Column("entry_id", sa.Integer, primary_key=True),
    sa.Column("change_id", sa.Integer, nullable=False, index=True),
    sa.Column("table_name", sa.Text, nullable=False),
    sa.Column("row_id", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("before", sa.Text),
    sa.Column("after", sa.Text),
    sa.Index("ix_register_history_row", "table_name", "row_id", "entry_id"),
    sqlite_autoincrement=True,
)

_GPKG_TABLES = """
CREATE TABLE gpkg_spatial_ref_sys (
  srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (
  table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
  description TEXT DEFAULT '',
  last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL,
  srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
  CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
"""


def create_tables(connection: sa.Connection) -> None:
    """Create every table of the register in an empty database, inside the open transaction.

    Notes
    -----
    A GeoPackage also gets its three header tables, so that GIS programs find the layers. The
    spatial index is left out: its triggers need functions that SQLite alone does not have, and
    an edit outside a GIS program would then fail.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS postgis")
    else:
        for statement in _GPKG_TABLES.split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement)
    METADATA.create_all(connection, checkfirst=False)
    if connection.dialect.name == "sqlite":
        _fill_gpkg_header(connection)
    guard_layers(connection)


_REFUSAL = "Edit this layer in Roomplan: an edit made elsewhere would be missing from its history"
_GUARD_FUNCTION = f"""
CREATE FUNCTION register_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF (SELECT writing FROM register_meta) = 0 THEN RAISE EXCEPTION '{_REFUSAL}'; END IF;
  RETURN coalesce(NEW, OLD);
END $$"""


def guard_layers(connection: sa.Connection) -> None:
    """Let the database itself refuse edits that would leave no history, from GIS programs say.

    Notes
    -----
    ``register_meta.writing`` is 1 only inside a transaction of :mod:`geo.register_transaction`,
    so nobody else ever sees it.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_GUARD_FUNCTION)
    for name in LAYERS:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(
                f"CREATE TRIGGER register_guard BEFORE INSERT OR UPDATE OR DELETE ON {name}"
                " FOR EACH ROW EXECUTE FUNCTION register_guard()"
            )
            continue
        for event in ("INSERT", "UPDATE", "DELETE"):
            connection.exec_driver_sql(
                f"CREATE TRIGGER register_guard_{name}_{event.lower()} BEFORE {event} ON {name}"
                " WHEN (SELECT writing FROM register_meta) = 0"
                f" BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
            )


def _fill_gpkg_header(connection: sa.Connection) -> None:
    systems = [
        ("Undefined Cartesian SRS", -1, "NONE", -1, "undefined", "undefined Cartesian"),
        ("Undefined geographic SRS", 0, "NONE", 0, "undefined", "undefined geographic"),
        ("WGS 84 geodetic", SRID, "EPSG", SRID, WGS84_WKT, "longitude/latitude on WGS 84"),
    ]
    insert_system = "INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, ?)"
    for system in systems:
        connection.exec_driver_sql(insert_system, system)
    for name in LAYERS:
        kind = "features" if has_point(name) else "attributes"
        srid = SRID if has_point(name) else None
        connection.exec_driver_sql(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id)"
            " VALUES (?, ?, ?, ?)",
            (name, kind, name, srid),
        )
        if has_point(name):
            connection.exec_driver_sql(
                "INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', 'POINT', ?, 0, 0)",
                (name, SRID),
            )
