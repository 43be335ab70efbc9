"""The plain columns of an import: typed, filled by stated defaults, and the ids of its rows."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping as AbstractMapping

import pandas as pd

from geo.intake import values
from geo.intake.mapping import Mapping
from geo.intake.personal import holds_person_number
from geo.intake.report import Remarks
from geo.schema import Column, Table

_TOTALS = {"合计", "总计", "小计", "共计", "总数", "total", "sum"}
_TOTAL_LENGTH = 12
# 64 bits: two of a million rows share an id with a chance of 3e-8.
_ID_BYTES = 8
# What a required column is where the file says nothing: it follows from sending in one's own list.
DEFAULTS: AbstractMapping[str, str] = {
    "is_open": "true",
    "basis": "register",
    "status": "collected",
    "population_basis": "reported",
    "boundary_basis": "reported",
}
# Rows equal in these are the same entry; the id is made of them.
_IDENTITY: AbstractMapping[str, tuple[str, ...]] = {
    "rooms": ("name", "serves_unit_id"),
    "sites": ("name", "unit_id"),
    "cases": ("received", "room_id", "unit_id", "categories", "channel"),
    "activities": ("room_id", "date", "themes"),
}
_MAY_REPEAT = ("cases", "activities")


def refuse_rows(frame: pd.DataFrame, mapping: Mapping, spec: Table, remarks: Remarks) -> None:
    """Hold back total rows and rows whose texts hold a telephone or identity number.

    Parameters
    ----------
    frame : DataFrame of str
    mapping : Mapping
    spec : Table
    remarks : Remarks
    """
    for column in list(dict.fromkeys(mapping.columns.values()))[:3]:
        cells = frame[column].fillna("")
        short = cells[cells.str.len() <= _TOTAL_LENGTH]
        words = values.each_distinct(short, lambda text: "".join(text.split()).lower())
        total = words.isin(_TOTALS) & ~remarks.held.loc[words.index]
        remarks.add(total, "total_row", column=column, values=short)
    for target, column in mapping.columns.items():
        kind = spec.columns[target].kind if target in spec.columns else "text"
        if kind in ("text", "list") and target not in (spec.index, "lon", "lat", "lonlat"):
            remarks.add(holds_person_number(frame[column]), "person_number", column=column)


def typed_columns(
    frame: pd.DataFrame, mapping: Mapping, spec: Table, remarks: Remarks
) -> pd.DataFrame:
    """Return every mapped column that is not a unit, as values of its kind.

    Parameters
    ----------
    frame : DataFrame of str
    mapping : Mapping
    spec : Table
    remarks : Remarks
        Told about cells that cannot be read.

    Returns
    -------
    DataFrame
        On the index of ``frame``; unknown is NaN, NaT or None.
    """
    typed: dict[str, pd.Series] = {}
    for target, column in spec.columns.items():
        header = mapping.columns.get(target)
        if column.kind == "unit":
            continue
        if header is not None:
            own = mapping.values.get(target, {})
            typed[target] = _typed(frame[header], target, column, header, own, remarks)
    for target, constant in mapping.constants.items():
        if target in spec.columns and spec.columns[target].kind != "unit":
            given = pd.Series(constant, index=frame.index, dtype=object)
            read = _typed(given, target, spec.columns[target], target, {}, remarks)
            typed[target] = (
                typed[target].where(typed[target].notna(), read) if target in typed else read
            )
    return pd.DataFrame(typed, index=frame.index)


def _typed(
    cells: pd.Series,
    target: str,
    column: Column,
    header: str,
    own: AbstractMapping[str, str],
    remarks: Remarks,
) -> pd.Series:
    texts = values.cleaned(cells)
    if column.kind == "number":
        read, bad = values.numbers(texts)
        remarks.add(bad, "number", column=header, values=texts)
        if column.least is not None:
            low = read < column.least
            remarks.add(low, "too_small", column=header, values=texts, detail=f"{column.least:g}")
        return read
    if column.kind == "date":
        read, bad, coarse = values.dates(texts)
        remarks.add(bad, "date", column=header, values=texts)
        remarks.add(coarse, "date_coarse", column=header, values=texts)
        return read
    if column.kind in ("choice", "bool"):
        read, bad = values.choices(texts, column=target, spec=column, own=own)
        allowed = ", ".join(column.choices)
        remarks.add(bad, column.kind, column=header, values=texts, detail=allowed)
        return read
    return values.lists(texts) if column.kind == "list" else texts


def fill_defaults(
    typed: pd.DataFrame, mapping: Mapping, spec: Table, remarks: Remarks
) -> dict[str, str]:
    """Fill required columns by :data:`DEFAULTS`, in place; say so by cell, or once by column.

    Parameters
    ----------
    typed : DataFrame
        From :func:`typed_columns`.
    mapping : Mapping
    spec : Table
    remarks : Remarks

    Returns
    -------
    dict of str to str
        Columns the file does not have, and what they were filled with.
    """
    taken: dict[str, str] = {}
    for target, word in DEFAULTS.items():
        if target not in spec.columns:
            continue
        value: object = word == "true" if spec.columns[target].kind == "bool" else word
        if target not in typed:
            typed[target] = pd.Series(value, index=typed.index, dtype=object)
            taken[target] = word
            continue
        empty = typed[target].isna() & ~remarks.held
        header = mapping.columns.get(target, target)
        remarks.add(empty, "default", column=header, detail=word)
        typed[target] = typed[target].where(typed[target].notna(), value)
    return taken


def require_cells(typed: pd.DataFrame, mapping: Mapping, spec: Table, remarks: Remarks) -> None:
    """Hold back rows without a value where the table needs one.

    Parameters
    ----------
    typed : DataFrame
    mapping : Mapping
    spec : Table
    remarks : Remarks
    """
    for target, column in spec.columns.items():
        if column.unknown or not column.required:
            continue
        empty = typed[target].isna() if target in typed else pd.Series(True, index=typed.index)
        code = "no_place" if column.kind == "unit" else "cell_empty"
        header = mapping.columns.get(target, target)
        remarks.add(empty & ~remarks.held, code, column=header)


def _texts(values: pd.Series) -> list[str]:
    """Return values as text, unknown ones empty."""
    if pd.api.types.is_datetime64_any_dtype(values):
        return list(values.dt.strftime("%Y-%m-%d").fillna(""))
    known = values.notna()
    return ["" if not k else str(v) for k, v in zip(known, values, strict=True)]


def row_ids(
    frame: pd.DataFrame, typed: pd.DataFrame, mapping: Mapping, spec: Table, remarks: Remarks
) -> pd.Series:
    """Return each row's id: the file's own, else one made of what makes the row itself.

    Parameters
    ----------
    frame : DataFrame of str
        The raw rows.
    typed : DataFrame
        Units and names filled in.
    mapping : Mapping
    spec : Table
    remarks : Remarks
        Told about ids that stand twice.

    Returns
    -------
    Series of str
    """
    header = mapping.columns.get(spec.index)
    ids = pd.Series(None, index=frame.index, dtype=object)
    if header is not None:
        ids = values.cleaned(frame[header])
        twice = ids.notna() & ids.duplicated(keep=False) & ~remarks.held
        remarks.add(twice, "id_twice", column=header, values=ids)
    made = ids.isna()
    if not made.any() or mapping.table not in _IDENTITY:
        return ids
    parts = [typed[c] for c in _IDENTITY[mapping.table] if c in typed]
    texts = [_texts(part) for part in parts]
    words = ["\x1f".join(cells) for cells in zip(*texts, strict=True)]
    key = pd.Series(words, index=frame.index, dtype=object)
    if mapping.table in _MAY_REPEAT:
        again = key.where(made).groupby(key).cumcount()
        key = key + again.map(lambda n: f"\x1f{n}" if n else "")
    else:
        repeated = made & ~remarks.held & key.where(~remarks.held).duplicated()
        remarks.add(repeated, "same_twice", column=mapping.columns.get("name", "name"))
    start = mapping.table[0] + "-"
    hashed = [
        start + hashlib.blake2b(text.encode(), digest_size=_ID_BYTES).hexdigest() for text in key
    ]
    return ids.where(~made, pd.Series(hashed, index=frame.index, dtype=object))
