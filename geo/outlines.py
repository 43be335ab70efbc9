"""A planner's own outlines in place of the study's, kept beside the register.

One GeoJSON holds the outlines, whose they are and when they came; it is written in one step, and
deleting it brings the study's own outlines back. Names, levels, people and rooms stay as they are.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import metric_crs
from geo.errors import StudyError, first_ids
from geo.name_forms import clean
from geo.names import DOUBTFUL, NameIndex, find_units
from geo.register_home import remove_side_file, side_file, side_stamp, write_side_file
from geo.schema import WGS84
from geo.units import ancestors

FILE_NAME = "outlines.geojson"
SETTING = "outlines"
"""The key of ``Tables.settings`` under which it is told whose outlines are in force."""


@dataclass(frozen=True)
class OutlinePlan:
    """What taking outlines over would do; nothing is saved.

    Parameters
    ----------
    outlines : GeoDataFrame
        Index unit_id of the study; ``boundary_basis`` and the new outline.
    by_unit : DataFrame
        On the same index: ``name``, ``level``, ``before_km2`` and ``after_km2`` (NaN without an
        outline), ``shared``: area of both over the area of either, 0–1.
    unknown : tuple of str
        Rows of the file that are no unit of the study, by code and name; they are left out.
    kept : tuple of str
        Units of the same levels that the file does not hold; their outlines stay.
    outside : dict of str to int
        Rows of rooms, sites and demand with a point that lay in the outline of their unit, or of
        one it is part of, before and does not after.
    """

    outlines: gpd.GeoDataFrame
    by_unit: pd.DataFrame
    unknown: tuple[str, ...]
    kept: tuple[str, ...]
    outside: dict[str, int]


@dataclass(frozen=True)
class HeldOutlines:
    """Outlines in force in place of the study's own.

    Parameters
    ----------
    about : mapping
        ``file``, ``who``, ``made`` and ``count``.
    outlines : GeoDataFrame
        As in :class:`OutlinePlan`.
    content : bytes
        Of the file they were read from.
    """

    about: Mapping[str, Any]
    outlines: gpd.GeoDataFrame
    content: bytes


def plan_outlines(rows: gpd.GeoDataFrame, tables: Mapping[str, pd.DataFrame]) -> OutlinePlan:
    """Return what taking a layer's outlines over would change.

    Parameters
    ----------
    rows : GeoDataFrame
        An import as ``boundaries``: index the file's code, ``name``, ``boundary_basis``, outline.
    tables : mapping of str to DataFrame
        The study's tables.

    Raises
    ------
    StudyError
        ``outlines.none`` when no row is a unit of the study, ``outlines.twice`` when two rows are
        the same unit.

    Notes
    -----
    A row is the unit that has its code, as the civil-affairs or the statistics office writes it,
    and its name; where these do not agree, the unit that its name alone says for certain.
    Cost O(rows + points).
    """
    units = gpd.GeoDataFrame(tables["units"])
    found = _matched(rows, units)
    told = [f"{code} {name}" for code, name in zip(rows.index, rows["name"], strict=True)]
    unknown = tuple(np.array(told, dtype=object)[found.isna().to_numpy()])
    known = rows[found.notna().to_numpy()]
    ids = pd.Index(found.dropna(), name="unit_id")
    if ids.empty:
        raise StudyError(
            "outlines.none",
            f"None of the {len(rows)} outline(s) is a unit of this study ({first_ids(unknown)}); "
            "check codes and names.",
            count=len(rows),
            ids=first_ids(unknown),
        )
    twice = ids[ids.duplicated()].unique()
    if len(twice):
        raise StudyError(
            "outlines.twice",
            f"{len(twice)} unit(s) have more than one outline ({first_ids(twice)}); merge them.",
            count=len(twice),
            ids=first_ids(twice),
        )
    outlines = gpd.GeoDataFrame(
        {"boundary_basis": known["boundary_basis"].to_numpy()},
        index=ids,
        geometry=known.geometry.to_numpy(),
        crs=WGS84,
    )
    levels = units.loc[ids, "level"].unique()
    same = units.index[units["level"].isin(levels) & units.geometry.notna()]
    return OutlinePlan(
        outlines,
        _compared(units, outlines),
        unknown,
        tuple(same.difference(ids, sort=False)),
        _left_outside(units, outlines, tables),
    )


def _matched(rows: gpd.GeoDataFrame, units: gpd.GeoDataFrame) -> pd.Series:
    by_code = [dict(zip(units.index, units.index, strict=True))]
    if "code_nbs" in units:
        nbs = units["code_nbs"].dropna().astype(str)
        by_code.append(dict(zip(nbs, nbs.index, strict=True)))
    own = units["name"].map(clean)
    names = pd.Series(rows["name"].to_numpy(dtype=object), index=range(len(rows)))
    answer = find_units(names, index=NameIndex(units))
    sure = answer["unit_id"].where(~answer["how"].isin(DOUBTFUL), None)
    found: list[str | None] = []
    for code, name, unit in zip(rows.index, names, sure, strict=True):
        coded = [codes.get(str(code)) for codes in by_code]
        plain = clean(name)
        agree = [c for c in coded if c is not None and plain.endswith(own[c])]
        found.append(agree[0] if agree else None if pd.isna(unit) else unit)
    return pd.Series(found, dtype=object)


def _compared(units: gpd.GeoDataFrame, outlines: gpd.GeoDataFrame) -> pd.DataFrame:
    plane = metric_crs(units)
    before = units.geometry.loc[outlines.index].to_crs(plane).to_numpy()
    after = outlines.geometry.to_crs(plane).to_numpy()
    both = shapely.area(shapely.intersection(before, after))
    either = shapely.area(shapely.union(before, after))
    facts = pd.DataFrame(units.loc[outlines.index, ["name", "level"]])
    return facts.assign(
        before_km2=np.where(shapely.is_missing(before), np.nan, shapely.area(before) / 1e6),
        after_km2=shapely.area(after) / 1e6,
        shared=both / either,
    )


def _left_outside(
    units: gpd.GeoDataFrame, outlines: gpd.GeoDataFrame, tables: Mapping[str, pd.DataFrame]
) -> dict[str, int]:
    # A village's points stand in its township as well, and in its county.
    levels = units.loc[outlines.index, "level"].unique()
    above = [ancestors(units, level) for level in levels]
    count = {}
    for table, column in (
        ("rooms", "located_unit_id"),
        ("sites", "unit_id"),
        ("demand", "unit_id"),
    ):
        frame = gpd.GeoDataFrame(tables[table])
        left: set[object] = set()
        for unit_of in above:
            ids = frame[column].map(unit_of)
            rows = frame[ids.isin(outlines.index) & frame.geometry.notna()]
            points, own = rows.geometry.to_numpy(), ids[rows.index].to_numpy()
            was = shapely.intersects(units.geometry.loc[own].to_numpy(), points)
            is_now = shapely.intersects(outlines.geometry.loc[own].to_numpy(), points)
            left.update(rows.index[was & ~is_now])
        count[table] = len(left)
    return count


def outlines_file(folder: str | Path, settings: Mapping[str, Any]) -> Path:
    """Return where outlines in place of a study's own are kept, whether or not there are any."""
    return side_file(folder, settings, FILE_NAME)


def outlines_stamp(folder: str | Path, settings: Mapping[str, Any]) -> str:
    """Return what changes whenever other outlines come into force; empty for the study's own."""
    return side_stamp(folder, settings, FILE_NAME)


def hold_outlines(
    folder: str | Path, settings: Mapping[str, Any], plan: OutlinePlan, *, file: str, who: str
) -> None:
    """Put outlines in force; those of an earlier import that the plan does not hold stay.

    Parameters
    ----------
    folder : path
        The study's; it is not changed unless its register lies inside it.
    settings : mapping
    plan : OutlinePlan
    file, who : str
        What is told about them.

    Raises
    ------
    RoomplanError
        When the file cannot be written; then the earlier outlines stay in force.
    """
    earlier = read_outlines(folder, settings)
    rows = pd.DataFrame(plan.outlines)
    if earlier is not None:
        rest = earlier.outlines.index.difference(plan.outlines.index, sort=False)
        rows = pd.concat([pd.DataFrame(earlier.outlines.loc[rest]), rows])
    made = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    features = [
        {
            "type": "Feature",
            "properties": {"unit_id": unit_id, "boundary_basis": basis},
            "geometry": shapely.geometry.mapping(shape),
        }
        for unit_id, basis, shape in rows[["boundary_basis", "geometry"]].itertuples(name=None)
    ]
    about = {"file": file, "who": who, "made": made, "count": len(features)}
    whole = {"type": "FeatureCollection", "about": about, "features": features}
    content = json.dumps(whole, ensure_ascii=False).encode()
    write_side_file(folder, settings, FILE_NAME, content)


def read_outlines(folder: str | Path, settings: Mapping[str, Any]) -> HeldOutlines | None:
    """Read the outlines in force in place of the study's own, ``None`` where there are none.

    Raises
    ------
    StudyError
        ``outlines.damaged`` when the file is not what was written.
    """
    path = outlines_file(folder, settings)
    if not path.is_file():
        return None
    content = path.read_bytes()
    try:
        whole = json.loads(content)
        rows = [feature["properties"] for feature in whole["features"]]
        shapes = [shapely.geometry.shape(feature["geometry"]) for feature in whole["features"]]
        frame = gpd.GeoDataFrame(pd.DataFrame(rows), geometry=shapes, crs=WGS84)
        if set(frame.columns) != {"unit_id", "boundary_basis", "geometry"}:
            raise ValueError("a column is missing")
        return HeldOutlines(dict(whole["about"]), frame.set_index("unit_id"), content)
    except (ValueError, KeyError, TypeError, shapely.errors.GEOSException) as problem:
        raise StudyError(
            "outlines.damaged",
            f"{path}: the imported outlines cannot be read ({problem}); return to the study's own "
            "(roomplan register outlines --remove), then import them again.",
            file=str(path),
            detail=str(problem),
        ) from problem


def remove_outlines(folder: str | Path, settings: Mapping[str, Any]) -> bool:
    """Return to the study's own outlines; tell whether others were in force."""
    return remove_side_file(folder, settings, FILE_NAME)


def with_outlines(units: gpd.GeoDataFrame, outlines: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the units with the outlines in force."""
    both = outlines.index.intersection(units.index)
    shapes = units.geometry.to_numpy().copy()
    shapes[units.index.get_indexer(both)] = outlines.geometry.loc[both].to_numpy()
    basis = units["boundary_basis"].astype(object)
    basis.loc[both] = outlines.loc[both, "boundary_basis"].to_numpy()
    plain = pd.DataFrame(units).assign(boundary_basis=basis.where(basis.notna(), None))
    return gpd.GeoDataFrame(plain.drop(columns="geometry"), geometry=shapes, crs=units.crs)
