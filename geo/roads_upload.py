"""Road files that came by upload: read in a sandboxed child, handed back as plain arrays.

The child has the limits, the drivers and the closed network of :mod:`geo.intake.sandbox`. It opens
the upload under a name of our own and writes a ``.npz`` that holds numbers and nothing to execute.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from geo.errors import IntakeError, RoomplanError
from geo.intake.sandbox import MB, Limits, child_environment
from geo.roads_errors import RoadsError
from geo.roads_files import Roads, load, read_roads, save

ROAD_LIMITS = Limits(file_mb=1000, unpacked_mb=4000, memory_mb=6000, cpu_s=900, wall_s=1200)
"""A province's roads take minutes and gigabytes; a city's take seconds."""

_START = "import sys; sys.path.insert(0, sys.argv[1]); from geo.roads_upload import main; main()"
_SHAPEFILE = (".shp", ".shx", ".dbf", ".prj", ".cpg")


def read_uploaded_roads(
    content: bytes,
    *,
    name: str,
    limits: Limits = ROAD_LIMITS,
    layer: str | None = None,
    class_column: str | None = None,
    datum: str | None = None,
) -> Roads:
    """Read an uploaded road file in a child process that can do nothing else.

    Parameters
    ----------
    content : bytes
        GeoPackage, zipped Shapefile, GeoJSON, FlatGeobuf or ``.osm.pbf``, told by its content.
    name : str
        What the user calls it, for the messages only.
    limits : Limits
        What the child may use.
    layer, class_column, datum : str, optional
        As for :func:`geo.roads_files.read_roads`.

    Returns
    -------
    Roads

    Raises
    ------
    RoadsError, IntakeError
        As :func:`geo.roads_files.read_roads`; ``intake.not_supported`` and what a zip can be
        refused for; ``roads.too_large``, ``roads.time``, ``roads.reader_died``.
    """
    if len(content) > limits.file_mb * MB:
        text = f"{name}: {len(content) / MB:.0f} MB of roads; {limits.file_mb:g} MB are allowed."
        raise RoadsError(
            "roads.too_large", text, file=name, value=len(content) // MB, limit=limits.file_mb
        )
    with tempfile.TemporaryDirectory(prefix="roomplan-") as folder:
        Path(folder, "upload").write_bytes(content)
        choices = {"layer": layer, "class_column": class_column, "datum": datum}
        job = {"name": name, "limits": asdict(limits), "choices": choices}
        Path(folder, "job.json").write_text(json.dumps(job), encoding="utf-8")
        word = _run(folder, name=name, limits=limits)
        if "code" in word:
            family = RoadsError if word["code"].startswith("roads.") else IntakeError
            raise family(word["code"], word["message"], **word["facts"])
        return load(Path(folder, "roads.npz"))


def main() -> None:
    """Be the child: read ``upload`` in the folder named on the command line, answer, end."""
    from geo.intake.child import confine, say

    folder = Path(sys.argv[2])
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    limits = Limits(**job["limits"])
    confine(limits)
    try:
        path = _prepared(folder, job["name"], limits)
        save(read_roads(path, name=job["name"], **job["choices"]), folder / "roads.npz")
        say({"done": True})
    except RoomplanError as error:
        facts = {key: str(value) for key, value in error.facts.items()}
        say({"code": error.code, "message": str(error), "facts": facts})


def _prepared(folder: Path, name: str, limits: Limits) -> Path:
    """Give the upload the ending of what it is; unpack a Shapefile under our own names."""
    from geo.intake.archive import open_zip, unpack
    from geo.intake.readers import sniff

    upload = folder / "upload"
    with upload.open("rb") as file:
        if b"OSMHeader" in file.read(64):
            return upload.rename(folder / "roads.osm.pbf")
    kind = sniff(upload, name=name, limits=limits)
    if kind == "gpkg":
        _refuse_views(upload, name)
    if kind != "shp.zip":
        return upload.rename(folder / f"roads.{kind}")
    with open_zip(upload, name=name, limits=limits) as archive:
        shape = next(m for m in archive.namelist() if m.lower().endswith(".shp"))
        for member in archive.namelist():
            stem, ending = os.path.splitext(member)
            if stem == shape[:-4] and ending.lower() in _SHAPEFILE:
                part = unpack(archive, member, name=name, limits=limits)
                (folder / f"roads{ending.lower()}").write_bytes(part)
    return folder / "roads.shp"


def _refuse_views(path: Path, name: str) -> None:
    """Refuse a GeoPackage with views: they are programs, and GDAL would run them."""
    try:
        with sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True) as database:
            database.execute("PRAGMA trusted_schema = OFF")
            views = database.execute("SELECT count(*) FROM sqlite_master WHERE type = 'view'")
            count = int(views.fetchone()[0])
    except sqlite3.Error as error:
        text = f"{name}: the road file is damaged or of another kind ({error})."
        raise RoadsError("roads.damaged", text, file=name, detail=str(error)) from error
    if count:
        text = f"{name}: it holds {count} view(s); save the road layer as a table."
        raise RoadsError("roads.views", text, file=name, count=count)


def _run(folder: str, *, name: str, limits: Limits) -> dict[str, Any]:
    """Start the child, wait for its word, and say in words when there is none."""
    root = str(Path(__file__).resolve().parents[1])
    with (
        open(Path(folder, "stderr"), "wb") as errors,
        subprocess.Popen(
            [sys.executable, "-I", "-c", _START, root, folder],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=folder,
            env=child_environment(folder),
            start_new_session=True,
        ) as child,
    ):
        try:
            said, _ = child.communicate(timeout=limits.wall_s)
        except subprocess.TimeoutExpired as error:
            text = f"{name}: reading took more than {limits.wall_s} s; cut the file to the city."
            raise RoadsError("roads.time", text, file=name, limit=limits.wall_s) from error
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
    lines = said.decode("utf-8", "replace").splitlines()
    if child.returncode == 0 and lines:
        word: dict[str, Any] = json.loads(lines[-1])
        return word
    text = (
        f"{name}: the reader broke off; the file is damaged, or needs more than "
        f"{limits.memory_mb} MB of memory. Cut it to the city, or save it again."
    )
    raise RoadsError("roads.reader_died", text, file=name, limit=limits.memory_mb)
