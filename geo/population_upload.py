"""A population raster from outside, read in a sandboxed child that can do nothing else.

The child has the limits and the closed network of :mod:`geo.intake.sandbox` and one raster driver,
GTiff. It gets the file under a name of our own beside the study's outlines, and answers with the
people by unit and square, never with the cells.
"""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from geo.errors import IntakeError
from geo.intake.raw import checked_source, put_source
from geo.intake.sandbox import Limits, Progress, raster_environment, run_child
from geo.population_grid import SPACING_M, GridPeople, is_tiff, read_population_grid

GRID_LIMITS = Limits(file_mb=4000, unpacked_mb=500, memory_mb=2048, cpu_s=900, wall_s=1200)
"""A country's file may be large; what is read at a time is not."""

_UNITS, _POINTS, _COVERED = "units.parquet", "points.parquet", "covered.parquet"
_OUTLINED = ("level", "parent_id", "boundary_basis", "is_context", "geometry")


def read_uploaded_grid(
    source: str | Path | bytes,
    units: gpd.GeoDataFrame,
    *,
    name: str | None = None,
    density: bool = False,
    nearest_m: float = 0.0,
    spacing_m: float = SPACING_M,
    limits: Limits = GRID_LIMITS,
    progress: Progress | None = None,
    cancel: Callable[[], bool] | None = None,
) -> GridPeople:
    """Read a population raster from outside in a child process.

    Parameters
    ----------
    source : path or bytes
        A GeoTIFF, told by its content and not by its name.
    units : GeoDataFrame
        The study's units.
    name : str, optional
        What the user calls it; needed with bytes.
    density, nearest_m, spacing_m
        As for :func:`geo.population_grid.read_population_grid`.
    limits : Limits
    progress, cancel : callable, optional
        As for :func:`geo.intake.raw.read_file`.

    Returns
    -------
    GridPeople

    Raises
    ------
    IntakeError
        As :func:`geo.population_grid.read_population_grid`; ``population_grid.not_tiff``,
        ``population_grid.spacing``, ``population_grid.needs_rasterio``; ``intake.too_large``,
        ``intake.no_file``, and what a child can die of.
    """
    shown = checked_source(source, name=name, limits=limits)
    _check(source, shown, spacing_m)
    with tempfile.TemporaryDirectory(prefix="roomplan-") as folder:
        put_source(source, Path(folder, "upload"))
        columns = [column for column in _OUTLINED if column in units]
        units[columns].to_parquet(Path(folder, _UNITS))
        choices = {"density": density, "nearest_m": nearest_m, "spacing_m": spacing_m}
        word = run_child(
            folder,
            name=shown,
            limits=limits,
            module=__name__,
            job={"choices": choices},
            # Sidecar files are never looked for: there are none but our own.
            environment={
                **raster_environment(vectors=False),
                "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
            },
            progress=progress,
            cancel=cancel,
        )
        points = pd.read_parquet(Path(folder, _POINTS))
        covered = pd.read_parquet(Path(folder, _COVERED))["covered"]
        return GridPeople(points, covered, dict(word["facts"]))


def is_grid(source: str | Path | bytes) -> bool:
    """Tell a TIFF from other files by its first bytes; a file that is not there is none."""
    if isinstance(source, bytes):
        return is_tiff(source)
    path = Path(source)
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return is_tiff(file.read(4))


def _check(source: str | Path | bytes, shown: str, spacing_m: float) -> None:
    """Refuse, before a child is started, what it could not read as a grid."""
    if not is_grid(source):
        text = f"{shown}: it is no TIFF, whatever its name says; send a GeoTIFF or a table."
        raise IntakeError("population_grid.not_tiff", text, file=shown)
    if not spacing_m > 0:
        text = f"A spacing of {spacing_m:g} m is not possible; give metres above 0."
        raise IntakeError("population_grid.spacing", text, value=f"{spacing_m:g}")
    if importlib.util.find_spec("rasterio") is None:
        text = f"{shown}: reading a raster needs rasterio; install it: pip install rasterio."
        raise IntakeError("population_grid.needs_rasterio", text, file=shown)


def main() -> None:
    """Be the child: read ``upload`` in the folder named on the command line, answer, end."""
    from geo.intake.child import serve

    serve(_read)


def _read(folder: Path, job: dict[str, Any], _limits: Limits) -> dict[str, Any]:
    from geo.intake.child import say

    found = read_population_grid(
        folder / "upload",
        gpd.read_parquet(folder / _UNITS),
        name=job["name"],
        **job["choices"],
        progress=lambda share: say({"progress": share, "stage": "read"}),
    )
    found.points.to_parquet(folder / _POINTS)
    found.covered.to_frame("covered").to_parquet(folder / _COVERED)
    return {"facts": found.facts}
