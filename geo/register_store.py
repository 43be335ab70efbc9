"""The two stores of the register: a GeoPackage file, or PostgreSQL with PostGIS by URL.

What differs between them is here and nowhere else: how to connect, how to begin a transaction
that writes, how a fault of the database reads, and how a file is copied whole.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from geo.errors import MissingFileError, RegisterError
from geo.register_layout import GPKG_APPLICATION_ID, GPKG_VERSION, META

BUSY_S = 60
"""How long an editor waits for others to finish before the register says that it is busy."""

_PG_PREFIXES = ("postgresql://", "postgres://", "postgresql+psycopg://")


def is_server(target: str | Path) -> bool:
    """Return whether a target names a PostgreSQL server rather than a file.

    Examples
    --------
    >>> is_server("postgresql://planner@localhost/rooms"), is_server("register.gpkg")
    (True, False)
    """
    return isinstance(target, str) and target.startswith(_PG_PREFIXES)


def connect(target: str | Path, *, may_create: bool = False) -> sa.Engine:
    """Return an engine for a target; no connection is made yet.

    Parameters
    ----------
    target : str or path
        A GeoPackage file, or ``postgresql://user@host/database``.
    may_create : bool
        Whether the file may be missing.

    Raises
    ------
    MissingFileError
        When the file is not there.
    RegisterError
        When the driver for PostgreSQL is not installed.
    """
    if is_server(target):
        return _server_engine(str(target))
    path = Path(target)
    if not may_create and not path.is_file():
        raise MissingFileError(
            "register.missing",
            f"{path}: there is no register here; name its file, or create one first.",
            file=str(path),
        )
    return _file_engine(path)


def _server_engine(url: str) -> sa.Engine:
    rest = url.split("://", 1)[1]
    try:
        engine = sa.create_engine(f"postgresql+psycopg://{rest}", pool_pre_ping=True)
    except ModuleNotFoundError as problem:
        raise RegisterError(
            "register.driver",
            "A register on PostgreSQL needs the driver psycopg; "
            "install it with: pip install 'roomplan[server]'.",
        ) from problem

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # A reader sees one moment of all tables; a writer sees what the last writer left.
        writes = connection.get_execution_options().get("writes", False)
        level = "READ COMMITTED" if writes else "REPEATABLE READ, READ ONLY"
        connection.exec_driver_sql(
            f"SET TRANSACTION ISOLATION LEVEL {level}; SET LOCAL lock_timeout = '{BUSY_S}s';"
            "SET LOCAL synchronous_commit = on"  # whatever the server's own habit is
        )

    return engine


def _file_engine(path: Path) -> sa.Engine:
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)), connect_args={"timeout": BUSY_S}
    )

    @sa.event.listens_for(engine, "connect")
    def _open(connection: Any, _: Any) -> None:
        # SQLAlchemy, not the driver, begins transactions: a writer must take its lock at once.
        connection.isolation_level = None
        connection.execute("PRAGMA synchronous = FULL")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN DEFERRED")

    return engine


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Open a transaction that sees one moment of the whole register and writes nothing."""
    with explained(engine), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Open the one transaction that may write; it is saved whole at the end, or not at all."""
    with explained(engine), engine.execution_options(writes=True).begin() as connection:
        yield connection


@contextmanager
def explained(engine: sa.Engine) -> Iterator[None]:
    """Turn a fault of the database into a sentence that says what to do."""
    try:
        yield
    except sa.exc.DBAPIError as problem:
        raise _explained(engine, problem) from problem


def name_of(engine: sa.Engine) -> str:
    """Return what to call a register in messages: its file, or its URL without the password."""
    if engine.dialect.name == "sqlite":
        return str(engine.url.database)
    return engine.url.set(drivername="postgresql").render_as_string(hide_password=True)


def _explained(engine: sa.Engine, problem: sa.exc.DBAPIError) -> RegisterError:
    name = name_of(engine)
    text = (str(problem.orig).strip() or type(problem.orig).__name__).splitlines()[0]
    said = f"{engine.dialect.name} {type(problem).__name__}: {text}"
    for sign, code, advice in (
        (
            "locked|busy|lock timeout",
            "register.busy",
            "others are saving; nothing was changed, try again",
        ),
        (
            "malformed|not a database",
            "register.damaged",
            "it is not a sound GeoPackage; restore the last backup",
        ),
        (
            "readonly|read-only|permission denied",
            "register.read_only",
            "it may not be written here; ask who keeps it",
        ),
        (
            "is full|No space",
            "register.disk_full",
            "nothing of this edit was saved; free some space",
        ),
        (
            "^postgresql OperationalError",
            "register.server",
            "the server cannot be reached or was stopped; if you were saving, "
            "look at the history before entering it again",
        ),
    ):
        if re.search(sign, said):
            return RegisterError(code, f"{name}: {advice} ({text}).", file=name, detail=text)
    return RegisterError(
        "register.store",
        f"{name}: nothing of this edit was saved; try again ({text}).",
        file=name,
        detail=text,
    )


def new_file(path: Path) -> Path:
    """Return an unused name beside ``path`` under which a new register is built.

    Raises
    ------
    RegisterError
        When ``path`` is there already: a register is never written over.
    """
    if path.exists():
        raise RegisterError(
            "register.exists",
            f"{path}: there is a file already, and it is never written over; name another.",
            file=str(path),
        )
    return path.with_name(f".{path.name}.{os.getpid()}.new")


def mark_new_file(path: Path) -> None:
    """Make an empty file a GeoPackage in WAL mode; both marks stay in the file."""
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA application_id = {GPKG_APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {GPKG_VERSION}")
        connection.execute("PRAGMA journal_mode = WAL")
    connection.close()


def settle_file(built: Path, path: Path) -> None:
    """Give a finished file its name, on disk for good, without ever replacing another.

    Raises
    ------
    RegisterError
        When another program has put a file there meanwhile.
    """
    with built.open("rb+") as file:
        os.fsync(file.fileno())
    try:
        os.link(built, path)
        built.unlink()
    except FileExistsError as problem:
        built.unlink()
        raise RegisterError(
            "register.exists",
            f"{path}: there is a file already, and it is never written over; name another.",
            file=str(path),
        ) from problem
    except OSError:  # a file system without hard links, such as exFAT on a memory stick
        built.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def holds_register(connection: sa.Connection) -> bool:
    """Return whether the database holds a register."""
    return sa.inspect(connection).has_table(META.name)
