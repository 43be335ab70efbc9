"""Zipped Shapefiles and FlatGeobuf, the two formats that need GDAL (child side).

GDAL is given a path of our own making, after the first bytes of the file showed the format, and
with every other driver left out before it was imported.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pyogrio.raw
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from geo.errors import IntakeError
from geo.intake.archive import damaged, open_zip, unpack
from geo.intake.grid import Grid
from geo.intake.markup import grid_of_features
from geo.intake.sandbox import ALLOWED_DRIVERS, Limits

_PARTS = ("shp", "shx", "dbf", "prj", "cpg")
_SHP_HEADER = 100
_Row = tuple[dict[str, str], bytes | None, bool]


def read_zipped_shapefile(path: Path, *, name: str, limits: Limits, folder: Path) -> list[Grid]:
    """Read every Shapefile in a zip.

    Parameters
    ----------
    path : Path
    name : str
    limits : Limits
    folder : Path
        Where the parts are unpacked, under names of our own.

    Returns
    -------
    list of Grid
        One for each .shp, named after it.

    Raises
    ------
    IntakeError
        ``intake.shp_part`` when .dbf or .shx is missing, ``intake.damaged`` when the parts are cut
        off or disagree on the number of rows.

    Notes
    -----
    GDAL reads a cut-off .shp without a word and leaves shapes out; the lengths in its header are
    compared with the files first. Attribute bytes are decoded here: by the .cpg when they fit it,
    else strict UTF-8, else GB18030.
    """
    grids = []
    with open_zip(path, name=name, limits=limits) as archive:
        for number, stem in enumerate(_stems(archive)):
            place = folder / f"layer{number}"
            place.mkdir()
            found = _unpack_parts(archive, stem, place, name=name, limits=limits)
            _check_parts(place, stem, found, name)
            grids.append(_shapefile(place, stem, name=name, limits=limits))
    return grids


def read_flatgeobuf(path: Path, *, name: str, limits: Limits, folder: Path) -> list[Grid]:
    """Read a FlatGeobuf.

    Parameters
    ----------
    path : Path
    name : str
    limits : Limits
    folder : Path
        Not used.

    Returns
    -------
    list of Grid
        One.

    Raises
    ------
    IntakeError
        ``intake.damaged``.
    """
    own = folder / "data.fgb"
    path.rename(own)
    meta, columns, shapes = _read(own, name, encoding=None)
    rows = _rows(meta["fields"], [_texts(c) for c in columns], shapes)
    about = {"format": "fgb", "layer": "", **_crs(meta)}
    return [grid_of_features(rows, name=name, limits=limits, **about)]


def _stems(archive: zipfile.ZipFile) -> list[str]:
    return [
        m[:-4] for m in archive.namelist() if m.lower().endswith(".shp") and "__MACOSX" not in m
    ]


def _label(stem: str) -> str:
    """Return a member's name without folders; zips made in Chinese Windows carry GBK names."""
    last = stem.rpartition("/")[2]
    try:
        return last.encode("cp437").decode("gb18030")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return last


def _unpack_parts(
    archive: zipfile.ZipFile, stem: str, place: Path, *, name: str, limits: Limits
) -> set[str]:
    """Write the parts of one Shapefile under our own names; return the endings found."""
    found = set()
    for member in archive.namelist():
        ending = member.lower().rpartition(".")[2]
        if member[: -len(ending) - 1] == stem and ending in _PARTS:
            content = unpack(archive, member, name=name, limits=limits)
            (place / f"data.{ending}").write_bytes(content)
            found.add(ending)
    return found


def _check_parts(place: Path, stem: str, found: set[str], name: str) -> None:
    label = _label(stem)[:60]
    for part in ("dbf", "shx"):
        if part not in found:
            raise IntakeError(
                "intake.shp_part",
                f"{name}: {label}.shp comes without its .{part}; zip all parts together.",
                file=name,
                layer=label,
                part=part,
            )
    lengths = [_declared(place / f"data.{part}", name, label) for part in ("shp", "shx")]
    records = (lengths[1] - _SHP_HEADER) // 8
    table = (place / "data.dbf").read_bytes()[:32]
    if len(table) < 32:
        raise damaged(name, f"{label}.dbf is cut off")
    rows, header, width = struct.unpack("<IHH", table[4:12])
    if (place / "data.dbf").stat().st_size < header + rows * width:
        raise damaged(name, f"{label}.dbf is cut off: it should hold {rows} rows")
    if rows != records:
        raise damaged(name, f"{label}: {records} shapes but {rows} rows of attributes")


def _declared(part: Path, name: str, label: str) -> int:
    """Return the length in a .shp or .shx header, refusing a file that is shorter."""
    head = part.read_bytes()[:_SHP_HEADER]
    if len(head) < _SHP_HEADER or head[:4] != b"\x00\x00\x27\x0a":
        raise damaged(name, f"{label}{part.suffix} is cut off or no Shapefile")
    declared = int.from_bytes(head[24:28], "big") * 2
    if part.stat().st_size < declared:
        size = part.stat().st_size
        raise damaged(
            name, f"{label}{part.suffix} is cut off: {size} of {declared} bytes are there"
        )
    return declared


def _shapefile(place: Path, stem: str, *, name: str, limits: Limits) -> Grid:
    meta, columns, shapes = _read(place / "data.shp", name, encoding="ISO-8859-1")
    cpg = place / "data.cpg"
    stated = cpg.read_text("ascii", "ignore").strip() if cpg.exists() else ""
    names = [str(field) for field in meta["fields"]]
    raw = [_bytes_of(column) for column in columns]
    encoding = _encoding([*raw, [field.encode("latin-1", "replace") for field in names]], stated)
    decoded = [_decode(column, encoding) for column in raw]
    fields = [field.encode("latin-1", "replace").decode(encoding, "replace") for field in names]
    about: dict[str, Any] = {
        "format": "shp",
        "layer": _label(stem),
        "encoding": encoding,
    }
    prj = place / "data.prj"
    if prj.exists():
        about["crs"] = prj.read_text("utf-8", "replace").strip()[:5000]
    return grid_of_features(_rows(fields, decoded, shapes), name=name, limits=limits, **about)


def _read(path: Path, name: str, encoding: str | None) -> tuple[dict[str, Any], Any, Any]:
    leaked = set(pyogrio.list_drivers()) - ALLOWED_DRIVERS
    if leaked:
        raise IntakeError(
            "intake.sandbox",
            f"{name}: not read, because the sandbox still holds the drivers {sorted(leaked)}.",
            file=name,
        )
    try:
        meta, _, shapes, columns = pyogrio.raw.read(path, encoding=encoding, force_2d=True)
    except (DataSourceError, DataLayerError, RuntimeError, IndexError) as problem:
        raise damaged(name, f"GDAL cannot read it ({str(problem)[:120]})") from problem
    return meta, columns, shapes


def _crs(meta: dict[str, Any]) -> dict[str, str]:
    return {"crs": str(meta["crs"])} if meta.get("crs") else {}


def _bytes_of(column: Any) -> list[bytes]:
    return [text.encode("latin-1", "replace") for text in _texts(column)]


def _texts(column: Any) -> list[str]:
    values = np.asarray(column)
    if values.dtype.kind == "M":
        texts = values.astype(str)
        return ["" if text == "NaT" else str(text) for text in texts]
    if values.dtype.kind == "f":
        return [
            "" if np.isnan(v) else str(int(v)) if v.is_integer() else repr(v)
            for v in values.tolist()
        ]
    return ["" if value is None else str(value).strip() for value in values.tolist()]


def _encoding(columns: list[list[bytes]], stated: str) -> str:
    """Return the stated encoding if every value fits it, else UTF-8, else GB18030."""
    for encoding in (stated, "utf-8", "gb18030"):
        try:
            for column in columns:
                for value in column:
                    value.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
        return encoding
    return "gb18030"


def _decode(column: list[bytes], encoding: str) -> list[str]:
    """Decode values; a character cut in two at the field's end becomes a question mark."""
    return [value.decode(encoding, "replace") for value in column]


def _rows(fields: Any, columns: list[list[str]], shapes: Any) -> Iterator[_Row]:
    names = [str(field) for field in fields]
    count = len(shapes) if shapes is not None else len(columns[0])
    for number in range(count):
        texts = {field: column[number] for field, column in zip(names, columns, strict=True)}
        wkb = None if shapes is None else shapes[number]
        if wkb is None:
            yield texts, None, False
            continue
        shape = shapely.from_wkb(wkb, on_invalid="ignore")
        yield texts, bytes(wkb) if shape is not None else None, shape is None
