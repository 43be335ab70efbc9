"""Uploaded road files: the same roads as read directly, and nothing else, whatever they try."""

import json
import sqlite3
import zipfile

import geopandas as gpd
import numpy as np
import pytest
from shapely import LineString

from geo.errors import IntakeError
from geo.intake.sandbox import Limits
from geo.roads_errors import RoadsError
from geo.roads_files import Roads, load, read_roads, save
from geo.roads_upload import read_uploaded_roads


@pytest.fixture
def lines():
    tags = {"fclass": ["primary", "村道", "primary"], "oneway": ["F", "B", "B"]}
    shapes = [[(118, 25), (118.001, 25)], [(118.001, 25), (118.002, 25)], [(118, 25), (118, 25)]]
    return gpd.GeoDataFrame(tags, geometry=[LineString(s) for s in shapes], crs="EPSG:4326")


def packed(folder, path):
    """Zip a Shapefile's parts under a folder name that must not be used as a path."""
    with zipfile.ZipFile(path, "w") as archive:
        for part in folder.iterdir():
            if part.suffix in (".shp", ".shx", ".dbf", ".prj", ".cpg"):
                archive.write(part, f"../../街道/{part.name}")
        archive.writestr("../../evil.shp.xml", "<x/>")


@pytest.mark.parametrize("kind", ["gpkg", "geojson", "fgb", "zip"])
def test_the_child_reads_what_we_would(lines, tmp_path, kind):
    path = tmp_path / f"roads.{kind}"
    if kind == "zip":
        folder = tmp_path / "parts"
        folder.mkdir()
        lines.to_file(folder / "roads.shp", encoding="utf-8")
        packed(folder, path)
        expected = read_roads(folder / "roads.shp")
    else:
        lines.to_file(path)
        expected = read_roads(path)
    found = read_uploaded_roads(path.read_bytes(), name="../道路.dat")
    for field in ("lonlat", "start", "end", "metres", "road_class", "direction", "allowed"):
        assert np.array_equal(getattr(found, field), getattr(expected, field))
    assert [(w.code, w.count) for w in found.warnings] == [("roads.zero_length", 1)]
    assert found.road_class.tolist().count(2) == 1


def test_a_pbf_is_told_by_its_content(tmp_path):
    import osmium
    from osmium.osm.mutable import Node, Way

    path = tmp_path / "x.osm.pbf"
    with osmium.SimpleWriter(str(path)) as writer:
        writer.add_node(Node(id=1, location=(118, 25)))
        writer.add_node(Node(id=2, location=(118.001, 25)))
        writer.add_way(Way(id=1, nodes=[1, 2], tags={"highway": "primary"}))
    found = read_uploaded_roads(path.read_bytes(), name="道路")
    assert found.metres == pytest.approx([100.78], abs=0.01)


def vrt(tmp_path):
    secret = tmp_path / "secret.geojson"
    secret.write_text(
        json.dumps(
            {
                "type": "FeatureCollection",
                "features": [
                    {
                        "type": "Feature",
                        "properties": {},
                        "geometry": {"type": "LineString", "coordinates": [[118, 25], [118.1, 25]]},
                    }
                ],
            }
        )
    )
    source = f"<SrcDataSource>{secret}</SrcDataSource>"
    return f'<OGRVRTDataSource><OGRVRTLayer name="secret">{source}</OGRVRTLayer></OGRVRTDataSource>'


def test_a_file_that_points_to_another_is_refused(tmp_path):
    for name in ("roads.vrt", "roads.geojson", "roads.gpkg"):
        with pytest.raises((IntakeError, RoadsError)) as caught:
            read_uploaded_roads(vrt(tmp_path).encode(), name=name)
        assert caught.value.code in ("intake.not_supported", "roads.damaged")
        assert caught.value.facts["file"] == name


def test_a_view_is_never_run(lines, tmp_path):
    lines.to_file(tmp_path / "roads.gpkg", layer="roads")
    with sqlite3.connect(tmp_path / "roads.gpkg") as database:
        database.execute("CREATE VIEW other AS SELECT * FROM roads")
    database.close()
    with pytest.raises(RoadsError) as caught:
        read_uploaded_roads((tmp_path / "roads.gpkg").read_bytes(), name="roads.gpkg")
    assert caught.value.code == "roads.views"
    assert caught.value.facts["count"] == "1"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "intake.empty_file"),
        (b"%PDF-1.7", "intake.not_supported"),
        (b"SQLite format 3\0 and no more", "roads.damaged"),
        (b"\0\0\0\x0d\n\tOSMHeader and no more", "roads.damaged"),
        (b"PK\x05\x06", "intake.damaged"),
        (b"a,b\n1,2\n", "roads.no_lines"),
        (b'{"type": "FeatureCollection", "features": []}', "roads.no_lines"),
    ],
)
def test_broken_uploads_are_named_as_the_user_calls_them(content, code):
    with pytest.raises((IntakeError, RoadsError)) as caught:
        read_uploaded_roads(content, name="我的道路")
    assert caught.value.code == code
    assert caught.value.facts["file"] == "我的道路"
    assert "我的道路" in str(caught.value)


def test_limits_hold(lines, tmp_path):
    lines.to_file(tmp_path / "roads.gpkg")
    content = (tmp_path / "roads.gpkg").read_bytes()
    for limits, codes in (
        (Limits(file_mb=0.01), {"intake.too_large"}),
        (Limits(memory_mb=150), {"intake.memory", "intake.reader_died"}),
        (Limits(wall_s=0), {"intake.time"}),
    ):
        with pytest.raises(IntakeError) as caught:
            read_uploaded_roads(content, name="roads.gpkg", limits=limits)
        assert caught.value.code in codes


def raster(path, value, *, crs="EPSG:4326"):
    import rasterio
    from rasterio.transform import from_origin

    cells = np.full((4, 4), value, dtype="float32") + np.arange(4, dtype="float32") * 10
    shape = {"height": 4, "width": 4, "count": 1, "dtype": "float32"}
    place = {"crs": crs, "transform": from_origin(117.998, 25.002, 0.001, 0.001)}
    with rasterio.open(path, "w", driver="GTiff", **shape, **place) as target:
        target.write(cells, 1)
    return path


def test_heights_are_read_in_the_same_child(lines, tmp_path):
    lines.to_file(tmp_path / "roads.gpkg")
    heights = raster(tmp_path / "dem.tif", 100)
    found = read_uploaded_roads(
        tmp_path / "roads.gpkg", heights=heights.read_bytes(), heights_name="山.tif"
    )
    level = read_uploaded_roads(tmp_path / "roads.gpkg")
    assert np.abs(found.rise_m).max() == pytest.approx(10, abs=0.1)
    assert (level.rise_m == 0).all()
    assert found.fingerprint != level.fingerprint


def test_heights_that_are_none_are_named(lines, tmp_path):
    lines.to_file(tmp_path / "roads.gpkg")
    nowhere = raster(tmp_path / "nowhere.tif", 1, crs=None)
    for heights, code in (
        (b"<VRTDataset/>", "roads.not_tiff"),
        (b"II*\0 and no more", "roads.raster"),
        (nowhere.read_bytes(), "roads.raster"),
    ):
        with pytest.raises(RoadsError) as caught:
            read_uploaded_roads(tmp_path / "roads.gpkg", heights=heights, heights_name="山.tif")
        assert caught.value.code == code
        assert caught.value.facts["file"] == "山.tif"


def test_progress_is_told_and_no_file_is_no_address(lines, tmp_path):
    lines.to_file(tmp_path / "roads.gpkg")
    told = []
    read_uploaded_roads(tmp_path / "roads.gpkg", progress=lambda share, _: told.append(share))
    assert told == sorted(told)
    assert told
    for address in ("/vsicurl/http://127.0.0.1/x.gpkg", tmp_path / "none.gpkg"):
        with pytest.raises(IntakeError) as caught:
            read_uploaded_roads(address)
        assert caught.value.code == "intake.no_file"


def test_arrays_that_do_not_belong_together_are_refused(lines, tmp_path):
    lines.to_file(tmp_path / "roads.gpkg")
    roads = read_roads(tmp_path / "roads.gpkg")
    fields = {name: getattr(roads, name) for name in Roads.__dataclass_fields__}
    save(Roads(**fields | {"end": roads.end + 7}), tmp_path / "bad.npz")
    with pytest.raises(RoadsError) as caught:
        load(tmp_path / "bad.npz")
    assert caught.value.code == "roads.damaged"
