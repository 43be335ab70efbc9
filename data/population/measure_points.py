"""What the number of spread points changes: population/point_density.csv.

    python -m data.population.measure_points

For several choices of density the share of spread people within 1,000 m and 3,000 m of a room is
compared, township by township, with the share on many points. Not part of data.build: its result is
quoted in docs/population.md and changes nothing else.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from data.population.build_demand import areas_to_fill, village_people
from data.tables import DATA, read_built, write_csv
from geo.demand import spread_points
from geo.schema import WGS84

CHOICES = ((6.0, 12, 80), (1.5, 12, 80), (1.5, 24, 80), (1.5, 40, 120), (0.75, 40, 160))
LIMITS_M = (1000, 3000)
TRUTH_POINTS = 4000


def shares(areas: gpd.GeoSeries, rooms: cKDTree, counts: pd.Series) -> pd.DataFrame:
    """Return the share of points within each limit of a room, by township."""
    rows = {}
    for township, area in areas.items():
        distance, _ = rooms.query(spread_points(area, int(counts[township])))
        rows[township] = [(distance <= limit).mean() for limit in LIMITS_M]
    return pd.DataFrame(rows, index=list(LIMITS_M)).T


def build() -> None:
    """Write population/point_density.csv: number of points and errors for each density."""
    cells = gpd.read_file(DATA / "boundaries" / "townships.geojson")
    areas, by_setting = areas_to_fill(village_people(), cells)
    people = by_setting.sum(axis=1)
    areas, people = areas[people > 0], people[people > 0]
    located = read_built("rooms/rooms.csv").query("lon != '' and kind != 'outpost'")
    at = shapely.points(located["lon"].astype(float), located["lat"].astype(float))
    at = gpd.GeoSeries(at, crs=WGS84).to_crs(areas.crs)
    rooms = cKDTree(np.column_stack([at.x, at.y]))
    truth = shares(areas, rooms, pd.Series(TRUTH_POINTS, index=areas.index))
    weight = people / people.sum()
    table = []
    for km2, least, most in CHOICES:
        counts = np.ceil(areas.area / 1e6 / km2).clip(least, most)
        error = shares(areas, rooms, counts) - truth
        for limit in LIMITS_M:
            miss = error[limit]
            table.append(
                (
                    km2,
                    least,
                    most,
                    int(counts.sum()),
                    limit,
                    round(100 * float((miss * weight).sum()), 3),
                    round(100 * float(np.sqrt((miss**2).mean())), 2),
                )
            )
    columns = [
        "km2_per_point",
        "least",
        "most",
        "points",
        "limit_m",
        "city_error_pp",
        "township_rmse_pp",
    ]
    write_csv(pd.DataFrame(table, columns=columns), "population/point_density.csv")


if __name__ == "__main__":
    build()
