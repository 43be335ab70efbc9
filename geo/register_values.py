"""A row's values in the one form that the register stores, compares and writes to its history.

Text is a string with something in it, a number a finite float, a date a :class:`datetime.date`,
a list one string joined by ``;``, a point ``(lon, lat)``; unknown is always ``None``.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.errors import RegisterError
from geo.intake.personal import IDENTITY, MOBILE, personal_columns
from geo.schema import TABLES, WGS84, Column

_ENCODER = json.JSONEncoder(ensure_ascii=False, default=dt.date.isoformat)
Values: TypeAlias = dict[str, Any]
Specs: TypeAlias = Mapping[str, Column]

GEOMETRY = "geometry"
COORDINATE_DIGITS = 9
"""Decimals of a degree that are kept, about 0.1 mm: so every exchange format holds them exactly."""
LAYERS = ("rooms", "cases", "activities", "sites")
# Nothing about a person is admitted here: no such column, and no such number in any text.
IMPERSONAL_LAYERS = ("cases",)


def specs_of(table: str, extras: Mapping[str, str]) -> dict[str, Column]:
    """Return every column of a layer: those of the data contract, then the study's own.

    Parameters
    ----------
    table : str
        One of :data:`LAYERS`.
    extras : mapping of str to str
        Kind of each column that the contract does not name, for example a checklist's.
    """
    own = {name: Column(kind, required=False, unknown=True) for name, kind in extras.items()}
    return {**TABLES[table].columns, **own}


def has_point(table: str) -> bool:
    """Return whether rows of a layer may have a point."""
    return TABLES[table].geometry != "none"


def values_of(table: str, row_id: str, raw: Mapping[str, Any], specs: Specs) -> Values:
    """Return one row in the register's form.

    Parameters
    ----------
    table, row_id : str
        For the messages.
    raw : mapping of str to object
        Column to value as a frame or a form gives it; columns that are not there are unknown.
    specs : mapping of str to Column

    Raises
    ------
    RegisterError
        When a value cannot be kept exactly; the message names column, row and remedy.

    Examples
    --------
    >>> row = values_of("sites", "s1", {"cost": 3, "note": " "}, specs_of("sites", {}))
    >>> row["cost"], row["note"]
    (3.0, None)
    """
    names = (*specs, GEOMETRY) if has_point(table) else tuple(specs)
    return given_values(table, row_id, {name: raw.get(name) for name in names}, specs)


def given_values(table: str, row_id: str, raw: Mapping[str, Any], specs: Specs) -> Values:
    """Return only the columns that are given, in the register's form."""
    kinds = {name: "point" if name == GEOMETRY else specs[name].kind for name in raw}
    return {name: value_of(table, row_id, name, raw[name], kinds[name]) for name in raw}


def value_of(table: str, row_id: str, column: str, raw: Any, kind: str) -> Any:
    """Return one value in the register's form, ``None`` when it is unknown."""
    if is_unknown(raw):
        return None
    try:
        convert: Callable[[Any], Any] = _CONVERT.get(kind, _text)
        value = convert(raw)
        if table in IMPERSONAL_LAYERS and kind in ("text", "list") and holds_number(value):
            raise ValueError("it holds somebody's telephone or identity number; take it out")
        return value
    except (ValueError, TypeError, OverflowError) as problem:
        raise RegisterError(
            "register.value",
            f"{table}: row {row_id}, column {column!r}: {raw!r} cannot be kept as {kind}: "
            f"{problem}; mend the value, or leave it empty if it is unknown.",
            table=table,
            row=row_id,
            column=column,
            value=repr(raw),
            kind=kind,
            detail=str(problem),
        ) from problem


def is_unknown(raw: Any) -> bool:
    """Return whether a value says nothing: None, NaN, NaT, blank text, an empty list or point."""
    if raw is None or isinstance(raw, str):
        return raw is None or not raw.strip()
    if isinstance(raw, float):
        return math.isnan(raw)
    if isinstance(raw, list | tuple | np.ndarray):
        return len(raw) == 0
    if isinstance(raw, shapely.Geometry):
        return bool(raw.is_empty)
    return bool(pd.isna(raw))


def holds_number(text: str) -> bool:
    """Return whether a text holds a mobile or identity number of a person."""
    return MOBILE.search(text) is not None or IDENTITY.search(text) is not None


def _text(raw: Any) -> str:
    text = str(raw)
    if "\x00" in text:
        raise ValueError("it holds a NUL character")
    text.encode()  # a lone surrogate cannot be stored anywhere; UnicodeEncodeError is a ValueError
    return text


def _number(raw: Any) -> float:
    if isinstance(raw, str) and "_" in raw:
        raise ValueError("not a number")
    number = float(raw)
    if not math.isfinite(number):
        raise ValueError("not a finite number")
    return number


def _bool(raw: Any) -> bool:
    if raw not in (True, False):
        raise ValueError("neither true nor false")
    return bool(raw)


def _date(raw: Any) -> dt.date:
    if isinstance(raw, dt.date) and not isinstance(raw, dt.datetime):
        return raw
    moment = (
        pd.Timestamp(raw) if not isinstance(raw, str) else pd.to_datetime(raw, format="ISO8601")
    )
    if moment != moment.normalize() or moment.tzinfo is not None:
        raise ValueError("it holds a time of day; write the day only, as 2019-05-31")
    return dt.date(moment.year, moment.month, moment.day)


def _list(raw: Any) -> str:
    if isinstance(raw, str):
        return _text(raw)
    items = [_text(item).strip() for item in raw]
    if any(";" in item or not item for item in items):
        raise ValueError("an item of the list is empty or holds ';', which parts the items")
    return ";".join(items)


def _point(raw: Any) -> tuple[float, float]:
    if isinstance(raw, shapely.Geometry):
        if raw.geom_type != "Point":
            raise ValueError(f"a {raw.geom_type}, not a point")
        raw = (raw.x, raw.y)
    lon, lat = (round(_number(part), COORDINATE_DIGITS) for part in raw)
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise ValueError("longitude beyond ±180 or latitude beyond ±90")
    return lon, lat


_CONVERT: Mapping[str, Callable[[Any], Any]] = {
    "number": _number,
    "bool": _bool,
    "date": _date,
    "list": _list,
    "point": _point,
}


def rows_of(table: str, frame: pd.DataFrame, specs: Specs) -> dict[str, Values]:
    """Return a frame's rows in the register's form, by id and in the frame's order.

    Notes
    -----
    Columns that the frame does not have are left out, so that a caller can tell them from
    unknown values. Each distinct value of a column is converted once, and points all at once.
    """
    wanted = [name for name in (*specs, GEOMETRY) if name in frame.columns]
    ids = [str(row_id) for row_id in frame.index]
    columns: list[list[Any]] = []
    for name in wanted:
        if name == GEOMETRY:
            columns.append(_points_of(table, ids, frame[name]))
        else:
            columns.append(_column_of(table, ids, name, frame[name], specs[name].kind))
    if not columns:
        return {row: {} for row in ids}
    rows = (dict(zip(wanted, cells, strict=True)) for cells in zip(*columns, strict=True))
    return dict(zip(ids, rows, strict=True))


def _column_of(table: str, ids: Sequence[str], name: str, cells: pd.Series, kind: str) -> list[Any]:
    done: dict[tuple[type, Any], Any] = {}
    values = []
    for row, raw in zip(ids, cells, strict=True):
        key = (type(raw), raw)  # 1, 1.0 and True are equal, and yet three texts
        try:
            value = done[key]
        except KeyError:
            value = done[key] = value_of(table, row, name, raw, kind)
        except TypeError:  # a list cannot be looked up
            value = value_of(table, row, name, raw, kind)
        values.append(value)
    return values


def _points_of(table: str, ids: Sequence[str], cells: pd.Series) -> list[Any]:
    if not isinstance(cells, gpd.GeoSeries):
        return [value_of(table, i, GEOMETRY, c, "point") for i, c in zip(ids, cells, strict=True)]
    shapes = cells.to_numpy()
    there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    points: list[Any] = [None] * len(ids)
    lon, lat = shapely.get_x(shapes), shapely.get_y(shapes)
    sound = (np.abs(lon) <= 180) & (np.abs(lat) <= 90)  # NaN, and with it another shape, is not
    for place in np.flatnonzero(there & ~sound).tolist():
        points[place] = value_of(table, ids[place], GEOMETRY, shapes[place], "point")
    rows = np.flatnonzero(there & sound)
    for place, x, y in zip(rows.tolist(), lon[rows].tolist(), lat[rows].tolist(), strict=True):
        points[place] = (round(x, COORDINATE_DIGITS), round(y, COORDINATE_DIGITS))
    return points


def frame_of(table: str, ids: Sequence[str], rows: Sequence[Values], specs: Specs) -> pd.DataFrame:
    """Return rows as the frame that :func:`geo.read.parse_table` would give.

    Returns
    -------
    DataFrame
        A GeoDataFrame in EPSG:4326 unless the layer has no points; ids in the index.
    """
    index = pd.Index(list(ids), name=TABLES[table].index, dtype=str)
    data = {
        name: _series([row.get(name) for row in rows], spec.kind, index)
        for name, spec in specs.items()
    }
    frame = pd.DataFrame(data, index=index)
    if not has_point(table):
        return frame
    pairs = [row.get(GEOMETRY) for row in rows]
    there = np.array([pair is not None for pair in pairs], dtype=bool)
    points = np.full(len(pairs), None, dtype=object)
    if there.any():
        points[there] = shapely.points([pair for pair in pairs if pair is not None])
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(points, index=index, crs=WGS84))


def _series(cells: list[Any], kind: str, index: pd.Index) -> pd.Series:
    if kind == "number":
        return pd.Series(cells, index=index, dtype=float)
    if kind == "date":
        days = np.array([None if c is None else c.isoformat() for c in cells], "datetime64[us]")
        return pd.Series(days, index=index)
    if kind == "bool" and not any(cell is None for cell in cells):
        return pd.Series(cells, index=index, dtype=bool)
    return pd.Series(cells, index=index, dtype=object)


def extra_kinds(frame: pd.DataFrame, table: str) -> dict[str, str]:
    """Return the kind of each column of a frame that the data contract does not name.

    Raises
    ------
    RegisterError
        When a column of cases tells about persons.
    """
    named = {*TABLES[table].columns, GEOMETRY}
    extra = [str(name) for name in frame.columns if name not in named]
    refused = personal_columns(pd.DataFrame(frame)[extra].astype(str))
    if refused and table in IMPERSONAL_LAYERS:
        raise RegisterError(
            "register.column_refused",
            f"{table}: column(s) {', '.join(refused)} tell about persons, which must never enter; "
            "remove them.",
            table=table,
            column=", ".join(refused),
        )
    return {name: _inferred(frame[name]) for name in extra}


def _inferred(cells: pd.Series) -> str:
    if pd.api.types.is_datetime64_any_dtype(cells):
        return "date"
    inferred = pd.api.types.infer_dtype(cells, skipna=True)
    if inferred == "boolean":
        return "bool"
    numbers = {"integer", "floating", "mixed-integer-float", "decimal"}
    return "number" if inferred in numbers else "text"


def to_json(row: Values | None) -> str | None:
    """Return a row as JSON text without its unknown values (``None`` for a row that is not there).

    Examples
    --------
    >>> to_json({"name": "甲", "note": None, "geometry": (118.5, 25.0)})
    '{"name": "甲", "geometry": [118.5, 25.0]}'
    """
    if row is None:
        return None
    known = {name: value for name, value in row.items() if value is not None}
    return _ENCODER.encode(known)


def from_json(text: str | None, specs: Specs) -> Values | None:
    """Return the row that :func:`to_json` wrote, every column of ``specs`` in it."""
    if text is None:
        return None
    row: Values = dict.fromkeys((*specs, GEOMETRY))
    row.update(json.loads(text))
    for name, spec in specs.items():
        if spec.kind == "date" and row[name] is not None:
            row[name] = dt.date.fromisoformat(row[name])
    if row[GEOMETRY] is not None:
        row[GEOMETRY] = tuple(row[GEOMETRY])
    return row


def changed(before: Values, after: Values) -> list[str]:
    """Return the columns in which two rows differ, in their order."""
    names: Iterable[str] = dict.fromkeys((*before, *after))
    return [name for name in names if before.get(name) != after.get(name)]
