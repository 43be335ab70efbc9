"""Kill an editor with SIGKILL in the middle of saving, again and again, and count what is lost.

Run as ``python tests/register_kills.py TARGET KILLS SEED``; prints one line of JSON. The editor and
the examiner are forks of this process, which itself never opens the register, so that each of them
starts with nothing but what the store holds.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import closing, suppress

import numpy as np
import pandas as pd

from geo.errors import RegisterError
from geo.register import Register, open_register
from geo.register_store import is_server

ROWS = 4
IMPORTED = 30
MOST_EDITS = 8


def edit_forever(target: str, acknowledge: Callable[[str], None], seed: int) -> None:
    """Edit and import without end; say each change's number only when it was saved."""
    draw = random.Random(seed)
    with open_register(target) as register:
        acknowledge("open")
        while True:
            sites = register.read("sites", with_version=True)
            if draw.random() < 0.2:
                number = register.apply_import(
                    "sites", batch_of(draw.random()), who="导", label="b"
                )
                acknowledge(f"import {number}")
                continue
            row = f"s{draw.randrange(ROWS) + 1}"
            version = register.edit(
                "sites",
                row,
                {"cost": draw.random()},
                version=int(sites.loc[row, "version"]),
                who="改",
            )
            acknowledge(f"edit {row} {version}")


def batch_of(cost: float) -> pd.DataFrame:
    """Return a list of sites that all cost the same, so that a torn import would show."""
    index = pd.Index([f"b{n}" for n in range(IMPORTED)], name="site_id")
    columns = {"name": "批", "kind": "park", "unit_id": "A", "cost": cost}
    return pd.DataFrame({name: np.full(IMPORTED, value) for name, value in columns.items()}, index)


def examine(target: str, acknowledged: list[str]) -> dict[str, int]:
    """Open the register as anybody would, and count what is missing or torn."""
    with open_register(target) as register:
        lost = _lost(register, acknowledged)
        batch = register.read("sites").filter(regex="^b", axis=0)
        torn = int(len(batch) not in (0, IMPORTED) or batch["cost"].nunique() > 1)
        register.edit(
            "rooms", "r1", {"note": str(time.time_ns())}, version=_version(register), who="查"
        )
    if not is_server(target):
        with closing(sqlite3.connect(target)) as connection:
            torn += connection.execute("PRAGMA integrity_check").fetchone() != ("ok",)
    return {"lost": int(lost), "torn": int(torn)}


def _version(register: Register) -> int:
    return int(register.read("rooms", with_version=True).loc["r1", "version"])


def _lost(register: Register, acknowledged: list[str]) -> int:
    history = register.history("sites")
    edits = set(zip(history["row_id"], history["version"], strict=True))
    imports = set(history.loc[history["action"] == "import", "change"])
    now = register.read("sites", with_version=True)["version"]
    lost = 0
    for line in acknowledged:
        kind, *facts = line.split()
        if kind == "edit":
            row, version = facts[0], int(facts[1])
            lost += (row, version) not in edits or now[row] < version
        elif kind == "import":
            lost += int(facts[0]) not in imports
    return lost


def in_fork(work: Callable[[Callable[[str], None]], None]) -> tuple[int, int]:
    """Run some work in a fork; return its process id and the pipe on which it speaks."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writer)
        return pid, reader
    os.close(reader)
    status = 1
    try:
        work(lambda line: os.write(writer, f"{line}\n".encode()) and None)
        status = 0
    except BaseException:
        traceback.print_exc()  # a fork must never run on into its parent's code
    finally:
        os._exit(status)


def everything(reader: int) -> list[str]:
    """Return the whole lines that came through a pipe until its other end was closed."""
    with os.fdopen(reader) as pipe:
        return [line[:-1] for line in pipe if line.endswith("\n")]


def kill_once(target: str, draw: random.Random) -> list[str]:
    """Start an editor, kill it at a random moment, and return what it said was saved."""
    seed = draw.randrange(1 << 30)
    pid, reader = in_fork(lambda acknowledge: edit_forever(target, acknowledge, seed))
    wanted, said, edit_s = draw.randrange(MOST_EDITS), b"", 0.02
    while said.count(b"\n") <= wanted:  # the first line tells that the register is open
        start = time.monotonic()
        part = os.read(reader, 1 << 16)
        assert part, "the editor ended by itself"
        said, edit_s = said + part, time.monotonic() - start
    time.sleep(draw.uniform(0, 1.2 * edit_s))  # somewhere inside the next edit, most often
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    lines = said.decode().split("\n")[1:-1] + everything(reader)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status), "the editor ended by itself"
    return lines


def run(target: str, kills: int, seed: int) -> dict[str, float]:
    """Kill as often as asked; examine after every kill."""
    draw = random.Random(seed)
    start = time.monotonic()
    total = {"kills": kills, "opened": 0, "acknowledged": 0, "lost": 0, "torn": 0}
    for _ in range(kills):
        lines = kill_once(target, draw)
        total["acknowledged"] += len(lines)
        pid, reader = in_fork(lambda say, lines=lines: say(json.dumps(examine(target, lines))))
        said = everything(reader)
        os.waitpid(pid, 0)
        if said:
            total["opened"] += 1
            for name, count in json.loads(said[0]).items():
                total[name] += count
    return {**total, "seconds": round(time.monotonic() - start, 2)}


if __name__ == "__main__":
    try:
        sys.stdout.write(json.dumps(run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))) + "\n")
    except RegisterError as problem:
        sys.exit(str(problem))
