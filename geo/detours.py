"""How much longer than the straight line a way is: by terrain, by unit, or learned from roads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.errors import RoomplanError, first_ids
from geo.schema import UNIT_LEVELS
from geo.units import ancestors

SHORTEST_SAMPLE_M = 300.0
"""Below this straight distance a detour says more about doors than about roads."""


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
        ids = first_ids(unknown)
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
