"""What the register's tests share: the two stores, a small register, and plain rows to compare."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
from shapely import Point

from geo.register import LAYERS, Register, create_register
from postgres import shared_cluster
from worlds import toy_frames

STORES = ("file", "server")


def new_target(store: str, folder: Path) -> str:
    """Return where a register can be made: a file that is not there, or an empty database."""
    if store == "server":
        return shared_cluster().new_database()
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder / "register.gpkg")


def new_register(store: str, folder: Path, **tables: pd.DataFrame) -> Register:
    """Return the toy city's register in a store."""
    return create_register(new_target(store, folder), {**toy_frames(), **tables}, who="甲")


def target_of(register: Register) -> str:
    """Return the file or URL that opens a register again."""
    return register.name


def plain(frame: pd.DataFrame) -> dict[str, dict[str, object]]:
    """Return a frame as plain rows by id: no unknown values, dates as text, points as pairs."""
    rows = {}
    for row_id, row in zip(frame.index, frame.to_dict("records"), strict=True):
        cells = {str(name): _plain(value) for name, value in row.items()}
        rows[str(row_id)] = {name: cell for name, cell in cells.items() if cell is not None}
    return rows


def _plain(value: object) -> object:
    if isinstance(value, Point):
        return (value.x, value.y)
    if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    return value.date().isoformat() if isinstance(value, pd.Timestamp) else value


def plain_register(register: Register, at: object = None) -> dict[str, dict[str, object]]:
    """Return every layer of a register as plain rows."""
    return {table: plain(frame) for table, frame in register.read_all(at=at).items()}


def plain_tables(tables: dict[str, pd.DataFrame]) -> dict[str, dict[str, object]]:
    """Return the layers among some tables as plain rows."""
    return {table: plain(tables[table]) for table in LAYERS}
