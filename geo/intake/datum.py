"""Which coordinate system a list is written in: sure, likely or cannot tell, with the evidence.

GCJ-02, BD-09 and WGS-84 lie 0.5 to 1.2 km apart and look alike. What tells them apart is what the
list itself says: the county and township each row names, and rooms whose place is known already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binom

from geo.crs import Floats, find_swapped, gk_epsg, to_wgs84
from geo.errors import IntakeError
from geo.intake.place import known_points

SURE, LIKELY, CANNOT_TELL = "sure", "likely", "cannot tell"
SURE_P, LIKELY_P = 0.001, 0.05
_WIDEN_DEG = 0.5
_IN_STUDY = 0.8
_INSIDE = 0.6
_NEAR_M = 1500.0
_SPOT_M = 100.0
_SPOT_ROWS = 3
_M_PER_DEG = 111_195.0
_METRE_DATUMS = ("epsg:3857", "epsg:32650", "epsg:32651")
_GK = frozenset(range(4491, 4555))


@dataclass(frozen=True)
class DatumGuess:
    """What is known about a list's coordinate system.

    Parameters
    ----------
    verdict : {"sure", "likely", "cannot tell"}
    datum : str or None
        For :func:`geo.crs.to_wgs84`; None when nothing fits.
    reason : str
        One English sentence with the figures that decided.
    evidence : DataFrame
        Index ``datum``; ``in_study``, ``in_named_unit`` (shares of rows), ``rows_named``,
        ``median_m`` (to the known point of the unit named), ``rows_with_point``,
        ``median_room_m`` (to the same room in the register) and ``rows_known``.
    swapped : Series of bool
        Rows that fit only with x and y exchanged.
    """

    verdict: str
    datum: str | None
    reason: str
    evidence: pd.DataFrame
    swapped: pd.Series


def detect_datum(
    x: pd.Series,
    y: pd.Series,
    *,
    units: gpd.GeoDataFrame,
    stated: pd.Series | None = None,
    known: gpd.GeoSeries | None = None,
) -> DatumGuess:
    """Work out the coordinate system of a list from what its rows say.

    Parameters
    ----------
    x, y : Series of float, shape (n,)
        As written; NaN unknown.
    units : GeoDataFrame
        Administrative units in EPSG:4326; known points as :func:`geo.intake.place.known_points`.
    stated : Series of str, optional
        The unit_id each row names, on the index of ``x``.
    known : GeoSeries, optional
        The point of the same room in the register, on (part of) the index of ``x``.

    Returns
    -------
    DatumGuess

    Notes
    -----
    Three tests compare each system with the best, row by row (sign tests, one-sided): rows inside
    the unit they name, rows nearer to the known point of that unit, and distances to known rooms.
    "Sure" needs p < 0.001 against every other system in one test, no other test against it;
    "likely" p < 0.05. Gauss-Krüger metres are never more than likely unless known rooms agree,
    because Xian 80 and Beijing 54 metres differ from them by less than townships can show.
    WGS-84 and CGCS2000 are one answer here. Cost: systems × rows × log units.
    """
    x, y = x.astype(float), y.astype(float)
    bounds = _widened(units)
    in_degrees = _looks_like_degrees(x, y)
    swapped = _swapped(x, y, bounds, in_degrees)
    east, north = x.where(~swapped, y), y.where(~swapped, x)
    tried = _converted(east, north, in_degrees, bounds)
    if not tried:
        reason = "No supported coordinate system puts the rows into the study area."
        return DatumGuess(CANNOT_TELL, None, reason, pd.DataFrame(), swapped)
    shapes, spots = _references(units, stated, x.index)
    tests = [
        _inside_test(tried, shapes),
        _distance_test(tried, spots, near_m=_NEAR_M),
        _distance_test(tried, _spots_of(known, x.index), near_m=_SPOT_M),
    ]
    evidence = _evidence(tried, bounds, tests)
    return _verdict(tests, evidence, swapped)


@dataclass(frozen=True)
class _Test:
    """One test: which system it prefers, its weakest p, and its figures by system."""

    best: str | None
    p: float
    rows: int
    figure: Mapping[str, float]


def _widened(units: gpd.GeoDataFrame) -> tuple[float, float, float, float]:
    west, south, east, north = (float(v) for v in units.total_bounds)
    return west - _WIDEN_DEG, south - _WIDEN_DEG, east + _WIDEN_DEG, north + _WIDEN_DEG


def _looks_like_degrees(x: pd.Series, y: pd.Series) -> bool:
    typical = np.nanmedian(np.abs(pd.concat([x, y]).to_numpy(dtype=float)))
    return bool(np.isfinite(typical) and typical <= 180)


def _swapped(
    x: pd.Series, y: pd.Series, bounds: tuple[float, float, float, float], in_degrees: bool
) -> pd.Series:
    if in_degrees:
        return pd.Series(find_swapped(x, y, bounds=bounds), index=x.index)
    # In Chinese surveying X is the northing (1.8 to 6 million) and Y the easting.
    northing_first = x.between(1.8e6, 6.0e6) & (y.between(1.6e5, 8.4e5) | (y > 1.3e7))
    return northing_first.astype(bool)


def _converted(
    x: pd.Series, y: pd.Series, in_degrees: bool, bounds: tuple[float, float, float, float]
) -> dict[str, tuple[Floats, Floats]]:
    """Return the rows as WGS-84 under each system that puts most of them into the study."""
    names = ("wgs84", "gcj02", "bd09") if in_degrees else (*_METRE_DATUMS, *_gk_names(x))
    tried = {}
    for name in names:
        try:
            lon, lat = to_wgs84(x, y, datum=name)
        except IntakeError:
            continue
        if _share(_within(lon, lat, bounds), np.isfinite(lon)) >= _IN_STUDY:
            tried[name] = (lon, lat)
    return tried


def _gk_names(x: pd.Series) -> list[str]:
    """Return Gauss-Krüger systems to try: the zone in front, or every 3-degree zone."""
    zone = int(np.nanmedian(x.to_numpy()) // 1_000_000) if x.notna().any() else 0
    if 25 <= zone <= 45:
        return [f"epsg:{gk_epsg(zone=zone, width_deg=3, prefixed=True)}"]
    if 13 <= zone <= 23:
        return [f"epsg:{gk_epsg(zone=zone, width_deg=6, prefixed=True)}"]
    return [f"epsg:{gk_epsg(zone=z, width_deg=3, prefixed=False)}" for z in range(25, 46)]


def _within(lon: Floats, lat: Floats, bounds: tuple[float, ...]) -> NDArray[np.bool_]:
    west, south, east, north = bounds
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)


def _share(hits: NDArray[np.bool_], counted: NDArray[np.bool_]) -> float:
    return float(hits[counted].mean()) if counted.any() else 0.0


def _references(
    units: gpd.GeoDataFrame, stated: pd.Series | None, index: pd.Index
) -> tuple[NDArray[np.object_], tuple[Floats, Floats]]:
    """Return each row's named unit as an outline (its own or the nearest above) and as a point."""
    nothing = np.full(len(index), np.nan)
    if stated is None:
        return np.full(len(index), None, dtype=object), (nothing, nothing)
    outlines = dict(zip(units.index, units.geometry, strict=True))
    parents = dict(zip(units.index, units["parent_id"], strict=True))

    def outline(unit_id: object) -> object:
        for _ in range(4):
            shape = outlines.get(unit_id)
            if shape is not None and not shape.is_empty:
                return shape
            unit_id = parents.get(unit_id)
        return None

    named = stated.reindex(index)
    by_unit = {unit_id: outline(unit_id) for unit_id in named.dropna().unique()}
    shapes = np.array([by_unit.get(u) for u in named], dtype=object)
    lon, lat = known_points(units)
    keys = named.to_numpy()
    points = (lon.reindex(keys).to_numpy(dtype=float), lat.reindex(keys).to_numpy(dtype=float))
    return shapes, points


def _spots_of(known: gpd.GeoSeries | None, index: pd.Index) -> tuple[Floats, Floats]:
    if known is None:
        return np.full(len(index), np.nan), np.full(len(index), np.nan)
    points = known.reindex(index)
    return points.x.to_numpy(dtype=float), points.y.to_numpy(dtype=float)


def _inside_test(tried: Mapping[str, tuple[Floats, Floats]], shapes: NDArray[np.object_]) -> _Test:
    lon = next(iter(tried.values()))[0]
    counted = np.isfinite(lon) & np.array([s is not None for s in shapes])
    shapely.prepare(shapes[counted])
    inside = {
        name: shapely.intersects_xy(shapes[counted], at[0][counted], at[1][counted])
        for name, at in tried.items()
    }
    figure = {name: _share(hits, np.ones_like(hits)) for name, hits in inside.items()}
    best = max(figure, key=lambda name: figure[name])
    if not counted.any() or figure[best] < _INSIDE:
        return _Test(None, 1.0, int(counted.sum()), figure)
    p = max(
        (_sign_p(inside[best] & ~hits, hits & ~inside[best]) for hits in _but(inside, best)),
        default=1.0,
    )
    return _Test(best, p, int(counted.sum()), figure)


def _distance_test(
    tried: Mapping[str, tuple[Floats, Floats]], spots: tuple[Floats, Floats], *, near_m: float
) -> _Test:
    distances = {name: _metres(*at, *spots) for name, at in tried.items()}
    counted = np.isfinite(next(iter(distances.values())))
    if not counted.any():
        return _Test(None, 1.0, 0, {})
    figure = {name: float(np.median(d[counted])) for name, d in distances.items()}
    best = min(figure, key=lambda name: figure[name])
    rows = int(counted.sum())
    if figure[best] > near_m:
        return _Test(None, 1.0, rows, figure)
    near = distances[best][counted]
    others = [d[counted] for d in _but(distances, best)]
    p = max((_sign_p(near < other, near > other) for other in others), default=1.0)
    if near_m == _SPOT_M and rows >= _SPOT_ROWS:
        clear = all(np.median(other) > 2.5 * _SPOT_M for other in others)
        p = min(p, 0.0 if clear else 1.0)
    return _Test(best, p, rows, figure)


def _but(named: Mapping[str, NDArray], best: str) -> list[NDArray]:  # type: ignore[type-arg]
    return [values for name, values in named.items() if name != best]


def _sign_p(wins: ArrayLike, losses: ArrayLike) -> float:
    """Return the chance of so many wins among the undecided if both were equally right."""
    won, lost = int(np.sum(wins)), int(np.sum(losses))
    return float(binom.sf(won - 1, won + lost, 0.5)) if won else 1.0


def _metres(lon: Floats, lat: Floats, lon_2: Floats, lat_2: Floats) -> Floats:
    """Return distances by the local plane, good to 0.1 % within 50 km."""
    return np.hypot((lon - lon_2) * np.cos(np.radians(lat)), lat - lat_2) * _M_PER_DEG


def _evidence(
    tried: Mapping[str, tuple[Floats, Floats]],
    bounds: tuple[float, float, float, float],
    tests: list[_Test],
) -> pd.DataFrame:
    inside, points, rooms = tests
    return pd.DataFrame(
        [
            {
                "datum": name,
                "in_study": _share(_within(*at, bounds), np.isfinite(at[0])),
                "in_named_unit": inside.figure.get(name, np.nan),
                "rows_named": inside.rows,
                "median_m": points.figure.get(name, np.nan),
                "rows_with_point": points.rows,
                "median_room_m": rooms.figure.get(name, np.nan),
                "rows_known": rooms.rows,
            }
            for name, at in tried.items()
        ]
    ).set_index("datum")


def _verdict(tests: list[_Test], evidence: pd.DataFrame, swapped: pd.Series) -> DatumGuess:
    deciding = min(tests, key=lambda test: test.p)
    best = deciding.best
    against = [t for t in tests if t.best not in (None, best) and t.p < LIKELY_P]
    only = len(evidence) == 1
    if best is None and only:
        best = str(evidence.index[0])
    if best is None or against or (deciding.p >= LIKELY_P and not only):
        why = "The tests disagree." if against else "The rows fit several systems equally well."
        return DatumGuess(CANNOT_TELL, best, why + _figures(evidence), evidence, swapped)
    is_metres = best.startswith("epsg:") and int(best[5:]) in _GK
    sure = deciding.p < SURE_P and (not is_metres or tests[2].best == best)
    verdict = SURE if sure else LIKELY
    return DatumGuess(verdict, best, f"{best} fits best." + _figures(evidence), evidence, swapped)


def _figures(evidence: pd.DataFrame) -> str:
    parts = []
    for name, row in evidence.iterrows():
        told = []
        if row["rows_named"]:
            told.append(f"{row['in_named_unit']:.0%} of {row['rows_named']:.0f} in the unit named")
        if row["rows_with_point"]:
            told.append(f"median {row['median_m']:.0f} m from its known point")
        if row["rows_known"]:
            told.append(f"median {row['median_room_m']:.0f} m from the same room")
        if told:
            parts.append(f"{name}: {', '.join(told)}")
    return " " + "; ".join(parts) + "." if parts else ""
