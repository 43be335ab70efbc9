"""One row added, edited or removed; an editor who saw an older version is told who came before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from geo.errors import ConflictError, RegisterError
from geo.register_changes import Entry, Row, fetch, last_versions
from geo.register_check import check_columns, check_id
from geo.register_history import local_text
from geo.register_layout import CHANGES, HISTORY
from geo.register_values import Specs, Values, changed, from_json, given_values, values_of


def added(
    connection: sa.Connection, table: str, row_id: str, values: Mapping[str, Any], specs: Specs
) -> Entry:
    """Return the entry of a new row; :meth:`geo.register.Register.add` tells more."""
    check_id(table, row_id)
    check_columns(table, values, specs)
    if fetch(connection, table, specs, [row_id]):
        raise ConflictError(
            "register.id_taken",
            f"{table}: row {row_id} is in the register already; edit it, or give the new one "
            "another id.",
            table=table,
            row=row_id,
        )
    row = values_of(table, row_id, values, specs)
    version = last_versions(connection, table, [row_id]).get(row_id, 0) + 1
    return Entry(table, row_id, None, row, version)


def edited(
    connection: sa.Connection,
    table: str,
    row_id: str,
    changes: Mapping[str, Any],
    specs: Specs,
    *,
    seen: int,
) -> Entry | None:
    """Return the entry of an edit, ``None`` when it changes nothing."""
    row = _seen_row(connection, table, row_id, specs, seen=seen)
    check_columns(table, changes, specs)
    after = row.values | given_values(table, row_id, changes, specs)
    if not changed(row.values, after):
        return None
    return Entry(table, row_id, row.values, after, row.version + 1)


def removed(
    connection: sa.Connection, table: str, row_id: str, specs: Specs, *, seen: int
) -> Entry:
    """Return the entry of a removal."""
    row = _seen_row(connection, table, row_id, specs, seen=seen)
    return Entry(table, row_id, row.values, None, row.version + 1)


def _seen_row(
    connection: sa.Connection, table: str, row_id: str, specs: Specs, *, seen: int
) -> Row:
    """Return a row that an editor saw in a version, if that version still stands.

    Raises
    ------
    ConflictError
        When somebody changed or removed it since.
    RegisterError
        When there never was such a row.
    """
    row = fetch(connection, table, specs, [row_id]).get(row_id)
    if row is not None and row.version == seen:
        return row
    if row is None and not last_versions(connection, table, [row_id]):
        raise RegisterError(
            "register.row_unknown",
            f"{table}: there is no row {row_id}; look at the table again.",
            table=table,
            row=row_id,
        )
    raise _conflict(connection, table, row_id, specs, seen=seen, now=row)


def _conflict(
    connection: sa.Connection,
    table: str,
    row_id: str,
    specs: Specs,
    *,
    seen: int,
    now: Row | None,
) -> ConflictError:
    """Return the error of an editor who saw an older version of a row than there is."""
    of_row = (HISTORY.c.table_name == table) & (HISTORY.c.row_id == row_id)
    join = sa.select(CHANGES, HISTORY).join(HISTORY, HISTORY.c.change_id == CHANGES.c.change_id)
    entries = connection.execute(join.where(of_row).order_by(HISTORY.c.entry_id)).all()
    theirs = [entry for entry in entries if entry.version > seen]
    last = theirs[-1] if theirs else entries[-1]
    before = from_json((theirs or entries)[0].before, specs) or {}
    names = [] if now is None else changed(before, now.values)
    what = "it was removed" if now is None else _differences(names, before, now.values)
    return ConflictError(
        "register.conflict",
        f"{table}: row {row_id} was changed by {last.who} on {local_text(last.made_at)} after you "
        f"read it: {what}. Your edit was not saved; look at the row again, then enter it anew.",
        table=table,
        row=row_id,
        who=last.who,
        when=local_text(last.made_at),
        before={name: before.get(name) for name in names},
        after=None if now is None else {name: now.values.get(name) for name in names},
        detail=what,
        version=None if now is None else now.version,
    )


def _differences(names: list[str], before: Values, after: Values) -> str:
    shown = [f"{name} {_shown(before.get(name))} → {_shown(after.get(name))}" for name in names]
    return "; ".join(shown) or "it was written anew with the same values"


def _shown(value: object) -> str:
    return "(empty)" if value is None else f"“{value}”"
