"""Demand points of the study: population/demand.csv.

    python -m data.population.build_demand

A village with a trusted point is a point. The people of the other villages of a township are spread
evenly over what is left of its cell. Students are a group of their own whose number is unknown.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.tables import DATA, named_units, read_built, read_facts, write_csv
from geo.crs import metric_crs
from geo.demand import area_left, demand_points
from geo.schema import WGS84

SETTINGS = ("urban", "rural")
COLUMNS = ["demand_id", "unit_id", "people", "group", "setting", "location_basis", "lon", "lat"]
# One point for 1.5 km² left of a cell; docs/population.md measures what fewer or more would change.
KM2_PER_POINT = 1.5
LEAST_POINTS, MOST_POINTS = 24, 80


def village_people() -> pd.DataFrame:
    """Return the villages with their urban and rural people and, where trusted, their point."""
    people = read_built("population/units.csv").set_index("unit_id")
    rows = read_built("boundaries/villages.csv").set_index("unit_id")
    for column in SETTINGS:
        rows[column] = people.loc[rows.index, column].astype(int)
    rows["lon"] = pd.to_numeric(rows["lon"])
    rows["lat"] = pd.to_numeric(rows["lat"])
    return rows


def located_demand(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each setting with people of each village that has a trusted point."""
    known = rows[rows["lon"].notna()]
    parts = [
        pd.DataFrame(
            {
                "demand_id": "v" + known.index + "-" + setting[0],
                "unit_id": known.index,
                "people": known[setting].to_numpy(),
                "group": "resident",
                "setting": setting,
                "location_basis": "register",
                "lon": known["lon"].to_numpy(),
                "lat": known["lat"].to_numpy(),
            }
        )
        for setting in SETTINGS
    ]
    frame = pd.concat(parts)
    return frame[frame["people"] > 0]


def areas_to_fill(
    rows: pd.DataFrame, cells: gpd.GeoDataFrame
) -> tuple[gpd.GeoSeries, pd.DataFrame]:
    """Return, by township, what is left of its cell in metres and the people to spread there."""
    metric = metric_crs(cells)
    outlines = cells.set_index("unit_id").geometry.to_crs(metric)
    places = gpd.GeoSeries(gpd.points_from_xy(rows["lon"], rows["lat"]), rows.index, crs=WGS84)
    places = places.to_crs(metric)
    areas, people = {}, {}
    for township, inside in rows.groupby("parent_id"):
        lost = inside["lon"].isna()
        known = places[inside.index[~lost]]
        taken = np.column_stack([known.x, known.y])
        areas[township] = area_left(outlines[township], taken, parts=len(inside))
        people[township] = inside.loc[lost, list(SETTINGS)].sum()
    return gpd.GeoSeries(areas, crs=metric), pd.DataFrame(people).T


def spread_demand(rows: pd.DataFrame, cells: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the people of unlocated villages on fixed points of what is left of their township."""
    areas, people = areas_to_fill(rows, cells)
    parts = []
    for township, area in areas.items():
        points = demand_points(
            area,
            people.loc[township],
            km2_per_point=KM2_PER_POINT,
            least=LEAST_POINTS,
            most=MOST_POINTS,
        )
        points["unit_id"] = township
        points["demand_id"] = [f"t{township}-{n:03d}" for n in range(1, len(points) + 1)]
        parts.append(points)
    frame = pd.concat(parts, ignore_index=True)
    at = gpd.GeoSeries(shapely.points(frame["x"], frame["y"]), crs=areas.crs).to_crs(WGS84)
    return frame.assign(
        group="resident", location_basis="modelled", lon=at.x.round(5), lat=at.y.round(5)
    )


def student_demand() -> pd.DataFrame:
    """Return one row a campus, number of students unknown: no enrolment figure was found."""
    rows = read_facts("campuses")
    unit = named_units(rows)
    return pd.DataFrame(
        {
            "demand_id": [f"s{n:02d}" for n in range(1, len(rows) + 1)],
            "unit_id": unit,
            "people": pd.NA,
            "group": "student",
            "setting": "urban",
            "location_basis": "reported",
            "lon": rows["lon"].astype(float),
            "lat": rows["lat"].astype(float),
        }
    )


def build() -> None:
    """Write population/demand.csv."""
    rows = village_people()
    cells = gpd.read_file(DATA / "boundaries" / "townships.geojson")
    frame = pd.concat([located_demand(rows), spread_demand(rows, cells), student_demand()])
    frame["people"] = pd.array(frame["people"].tolist(), dtype="Int64")
    write_csv(frame[COLUMNS].sort_values("demand_id"), "population/demand.csv")


if __name__ == "__main__":
    build()
