"""A command in a test: run as typed, its answer read, and what it left in a folder."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import cli


def run(capsys, *arguments: object) -> tuple[int, str, str]:
    """Return exit code, output and errors of a command."""
    code = cli.main([str(word) for word in arguments])
    out, err = capsys.readouterr()
    return code, out, err


def answer(capsys, *arguments: object) -> dict:
    """Return what a command that must succeed in silence answers a machine."""
    code, out, err = run(capsys, *arguments, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


def contents(folder: Path) -> dict[str, str]:
    """Return the files below a folder with the hash of each."""
    files = (p for p in sorted(folder.rglob("*")) if p.is_file() and p.suffix != ".pyc")
    return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}
