"""Administrative outlines from outside: units of a study, or of a new one."""

from __future__ import annotations

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.crs import parse_datum, to_wgs84
from geo.errors import IntakeError
from geo.intake.mapping import Mapping
from geo.intake.raw import RawTable
from geo.intake.report import Remarks
from geo.intake.values import cleaned
from geo.names import DOUBTFUL, NameIndex, find_units

_AREAS = ("Polygon", "MultiPolygon")
# Administrative codes carry their level in their length; codes of 6 digits end in 00 for cities.
_LEVEL_OF_LENGTH = {6: "county", 9: "township", 12: "village"}
_PARENT_LENGTH = {"county": 4, "township": 6, "village": 9}


def boundary_rows(
    raw: RawTable,
    typed: pd.DataFrame,
    mapping: Mapping,
    units: gpd.GeoDataFrame,
    *,
    datum: str | None,
    remarks: Remarks,
) -> tuple[pd.Series, str]:
    """Fill level, parent and outline of each unit; return the ids and the datum read.

    Parameters
    ----------
    raw : RawTable
    typed : DataFrame
        Filled in place.
    mapping : Mapping
    units : GeoDataFrame
        The study's units; parents may be among them.
    datum : str or None
        Asked for where the file states none: outlines cannot prove theirs.
    remarks : Remarks
        Told about missing and broken outlines, codes and parents.

    Returns
    -------
    ids : Series of str
    datum : str

    Raises
    ------
    IntakeError
        ``intake.no_shapes`` for a file without shapes, ``intake.datum_needed``.
    """
    if raw.shapes is None:
        raise IntakeError(
            "intake.no_shapes",
            f"{raw.name}: boundaries need outlines; send GeoJSON, GeoPackage, a zipped Shapefile, "
            "KML or FlatGeobuf.",
            file=raw.name,
        )
    used = _datum_of(raw, datum)
    ids = _ids(raw, mapping, units, remarks)
    typed["level"] = _levels(ids, typed, units)
    typed["parent_id"] = _parents(raw, ids, typed["level"], mapping, units, remarks)
    typed["geometry"] = _outlines(raw, used, remarks)
    return ids, used


def _datum_of(raw: RawTable, datum: str | None) -> str:
    if datum is not None or raw.stated_crs:
        return parse_datum(datum or raw.stated_crs)
    raise IntakeError(
        "intake.datum_needed",
        f"{raw.name}: which coordinate system? The file does not say, and outlines cannot prove "
        "it. Choose wgs84, gcj02, bd09, cgcs2000 or an EPSG code.",
        file=raw.name,
        verdict="cannot tell",
        datum="—",
        reason="",
    )


def _ids(raw: RawTable, mapping: Mapping, units: gpd.GeoDataFrame, remarks: Remarks) -> pd.Series:
    """Return each row's code; without one, the code of the unit that its name says for certain."""
    header, named = mapping.columns.get("unit_id"), mapping.columns.get("name")
    ids = pd.Series(None, index=raw.frame.index, dtype=object)
    if header is not None:
        ids = cleaned(raw.frame[header]).map(_short_code, na_action="ignore").astype(object)
    if named is not None and ids.isna().any() and len(units):
        texts = cleaned(raw.frame[named]).where(ids.isna(), None)
        answer = find_units(texts, index=NameIndex(units))
        sure = answer["unit_id"].notna() & ~answer["how"].isin(DOUBTFUL)
        ids = ids.where(~sure, answer["unit_id"])
    remarks.add(ids.isna(), "cell_empty", column=header or "unit_id")
    twice = ids.notna() & ids.duplicated(keep=False)
    remarks.add(twice, "id_twice", column=header or "unit_id", values=ids)
    return ids


def _short_code(code: str) -> str:
    """Return a code without the zeros that fill it up, and without the 156 of China in front."""
    if len(code) == 9 and code.startswith("156"):
        code = code[3:]
    for length in (6, 9):
        if len(code) in (9, 12) and len(code) > length and not code[length:].strip("0"):
            return code[:length]
    return code


def _levels(ids: pd.Series, typed: pd.DataFrame, units: gpd.GeoDataFrame) -> pd.Series:
    """Return the stated level, else the study's for this unit, else what the code's length says."""

    def level(code: object) -> str | None:
        text = str(code)
        if not text.isdecimal():
            return None
        if len(text) == 4 or (len(text) == 6 and text.endswith("00")):
            return "city"
        return _LEVEL_OF_LENGTH.get(len(text))

    by_code = ids.map(level, na_action="ignore").astype(object)
    stated = typed.get("level", pd.Series(None, index=ids.index, dtype=object))
    known = ids.map(units["level"]).astype(object)
    both = stated.where(stated.notna(), known.where(known.notna(), by_code))
    return both.astype(object).where(both.notna(), None)


def _parents(
    raw: RawTable,
    ids: pd.Series,
    level: pd.Series,
    mapping: Mapping,
    units: gpd.GeoDataFrame,
    remarks: Remarks,
) -> pd.Series:
    """Return the stated parent, else the known unit whose code begins the unit's own."""
    known = set(ids.dropna()) | set(units.index)
    header = mapping.columns.get("parent_id")
    stated = pd.Series(None, index=ids.index, dtype=object)
    if header is not None:
        stated = cleaned(raw.frame[header]).map(_short_code, na_action="ignore").astype(object)
        bad = stated.notna() & ~stated.isin(known) & (level != "city")
        remarks.add(bad, "unit_unknown", column=header, values=stated)

    def by_code(code: object, own_level: object) -> str | None:
        length = _PARENT_LENGTH.get(str(own_level))
        if length is None or pd.isna(code):  # type: ignore[call-overload]
            return None
        for candidate in (str(code)[:length], str(code)[:length] + "00"):
            if candidate in known and candidate != code:
                return candidate
        return None

    made = [by_code(code, own) for code, own in zip(ids, level, strict=True)]
    derived = pd.Series(made, index=ids.index, dtype=object)
    parent = stated.where(stated.isin(known), derived)
    return parent.where((level != "city") & parent.notna(), None)


def _outlines(raw: RawTable, datum: str, remarks: Remarks) -> gpd.GeoSeries:
    index = raw.frame.index
    shapes = gpd.GeoSeries(raw.shapes, index=index)
    broken = pd.Series(index.isin(raw.broken_rows), index=index)
    remarks.add(broken, "shape_broken", column="geometry")
    missing = (shapes.isna() | shapes.is_empty) & ~broken
    remarks.add(missing, "shape_missing", column="geometry")
    kind = shapes.geom_type
    wrong = kind.notna() & ~kind.isin(_AREAS) & ~missing
    remarks.add(wrong, "shape_kind", column="geometry", detail=kind.fillna(""))
    good = ~(broken | missing | wrong)
    finite = shapes.map(_is_finite, na_action="ignore").fillna(False).astype(bool)
    remarks.add(good & ~finite, "coordinate", column="geometry")
    good &= finite
    crossed = good & ~shapes.is_valid
    reason = shapes[crossed].map(shapely.is_valid_reason)
    remarks.add(crossed, "outline_crosses", column="geometry", detail=reason.reindex(index))
    good &= ~crossed
    moved = [_moved(s, datum) if ok else None for s, ok in zip(shapes, good, strict=True)]
    lost = good & pd.Series([s is None for s in moved], index=index)
    remarks.add(lost, "coordinate", column="geometry")
    return gpd.GeoSeries(moved, index=index, crs="EPSG:4326")


def _is_finite(shape: object) -> bool:
    return bool(np.isfinite(shapely.get_coordinates(shape)).all())


def _moved(shape: object, datum: str) -> object:
    """Return an outline in WGS-84, or None where it cannot be in this datum."""

    def move(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(to_wgs84(xy[:, 0], xy[:, 1], datum=datum))

    transform: Callable[..., object] = shapely.transform
    try:
        return transform(shape, move)
    except IntakeError:
        return None
