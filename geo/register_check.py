"""The guard before every write: rows that break the data contract never enter the register.

The rules are those of :mod:`geo.schema`. A sound row is recognised in microseconds; only for
an unsound one is the frame built from which :func:`geo.schema.table_faults` words the faults.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import geopandas as gpd
import pandas as pd
import sqlalchemy as sa

from geo.errors import RegisterError, RoomplanError, StudyFaults, first_ids
from geo.register_changes import ChangeSet, known_units
from geo.register_values import GEOMETRY, LAYERS, Specs, Values, frame_of, has_point, rows_of
from geo.schema import TABLES, WGS84, Column, table_faults

# An import may leave columns out: rows that are there already keep what they have.
_MAY_BE_ABSENT = {"schema.column_missing", "schema.geometry_missing"}


def is_sound(table: str, row: Values, specs: Specs, unit_ids: Collection[str]) -> bool:
    """Return whether a row in the register's form keeps the data contract.

    Notes
    -----
    Says the same as :func:`geo.schema.table_faults` on a frame of that one row, which costs
    about a thousand times as much.
    """
    if any(not _is_sound_value(row.get(name), spec, unit_ids) for name, spec in specs.items()):
        return False
    return TABLES[table].geometry != "point" or row.get(GEOMETRY) is not None


def _all_sound(
    table: str, rows: Collection[Values], specs: Specs, unit_ids: Collection[str]
) -> bool:
    """Return whether all rows are sound, looking at each distinct value of a column once."""
    for name, spec in specs.items():
        distinct = {row.get(name) for row in rows}
        if not all(_is_sound_value(value, spec, unit_ids) for value in distinct):
            return False
    return TABLES[table].geometry != "point" or all(row.get(GEOMETRY) is not None for row in rows)


def _is_sound_value(value: object, spec: Column, unit_ids: Collection[str]) -> bool:
    if value is None:
        return spec.unknown or not spec.required
    if spec.kind == "choice":
        return value in spec.choices
    if spec.kind == "unit":
        return value in unit_ids
    if spec.kind == "number" and spec.least is not None:
        return isinstance(value, float) and value >= spec.least
    return True


def check_rows(
    table: str, rows: Mapping[str, Values], specs: Specs, unit_ids: Collection[str]
) -> None:
    """Check rows in the register's form and raise once with all faults.

    Raises
    ------
    StudyFaults
        Each part names the column, how many rows and the first ids.
    RegisterError
        When an id is blank.
    """
    for row_id in rows:
        check_id(table, row_id)
    if _all_sound(table, rows.values(), specs, unit_ids):
        return
    bad = {row_id: row for row_id, row in rows.items() if not is_sound(table, row, specs, unit_ids)}
    frame = frame_of(table, list(bad), list(bad.values()), specs)
    faults = list(table_faults(table, frame, file=table, unit_ids=pd.Index(list(unit_ids))))
    raise StudyFaults(faults)


def check_id(table: str, row_id: str) -> None:
    """Refuse a blank id."""
    if not row_id.strip() or "\x00" in row_id or row_id in {"nan", "None", "<NA>"}:
        raise RegisterError(
            "register.id_empty",
            f"{table}: column {TABLES[table].index!r}: the id {row_id!r} is empty; "
            "give each row one.",
            table=table,
            column=TABLES[table].index,
            value=row_id,
        )


def rows_of_frame(
    table: str, frame: pd.DataFrame, specs: Specs, unit_ids: Collection[str]
) -> dict[str, Values]:
    """Return a frame's rows in the register's form, columns that it lacks left out.

    Raises
    ------
    StudyFaults
        When ids are empty or stand twice, coordinates are not WGS-84, or cells cannot be read.
    RegisterError
        When a cell breaks a rule of the register alone, such as a date with a time of day.
    """
    if has_point(table) and GEOMETRY in frame and not _is_wgs84(frame):
        _raise_faults(table, frame, unit_ids)
    if frame.index.hasnans or not frame.index.astype(str).is_unique:
        _raise_faults(table, frame, unit_ids)
        raise RegisterError(
            "register.id_twice",
            f"{table}: column {TABLES[table].index!r}: "
            f"{first_ids(frame.index[frame.index.astype(str).duplicated()])} stand(s) twice; "
            "ids are unique.",
            table=table,
            column=TABLES[table].index,
            ids=first_ids(frame.index[frame.index.astype(str).duplicated()]),
        )
    try:
        return rows_of(table, frame, specs)
    except RegisterError:
        _raise_faults(table, frame, unit_ids)
        raise


def _is_wgs84(frame: pd.DataFrame) -> bool:
    return isinstance(frame, gpd.GeoDataFrame) and frame.crs is not None and frame.crs.equals(WGS84)


def _raise_faults(table: str, frame: pd.DataFrame, unit_ids: Collection[str]) -> None:
    found = table_faults(table, frame, file=table, unit_ids=pd.Index(list(unit_ids)))
    absent = {"schema.column_missing"} if GEOMETRY in frame else _MAY_BE_ABSENT
    faults: list[RoomplanError] = [f for f in found if f.code not in absent]
    if faults:
        raise StudyFaults(faults)


def check_table(table: str) -> None:
    """Refuse a layer that the register does not have."""
    if table not in LAYERS:
        raise RegisterError(
            "register.table_unknown",
            f"The register has no table {table!r}; it has {', '.join(LAYERS)}.",
            table=table,
            has=", ".join(LAYERS),
        )


def check_columns(table: str, names: Iterable[str], specs: Specs) -> None:
    """Refuse a column that the layer does not have: most often a name mistyped."""
    known = [*specs, GEOMETRY] if has_point(table) else list(specs)
    unknown = [name for name in names if name not in known]
    if TABLES[table].index in unknown:
        raise RegisterError(
            "register.id_fixed",
            f"{table}: column {TABLES[table].index!r}: an id never changes; "
            "add a row with the new id and remove the old one.",
            table=table,
            column=TABLES[table].index,
        )
    if unknown:
        raise RegisterError(
            "register.column_unknown",
            f"{table}: there is no column {', '.join(map(repr, unknown))}; "
            f"write one of {', '.join(known)}, or import a list that has the new column.",
            table=table,
            column=", ".join(unknown),
            has=", ".join(known),
        )


def check_who(who: str) -> None:
    """Refuse an edit by nobody: every edit records who made it."""
    if not who.strip():
        raise RegisterError("register.who", "Every edit records who made it; give a name.")


def check_entries(connection: sa.Connection, change: ChangeSet, specs: Mapping[str, Specs]) -> None:
    """Check every row that a change set would write, inside its transaction."""
    for table in LAYERS:
        rows = {
            entry.row_id: entry.after
            for entry in change.entries
            if entry.table == table and entry.after is not None
        }
        units = known_units(connection, rows.values(), specs[table])
        check_rows(table, rows, specs[table], units)
