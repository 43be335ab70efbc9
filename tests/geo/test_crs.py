"""Coordinate systems: paper answers, exact inverses, and the refusals."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Geod

from geo import crs
from geo.errors import IntakeError
from geo.shifts import BD09, GCJ02

LON = st.floats(73.5, 135.0)
LAT = st.floats(3.5, 53.5)


def _metres(lon: float, lat: float, lon_2: float, lat_2: float) -> float:
    return float(Geod(ellps="WGS84").inv(lon, lat, lon_2, lat_2)[2])


def test_known_pairs_of_the_shifts() -> None:
    # The worked example of wandergis/coordtransform's README, forward directions.
    at = np.array([116.404]), np.array([39.915])
    assert GCJ02.forward(*at)[0][0] == pytest.approx(116.41024449916938, abs=1e-9)
    assert GCJ02.forward(*at)[1][0] == pytest.approx(39.91640428150164, abs=1e-9)
    assert BD09.forward(*at)[0][0] == pytest.approx(116.41036949371029, abs=1e-9)
    assert BD09.forward(*at)[1][0] == pytest.approx(39.92133699351022, abs=1e-9)


def test_the_shift_in_quanzhou_is_what_lists_show() -> None:
    lon, lat = GCJ02.forward(np.array([118.6]), np.array([24.9]))
    assert 500 < _metres(118.6, 24.9, lon[0], lat[0]) < 700


@given(lon=LON, lat=LAT)
def test_gcj02_and_back_is_exact(lon: float, lat: float) -> None:
    x, y = GCJ02.forward(np.array([lon]), np.array([lat]))
    back = GCJ02.back(x, y)
    assert _metres(lon, lat, back[0][0], back[1][0]) < 1e-4


@given(lon=LON, lat=LAT)
def test_bd09_and_back_is_exact(lon: float, lat: float) -> None:
    x, y = BD09.forward(np.array([lon]), np.array([lat]))
    back = BD09.back(x, y)
    assert _metres(lon, lat, back[0][0], back[1][0]) < 1e-4


def test_inverses_stay_under_a_millimetre_over_all_china() -> None:
    rng = np.random.default_rng(5)
    lon, lat = rng.uniform(73.5, 135, 50_000), rng.uniform(3.5, 53.5, 50_000)
    for datum in ("gcj02", "bd09"):
        x, y = crs.from_wgs84(lon, lat, datum=datum)
        back_lon, back_lat = crs.to_wgs84(x, y, datum=datum)
        off = np.hypot((back_lon - lon) * np.cos(np.radians(lat)), back_lat - lat) * 111_195
        assert off.max() < 0.001


def test_points_outside_china_are_not_shifted() -> None:
    lon, lat = np.array([2.35, 139.7, -73.9, 118.6]), np.array([48.85, 35.7, 40.7, 24.9])
    x, y = GCJ02.forward(lon, lat)
    assert np.array_equal(x[:3], lon[:3])
    assert np.array_equal(y[:3], lat[:3])
    back_lon, back_lat = GCJ02.back(lon, lat)
    assert np.array_equal(back_lon[:3], lon[:3])
    assert np.array_equal(back_lat[:3], lat[:3])
    assert x[3] != lon[3]


def test_unknown_stays_unknown() -> None:
    for datum in ("wgs84", "gcj02", "bd09", "cgcs2000", "epsg:4548"):
        lon, lat = crs.to_wgs84([np.nan, np.inf], [24.9, 24.9], datum=datum)
        assert np.isnan(lon).all()
        assert np.isnan(lat).all()


@pytest.mark.parametrize(
    ("zone", "width", "prefixed", "code"),
    [
        (39, 3, False, 4548),
        (40, 3, False, 4549),
        (39, 3, True, 4527),
        (40, 3, True, 4528),
        (25, 3, True, 4513),
        (45, 3, False, 4554),
        (20, 6, True, 4498),
        (20, 6, False, 4509),
        (13, 6, True, 4491),
        (23, 6, False, 4512),
    ],
)
def test_gauss_krueger_codes_are_what_epsg_says(
    zone: int, width: int, prefixed: bool, code: int
) -> None:
    assert crs.gk_epsg(zone=zone, width_deg=width, prefixed=prefixed) == code
    name = CRS.from_epsg(code).name
    assert "CGCS2000" in name
    assert ("zone" in name) is prefixed
    central = CRS.from_epsg(code).coordinate_operation.params[1].value
    assert central == (zone * 3 if width == 3 else zone * 6 - 3)


def test_a_zone_that_is_not_there_is_refused() -> None:
    for zone, width in ((12, 6), (24, 6), (24, 3), (46, 3), (39, 6), (39, 4)):
        with pytest.raises(IntakeError) as caught:
            crs.gk_epsg(zone=zone, width_deg=width, prefixed=True)
        assert caught.value.code == "crs.zone"


def test_the_prefix_is_part_of_the_easting() -> None:
    plain, _ = crs.from_wgs84([118.5], [25.0], datum="epsg:4548")
    prefixed, _ = crs.from_wgs84([118.5], [25.0], datum="epsg:4527")
    assert prefixed[0] - plain[0] == pytest.approx(39_000_000, abs=1e-3)
    assert 500_000 < plain[0] < 750_000


@given(lon=st.floats(117.0, 120.5), lat=st.floats(24.0, 26.5))
def test_projected_and_back(lon: float, lat: float) -> None:
    for datum in ("epsg:4548", "epsg:4549", "epsg:4527", "epsg:4528", "epsg:4498", "epsg:32650"):
        x, y = crs.from_wgs84([lon], [lat], datum=datum)
        back = crs.to_wgs84(x, y, datum=datum)
        assert _metres(lon, lat, back[0][0], back[1][0]) < 0.001


def test_cgcs2000_degrees_are_wgs84_degrees() -> None:
    lon, lat = crs.to_wgs84([118.6], [24.9], datum="EPSG:4490")
    assert (lon[0], lat[0]) == (118.6, 24.9)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("GCJ-02", "gcj02"),
        ("火星坐标系", "gcj02"),
        ("高德地图", "gcj02"),
        ("百度坐标", "bd09"),
        ("BD09LL", "bd09"),
        ("WGS 84", "wgs84"),
        ("EPSG:4326", "wgs84"),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "wgs84"),
        ("CGCS2000", "cgcs2000"),
        ("国家大地坐标系2000", "cgcs2000"),
        ("4490", "cgcs2000"),
        ("epsg:4549", "epsg:4549"),
        (CRS.from_epsg(4548).to_wkt("WKT1_ESRI"), "epsg:4548"),
        (CRS.from_epsg(4490).to_wkt("WKT1_ESRI"), "cgcs2000"),
    ],
)
def test_names_of_systems(text: str, name: str) -> None:
    assert crs.parse_datum(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "西安80",
        "Xian 1980",
        "北京54",
        "Beijing 1954",
        "epsg:4610",
        "epsg:4214",
        "epsg:2384",
        "epsg:2436",
        "epsg:4555",
        CRS.from_epsg(2384).to_wkt("WKT1_ESRI"),
        CRS.from_epsg(2436).to_wkt("WKT1_ESRI"),
    ],
)
def test_xian_80_and_beijing_54_are_refused_with_the_reason(text: str) -> None:
    with pytest.raises(IntakeError, match="not public") as caught:
        crs.parse_datum(text)
    assert caught.value.code == "crs.old_datum"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("nonsense", "crs.unknown"),
        ("", "crs.unknown"),
        ("+proj=longlat +nadgrids=@/etc/passwd", "crs.unknown"),
        ('{"$schema": "https://proj.org"}', "crs.unknown"),
        ("epsg:27700", "crs.unsupported"),
        ("epsg:4978", "crs.unsupported"),
    ],
)
def test_other_systems_are_refused(text: str, code: str) -> None:
    with pytest.raises(IntakeError) as caught:
        crs.parse_datum(text)
    assert caught.value.code == code


def test_metres_given_as_degrees_are_named() -> None:
    with pytest.raises(IntakeError, match=r"2 row\(s\) \(first 2, 3\)") as caught:
        crs.to_wgs84([118.6, 651_000.0, 118.6], [24.9, 2_766_000.0, 91.0], datum="wgs84")
    assert caught.value.code == "crs.range"
    assert caught.value.facts["count"] == 2


def test_shapes_must_agree() -> None:
    with pytest.raises(ValueError, match="shape"):
        crs.to_wgs84([1.0, 2.0], [1.0], datum="wgs84")


@given(
    lon=st.floats(117.5, 119.1),
    lat=st.floats(24.4, 25.9),
)
def test_swapped_pairs_are_found_and_right_ones_left(lon: float, lat: float) -> None:
    box = (117.4, 24.3, 119.2, 26.0)
    assert crs.find_swapped([lon, lat, 0.0], [lat, lon, 0.0], bounds=box).tolist() == [
        False,
        True,
        False,
    ]


def test_the_metric_projection_keeps_areas() -> None:
    box = gpd.GeoDataFrame(geometry=[shapely.box(117.5, 24.4, 119.1, 25.9)], crs="EPSG:4326")
    dense = box.geometry.segmentize(0.005)
    area = dense.to_crs(crs.metric_crs(box)).area.iloc[0]
    true = abs(Geod(ellps="WGS84").geometry_area_perimeter(dense.iloc[0])[0])
    assert area == pytest.approx(true, rel=1e-6)
    assert crs.metric_crs(box).axis_info[0].unit_name == "metre"


def test_the_metric_projection_ignores_a_small_edit_and_needs_an_extent() -> None:
    box = gpd.GeoDataFrame(geometry=[shapely.box(117.5, 24.4, 119.1, 25.9)], crs="EPSG:4326")
    moved = gpd.GeoDataFrame(geometry=[shapely.box(117.501, 24.4, 119.1, 25.9)], crs="EPSG:4326")
    assert crs.metric_crs(box) == crs.metric_crs(moved)
    with pytest.raises(IntakeError) as caught:
        crs.metric_crs(gpd.GeoDataFrame(geometry=[None], crs="EPSG:4326"))
    assert caught.value.code == "crs.no_bounds"
