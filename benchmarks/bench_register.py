"""Edits per second of the register in both stores, alone and by eight editors, and what kills cost.

Run ``python -m benchmarks.bench_register [kills]``. The file lies in the folder of temporary files;
PostgreSQL is a private server of the tests that waits for its disk. The peer is what planners do
without a register: the whole layer written anew by ``to_file`` for each edit.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import pandas as pd
from shapely import points

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from geo.register import Register, create_register  # noqa: E402
from postgres import Cluster  # noqa: E402
from worlds import toy_frames  # noqa: E402

ROOMS = 559
EDITS = 300
ROUNDS = 3


def tables(rooms: int) -> dict[str, pd.DataFrame]:
    """Return the toy city with as many rooms as the city of the study has."""
    frames = toy_frames()
    names = [f"室{n}" for n in range(rooms)]
    steps = [n / 10_000 for n in range(rooms)]
    frame = pd.DataFrame(
        {"name": names, "level": "township", "kind": "township", "serves_unit_id": "A1"},
        index=pd.Index([f"x{n}" for n in range(rooms)], name="room_id"),
    ).assign(
        located_unit_id="A1", opened=pd.NaT, is_open=True, basis="register", location_basis=None
    )
    shapes = points([118.0 + s for s in steps], [25.0 + s for s in steps])
    more = gpd.GeoDataFrame(frame, geometry=shapes, crs=4326)
    known = frames["rooms"]
    frames["rooms"] = gpd.GeoDataFrame(pd.concat([known, more]), crs=4326)
    frames["sites"]["cost"] = 0.0
    return frames


def edits_per_second(register: Register) -> float:
    """Return how many single edits one editor saves in a second, each one on disk."""
    version = int(register.read("rooms", with_version=True).loc["x1", "version"])
    start = time.perf_counter()
    for number in range(EDITS):
        note = {"note": f"{number} {start}"}
        version = register.edit("rooms", "x1", note, version=version, who="甲")
    return EDITS / (time.perf_counter() - start)


def rewrites_per_second(frame: gpd.GeoDataFrame, folder: Path) -> float:
    """Return how many edits a second come of writing the whole layer anew each time."""
    start = time.perf_counter()
    for number in range(5):
        frame.assign(note=str(number)).to_file(folder / "peer.gpkg", layer="rooms")
    return 5 / (time.perf_counter() - start)


def script(name: str, *arguments: object) -> dict[str, float]:
    """Run one of the scripts of the tests and return what it counted."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests" / name), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    return json.loads(done.stdout)


def measure(store: str, target: str, folder: Path, kills: int) -> None:
    """Print one store's figures."""
    start = time.perf_counter()
    with create_register(target, tables(ROOMS), who="甲") as register:
        made = time.perf_counter() - start
        rates = [edits_per_second(register) for _ in range(ROUNDS)]
        start = time.perf_counter()
        rooms = register.read("rooms")
        read = time.perf_counter() - start
        start = time.perf_counter()
        register.apply_import("rooms", rooms.assign(note="alle"), who="乙", label="Liste")
        imported = time.perf_counter() - start
        peer = rewrites_per_second(rooms, folder)
    rate = statistics.median(rates)
    print(f"{store}: made with {len(rooms)} rooms in {made:.2f} s, read in {read * 1000:.0f} ms")
    print(f"{store}: an import that changes all {len(rooms)} rooms {imported:.2f} s")
    print(
        f"{store}: {rate:.0f} edits/s by one editor ({ROUNDS} rounds of {EDITS}: "
        f"{', '.join(f'{r:.0f}' for r in rates)}); to_file {peer:.1f} a second, "
        f"ratio {rate / peer:.0f}"
    )
    eight = script("register_editors.py", target, 8, 40)
    print(
        f"{store}: {eight['per_second']:.0f} edits/s by 8 editors, start of their processes "
        f"included; made {eight['made']}, counted {eight['counted']}, conflicts reported "
        f"{eight['conflicts']}"
    )
    found = script("register_kills.py", target, kills, 1)
    print(
        f"{store}: {found['kills']} kills, opened {found['opened']}, acknowledged "
        f"{found['acknowledged']}, lost {found['lost']}, torn {found['torn']} "
        f"({found['seconds']:.0f} s)"
    )


def kill_server(cluster: Cluster, kills: int) -> None:
    """Print what is lost when the server itself is killed after an edit is acknowledged."""
    lost = 0
    with create_register(cluster.new_database(), toy_frames(), who="甲") as register:
        version = 1
        for number in range(kills):
            note = {"note": str(number)}
            version = register.edit("sites", "s1", note, version=version, who="甲")
            cluster.kill()
            cluster.start()
            register.close()
            site = register.read("sites", with_version=True).loc["s1"]
            lost += (site["note"], site["version"]) != (str(number), version)
    print(f"server: killed {kills} times itself, acknowledged edits lost {lost}")


def main() -> None:
    """Measure both stores."""
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with tempfile.TemporaryDirectory() as name, Cluster() as cluster:
        folder = Path(name)
        measure("file", str(folder / "register.gpkg"), folder, kills)
        measure("server", cluster.new_database(), folder / ".", kills)
        kill_server(cluster, 6)


if __name__ == "__main__":
    main()
