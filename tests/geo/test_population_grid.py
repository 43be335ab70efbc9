"""Population rasters: paper answers, a brute-force oracle, laws, and files that are refused."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import zlib

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer
from rasterio.transform import from_origin
from shapely import box

from geo import population_upload
from geo.errors import IntakeError
from geo.intake.sandbox import ALLOWED_DRIVERS, Limits, raster_environment
from geo.population_cells import CellUnits
from geo.population_grid import is_tiff, read_population_grid
from geo.population_upload import is_grid, read_uploaded_grid
from geo.schema import WGS84
from geo.units import assign_units
from ui.wording import Words
from worlds import toy_frames

UNITS = toy_frames()["units"]
CELL = 0.01
TOP = ("A1", "A2", "B1")


def tiff(path, cells, *, place=None, crs=WGS84, **options):
    """Write a GeoTIFF; by default one cell is 0.01 degrees and the study takes 20 × 20 of them."""
    cells = np.atleast_3d(np.asarray(cells)).transpose(2, 0, 1) if np.ndim(cells) == 2 else cells
    place = from_origin(118.0, 25.2, CELL, CELL) if place is None else place
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=cells.shape[0],
        height=cells.shape[1],
        width=cells.shape[2],
        dtype=cells.dtype,
        crs=crs,
        transform=place,
        **options,
    ) as file:
        file.write(cells)
    return path


def read(path, units=UNITS, **options):
    return read_population_grid(path, units, name="grid.tif", **options)


def by_unit(grid):
    return grid.points.groupby("unit_id")["people"].sum().to_dict()


def brute_force(path, units):
    """Every cell by itself: its centre, each outline in turn, the smallest id of several."""
    outlined = units[units["level"] == "township"].sort_index()
    villages = units[(units["level"] == "village") & units.geometry.notna()].sort_index()
    sums = {}
    with rasterio.open(path) as file:
        cells, place = file.read(1).astype(float), file.transform
        to_degrees = Transformer.from_crs(file.crs.to_wkt(), WGS84, always_xy=True)
        nodata = file.nodata
    row, col = (axis + 0.5 for axis in np.indices(cells.shape))
    x = place.a * col + place.b * row + place.c
    y = place.d * col + place.e * row + place.f
    centres = shapely.points(*to_degrees.transform(x, y))
    for people, centre in zip(cells.ravel(), centres.ravel(), strict=True):
        if not np.isfinite(people) or people <= 0 or people == nodata:
            continue
        inside = [u for u, shape in outlined.geometry.items() if shape.covers(centre)]
        if not inside:
            continue
        parts = [
            v
            for v, shape in villages.geometry.items()
            if villages.at[v, "parent_id"] == inside[0] and shape.covers(centre)
        ]
        unit = (parts or inside)[0]
        sums[unit] = sums.get(unit, 0.0) + people
    return sums


def test_paper_one_person_a_cell(tmp_path):
    """Of 20 × 20 cells, A1 and A2 hold 10 × 10 each and B1 the eastern 20 × 10."""
    grid = read(tiff(tmp_path / "a.tif", np.ones((20, 20))))
    assert by_unit(grid) == {"A1": 100.0, "A2": 100.0, "B1": 200.0}
    assert grid.facts["people"] == 400
    assert grid.facts["level"] == "township"
    assert grid.facts["cells"] == 400
    assert grid.covered.to_dict() == pytest.approx(dict.fromkeys(TOP, 1.0))
    # A cell is wider than the spacing, so each is a point of its own, at its centre.
    assert len(grid.points) == 400
    first = grid.points[grid.points["unit_id"] == "A2"].iloc[0]
    assert (first["lon"], first["lat"]) == pytest.approx((118.005, 25.195))


def test_what_is_no_number_of_people_is_nobody_and_counted(tmp_path):
    cells = np.ones((20, 20), dtype="float32")
    cells[0, :5] = [-9999, np.nan, -1, 0, np.inf]
    grid = read(tiff(tmp_path / "a.tif", cells, nodata=-9999))
    assert by_unit(grid)["A2"] == 95
    counts = {key: grid.facts[key] for key in ("no_value", "not_finite", "negative")}
    # GDAL's mask of a float raster hides NaN as well as the stated value.
    assert counts["no_value"] + counts["not_finite"] == 3
    assert counts["no_value"] >= 1
    assert counts["negative"] == 1


def test_unsigned_integers_and_a_scale(tmp_path):
    path = tiff(tmp_path / "a.tif", np.full((20, 20), 7, dtype="uint16"), nodata=0)
    with rasterio.open(path, "r+") as file:
        file.scales, file.offsets = (0.5,), (1.0,)
    assert by_unit(read(path))["A1"] == pytest.approx(100 * 4.5)


def test_people_beyond_the_outlines_are_counted_and_left_out(tmp_path):
    place = from_origin(117.9, 25.3, CELL, CELL)
    grid = read(tiff(tmp_path / "a.tif", np.ones((40, 60)), place=place))
    assert grid.facts["people"] == 400
    # Only what is around the study is looked at.
    assert grid.facts["outside_people"] == grid.facts["outside_cells"]
    assert 0 < grid.facts["outside_cells"] < 2000
    # Cells whose centre is 0.005 degrees outside, about 504 to 556 m, count if that is allowed.
    near = read(tmp_path / "a.tif", nearest_m=600)
    assert by_unit(near) == {"A1": 120.0, "A2": 120.0, "B1": 240.0}


def test_a_context_unit_gets_nobody(tmp_path):
    place = from_origin(118.3, 25.1, CELL, CELL)
    with pytest.raises(IntakeError) as told:
        read(tiff(tmp_path / "a.tif", np.ones((10, 10)), place=place), nearest_m=100_000)
    assert told.value.code == "population_grid.nobody"


def test_the_part_of_a_unit_that_the_raster_covers(tmp_path):
    grid = read(tiff(tmp_path / "a.tif", np.ones((10, 20))))
    assert grid.covered.to_dict() == pytest.approx({"A1": 0.0, "A2": 1.0, "B1": 0.5}, abs=1e-9)


def test_villages_with_outlines_get_their_cells(tmp_path):
    units = UNITS.copy()
    units.loc["v1", "geometry"] = box(118.0, 25.0, 118.03, 25.03)
    grid = read(tiff(tmp_path / "a.tif", np.ones((20, 20))), units)
    assert by_unit(grid) == {"A1": 91.0, "A2": 100.0, "B1": 200.0, "v1": 9.0}


def test_a_centre_on_an_edge_goes_to_the_smaller_id(tmp_path):
    """Cells of 1/64 degree, whose centres on the outlines are exact in binary."""
    units, cell = UNITS.copy(), 1 / 64
    for unit, corners in (("A1", (0, 0, 4, 4)), ("A2", (0, 4, 4, 8)), ("B1", (4, 0, 8, 8))):
        west, south, east, north = (corner * cell for corner in corners)
        units.loc[unit, "geometry"] = box(118 + west, 25 + south, 118 + east, 25 + north)
    place = from_origin(118 - cell / 2, 25 + 8.5 * cell, cell, cell)
    path = tiff(tmp_path / "a.tif", np.ones((9, 9)), place=place)
    sums = by_unit(read(path, units))
    assert sums == {"A1": 25.0, "A2": 20.0, "B1": 36.0}
    assert sums == brute_force(path, units)


def turned(degrees, cell=0.004):
    return Affine.translation(118.1, 25.25) @ Affine.rotation(degrees) @ Affine.scale(cell, -cell)


def south_up():
    return Affine(CELL, 0, 118.0, 0, CELL, 25.0)


@pytest.mark.parametrize(
    ("crs", "place"),
    [
        (WGS84, turned(-37)),
        (WGS84, south_up()),
        ("EPSG:4490", from_origin(118.0, 25.2, CELL, CELL)),
        ("EPSG:32650", from_origin(597_000, 2_790_000, 511, 489)),
        ("EPSG:4548", from_origin(599_000, 2_790_000, 700, 700)),
        ("EPSG:3857", from_origin(13_134_000, 2_901_000, 450, 450)),
        ("EPSG:3857", Affine.translation(13_146_000, 2_905_000) @ Affine.rotation(-50)
         @ Affine.scale(400, -450)),
    ],
)  # fmt: skip
def test_any_crs_and_turn_as_cell_by_cell(tmp_path, crs, place):
    cells = np.random.default_rng(3).gamma(0.4, 5, (70, 80)).astype("float64")
    cells[3, 4], cells[5, 6] = -2, np.nan
    path = tiff(tmp_path / "a.tif", cells, place=place, crs=crs)
    expected = brute_force(path, UNITS)
    assert set(expected) >= set(TOP)
    found = by_unit(read(path))
    assert found == pytest.approx(expected, rel=1e-12)


def crooked_units():
    """Townships with edges in every direction, one with a hole, one in two parts."""
    rng = np.random.default_rng(11)
    centre = shapely.Point(118.1, 25.1)
    star = [
        (118.1 + r * np.cos(a) / 9, 25.1 + r * np.sin(a) / 9)
        for a, r in zip(np.linspace(0, 2 * np.pi, 40, endpoint=False), rng.uniform(0.3, 1, 40),
                        strict=True)
    ]  # fmt: skip
    whole = shapely.Polygon(star)
    hole = centre.buffer(0.021)
    rest = box(118.0, 25.0, 118.2, 25.2).difference(whole)
    units = UNITS.copy()
    units.loc["A1", "geometry"] = whole.difference(hole)
    units.loc["A2", "geometry"] = hole
    units.loc["B1", "geometry"] = rest
    return units


def test_crooked_outlines_as_cell_by_cell(tmp_path):
    cells = np.random.default_rng(5).gamma(0.4, 5, (150, 150))
    path = tiff(tmp_path / "a.tif", cells, place=from_origin(117.97, 25.23, 0.0017, 0.0017))
    units = crooked_units()
    assert by_unit(read(path, units)) == pytest.approx(brute_force(path, units), rel=1e-12)


@settings(max_examples=12, deadline=None)
@given(
    strip=st.integers(1, 5000),
    spacing=st.sampled_from([1.0, 500.0, 1700.0, 5000.0]),
    seed=st.integers(0, 5),
)
def test_strips_of_any_size_give_the_same_points(tmp_path_factory, strip, spacing, seed):
    path = tmp_path_factory.mktemp("strips") / "a.tif"
    cells = np.random.default_rng(seed).gamma(0.4, 5, (60, 50))
    tiff(path, cells, place=from_origin(117.99, 25.21, 0.0043, 0.0038))
    whole, parts = (read(path, spacing_m=spacing, strip_cells=n) for n in (10**9, strip))
    pd.testing.assert_frame_equal(whole.points, parts.points, check_exact=True)
    outside = whole.facts.pop("outside_people"), parts.facts.pop("outside_people")
    assert outside[0] == pytest.approx(outside[1], rel=1e-12)
    assert whole.facts == parts.facts


@settings(max_examples=10, deadline=None)
@given(spacing=st.floats(10, 30_000), most=st.integers(3, 500), seed=st.integers(0, 5))
def test_people_are_conserved_at_any_spacing(tmp_path_factory, spacing, most, seed):
    path = tmp_path_factory.mktemp("spacing") / "a.tif"
    cells = np.random.default_rng(seed).gamma(0.4, 5, (40, 40))
    tiff(path, cells, place=from_origin(118.0, 25.2, 0.005, 0.005))
    grid = read(path, spacing_m=spacing, most_points=most)
    assert len(grid.points) <= most
    assert by_unit(grid) == pytest.approx(brute_force(path, UNITS), rel=1e-9)
    assert grid.points["cells"].sum() == (cells > 0).sum()
    assert grid.facts["people"] + grid.facts["outside_people"] == pytest.approx(
        cells[cells > 0].sum(), rel=1e-9
    )


def test_a_point_stands_where_its_people_do_on_average(tmp_path):
    cells = np.zeros((20, 20))
    cells[12, 2], cells[13, 3] = 30, 10
    grid = read(tiff(tmp_path / "a.tif", cells), spacing_m=4500)
    assert len(grid.points) == 1
    point = grid.points.iloc[0]
    assert point[["unit_id", "people", "cells"]].tolist() == ["A1", 40, 2]
    assert (point["lon"], point["lat"]) == pytest.approx((118.0275, 25.0725))
    assert grid.facts["spacing_m"] == pytest.approx(4 * grid.facts["cell_m"])


@pytest.mark.parametrize(
    ("crs", "place"),
    [
        (WGS84, from_origin(117.9, 25.3, 0.002, 0.002)),
        ("EPSG:3857", from_origin(13_124_000, 2_915_000, 250, 250)),
        ("EPSG:32650", Affine.translation(605_000, 2_815_000) @ Affine.rotation(-40)
         @ Affine.scale(200, -200)),
    ],
)  # fmt: skip
def test_density_times_area_on_the_ellipsoid(tmp_path, crs, place):
    """With 3 people per km², a township has three times its area; geodesic area is the oracle."""
    from pyproj import Geod

    path = tiff(tmp_path / "a.tif", np.full((260, 220), 3.0), place=place, crs=crs)
    found = by_unit(read(path, density=True))
    for unit in TOP:
        outline = shapely.segmentize(UNITS.geometry[unit], 0.001)
        km2 = abs(Geod(ellps="WGS84").geometry_area_perimeter(outline)[0]) / 1e6
        if unit in found and read(path).covered[unit] > 0.999:
            assert found[unit] == pytest.approx(3 * km2, rel=0.02)
    assert found["A1"] > 0


def test_shuffled_units_change_nothing(tmp_path):
    cells = np.random.default_rng(2).gamma(0.4, 5, (60, 60))
    path = tiff(tmp_path / "a.tif", cells, place=from_origin(118.0, 25.2, 0.0033, 0.0033))
    shuffled = UNITS.sample(frac=1, random_state=4)
    assert by_unit(read(path, shuffled)) == pytest.approx(by_unit(read(path)), rel=1e-12)


def test_cells_are_assigned_as_points_are(tmp_path):
    """Every centre asked by the rule of all other points, beyond the outlines too."""
    units = crooked_units().sample(frac=1, random_state=1)

    def place(col, row):
        return 117.95 + col * 0.003, 25.25 - row * 0.003

    row, col = (axis.ravel() for axis in np.indices((100, 100)))
    for nearest in (0.0, 1500.0):
        code = CellUnits(units, place, nearest_m=nearest).of(row, col)
        points = gpd.GeoSeries(shapely.points(*place(col + 0.5, row + 0.5)), crs=WGS84)
        told = assign_units(points, units, nearest_m=nearest)["unit_id"]
        found = [units.index[n] if n >= 0 else None for n in code]
        assert found == [None if pd.isna(unit) else unit for unit in told]


def test_cells_without_any_outline_have_no_unit():
    """Squares far from every edge, wholly outside, are settled without asking their cells."""
    units = CellUnits(UNITS, lambda col, row: (110 + col * 0.001, 20 + row * 0.001))
    row, col = (axis.ravel() for axis in np.meshgrid(np.arange(40), np.arange(40)))
    assert (units.of(row, col) == -1).all()


# ------------------------------------------------------------------------------ refused files


def code_of(source, **options):
    with pytest.raises(IntakeError) as told:
        read_uploaded_grid(source, UNITS, name="人口.tif", **options)
    error = told.value
    said = Words("zh").explain(error)
    assert said != str(error), f"no Chinese sentence for {error.code}"
    return error.code


def test_the_sandboxed_child_gives_the_same_answer(tmp_path):
    cells = np.random.default_rng(1).gamma(0.4, 5, (60, 60))
    path = tiff(tmp_path / "a.tif", cells, place=from_origin(118.0, 25.2, 0.0033, 0.0033))
    here = read(path)
    heard = []
    there = read_uploaded_grid(path, UNITS, progress=lambda share, stage: heard.append(share))
    assert by_unit(there) == by_unit(here)
    assert there.facts == here.facts
    pd.testing.assert_frame_equal(there.points, here.points)
    pd.testing.assert_series_equal(there.covered, here.covered, check_names=False)
    assert heard[-1] == 1.0
    assert read_uploaded_grid(path.read_bytes(), UNITS, name="b.tif").facts == here.facts


def test_a_vrt_in_disguise_is_refused_and_opens_nothing(tmp_path):
    secret = tiff(tmp_path / "secret.tif", np.ones((20, 20)))
    text = f"""<VRTDataset rasterXSize="20" rasterYSize="20"><VRTRasterBand dataType="Float64"
    band="1"><SimpleSource><SourceFilename>{secret}</SourceFilename></SimpleSource>
    </VRTRasterBand></VRTDataset>"""
    assert code_of(text.encode()) == "population_grid.not_tiff"
    # Behind a TIFF's first bytes it is a broken TIFF, and no other driver is asked.
    assert code_of(b"II*\0" + text.encode()) == "population_grid.damaged"


def test_a_cut_off_file(tmp_path):
    cells = np.random.default_rng(1).random((400, 400))
    place = from_origin(118.0, 25.2, 0.0005, 0.0005)
    content = tiff(tmp_path / "a.tif", cells, place=place, compress="deflate").read_bytes()
    assert code_of(content[: len(content) // 2]) == "population_grid.damaged"
    assert code_of(content[:100]) == "population_grid.damaged"


def test_no_crs_and_no_place(tmp_path):
    assert code_of(tiff(tmp_path / "a.tif", np.ones((9, 9)), crs=None)) == "population_grid.no_crs"
    flat = tiff(tmp_path / "b.tif", np.ones((9, 9)), place=Affine.identity())
    assert code_of(flat) == "population_grid.no_place"


def test_a_datum_that_nobody_knows(tmp_path):
    path = tiff(tmp_path / "a.tif", np.ones((9, 9)), crs="EPSG:4610")  # Xian 80
    assert code_of(path) == "crs.old_datum"
    other = tiff(tmp_path / "b.tif", np.ones((9, 9)), crs="EPSG:4267")  # NAD27
    assert code_of(other) == "crs.unsupported"


def test_bands_kinds_and_places(tmp_path):
    three = tiff(tmp_path / "a.tif", np.ones((3, 9, 9), dtype="uint8"))
    assert code_of(three) == "population_grid.bands"
    odd = tiff(tmp_path / "b.tif", np.ones((9, 9), dtype="complex64"))
    assert code_of(odd) == "population_grid.kind"
    far = tiff(tmp_path / "c.tif", np.ones((9, 9)), place=from_origin(10, 50, CELL, CELL))
    assert code_of(far) == "population_grid.elsewhere"
    empty = tiff(tmp_path / "d.tif", np.zeros((20, 20)))
    assert code_of(empty) == "population_grid.nobody"


def bomb(wide, tall, *, rows_per_strip):
    """Return a TIFF of a few hundred bytes that says it has very many cells."""
    scale = struct.pack("<3d", CELL / 1000, CELL / 1000, 0)
    tie = struct.pack("<6d", 0, 0, 0, 118.0, 25.2, 0)
    keys = struct.pack("<16H", 1, 1, 0, 3, 1024, 0, 1, 2, 1025, 0, 1, 1, 2048, 0, 1, 4326)
    data = zlib.compress(bytes(1000))
    tags = [
        (256, 4, 1, wide), (257, 4, 1, tall), (258, 3, 1, 32), (259, 3, 1, 8), (262, 3, 1, 1),
        (273, 4, 1, "data"), (277, 3, 1, 1), (278, 4, 1, rows_per_strip),
        (279, 4, 1, len(data)), (339, 3, 1, 3), (33550, 12, 3, "scale"), (33922, 12, 6, "tie"),
        (34735, 3, 16, "keys"),
    ]  # fmt: skip
    start = 8 + 2 + 12 * len(tags) + 4
    parts, at = {"data": data, "scale": scale, "tie": tie, "keys": keys}, {}
    for name, part in parts.items():
        at[name] = start
        start += len(part)
    entries = [
        struct.pack("<HHII", tag, kind, count, at.get(value, value))
        for tag, kind, count, value in tags
    ]
    return b"".join(
        [b"II*\0", struct.pack("<IH", 8, len(tags)), *entries, bytes(4), *parts.values()]
    )


def test_header_bombs():
    assert code_of(bomb(300_000, 300_000, rows_per_strip=1)) == "population_grid.too_large"
    assert code_of(bomb(60_000, 60_000, rows_per_strip=60_000)) == "population_grid.block"


def test_too_long_a_file_a_missing_one_and_a_spacing(tmp_path):
    path = tiff(tmp_path / "a.tif", np.ones((200, 200)))
    assert code_of(path, limits=Limits(file_mb=0.01)) == "intake.too_large"
    assert code_of(tmp_path / "none.tif") == "intake.no_file"
    assert code_of(path, spacing_m=0) == "population_grid.spacing"
    assert code_of(path, spacing_m=float("nan")) == "population_grid.spacing"


def test_without_rasterio(tmp_path, monkeypatch):
    path = tiff(tmp_path / "a.tif", np.ones((9, 9)))
    monkeypatch.setattr(population_upload.importlib.util, "find_spec", lambda _: None)
    assert code_of(path) == "population_grid.needs_rasterio"


def test_a_raster_is_told_by_its_first_bytes(tmp_path):
    path = tiff(tmp_path / "a.csv", np.ones((9, 9)))
    assert is_grid(path)
    assert is_grid(path.read_bytes())
    assert not is_grid(b"unit,people\n")
    assert not is_grid(tmp_path / "none.tif")
    assert is_tiff(b"MM\0*")
    assert is_tiff(b"II+\0")
    big = tiff(tmp_path / "big.tif", np.ones((20, 20)), BIGTIFF="YES")
    assert by_unit(read_uploaded_grid(big, UNITS)) == {"A1": 100.0, "A2": 100.0, "B1": 200.0}


def test_a_study_without_township_outlines_is_read_by_county(tmp_path):
    units = UNITS.copy()
    units.loc[list(TOP), "geometry"] = None
    grid = read(tiff(tmp_path / "a.tif", np.ones((20, 20))), gpd.GeoDataFrame(units))
    assert by_unit(grid) == {"A": 200.0, "B": 200.0}
    assert grid.facts["level"] == "county"


@pytest.mark.parametrize(
    ("vectors", "left"), [(False, {"GTiff", "MEM"}), (True, ALLOWED_DRIVERS | {"GTiff"})]
)
def test_the_child_of_a_raster_has_no_driver_but_those_allowed(vectors, left):
    ask = "import rasterio\nwith rasterio.Env() as e: print(*e.drivers(), sep='\\n')"
    told = subprocess.run(
        [sys.executable, "-c", ask],
        env={**os.environ, **raster_environment(vectors=vectors)},
        capture_output=True,
        text=True,
        check=True,
    )
    there = set(told.stdout.split("\n")) - {""}
    assert "GTiff" in there
    assert there <= left
