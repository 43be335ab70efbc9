"""A study's working copy: opened or made at the first edit, and whole lists brought into it.

Importing one's own rooms in place of the demonstration takes its made-up cases and activities out
in the same transaction, since they name rooms that leave; one undo brings everything back.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import sqlalchemy as sa

from geo.errors import RegisterError
from geo.intake.mapping import Mapping, suggest_mapping
from geo.intake.raw import RawTable
from geo.intake.report import HELD, Intake, Preview, preview
from geo.intake.values import cleaned
from geo.read import Tables, read_settings, read_study
from geo.register import Register, create_register, open_register
from geo.register_changes import ChangeSet, Entry, fetch
from geo.register_home import is_there, register_target, side_file, write_side_file
from geo.register_import import check_unchanged, import_entries
from geo.register_layout import UNITS
from geo.register_store import connect, is_server, writing
from geo.register_transaction import changing
from geo.register_values import Specs, extra_kinds
from geo.schema import TABLES

SIMULATED = "simulated"
MAPPINGS_FILE = "mappings.json"
KEPT_MAPPINGS = 50
# What names rooms, and leaves with made-up rooms where it is made up itself.
_OF_ROOMS = ("cases", "activities")
# What an import works out where a file leaves it blank.
_WORKED_OUT = ("located_unit_id", "unit_id", "location_basis")


@dataclass(frozen=True)
class Plan:
    """What accepting an import would do, with all that leaves beside it.

    Parameters
    ----------
    preview : Preview
        Rows new, changed, vanished and the same, and every cell that would change.
    replaces : bool
        Whether the rows that the list does not hold leave.
    leaving : mapping of str to int
        Made-up rows of other layers that leave too.
    based_on : int
        The register's last change when this was made, for :func:`import_rows`.
    """

    preview: Preview
    replaces: bool
    leaving: dict[str, int]
    based_on: int


def find_register(folder: str | Path) -> Register | None:
    """Open a study's register, ``None`` where nothing was edited yet."""
    target = register_target(folder, read_settings(folder))
    return open_register(target) if is_there(target) else None


def open_working(folder: str | Path, *, who: str) -> Register:
    """Open a study's register, made from the study's own files where there is none yet.

    Parameters
    ----------
    folder : path
        The study's; it is not changed unless its ``study.toml`` names a register inside it.
    who : str
        Editor, for the history.

    Raises
    ------
    RegisterError
        When the register cannot be made or opened.
    RoomplanError
        When the study cannot be read.
    """
    target = register_target(folder, read_settings(folder))
    if not is_there(target):
        _make(folder, target, who)
    return open_register(target)


def _make(folder: str | Path, target: str, who: str) -> None:
    tables = read_study(folder).frames
    make_folder(target)
    try:
        create_register(target, tables, who=who).close()
    except RegisterError as problem:
        # Another editor made it in the same moment: theirs is as good.
        if problem.code != "register.exists":
            raise


def make_folder(target: str) -> None:
    """Make the folder that a register's file shall lie in.

    Raises
    ------
    RegisterError
        When it may not be written.
    """
    if is_server(target):
        return
    try:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise RegisterError(
            "register.not_written",
            f"{target}: the file cannot be written ({problem.strerror}); choose another folder "
            "by ROOMPLAN_HOME.",
            file=target,
            detail=problem.strerror,
        ) from problem


def plan_import(intake: Intake, tables: Tables, *, replaces: bool) -> Plan:
    """Return what :func:`import_rows` would do; nothing is saved, and no register is made.

    Parameters
    ----------
    intake : Intake
        Read for one of the register's four layers.
    tables : Tables
        The study as it stands.
    replaces : bool
        Whether rows that the list does not hold leave the register.
    """
    leaving = {}
    for layer in _leaving(intake.table, intake.rows, replaces=replaces):
        count = int((tables.frames[layer]["basis"] == SIMULATED).sum())
        if count:
            leaving[layer] = count
    found = preview(intake, tables.frames[intake.table])
    # A register that is not there yet begins with change 1, which makes it.
    return Plan(found, replaces, leaving, max(tables.change, 1))


def import_rows(
    target: str,
    table: str,
    frame: pd.DataFrame,
    *,
    who: str,
    label: str,
    units: pd.DataFrame,
    replaces: bool = False,
    based_on: int | None = None,
) -> int | None:
    """Bring a checked list into the register as one transaction.

    Parameters
    ----------
    target : str
        The register's file or URL.
    table : str
    frame : DataFrame
        Ids in the index. Columns that it lacks keep their values in rows that are there.
    who, label : str
        Editor, and what the history calls the import.
    units : DataFrame
        The study's units; those the register does not know yet become known to it.
    replaces : bool
        Whether rows that the frame does not hold leave; with rooms also all made-up cases and
        activities, unless made-up rooms stay.
    based_on : int, optional
        :attr:`Plan.based_on`: refuse if the layer was changed since.

    Returns
    -------
    int or None
        The number of the change, for :meth:`geo.register.Register.undo`; ``None`` when nothing
        changed.

    Raises
    ------
    ConflictError
        When the layer was changed after the preview.
    StudyFaults, RegisterError
        When a row breaks the data contract, or a case that is not made up names a room that
        would leave; nothing is saved.
    """
    engine = connect(target)
    record = ChangeSet("import", who, label=label)
    try:
        _know_units(engine, units)
        with changing(engine, record, {table: extra_kinds(frame, table)}) as (connection, specs):
            if based_on is not None:
                check_unchanged(connection, table, based_on)
            record.entries = import_entries(
                connection, table, frame, specs[table], remove_vanished=replaces
            )
            for layer in _leaving(table, frame, replaces=replaces):
                record.entries += _made_up(connection, layer, specs[layer])
    finally:
        engine.dispose()
    return record.number if record.entries else None


def _leaving(table: str, frame: pd.DataFrame, *, replaces: bool) -> tuple[str, ...]:
    """Return the layers whose made-up rows leave: none while made-up rooms stay."""
    made_up = "basis" in frame and bool((frame["basis"] == SIMULATED).any())
    return _OF_ROOMS if replaces and table == "rooms" and not made_up else ()


def _made_up(connection: sa.Connection, table: str, specs: Specs) -> list[Entry]:
    return [
        Entry(table, row_id, row.values, None, row.version + 1)
        for row_id, row in fetch(connection, table, specs).items()
        if row.values["basis"] == SIMULATED
    ]


def _know_units(engine: sa.Engine, units: pd.DataFrame) -> None:
    """Let the register know units that the study has gained, such as new townships."""
    names = units["name"].to_dict()
    with writing(engine) as connection:
        known = set(connection.execute(sa.select(UNITS.c.unit_id)).scalars())
        fresh = [
            {"unit_id": str(unit_id), "name": str(name)}
            for unit_id, name in names.items()
            if str(unit_id) not in known
        ]
        if fresh:
            connection.execute(sa.insert(UNITS), fresh)


def suggest(
    raw: RawTable, *, table: str, current: pd.DataFrame, saved: Sequence[Mapping] = ()
) -> Mapping:
    """Suggest which column is which, leaving the study's own columns what they are.

    Parameters
    ----------
    raw : RawTable
    table : str
    current : DataFrame
        The layer as it stands; a heading that is one of its columns means that column.
    saved : sequence of Mapping
        Earlier decisions.
    """
    found = suggest_mapping(raw, table=table, saved=saved)
    own = set(own_columns(raw, table, current))
    columns = {target: head for target, head in found.columns.items() if head not in own}
    return replace(found, columns=columns)


def own_columns(raw: RawTable, table: str, current: pd.DataFrame) -> list[str]:
    """Return the file's columns that the contract does not name and the layer has all the same."""
    if table not in TABLES:
        return []
    named = {TABLES[table].index, *TABLES[table].columns, "geometry"}
    return [c for c in raw.frame.columns if c in current.columns and c not in named]


def as_now(intake: Intake, raw: RawTable, mapping: Mapping, current: pd.DataFrame) -> Intake:
    """Return the import so that an exported layer, read back, is the same layer.

    Parameters
    ----------
    intake : Intake
    raw : RawTable
    mapping : Mapping
    current : DataFrame
        The layer as it stands.

    Returns
    -------
    Intake
        With the study's own columns beside those of the contract. What is unknown in the register
        and blank in the file stays unknown, although it could be worked out; and a list without
        coordinates leaves the register's own points where they are.
    """
    if intake.rows.empty or intake.table not in TABLES:
        return intake
    accepted = intake.status.index[intake.status != HELD]
    cells = raw.frame.loc[accepted].set_axis(intake.rows.index)
    rows = intake.rows.copy()
    for name in own_columns(raw, intake.table, current):
        rows[name] = _as_kind(cleaned(cells[name]), current[name])
    known = current.reindex(rows.index)
    for name, header in (*((c, c) for c in _WORKED_OUT), ("geometry", "lon")):
        head = mapping.columns.get(header)
        if head is not None and name in rows and name in current:
            blank = cleaned(cells[head]).isna() & known[name].isna()
            blank &= rows.index.isin(current.index)
            rows.loc[blank, name] = None
    if "geometry" in rows and not _gives_points(raw, mapping):
        unit = "located_unit_id" if intake.table == "rooms" else "unit_id"
        same = (rows[unit] == known[unit]) | (rows[unit].isna() & known[unit].isna())
        kept = known["geometry"].notna() | (same & rows.index.isin(current.index))
        for name in ("geometry", "location_basis"):
            rows[name] = rows[name].where(~kept, known[name])
    return replace(intake, rows=rows)


def _gives_points(raw: RawTable, mapping: Mapping) -> bool:
    """Tell whether a list says where its rows are; else those of the register stay."""
    return raw.shapes is not None or "lon" in mapping.columns or "lonlat" in mapping.columns


def _as_kind(texts: pd.Series, current: pd.Series) -> pd.Series:
    """Return texts as the kind of value that the column holds now."""
    if pd.api.types.is_bool_dtype(current):
        return texts.str.lower().map({"true": True, "false": False})
    if pd.api.types.is_numeric_dtype(current):
        return pd.to_numeric(texts, errors="coerce")
    return texts


def saved_mappings(folder: str | Path) -> list[Mapping]:
    """Return the column mappings that people settled for this study, the latest last."""
    path = side_file(folder, read_settings(folder), MAPPINGS_FILE)
    if not path.is_file():
        return []
    try:
        return [Mapping.from_dict(saved) for saved in json.loads(path.read_text("utf-8"))]
    except (ValueError, TypeError, AttributeError) as problem:
        raise RegisterError(
            "register.mappings",
            f"{path}: the saved column mappings are damaged; delete the file and map again.",
            file=str(path),
        ) from problem


def save_mapping(folder: str | Path, mapping: Mapping, *, saved: Sequence[Mapping]) -> None:
    """Keep a column mapping for the next file of this study.

    Parameters
    ----------
    folder : path
    mapping : Mapping
    saved : sequence of Mapping
        Those kept so far; equal ones are not kept twice.
    """
    kept = [other for other in saved if other.to_dict() != mapping.to_dict()]
    lines = [other.to_dict() for other in [*kept, mapping][-KEPT_MAPPINGS:]]
    content = json.dumps(lines, ensure_ascii=False, indent=1).encode()
    write_side_file(folder, read_settings(folder), MAPPINGS_FILE, content)
