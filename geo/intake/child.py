"""The sandboxed child: takes its limits upon itself, reads one file, answers, ends.

Run by :mod:`geo.intake.sandbox` only. Its words are lines of JSON on the standard output, its
tables Arrow files in its folder. It never opens a path that a file names.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from geo.errors import IntakeError
from geo.intake.sandbox import MB, Limits, memory_error, unpacked_error

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PR_SET_NO_NEW_PRIVS = 38


def main() -> None:
    """Read ``upload`` in the folder named on the command line and write the answer there."""
    serve(_read)


def serve(read: Callable[[Path, dict[str, Any], Limits], dict[str, Any]]) -> None:
    """Confine this process, let a reader do its work, say its word, and end.

    Parameters
    ----------
    read : callable
        Given the folder named on the command line, what ``job.json`` there says, and the limits;
        returns its word to the parent.
    """
    folder = Path(sys.argv[2])
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    limits = Limits(**job["limits"])
    confine(limits)
    try:
        word = read(folder, job, limits)
    except IntakeError as error:
        facts = {key: str(value) for key, value in error.facts.items()}
        word = {"code": error.code, "message": str(error), "facts": facts}
    except (MemoryError, RecursionError):
        word = _word_of(memory_error(job["name"], limits.memory_mb))
    except OSError as error:
        if error.errno != 27:  # EFBIG: the answer outgrew its limit
            raise
        word = _word_of(unpacked_error(job["name"], limits.unpacked_mb))
    say(word)
    # The answer is whole: an abort while the native libraries are taken down under the limits
    # would only turn it into a fault.
    os._exit(0)


def confine(limits: Limits) -> None:
    """Give up memory, processor time, file size and the network beyond what a reader needs.

    Parameters
    ----------
    limits : Limits

    Notes
    -----
    The empty network namespace is a second lock: where the kernel forbids it to ordinary users
    the skipped drivers and closed proxies of :func:`geo.intake.sandbox.child_environment` stand
    alone, as they were tested to.
    """
    memory = int(limits.memory_mb * MB)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s + 2))
    size = int(limits.unpacked_mb * MB)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if libc.unshare(_CLONE_NEWNET) != 0:
        libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def say(word: dict[str, Any]) -> None:
    """Write one line to the parent."""
    os.write(1, json.dumps(word, ensure_ascii=False).encode() + b"\n")


def _word_of(error: IntakeError) -> dict[str, Any]:
    return {"code": error.code, "message": str(error), "facts": error.facts}


def _read(folder: Path, job: dict[str, Any], limits: Limits) -> dict[str, Any]:
    from geo.intake.readers import read_tables

    say({"progress": 0.1, "stage": "open"})
    tables = read_tables(folder / "upload", name=job["name"], limits=limits, folder=folder)
    say({"progress": 0.8, "stage": "write"})
    import pyarrow as pa

    told = []
    for number, table in enumerate(tables):
        with (
            pa.OSFile(str(folder / f"table{number}.arrow"), "wb") as sink,
            pa.ipc.new_file(sink, table.rows.schema) as writer,
        ):
            writer.write_table(table.rows)
        told.append(table.about)
    say({"progress": 1.0, "stage": "done"})
    return {"tables": told}
