"""A study's folder to its tables: the only place that opens a study's own files.

GeoJSON is read by :mod:`json` and shapely, never by a driver that could follow a link out of the
file; files from outside go through :mod:`geo.intake` first.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from geo.errors import MissingFileError, RoomplanError, StudyError, StudyFaults
from geo.outlines import SETTING as OUTLINES
from geo.outlines import read_outlines, with_outlines
from geo.population_held import SETTING, read_population, with_figures
from geo.register_home import is_there, read_held, register_target
from geo.roads_kept import KeptRoads, find_roads
from geo.schema import TABLES, WGS84, Table, check, column_missing
from geo.write import unguard

TRUE = {"true", "1", "yes", "是"}
FALSE = {"false", "0", "no", "否"}


@dataclass(frozen=True)
class Tables:
    """A study as read and checked: its settings, its tables and what they were read from.

    Parameters
    ----------
    settings : mapping
        The content of ``study.toml``; where an imported population is in force, what it is stands
        under :data:`geo.population_held.SETTING`.
    frames : mapping of str to DataFrame
        One table for each key of :data:`geo.schema.TABLES`.
    fingerprint : str
        SHA-256 over the bytes of every file, the register's last change and the roads, so equal
        fingerprints mean equal tables.
    register : str
        Where the edits are kept; empty while the tables come from the study's files alone.
    change : int
        The register's last change; 0 without one.
    roads : KeptRoads or None
        The study's roads, where it was given some.
    """

    settings: Mapping[str, Any]
    frames: Mapping[str, pd.DataFrame]
    fingerprint: str
    register: str = ""
    change: int = 0
    roads: KeptRoads | None = None


def read_study(folder: str | Path, *, own_population: bool = False) -> Tables:
    """Read and check the study in a folder.

    Parameters
    ----------
    folder : path
        Holds ``study.toml``, whose ``[files]`` names the files of each table. Where the study has
        a register (:mod:`geo.register_home`), rooms, cases, activities and sites come from it;
        where a population was imported (:mod:`geo.population_held`), the demand does, and where
        outlines were (:mod:`geo.outlines`), the units have them.
    own_population : bool
        Leave an imported population aside, to import another or to compare.

    Returns
    -------
    Tables

    Raises
    ------
    MissingFileError
        When the folder, ``study.toml`` or a named file is not there.
    StudyError
        When a file cannot be parsed or names a file outside the folder.
    RegisterError
        When the register cannot be read.
    StudyFaults
        When the tables break the data contract; all faults at once.
    """
    root = Path(folder)
    settings, digest = _read_settings(root / "study.toml")
    target = register_target(root, settings)
    held = read_held(target) if is_there(target) else None
    frames: dict[str, pd.DataFrame] = {} if held is None else dict(held.frames)
    files: dict[str, str] = dict.fromkeys(frames, target.rpartition("@")[2])
    people = None if own_population else read_population(root, settings)
    if people is not None:
        frames["demand"], files["demand"] = people.demand, str(people.about["demand"])
        settings = {**settings, SETTING: people.about}
        digest.update(people.stamp)
    _read_files(root, settings["files"], frames, files, digest)
    if held is not None:
        digest.update(held.stamp.encode())
    units = frames.get("units")
    if people is not None and isinstance(units, gpd.GeoDataFrame) and "population" in units:
        frames["units"] = with_figures(units, people.units)
    settings = _with_outlines(root, settings, frames, digest)
    roads = find_roads(root, settings)
    if roads is not None:
        digest.update(roads.fingerprint.encode())
    check(frames, files=files, may_be_empty=() if held is None else tuple(held.frames))
    return Tables(
        settings=settings,
        frames=frames,
        fingerprint=digest.hexdigest(),
        register="" if held is None else target,
        change=0 if held is None else held.change,
        roads=roads,
    )


def _read_files(
    root: Path,
    named_files: Mapping[str, Any],
    frames: dict[str, pd.DataFrame],
    files: dict[str, str],
    digest: Any,
) -> None:
    """Read every table that is not there yet from the study's own files."""
    faults: list[RoomplanError] = []
    for name, table in TABLES.items():
        if name in frames:
            continue
        named = named_files.get(name, [])
        paths = [named] if isinstance(named, str) else list(named)
        files[name] = ", ".join(paths) or name
        parts = []
        for path in paths:
            try:
                content = _bytes_inside(root, path)
                digest.update(content)
                parts.append(parse_table(content, path, table))
            except RoomplanError as fault:
                faults.extend(fault.parts())
        if parts:
            frames[name] = _joined(parts, table)
        elif not table.rows_required:
            frames[name] = _empty(table)
    if faults:
        raise faults[0] if len(faults) == 1 else StudyFaults(faults)


def _with_outlines(
    root: Path, settings: dict[str, Any], frames: dict[str, pd.DataFrame], digest: Any
) -> dict[str, Any]:
    """Put imported outlines in place of the study's own; return the settings that say so."""
    held = read_outlines(root, settings)
    units = frames.get("units")
    if held is None or not isinstance(units, gpd.GeoDataFrame):
        return settings
    frames["units"] = with_outlines(units, held.outlines)
    digest.update(held.content)
    # Whoever may read the study's own outlines, those of a user are for signed-in readers alone;
    # and the approval number was given to a map of other outlines.
    return {**settings, OUTLINES: held.about, "public_boundaries": False, "map_approval": ""}


def read_settings(folder: str | Path) -> dict[str, Any]:
    """Return the content of a study's ``study.toml``; fails as :func:`read_study` does."""
    return _read_settings(Path(folder) / "study.toml")[0]


def parse_toml(content: bytes, file: str) -> dict[str, Any]:
    """Return the content of a settings file.

    Raises
    ------
    StudyError
        ``study.toml``: it is not valid TOML.
    """
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise StudyError(
            "study.toml", f"{file}: not valid TOML: {problem}.", file=file, detail=problem
        ) from problem


def parse_table(content: bytes, file: str, table: Table) -> pd.DataFrame:
    """Parse one CSV or GeoJSON file into a frame with typed columns and the id as index.

    Parameters
    ----------
    content : bytes
        The file's bytes: UTF-8, with or without BOM.
    file : str
        Its name, whose ending tells the format.
    table : Table
        What its columns are.

    Returns
    -------
    DataFrame
        A GeoDataFrame in EPSG:4326 unless the table has no geometry.

    Raises
    ------
    StudyError
        When the content is not that format or the id column is missing.
    """
    text = _text(content, file)
    if Path(file).suffix.lower() in {".geojson", ".json"}:
        frame = _parse_geojson(text, file)
    else:
        frame = _parse_csv(text, file, table)
    if table.index not in frame:
        raise column_missing(frame.set_axis(range(1, len(frame) + 1)), table.index, file)
    return _typed(frame.set_index(table.index), table)


def _read_settings(path: Path) -> tuple[dict[str, Any], Any]:
    try:
        content = path.read_bytes()
        settings = parse_toml(content, path.name)
    except OSError as problem:
        raise MissingFileError(
            "study.missing",
            f"{path}: there is no study here ({problem.strerror}); name a folder with study.toml.",
            file=str(path),
        ) from problem
    if not isinstance(settings.get("files"), dict):
        raise StudyError(
            "study.files", f"{path.name}: the section [files] is missing.", file=path.name
        )
    return settings, hashlib.sha256(content)


def _bytes_inside(root: Path, named: str) -> bytes:
    path = (root / named).resolve()
    if not path.is_relative_to(root.resolve()):
        raise StudyError(
            "study.outside", f"study.toml names {named!r}, outside the study's folder.", file=named
        )
    try:
        return path.read_bytes()
    except OSError as problem:
        raise MissingFileError(
            "study.file_missing",
            f"{named}: cannot be read ({problem.strerror}); study.toml names it.",
            file=named,
        ) from problem


def _text(content: bytes, file: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise StudyError(
            "study.encoding",
            f"{file}: not UTF-8 at byte {problem.start}; import it instead, or save it as UTF-8.",
            file=file,
            byte=problem.start,
        ) from problem


def _parse_csv(text: str, file: str, table: Table) -> pd.DataFrame:
    import io

    try:
        frame = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as problem:
        raise StudyError(
            "study.csv", f"{file}: not a readable CSV: {problem}.", file=file, detail=problem
        ) from problem
    if "'" in text:
        # A table that was exported comes back as it was, without the guards before formulas.
        frame = frame.map(unguard).rename(columns=unguard)
    frame = frame.replace("", pd.NA)
    if table.geometry == "none":
        return frame
    if not {"lon", "lat"} <= set(frame.columns):
        if table.geometry == "polygon":
            return gpd.GeoDataFrame(frame, geometry=[None] * len(frame), crs=WGS84)
        return frame
    lon, lat = (_numbers(frame[c], c, file, frame.get(table.index)) for c in ("lon", "lat"))
    if table.geometry == "polygon":
        shapes = [None] * len(frame)
        return gpd.GeoDataFrame(frame.assign(lon=lon, lat=lat), geometry=shapes, crs=WGS84)
    points = shapely.points(lon, lat)
    points[(lon.isna() | lat.isna()).to_numpy()] = None
    return gpd.GeoDataFrame(frame.drop(columns=["lon", "lat"]), geometry=points, crs=WGS84)


def _numbers(values: pd.Series, column: str, file: str, ids: pd.Series | None) -> pd.Series:
    numbers = pd.to_numeric(values, errors="coerce")
    bad = values.notna() & numbers.isna()
    if bad.any():
        named = values.index[bad] + 1 if ids is None else ids[bad]
        shown = ", ".join(map(str, named[:5]))
        raise StudyError(
            "schema.number",
            f"{file}: column {column!r}, {int(bad.sum())} row(s) ({shown}): not a number.",
            file=file,
            column=column,
            count=int(bad.sum()),
            ids=shown,
            detail="not a number",
        )
    return numbers.astype(float)


def _parse_geojson(text: str, file: str) -> gpd.GeoDataFrame:
    try:
        features = json.loads(text)["features"]
        rows = [feature["properties"] or {} for feature in features]
        shapes = [
            None if feature["geometry"] is None else shapely.from_geojson(json.dumps(geometry))
            for feature in features
            for geometry in [feature["geometry"]]
        ]
    except (ValueError, KeyError, TypeError, shapely.errors.GEOSException) as problem:
        raise StudyError(
            "study.geojson",
            f"{file}: not a GeoJSON FeatureCollection: {problem}.",
            file=file,
            detail=problem,
        ) from problem
    return gpd.GeoDataFrame(pd.DataFrame(rows), geometry=shapes, crs=WGS84)


def _typed(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Give each column its type; what cannot be converted stays as it is, for the check to name."""
    frame.index = frame.index.astype(str)
    for column, spec in table.columns.items():
        if column not in frame:
            continue
        values = frame[column]
        if spec.kind == "number":
            numbers = pd.to_numeric(values, errors="coerce")
            if not (numbers.isna() & values.notna()).any():
                frame[column] = numbers.astype(float)
        elif spec.kind == "date":
            dates = pd.to_datetime(values, errors="coerce", format="ISO8601")
            if not (dates.isna() & values.notna()).any():
                frame[column] = dates
        elif spec.kind == "bool":
            lowered = values.astype(str).str.strip().str.lower()
            flags = lowered.map({**dict.fromkeys(TRUE, True), **dict.fromkeys(FALSE, False)})
            if not (flags.isna() & values.notna()).any():
                frame[column] = flags.fillna(False).astype(bool)
        else:
            frame[column] = values.astype(object).where(values.notna(), None)
    return frame


def _joined(parts: list[pd.DataFrame], table: Table) -> pd.DataFrame:
    if len(parts) == 1:
        return parts[0]
    if table.geometry == "none":
        return pd.concat(parts)
    frame = pd.concat([part.drop(columns="geometry") for part in parts])
    shapes = [shape for part in parts for shape in part.geometry]
    return gpd.GeoDataFrame(_typed(frame, table), geometry=shapes, crs=WGS84)


def _empty(table: Table) -> pd.DataFrame:
    columns = {name: pd.Series(dtype=object) for name in table.columns}
    frame = pd.DataFrame(columns, index=pd.Index([], name=table.index, dtype=str))
    if table.geometry == "none":
        return frame
    return gpd.GeoDataFrame(frame, geometry=[], crs=WGS84)
