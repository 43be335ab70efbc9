"""Zipped Shapefiles and FlatGeobuf, the two formats that need GDAL (child side).

GDAL is given a path of our own making, after the first bytes of the file showed the format, and
with every other driver left out before it was imported.
"""

from __future__ import annotations

import codecs
import re
import struct
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pyogrio.raw
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from geo.errors import IntakeError
from geo.intake.archive import damaged, open_zip, unpack
from geo.intake.grid import Grid, unique_names
from geo.intake.markup import grid_of_features
from geo.intake.sandbox import ALLOWED_DRIVERS, Limits

_PARTS = ("shp", "shx", "dbf", "prj", "cpg")
_SHP_HEADER = 100
_DBF_HEADING = 10
# What programs write into a .cpg, where it is not the name of an encoding already.
_CPG = {"936": "gb18030", "54936": "gb18030", "65001": "utf-8", "gb2312": "gb18030"}
_CPG |= dict.fromkeys(("gbk", "cp936", "ansi936", "ms936"), "gb18030")
# GDAL tells equal cut headings apart by a number in the place of their last bytes.
_NUMBERED = re.compile(rb"(.{8})(_\d|\d\d)", re.DOTALL)
_BLANKS = " \t\r\n\x0b\x0c\x00"
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
    else UTF-8, else GB18030. Headings hold ten bytes and values 254, and programs cut a character
    in two there: what is left of it is dropped, and speaks against no encoding.
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
    stated = cpg.read_text("ascii", "ignore") if cpg.exists() else ""
    heads = [str(field).encode("latin-1", "replace") for field in meta["fields"]]
    raw = [[text.encode("latin-1", "replace") for text in _texts(c)] for c in columns]
    widths = _widths(place / "data.dbf", len(heads))
    encoding = _encoding(heads, raw, widths, stated)
    decoded = [
        _decode(c, w, encoding) or _lossy(c, encoding) for c, w in zip(raw, widths, strict=True)
    ]
    # Headings that differed only in what was cut off are one name now.
    fields = unique_names(_headings(heads, encoding) or _lossy(heads, encoding))
    about: dict[str, Any] = {"format": "shp", "layer": _label(stem), "encoding": encoding}
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
    # Not the blanks of str.strip(): a text may still be bytes, and 0x85 and 0xA0 end characters.
    return ["" if value is None else str(value).strip(_BLANKS) for value in values.tolist()]


def _widths(table: Path, count: int) -> list[int]:
    """Return how many bytes the values of each column of a .dbf can hold."""
    head = table.read_bytes()[32 : 32 + 32 * count]
    return [head[32 * place + 16] for place in range(count)]


def _encoding(
    heads: Sequence[bytes], columns: Sequence[Sequence[bytes]], widths: Sequence[int], stated: str
) -> str:
    """Return the stated encoding if headings and values fit it, else UTF-8, else GB18030."""
    plain = re.sub(r"[\s_-]", "", stated).lower()
    told = _CPG.get(plain) or stated.strip()
    order = [told, "utf-8", "gb18030"]
    if _is_western(told):
        # Written by programs that did not ask; wide characters that all fit are no coincidence.
        order = ["utf-8", "gb2312", told]
    for encoding in order:
        try:
            codecs.lookup(encoding)
        except LookupError:
            continue
        fits = _headings(heads, encoding) is not None and all(
            _decode(c, w, encoding) is not None for c, w in zip(columns, widths, strict=True)
        )
        if fits:
            return "gb18030" if encoding == "gb2312" else encoding
    return "gb18030"


def _is_western(encoding: str) -> bool:
    """Tell whether an encoding has one byte a character, so that any text fits it."""
    try:
        return codecs.lookup(encoding).name in ("iso8859-1", "iso8859-15", "cp1252", "ascii")
    except LookupError:
        return False


def _headings(heads: Sequence[bytes], encoding: str) -> list[str] | None:
    """Decode headings, without the rest of a character cut at the tenth byte; None if unfit."""
    names = [_heading(head, heads, encoding) for head in heads]
    return None if any(name is None for name in names) else [name or "" for name in names]


def _heading(head: bytes, heads: Sequence[bytes], encoding: str) -> str | None:
    numbered = _NUMBERED.fullmatch(head)
    if numbered and any(other != head and other.startswith(numbered[1]) for other in heads):
        stem = _cut(numbered[1], encoding)
        return None if stem is None else stem + numbered[2].decode("ascii")
    return _cut(head, encoding) if len(head) >= _DBF_HEADING else _whole(head, encoding)


def _decode(column: Sequence[bytes], width: int, encoding: str) -> list[str] | None:
    """Decode values, without the rest of a character cut at the field's end; None if unfit."""
    try:
        return b"\0".join(column).decode(encoding).split("\0") if column else []
    except UnicodeDecodeError:
        pass
    texts = [
        _cut(value, encoding) if len(value) >= width else _whole(value, encoding)
        for value in column
    ]
    return None if any(text is None for text in texts) else [text or "" for text in texts]


def _whole(value: bytes, encoding: str) -> str | None:
    try:
        return value.decode(encoding)
    except UnicodeDecodeError:
        return None


def _cut(value: bytes, encoding: str) -> str | None:
    """Decode all but an unfinished last character; None where it breaks before the end."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(value, final=False)
    except UnicodeDecodeError:
        return None


def _lossy(column: Sequence[bytes], encoding: str) -> list[str]:
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
