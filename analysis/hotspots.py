"""Hot spots: where more cases were raised than the number of people there leads one to expect.

Kulldorff's circular scan compares every circle of places with the rest of the study and asks of
the most unusual one how often chance alone gives one as unusual somewhere on the map.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Integral
from typing import TypeAlias

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.spatial.distance import cdist

from geo.errors import ScenarioError, StudyError, first_ids
from geo.reach import EARTH_RADIUS_M, checked_lonlat, great_circle_m, unit_vectors
from geo.schema import WGS84

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]

MAX_PLACES = 20_000
SMALL_N = 10
LANES = 64
"""Simulated maps counted side by side: one row of them is four cache lines."""
COLUMNS = (
    "centre",
    "lon",
    "lat",
    "radius_m",
    "members",
    "population",
    "cases",
    "expected",
    "relative_risk",
    "llr",
    "p_value",
    "small_n",
)
_TIE_M = 1e-3
_ROWS = 256
_HAIR = 1e-9


@dataclass(frozen=True, eq=False)
class _Map:
    """Distinct places in a fixed order, so that the order of the rows changes nothing."""

    lonlat: Floats
    population: Floats
    cases: Ints
    members: list[list[object]]


@dataclass(frozen=True, eq=False)
class _Circles:
    """Neighbours of every place from near to far, up to the largest window.

    ``closes`` is False where the next neighbour is just as far: a circle takes both or none.
    """

    order: npt.NDArray[np.int32]
    closes: npt.NDArray[np.bool_]
    length: Ints


def scan(
    points: npt.ArrayLike | gpd.GeoSeries,
    population: npt.ArrayLike,
    cases: npt.ArrayLike,
    *,
    simulations: int,
    seed: int,
    max_share: float = 0.5,
    max_windows: int = 10,
    small_n: int = SMALL_N,
) -> pd.DataFrame:
    """Find the circles with more cases than their population leads one to expect.

    Parameters
    ----------
    points : array-like, shape (n, 2), or GeoSeries of Point, EPSG:4326
        Places (villages, townships), degrees.
    population : array-like, shape (n,)
        People of each place, 0 or more.
    cases : array-like of whole numbers, shape (n,)
        Cases counted at each place.
    simulations : int
        Random maps to compare with, 1 or more; 999 gives p values in steps of 0.001.
    seed : int
        Makes the answer repeatable.
    max_share : float
        No window holds more than this share of all people; above 0, at most 0.5.
    max_windows : int
        Windows to report at most.
    small_n : int
        Windows of fewer cases are flagged.

    Returns
    -------
    DataFrame
        One row a window, the most unusual first, none sharing a place with one before:
        ``centre`` (the place's label in a GeoSeries' index, else its position), ``lon``, ``lat``,
        ``radius_m`` to the farthest member, ``members`` (tuple of labels), ``population``,
        ``cases``, ``expected`` cases, ``relative_risk`` (rate inside over rate outside; inf where
        every case lies inside), ``llr``, ``p_value``, ``small_n``. Empty where there is no case
        or no window with more than expected.

    Raises
    ------
    ScenarioError
        ``hotspots.simulations``, ``hotspots.seed``, ``hotspots.max_share``, ``hotspots.windows``.
    StudyError
        ``hotspots.length``, ``hotspots.crs``, ``hotspots.not_points``, ``hotspots.unknown``,
        ``hotspots.negative``, ``hotspots.not_whole``, ``hotspots.zero_population`` or
        ``hotspots.too_many``.
    ReachError
        Coordinates that are not finite degrees.

    Notes
    -----
    With c cases and e = C · population / P expected of C, the log-likelihood ratio of a window is
    :math:`c \\ln(c/e) + (C-c) \\ln((C-c)/(C-e))` where c > e. The p value is
    (1 + simulated maps whose highest ratio is as high) / (simulations + 1); every window is
    compared with the highest of each map, so many windows cost no false alarm, and the second and
    later p values are conservative. The null says that cases fall on people at one rate
    everywhere, independently of each other; a campaign that collects many cases in one village
    breaks that without any grievance being commoner there. Circles round places only: a long hot
    spot along a road is found in part. All places must be those of one survey: a place where
    nobody asked is not a place with 0 cases. Time O(n² (log n + simulations)), the latter as
    additions only (2,400 places and 999 simulations: seconds); memory 5 n² bytes.

    References
    ----------
    Kulldorff 1997, A spatial scan statistic, Communications in Statistics – Theory and Methods
    26(6), doi:10.1080/03610929708831995.

    Examples
    --------
    >>> at = [[118.0, 25.0], [118.01, 25.0], [118.9, 25.0], [118.91, 25.0]]
    >>> found = scan(at, [100, 100, 300, 300], [9, 8, 2, 3], simulations=99, seed=1)
    >>> found.loc[0, "members"], found["expected"].tolist(), found["p_value"].tolist()
    ((0, 1), [5.5], [0.01])
    """
    _check_settings(simulations, seed, max_share, max_windows)
    places = _places(points, population, cases)
    total = int(places.cases.sum())
    if total == 0:
        return _table(places, [], np.empty(0), small_n)
    share = places.population / places.population.sum()
    circles = _circles(places.lonlat, share, max_share)
    if not circles.length.any():
        return _table(places, [], np.empty(0), small_n)
    windows = list(_windows(circles, share, places, _log_table(total), max_windows))
    chance = _chance(circles, share, total, simulations, seed) if windows else np.empty(0)
    return _table(places, windows, chance, small_n)


def _check_settings(simulations: int, seed: int, max_share: float, max_windows: int) -> None:
    for kind, value, least in (
        ("simulations", simulations, 1),
        ("seed", seed, 0),
        ("windows", max_windows, 1),
    ):
        whole = isinstance(value, Integral) and not isinstance(value, bool)
        if not whole or value < least:
            raise ScenarioError(
                f"hotspots.{kind}",
                f"{kind} is {value!r}; give a whole number, at least {least}.",
                value=str(value),
            )
    if not 0 < max_share <= 0.5:
        raise ScenarioError(
            "hotspots.max_share",
            f"max_share is {max_share!r}; give a share above 0 and at most 0.5.",
            value=str(max_share),
        )


def _places(
    points: npt.ArrayLike | gpd.GeoSeries, population: npt.ArrayLike, cases: npt.ArrayLike
) -> _Map:
    """Check the three columns and join rows at one and the same position."""
    lonlat, labels = _positions(points)
    people = _column(population, "population", len(lonlat), labels)
    counts = _column(cases, "cases", len(lonlat), labels)
    _refuse(counts != np.round(counts), labels, "cases", "not_whole", "not whole numbers")
    homeless = (people == 0) & (counts > 0)
    _refuse(homeless, labels, "places", "zero_population", "without people but with cases")
    distinct, place = np.unique(lonlat, axis=0, return_inverse=True)
    place = place.ravel()
    if len(distinct) > MAX_PLACES:
        raise StudyError(
            "hotspots.too_many",
            f"{len(distinct)} places; scan at most {MAX_PLACES}, for example by township.",
            count=len(distinct),
            limit=MAX_PLACES,
        )
    members: list[list[object]] = [[] for _ in range(len(distinct))]
    for row, at in enumerate(place):
        members[at].append(labels[row])
    return _Map(
        distinct,
        np.bincount(place, people, minlength=len(distinct)).astype(float),
        np.bincount(place, counts, minlength=len(distinct)).round().astype(np.int64),
        [sorted(m, key=str) if _mixed(m) else sorted(m) for m in members],  # type: ignore[type-var]
    )


def _mixed(labels: list[object]) -> bool:
    return len({type(label) for label in labels}) > 1


def _positions(points: npt.ArrayLike | gpd.GeoSeries) -> tuple[Floats, pd.Index]:
    if not isinstance(points, gpd.GeoSeries):
        lonlat = checked_lonlat(np.asarray(points, dtype=float), "points")
        return lonlat, pd.RangeIndex(len(lonlat))
    if points.crs is None or not points.crs.equals(WGS84, ignore_axis_order=True):
        crs = str(points.crs)
        raise StudyError(
            "hotspots.crs", f"The points are not in WGS-84 ({crs}); convert them.", crs=crs
        )
    shapes = points.to_numpy()
    has_point = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    wrong = has_point & (shapely.get_type_id(shapes) != 0)
    _refuse(wrong, points.index, "places", "not_points", "not points; give one point each")
    placed = gpd.GeoSeries(np.where(has_point, shapes, None), crs=points.crs)
    return checked_lonlat(np.column_stack([placed.x, placed.y]), "points"), points.index


def _column(values: npt.ArrayLike, name: str, count: int, labels: pd.Index) -> Floats:
    column = np.asarray(values, dtype=float).ravel()
    if len(column) != count:
        raise StudyError(
            "hotspots.length",
            f"{count} points but {len(column)} values of {name}.",
            column=name,
            count=len(column),
        )
    _refuse(~np.isfinite(column), labels, name, "unknown", "unknown; leave those places out")
    _refuse(column < 0, labels, name, "negative", "negative; give 0 or more")
    return column


def _refuse(bad: npt.NDArray[np.bool_], labels: pd.Index, name: str, kind: str, text: str) -> None:
    if bad.any():
        count, ids = int(bad.sum()), first_ids(labels[bad])
        raise StudyError(
            f"hotspots.{kind}",
            f"{count} of the {name} ({ids}) are {text}.",
            column=name,
            count=count,
            ids=ids,
        )


def _circles(lonlat: Floats, share: Floats, max_share: float) -> _Circles:
    """Sort every place's neighbours by distance, a few hundred places at a time."""
    at = unit_vectors(lonlat)
    parts = [_circles_of(at[i : i + _ROWS], at, share, max_share) for i in range(0, len(at), _ROWS)]
    length = np.concatenate([part.length for part in parts])
    width = max(1, int(length.max()))
    return _Circles(
        np.ascontiguousarray(np.concatenate([_wide(part.order, width) for part in parts])),
        np.ascontiguousarray(np.concatenate([_wide(part.closes, width) for part in parts])),
        length,
    )


def _wide(part: npt.NDArray[np.generic], width: int) -> npt.NDArray[np.generic]:
    return np.pad(part[:, :width], ((0, 0), (0, max(0, width - part.shape[1]))))


def _circles_of(centres: Floats, at: Floats, share: Floats, max_share: float) -> _Circles:
    chord = cdist(centres, at)
    order = np.argsort(chord, axis=1)
    chord = np.take_along_axis(chord, order, axis=1)
    length = (np.cumsum(share[order], axis=1) <= max_share + _HAIR).sum(axis=1)
    closes = np.ones(order.shape, dtype=bool)
    closes[:, :-1] = np.diff(chord, axis=1) > _TIE_M / EARTH_RADIUS_M
    width = max(1, int(length.max()))
    return _Circles(order[:, :width].astype(np.int32), closes[:, :width], length)


def _windows(
    circles: _Circles, share: Floats, places: _Map, table: Floats, limit: int
) -> Iterator[tuple[float, int, Ints]]:
    """Yield ratio, centre and members of the best window, then of the best beside it, …"""
    from analysis.scan_kernels import best_windows  # loads numba, which only a scan needs

    taken = np.zeros(len(share), dtype=bool)
    counts = places.cases.astype(np.int32)
    for _ in range(limit):
        ratio, last = best_windows(
            circles.order, circles.closes, circles.length, share, table, counts, taken
        )
        if ratio.max() <= _HAIR:
            return
        # The same places are often a window of several centres; the tightest circle names it.
        best = np.flatnonzero(ratio >= ratio.max() - _HAIR)
        far = circles.order[best, last[best]]
        radius = great_circle_m(places.lonlat[best], places.lonlat[far])
        centre = int(best[np.lexsort((best, np.round(radius, 3)))[0]])
        members = circles.order[centre, : last[centre] + 1].astype(np.int64)
        taken[members] = True
        yield float(ratio[centre]), centre, members


def _log_table(total: int) -> Floats:
    """Return c ln c + (C − c) ln(C − c) for c = 0 … C, shape (C + 1,)."""
    count = np.arange(total + 1, dtype=np.float64)
    own = count * np.log(np.maximum(count, 1))
    return np.asarray(own + own[::-1])


def _chance(circles: _Circles, share: Floats, total: int, simulations: int, seed: int) -> Floats:
    """Return the highest ratio of each map on which the cases fall on people by chance."""
    from analysis.scan_kernels import highest_ratios

    rng = np.random.default_rng(seed)
    table = _log_table(total)
    highest = []
    for start in range(0, simulations, LANES):
        maps = rng.multinomial(total, share, size=min(LANES, simulations - start))
        counts = np.ascontiguousarray(maps.T, dtype=np.int32)
        highest.append(
            highest_ratios(circles.order, circles.closes, circles.length, share, table, counts)
        )
    return np.concatenate(highest)


def _table(
    places: _Map, windows: list[tuple[float, int, Ints]], chance: Floats, small_n: int
) -> pd.DataFrame:
    rows = [_row(places, ratio, centre, inside) for ratio, centre, inside in windows]
    table = pd.DataFrame(rows, columns=[c for c in COLUMNS if c not in ("p_value", "small_n")])
    ranks = [1 + int((chance >= ratio - _HAIR).sum()) for ratio, _, _ in windows]
    table["p_value"] = np.array(ranks, dtype=float) / (len(chance) + 1)
    numbers = [c for c in table if c not in ("centre", "members")]
    table = table.astype({name: "int64" if name == "cases" else "float64" for name in numbers})
    table["small_n"] = table["cases"] < small_n
    return table[list(COLUMNS)].rename_axis("window")


def _row(places: _Map, ratio: float, centre: int, inside: Ints) -> dict[str, object]:
    cases, people = int(places.cases[inside].sum()), float(places.population[inside].sum())
    total = int(places.cases.sum())
    expected = total * people / float(places.population.sum())
    outside = (total - cases) / (total - expected)
    far = great_circle_m(places.lonlat[[centre]], places.lonlat[inside]).max()
    return {
        "centre": places.members[centre][0],
        "lon": places.lonlat[centre, 0],
        "lat": places.lonlat[centre, 1],
        "radius_m": float(far),
        "members": tuple(label for place in inside for label in places.members[place]),
        "population": people,
        "cases": cases,
        "expected": expected,
        "relative_risk": cases / expected / outside if outside > 0 else np.inf,
        "llr": ratio,
    }
