"""A new study's folder, from outlines and population figures: another city's own beginning."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import metric_crs
from geo.demand import demand_points
from geo.errors import StudyError, first_ids
from geo.population import apportion, basis_of_sum, residents_of
from geo.read import Tables, read_study
from geo.register import LAYERS, create_register
from geo.schema import TABLES, UNIT_LEVELS, WGS84
from geo.write import write_bytes

REGISTER = "register.gpkg"
KM2_PER_POINT = 1.5
LEAST_POINTS, MOST_POINTS = 24, 400
OUTLINE_DIGITS = 6
_URBAN_ENDINGS = ("街道", "区")
_COLUMNS = ("name", "level", "parent_id", "population", "population_basis", "boundary_basis")


def new_study(
    folder: str | Path,
    *,
    name: str,
    boundaries: Sequence[gpd.GeoDataFrame],
    population: pd.DataFrame | None = None,
    who: str,
) -> Tables:
    """Write a study's folder with units, demand points and an empty register, and read it.

    Parameters
    ----------
    folder : path
        Must not be there yet, or be empty.
    name : str
        What the city is called.
    boundaries : sequence of GeoDataFrame
        Rows of :data:`geo.intake.synonyms.BOUNDARIES`, one frame a file.
    population : DataFrame, optional
        Index unit_id; ``population`` and ``population_basis``. Wins over the outlines' own.
    who : str
        For the register's history.

    Returns
    -------
    Tables

    Raises
    ------
    StudyError
        ``study_new.not_empty``, ``study_new.no_units``, ``study_new.two_cities``,
        ``study_new.unit_twice`` or ``study_new.no_people``; or what breaks the data contract.

    Notes
    -----
    Without an outline of the city it is the union of its counties. Population is taken where it is
    given; a unit without a figure gets the rest of its parent's by area (``modelled``), and a
    parent without one the sum of its parts (``derived``). The people of the lowest units are
    spread evenly over their outlines (:func:`geo.demand.demand_points`): urban where the unit is
    called 街道 or 区, rural elsewhere. Cost O(units + points).
    """
    root = Path(folder)
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise StudyError(
            "study_new.not_empty",
            f"{root}: there is something already; a new study needs a folder of its own.",
            file=str(root),
        )
    units = with_people(with_city(_joined(boundaries), name), population)
    demand = spread_people(units)
    root.mkdir(parents=True, exist_ok=True)
    write_bytes(_outlines_text(units).encode(), root / "units.geojson")
    write_bytes(("\ufeff" + demand.to_csv(index=False)).encode(), root / "demand.csv")
    empty = {layer: _empty(layer) for layer in LAYERS}
    create_register(root / REGISTER, {"units": units, **empty}, who=who).close()
    write_bytes(_settings_text(name).encode(), root / "study.toml")
    return read_study(root)


def _joined(boundaries: Sequence[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    if not sum(len(frame) for frame in boundaries):
        raise StudyError("study_new.no_units", "There is no unit in the boundary files.")
    units = pd.concat([frame.reindex(columns=[*_COLUMNS, "geometry"]) for frame in boundaries])
    twice = units.index[units.index.duplicated()]
    if len(twice):
        raise StudyError(
            "study_new.unit_twice",
            f"{len(twice)} unit(s) stand in more than one boundary file ({first_ids(twice)}); "
            "give each once.",
            count=len(twice),
            ids=first_ids(twice),
        )
    units["population"] = pd.to_numeric(units["population"]).astype(float)
    return gpd.GeoDataFrame(units, geometry="geometry", crs=WGS84)


def with_city(units: gpd.GeoDataFrame, name: str) -> gpd.GeoDataFrame:
    """Return the units with one city above all counties, made of them where there is none.

    Raises
    ------
    StudyError
        ``study_new.two_cities`` when the codes belong to several.
    """
    units = units.copy()
    cities = units.index[units["level"] == "city"]
    counties = units.index[units["level"] == "county"]
    if len(cities) == 0:
        codes = sorted({str(code)[:4] + "00" for code in counties})
        if len(codes) != 1:
            raise StudyError(
                "study_new.two_cities",
                f"The boundaries hold {len(codes)} cities ({first_ids(codes)}) and no outline of "
                "the city; keep the counties of one city, or add its outline.",
                count=len(codes),
                ids=first_ids(codes),
            )
        units.loc[codes[0]] = _city_row(units.loc[counties], name)
        cities = pd.Index(codes)
    orphans = (units["level"] == "county") & units["parent_id"].isna()
    units.loc[orphans, "parent_id"] = cities[0]
    rank = units["level"].map({level: n for n, level in enumerate(UNIT_LEVELS)})
    return units.iloc[np.argsort(rank.to_numpy(), kind="stable")]


def _city_row(counties: gpd.GeoDataFrame, name: str) -> dict[str, object]:
    return {
        "name": name,
        "level": "city",
        "parent_id": None,
        "population": np.nan,
        "population_basis": None,
        "boundary_basis": "derived",
        "geometry": shapely.union_all(counties.geometry.to_numpy()),
    }


def with_people(units: gpd.GeoDataFrame, population: pd.DataFrame | None) -> gpd.GeoDataFrame:
    """Return the units with their population: as given, summed from parts, or shared by area.

    Parameters
    ----------
    units : GeoDataFrame
        From :func:`with_city`: parents before children.
    population : DataFrame or None
    """
    units = units.copy()
    if population is not None:
        given = residents_of(population)
        given = given[given.index.isin(units.index)]
        for column in ("population", "population_basis"):
            units.loc[given.index, column] = given[column]
    unknown = units["population"].notna() & units["population_basis"].isna()
    units.loc[unknown, "population_basis"] = "reported"
    for level in reversed(UNIT_LEVELS[:-1]):
        _sum_up(units, level)
    area = units.geometry.to_crs(metric_crs(units)).area
    for parent in units.index:
        _share_out(units, parent, area)
    return units


def _sum_up(units: gpd.GeoDataFrame, level: str) -> None:
    """Give units of a level without a figure the sum of their parts, if all parts have one."""
    for unit in units.index[(units["level"] == level) & units["population"].isna()]:
        parts = units.loc[units["parent_id"] == unit]
        if len(parts) and parts["population"].notna().all():
            basis = basis_of_sum([*parts["population_basis"], "derived"])  # a sum is no count
            units.loc[unit, ["population", "population_basis"]] = [parts["population"].sum(), basis]


def _share_out(units: gpd.GeoDataFrame, parent: object, area: pd.Series) -> None:
    """Give parts without a figure what is left of their parent's, in proportion to their area."""
    parts = units["parent_id"] == parent
    total = units.at[parent, "population"]
    silent = units.index[parts & units["population"].isna()]
    if not len(silent) or pd.isna(total):
        return
    rest = max(0.0, float(total) - float(units.loc[parts, "population"].sum()))
    units.loc[silent, "population"] = apportion(area[silent].to_numpy(), int(rest)).astype(float)
    units.loc[silent, "population_basis"] = "modelled"


def spread_people(units: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return demand points of the lowest units that have an outline and people.

    Returns
    -------
    DataFrame
        Columns of the demand table, with ``lon`` and ``lat``.

    Raises
    ------
    StudyError
        ``study_new.no_people`` when no unit has both.
    """
    has = units["population"].notna() & units.geometry.notna() & ~units.geometry.is_empty
    lowest = has & ~units.index.isin(units.loc[has, "parent_id"].dropna())
    crs = metric_crs(units)
    outlines = units.geometry[lowest].to_crs(crs)
    parts = []
    for unit_id, area in outlines.items():
        people = units.at[unit_id, "population"]
        setting = "urban" if str(units.at[unit_id, "name"]).endswith(_URBAN_ENDINGS) else "rural"
        points = demand_points(
            area,
            pd.Series({setting: int(people)}),
            km2_per_point=KM2_PER_POINT,
            least=LEAST_POINTS,
            most=MOST_POINTS,
        )
        points["unit_id"] = unit_id
        points["demand_id"] = [f"{unit_id}-{n:03d}" for n in range(1, len(points) + 1)]
        parts.append(points)
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    if found.empty:
        raise StudyError(
            "study_new.no_people",
            "No unit has both an outline and a population, so there is nobody to plan for; give "
            "population figures by unit code or name.",
        )
    at = gpd.GeoSeries(shapely.points(found["x"], found["y"]), crs=crs).to_crs(WGS84)
    found = found.assign(group="resident", location_basis="modelled", lon=at.x, lat=at.y)
    columns = ["demand_id", "unit_id", "people", "group", "setting", "location_basis"]
    return found[[*columns, "lon", "lat"]].round({"lon": 5, "lat": 5})


def _outlines_text(units: gpd.GeoDataFrame) -> str:
    features = []
    for unit_id, row in units.iterrows():
        cells = {name: None if pd.isna(row[name]) else row[name] for name in _COLUMNS}
        shape = shapely.transform(row["geometry"], lambda xy: xy.round(OUTLINE_DIGITS))
        features.append(
            {
                "type": "Feature",
                "properties": {"unit_id": unit_id, **cells},
                "geometry": shapely.geometry.mapping(shape),
            }
        )
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)


def _empty(layer: str) -> pd.DataFrame:
    table = TABLES[layer]
    frame = pd.DataFrame(
        {column: pd.Series(dtype=object) for column in table.columns},
        index=pd.Index([], name=table.index, dtype=object),
    )
    return frame if table.geometry == "none" else gpd.GeoDataFrame(frame, geometry=[], crs=WGS84)


def _settings_text(name: str) -> str:
    quoted = json.dumps(name, ensure_ascii=False)
    return f"""# A study of Roomplan; docs/data-contract.md tells what may stand here.
name = {quoted}
name_en = {quoted}
languages = ["zh", "en"]
# Approval number of the map, printed on maps and reports.
map_approval = ""
# Whether anyone who reaches the port may read the outlines.
public_boundaries = false
suppress_cases_below = 3
# Rooms, cases, activities and sites, with their history.
register = "{REGISTER}"

[standard]
urban_m = 1000
rural_m = 3000

[files]
units = "units.geojson"
demand = "demand.csv"
"""
