"""A raw table and a mapping to rows of the study, with a remark on every cell that needs one."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.errors import IntakeError, StudyFaults
from geo.intake import points as coordinates
from geo.intake.boundaries import boundary_rows
from geo.intake.columns import fill_defaults, refuse_rows, require_cells, row_ids, typed_columns
from geo.intake.mapping import Mapping, check_mapping
from geo.intake.place import POINT_BASIS, Places, named_units, places_of
from geo.intake.raw import RawTable
from geo.intake.report import Intake, Remarks, held_back_rows
from geo.intake.rooms import fill_room_kind, known_points, rooms_named, served_units
from geo.intake.synonyms import IMPORTS, PLACE_COLUMNS
from geo.intake.values import cleaned
from geo.names import DOUBTFUL, find_units
from geo.schema import TABLES, Table, table_faults

_UNIT_COLUMN = {"rooms": "located_unit_id", "population": "unit_id"}


def apply(
    raw: RawTable,
    mapping: Mapping,
    *,
    units: gpd.GeoDataFrame,
    table: str | None = None,
    datum: str | None = None,
    rooms: gpd.GeoDataFrame | None = None,
    fix_swapped: bool = False,
) -> Intake:
    """Turn a raw table into rows of the study: each accepted, warned about or held back.

    Parameters
    ----------
    raw : RawTable
    mapping : Mapping
    units : GeoDataFrame
        The study's units.
    table : str, optional
        Must be the mapping's table where given.
    datum : str, optional
        The coordinate system; where left out it must be stated by the file or proved by its rows.
    rooms : GeoDataFrame, optional
        The register as it is: cases and activities name rooms of it, and rooms whose point is
        reported help to tell the datum.
    fix_swapped : bool
        Swap longitude and latitude back instead of holding such rows back.

    Returns
    -------
    Intake

    Raises
    ------
    IntakeError
        What :func:`geo.intake.mapping.check_mapping` and :func:`geo.intake.points.choose_datum`
        raise; ``intake.table`` when ``table`` is not the mapping's.

    Notes
    -----
    Pure: nothing is saved. Ids that the file does not give are made from the row's own words
    (name and unit), so that the same list sent twice gives the same ids. Cost O(cells) plus one
    name look-up for each distinct place name.
    """
    check_mapping(raw, mapping)
    if table not in (None, mapping.table):
        raise IntakeError(
            "intake.table",
            f"The mapping is for {mapping.table!r}, not for {table!r}; map the columns again.",
            value=str(table),
            choices=mapping.table,
        )
    raw = _without_blank_rows(raw, mapping)
    spec, remarks = IMPORTS[mapping.table], Remarks(raw.frame.index)
    refuse_rows(raw.frame, mapping, spec, remarks)
    typed = typed_columns(raw.frame, mapping, spec, remarks)
    notes = _notes(raw) | {
        f"default {column}": word
        for column, word in fill_defaults(typed, mapping, spec, remarks).items()
    }
    places = places_of(units)
    used = ""
    if mapping.table == "boundaries":
        ids, used = boundary_rows(raw, typed, mapping, units, datum=datum, remarks=remarks)
    else:
        stated = stated_units(raw.frame, mapping, places, remarks)
        if spec.geometry != "none":
            used = _place_rows(
                raw,
                typed,
                mapping,
                places,
                stated,
                datum=datum,
                rooms=rooms,
                fix_swapped=fix_swapped,
                remarks=remarks,
            )
        else:
            typed["__unit"] = stated
        ids = _finish_units(raw.frame, typed, mapping, places, rooms, remarks)
    require_cells(typed, mapping, spec, remarks)
    return _intake(raw, typed, ids, mapping, spec, used, notes, remarks, units)


def _without_blank_rows(raw: RawTable, mapping: Mapping) -> RawTable:
    """Drop rows in which nothing that is mapped is filled."""
    filled = np.zeros(len(raw.frame), dtype=bool)
    if raw.shapes is not None:
        filled |= np.array([shape is not None for shape in raw.shapes], dtype=bool)
        filled |= raw.frame.index.isin(raw.broken_rows)
    for column in mapping.columns.values():
        filled |= (raw.frame[column].fillna("").str.strip() != "").to_numpy(dtype=bool)
    if not filled.any():
        raise IntakeError(
            "intake.nothing_mapped",
            f"{raw.name}: no row has a value in the mapped columns; map at least one column.",
            file=raw.name,
        )
    shapes = None if raw.shapes is None else raw.shapes[filled]
    return replace(raw, frame=raw.frame[filled], shapes=shapes)


def _notes(raw: RawTable) -> dict[str, str]:
    notes = {"refused": ", ".join(raw.refused), "encoding": raw.encoding, "layer": raw.layer}
    return {key: word for key, word in notes.items() if word}


def stated_units(
    frame: pd.DataFrame, mapping: Mapping, places: Places, remarks: Remarks
) -> pd.Series:
    """Return the unit each row names in its place columns, or else in its own name.

    Parameters
    ----------
    frame : DataFrame of str
    mapping : Mapping
    places : Places
    remarks : Remarks

    Returns
    -------
    Series of str or None
    """
    read = [t for t in PLACE_COLUMNS if t != "serves"]
    fixed = {t: mapping.constants[t] for t in read if t in mapping.constants}
    fixed = {t: word for t, word in fixed.items() if t not in mapping.columns}
    frame = frame.assign(**fixed)
    code = _UNIT_COLUMN.get(mapping.table, "unit_id")
    columns = {t: mapping.columns.get(t, t) for t in read if t in {*mapping.columns, *fixed}}
    if code in mapping.columns:
        columns["code"] = mapping.columns[code]
    stated = named_units(frame, columns, places, remarks)
    silent = stated.isna() & ~remarks.held
    if "name" not in mapping.columns or not silent.any():
        return stated
    texts = cleaned(frame[mapping.columns["name"]]).where(silent, None)
    answer = find_units(texts, index=places.index)
    usable = answer["unit_id"].notna() & ~answer["how"].isin([h for h in DOUBTFUL if h != "inside"])
    header = mapping.columns["name"]
    names = places.names(answer["unit_id"])
    remarks.add(usable, "by_own_name", column=header, values=texts, detail=names)
    return answer["unit_id"].where(usable, stated)


def _place_rows(
    raw: RawTable,
    typed: pd.DataFrame,
    mapping: Mapping,
    places: Places,
    stated: pd.Series,
    *,
    datum: str | None,
    rooms: gpd.GeoDataFrame | None,
    fix_swapped: bool,
    remarks: Remarks,
) -> str:
    """Fill ``__unit``, ``location_basis`` and ``geometry``; return the datum read."""
    at = coordinates.read_coordinates(raw, mapping, remarks)
    used = ""
    lon = lat = pd.Series(np.nan, index=typed.index)
    if at.given.any():
        known = known_points(typed, rooms) if mapping.table == "rooms" else None
        used = coordinates.choose_datum(
            raw, at, datum=datum, places=places, stated=stated, known=known
        )
        lon, lat = coordinates.move_to_wgs84(
            at, datum=used, places=places, fix_swapped=fix_swapped, remarks=remarks
        )
        coordinates.compare_with_unit(
            lon, lat, stated, places=places, header=at.header, remarks=remarks
        )
    pointed = lon.notna()
    unit = stated.copy()
    silent = stated.isna() & pointed
    x, y = (np.asarray(axis[silent], dtype=np.float64) for axis in (lon, lat))
    unit.loc[silent] = places.at(x, y)
    typed["__unit"] = unit
    basis = typed.get("location_basis", pd.Series(None, index=typed.index, dtype=object))
    basis = basis.where(~pointed | basis.notna(), "register")
    by_name = ~pointed & ~at.given & unit.notna()
    typed["location_basis"], typed["geometry"] = _placed_by_name(
        lon, lat, unit, by_name, basis, places, remarks
    )
    return used


def _placed_by_name(
    lon: pd.Series,
    lat: pd.Series,
    unit: pd.Series,
    rows: pd.Series,
    basis: pd.Series,
    places: Places,
    remarks: Remarks,
) -> tuple[pd.Series, gpd.GeoSeries]:
    """Give rows without coordinates the point their village or township stands for."""
    unit_lon, unit_lat = places.points(unit)
    has = rows & np.isfinite(unit_lon)
    names = places.names(unit[rows])
    quiet = ~remarks.held
    remarks.add(has & quiet, "placed_by_name", column="geometry", detail=names)
    remarks.add(rows & ~has & quiet, "no_point", column="geometry", detail=names)
    level = unit[has].map(places.index.level).map(POINT_BASIS)
    basis = basis.where(~has, level.reindex(basis.index)).astype(object)
    basis = basis.where(has | lon.notna(), None)
    placed = coordinates.geometry_of(
        lon.where(~has, pd.Series(unit_lon, index=lon.index)),
        lat.where(~has, pd.Series(unit_lat, index=lat.index)),
    )
    return basis.where(basis.notna(), None), placed


def _finish_units(
    frame: pd.DataFrame,
    typed: pd.DataFrame,
    mapping: Mapping,
    places: Places,
    rooms: gpd.GeoDataFrame | None,
    remarks: Remarks,
) -> pd.Series:
    """Fill the table's own unit and room columns; return the ids."""
    spec, unit = IMPORTS[mapping.table], typed.pop("__unit")
    if mapping.table == "population":
        kinds = [typed[c].fillna("") for c in ("group", "setting") if c in typed]
        twice = pd.concat([unit, *kinds], axis=1).duplicated(keep=False)
        twice &= unit.notna() & ~remarks.held
        header = next(iter(mapping.columns.values()))
        remarks.add(twice, "id_twice", column=header, values=unit)
        missing = unit.isna() & ~remarks.held
        remarks.add(missing, "no_place", column=header)
        return unit
    if mapping.table == "rooms":
        typed["located_unit_id"] = unit
        fill_room_kind(typed, mapping, remarks)
        typed["serves_unit_id"] = served_units(frame, typed, mapping, places, remarks)
    if mapping.table in ("cases", "activities"):
        typed["room_id"] = rooms_named(frame, mapping, rooms, remarks)
    if mapping.table == "cases" and rooms is not None:
        unit = unit.where(unit.notna(), typed["room_id"].map(rooms["serves_unit_id"]))
    if "unit_id" in spec.columns:
        typed["unit_id"] = unit.astype(object).where(unit.notna(), None)
    return row_ids(frame, typed, mapping, spec, remarks)


def _intake(
    raw: RawTable,
    typed: pd.DataFrame,
    ids: pd.Series,
    mapping: Mapping,
    spec: Table,
    datum: str,
    notes: dict[str, str],
    remarks: Remarks,
    units: gpd.GeoDataFrame,
) -> Intake:
    """Assemble the accepted rows, check them against the contract, and put the rest aside."""
    rows = typed[~remarks.held].copy()
    rows.index = pd.Index(ids[~remarks.held].astype(object), name=spec.index)
    for column, about in spec.columns.items():
        if column not in rows and about.required:
            rows[column] = pd.Series(None, index=rows.index, dtype=object)
    order = [c for c in (*spec.columns, "geometry") if c in rows]
    rows = rows[order]
    for column, about in spec.columns.items():
        if about.kind == "bool" and column in rows and rows[column].notna().all():
            rows[column] = rows[column].astype(bool)
    if spec.geometry != "none":
        rows = gpd.GeoDataFrame(rows, geometry="geometry", crs="EPSG:4326")
    if mapping.table in TABLES and not rows.empty:
        faults = list(table_faults(mapping.table, rows, file=raw.name, unit_ids=units.index))
        if faults:
            raise StudyFaults(faults)
    told = remarks.frame()
    return Intake(
        table=mapping.table,
        rows=rows,
        held_back=held_back_rows(raw.frame, told, remarks.held),
        remarks=told,
        status=remarks.status(),
        datum=datum,
        notes=notes,
    )
