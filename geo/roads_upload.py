"""Road files that came by upload: read in a sandboxed child, handed back as plain arrays.

The child has the limits, the drivers and the closed network of :mod:`geo.intake.sandbox`. It opens
the upload under a name of our own and writes a ``.npz`` that holds numbers and nothing to execute.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from geo.errors import IntakeError, RoomplanError
from geo.intake.raw import checked_source, put_source
from geo.intake.sandbox import Limits, Progress, raster_environment, run_child
from geo.population_upload import is_grid
from geo.roads_errors import RoadsError
from geo.roads_files import Roads, load, read_roads, save

ROAD_LIMITS = Limits(file_mb=1000, unpacked_mb=4000, memory_mb=6000, cpu_s=900, wall_s=1200)
"""A province's roads take minutes and gigabytes; a city's take seconds."""

_ROADS, _HEIGHTS, _ANSWER = "upload", "heights.tif", "roads.npz"
_SHAPEFILE = (".shp", ".shx", ".dbf", ".prj", ".cpg")


def read_uploaded_roads(
    source: str | Path | bytes,
    *,
    name: str | None = None,
    limits: Limits = ROAD_LIMITS,
    layer: str | None = None,
    class_column: str | None = None,
    datum: str | None = None,
    heights: str | Path | bytes | None = None,
    heights_name: str | None = None,
    progress: Progress | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Roads:
    """Read a road file from outside in a child process that can do nothing else.

    Parameters
    ----------
    source : path or bytes
        GeoPackage, zipped Shapefile, GeoJSON, FlatGeobuf or ``.osm.pbf``, told by its content.
    name : str, optional
        What the user calls it, for the messages only; needed with bytes.
    limits : Limits
        What the child may use.
    layer, class_column, datum : str, optional
        As for :func:`geo.roads_files.read_roads`.
    heights : path or bytes, optional
        A GeoTIFF of metres above the sea, see :func:`geo.roads_slope.with_heights`.
    heights_name : str, optional
        What the user calls that.
    progress, cancel : callable, optional
        As for :func:`geo.intake.raw.read_file`.

    Returns
    -------
    Roads

    Raises
    ------
    RoadsError, IntakeError
        As :func:`geo.roads_files.read_roads` and :func:`geo.roads_slope.with_heights`;
        ``intake.not_supported`` and what a zip can be refused for; ``intake.too_large``,
        ``intake.no_file`` and what a child can die of.
    """
    shown = checked_source(source, name=name, limits=limits)
    choices = {"layer": layer, "class_column": class_column, "datum": datum}
    job: dict[str, Any] = {"choices": choices}
    with tempfile.TemporaryDirectory(prefix="roomplan-") as folder:
        put_source(source, Path(folder, _ROADS))
        if heights is not None:
            job["heights"] = checked_source(heights, name=heights_name, limits=limits)
            if not is_grid(heights):
                text = f"{job['heights']}: it is no TIFF, whatever its name says; send a GeoTIFF."
                raise RoadsError("roads.not_tiff", text, file=job["heights"])
            put_source(heights, Path(folder, _HEIGHTS))
        try:
            run_child(
                folder,
                name=shown,
                limits=limits,
                module=__name__,
                job=job,
                environment=raster_environment(vectors=True) if heights is not None else None,
                progress=progress,
                cancel=cancel,
            )
        except IntakeError as error:
            if not error.code.startswith("roads."):
                raise
            raise RoadsError(error.code, str(error), **error.facts) from error
        return load(Path(folder, _ANSWER))


def main() -> None:
    """Be the child: read ``upload`` in the folder named on the command line, answer, end."""
    from geo.intake.child import serve

    serve(_read)


def _read(folder: Path, job: dict[str, Any], limits: Limits) -> dict[str, Any]:
    from geo.intake.child import say

    say({"progress": 0.05, "stage": "open"})
    try:
        roads = read_roads(
            _prepared(folder, job["name"], limits), name=job["name"], **job["choices"]
        )
        if "heights" in job:
            from geo.roads_slope import with_heights

            say({"progress": 0.6, "stage": "read"})
            roads = with_heights(roads, folder / _HEIGHTS, name=job["heights"])
    except RoomplanError as error:
        facts = {key: str(value) for key, value in error.facts.items()}
        return {"code": error.code, "message": str(error), "facts": facts}
    say({"progress": 0.9, "stage": "write"})
    save(roads, folder / _ANSWER)
    return {"done": True}


def _prepared(folder: Path, name: str, limits: Limits) -> Path:
    """Give the upload the ending of what it is; unpack a Shapefile under our own names."""
    from geo.intake.archive import open_zip, unpack
    from geo.intake.readers import sniff

    upload = folder / "upload"
    with upload.open("rb") as file:
        if b"OSMHeader" in file.read(64):
            return _called(upload, "roads.osm.pbf")
    kind = sniff(upload, name=name, limits=limits)
    if kind == "gpkg":
        _refuse_views(upload, name)
    if kind != "shp.zip":
        return _called(upload, f"roads.{kind}")
    with open_zip(upload, name=name, limits=limits) as archive:
        shape = next(m for m in archive.namelist() if m.lower().endswith(".shp"))
        for member in archive.namelist():
            stem, ending = os.path.splitext(member)
            if stem == shape[:-4] and ending.lower() in _SHAPEFILE:
                part = unpack(archive, member, name=name, limits=limits)
                (folder / f"roads{ending.lower()}").write_bytes(part)
    return folder / "roads.shp"


def _called(upload: Path, name: str) -> Path:
    """Give a file a second name, so that a reader that broke off can be tried once more."""
    place = upload.with_name(name)
    place.unlink(missing_ok=True)
    os.link(upload, place)
    return place


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
