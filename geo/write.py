"""Tables to files people open: CSV, XLSX, GeoJSON, GeoPackage, chosen by the file's ending."""

from __future__ import annotations

import io
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.errors import RoomplanError
from geo.schema import WGS84

ENDINGS = (".csv", ".xlsx", ".geojson", ".gpkg")
GUARDED = ("=", "+", "-", "@", "\t", "\r")
COORDINATE_DIGITS = 6
WRAP_OVER, WIDEST = 40, 56


def table_bytes(
    frame: pd.DataFrame,
    ending: str,
    *,
    name: str = "table",
    notes: Sequence[str] = (),
    digits: int = COORDINATE_DIGITS,
) -> bytes:
    """Write a table into the bytes of a file.

    Parameters
    ----------
    frame : DataFrame
        Columns are written in order, the index is not. GeoJSON and GeoPackage need a
        GeoDataFrame in EPSG:4326.
    ending : str
        One of :data:`ENDINGS`.
    name : str
        Of the sheet or layer.
    notes : sequence of str
        Lines for a second sheet (XLSX only): what the figures rest on.
    digits : int
        Decimals of a degree in GeoJSON.

    Returns
    -------
    bytes

    Raises
    ------
    RoomplanError
        For an ending that cannot be written, or a map format without geometry.

    Notes
    -----
    A text cell that a spreadsheet program would run as a formula is written as text: XLSX marks
    the cell as a string, CSV puts an apostrophe before it. Numbers stay numbers.
    """
    if ending not in ENDINGS:
        raise RoomplanError(
            "write.ending",
            f"{ending or '(no ending)'}: cannot be written; use {', '.join(ENDINGS)}.",
            value=ending,
            choices=", ".join(ENDINGS),
        )
    if ending == ".csv":
        return _csv(frame)
    if ending == ".xlsx":
        return _xlsx(frame, name, notes)
    if not isinstance(frame, gpd.GeoDataFrame):
        raise RoomplanError(
            "write.no_geometry",
            f"this table has no geometry, so it cannot be written as {ending}; use .csv or .xlsx.",
            value=ending,
        )
    return _geojson(frame, digits) if ending == ".geojson" else _gpkg(frame, name)


def write_bytes(content: bytes, path: str | Path) -> None:
    """Put bytes into a file whole or not at all: a crash leaves the old file as it was.

    Parameters
    ----------
    content : bytes
    path : path
        Replaced in one step when all bytes are on disk.

    Raises
    ------
    RoomplanError
        When the folder is missing or may not be written.
    """
    target = Path(path)
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as problem:
        raise RoomplanError(
            "write.folder",
            f"{target}: cannot be written ({problem.strerror}); name another folder.",
            file=str(target),
        ) from problem
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(0o666 & ~umask)
        Path(temporary).replace(target)
    except OSError as problem:
        Path(temporary).unlink(missing_ok=True)
        raise RoomplanError(
            "write.folder",
            f"{target}: cannot be written ({problem.strerror}).",
            file=str(target),
        ) from problem


def guard(value: Any) -> Any:
    """Return text that a spreadsheet program would run as a formula with an apostrophe before it.

    Text that looks as if it were guarded already gets one too, so that :func:`unguard` gives back
    every text as it was.

    Examples
    --------
    >>> guard("=1+1"), guard("-5"), guard(-5), guard("南安"), guard("'=1"), guard("'南安'")
    ("'=1+1", "'-5", -5, '南安', "''=1", "'南安'")
    """
    if isinstance(value, str) and value.lstrip("'").startswith(GUARDED):
        return f"'{value}"
    return value


def unguard(value: Any) -> Any:
    """Return text as it was before :func:`guard`.

    Examples
    --------
    >>> [unguard(guard(text)) for text in ("=1+1", "'=1+1", "'南安'", "")]
    ['=1+1', "'=1+1", "'南安'", '']
    """
    if isinstance(value, str) and value[:1] == "'" and value.lstrip("'").startswith(GUARDED):
        return value[1:]
    return value


def _csv(frame: pd.DataFrame) -> bytes:
    plain = _without_geometry(frame).map(guard)
    plain.columns = [guard(str(column)) for column in plain.columns]
    return plain.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


def _xlsx(frame: pd.DataFrame, name: str, notes: Sequence[str]) -> bytes:
    import xlsxwriter

    plain = _without_geometry(frame)
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        date = book.add_format({"num_format": "yyyy-mm-dd"})
        wrap = book.add_format({"text_wrap": True, "valign": "top"})
        sheet = book.add_worksheet(_sheet_name(name))
        for number, column in enumerate(plain.columns):
            sheet.write_string(0, number, str(column), head)
            for row, value in enumerate(plain[column], start=1):
                _write_cell(sheet, row, number, value, date)
            width = _width(plain[column], str(column))
            sheet.set_column(number, number, width, wrap if width > WRAP_OVER else None)
        sheet.freeze_panes(1, 0)
        sheet.set_landscape()
        sheet.set_paper(8)  # A3
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        if len(plain):
            sheet.autofilter(0, 0, len(plain), len(plain.columns) - 1)
        if notes:
            second = book.add_worksheet("说明 Notes")
            second.set_column(0, 0, 110)
            for row, line in enumerate(notes):
                second.write_string(row, 0, line)
    return buffer.getvalue()


def _write_cell(sheet: Any, row: int, column: int, value: Any, date: Any) -> None:
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return
    if isinstance(value, bool | np.bool_):
        sheet.write_boolean(row, column, bool(value))
    elif isinstance(value, int | float | np.integer | np.floating) and np.isfinite(value):
        sheet.write_number(row, column, float(value))
    elif isinstance(value, pd.Timestamp):
        sheet.write_datetime(row, column, value.to_pydatetime(), date)
    elif not pd.isna(value):
        sheet.write_string(row, column, str(value)[:32_767])


def _width(values: pd.Series, heading: str) -> float:
    """Return a column width that shows most values; a Chinese character takes two places."""
    lengths = [sum(2 if ord(c) > 0x2E80 else 1 for c in str(v)) for v in [heading, *values[:200]]]
    return float(min(max(8, max(lengths) + 2), WIDEST))


def _sheet_name(name: str) -> str:
    return "".join("_" if c in "[]:*?/\\'" else c for c in name)[:31] or "table"


def _without_geometry(frame: pd.DataFrame) -> pd.DataFrame:
    plain = pd.DataFrame(frame)
    return plain.drop(columns=[c for c in plain if str(plain[c].dtype) == "geometry"])


def _geojson(frame: gpd.GeoDataFrame, digits: int) -> bytes:
    shapes = shapely.transform(frame.geometry.to_numpy(), lambda xy: xy.round(digits))
    plain = _without_geometry(frame)
    features = [
        {
            "type": "Feature",
            "id": str(key),
            "properties": {str(c): _json_value(v) for c, v in zip(plain.columns, row, strict=True)},
            "geometry": None if shape is None else shapely.geometry.mapping(shape),
        }
        for key, row, shape in zip(
            frame.index, plain.itertuples(index=False, name=None), shapes, strict=True
        )
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
    return text.encode()


def _json_value(value: Any) -> Any:
    """Return a value that JSON can hold: unknown is null, dates are ISO text."""
    if isinstance(value, pd.Timestamp):
        return None if pd.isna(value) else value.date().isoformat()
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return None if pd.isna(value) else str(value)


def _gpkg(frame: gpd.GeoDataFrame, name: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.gpkg"
        frame.set_crs(WGS84, allow_override=False).to_file(path, layer=name, driver="GPKG")
        return path.read_bytes()


def json_text(value: Any) -> str:
    """Return nested tables, numbers and dates as JSON text; unknown and infinite become null.

    Parameters
    ----------
    value : dict, list, DataFrame, Series or scalar
        A frame becomes a list of rows with the index as their first member.
    """
    return json.dumps(_plain(value), ensure_ascii=False, indent=2)


def _plain(value: Any) -> Any:
    if isinstance(value, pd.DataFrame):
        rows = _without_geometry(value).reset_index()
        return [
            {str(c): _json_value(v) for c, v in zip(rows.columns, row, strict=True)}
            for row in rows.itertuples(index=False, name=None)
        ]
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return _json_value(value)
