"""Zips that are opened with care, and the errors every reader shares (child side)."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

from geo.errors import IntakeError
from geo.intake.sandbox import MB, Limits, unpacked_error


def open_zip(path: Path, *, name: str, limits: Limits) -> zipfile.ZipFile:
    """Open a zip after looking at what it says it holds.

    Parameters
    ----------
    path : Path
    name : str
    limits : Limits

    Returns
    -------
    ZipFile

    Raises
    ------
    IntakeError
        ``intake.damaged``, ``intake.members``, ``intake.unpacked`` or ``intake.encrypted``.
    """
    try:
        archive = zipfile.ZipFile(path)
        members = archive.infolist()
    except (zipfile.BadZipFile, UnicodeDecodeError, ValueError, OverflowError) as problem:
        raise damaged(name, "the archive is broken or cut off") from problem
    if len(members) > limits.members:
        raise IntakeError(
            "intake.members",
            f"{name}: {len(members)} files in one archive are more than {limits.members}.",
            file=name,
            count=len(members),
            limit=limits.members,
        )
    if sum(member.file_size for member in members) > limits.unpacked_mb * MB:
        raise unpacked_error(name, limits.unpacked_mb)
    if any(member.flag_bits & 1 for member in members):
        raise encrypted(name)
    return archive


def encrypted(name: str) -> IntakeError:
    """Return the error for a file that needs a password."""
    return IntakeError(
        "intake.encrypted",
        f"{name}: it is protected by a password; save it without one.",
        file=name,
    )


def damaged(name: str, what: str) -> IntakeError:
    """Return the error for a file whose content is cut off or inconsistent."""
    return IntakeError(
        "intake.damaged",
        f"{name}: {what}. Send it again, or save it again from the program that made it.",
        file=name,
        detail=what,
    )


def unpack(archive: zipfile.ZipFile, member: str, *, name: str, limits: Limits) -> bytes:
    """Return one member's bytes, never more than allowed, whatever the archive says.

    Parameters
    ----------
    archive : ZipFile
    member : str
    name : str
    limits : Limits

    Returns
    -------
    bytes

    Raises
    ------
    IntakeError
        ``intake.unpacked`` or ``intake.damaged``.
    """
    most = int(limits.unpacked_mb * MB)
    try:
        with archive.open(member) as file:
            content = file.read(most + 1)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, zlib.error) as problem:
        raise damaged(name, f"the member {member[:60]!r} cannot be unpacked") from problem
    if len(content) > most:
        raise unpacked_error(name, limits.unpacked_mb)
    return content
