"""How far the way is when no road file says so: the straight line times a detour, as an interval.

Nobody knows the way exactly, so every distance here has a lower, a best and an upper value, and
every judgement about a limit has three answers: surely within, unsure, surely beyond.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.errors import RoomplanError
from geo.pairs import Floats, Pairs, within
from geo.reach import checked_lonlat, nearest, reach_pairs
from geo.schema import UNIT_LEVELS
from geo.units import ancestors

CLASSES = ("within", "unsure", "beyond")
SHORTEST_SAMPLE_M = 300.0
"""Below this straight distance a detour says more about doors than about roads."""

_MOST_ERRORS = 16


class TravelError(RoomplanError, ValueError):
    """A detour or a position error that no way can have."""


@dataclass(frozen=True)
class Detour:
    """How much longer than the straight line a way is.

    Parameters
    ----------
    low, best, high : float
        Way over straight line, 1 or more, in ascending order.
    source : str
        What the numbers rest on, for the screen.

    Raises
    ------
    TravelError
        Numbers below 1, unknown, or out of order.
    """

    low: float
    best: float
    high: float
    source: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.low <= self.best <= self.high < np.inf:
            text = (
                f"detour {self.low:g} / {self.best:g} / {self.high:g}: give three finite numbers "
                "of 1 or more, lower, best, upper."
            )
            value = f"{self.low:g} / {self.best:g} / {self.high:g}"
            raise TravelError("travel.detour", text, value=value)

    @classmethod
    def none(cls) -> Detour:
        """Return the detour of somebody who flies: 1, with certainty."""
        return cls(1.0, 1.0, 1.0, "straight line")

    @classmethod
    def from_samples(
        cls,
        straight_m: npt.ArrayLike,
        way_m: npt.ArrayLike,
        *,
        spread: tuple[float, float] = (0.05, 0.95),
    ) -> Detour:
        """Estimate a detour from pairs whose way is known, for places without roads nearby.

        Parameters
        ----------
        straight_m, way_m : array-like, shape (n,)
            Great-circle and network metres of the same pairs. Pairs that are nearer than
            :data:`SHORTEST_SAMPLE_M`, unreachable or unknown are left out.
        spread : tuple of float
            The quantiles that become lower and upper value; the median becomes the best.

        Returns
        -------
        Detour

        Raises
        ------
        TravelError
            No usable pair.

        Notes
        -----
        A way measured shorter than the straight line (by snapping) counts as equal to it.
        """
        straight, way = (np.asarray(a, dtype=np.float64) for a in (straight_m, way_m))
        usable = (straight >= SHORTEST_SAMPLE_M) & np.isfinite(straight) & np.isfinite(way)
        if not usable.any():
            text = f"none of {straight.size} pairs is {SHORTEST_SAMPLE_M:g} m apart and connected."
            raise TravelError("travel.no_samples", text, count=straight.size)
        ratio = np.maximum(way[usable] / straight[usable], 1.0)
        low, best, high = np.quantile(ratio, (spread[0], 0.5, spread[1]))
        return cls(float(low), float(best), float(high), f"roads, {int(usable.sum())} pairs")


DETOURS: Mapping[str, Detour] = {
    "plain": Detour(1.10, 1.32, 1.60, "25 Chinese cities: mean 1.324 (2021); range assumed"),
    "hills": Detour(1.15, 1.44, 2.00, "Gangwon, South Korea: 1.435 (2015); range assumed"),
    "mountains": Detour(1.20, 1.60, 2.60, "working assumption"),
}
"""Defaults by terrain. Only the two named means are published; all else is an assumption."""


def detours_of(
    unit_ids: pd.Series,
    units: pd.DataFrame,
    factors: Mapping[str, Detour],
    *,
    default: Detour = DETOURS["plain"],
) -> pd.DataFrame:
    """Return the detour that holds at each row: of its township, else its county, else its city.

    Parameters
    ----------
    unit_ids : Series of str
        The unit of each demand row; NaN takes the default.
    units : DataFrame
        The units table.
    factors : mapping of str to Detour
        By unit id, of any level; the closest unit above a row wins.
    default : Detour
        Where no unit above a row has one.

    Returns
    -------
    DataFrame
        ``low``, ``best``, ``high`` and ``source`` on the index of ``unit_ids``.

    Raises
    ------
    TravelError
        A factor for a unit that is not in the table.
    """
    unknown = sorted(set(factors) - set(units.index))
    if unknown:
        ids = ", ".join(unknown[:5])
        text = f"{len(unknown)} detour(s) are for units that do not exist: {ids}."
        raise TravelError("travel.unknown_unit", text, count=len(unknown), ids=ids)
    listed = [*factors.values(), default]
    chosen = np.full(len(unit_ids), len(factors))
    position = {unit: n for n, unit in enumerate(factors)}
    for level in UNIT_LEVELS:  # from the city down, so that the closest has the last word
        above = unit_ids.map(ancestors(units, level)).map(position)
        chosen = np.where(above.notna(), above.fillna(0).astype(int), chosen)
    columns = {name: [getattr(d, name) for d in listed] for name in ("low", "best", "high")}
    table = pd.DataFrame(columns | {"source": [d.source for d in listed]})
    return table.iloc[chosen].set_axis(unit_ids.index)


def nearest_way(
    demand_lonlat: npt.ArrayLike,
    site_lonlat: npt.ArrayLike,
    detours: Detour | pd.DataFrame = DETOURS["plain"],
    *,
    demand_error_m: npt.ArrayLike = 0.0,
    site_error_m: npt.ArrayLike = 0.0,
) -> pd.DataFrame:
    """Return how far the nearest site is by the way: at least, at best knowledge, at most.

    Parameters
    ----------
    demand_lonlat, site_lonlat : array-like, shape (n, 2)
        Longitude and latitude, degrees WGS-84.
    detours : Detour or DataFrame
        One for all, or the table of :func:`detours_of`, whose index the answer takes.
    demand_error_m, site_error_m : float or array-like, one a row
        How far each point may stand from where it is drawn: 0 for a measured position, the radius
        of the cell for a point spread over it.

    Returns
    -------
    DataFrame
        ``position`` of the site nearest as drawn (-1 without sites), ``straight_m`` to it, and
        ``low_m`` <= ``best_m`` <= ``high_m``, the way to whichever site is nearest; inf without
        sites.

    Raises
    ------
    TravelError
        Errors that are negative, unknown or of the wrong number; detours of the wrong number.
    ReachError
        Coordinates that are not finite degrees.

    Notes
    -----
    With d the great circle, e the two errors and f the detour:

    .. math:: low = f_{low} \\min_j \\max(0, d_j - e - e_j), \\quad best = f_{best} \\min_j d_j,
        \\quad high = f_{high} \\min_j (d_j + e + e_j)

    Both bounds hold for every j together, so they hold for the nearest site. Sites are searched
    once for each distinct error; beyond 16 of them errors are rounded up to 16, which only widens
    the interval. O(16 (n + m) log m) time at worst.

    References
    ----------
    Quantifying the relationships between network distance and straight-line distance:
    applications in spatial bias correction (2021). Annals of GIS 27, 351-369.
    doi:10.1080/19475683.2021.1966503 (25 Chinese cities, mean 1.324; short ways detour more).

    Influence of relief degree of land surface on street network complexity in China (2021). ISPRS
    International Journal of Geo-Information 10, 705. doi:10.3390/ijgi10100705 (relief raises it).

    Kim, T., Shin, Y., Lee, J. and Suh, K. (2015) Calculation of regional circuity factors using
    road network distance in South Korea. J. Korean Society of Agricultural Engineers 57(4), 39-49.

    Examples
    --------
    >>> ways = nearest_way([[118.0, 25.0]], [[118.0, 25.01]], Detour(1, 1.5, 2))
    >>> ways[["low_m", "best_m", "high_m"]].round().iloc[0].tolist()
    [1112.0, 1668.0, 2224.0]
    """
    demand = checked_lonlat(demand_lonlat, "demand")
    sites = checked_lonlat(site_lonlat, "sites")
    factor = _factors(detours, len(demand))
    own = _errors(demand_error_m, len(demand), "demand")
    position, straight = nearest(demand, sites)
    least = most = straight
    error = _few_errors(_errors(site_error_m, len(sites), "sites"))
    if len(np.unique(error)) > 1 or error.any():
        least, most = _bounds(demand, sites, error)
    return pd.DataFrame(
        {
            "position": position,
            "straight_m": straight,
            "low_m": np.maximum(least - own, 0) * factor["low"].to_numpy(),
            "best_m": straight * factor["best"].to_numpy(),
            "high_m": (most + own) * factor["high"].to_numpy(),
        },
        index=factor.index,
    )


def way_pairs(
    demand_lonlat: npt.ArrayLike,
    site_lonlat: npt.ArrayLike,
    limit_m: npt.ArrayLike,
    detours: Detour | pd.DataFrame,
    *,
    value: str = "best",
) -> Pairs:
    """Return the metres of way of every pair within the limit, one of the three values.

    Parameters
    ----------
    demand_lonlat, site_lonlat : array-like, shape (n, 2)
        Degrees WGS-84.
    limit_m : float or array-like, shape (n_demand,)
        Of the way, inclusive.
    detours : Detour or DataFrame
        As for :func:`nearest_way`.
    value : {"low", "best", "high"}
        Which detour to take: ``low`` gives the possible pairs, ``high`` the certain ones.

    Returns
    -------
    csr_array, shape (n_demand, n_sites)
        Metres of way; zeros are stored, what is not stored is out of reach.
    """
    demand = checked_lonlat(demand_lonlat, "demand")
    factor = _factors(detours, len(demand))[value].to_numpy()
    limit = np.asarray(limit_m, dtype=np.float64)
    pairs = reach_pairs(demand, site_lonlat, limit / factor * (1 + 1e-12))
    pairs.data *= np.repeat(factor, np.diff(pairs.indptr))
    return within(pairs, limit)


def classify(ways: pd.DataFrame, limit_m: pd.Series | float) -> pd.Series:
    """Say of each row whether the nearest site is surely within the limit, surely not, or unsure.

    Parameters
    ----------
    ways : DataFrame
        ``low_m`` and ``high_m``, as :func:`nearest_way` gives them.
    limit_m : float or Series
        Metres of way, inclusive; a Series has the index of ``ways``.

    Returns
    -------
    Series of category
        One of :data:`CLASSES` on the index of ``ways``: ``within`` when even the upper value is
        within the limit, ``beyond`` when even the lower is not, else ``unsure``.

    Examples
    --------
    >>> ways = pd.DataFrame({"low_m": [1.0, 2.0, 4.0], "high_m": [3.0, 4.0, 6.0]})
    >>> classify(ways, 3).tolist()
    ['within', 'unsure', 'beyond']
    """
    sure = (ways["high_m"] <= limit_m).to_numpy()
    never = (ways["low_m"] > limit_m).to_numpy()
    codes = np.where(sure, 0, np.where(never, 2, 1))
    answer = pd.Categorical.from_codes(codes, pd.Index(CLASSES))
    return pd.Series(answer, index=ways.index, name="reach")


def _bounds(demand: Floats, sites: Floats, error: Floats) -> tuple[Floats, Floats]:
    """Return the least and the most straight distance to the nearest of uncertain sites."""
    least = np.full(len(demand), np.inf)
    most = np.full(len(demand), np.inf)
    for value in np.unique(error):
        metres = nearest(demand, sites[error == value])[1]
        np.minimum(least, metres - value, out=least)
        np.minimum(most, metres + value, out=most)
    return np.maximum(least, 0), most


def _few_errors(error: Floats) -> Floats:
    """Round errors up until at most 16 differ."""
    values = np.unique(error)
    if len(values) <= _MOST_ERRORS:
        return error
    edges = values[np.linspace(0, len(values) - 1, _MOST_ERRORS).round().astype(int)]
    return edges[np.searchsorted(edges, error)]


def _factors(detours: Detour | pd.DataFrame, n: int) -> pd.DataFrame:
    if isinstance(detours, Detour):
        row = {"low": detours.low, "best": detours.best, "high": detours.high}
        return pd.DataFrame(row, index=pd.RangeIndex(n))
    if len(detours) != n:
        text = f"{len(detours)} detour(s) for {n} demand row(s); give one a row."
        raise TravelError("travel.detours", text, value=len(detours), count=n)
    return detours


def _errors(metres: npt.ArrayLike, n: int, table: str) -> Floats:
    error = np.asarray(metres, dtype=np.float64)
    if error.ndim and error.shape != (n,):
        text = f"{table}: {error.size} position error(s) for {n} row(s); give one, or one a row."
        raise TravelError("travel.errors", text, table=table, value=error.size, count=n)
    bad = int((~((error >= 0) & (error < np.inf))).sum())
    if bad:
        text = f"{table}: {bad} position error(s) negative, infinite or unknown; give metres."
        raise TravelError("travel.error_value", text, table=table, count=bad)
    return np.broadcast_to(error, (n,))
