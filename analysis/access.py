"""Two-step floating catchments: how much room each place has, when all who can come share it.

Step one divides what a room offers by the people within its reach; step two adds up, at each
place, the shares of all rooms within reach of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array

from geo.errors import RoomplanError, first_ids
from geo.pairs import Pairs, within

Floats: TypeAlias = npt.NDArray[np.float64]
Weight: TypeAlias = Callable[[Floats], Floats]

METHODS = ("2sfca", "e2sfca", "m2sfca")

LUO_QI_SHARES = (1.0, 0.68, 0.22)
"""Weights of the three zones in Luo and Qi (2009), their steeper set being (1, 0.42, 0.09)."""


class AccessError(RoomplanError, ValueError):
    """Catchments cannot be computed from what was given."""


@dataclass(frozen=True, eq=False)
class Catchments:
    """What two-step floating catchments found.

    Parameters
    ----------
    access : Series of float
        On the demand's index: supply a head within reach, 0 where no room is.
    ratio : Series of float
        On the supply's index: what a room offers a head of the people within its reach; NaN where
        nobody is.
    people_in_reach : Series of float
        On the supply's index: people within reach, each times the weight of the way.
    people_unknown : int
        Demand rows whose people are unknown; they share nothing out, and the ratios are too high
        by what they would take.
    """

    access: pd.Series
    ratio: pd.Series
    people_in_reach: pd.Series
    people_unknown: int

    def mean(self, people: pd.Series) -> float:
        """Return the mean of access over people, unknown rows left out; NaN without people."""
        total = float(people.sum())
        return float((self.access * people).sum() / total) if total > 0 else float("nan")


def floating_catchments(
    pairs: Pairs,
    people: pd.Series,
    supply: pd.Series,
    *,
    method: str = "e2sfca",
    limit: npt.ArrayLike = np.inf,
    weight: Weight | None = None,
) -> Catchments:
    """Return access by two-step floating catchments, plain, enhanced or modified.

    Parameters
    ----------
    pairs : csr_array, shape (n_demand, n_rooms)
        Metres or minutes, as :func:`geo.reach.reach_pairs` gives them; not stored is out of reach.
    people : Series of float, length n_demand
        People at each demand row; NaN is unknown and counted.
    supply : Series of float, length n_rooms
        What each room offers: 1 for the room itself, or deputies, or opening hours.
    method : {"2sfca", "e2sfca", "m2sfca"}
        ``2sfca`` counts everyone within reach alike. ``e2sfca`` weights both steps by the way.
        ``m2sfca`` weights the second step twice, so that rooms far from everybody count for less.
    limit : float or array-like, shape (n_demand,)
        Costs above it are out of reach, inclusive, in the unit of ``pairs``.
    weight : callable, optional
        From an array of costs to an array of weights from 0 to 1, as :func:`step_weight` and
        :func:`gaussian_weight` make them. Needed by ``e2sfca`` and ``m2sfca``, refused by
        ``2sfca``.

    Returns
    -------
    Catchments

    Raises
    ------
    AccessError
        Lengths that do not fit, negative or infinite people, supply or weights, unknown supply, an
        unknown method, a weight where none belongs or none where one does.

    Notes
    -----
    With d the cost, w the weight, P people and S supply:

    .. math:: R_j = S_j / \\sum_i P_i w(d_{ij}), \\qquad A_i = \\sum_j R_j w(d_{ij})^m

    where m = 1, or 2 for ``m2sfca``. For m = 1 nothing is lost: the sum of :math:`P_i A_i` is the
    supply of all rooms that somebody reaches. A room that nobody reaches has no ratio and adds
    nothing. O(pairs) time, 8 bytes a pair on top of the input. The result is no forecast of
    visits: it assumes that all who can come are alike.

    References
    ----------
    Luo, W. and Wang, F. (2003) Measures of spatial accessibility to health care in a GIS
    environment. Environment and Planning B 30, 865-884. doi:10.1068/b29120

    Luo, W. and Qi, Y. (2009) An enhanced two-step floating catchment area (E2SFCA) method.
    Health & Place 15, 1100-1107. doi:10.1016/j.healthplace.2009.06.002

    Delamater, P. (2013) Spatial accessibility in suboptimally configured health care systems: a
    modified two-step floating catchment area (M2SFCA) metric. Health & Place 24, 30-43.
    doi:10.1016/j.healthplace.2013.07.012

    Examples
    --------
    >>> pairs = csr_array(([100.0, 900.0, 500.0], [0, 0, 1], [0, 1, 3]), shape=(2, 2))
    >>> people, rooms = pd.Series([30.0, 10.0]), pd.Series([1.0, 1.0])
    >>> floating_catchments(pairs, people, rooms, method="2sfca").access.tolist()
    [0.025, 0.125]
    """
    _check(pairs, people, supply, method, weight)
    near = within(pairs, limit)
    weights = _weights(near, weight)
    heads = people.fillna(0).to_numpy(dtype=np.float64)
    in_reach = weights.T @ heads
    offer = supply.to_numpy(dtype=np.float64)
    shares = np.divide(offer, in_reach, out=np.zeros(len(offer)), where=in_reach > 0)
    if method == "m2sfca":
        np.square(weights.data, out=weights.data)
    return Catchments(
        access=pd.Series(weights @ shares, index=people.index, name="access"),
        ratio=pd.Series(shares, index=supply.index, name="ratio").where(in_reach > 0),
        people_in_reach=pd.Series(in_reach, index=supply.index, name="people_in_reach"),
        people_unknown=int(people.isna().sum()),
    )


def step_weight(steps: Mapping[float, float]) -> Weight:
    """Return a weight that falls in steps.

    Parameters
    ----------
    steps : mapping of float to float
        From the upper edge of a zone, inclusive, to its weight; beyond the last edge it is 0.

    Returns
    -------
    callable

    Raises
    ------
    AccessError
        No step, an edge below 0, or a weight outside 0 to 1.

    Examples
    --------
    >>> step_weight({1000: 1, 2000: 0.68, 3000: 0.22})(np.array([0, 1000, 1001, 3000, 3001]))
    array([1.  , 1.  , 0.68, 0.22, 0.  ])
    """
    edges = np.array(sorted(steps), dtype=np.float64)
    values = np.array([*(steps[edge] for edge in sorted(steps)), 0.0])
    if not len(edges) or not ((edges >= 0).all() and ((values >= 0) & (values <= 1)).all()):
        text = f"steps {dict(steps)} are not edges of 0 or more with weights from 0 to 1."
        raise AccessError("access.steps", text, value=str(dict(steps)))
    return lambda cost: values[np.searchsorted(edges, cost, side="left")]


def gaussian_weight(sigma: float) -> Weight:
    """Return the weight ``exp(-cost² / 2 sigma²)``, 1 at the room's door.

    Parameters
    ----------
    sigma : float
        Width in the unit of the costs, above 0.

    Returns
    -------
    callable

    Raises
    ------
    AccessError
        A width that is not above 0.

    Examples
    --------
    >>> gaussian_weight(1000)(np.array([0.0, 1000.0])).round(3)
    array([1.   , 0.607])
    """
    if not 0 < sigma < np.inf:
        text = f"the Gaussian's width is {sigma}; give a finite one above 0."
        raise AccessError("access.sigma", text, value=float(sigma))
    return lambda cost: np.exp(-np.square(cost / sigma) / 2)


def zones(limit: float, shares: tuple[float, ...] = LUO_QI_SHARES) -> Weight:
    """Return a step weight of equally wide zones up to a limit, Luo and Qi's three by default."""
    n = len(shares)
    return step_weight({limit * (k + 1) / n: share for k, share in enumerate(shares)})


def _weights(pairs: Pairs, weight: Weight | None) -> Pairs:
    """Return the weights of all pairs; the input's numbers are not touched."""
    data = np.ones(pairs.nnz) if weight is None else np.array(weight(pairs.data), dtype=np.float64)
    if data.shape != pairs.data.shape or not ((data >= 0) & (data < np.inf)).all():
        text = "the weight is negative, unknown or not one number a cost; return 0 to 1 for each."
        raise AccessError("access.weight", text)
    return csr_array((data, pairs.indices, pairs.indptr), shape=pairs.shape)


def _check(
    pairs: Pairs, people: pd.Series, supply: pd.Series, method: str, weight: Weight | None
) -> None:
    if method not in METHODS:
        text = f"{method!r} is no method; take one of {', '.join(METHODS)}."
        raise AccessError("access.method", text, value=method, choices=", ".join(METHODS))
    if (weight is None) != (method == "2sfca"):
        text = f"{method} {'needs a' if weight is None else 'takes no'} weight of the way."
        raise AccessError("access.weight_use", text, value=method)
    if pairs.shape != (len(people), len(supply)):
        text = f"costs of shape {pairs.shape} for {len(people)} demand rows, {len(supply)} rooms."
        raise AccessError(
            "access.shape", text, value=str(pairs.shape), count=len(people), rooms=len(supply)
        )
    for name, values, unknown in (("people", people, True), ("supply", supply, False)):
        bad = (values < 0) | np.isinf(values.astype(float)) | (values.isna() & (not unknown))
        if bad.any():
            ids = first_ids(values.index[bad])
            text = f"{name}: {int(bad.sum())} value(s) negative, infinite or unknown ({ids})."
            raise AccessError("access.values", text, column=name, count=int(bad.sum()), ids=ids)
