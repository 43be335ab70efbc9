"""Heights: a plane whose slope is known on paper, holes, and rasters that cannot be used."""

import sys

import numpy as np
import pandas as pd
import pytest
import rasterio
from rasterio.transform import from_origin
from shapely import LineString

from geo import roads_slope
from geo.reach import great_circle_m
from geo.roads import build_network, road_pairs
from geo.roads_classes import WALK_KMH
from geo.roads_errors import RoadsError
from geo.roads_files import roads_of_lines
from geo.roads_slope import walking_factor, with_heights

CELL = 0.001
M = great_circle_m([[118, 25]], [[118.002, 25]])[0]


@pytest.fixture
def hill():
    """A road of 202 m eastward in two pieces, then 222 m northward."""
    shape = LineString([(118, 25), (118.001, 25), (118.002, 25), (118.002, 25.001)])
    return roads_of_lines(np.array([shape]), pd.DataFrame({"highway": ["residential"]}))


def raster(folder, heights, *, west=117.99, north=25.01, crs="EPSG:4326", nodata=None):
    path = folder / "heights.tif"
    options = {"driver": "GTiff", "count": 1, "dtype": "float32", "crs": crs, "nodata": nodata}
    tall, wide = heights.shape
    place = from_origin(west, north, CELL, CELL)
    with rasterio.open(path, "w", height=tall, width=wide, transform=place, **options) as file:
        file.write(heights.astype("float32"), 1)
    return path


def plane(rise_a_cell):
    return np.arange(30)[None, :] * rise_a_cell + np.zeros((20, 1))


def test_uphill_is_slower_than_downhill(hill, tmp_path):
    """10 m a cell of 101 m: the road climbs 20 m eastward and stays level northward."""
    found = with_heights(hill, raster(tmp_path, plane(10.0)))
    assert np.sort(np.abs(found.rise_m)) == pytest.approx([0, 10, 10], abs=1e-3)
    network = build_network(found)
    pairs = road_pairs(network, [[118, 25]], [[118.002, 25]], 99).data[0]
    back = road_pairs(network, [[118.002, 25]], [[118, 25]], 99).data[0]
    slope = 20 / M
    assert pairs == pytest.approx(M * 0.06 / (WALK_KMH * np.exp(-3.5 * slope)), rel=1e-4)
    assert back == pytest.approx(M * 0.06 / (WALK_KMH * walking_factor(-slope)), rel=1e-4)
    assert pairs > 1.3 * back
    flat = build_network(hill)
    assert road_pairs(flat, [[118, 25]], [[118.002, 25]], 99).data[0] < pairs
    for mode, cost in (("drive", "minutes"), ("walk", "metres")):
        hilly, level = (build_network(r, mode, cost=cost).against.data for r in (found, hill))
        assert np.array_equal(hilly, level)
    assert found.fingerprint != hill.fingerprint


def test_walking_is_quickest_gently_downhill():
    slopes = np.linspace(-0.6, 0.6, 121)
    factor = walking_factor(slopes)
    assert slopes[factor.argmax()] == pytest.approx(-0.05)
    assert factor[slopes >= 0.5].tolist() == [factor[slopes >= 0.5][0]] * int((slopes >= 0.5).sum())


def test_strips_give_the_same_heights(hill, tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    path = raster(tmp_path, rng.uniform(0, 30, (20, 30)))
    whole = with_heights(hill, path).rise_m
    monkeypatch.setattr(roads_slope, "_STRIP_CELLS", 1)
    assert np.array_equal(with_heights(hill, path).rise_m, whole)
    assert np.abs(whole).max() > 1


def test_holes_are_level_and_counted(hill, tmp_path):
    heights = plane(10.0)
    heights[:, 11:] = -9999
    found = with_heights(hill, raster(tmp_path, heights, west=117.9903, nodata=-9999))
    # Nodes stand at columns 9.2, 10.2 (whose neighbour is a hole) and 11.2 (a hole itself).
    assert found.rise_m.tolist() == pytest.approx([8, 0, 0], abs=1e-3)
    warning = found.warnings[-1]
    assert (warning.code, warning.count) == ("roads.no_height", 2)


def test_a_raster_in_metres_is_read_too(hill, tmp_path):
    with rasterio.open(
        tmp_path / "metres.tif",
        "w",
        driver="GTiff",
        count=1,
        dtype="float32",
        crs="EPSG:4548",
        height=50,
        width=50,
        transform=from_origin(598_000, 2_768_000, 100, 100),
    ) as file:
        file.write((np.arange(50)[None, :] * 10.0 + np.zeros((50, 1))).astype("float32"), 1)
    rise = with_heights(hill, tmp_path / "metres.tif").rise_m
    assert rise[:2].sum() == pytest.approx(20.2, abs=0.3)


@pytest.mark.parametrize("kind", ["elsewhere", "no_crs", "text", "missing"])
def test_rasters_that_cannot_be_used(hill, tmp_path, kind):
    if kind == "elsewhere":
        path = raster(tmp_path, plane(1.0), west=10)
    elif kind == "no_crs":
        path = raster(tmp_path, plane(1.0), crs=None)
    else:
        path = tmp_path / "heights.tif"
        if kind == "text":
            path.write_text("no raster")
    with pytest.raises(RoadsError) as caught:
        with_heights(hill, path)
    assert caught.value.code == "roads.raster"
    assert caught.value.facts["file"] == "heights.tif"


def test_without_the_library_says_what_to_install(hill, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "rasterio", None)
    with pytest.raises(RoadsError) as caught:
        with_heights(hill, tmp_path / "heights.tif")
    assert caught.value.code == "roads.needs_rasterio"
