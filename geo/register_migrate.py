"""Older registers, brought up to today's layout without losing a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sqlalchemy as sa
from sqlalchemy.schema import CreateColumn

from geo.errors import RegisterError
from geo.register_layout import CHANGES, COLUMNS, HISTORY, LAYER_TABLES, LAYOUT, META, guard_layers
from geo.register_store import holds_register, name_of, reading, writing


def ensure_layout(engine: sa.Engine, *, name: str | None = None) -> None:
    """Check that a database holds a register, and bring it up to :data:`LAYOUT` if it is older.

    Parameters
    ----------
    engine : Engine
    name : str, optional
        What to call the register in messages, instead of its own file.

    Raises
    ------
    RegisterError
        When there is no register, it is newer than this program, or a row would be lost.

    Notes
    -----
    All steps are one transaction: a program killed in the middle leaves the old register.
    """
    name = name_of(engine) if name is None else name
    with reading(engine) as connection:
        if not holds_register(connection):
            raise RegisterError(
                "register.none",
                f"{name}: this is not a register; create one here first, or name another.",
                file=name,
            )
        if _is_current(connection, name):
            return
    with writing(engine) as connection:
        # A second program may have migrated while this one waited for the lock.
        connection.execute(sa.update(META).values(change=META.c.change))
        if not _is_current(connection, name):
            _migrate(connection, name)


def _is_current(connection: sa.Connection, name: str) -> bool:
    layout = connection.execute(sa.select(META.c.layout)).scalar_one()
    if layout > LAYOUT:
        raise RegisterError(
            "register.newer",
            f"{name}: a newer Roomplan made this register (layout {layout}, this program knows "
            f"{LAYOUT}); update Roomplan.",
            file=name,
            value=layout,
        )
    return bool(layout == LAYOUT) and not _missing_columns(connection)


def _migrate(connection: sa.Connection, name: str) -> None:
    before = _counts(connection)
    layout = connection.execute(sa.select(META.c.layout)).scalar_one()
    for number in range(layout, LAYOUT):
        STEPS[number](connection)
    for layer, column in _missing_columns(connection):
        _add_column(connection, layer, column)
    after = _counts(connection)
    if after != before:
        raise RegisterError(
            "register.migration",
            f"{name}: bringing the register up to date would have changed the number of rows "
            f"({before} → {after}); nothing was changed, keep a copy and report this.",
            file=name,
            before=before,
            after=after,
        )
    connection.execute(sa.update(META).values(layout=LAYOUT))


def _counts(connection: sa.Connection) -> dict[str, int]:
    tables = [*LAYER_TABLES.values(), CHANGES, HISTORY]
    count = sa.func.count
    return {
        table.name: connection.execute(sa.select(count()).select_from(table)).scalar_one()
        for table in tables
    }


def _missing_columns(connection: sa.Connection) -> list[tuple[sa.Table, str]]:
    """Return the columns that the data contract has gained since the register was made."""
    missing: list[tuple[sa.Table, str]] = []
    for table in LAYER_TABLES.values():
        there = connection.exec_driver_sql(f'SELECT * FROM "{table.name}" LIMIT 0').keys()
        missing += [(table, column.name) for column in table.columns if column.name not in there]
    return missing


def _add_column(connection: sa.Connection, layer: sa.Table, name: str) -> None:
    column = CreateColumn(sa.Column(name, layer.c[name].type)).compile(dialect=connection.dialect)
    connection.exec_driver_sql(f'ALTER TABLE "{layer.name}" ADD COLUMN {column}')


def _from_1_to_2(connection: sa.Connection) -> None:
    """Layout 2 keeps columns that the contract does not name, and guards the layers."""
    connection.exec_driver_sql(
        "ALTER TABLE register_meta ADD COLUMN writing INTEGER NOT NULL DEFAULT 0"
    )
    COLUMNS.create(connection)
    for layer in LAYER_TABLES.values():
        _add_column(connection, layer, "more")
    guard_layers(connection)


STEPS: Mapping[int, Callable[[sa.Connection], None]] = {1: _from_1_to_2}
"""What leads from each layout to the next. A step is never edited once it was released."""
