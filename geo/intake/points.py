"""The coordinates of an import: read, judged for their datum, moved to WGS-84, checked by row."""

from __future__ import annotations

import re
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import parse_datum, to_wgs84
from geo.errors import IntakeError
from geo.intake.datum import LIKELY, SURE, detect_datum
from geo.intake.mapping import Mapping
from geo.intake.place import Places
from geo.intake.raw import RawTable
from geo.intake.report import Remarks
from geo.intake.values import cleaned, degrees

FAR_KM = 300.0
_PAIR = re.compile(r"^[\s(（\[]*(-?\d+(?:\.\d+)?)[\s,，;；]+(-?\d+(?:\.\d+)?)[\s)）\]]*$")
_M_PER_KM = 1000.0
_TOLERANCE_KM = 0.5
_UNIT_TOLERANCE_M = 2000.0


@dataclass(frozen=True)
class Coordinates:
    """Coordinates as written.

    Parameters
    ----------
    x, y : Series of float
        On the file's row numbers; NaN unknown.
    header : str
        What to call them in remarks.
    """

    x: pd.Series
    y: pd.Series
    header: str

    @property
    def given(self) -> pd.Series:
        """Return which rows have a pair."""
        return self.x.notna() & self.y.notna()


def read_coordinates(raw: RawTable, mapping: Mapping, remarks: Remarks) -> Coordinates:
    """Return each row's coordinates as written in its shape or its columns.

    Parameters
    ----------
    raw : RawTable
    mapping : Mapping
        Uses ``lon`` and ``lat``, or ``lonlat`` with both in one cell; columns win over shapes.
    remarks : Remarks
        Told about cells that are no coordinates.

    Returns
    -------
    Coordinates
    """
    frame, columns = raw.frame, mapping.columns
    if "lon" in columns and "lat" in columns:
        return _two_columns(frame, columns["lon"], columns["lat"], remarks)
    if "lonlat" in columns:
        texts = cleaned(frame[columns["lonlat"]])
        pairs = texts.str.extract(_PAIR)
        remarks.add(
            texts.notna() & pairs[0].isna(), "coordinate", column=columns["lonlat"], values=texts
        )
        x, y = (pd.to_numeric(pairs[side], errors="coerce").astype(float) for side in (0, 1))
        return Coordinates(x, y, columns["lonlat"])
    if raw.shapes is not None:
        return _of_shapes(raw, remarks)
    nothing = pd.Series(np.nan, index=frame.index)
    return Coordinates(nothing, nothing, "")


def _two_columns(frame: pd.DataFrame, lon: str, lat: str, remarks: Remarks) -> Coordinates:
    read = {}
    for header in (lon, lat):
        texts = frame[header]
        read[header], bad = degrees(texts)
        if bad.any():
            texts = cleaned(texts)
            read[header], bad = degrees(texts)
        remarks.add(bad, "coordinate", column=header, values=texts)
    x, y = read[lon], read[lat]
    half = (x.isna() != y.isna()) & ~remarks.held
    remarks.add(half, "half_point", column=f"{lon}, {lat}")
    return Coordinates(x, y, f"{lon}, {lat}")


def _of_shapes(raw: RawTable, remarks: Remarks) -> Coordinates:
    shapes = gpd.GeoSeries(raw.shapes, index=raw.frame.index)
    broken = pd.Series(raw.frame.index.isin(raw.broken_rows), index=raw.frame.index)
    remarks.add(broken, "shape_broken", column="geometry")
    kind = shapes.geom_type
    single = shapes[kind == "MultiPoint"].map(lambda s: s.geoms[0] if len(s.geoms) == 1 else s)
    shapes.loc[single.index] = single
    kind = shapes.geom_type
    remarks.add(
        kind.notna() & (kind != "Point"), "shape_kind", column="geometry", detail=kind.fillna("")
    )
    points = shapes.where(kind == "Point")
    x, y = points.x.astype(float), points.y.astype(float)
    odd = (kind == "Point") & ~(np.isfinite(x) & np.isfinite(y)) & ~shapes.is_empty
    remarks.add(odd, "coordinate", column="geometry")
    return Coordinates(x.where(np.isfinite(x)), y.where(np.isfinite(y)), "geometry")


def choose_datum(
    raw: RawTable,
    at: Coordinates,
    *,
    datum: str | None,
    places: Places,
    stated: pd.Series,
    known: gpd.GeoSeries | None,
) -> str:
    """Return the datum to read an import by: the user's, the file's, or what the rows prove.

    Parameters
    ----------
    raw : RawTable
    at : Coordinates
    datum : str or None
        What the user chose.
    places : Places
    stated : Series of str or None
        The unit each row names.
    known : GeoSeries or None
        The points of rooms already known, by row.

    Returns
    -------
    str

    Raises
    ------
    IntakeError
        ``intake.datum_needed`` when nobody says and the rows do not prove it,
        ``intake.datum_differs`` when the file says one system and its rows prove another.
    """
    if datum is not None:
        _refuse_old(raw.stated_crs)
        return parse_datum(datum)
    guess = detect_datum(at.x, at.y, units=places.units, stated=stated, known=known)
    if raw.stated_crs:
        told = parse_datum(raw.stated_crs)
        if guess.verdict == SURE and guess.datum not in (told, _same(told)):
            raise IntakeError(
                "intake.datum_differs",
                f"{raw.name}: it says {told}, but its rows prove {guess.datum}: {guess.reason} "
                "Choose the coordinate system yourself.",
                file=raw.name,
                value=told,
                datum=guess.datum,
                reason=guess.reason,
            )
        return told
    if guess.verdict == SURE and guess.datum is not None:
        return guess.datum
    hint = f" Most likely {guess.datum}." if guess.verdict == LIKELY else ""
    raise IntakeError(
        "intake.datum_needed",
        f"{raw.name}: which coordinate system? {guess.reason}{hint} Choose wgs84, gcj02, bd09, "
        "cgcs2000 or an EPSG code.",
        file=raw.name,
        verdict=guess.verdict,
        datum=guess.datum or "—",
        reason=guess.reason,
    )


def _refuse_old(stated: str) -> None:
    """Refuse a file that says Xian 80 or Beijing 54, whatever the user chose."""
    try:
        if stated:
            parse_datum(stated)
    except IntakeError as error:
        if error.code == "crs.old_datum":
            raise


def _same(datum: str) -> str:
    return "wgs84" if datum == "cgcs2000" else datum


def move_to_wgs84(
    at: Coordinates, *, datum: str, places: Places, fix_swapped: bool, remarks: Remarks
) -> tuple[pd.Series, pd.Series]:
    """Return WGS-84 degrees, holding back rows that cannot be in this datum or are swapped.

    Parameters
    ----------
    at : Coordinates
    datum : str
    places : Places
    fix_swapped : bool
        Exchange swapped pairs instead of holding them back.
    remarks : Remarks

    Returns
    -------
    lon, lat : Series of float
        NaN for rows without a usable pair.
    """
    lon, lat = _moved(at.x, at.y, datum)
    far = _km_outside(lon, lat, places)
    odd = at.given & ~(far <= _TOLERANCE_KM)
    x, y = at.x[odd], at.y[odd]
    pairs = [f"{a:.6f}, {b:.6f}" for a, b in zip(x, y, strict=True)]
    written = pd.Series(pairs, index=x.index, dtype=object)
    turned = _moved(y, x, datum)
    far_turned = _km_outside(*turned, places).reindex(at.x.index)
    swapped = odd & ~(far <= FAR_KM) & (far_turned <= FAR_KM)
    if fix_swapped:
        lon = lon.where(~swapped, turned[0].reindex(lon.index))
        lat = lat.where(~swapped, turned[1].reindex(lat.index))
        far = far.where(~swapped, far_turned)
    else:
        remarks.add(swapped, "swapped", column=at.header, values=written)
    lost = odd & ~(far <= FAR_KM) & (~swapped | fix_swapped)
    km = far[odd].map(lambda v: f"{v:.0f}" if np.isfinite(v) else "∞")
    remarks.add(lost, "far_away", column=at.header, values=written, detail=km)
    near = odd & (far > _TOLERANCE_KM) & (far <= FAR_KM)
    remarks.add(near, "outside_study", column=at.header, values=written, detail=km)
    usable = at.given & (far <= FAR_KM)
    return lon.where(usable), lat.where(usable)


def _moved(x: pd.Series, y: pd.Series, datum: str) -> tuple[pd.Series, pd.Series]:
    """Convert what can be in this datum; the rest becomes NaN instead of an error."""
    if datum in ("wgs84", "cgcs2000", "gcj02", "bd09"):
        fits = (x.abs() <= 180) & (y.abs() <= 90)
    else:
        fits = (x.abs() < 5e7) & (y.abs() < 2e7)
    try:
        lon, lat = to_wgs84(x.where(fits), y.where(fits), datum=datum)
    except IntakeError:
        # A few rows outside the projection must not hold up the others: one at a time for them.
        lon, lat = (np.full(len(x), np.nan) for _ in range(2))
        for place in np.flatnonzero(fits.to_numpy()).tolist():
            try:
                one = to_wgs84(x.iloc[[place]], y.iloc[[place]], datum=datum)
            except IntakeError:
                continue
            lon[place], lat[place] = one[0][0], one[1][0]
    return pd.Series(lon, index=x.index), pd.Series(lat, index=x.index)


def _km_outside(lon: pd.Series, lat: pd.Series, places: Places) -> pd.Series:
    """Return how far points lie outside the box around the study; NaN without a point."""
    west, south, east, north = (float(v) for v in places.units.total_bounds)
    d_lon = np.maximum(np.maximum(west - lon, lon - east), 0.0)
    d_lat = np.maximum(np.maximum(south - lat, lat - north), 0.0)
    squeeze = np.cos(np.radians((south + north) / 2))
    return np.hypot(d_lon * squeeze, d_lat) * 111.195


def compare_with_unit(
    lon: pd.Series,
    lat: pd.Series,
    unit_ids: pd.Series,
    *,
    places: Places,
    header: str,
    remarks: Remarks,
) -> None:
    """Remark on points that lie well outside the county or township their row names.

    Parameters
    ----------
    lon, lat : Series of float
    unit_ids : Series of str or None
    places : Places
    header : str
    remarks : Remarks

    Notes
    -----
    Township cells are approximate, so 2 km pass without a remark.
    """
    metres = places.metres_outside(lon.to_numpy(), lat.to_numpy(), unit_ids)
    off = pd.Series(metres > _UNIT_TOLERANCE_M, index=lon.index)
    told = pd.Series(metres, index=lon.index)[off] / _M_PER_KM
    remarks.add(off, "outside_unit", column=header, detail=told.map("{:.1f}".format))


def geometry_of(lon: pd.Series, lat: pd.Series) -> gpd.GeoSeries:
    """Return points in EPSG:4326, None where either is NaN."""
    points = shapely.points(lon.to_numpy(dtype=float), lat.to_numpy(dtype=float))
    points[(lon.isna() | lat.isna()).to_numpy()] = None
    return gpd.GeoSeries(points, index=lon.index, crs="EPSG:4326")
