"""Which coordinates a list is written in, and how they become WGS-84.

Longitude and latitude in China come in three systems that look alike and lie up to 1.2 km apart:
WGS-84 (and CGCS2000, which agrees with it), GCJ-02 (Amap, Tencent) and BD-09 (Baidu). Government
layers are CGCS2000, in degrees or in Gauss-Krüger metres with or without a zone number in front.
This module converts; :mod:`geo.intake.datum` works out which system a list uses.
"""

from __future__ import annotations

import re
from functools import lru_cache

import geopandas as gpd
import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from geo.errors import IntakeError, first_ids
from geo.shifts import BD09, GCJ02

Floats = NDArray[np.float64]

DEGREE_DATUMS = ("wgs84", "cgcs2000", "gcj02", "bd09")
EPSG_WGS84 = 4326
EPSG_CGCS2000 = 4490

_ALIASES = {
    "wgs84": "wgs84 wgs1984 gps epsg:4326 4326 ogc:crs84 crs84",
    "cgcs2000": "cgcs2000 epsg:4490 4490 国家2000 国家大地2000 2000 天地图",
    "gcj02": "gcj02 gcj 火星 高德 腾讯 amap gaode tencent",
    "bd09": "bd09 bd09ll 百度 baidu",
}
_DATUM_OF_ALIAS = {alias: datum for datum, names in _ALIASES.items() for alias in names.split()}
_OLD_DATUM = re.compile(
    r"xi'?an.?(19)?80|西安.?(19)?80|beijing.?(19)?54|北京.?(19)?54|pulkovo|new.beijing", re.I
)
_KNOWN_DATUM = re.compile(r"WGS.?(19)?84|World Geodetic System 1984|China.?2000|CGCS.?2000", re.I)

# First EPSG code of each family of CGCS2000 Gauss-Krüger systems: (zone width, prefixed) ->
# (first zone, first code). EPSG registers the zones of each family in unbroken order.
_GK_FAMILIES = {
    (3, True): (25, 4513),
    (3, False): (25, 4534),
    (6, True): (13, 4491),
    (6, False): (13, 4502),
}
_GK_ZONES = {3: range(25, 46), 6: range(13, 24)}


def parse_datum(text: str) -> str:
    """Return the standard name of a coordinate system written in any usual way.

    Parameters
    ----------
    text : str
        A word (``"GCJ-02"``, ``"百度"``), an EPSG code (``"epsg:4548"``) or the WKT of a .prj file.

    Returns
    -------
    str
        ``"wgs84"``, ``"cgcs2000"``, ``"gcj02"``, ``"bd09"``, ``"epsg:…"`` or, where no EPSG code
        fits, the WKT itself.

    Raises
    ------
    IntakeError
        ``crs.old_datum`` for Xian 80 and Beijing 54, ``crs.unknown`` for anything unreadable and
        ``crs.unsupported`` for a system on another datum.

    Examples
    --------
    >>> parse_datum("GCJ-02"), parse_datum("EPSG:4548"), parse_datum("百度")
    ('gcj02', 'epsg:4548', 'bd09')
    """
    word = re.sub(r"[\s_\-]|国家大地坐标系?|坐标系?|地图$", "", text).lower()
    if word in _DATUM_OF_ALIAS:
        return _DATUM_OF_ALIAS[word]
    if _OLD_DATUM.search(text):
        raise _old_datum(text)
    try:
        if text.lstrip().startswith(("+", "{")):  # PROJ strings may name grid files to open
            raise CRSError("PROJ strings are not read")
        crs = CRS.from_user_input(int(word) if word.isdecimal() else text)
    except CRSError as error:
        raise IntakeError(
            "crs.unknown",
            f"The coordinate system {text[:80]!r} is not known; choose one of "
            f"{', '.join(DEGREE_DATUMS)} or give an EPSG code such as epsg:4548.",
            value=text[:80],
        ) from error
    return _datum_of_crs(crs)


def _datum_of_crs(crs: CRS) -> str:
    about = f"{crs.name} {crs.datum.name if crs.datum is not None else ''}"
    if _OLD_DATUM.search(about):
        raise _old_datum(crs.name)
    if (
        crs.is_bound
        or not _KNOWN_DATUM.search(about)
        or not (crs.is_geographic or crs.is_projected)
    ):
        raise IntakeError(
            "crs.unsupported",
            f"The coordinate system {crs.name!r} rests on a datum with no exact link to WGS-84; "
            "export the data as WGS-84 or CGCS2000.",
            value=crs.name,
        )
    if crs.is_geographic and len(crs.axis_info) == 2:
        return "cgcs2000" if "2000" in about else "wgs84"
    code = crs.to_epsg(min_confidence=70)
    return f"epsg:{code}" if code else crs.to_wkt()


def _old_datum(name: str) -> IntakeError:
    return IntakeError(
        "crs.old_datum",
        f"{name[:60]!r} is refused: the link from Xian 80 or Beijing 54 to WGS-84 differs from "
        "place to place and is not public, so the error (tens of metres to more than 100 m) cannot "
        "be stated. Have the data converted to CGCS2000 by the surveying office, or give control "
        "points.",
        value=name[:60],
    )


def gk_epsg(*, zone: int, width_deg: int, prefixed: bool) -> int:
    """Return the EPSG code of a CGCS2000 Gauss-Krüger system.

    Parameters
    ----------
    zone : int
        25 to 45 for 3-degree zones, 13 to 23 for 6-degree zones.
    width_deg : {3, 6}
        Width of the zone.
    prefixed : bool
        Whether eastings carry the zone number as their first two digits.

    Returns
    -------
    int

    Raises
    ------
    IntakeError
        ``crs.zone`` when there is no such zone.

    Examples
    --------
    >>> gk_epsg(zone=39, width_deg=3, prefixed=False), gk_epsg(zone=39, width_deg=3, prefixed=True)
    (4548, 4527)
    """
    if zone not in _GK_ZONES.get(width_deg, range(0)):
        raise IntakeError(
            "crs.zone",
            f"There is no {width_deg}-degree Gauss-Krüger zone {zone} in China; 3-degree zones run "
            "from 25 to 45 and 6-degree zones from 13 to 23.",
            value=zone,
            width=width_deg,
        )
    first_zone, first_code = _GK_FAMILIES[(width_deg, prefixed)]
    return first_code + zone - first_zone


def to_wgs84(x: ArrayLike, y: ArrayLike, *, datum: str) -> tuple[Floats, Floats]:
    """Convert coordinates of any supported system to WGS-84.

    Parameters
    ----------
    x, y : array_like of float, shape (n,)
        Longitude and latitude in degrees, or easting and northing in metres. NaN is unknown.
    datum : str
        See :func:`parse_datum`.

    Returns
    -------
    lon, lat : ndarray of float, shape (n,)
        WGS-84 degrees; NaN where either input was NaN.

    Raises
    ------
    IntakeError
        As :func:`parse_datum`; ``crs.range`` when values cannot be coordinates of this system.

    Notes
    -----
    CGCS2000 is taken as WGS-84: both follow the ITRF, and what sets them apart is the drift of the
    plate since epoch 2000.0, less than a metre. Cost O(n); 1,000,000 points need about 100 MB.

    Examples
    --------
    >>> lon, lat = to_wgs84([118.6], [24.9], datum="gcj02")
    >>> round(float(lon[0]), 5), round(float(lat[0]), 5)
    (118.59555, 24.903)
    """
    name = parse_datum(datum)
    east, north = _pair(x, y)
    if name not in DEGREE_DATUMS:
        return _unproject(east, north, name)
    _check_degrees(east, north)
    if name == "gcj02":
        return GCJ02.back(east, north)
    if name == "bd09":
        return GCJ02.back(*BD09.back(east, north))
    return east, north


def from_wgs84(lon: ArrayLike, lat: ArrayLike, *, datum: str) -> tuple[Floats, Floats]:
    """Convert WGS-84 degrees to any supported system; the other way of :func:`to_wgs84`.

    Parameters
    ----------
    lon, lat : array_like of float, shape (n,)
        WGS-84 degrees.
    datum : str
        See :func:`parse_datum`.

    Returns
    -------
    x, y : ndarray of float, shape (n,)

    Raises
    ------
    IntakeError
        As :func:`to_wgs84`.

    Examples
    --------
    >>> x, y = from_wgs84([118.5], [25.0], datum="epsg:4548")
    >>> round(float(x[0])), round(float(y[0]))
    (651436, 2766892)
    """
    name = parse_datum(datum)
    east, north = _pair(lon, lat)
    _check_degrees(east, north)
    if name == "gcj02":
        return GCJ02.forward(east, north)
    if name == "bd09":
        return BD09.forward(*GCJ02.forward(east, north))
    if name in DEGREE_DATUMS:
        return east, north
    forward, _ = _transformers(name)
    x, y = forward.transform(east, north)
    return _nan_together(np.asarray(x), np.asarray(y))


def find_swapped(
    x: ArrayLike, y: ArrayLike, *, bounds: tuple[float, float, float, float]
) -> NDArray[np.bool_]:
    """Tell which rows lie in the study area only when x and y change places.

    Parameters
    ----------
    x, y : array_like of float, shape (n,)
        Degrees.
    bounds : tuple of float
        ``(min_lon, min_lat, max_lon, max_lat)`` of the study, widened by the caller if wanted.

    Returns
    -------
    ndarray of bool, shape (n,)

    Examples
    --------
    >>> find_swapped([118.6, 24.9], [24.9, 118.6], bounds=(117.4, 24.3, 119.2, 26.0))
    array([False,  True])
    """
    a, b = _pair(x, y)
    west, south, east, north = bounds

    def within(lon: Floats, lat: Floats) -> NDArray[np.bool_]:
        return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)

    return within(b, a) & ~within(a, b)


def metric_crs(units: gpd.GeoDataFrame) -> CRS:
    """Return the one metric projection of a study, for areas, hulls and drawing only.

    Parameters
    ----------
    units : GeoDataFrame
        Administrative units in EPSG:4326.

    Returns
    -------
    pyproj.CRS
        Lambert's equal-area projection on the centre of the units' bounds, in metres.

    Raises
    ------
    IntakeError
        ``crs.no_bounds`` when the units have no extent.

    Notes
    -----
    Areas are exact; 100 km from the centre lengths are off by about 0.003 %. Distances between
    rooms and people are great-circle metres and never come from here. The centre is rounded to
    0.1 degrees, so that a small edit of a boundary does not move the whole study.
    """
    west, south, east, north = units.total_bounds
    if not np.isfinite([west, south, east, north]).all():
        raise IntakeError("crs.no_bounds", "The units have no outline, so no projection fits them.")
    lon, lat = round((west + east) / 2, 1), round((south + north) / 2, 1)
    return CRS.from_proj4(f"+proj=laea +lat_0={lat} +lon_0={lon} +datum=WGS84 +units=m +no_defs")


def _pair(x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    """Return x and y as float arrays, NaN in both where either is unknown or infinite."""
    a = np.atleast_1d(np.asarray(x, dtype=np.float64))
    b = np.atleast_1d(np.asarray(y, dtype=np.float64))
    if a.shape != b.shape:
        raise ValueError(f"x has shape {a.shape}, y has shape {b.shape}")
    return _nan_together(a, b)


def _nan_together(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    good = np.isfinite(a) & np.isfinite(b)
    return np.where(good, a, np.nan), np.where(good, b, np.nan)


def _check_degrees(lon: Floats, lat: Floats) -> None:
    bad = np.flatnonzero((np.abs(lon) > 180) | (np.abs(lat) > 90))
    if len(bad):
        raise IntakeError(
            "crs.range",
            f"{len(bad)} row(s) (first {first_ids(bad + 1)}) are not degrees: longitude beyond "
            "±180 or latitude beyond ±90. If the values are metres, choose a Gauss-Krüger system; "
            "if longitude and latitude are swapped, swap the columns.",
            count=len(bad),
            ids=first_ids(bad + 1),
        )


def _unproject(x: Floats, y: Floats, name: str) -> tuple[Floats, Floats]:
    _, back = _transformers(name)
    lon, lat = (np.asarray(v, dtype=np.float64) for v in back.transform(x, y))
    lost = np.flatnonzero(np.isfinite(x) & ~(np.isfinite(lon) & np.isfinite(lat)))
    if len(lost):
        raise IntakeError(
            "crs.range",
            f"{len(lost)} row(s) (first {first_ids(lost + 1)}) lie outside {name[:40]}; check the "
            "zone, and whether eastings carry the zone number.",
            count=len(lost),
            ids=first_ids(lost + 1),
        )
    return _nan_together(lon, lat)


@lru_cache(maxsize=32)
def _transformers(name: str) -> tuple[Transformer, Transformer]:
    """Return both ways between WGS-84 degrees and a projected system on WGS-84 or CGCS2000."""
    crs = CRS.from_user_input(name)
    base = crs.geodetic_crs or CRS.from_epsg(EPSG_WGS84)
    return (
        Transformer.from_crs(base, crs, always_xy=True),
        Transformer.from_crs(crs, base, always_xy=True),
    )
