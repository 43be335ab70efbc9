"""The one way to write: a numbered, checked transaction that is saved whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import sqlalchemy as sa

from geo.register_changes import ChangeSet, add_columns, all_specs, begin_change, save
from geo.register_check import check_entries, check_who
from geo.register_import import with_extras
from geo.register_store import writing
from geo.register_values import Specs


@contextmanager
def changing(
    engine: sa.Engine,
    change: ChangeSet,
    kinds: Mapping[str, Mapping[str, str]] | None = None,
) -> Iterator[tuple[sa.Connection, dict[str, Specs]]]:
    """Open the transaction of a change; at its end it is checked, and saved if it has entries.

    Parameters
    ----------
    engine : Engine
    change : ChangeSet
        The body fills its entries; its number is given here.
    kinds : mapping of str to mapping, optional
        By layer, the kind of each column that it shall keep from now on.

    Yields
    ------
    connection : Connection
    specs : dict of str to mapping
        The columns of every layer.

    Raises
    ------
    StudyFaults, RegisterError
        When nobody is named or a row breaks the data contract; nothing is saved.
    """
    check_who(change.who)
    with writing(engine) as connection:
        change.number = begin_change(connection)
        specs = all_specs(connection)
        for table, wanted in (kinds or {}).items():
            fresh = {name: kind for name, kind in wanted.items() if name not in specs[table]}
            add_columns(connection, table, fresh)
            specs[table] = with_extras(specs[table], fresh)
        yield connection, specs
        if not change.entries:
            connection.rollback()
            return
        check_entries(connection, change, specs)
        save(connection, change)
