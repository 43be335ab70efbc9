"""A study's population in force: the user's own beside the register, or else the study's files.

``population.toml`` tells what it is and names two files, the demand points and the figures of
units, by their content. They are written first and the TOML last, in one step, so that a reader
meets the old population or the new one and never half of either.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from geo.errors import StudyError
from geo.register_home import remove_side_file, side_file, side_stamp, write_side_file
from geo.schema import WGS84
from geo.write import write_bytes

FILE_NAME = "population.toml"
SETTING = "population"
"""The key of ``Tables.settings`` under which screens find what population is in force."""

COLUMNS = ["unit_id", "people", "people_basis", "group", "setting", "location_basis", "geometry"]
"""Of a demand table that replaces the study's own."""

_DIGEST = 16
_FIGURES = ["population", "population_basis"]


@dataclass(frozen=True)
class HeldPopulation:
    """A population that replaces the study's own.

    Parameters
    ----------
    about : mapping
        ``kind`` (grid or table), ``source``, ``file``, ``date`` (of the figures, as the user says
        it), ``made``, ``who``, ``rescaled``, ``people``, ``points``, and what else was noted.
    demand : GeoDataFrame
        The demand table.
    units : DataFrame
        Index unit_id; ``population`` and ``population_basis`` of units whose figure changes.
    stamp : bytes
        Changes with the content.
    """

    about: Mapping[str, Any]
    demand: gpd.GeoDataFrame
    units: pd.DataFrame
    stamp: bytes


def population_file(folder: str | Path, settings: Mapping[str, Any]) -> Path:
    """Return where a study's own population is told, whether or not there is one."""
    return side_file(folder, settings, FILE_NAME)


def population_stamp(folder: str | Path, settings: Mapping[str, Any]) -> str:
    """Return what changes whenever another population comes into force; empty for the study's."""
    return side_stamp(folder, settings, FILE_NAME)


def read_population(folder: str | Path, settings: Mapping[str, Any]) -> HeldPopulation | None:
    """Read the population that replaces the study's own, ``None`` where there is none.

    Parameters
    ----------
    folder : path
        The study's.
    settings : mapping
        The content of its ``study.toml``.

    Raises
    ------
    StudyError
        ``population.damaged`` when a file is missing or not what was written.
    """
    path = population_file(folder, settings)
    if not path.is_file():
        return None
    content = path.read_bytes()
    try:
        about = tomllib.loads(content.decode("utf-8"))
        demand = _demand(_named(path, about["demand"]))
        figures = _named(path, about["units"])
        units = pd.read_csv(io.BytesIO(figures), dtype={"unit_id": str}).set_index("unit_id")
    except (OSError, ValueError, KeyError) as problem:
        if path.is_file() and path.read_bytes() != content:
            return read_population(folder, settings)  # replaced while it was being read
        raise StudyError(
            "population.damaged",
            f"{path}: the imported population cannot be read ({problem}); return to the study's "
            "own (roomplan register population --remove), then import it again.",
            file=str(path),
            detail=str(problem),
        ) from problem
    return HeldPopulation(about, demand, units, content)


def hold_population(
    folder: str | Path,
    settings: Mapping[str, Any],
    *,
    demand: gpd.GeoDataFrame,
    units: pd.DataFrame,
    about: Mapping[str, Any],
    who: str,
) -> None:
    """Put a population in force, in place of the study's own or of an earlier one.

    Parameters
    ----------
    folder : path
        The study's; it is not changed unless its register lies inside it.
    settings : mapping
    demand : GeoDataFrame
        A whole demand table.
    units : DataFrame
        Index unit_id; ``population`` and ``population_basis``.
    about : mapping of str to str, bool, int or float
    who : str
        For the record.

    Raises
    ------
    RoomplanError
        When the files cannot be written; then the earlier population stays in force.
    """
    path = population_file(folder, settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    former = _named_files(path)
    plain = pd.DataFrame(demand[COLUMNS[:-1]]).assign(lon=demand.geometry.x, lat=demand.geometry.y)
    names = {
        "demand": _put(path, "demand", plain.rename_axis("demand_id")),
        "units": _put(path, "units", units[_FIGURES].rename_axis("unit_id")),
    }
    made = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    facts = {"points": len(demand), "people": float(demand["people"].sum())}
    content = _toml({**about, **facts, "made": made, "who": who, **names}).encode()
    write_side_file(folder, settings, FILE_NAME, content)
    _tidy(path, former - set(names.values()))


def remove_population(folder: str | Path, settings: Mapping[str, Any]) -> bool:
    """Return to the study's own population; tell whether another one was in force."""
    path = population_file(folder, settings)
    former = _named_files(path)
    there = remove_side_file(folder, settings, FILE_NAME)
    _tidy(path, former)
    return there


def with_figures(units: gpd.GeoDataFrame, figures: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the units with the figures of the population in force."""
    both = figures.index.intersection(units.index)
    out = units.copy()
    out["population_basis"] = out["population_basis"].astype(object)
    for column in _FIGURES:
        out.loc[both, column] = figures.loc[both, column]
    out["population_basis"] = out["population_basis"].where(out["population_basis"].notna(), None)
    return out


def _demand(content: bytes) -> gpd.GeoDataFrame:
    texts = dict.fromkeys(("demand_id", *COLUMNS), str) | {"people": float}
    rows = pd.read_csv(io.BytesIO(content), dtype=texts).set_index("demand_id")
    points = gpd.points_from_xy(rows.pop("lon"), rows.pop("lat"))
    for column in rows.columns.drop("people"):
        rows[column] = rows[column].astype(object).where(rows[column].notna(), None)
    return gpd.GeoDataFrame(rows, geometry=points, crs=WGS84)


def _put(path: Path, part: str, frame: pd.DataFrame) -> str:
    content = frame.to_csv(lineterminator="\n").encode()
    name = f"population-{part}-{hashlib.sha256(content).hexdigest()[:_DIGEST]}.csv"
    write_bytes(content, path.with_name(name))
    return name


def _named(path: Path, name: str) -> bytes:
    """Return the content of a file that the TOML names, refused unless it is what was written."""
    file = path.with_name(Path(name).name)
    content = file.read_bytes()
    if hashlib.sha256(content).hexdigest()[:_DIGEST] not in name:
        raise ValueError(f"{file.name} was changed")
    return content


def _named_files(path: Path) -> set[str]:
    """Return the files of the population in force; none where that cannot be read."""
    try:
        about = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return set()
    return {Path(str(about[part])).name for part in ("demand", "units") if part in about}


def _tidy(path: Path, names: set[str]) -> None:
    """Delete files that are no longer named; another writer's new ones are none of these."""
    for name in names:
        if name.startswith("population-"):
            path.with_name(name).unlink(missing_ok=True)


def _toml(facts: Mapping[str, Any]) -> str:
    # A JSON string, number or truth value is written alike in TOML.
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in facts.items()]
    head = "# The population in force. roomplan register population tells and removes it."
    return "\n".join([head, *lines]) + "\n"
