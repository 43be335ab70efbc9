"""An outside file as plain frames of texts: the door every upload comes through."""

from __future__ import annotations

import io
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from geo.errors import IntakeError
from geo.intake.grid import GEOMETRY
from geo.intake.personal import personal_columns
from geo.intake.sandbox import MB, Limits, Progress, run_child

_MAX_NAME = 80


@dataclass(frozen=True)
class RawTable:
    """One sheet or layer of a file, every cell a text as it stood there.

    Parameters
    ----------
    name : str
        The file's name, made safe to show.
    layer : str
        The sheet or layer; a label, never a path.
    frame : DataFrame of str
        One column for each column of the file; the index ``row`` counts rows as a spreadsheet
        program does (vector formats: features from 1).
    shapes : ndarray of shapely geometries or None, shape (n,)
        None where the format has no shapes.
    file_format : str
        ``xlsx``, ``csv``, ``geojson``, ``gpkg``, ``shp``, ``kml`` or ``fgb``.
    encoding : str
        What the text was decoded as; empty where the format fixes it.
    stated_crs : str
        What the file says about its coordinates; empty when it says nothing.
    refused : tuple of str
        Columns with names or numbers of persons; they were not taken over.
    broken_rows : tuple of int
        Rows whose shape could not be read.
    """

    name: str
    layer: str
    frame: pd.DataFrame
    shapes: NDArray[np.object_] | None = None
    file_format: str = "csv"
    encoding: str = ""
    stated_crs: str = ""
    refused: tuple[str, ...] = ()
    broken_rows: tuple[int, ...] = ()


def read_file(
    source: str | Path | bytes,
    *,
    name: str | None = None,
    limits: Limits | None = None,
    progress: Progress | None = None,
    cancel: Callable[[], bool] | None = None,
) -> list[RawTable]:
    """Read a file from outside in the sandbox.

    Parameters
    ----------
    source : path or bytes
        A file on this machine, or an upload's bytes. Addresses are refused.
    name : str, optional
        What the user calls it; needed with bytes.
    limits : Limits, optional
    progress : callable, optional
        Called with a fraction 0–1 and a stage word.
    cancel : callable, optional
        True stops the reading.

    Returns
    -------
    list of RawTable
        One for each sheet or layer, at least one.

    Raises
    ------
    IntakeError
        With the reason why the file is refused or cannot be read.

    Notes
    -----
    The child's start costs about 0.3 s. Columns that hold names, telephone or identity numbers of
    persons are dropped here, before anybody sees them.
    """
    limits = limits or Limits()
    shown = checked_source(source, name=name, limits=limits)
    with tempfile.TemporaryDirectory(prefix="roomplan-") as folder:
        put_source(source, Path(folder, "upload"))
        told = run_child(folder, name=shown, limits=limits, progress=progress, cancel=cancel)
        answers = [
            (about, Path(folder, f"table{number}.arrow").read_bytes())
            for number, about in enumerate(told["tables"])
        ]
    return [_raw_table(about, rows, shown) for about, rows in answers]


def checked_source(source: str | Path | bytes, *, name: str | None, limits: Limits) -> str:
    """Refuse, before a child is started, what it could not read; return what to call the file.

    Parameters
    ----------
    source : path or bytes
    name : str or None
        What the user calls it.
    limits : Limits

    Raises
    ------
    IntakeError
        ``intake.no_file``, ``intake.too_large``.
    """
    shown = safe_name(name or (str(source) if not isinstance(source, bytes) else "upload"))
    if not isinstance(source, bytes) and not Path(source).is_file():
        text = f"{shown}: there is no such file on this machine; addresses are not opened."
        raise IntakeError("intake.no_file", text, file=shown)
    size = len(source) if isinstance(source, bytes) else Path(source).stat().st_size
    if size > limits.file_mb * MB:
        raise IntakeError(
            "intake.too_large",
            f"{shown}: {size / MB:.0f} MB is more than the {limits.file_mb:g} MB allowed; split "
            "the file or raise the limit.",
            file=shown,
            value=f"{size / MB:.0f}",
            limit=f"{limits.file_mb:g}",
        )
    return shown


def put_source(source: str | Path | bytes, place: Path) -> None:
    """Put a file or an upload's bytes where a child will read them."""
    if isinstance(source, bytes):
        place.write_bytes(source)
    else:
        shutil.copyfile(source, place)


def safe_name(name: str) -> str:
    """Return a file's name without folders and control characters, short enough to show.

    Examples
    --------
    >>> safe_name("../../etc/rooms\\x00.csv")
    'rooms.csv'
    """
    last = re.split(r"[\\/]", name)[-1]
    return "".join(ch for ch in last if ch.isprintable())[-_MAX_NAME:] or "upload"


def _raw_table(about: Mapping[str, Any], rows: bytes, name: str) -> RawTable:
    """Take over the child's answer, checked, without persons' columns."""
    table = pa.ipc.open_file(io.BytesIO(rows)).read_all()
    table.validate(full=True)
    shapes = None
    if GEOMETRY in table.column_names:
        wkb = table.column(GEOMETRY).to_numpy(zero_copy_only=False)
        shapes = shapely.from_wkb(wkb)
        table = table.drop_columns([GEOMETRY])
    first = int(about.get("first_row", 1))
    frame = table.to_pandas(types_mapper={pa.string(): pd.StringDtype(na_value=np.nan)}.get)
    frame.index = pd.RangeIndex(first, first + table.num_rows, name="row")
    refused = personal_columns(frame)
    return RawTable(
        name=name,
        layer=str(about.get("layer", "")),
        frame=frame.drop(columns=list(refused)),
        shapes=shapes,
        file_format=str(about.get("format", "")),
        encoding=str(about.get("encoding", "")),
        stated_crs=str(about.get("crs", "")),
        refused=refused,
        broken_rows=tuple(int(row) for row in about.get("broken_shapes", ())),
    )
