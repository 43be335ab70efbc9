"""Where a study's register lives, and what it holds: the link from a study's folder to its edits.

A study says ``register = "register.gpkg"`` in its ``study.toml``, or the whole installation names a
server in the environment variable ``ROOMPLAN_REGISTER``. A study that says nothing, such as the
bundled demonstration, stays as it is: its working copy lies under ``ROOMPLAN_HOME``.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa

from geo.errors import RegisterError, StudyError
from geo.register_history import layer_frame
from geo.register_layout import CHANGES
from geo.register_migrate import ensure_layout
from geo.register_store import connect, is_server, reading
from geo.register_values import LAYERS
from geo.write import write_bytes

ROOT = Path(__file__).resolve().parents[1]
TARGET_VARIABLE = "ROOMPLAN_REGISTER"
HOME_VARIABLE = "ROOMPLAN_HOME"
FILE_NAME = "register.gpkg"


@dataclass(frozen=True)
class Held:
    """What a register holds at one moment.

    Parameters
    ----------
    target : str
        Its file or URL.
    frames : mapping of str to DataFrame
        The four layers, as of one moment.
    change : int
        The number of the last change.
    stamp : str
        Number, time and author of the last change: another stamp after every edit.
    """

    target: str
    frames: Mapping[str, pd.DataFrame]
    change: int
    stamp: str


def study_home(folder: str | Path) -> Path:
    """Return the writable folder that belongs to a study but lies outside it.

    Parameters
    ----------
    folder : path
        The study's.

    Returns
    -------
    Path
        Below ``ROOMPLAN_HOME``, or ``var/`` of the program; it need not exist yet. A study inside
        the program's own folder keeps its place when the whole is moved.
    """
    base = Path(os.environ.get(HOME_VARIABLE) or ROOT / "var")
    path = Path(folder).resolve()
    named = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    return base / f"{path.name}-{hashlib.sha256(named.as_posix().encode()).hexdigest()[:8]}"


def register_target(folder: str | Path, settings: Mapping[str, Any]) -> str:
    """Return where a study's register is, or will be when the first edit makes it.

    Parameters
    ----------
    folder : path
    settings : mapping
        The content of ``study.toml``; ``register`` may name a file inside the folder.

    Returns
    -------
    str
        A GeoPackage's path or a PostgreSQL URL.

    Raises
    ------
    StudyError
        ``study.outside`` when ``register`` names a file outside the folder.
    """
    told = os.environ.get(TARGET_VARIABLE)
    if told:
        return told if is_server(told) else str(Path(told).resolve())
    named = settings.get("register")
    if named is None:
        return str(study_home(folder) / FILE_NAME)
    root = Path(folder).resolve()
    path = (root / str(named)).resolve()
    if not path.is_relative_to(root):
        raise StudyError(
            "study.outside",
            f"study.toml names {named!r}, outside the study's folder.",
            file=str(named),
        )
    return str(path)


def side_file(folder: str | Path, settings: Mapping[str, Any], name: str) -> Path:
    """Return where a study keeps a small file of its own, such as its saved column mappings."""
    return (Path(folder) if "register" in settings else study_home(folder)) / name


def side_stamp(folder: str | Path, settings: Mapping[str, Any], name: str) -> str:
    """Return what changes whenever a side file is written anew; empty where there is none."""
    try:
        about = side_file(folder, settings, name).stat()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    # Every writing makes another file, also one as long within the same tick of the clock.
    return f"{about.st_ino} {about.st_mtime_ns} {about.st_size}"


def write_side_file(
    folder: str | Path, settings: Mapping[str, Any], name: str, content: bytes
) -> None:
    """Write a side file whole or not at all; see :func:`geo.write.write_bytes` for its faults."""
    path = side_file(folder, settings, name)
    with contextlib.suppress(OSError):  # the writing then says so in words
        path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(content, path)


def remove_side_file(folder: str | Path, settings: Mapping[str, Any], name: str) -> bool:
    """Delete a side file; return whether there was one."""
    path = side_file(folder, settings, name)
    there = path.is_file()
    path.unlink(missing_ok=True)
    return there


def is_there(target: str) -> bool:
    """Return whether there is a register at a target.

    Raises
    ------
    RegisterError
        When a server cannot be reached, or a file is damaged or newer than this program.
    """
    if not is_server(target) and not Path(target).is_file():
        return False
    engine = connect(target)
    try:
        ensure_layout(engine)
    except RegisterError as problem:
        if problem.code != "register.none" or not is_server(target):
            raise
        return False
    finally:
        engine.dispose()
    return True


def read_held(target: str) -> Held:
    """Return all four layers of a register as of one moment."""
    engine = connect(target)
    try:
        with reading(engine) as connection:
            frames = {table: layer_frame(connection, table) for table in LAYERS}
            stamp = _stamp(connection)
            return Held(target, frames, int(stamp.partition(" ")[0] or 0), stamp)
    finally:
        engine.dispose()


def stamp_of(target: str) -> str:
    """Return the stamp of a register's last change, empty where there is no register yet."""
    if not is_there(target):
        return ""
    engine = connect(target)
    try:
        with reading(engine) as connection:
            return _stamp(connection)
    finally:
        engine.dispose()


def _stamp(connection: sa.Connection) -> str:
    last = sa.select(CHANGES).order_by(CHANGES.c.change_id.desc()).limit(1)
    row = connection.execute(last).first()
    return "" if row is None else f"{row.change_id} {row.made_at} {row.who}"
