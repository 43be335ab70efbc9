"""Intake by format: rows per second of reading in the sandbox and of the whole intake.

Run ``python -m benchmarks.bench_intake [csv_rows] [xlsx_rows] [vector_rows]``. Reading starts a
child process, checks the file and returns texts; the whole intake also maps the columns, moves the
points to WGS-84, finds the units and remarks on rows. The peer of each format reads the same bytes
without any sandbox: pandas for tables, geopandas for layers.
"""

from __future__ import annotations

import io
import sys
import tempfile
import time
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.crs import from_wgs84
from geo.intake.apply import apply
from geo.intake.mapping import suggest_mapping
from geo.intake.raw import RawTable, read_file
from geo.intake.sandbox import Limits
from geo.read import read_study

DATA = Path(__file__).resolve().parents[1] / "data"
LIMITS = Limits(file_mb=500, cpu_s=120)
ROUNDS = 3


def rooms(count: int, units: pd.DataFrame) -> pd.DataFrame:
    """Return a list of rooms as a county would send it, in GCJ-02 with township names."""
    rng = np.random.default_rng(0)
    towns = units[(units["level"] == "township") & units.geometry.notna()]
    at = rng.integers(len(towns), size=count)
    middle = towns.geometry.representative_point()
    lon = middle.x.to_numpy()[at] + rng.normal(0, 0.003, count)
    lat = middle.y.to_numpy()[at] + rng.normal(0, 0.003, count)
    x, y = from_wgs84(lon, lat, datum="gcj02")
    county = units.loc[towns["parent_id"].to_numpy()[at], "name"].to_numpy()
    return pd.DataFrame(
        {
            "活动室名称": [f"人大代表联系群众活动室{n}" for n in range(count)],
            "级别": np.where(at % 2, "村级", "乡镇"),
            "类型": np.where(at % 2, "社区", "乡镇街道"),
            "县(市、区)": county,
            "乡镇(街道)": towns["name"].to_numpy()[at],
            "经度": np.round(x, 6),
            "纬度": np.round(y, 6),
            "成立时间": np.where(at % 3, "2019年5月21日", "—"),
        }
    )


def best(call: Callable[[], object]) -> float:
    """Return the least seconds of a few rounds."""
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def layer_bytes(frame: pd.DataFrame, ending: str, driver: str, folder: Path) -> bytes:
    """Return the rooms as a layer, a Shapefile zipped with its parts."""
    shapes = gpd.points_from_xy(frame["经度"], frame["纬度"])
    layer = gpd.GeoDataFrame(frame, geometry=shapes, crs="EPSG:4326")
    path = folder / f"rooms.{ending}"
    options = {"encoding": "UTF-8"} if ending == "shp" else {}
    with warnings.catch_warnings():  # a Shapefile cuts headings at ten bytes, and GDAL says so
        warnings.simplefilter("ignore")
        layer.to_file(path, driver=driver, **options)
    if ending != "shp":
        return path.read_bytes()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in folder.glob("rooms.*"):
            if part.suffix in (".shp", ".shx", ".dbf", ".prj", ".cpg"):
                archive.write(part, part.name)
    return out.getvalue()


def samples(sizes: list[int], units: pd.DataFrame, folder: Path) -> dict[str, tuple]:
    """Return by label: file name, bytes, rows and the peer's call."""
    text = rooms(sizes[0], units)
    utf8, gbk = (text.to_csv(index=False).encode(code) for code in ("utf-8-sig", "gb18030"))
    sheet, layer = text.head(sizes[1]), text.head(sizes[2])
    book = io.BytesIO()
    sheet.to_excel(book, index=False, engine="xlsxwriter")
    xlsx = book.getvalue()
    found = {
        "CSV UTF-8": ("a.csv", utf8, len(text), lambda: pd.read_csv(io.BytesIO(utf8), dtype=str)),
        "CSV GB18030": (
            "a.csv",
            gbk,
            len(text),
            lambda: pd.read_csv(io.BytesIO(gbk), dtype=str, encoding="gb18030"),
        ),
        "XLSX": (
            "a.xlsx",
            xlsx,
            len(sheet),
            lambda: pd.read_excel(io.BytesIO(xlsx), dtype=str, engine="openpyxl"),
        ),
    }
    for label, ending, driver in (
        ("GeoJSON", "geojson", "GeoJSON"),
        ("GeoPackage", "gpkg", "GPKG"),
        ("FlatGeobuf", "fgb", "FlatGeobuf"),
        ("Shapefile", "shp", "ESRI Shapefile"),
        ("KML", "kml", "KML"),
    ):
        content = layer_bytes(layer, ending, driver, folder)
        path = folder / f"rooms.{ending}"
        name = "a.zip" if ending == "shp" else f"a.{ending}"
        found[label] = (name, content, len(layer), lambda p=path: gpd.read_file(p))
    return found


def main() -> None:
    """Print seconds and rows per second of reading, of the whole intake, and of the peer."""
    sizes = [int(word) for word in sys.argv[1:4]] or [1_000_000, 100_000, 100_000]
    units = read_study(DATA).frames["units"]

    def whole(raw: RawTable) -> None:
        done = apply(raw, suggest_mapping(raw, table="rooms"), units=units, datum="gcj02")
        assert len(done.rows) == len(raw.frame), done.remarks.head()

    print(
        f"{'format':12} {'rows':>9} {'read s':>7} {'rows/s':>9} {'whole s':>8} {'peer s':>7} ratio"
    )
    with tempfile.TemporaryDirectory() as folder:
        for label, (name, content, rows, peer) in samples(sizes, units, Path(folder)).items():
            read = best(lambda n=name, c=content: read_file(c, name=n, limits=LIMITS))
            raw = read_file(content, name=name, limits=LIMITS)[0]
            more = best(lambda r=raw: whole(r))
            try:
                other = best(peer)
            except UnicodeDecodeError:  # the peer cannot read a heading cut within a character
                other = float("nan")
            print(
                f"{label:12} {rows:9,} {read:7.2f} {rows / read:9,.0f} {read + more:8.2f} "
                f"{other:7.2f} {other / read:5.2f}"
            )


if __name__ == "__main__":
    main()
