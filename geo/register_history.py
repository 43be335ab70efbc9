"""The history: what was changed by whom, what the register held on a day, what an undo does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pandas as pd
import sqlalchemy as sa

from geo.errors import ConflictError, RegisterError, first_ids
from geo.register_changes import (
    CHINA,
    ChangeSet,
    Entry,
    all_specs,
    fetch,
    last_versions,
    moment_text,
)
from geo.register_layout import CHANGES, HISTORY
from geo.register_values import LAYERS, Specs, Values, changed, frame_of, from_json

HISTORY_COLUMNS = (
    "change",
    "when",
    "who",
    "action",
    "label",
    "undoes",
    "table",
    "row_id",
    "version",
    "before",
    "after",
)
_NEVER_UNDONE = ("create", "units", "migrate")


def history_frame(
    connection: sa.Connection,
    specs: Mapping[str, Specs],
    *,
    table: str | None,
    row_id: str | None,
) -> pd.DataFrame:
    """Return the history, newest first, one row for each row changed.

    Returns
    -------
    DataFrame
        :data:`HISTORY_COLUMNS`; ``when`` in UTC; ``before`` and ``after`` are dicts of the
        columns that differ, or ``None`` where there was or is no row.
    """
    query = (
        sa.select(CHANGES, HISTORY)
        .join(HISTORY, HISTORY.c.change_id == CHANGES.c.change_id)
        .order_by(HISTORY.c.entry_id.desc())
    )
    if table is not None:
        query = query.where(HISTORY.c.table_name == table)
    if row_id is not None:
        query = query.where(HISTORY.c.row_id == row_id)
    records = [_history_row(found, specs) for found in connection.execute(query)]
    frame = pd.DataFrame(records, columns=list(HISTORY_COLUMNS), dtype=object)
    frame["when"] = pd.to_datetime(frame["when"], utc=True)
    return frame.astype({"change": "int64", "version": "int64", "undoes": "Int64"})


def _history_row(found: Any, specs: Mapping[str, Specs]) -> tuple[Any, ...]:
    before = from_json(found.before, specs[found.table_name])
    after = from_json(found.after, specs[found.table_name])
    if before is not None and after is not None:
        names = changed(before, after)
        before = {name: before.get(name) for name in names}
        after = {name: after.get(name) for name in names}
    head = (found.change_id, found.made_at, found.who, found.action, found.label, found.undoes)
    return (*head, found.table_name, found.row_id, found.version, before, after)


def moment_of(at: str | dt.date | dt.datetime) -> dt.datetime:
    """Return the moment that a date or time means: a bare date is to the end of its day.

    Examples
    --------
    >>> moment_of("2026-06-30").isoformat()
    '2026-06-30T23:59:59.999999+08:00'
    """
    try:
        if isinstance(at, str) and len(at.strip()) == 10:
            at = dt.date.fromisoformat(at.strip())
        elif isinstance(at, str):
            at = dt.datetime.fromisoformat(at.strip())
    except ValueError as problem:
        raise RegisterError(
            "register.moment",
            f"{at!r} is no date or time; write 2026-06-30 or 2026-06-30T17:00.",
            value=str(at),
        ) from problem
    if not isinstance(at, dt.datetime):
        return dt.datetime.combine(at, dt.time.max, tzinfo=CHINA)
    return at if at.tzinfo is not None else at.replace(tzinfo=CHINA)


def change_at(connection: sa.Connection, at: str | dt.date | dt.datetime) -> int:
    """Return the number of the last change made by a moment.

    Raises
    ------
    RegisterError
        When the register did not exist yet.
    """
    moment = moment_of(at)
    query = sa.select(sa.func.max(CHANGES.c.change_id))
    number = connection.execute(query.where(CHANGES.c.made_at <= moment_text(moment))).scalar()
    if number is None:
        first = connection.execute(sa.select(sa.func.min(CHANGES.c.made_at))).scalar_one()
        raise RegisterError(
            "register.too_early",
            f"The register begins on {local_text(first)}; it cannot tell what was there on {at}.",
            value=str(at),
            when=local_text(first),
        )
    return int(number)


def rows_at(
    connection: sa.Connection, table: str, specs: Specs, change_id: int
) -> dict[str, Values]:
    """Return a layer's rows as they were just after a change, by id.

    Notes
    -----
    The last entry of each row up to the change: one indexed pass over the layer's history.
    """
    last = (
        sa.select(sa.func.max(HISTORY.c.entry_id))
        .where(HISTORY.c.table_name == table, HISTORY.c.change_id <= change_id)
        .group_by(HISTORY.c.row_id)
    )
    query = (
        sa.select(HISTORY.c.row_id, HISTORY.c.after)
        .where(HISTORY.c.entry_id.in_(last), HISTORY.c.after.is_not(None))
        .order_by(HISTORY.c.entry_id)
    )
    found = ((row_id, from_json(text, specs)) for row_id, text in connection.execute(query))
    return {row_id: values for row_id, values in found if values is not None}


def layer_frame(
    connection: sa.Connection,
    table: str,
    at: str | dt.date | None = None,
    *,
    with_version: bool = False,
) -> pd.DataFrame:
    """Return a layer as a frame, now or as it was; see ``Register.read``."""
    specs = all_specs(connection)[table]
    if at is not None:
        past = rows_at(connection, table, specs, change_at(connection, at))
        return frame_of(table, list(past), list(past.values()), specs)
    rows = fetch(connection, table, specs)
    frame = frame_of(table, list(rows), [row.values for row in rows.values()], specs)
    if with_version:
        frame["version"] = pd.Series([r.version for r in rows.values()], frame.index, dtype="int64")
    return frame


def local_text(moment: str | dt.datetime) -> str:
    """Return a moment of the history as people in China read it.

    Examples
    --------
    >>> local_text("2026-06-30T16:00:00.000000Z")
    '2026-07-01 00:00 (UTC+8)'
    """
    if isinstance(moment, str):
        moment = dt.datetime.fromisoformat(moment)
    return f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M} (UTC+8)"


def undo_entries(
    connection: sa.Connection,
    specs: Mapping[str, Specs],
    undo: ChangeSet,
    *,
    change_id: int | None,
) -> int:
    """Fill a change set with what takes a change back, and return that change's number.

    Parameters
    ----------
    connection : Connection
    specs : mapping of str to mapping
        The columns of every layer.
    undo : ChangeSet
        Empty so far.
    change_id : int or None
        The change; the newest that still stands when ``None``.

    Raises
    ------
    ConflictError
        When rows of that change were changed again since.
    RegisterError
        When there is nothing to undo.
    """
    undone = _undoable(connection, change_id)
    query = sa.select(HISTORY).where(HISTORY.c.change_id == undone.change_id)
    rows = connection.execute(query.order_by(HISTORY.c.entry_id)).all()
    stale: list[tuple[str, str]] = []
    for table in LAYERS:
        entries = {row.row_id: row for row in rows if row.table_name == table}
        now = fetch(connection, table, specs[table], list(entries))
        versions = last_versions(connection, table, list(entries))
        for row_id, entry in entries.items():
            before, after = (from_json(t, specs[table]) for t in (entry.before, entry.after))
            if not _same(now[row_id].values if row_id in now else None, after):
                stale.append((table, row_id))
            undo.entries.append(Entry(table, row_id, after, before, versions[row_id] + 1))
    if stale:
        raise _stale_undo(connection, undone.change_id, stale)
    undo.label, undo.undoes = undone.label, undone.change_id
    return int(undone.change_id)


def _same(one: Values | None, other: Values | None) -> bool:
    if one is None or other is None:
        return one is None and other is None
    return not changed(one, other)


def _undoable(connection: sa.Connection, change_id: int | None) -> Any:
    """Return the change to take back: an undo that was itself undone no longer counts."""
    query = sa.select(CHANGES).order_by(CHANGES.c.change_id.desc())
    taken_back: set[int] = set()
    # Newest first, so that an undo is met before what it undoes.
    for change in connection.execute(query.execution_options(yield_per=200)):
        if change.undoes is not None and change.change_id not in taken_back:
            taken_back.add(change.undoes)
        wanted = change.action != "undo" if change_id is None else change.change_id == change_id
        if wanted and change.change_id not in taken_back and change.action not in _NEVER_UNDONE:
            return change
    named = "" if change_id is None else f" {change_id}"
    raise RegisterError(
        "register.nothing_to_undo",
        f"There is no change{named} to undo: it is not there, or it was undone already.",
        value=named.strip(),
    )


def _stale_undo(
    connection: sa.Connection, number: int, stale: list[tuple[str, str]]
) -> ConflictError:
    table, row_id = stale[0]
    last = connection.execute(
        sa.select(CHANGES)
        .join(HISTORY, HISTORY.c.change_id == CHANGES.c.change_id)
        .where(HISTORY.c.table_name == table, HISTORY.c.row_id == row_id)
        .order_by(HISTORY.c.entry_id.desc())
        .limit(1)
    ).one()
    ids = first_ids(row for _, row in stale)
    return ConflictError(
        "register.undo_conflict",
        f"Change {number} cannot be undone: {len(stale)} of its row(s) ({ids}) were changed again "
        f"since, {row_id} by {last.who} on {local_text(last.made_at)}; undo that first "
        f"(change {last.change_id}), or edit the rows.",
        value=number,
        count=len(stale),
        ids=ids,
        table=table,
        row=row_id,
        who=last.who,
        when=local_text(last.made_at),
        change=last.change_id,
    )
