"""A whole list brought into the register at once: what it would change, and the change set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import sqlalchemy as sa

from geo.errors import ConflictError, first_ids
from geo.register_changes import Entry, Row, all_specs, fetch, known_units, last_versions
from geo.register_check import check_rows, rows_of_frame
from geo.register_history import local_text
from geo.register_layout import CHANGES, HISTORY, META, UNITS
from geo.register_values import GEOMETRY, Specs, Values, changed, extra_kinds, specs_of, values_of


@dataclass(frozen=True)
class ImportPreview:
    """What an import would change, before anything is saved.

    Parameters
    ----------
    table : str
    new, changed, vanished : tuple of str
        Ids that would be added, changed, and those of the register that the list does not hold.
    differences : mapping of str to mapping
        For each changed row, column to ``(before, after)``.
    same : int
        How many rows would stay as they are.
    based_on : int
        The register's last change when this was made, for :meth:`Register.apply_import`.
    """

    table: str
    new: tuple[str, ...]
    changed: tuple[str, ...]
    vanished: tuple[str, ...]
    differences: Mapping[str, Mapping[str, tuple[Any, Any]]]
    same: int
    based_on: int


def preview(connection: sa.Connection, table: str, frame: pd.DataFrame) -> ImportPreview:
    """Return what :func:`import_entries` would do."""
    specs = with_extras(all_specs(connection)[table], extra_kinds(frame, table))
    there = fetch(connection, table, specs)
    rows = _merged(connection, table, frame, specs, there)
    differences: dict[str, dict[str, tuple[Any, Any]]] = {}
    for row_id, row in rows.items():
        old = there[row_id].values if row_id in there else row
        if names := changed(old, row):
            differences[row_id] = {name: (old.get(name), row.get(name)) for name in names}
    new = tuple(row_id for row_id in rows if row_id not in there)
    return ImportPreview(
        table=table,
        new=new,
        changed=tuple(differences),
        vanished=tuple(row_id for row_id in there if row_id not in rows),
        differences=differences,
        same=len(rows) - len(new) - len(differences),
        based_on=int(connection.execute(sa.select(META.c.change)).scalar_one()),
    )


def with_extras(specs: Specs, kinds: Mapping[str, str]) -> Specs:
    """Return a layer's columns with further ones behind them."""
    own = specs_of("activities", {n: k for n, k in kinds.items() if n not in specs})
    return {**specs, **{name: own[name] for name in kinds if name not in specs}}


def import_entries(
    connection: sa.Connection,
    table: str,
    frame: pd.DataFrame,
    specs: Specs,
    *,
    remove_vanished: bool,
) -> list[Entry]:
    """Return what an import does to each row that it changes."""
    there = fetch(connection, table, specs)
    rows = _merged(connection, table, frame, specs, there)
    return replacing(connection, table, there, rows, remove_vanished=remove_vanished)


def replacing(
    connection: sa.Connection,
    table: str,
    there: Mapping[str, Row],
    rows: Mapping[str, Values],
    *,
    remove_vanished: bool,
) -> list[Entry]:
    """Return the entries that turn the rows that are there into other rows."""
    fresh = [row_id for row_id in rows if row_id not in there]
    versions = last_versions(connection, table, fresh)
    entries = []
    for row_id, row in rows.items():
        old = there.get(row_id)
        if old is None:
            entries.append(Entry(table, row_id, None, row, versions.get(row_id, 0) + 1))
        elif changed(old.values, row):
            entries.append(Entry(table, row_id, old.values, row, old.version + 1))
    if remove_vanished:
        gone = [(row_id, old) for row_id, old in there.items() if row_id not in rows]
        entries += [Entry(table, row_id, old.values, None, old.version + 1) for row_id, old in gone]
    return entries


def _merged(
    connection: sa.Connection,
    table: str,
    frame: pd.DataFrame,
    specs: Specs,
    there: Mapping[str, Row],
) -> dict[str, Values]:
    """Return the frame's rows, whole: what the frame lacks stays as the register has it."""
    units = set(connection.execute(sa.select(UNITS.c.unit_id)).scalars())
    given = rows_of_frame(table, frame, specs, units)
    blank = values_of(table, "", {}, specs)
    rows = {
        row_id: (there[row_id].values if row_id in there else blank) | row
        for row_id, row in given.items()
    }
    if "geometry" not in blank:
        for row in rows.values():
            row.pop(GEOMETRY, None)
    check_rows(table, rows, specs, known_units(connection, rows.values(), specs))
    return rows


def check_unchanged(connection: sa.Connection, table: str, based_on: int) -> None:
    """Refuse an import whose preview no longer tells the truth.

    Raises
    ------
    ConflictError
        When the layer was changed after the preview.
    """
    newer = (
        sa.select(CHANGES.c.who, CHANGES.c.made_at, HISTORY.c.row_id)
        .join(HISTORY, HISTORY.c.change_id == CHANGES.c.change_id)
        .where(HISTORY.c.table_name == table, HISTORY.c.change_id > based_on)
        .order_by(HISTORY.c.entry_id.desc())
    )
    rows = connection.execute(newer).all()
    if not rows:
        return
    ids = first_ids(dict.fromkeys(row.row_id for row in rows))
    when = local_text(rows[0].made_at)
    raise ConflictError(
        "register.preview_stale",
        f"{table}: {len(rows)} row(s) ({ids}) were changed after the preview, last by "
        f"{rows[0].who} on {when}; nothing was imported, look at a new preview first.",
        table=table,
        count=len(rows),
        ids=ids,
        who=rows[0].who,
        when=when,
    )
