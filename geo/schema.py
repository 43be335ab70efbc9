"""The five tables and the sites: what each column is, and one check that finds every fault.

A table is a :class:`geopandas.GeoDataFrame` (activities: a plain frame) whose index is its id.
Ids are strings, geometry is EPSG:4326, zero is measured and NaN is unknown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.errors import RoomplanError, StudyError, StudyFaults, first_ids

WGS84 = "EPSG:4326"

BASES = ("reported", "census", "register", "derived", "modelled", "simulated")
UNIT_LEVELS = ("city", "county", "township", "village")
ROOM_LEVELS = ("county", "township", "village")
ROOM_KINDS = (
    *("hub", "township", "village", "area", "community", "park", "campus", "compound", "sector"),
    "outpost",
)
SITE_KINDS = ("village", "community", "park", "campus", "compound")
GROUPS = ("resident", "student", "worker")
SETTINGS = ("urban", "rural")
CASE_STATES = (
    *("collected", "registered", "assigned", "handled", "fed_back", "filed"),
    *("transferred", "overdue", "withdrawn"),
)
CLOSED_STATES = ("handled", "fed_back", "filed")


@dataclass(frozen=True)
class Column:
    """One column: its kind of value and what it may hold.

    Parameters
    ----------
    kind : {"text", "number", "bool", "date", "choice", "list", "unit"}
        ``list`` is several values in one cell, joined by ``;``. ``unit`` is a ``unit_id``.
    required : bool
        Whether the column must be there.
    unknown : bool
        Whether a cell may be empty.
    choices : tuple of str
        What a ``choice`` may be.
    least : float or None
        The smallest number allowed.
    """

    kind: str = "text"
    required: bool = True
    unknown: bool = False
    choices: tuple[str, ...] = ()
    least: float | None = None


@dataclass(frozen=True)
class Table:
    """One table: the name of its id, its columns and what its geometry may be.

    Parameters
    ----------
    index : str
        Name of the id column.
    columns : mapping of str to Column
    geometry : {"polygon", "point", "point?", "none"}
        ``point?`` allows rows without a point.
    rows_required : bool
        Whether an empty table is a fault.
    """

    index: str
    columns: Mapping[str, Column] = field(default_factory=dict)
    geometry: str = "point"
    rows_required: bool = True


_BASIS = Column("choice", choices=BASES)
_TEXT = Column("text", required=False, unknown=True)

TABLES: Mapping[str, Table] = {
    "units": Table(
        "unit_id",
        {
            "name": Column("text"),
            "name_en": _TEXT,
            "level": Column("choice", choices=UNIT_LEVELS),
            "parent_id": Column("unit", unknown=True),
            "population": Column("number", unknown=True, least=0),
            "population_basis": Column("choice", unknown=True, choices=BASES),
            "boundary_basis": Column("choice", unknown=True, choices=BASES),
            "is_context": Column("bool", required=False),
            "note": _TEXT,
        },
        geometry="polygon",
    ),
    "rooms": Table(
        "room_id",
        {
            "name": Column("text"),
            "level": Column("choice", choices=ROOM_LEVELS),
            "kind": Column("choice", choices=ROOM_KINDS),
            "serves_unit_id": Column("unit"),
            "located_unit_id": Column("unit", unknown=True),
            "opened": Column("date", unknown=True),
            "is_open": Column("bool"),
            "basis": _BASIS,
            "location_basis": Column("choice", unknown=True, choices=BASES),
            "note": _TEXT,
            "source": _TEXT,
        },
        geometry="point?",
    ),
    "demand": Table(
        "demand_id",
        {
            "unit_id": Column("unit"),
            "people": Column("number", unknown=True, least=0),
            "people_basis": Column("choice", required=False, unknown=True, choices=BASES),
            "group": Column("choice", choices=GROUPS),
            "setting": Column("choice", choices=SETTINGS),
            "location_basis": _BASIS,
        },
    ),
    "cases": Table(
        "case_id",
        {
            "received": Column("date", unknown=True),
            "room_id": Column("text", unknown=True),
            "unit_id": Column("unit", unknown=True),
            "categories": Column("list", unknown=True),
            "channel": Column("text", required=False, unknown=True),
            "status": Column("choice", choices=CASE_STATES),
            "closed": Column("date", required=False, unknown=True),
            "satisfaction": Column("number", required=False, unknown=True, least=0),
            "basis": _BASIS,
            "location_basis": Column("choice", unknown=True, choices=BASES),
        },
        geometry="point?",
        rows_required=False,
    ),
    "activities": Table(
        "activity_id",
        {
            "room_id": Column("text"),
            "date": Column("date", unknown=True),
            "themes": Column("list", unknown=True),
            "deputies": Column("number", required=False, unknown=True, least=0),
            "attendance": Column("number", required=False, unknown=True, least=0),
            "basis": _BASIS,
        },
        geometry="none",
        rows_required=False,
    ),
    "sites": Table(
        "site_id",
        {
            "name": Column("text"),
            "kind": Column("choice", choices=SITE_KINDS),
            "unit_id": Column("unit"),
            "cost": Column("number", required=False, unknown=True, least=0),
            "location_basis": Column("choice", unknown=True, choices=BASES),
            "note": _TEXT,
        },
        geometry="point?",
        rows_required=False,
    ),
}


def check(
    tables: Mapping[str, pd.DataFrame],
    *,
    files: Mapping[str, str] | None = None,
    may_be_empty: Collection[str] = (),
) -> None:
    """Check every table against the data contract and raise once with all faults.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        One frame for each key of :data:`TABLES`; the index holds the ids.
    files : mapping of str to str, optional
        The file each table came from, for the messages.
    may_be_empty : collection of str
        Tables without a row are no fault here: a register begins empty.

    Raises
    ------
    StudyFaults
        When anything is wrong. Each part names file, column, number of rows and the first ids.

    Notes
    -----
    Costs one pass over each column; nothing is changed or repaired here.
    """
    names = {name: (files or {}).get(name, name) for name in TABLES}
    unit_ids = pd.Index(tables["units"].index) if "units" in tables else pd.Index([])
    faults: list[RoomplanError] = []
    for name in TABLES:
        if name not in tables:
            faults.append(_fault("table_missing", names[name], "the table is missing", name=name))
        elif name not in may_be_empty or not tables[name].empty:
            faults.extend(table_faults(name, tables[name], file=names[name], unit_ids=unit_ids))
    if not faults:
        faults.extend(_tree_faults(tables["units"], names["units"]))
        faults.extend(_room_faults(tables, names))
    if faults:
        raise StudyFaults(faults)


def table_faults(
    name: str, frame: pd.DataFrame, *, file: str, unit_ids: pd.Index
) -> Iterator[StudyError]:
    """Yield every fault of one table.

    Parameters
    ----------
    name : str
        A key of :data:`TABLES`.
    frame : DataFrame
        The table, ids in its index.
    file : str
        What to call its file in the messages.
    unit_ids : Index of str
        The units that ``unit`` columns may name.

    Yields
    ------
    StudyError
    """
    table = TABLES[name]
    if frame.empty:
        if table.rows_required:
            yield _fault("empty", file, "the file holds no row; add at least one")
        return
    yield from _id_faults(frame, table, file)
    for column, spec in table.columns.items():
        if column in frame:
            yield from _column_faults(frame[column], column, spec, file, unit_ids)
        elif spec.required:
            yield column_missing(frame, column, file)
    if table.geometry != "none":
        yield from _geometry_faults(frame, table, file)


def column_missing(frame: pd.DataFrame, column: str, file: str) -> StudyError:
    """Return the fault of a table that lacks a column."""
    has, ids = ", ".join(map(str, frame.columns)), first_ids(frame.index)
    return _fault(
        "column_missing",
        file,
        f"column {column!r} is missing in all {len(frame)} row(s) ({ids}); the file has {has}",
        column=column,
        count=len(frame),
        ids=ids,
        has=has,
    )


def _fault(kind: str, file: str, text: str, **facts: object) -> StudyError:
    return StudyError(f"schema.{kind}", f"{file}: {text}.", file=file, **facts)


def _row_fault(kind: str, file: str, column: str, bad: pd.Index, text: str) -> StudyError:
    ids = first_ids(bad)
    return _fault(
        kind,
        file,
        f"column {column!r}, {len(bad)} row(s) ({ids}): {text}",
        column=column,
        count=len(bad),
        ids=ids,
        detail=text,
    )


def _id_faults(frame: pd.DataFrame, table: Table, file: str) -> Iterator[StudyError]:
    ids = frame.index
    empty = ids.isna() | (ids.astype(str).str.strip() == "")
    if empty.any():
        where = pd.Index(np.flatnonzero(empty) + 1)
        yield _row_fault("id_empty", file, table.index, where, "the id is empty; give each row one")
    twice = ids[ids.duplicated(keep=False) & ~empty].unique()
    if len(twice):
        yield _row_fault("id_twice", file, table.index, twice, "this id stands twice")


def _column_faults(
    values: pd.Series, column: str, spec: Column, file: str, unit_ids: pd.Index
) -> Iterator[StudyError]:
    missing = values.isna() | (values.astype(str).str.strip() == "")
    if missing.any() and not spec.unknown and spec.required:
        yield _row_fault(
            "cell_empty", file, column, values.index[missing], "empty; a value is needed"
        )
    known = values[~missing]
    if spec.kind == "choice":
        bad = known.index[~known.isin(spec.choices)]
        text = f"not one of {', '.join(spec.choices)}"
        if len(bad):
            yield _row_fault("choice", file, column, bad, text)
    elif spec.kind == "unit":
        bad = known.index[~known.isin(unit_ids)]
        if len(bad):
            first = first_ids(known[bad].unique())
            yield _row_fault("unit_unknown", file, column, bad, f"no such unit: {first}")
    elif spec.kind == "number":
        yield from _number_faults(known, column, spec, file)
    elif spec.kind == "date" and not pd.api.types.is_datetime64_any_dtype(values):
        bad = known.index[pd.to_datetime(known, errors="coerce", format="ISO8601").isna()]
        if len(bad):
            yield _row_fault("date", file, column, bad, "not a date; write 2019-05-31")
    elif spec.kind == "bool":
        bad = known.index[~known.isin([True, False])]
        if len(bad):
            yield _row_fault("bool", file, column, bad, "neither true nor false")


def _number_faults(known: pd.Series, column: str, spec: Column, file: str) -> Iterator[StudyError]:
    numbers = pd.to_numeric(known, errors="coerce")
    bad = known.index[numbers.isna() | np.isinf(numbers)]
    if len(bad):
        yield _row_fault("number", file, column, bad, "not a finite number; leave unknown empty")
    if spec.least is not None:
        low = known.index[numbers < spec.least]
        if len(low):
            yield _row_fault("too_small", file, column, low, f"below {spec.least:g}")


def _geometry_faults(frame: pd.DataFrame, table: Table, file: str) -> Iterator[StudyError]:
    if not isinstance(frame, gpd.GeoDataFrame) or "geometry" not in frame:
        yield _fault("geometry_missing", file, "there is no geometry or lon/lat", column="geometry")
        return
    if frame.crs is None or not frame.crs.equals(WGS84):
        yield _fault("crs", file, f"coordinates are not WGS-84 ({frame.crs})", column="geometry")
        return
    shapes = frame.geometry
    absent = shapes.isna() | shapes.is_empty
    if absent.any() and table.geometry == "point":
        yield _row_fault("point_missing", file, "geometry", frame.index[absent], "no point")
    wanted = {"Polygon", "MultiPolygon"} if table.geometry == "polygon" else {"Point"}
    wrong = ~absent & ~shapes.geom_type.isin(wanted)
    if wrong.any():
        yield _row_fault(
            "geometry_kind", file, "geometry", frame.index[wrong], f"not {' or '.join(wanted)}"
        )
    box = shapes.bounds
    outside = (box.minx < -180) | (box.maxx > 180) | (box.miny < -90) | (box.maxy > 90)
    if (outside & ~absent).any():
        bad = frame.index[outside & ~absent]
        yield _row_fault(
            "degrees", file, "geometry", bad, "longitude beyond ±180 or latitude beyond ±90"
        )
    if table.geometry == "polygon":
        bow = ~absent & ~shapes.is_valid
        if bow.any():
            yield _row_fault(
                "polygon_invalid", file, "geometry", frame.index[bow], "the outline crosses itself"
            )


def _tree_faults(units: pd.DataFrame, file: str) -> Iterator[StudyError]:
    """Yield units whose parent is not of the level just above (a city has none)."""
    rank = units["level"].map({level: n for n, level in enumerate(UNIT_LEVELS)})
    parent = units["parent_id"].where(units["parent_id"].astype(str).str.strip() != "")
    parent_rank = parent.map(rank)
    bad = units.index[(rank == 0) & parent.notna() | (rank > 0) & (parent_rank != rank - 1)]
    if len(bad):
        yield _row_fault("parent", file, "parent_id", bad, "the parent is not one level above")
    if (rank == 0).sum() != 1:
        count = int((rank == 0).sum())
        yield _fault(
            "one_city",
            file,
            f"{count} units of level 'city'; there must be one",
            column="level",
            count=count,
        )


def _room_faults(
    tables: Mapping[str, pd.DataFrame], names: Mapping[str, str]
) -> Iterator[StudyError]:
    """Yield cases and activities that name a room which is not in the register."""
    for name in ("cases", "activities"):
        if tables[name].empty:
            continue
        named = tables[name]["room_id"]
        known = named.notna() & (named.astype(str).str.strip() != "")
        bad = named.index[known & ~named.isin(tables["rooms"].index)]
        if len(bad):
            first = first_ids(named[bad].unique())
            yield _row_fault("room_unknown", names[name], "room_id", bad, f"no such room: {first}")
