"""The register: the working copy of a study's rooms, cases, activities and sites.

One GeoPackage file that GIS programs open live, or PostgreSQL with PostGIS by URL. Every edit is
one transaction with its history: who, when, before, after. docs/register.md tells how it is used.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import pandas as pd
import sqlalchemy as sa

from geo.errors import RegisterError
from geo.register_changes import ChangeSet, all_specs
from geo.register_check import check_table
from geo.register_files import copy_to_file, file_name, make, make_from_copy, opened_copy
from geo.register_history import history_frame, layer_frame, undo_entries
from geo.register_import import ImportPreview, check_unchanged, import_entries, preview
from geo.register_layout import META
from geo.register_migrate import ensure_layout
from geo.register_rows import added, edited, removed
from geo.register_store import connect, name_of, reading
from geo.register_transaction import changing
from geo.register_values import LAYERS, extra_kinds

__all__ = [
    "LAYERS",
    "ImportPreview",
    "Register",
    "create_register",
    "open_register",
    "restore_register",
]


class Register:
    """An open register; every method is one transaction and safe beside other editors.

    Made by :func:`open_register` or :func:`create_register`.

    Parameters
    ----------
    engine : Engine
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self.name = name_of(engine)

    def __enter__(self) -> Register:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file or the server; a later call opens it again."""
        self._engine.dispose()

    def last_change(self) -> int:
        """Return the number of the last change: equal numbers mean equal registers."""
        with reading(self._engine) as connection:
            return int(connection.execute(sa.select(META.c.change)).scalar_one())

    def read(
        self, table: str, *, at: str | dt.date | None = None, with_version: bool = False
    ) -> pd.DataFrame:
        """Return one layer as a frame in the form of the data contract.

        Parameters
        ----------
        table : {"rooms", "cases", "activities", "sites"}
        at : str or date, optional
            As the register was then: a date means the end of that day in China.
        with_version : bool
            Add the column ``version``, which :meth:`edit` and :meth:`remove` ask for.

        Returns
        -------
        DataFrame
            A GeoDataFrame in EPSG:4326 unless the layer has no points; ids in the index.

        Raises
        ------
        RegisterError
            When there is no such layer, or the register begins after ``at``.
        """
        check_table(table)
        if at is not None and with_version:
            raise RegisterError("register.past", "The past has no version to edit; leave out 'at'.")
        with reading(self._engine) as connection:
            return layer_frame(connection, table, at, with_version=with_version)

    def read_all(self, *, at: str | dt.date | None = None) -> dict[str, pd.DataFrame]:
        """Return every layer as of one moment, so that no case names a room not yet there."""
        with reading(self._engine) as connection:
            return {table: layer_frame(connection, table, at) for table in LAYERS}

    def history(self, table: str | None = None, row_id: str | None = None) -> pd.DataFrame:
        """Return who changed what and when, newest first.

        Parameters
        ----------
        table, row_id : str, optional
            Only this layer, or this row.

        Returns
        -------
        DataFrame
            Columns change, when (UTC), who, action, label, undoes, table, row_id, version, before,
            after; the last two are dicts of the columns that differ, ``None`` where there was or
            is no row.
        """
        if table is not None:
            check_table(table)
        with reading(self._engine) as connection:
            return history_frame(connection, all_specs(connection), table=table, row_id=row_id)

    def add(self, table: str, row_id: str, values: Mapping[str, Any], *, who: str) -> int:
        """Add a row and return its version.

        Parameters
        ----------
        table, row_id : str
        values : mapping of str to object
            Column to value; ``geometry`` a Point or ``(lon, lat)``.
        who : str
            Name of the editor, for the history.

        Raises
        ------
        ConflictError
            When the id stands in the register already.
        StudyFaults, RegisterError
            When the row breaks the data contract; nothing is saved.
        """
        check_table(table)
        record = ChangeSet("add", who)
        with changing(self._engine, record) as (connection, specs):
            entry = added(connection, table, row_id, values, specs[table])
            record.entries.append(entry)
        return entry.version

    def edit(
        self, table: str, row_id: str, changes: Mapping[str, Any], *, version: int, who: str
    ) -> int:
        """Change some columns of a row and return its new version.

        Parameters
        ----------
        table, row_id : str
        changes : mapping of str to object
            Column to new value; ``None`` makes it unknown.
        version : int
            The version that the editor saw.
        who : str
            Name of the editor, for the history.

        Raises
        ------
        ConflictError
            When somebody changed or removed the row since: who, when, before and after are in
            the message, and their edit stands.
        StudyFaults, RegisterError
            When the row would break the data contract; nothing is saved.
        """
        check_table(table)
        record = ChangeSet("edit", who)
        with changing(self._engine, record) as (connection, specs):
            entry = edited(connection, table, row_id, changes, specs[table], seen=version)
            if entry is not None:
                record.entries.append(entry)
        return version if entry is None else entry.version

    def remove(self, table: str, row_id: str, *, version: int, who: str) -> None:
        """Remove a row; its history stays, and :meth:`undo` brings it back.

        Raises
        ------
        ConflictError
            When somebody changed or removed the row since ``version``.
        RegisterError
            When cases or activities still name the room.
        """
        check_table(table)
        record = ChangeSet("remove", who)
        with changing(self._engine, record) as (connection, specs):
            record.entries.append(removed(connection, table, row_id, specs[table], seen=version))

    def preview_import(self, table: str, frame: pd.DataFrame) -> ImportPreview:
        """Return what :meth:`apply_import` would change; nothing is saved.

        Raises
        ------
        StudyFaults, RegisterError
            When a row would break the data contract.
        """
        check_table(table)
        with reading(self._engine) as connection:
            return preview(connection, table, frame)

    def apply_import(
        self,
        table: str,
        frame: pd.DataFrame,
        *,
        who: str,
        label: str,
        remove_vanished: bool = False,
        based_on: int | None = None,
    ) -> int | None:
        """Bring a checked list into the register as one transaction.

        Parameters
        ----------
        table : str
        frame : DataFrame
            Ids in the index. Columns that it lacks keep their values in rows that are there.
        who, label : str
            Editor, and what the history calls the import (the file's name, for instance).
        remove_vanished : bool
            Whether rows that the frame does not hold leave the register.
        based_on : int, optional
            :attr:`ImportPreview.based_on`: refuse if the layer was changed after the preview.

        Returns
        -------
        int or None
            The number of the change, for :meth:`undo`; ``None`` when nothing changed.

        Raises
        ------
        ConflictError
            When the layer was changed after the preview.
        StudyFaults, RegisterError
            When a row would break the data contract; nothing is saved.
        """
        check_table(table)
        record = ChangeSet("import", who, label=label)
        kinds = {table: extra_kinds(frame, table)}
        with changing(self._engine, record, kinds) as (connection, specs):
            if based_on is not None:
                check_unchanged(connection, table, based_on)
            record.entries = import_entries(
                connection, table, frame, specs[table], remove_vanished=remove_vanished
            )
        return record.number if record.entries else None

    def undo(self, *, who: str, change: int | None = None) -> int:
        """Take a whole change back (an import with all its rows), itself a recorded change.

        Parameters
        ----------
        who : str
        change : int, optional
            The number of the change, which may itself be an undo; the newest change that still
            stands when left out. Beside other editors, name the change that the person saw.

        Returns
        -------
        int
            The number of the change that was taken back.

        Raises
        ------
        ConflictError
            When rows of it were changed again since.
        RegisterError
            When there is nothing to undo.
        """
        record = ChangeSet("undo", who)
        with changing(self._engine, record) as (connection, specs):
            undone = undo_entries(connection, specs, record, change_id=change)
        return undone

    def backup(self, path: str | Path) -> None:
        """Copy the register with its whole history to a new GeoPackage, while others edit.

        Raises
        ------
        RegisterError
            When there is a file already, or it cannot be written.
        """
        copy_to_file(self._engine, Path(path))

    def restore(self, path: str | Path, *, who: str) -> int | None:
        """Bring every row back to what a backup holds, as one recorded change.

        Parameters
        ----------
        path : str or path
            What :meth:`backup` wrote. It is not changed.
        who : str

        Returns
        -------
        int or None
            The number of the change, which :meth:`undo` can take back; ``None`` when nothing
            differed. A register that is lost is made anew by :func:`restore_register`.

        Raises
        ------
        MissingFileError, RegisterError
            When the file is not there or holds no register.
        """
        with opened_copy(Path(path)) as engine:
            rows = Register(engine).read_all()
        kinds = {table: extra_kinds(rows[table], table) for table in LAYERS}
        record = ChangeSet("restore", who, label=file_name(path))
        with changing(self._engine, record, kinds) as (connection, specs):
            for table in LAYERS:
                record.entries += import_entries(
                    connection, table, rows[table], specs[table], remove_vanished=True
                )
        return record.number if record.entries else None


def create_register(
    target: str | Path, tables: Mapping[str, pd.DataFrame], *, who: str
) -> Register:
    """Make a register from a study's tables and open it.

    Parameters
    ----------
    target : str or path
        A GeoPackage file, or ``postgresql://user@host/database``; never written over.
    tables : mapping of str to DataFrame
        The four layers, and ``units`` for the units that their rows may name.
    who : str

    Raises
    ------
    StudyFaults, RegisterError
        When a row breaks the data contract, or there is a register or file already.
    """
    make(target, tables, who=who)
    return open_register(target)


def restore_register(backup: str | Path, target: str | Path) -> Register:
    """Make a register anew from a backup, history and all, and open it.

    Parameters
    ----------
    backup : str or path
        What :meth:`Register.backup` wrote, from either store.
    target : str or path
        A file or server; never written over. So a register also moves between the stores.

    Raises
    ------
    MissingFileError, RegisterError
        When the backup is not there or no register, or the target is not free.
    """
    make_from_copy(Path(backup), target)
    return open_register(target)


def open_register(target: str | Path) -> Register:
    """Open a register that is there.

    Parameters
    ----------
    target : str or path
        A GeoPackage file, or ``postgresql://user@host/database``.

    Raises
    ------
    MissingFileError
        When the file is not there.
    RegisterError
        When it holds no register, a newer one, is damaged, or the server cannot be reached.

    Notes
    -----
    An older register is brought up to date first (:mod:`geo.register_migrate`).
    """
    engine = connect(target)
    try:
        ensure_layout(engine)
    except RegisterError:
        engine.dispose()
        raise
    return Register(engine)
