"""A register made, copied whole to a file, and made again from such a copy."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import pandas as pd
import sqlalchemy as sa

from geo.errors import MissingFileError, RegisterError
from geo.register_changes import ChangeSet, Entry, add_columns, all_specs, begin_change, save
from geo.register_check import check_entries, check_who, rows_of_frame
from geo.register_layout import HISTORY, LAYER_TABLES, LAYOUT, META, METADATA, UNITS, create_tables
from geo.register_migrate import ensure_layout
from geo.register_store import (
    connect,
    explained,
    holds_register,
    is_server,
    mark_new_file,
    name_of,
    new_file,
    reading,
    settle_file,
    writing,
)
from geo.register_values import LAYERS, extra_kinds, values_of

_AT_ONCE = 5000


def make(target: str | Path, tables: Mapping[str, pd.DataFrame], *, who: str) -> None:
    """Make a register from a study's tables; :func:`geo.register.create_register` tells more."""
    check_who(who)
    missing = [name for name in ("units", *LAYERS) if name not in tables]
    if missing:
        raise RegisterError(
            "register.tables",
            f"A register is made from units, {', '.join(LAYERS)}; {', '.join(missing)} is missing. "
            "Give an empty table where there is nothing yet.",
            table=", ".join(missing),
        )
    with _fresh(target) as engine, writing(engine) as connection:
        _make_tables(connection, name_of(engine))
        _add_units(connection, tables["units"])
        for table in LAYERS:
            add_columns(connection, table, extra_kinds(tables[table], table))
        _fill(connection, tables, who)


def _add_units(connection: sa.Connection, units: pd.DataFrame) -> None:
    names = units.get("name", units.index)
    rows = [{"unit_id": str(i), "name": str(n)} for i, n in zip(units.index, names, strict=True)]
    if rows:
        connection.execute(sa.insert(UNITS), rows)


def _make_tables(connection: sa.Connection, name: str) -> None:
    if holds_register(connection):
        raise RegisterError(
            "register.exists",
            f"{name}: there is a register already, and it is never written over; name another.",
            file=name,
        )
    create_tables(connection)
    connection.execute(sa.insert(META).values(id=1, layout=LAYOUT, change=0, made_at=""))


def _fill(connection: sa.Connection, tables: Mapping[str, pd.DataFrame], who: str) -> None:
    specs = all_specs(connection)
    units = {str(unit_id) for unit_id in tables["units"].index}
    change = ChangeSet("create", who, number=begin_change(connection))
    for table in LAYERS:
        given = rows_of_frame(table, tables[table], specs[table], units)
        rows = {
            row_id: values_of(table, row_id, row, specs[table]) for row_id, row in given.items()
        }
        change.entries += [Entry(table, row_id, None, row, 1) for row_id, row in rows.items()]
    check_entries(connection, change, specs)
    save(connection, change)


@contextmanager
def _fresh(target: str | Path) -> Iterator[sa.Engine]:
    """Give an engine for a new register; a file gets its name only when all is well."""
    if is_server(target):
        engine = connect(target)
        try:
            yield engine
        finally:
            engine.dispose()
        return
    path = Path(target)
    built = new_file(path)
    try:
        mark_new_file(built)
    except sqlite3.Error as problem:
        raise _not_written(path, problem) from problem
    engine = connect(built)
    try:
        yield engine
        engine.dispose()
        settle_file(built, path)
    finally:
        engine.dispose()
        _clear(built)


def _clear(built: Path) -> None:
    for ending in ("", "-wal", "-shm", "-journal"):
        built.with_name(built.name + ending).unlink(missing_ok=True)


def _not_written(path: Path, problem: Exception) -> RegisterError:
    return RegisterError(
        "register.not_written",
        f"{path}: the file cannot be written ({problem}); choose another folder, or free space.",
        file=str(path),
        detail=str(problem),
    )


def copy_to_file(engine: sa.Engine, path: Path) -> None:
    """Copy a register with its whole history, as of one moment, to a new GeoPackage file.

    Parameters
    ----------
    engine : Engine
        Others may go on editing meanwhile.
    path : path
        Must not be there yet.

    Raises
    ------
    RegisterError
        When there is a file already, or it cannot be written.
    """
    if engine.dialect.name == "sqlite":
        _copy_file(Path(str(engine.url.database)), path)
    else:
        with _fresh(path) as new:
            _copy_rows(engine, new)


def _copy_file(source: Path, path: Path) -> None:
    """Copy a GeoPackage whole: also what others keep in it, such as the styles of a GIS program."""
    built = new_file(path)
    try:
        with closing(sqlite3.connect(source)) as connection:
            connection.execute("VACUUM INTO ?", (str(built),))
        mark_new_file(built)
        settle_file(built, path)
    except sqlite3.Error as problem:
        raise _not_written(path, problem) from problem
    finally:
        _clear(built)


def _copy_rows(source: sa.Engine, target: sa.Engine) -> None:
    with reading(source) as old, writing(target) as new:
        _make_tables(new, name_of(target))
        new.execute(sa.update(META).values(writing=1))
        for table in METADATA.sorted_tables:
            if table is META:
                continue
            found = old.execute(sa.select(table).execution_options(yield_per=_AT_ONCE))
            for records in found.mappings().partitions():
                new.execute(sa.insert(table), [dict(record) for record in records])
        meta = old.execute(sa.select(META)).mappings().one()
        new.execute(sa.update(META).values(**meta))
        if new.dialect.name == "postgresql":
            _continue_numbers(new)


def _continue_numbers(connection: sa.Connection) -> None:
    """Let the numbers that PostgreSQL gives to new rows go on behind those copied."""
    for table in (*LAYER_TABLES.values(), HISTORY):
        key = next(iter(table.primary_key)).name
        connection.exec_driver_sql(
            f"SELECT setval(pg_get_serial_sequence('{table.name}', '{key}'),"
            f" coalesce((SELECT max({key}) FROM {table.name}), 0) + 1, false)"
        )


@contextmanager
def opened_copy(path: Path) -> Iterator[sa.Engine]:
    """Open a backup through a copy of it, brought up to date, so that the backup stays as it is.

    Raises
    ------
    MissingFileError
        When the file is not there.
    RegisterError
        When it holds no register.
    """
    if not path.is_file():
        raise MissingFileError(
            "register.missing",
            f"{path}: there is no register here; name its file, or create one first.",
            file=str(path),
        )
    with tempfile.TemporaryDirectory(prefix="roomplan-") as folder:
        copy = Path(folder) / "backup.gpkg"
        try:
            _copy_file(path, copy)
        except RegisterError as problem:
            raise RegisterError(
                "register.damaged",
                f"{path}: it is not a sound GeoPackage; restore another backup ({problem}).",
                file=str(path),
                detail=str(problem),
            ) from problem
        engine = connect(copy)
        try:
            ensure_layout(engine, name=str(path))
            yield engine
        finally:
            engine.dispose()


def make_from_copy(backup: Path, target: str | Path) -> None:
    """Make a register from a backup, history and all; the target must not be there yet."""
    with opened_copy(backup) as old:
        if not is_server(target):
            _copy_file(Path(str(old.url.database)), Path(target))
            return
        with _fresh(target) as new, explained(new):
            _copy_rows(old, new)


def file_name(path: str | Path) -> str:
    """Return a file's own name for the history, without the folders of one person's machine."""
    return os.path.basename(path)
