"""A province's 100 m population grid: seconds and memory of the sandboxed reader.

``python -m benchmarks.bench_population [rows columns]``. The raster (10,000 × 8,000 cells unless
told, 80 million) and 1,100 townships with crooked outlines are made up. The peer reads the whole
raster at once and adds people up with ``rasterio.features.rasterize``: the usual way, without
points, whose cells on an edge may fall to either side.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from rasterio.features import rasterize
from rasterio.transform import from_origin
from rasterio.windows import Window

from geo.population_upload import read_uploaded_grid
from geo.schema import WGS84

STEP = 1 / 1200
WEST, NORTH = 115.8, 28.4
ACROSS, DOWN = 30, 37


def townships(rows: int, columns: int, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return townships that tile the raster, with edges of 20 vertices and the tree above them."""
    wide, tall = columns * STEP, rows * STEP
    at = rng.uniform(0, 1, (ACROSS * DOWN, 2)) * [wide, tall] + [WEST, NORTH - tall]
    frame = shapely.box(WEST, NORTH - tall, WEST + wide, NORTH)
    cells = shapely.voronoi_polygons(shapely.multipoints(at), extend_to=frame)
    shapes = shapely.intersection(shapely.get_parts(cells), frame)
    shapes = shapely.segmentize(shapes, 0.01)
    # The same shift wherever two outlines share a vertex: they stay a tiling.
    bent = shapely.transform(shapes, lambda xy: xy + 0.002 * np.sin(300 * xy[:, ::-1]))
    ids = [f"t{n:04d}" for n in range(len(bent))]
    tree = [("p", "city", None, None), ("c", "county", "p", None)]
    tree += [(unit, "township", "c", shape) for unit, shape in zip(ids, bent, strict=True)]
    table = pd.DataFrame(tree, columns=["unit_id", "level", "parent_id", "geometry"])
    table["boundary_basis"] = "derived"
    return gpd.GeoDataFrame(table.set_index("unit_id"), geometry="geometry", crs=WGS84)


def write_grid(path: Path, rows: int, columns: int, rng: np.random.Generator) -> None:
    """Write people in a third of the cells, in strips, as WorldPop's files are (float, deflate)."""
    options = {"crs": WGS84, "nodata": -99999, "compress": "deflate", "tiled": True}
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=1,
        dtype="float32",
        height=rows,
        width=columns,
        transform=from_origin(WEST, NORTH, STEP, STEP),
        **options,
    ) as file:
        for top in range(0, rows, 512):
            size = (min(512, rows - top), columns)
            cells = rng.gamma(0.5, 3, size).astype("float32")
            cells[rng.random(size) < 2 / 3] = -99999
            file.write(cells, 1, window=Window(0, top, columns, size[0]))


def peer(path: str, units: str) -> None:
    """Add people up by rasterized outlines, the whole raster at once; print seconds and memory."""
    start = time.perf_counter()
    frame = gpd.read_parquet(units)
    frame = frame[frame["level"] == "township"]
    with rasterio.open(path) as file:
        cells = file.read(1)
        pairs = [(shape, n) for n, shape in enumerate(frame.geometry, 1)]
        label = rasterize(pairs, out_shape=cells.shape, transform=file.transform, dtype="int32")
    people = np.where(cells > 0, cells, 0)
    total = np.bincount(label.ravel(), weights=people.ravel())[1:].sum()
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = time.perf_counter() - start
    own = used.ru_utime + used.ru_stime
    sys.stdout.write(f"{seconds} {own} {used.ru_maxrss / 1024} {total}\n")


def main() -> None:
    """Print seconds and peak memory of both."""
    rows, columns = (int(a) for a in sys.argv[1:3]) if sys.argv[2:] else (10_000, 8_000)
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        path, outlines = Path(folder, "grid.tif"), Path(folder, "units.parquet")
        write_grid(path, rows, columns, rng)
        units = townships(rows, columns, rng)
        units.to_parquet(outlines)
        size = path.stat().st_size / 1e6
        print(f"{rows:,} × {columns:,} cells, {len(units) - 2:,} townships, file of {size:.0f} MB")
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        grid = read_uploaded_grid(path, units, spacing_m=500)
        seconds = time.perf_counter() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        facts = grid.facts
        print(
            f"roomplan: {seconds:.1f} s ({used:.1f} s of the processor), peak "
            f"{after.ru_maxrss / 1024:.0f} MB in the child; {len(grid.points):,} points, spacing "
            f"{facts['spacing_m']:.0f} m, {facts['people']:,.1f} people in units, "
            f"{facts['outside_people']:,.1f} outside"
        )
        command = [sys.executable, "-m", "benchmarks.bench_population", "peer"]
        said = subprocess.run(
            [*command, str(path), str(outlines)], capture_output=True, text=True, check=True
        )
        other, own, peak, total = (float(word) for word in said.stdout.split())
        print(
            f"peer (rasterize, all at once): {other:.1f} s ({own:.1f} s of the processor), peak "
            f"{peak:.0f} MB, {total:,.1f} people; ratio of processor seconds {used / own:.2f}, of "
            f"memory {after.ru_maxrss / 1024 / peak:.2f}"
        )


if __name__ == "__main__":
    peer(*sys.argv[2:]) if sys.argv[1:2] == ["peer"] else main()
