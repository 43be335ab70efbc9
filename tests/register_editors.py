"""Several editors count on the same few rows at once; no count may get lost.

Run as ``python tests/register_editors.py TARGET EDITORS COUNTS``; prints one line of JSON. Each
editor is a process of its own that reads a row, adds one to a number, and saves it; when it is told
of a conflict it reads again.
"""

from __future__ import annotations

import json
import os
import sys
import time

from geo.errors import ConflictError
from geo.register import open_register
from register_kills import everything, in_fork

ROWS = ("s1", "s2", "s4")


def count(target: str, counts: int, me: int) -> dict[str, int]:
    """Add one as often as asked, over the rows in turn; return how often there was a conflict."""
    conflicts = 0
    with open_register(target) as register:
        for turn in range(counts):
            row = ROWS[(turn + me) % len(ROWS)]
            while True:
                site = register.read("sites", with_version=True).loc[row]
                more = float(site["cost"]) + 1
                try:
                    register.edit(
                        "sites", row, {"cost": more}, version=int(site["version"]), who=f"人{me}"
                    )
                except ConflictError:
                    conflicts += 1
                else:
                    break
    return {"conflicts": conflicts}


def run(target: str, editors: int, counts: int) -> dict[str, float]:
    """Let all editors count, then compare what stands with what was counted."""
    start = time.monotonic()
    forks = [
        in_fork(lambda say, me=me: say(json.dumps(count(target, counts, me))))
        for me in range(editors)
    ]
    answers = [json.loads(everything(reader)[0]) for _, reader in forks]
    failed = sum(os.waitpid(pid, 0)[1] != 0 for pid, _ in forks)
    seconds = time.monotonic() - start
    with open_register(target) as register:
        counted = int(register.read("sites").loc[list(ROWS), "cost"].sum())
        edits = int((register.history("sites")["action"] == "edit").sum())
    return {
        "editors": editors,
        "failed": failed,
        "made": editors * counts,
        "counted": counted,
        "in_history": edits,
        "conflicts": sum(answer["conflicts"] for answer in answers),
        "per_second": round(editors * counts / seconds, 1),
    }


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
