"""Change sets: what one edit, import or undo does to rows, and the history it leaves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from geo.errors import RegisterError, first_ids
from geo.register_layout import CHANGES, COLUMNS, HISTORY, LAYER_TABLES, META, UNITS
from geo.register_values import (
    GEOMETRY,
    LAYERS,
    Specs,
    Values,
    from_json,
    has_point,
    specs_of,
    to_json,
)
from geo.schema import TABLES

CHINA = dt.timezone(dt.timedelta(hours=8), "UTC+8")
"""A bare date or time is read in China's one time zone; what is stored is UTC."""

_MANY = 500


@dataclass(frozen=True)
class Row:
    """One row as it stands: its values and how often it was written."""

    values: Values
    version: int


@dataclass(frozen=True)
class Entry:
    """What a change set does to one row.

    Parameters
    ----------
    table, row_id : str
    before, after : dict or None
        The whole row; ``None`` where there was or will be no row.
    version : int
        The row's version after the change. It grows with a removal too, so that no version of a
        row ever stands for two different states.
    """

    table: str
    row_id: str
    before: Values | None
    after: Values | None
    version: int


@dataclass
class ChangeSet:
    """What is saved together, as one transaction and one step of the history."""

    action: str
    who: str
    label: str | None = None
    undoes: int | None = None
    entries: list[Entry] = field(default_factory=list)
    number: int = 0


def begin_change(connection: sa.Connection) -> int:
    """Take the number of the next change, and with it the one lock that orders all writers.

    Notes
    -----
    The row of ``register_meta`` stays locked until the transaction ends, in both stores; whoever
    comes second waits, and then sees everything that the first one saved.
    """
    number = connection.execute(
        sa.update(META).values(change=META.c.change + 1, writing=1).returning(META.c.change)
    ).scalar_one()
    return int(number)


def all_specs(connection: sa.Connection) -> dict[str, Specs]:
    """Return the columns of every layer: the contract's, then the study's own in their order."""
    extras: dict[str, dict[str, str]] = {name: {} for name in LAYERS}
    query = sa.select(COLUMNS).order_by(COLUMNS.c.table_name, COLUMNS.c.place)
    for known in connection.execute(query):
        if known.column_name not in TABLES[known.table_name].columns:
            extras[known.table_name][known.column_name] = known.kind
    return {name: specs_of(name, extras[name]) for name in LAYERS}


def add_columns(connection: sa.Connection, table: str, kinds: Mapping[str, str]) -> None:
    """Let a layer keep further columns, such as those of a checklist."""
    count = sa.select(sa.func.count()).where(COLUMNS.c.table_name == table)
    first = connection.execute(count.select_from(COLUMNS)).scalar_one()
    rows = [
        {"table_name": table, "column_name": name, "kind": kind, "place": first + n}
        for n, (name, kind) in enumerate(kinds.items())
    ]
    if rows:
        connection.execute(sa.insert(COLUMNS), rows)


def fetch(
    connection: sa.Connection, table: str, specs: Specs, ids: Sequence[str] | None = None
) -> dict[str, Row]:
    """Return the rows of a layer by id, in the order in which they were added.

    Parameters
    ----------
    connection : Connection
    table : str
    specs : mapping of str to Column
    ids : sequence of str, optional
        Only these rows; those that are not there are left out.
    """
    layer = LAYER_TABLES[table]
    key = layer.c[TABLES[table].index]
    query = sa.select(layer).order_by(layer.c.fid)
    if ids is not None and len(ids) <= _MANY:
        query = query.where(key.in_(list(ids)))
    result = connection.execute(query)
    names = list(result.keys())
    found = {}
    for cells in result:
        record = dict(zip(names, cells, strict=True))
        found[record[key.name]] = Row(_values_of(record, table, specs), record["version"])
    if ids is None or len(ids) <= _MANY:
        return found
    return {row_id: found[row_id] for row_id in ids if row_id in found}


def _values_of(record: Mapping[str, Any], table: str, specs: Specs) -> Values:
    columns = TABLES[table].columns
    more = (from_json(record["more"], specs) if record["more"] else None) or {}
    values = {name: record[name] if name in columns else more.get(name) for name in specs}
    if has_point(table):
        values[GEOMETRY] = record["geom"]
    return values


def save(connection: sa.Connection, change: ChangeSet) -> None:
    """Write a change set's rows and its history, inside the transaction that gave its number.

    Raises
    ------
    RegisterError
        When nobody is named, or a case or activity would name a room that is not there.
    """
    made_at = _next_moment(connection)
    for table in LAYERS:
        entries = [entry for entry in change.entries if entry.table == table]
        if entries:
            _write_rows(connection, table, entries)
            _touch(connection, table, made_at)
    _check_rooms(connection, change.entries)
    connection.execute(
        sa.insert(CHANGES).values(
            change_id=change.number,
            made_at=made_at,
            who=change.who,
            action=change.action,
            label=change.label,
            undoes=change.undoes,
        )
    )
    if change.entries:
        connection.execute(
            sa.insert(HISTORY), [_history_of(change.number, e) for e in change.entries]
        )
    connection.execute(sa.update(META).values(made_at=made_at, writing=0))


def _history_of(change_id: int, entry: Entry) -> dict[str, Any]:
    return {
        "change_id": change_id,
        "table_name": entry.table,
        "row_id": entry.row_id,
        "version": entry.version,
        "before": to_json(entry.before),
        "after": to_json(entry.after),
    }


def _next_moment(connection: sa.Connection) -> str:
    """Return now in UTC, never before the last change, though a clock may be set back."""
    last = connection.execute(sa.select(META.c.made_at)).scalar_one()
    return max(moment_text(dt.datetime.now(dt.UTC)), str(last))


def moment_text(moment: dt.datetime) -> str:
    """Return a moment as the text that the history holds; texts sort as the moments do."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _write_rows(connection: sa.Connection, table: str, entries: Iterable[Entry]) -> None:
    layer = LAYER_TABLES[table]
    key = layer.c[TABLES[table].index]
    added: list[dict[str, Any]] = []
    kept: list[dict[str, Any]] = []
    removed: list[dict[str, Any]] = []
    for entry in entries:
        if entry.after is None:
            removed.append({"row": entry.row_id})
        else:
            record = _record_of(entry, entry.after)
            (added if entry.before is None else kept).append(record)
    if removed:
        connection.execute(sa.delete(layer).where(key == sa.bindparam("row")), removed)
    if added:
        connection.execute(sa.insert(layer), [{**r, key.name: r.pop("row")} for r in added])
    if kept:
        names = [name for name in kept[0] if name != "row"]
        update = sa.update(layer).where(key == sa.bindparam("row"))
        values = {name: sa.bindparam(f"new_{name}", type_=layer.c[name].type) for name in names}
        renamed = [{"row": r["row"], **{f"new_{n}": r[n] for n in names}} for r in kept]
        connection.execute(update.values(values), renamed)


def _record_of(entry: Entry, after: Values) -> dict[str, Any]:
    columns = TABLES[entry.table].columns
    record = {name: after.get(name) for name in columns}
    more = {n: v for n, v in after.items() if n not in columns and n != GEOMETRY and v is not None}
    record.update(row=entry.row_id, version=entry.version, more=to_json(more) if more else None)
    if has_point(entry.table):
        record["geom"] = after.get(GEOMETRY)
    return record


def _touch(connection: sa.Connection, table: str, made_at: str) -> None:
    """Tell GIS programs that have the file open that the layer has changed."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(
            "UPDATE gpkg_contents SET last_change = ? WHERE table_name = ?",
            (f"{made_at[:23]}Z", table),
        )


def _check_rooms(connection: sa.Connection, entries: Sequence[Entry]) -> None:
    """Refuse a change after which a case or activity names a room that is not there."""
    rooms = LAYER_TABLES["rooms"].c.room_id
    gone = {e.row_id for e in entries if e.table == "rooms" and e.after is None}
    for table in ("cases", "activities"):
        layer = LAYER_TABLES[table]
        key = layer.c[TABLES[table].index]
        named = {e.after["room_id"] for e in entries if e.table == table and e.after is not None}
        missing = {r for r in named if r is not None} - known_ids(connection, rooms, named)
        for lost in batches(sorted(missing | gone)):
            query = sa.select(key).where(layer.c.room_id.in_(lost)).order_by(layer.c.fid)
            rows = list(connection.execute(query).scalars())
            if rows:
                raise RegisterError(
                    "register.room_unknown",
                    f"{table}: column 'room_id', {len(rows)} row(s) ({first_ids(rows)}) would name "
                    f"a room that is not in the register ({first_ids(lost)}); add the room first, "
                    "or give these rows another.",
                    table=table,
                    column="room_id",
                    count=len(rows),
                    ids=first_ids(rows),
                    value=first_ids(lost),
                )


def known_ids(
    connection: sa.Connection, column: sa.Column[Any], ids: Iterable[str | None]
) -> set[str]:
    """Return those of the ids that stand in a column."""
    known: set[str] = set()
    for batch in batches([i for i in ids if i is not None]):
        known.update(connection.execute(sa.select(column).where(column.in_(batch))).scalars())
    return known


def batches(ids: Sequence[str]) -> Iterator[list[str]]:
    """Yield ids in lists short enough for one statement."""
    for start in range(0, len(ids), _MANY):
        yield list(ids[start : start + _MANY])


def known_units(connection: sa.Connection, rows: Iterable[Values], specs: Specs) -> set[str]:
    """Return those units named by rows that the register knows."""
    columns = [name for name, spec in specs.items() if spec.kind == "unit"]
    return known_ids(connection, UNITS.c.unit_id, {row.get(c) for row in rows for c in columns})


def last_versions(connection: sa.Connection, table: str, ids: Sequence[str]) -> dict[str, int]:
    """Return the last version that each id ever had, for ids that had one."""
    found: dict[str, int] = {}
    for batch in batches(ids):
        query = (
            sa.select(HISTORY.c.row_id, sa.func.max(HISTORY.c.version))
            .where(HISTORY.c.table_name == table, HISTORY.c.row_id.in_(batch))
            .group_by(HISTORY.c.row_id)
        )
        found.update((row_id, version) for row_id, version in connection.execute(query))
    return found
