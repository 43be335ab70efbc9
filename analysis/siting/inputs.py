"""The guards at the door of a siting problem: each turns one input into its one checked form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from geo.errors import ProblemError, first_ids

Quotas = tuple[tuple[str, str, int, int | None], ...]


def cost_matrix(cost: Any) -> sparse.csr_array:
    """Return the costs as a checked CSR array whose stored zeros survive.

    Raises
    ------
    ProblemError
        Not numbers, not two-dimensional, no demand, no sites, NaN or negative entries, or a pair
        given twice.
    """
    if sparse.issparse(cost):
        _floats(np.empty(0, dtype=cost.dtype), "cost")
        matrix = sparse.csr_array(cost)
    else:
        dense = _floats(cost, "cost")
        if dense.ndim != 2:
            raise ProblemError(
                "siting.cost_shape",
                f"cost has {dense.ndim} dimension(s); it needs demand rows and site columns.",
                count=dense.ndim,
            )
        matrix = _dense(dense)
    if 0 in matrix.shape:
        what = "demand points" if matrix.shape[0] == 0 else "sites"
        raise ProblemError("siting.empty", f"There are no {what}; the problem is empty.", what=what)
    if matrix.data.dtype.kind != "f":
        matrix = matrix.astype(np.float64)
    _check_entries(matrix)
    finite = np.isfinite(matrix.data)
    return matrix if finite.all() else keep_entries(matrix, finite)


def _dense(dense: NDArray[np.float64]) -> sparse.csr_array:
    rows, cols = dense.shape
    indptr = np.arange(rows + 1, dtype=np.int64) * cols
    indices = np.tile(np.arange(cols, dtype=np.int32), rows)
    return sparse.csr_array((dense.ravel().copy(), indices, indptr), shape=dense.shape)


def _check_entries(matrix: sparse.csr_array) -> None:
    for bad, code, text in (
        (np.isnan(matrix.data), "siting.cost_nan", "unknown (NaN); leave unreachable pairs out"),
        (matrix.data < 0, "siting.cost_negative", "negative; a distance or time is at least 0"),
    ):
        if bad.any():
            rows = np.searchsorted(matrix.indptr, np.flatnonzero(bad), side="right") - 1
            ids = first_ids(np.unique(rows))
            raise ProblemError(
                code,
                f"cost: {bad.sum()} entries (rows {ids}) are {text}.",
                count=int(bad.sum()),
                ids=ids,
            )
    if not matrix.has_canonical_format:
        ordered = matrix if matrix.has_sorted_indices else matrix.sorted_indices()
        same = np.diff(ordered.indices) == 0
        ends = ordered.indptr[1:-1]
        same[ends[(ends > 0) & (ends < ordered.nnz)] - 1] = False
        if same.any():
            raise ProblemError(
                "siting.cost_twice",
                f"cost: {same.sum()} pair(s) of demand point and site are given twice.",
                count=int(same.sum()),
            )


def keep_entries(matrix: sparse.csr_array, keep: NDArray[np.bool_]) -> sparse.csr_array:
    """Return the matrix with only the stored entries marked; explicit zeros survive."""
    before = np.concatenate([[0], np.cumsum(keep, dtype=matrix.indptr.dtype)])
    parts = (matrix.data[keep], matrix.indices[keep], before[matrix.indptr])
    return sparse.csr_array(parts, shape=matrix.shape)


def _check_shape(shape: tuple[int, ...], wanted: tuple[int, ...], name: str) -> None:
    if shape != wanted:
        raise ProblemError(
            "siting.length",
            f"{name} has shape {shape}; {' × '.join(map(str, wanted))} values are needed.",
            column=name,
            value=str(shape),
            count=wanted[0],
        )


def _floats(values: Any, name: str) -> NDArray[np.float64]:
    """Return numbers as floats, NaN where masked; numpy would take dates and complex numbers."""
    try:
        if np.asarray(values).dtype.kind in "cmM":
            raise TypeError(f"its values are {np.asarray(values).dtype}")
        if isinstance(values, np.ma.MaskedArray):
            values = np.where(np.ma.getmaskarray(values), np.nan, values.data)
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError) as fault:
        raise ProblemError(
            "siting.not_numbers",
            f"{name} holds something that is no number: {fault}.",
            column=name,
            detail=str(fault),
        ) from fault


def amounts(values: ArrayLike, length: int, name: str) -> NDArray[np.float64]:
    """Return finite, non-negative numbers of the right length.

    Raises
    ------
    ProblemError
        Wrong length, not numbers, NaN, infinite or negative.
    """
    array = _floats(values, name)
    _check_shape(array.shape, (length,), name)
    bad = ~np.isfinite(array) | (array < 0)
    if bad.any():
        ids = first_ids(np.flatnonzero(bad))
        raise ProblemError(
            "siting.amounts",
            f"{name}: {bad.sum()} value(s) (rows {ids}) are NaN, infinite or negative;"
            " give each a number or leave the rows out.",
            column=name,
            count=int(bad.sum()),
            ids=ids,
        )
    return array


def positions(value: ArrayLike | None, length: int, name: str) -> NDArray[np.intp]:
    """Return positions, ascending and single, from positions or a mask.

    Raises
    ------
    ProblemError
        A mask of the wrong length, numbers that are no positions, or positions out of range.
    """
    if value is None:
        return np.empty(0, dtype=np.intp)
    array = np.atleast_1d(np.asarray(value))
    if array.size == 0 and array.dtype != np.bool_:
        return np.empty(0, dtype=np.intp)
    if array.dtype == np.bool_:
        _check_shape(array.shape, (length,), name)
        return np.flatnonzero(array)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise ProblemError(
            "siting.positions", f"{name} must be whole site positions or a mask.", column=name
        )
    bad = array[(array < 0) | (array >= length)]
    if len(bad):
        ids = first_ids(bad)
        raise ProblemError(
            "siting.position_range",
            f"{name}: {len(bad)} position(s) ({ids}) are not between 0 and {length - 1}.",
            column=name,
            count=len(bad),
            ids=ids,
            most=length - 1,
        )
    return np.unique(array).astype(np.intp)


def _number(value: object, name: str) -> float:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        number = float("nan")
    if isinstance(value, bool) or not np.isfinite(number):
        raise ProblemError(
            "siting.number",
            f"{name} is {value!r}; it must be a finite number.",
            column=name,
            value=str(value),
        )
    return number


def positive(value: float | None, name: str, *, needed: bool) -> float | None:
    """Return a number above zero, or None where it is not needed and not given."""
    return _bounded(value, name, needed=needed, code="siting.not_positive", above=True)


def not_negative(value: float | None, name: str) -> float | None:
    """Return a number of at least zero, or None."""
    return _bounded(value, name, needed=False, code="siting.negative", above=False)


def _bounded(
    value: float | None, name: str, *, needed: bool, code: str, above: bool
) -> float | None:
    if value is None and not needed:
        return None
    number = _number(value, name)
    if number < 0 or (above and number == 0):
        need = "above" if above else "at least"
        raise ProblemError(
            code, f"{name} is {number:g}; it must be {need} 0.", column=name, value=number
        )
    return number


def count(value: int | None, name: str, *, needed: bool) -> int | None:
    """Return a whole number of at least zero, or None where it is not needed and not given."""
    if value is None and not needed:
        return None
    number = _number(value, name)
    if number < 0 or number != int(number):
        raise ProblemError(
            "siting.count",
            f"{name} is {value!r}; it must be a whole number, at least 0.",
            column=name,
            value=str(value),
        )
    return int(number)


def time_limit(value: float) -> float:
    """Return seconds of at least zero; infinite ones are no limit."""
    if isinstance(value, float) and value == np.inf:
        return value
    return not_negative(_number(value, "time_limit_s"), "time_limit_s") or 0.0


def labels(values: Any, length: int, name: str) -> NDArray[np.object_]:
    """Return labels as strings, None where there is none."""
    array = np.asarray(values, dtype=object)
    _check_shape(array.shape, (length,), name)
    out = np.empty(length, dtype=object)
    out[:] = [None if _is_blank(v) else str(v) for v in array]
    return out


def _is_blank(value: object) -> bool:
    """Return whether a label is missing: None, NaN or the NA of pandas (never equal to itself)."""
    return value is None or type(value).__name__ == "NAType" or value != value


def quotas(
    value: Mapping[Any, tuple[int | None, int | None]] | None,
    kinds: NDArray[np.object_] | None,
    groups: NDArray[np.object_] | None,
) -> Quotas:
    """Return quotas as ``(column, label, least, most)`` rows; checked ones pass through."""
    if value is None:
        return ()
    if isinstance(value, tuple) and all(isinstance(q, tuple) and len(q) == 4 for q in value):
        return value
    if not isinstance(value, Mapping):
        raise _no_bounds(value)
    known = {
        "kind": set() if kinds is None else set(kinds) - {None},
        "group": set() if groups is None else set(groups) - {None},
    }
    return tuple(_quota(key, bounds, known) for key, bounds in value.items())


def _quota(
    key: Any, bounds: Any, known: Mapping[str, set[Any]]
) -> tuple[str, str, int, int | None]:
    if isinstance(key, tuple) and len(key) == 2 and key[0] in known:
        label, columns = str(key[1]), [key[0]]
    else:
        label, columns = str(key), list(known)
    found = [column for column in columns if label in known[column]]
    if len(found) != 1:
        text = (
            "both a kind and a group; write ('kind', …) or ('group', …)"
            if found
            else ("neither a kind nor a group of any site")
        )
        raise ProblemError(
            "siting.quota_label" if not found else "siting.quota_ambiguous",
            f"quotas: {label!r} is {text}.",
            value=label,
        )
    if isinstance(bounds, str) or np.shape(bounds) != (2,):
        raise _no_bounds(label)
    least, most = bounds
    low = count(least, f"quota {label} least", needed=False) or 0
    return found[0], label, low, count(most, f"quota {label} most", needed=False)


def _no_bounds(label: object) -> ProblemError:
    text = f"quotas: {label!r} needs (least, most), as a mapping from label to both."
    return ProblemError("siting.quota_bounds", text, value=str(label))


def floors(
    value: Mapping[Any, float] | float | None, groups: NDArray[np.object_] | None
) -> tuple[tuple[str, float], ...]:
    """Return coverage floors as ``(label, share)`` rows; checked ones pass through."""
    if value is None:
        return ()
    if isinstance(value, tuple) and all(isinstance(f, tuple) and len(f) == 2 for f in value):
        return value
    if groups is None:
        raise ProblemError(
            "siting.floor_groups", "floors are set but there are no demand_groups; give them."
        )
    known = sorted(set(groups) - {None})
    wanted = value if isinstance(value, Mapping) else dict.fromkeys(known, value)
    rows = []
    for label, share in wanted.items():
        number = not_negative(share, f"floor {label}")
        if str(label) not in known or number is None or number > 1:
            raise ProblemError(
                "siting.floor",
                f"floors: {label!r} → {share!r} needs a known demand group and"
                " a share from 0 to 1.",
                value=str(label),
            )
        rows.append((str(label), number))
    return tuple(rows)


def neighbours(adjacency: Any, n_demand: int) -> sparse.csr_array:
    """Return the neighbourhood of villages as a symmetric pattern."""
    if not sparse.issparse(adjacency):
        adjacency = np.atleast_2d(_floats(adjacency, "adjacency"))
    pattern = sparse.csr_array(adjacency)
    _check_shape(pattern.shape, (n_demand, n_demand), "adjacency")
    pattern = sparse.csr_array(
        (np.ones(pattern.nnz, dtype=np.int8), pattern.indices, pattern.indptr), pattern.shape
    )
    return sparse.csr_array(pattern.maximum(pattern.T))


def homes(home: ArrayLike | None, cost: sparse.csr_array) -> NDArray[np.intp]:
    """Return the village each site stands in: as given, else the reachable one of least cost."""
    n_demand, n_sites = cost.shape
    if home is not None:
        array = np.asarray(home)
        whole = array.shape == (n_sites,) and array.dtype.kind in "iu"
        if not whole or array.max() >= n_demand or array.min() < -1:
            raise ProblemError(
                "siting.positions",
                "home must be one whole demand position per site.",
                column="home",
            )
        return array.astype(np.intp)
    entries = cost.tocoo()
    order = np.lexsort((entries.row, entries.data, entries.col))
    nearest = np.full(n_sites, -1, dtype=np.intp)
    sites, first = np.unique(entries.col[order], return_index=True)
    nearest[sites] = entries.row[order][first]
    return nearest


def serving_pairs(
    cost: sparse.csr_array,
    limit: float | None,
    adjacency: sparse.csr_array | None,
    home: NDArray[np.intp] | None,
    area_sites: NDArray[np.intp] | None,
) -> sparse.csr_array:
    """Return the pairs within the limit that also keep the area rule."""
    pairs = cost
    if limit is not None:
        within = cost.data <= limit
        pairs = cost if within.all() else keep_entries(cost, within)
    if adjacency is None or home is None:
        return pairs
    columns = pairs.tocsc()
    keep = np.ones(columns.nnz, dtype=bool)
    for site in range(cost.shape[1]) if area_sites is None else area_sites:
        part = slice(columns.indptr[site], columns.indptr[site + 1])
        keep[part] = _joined(columns.indices[part], adjacency, int(home[site]))
    parts = (columns.data[keep], columns.indices[keep])
    before = np.concatenate([[0], np.cumsum(keep)])
    return sparse.csc_array((*parts, before[columns.indptr]), shape=cost.shape).tocsr()


def _joined(
    villages: NDArray[np.intp], adjacency: sparse.csr_array, home: int
) -> NDArray[np.bool_]:
    """Return which villages a chain of neighbours inside ``villages`` joins to ``home``."""
    at_home = villages == home
    if not at_home.any():
        return np.zeros(len(villages), dtype=bool)
    inside = adjacency[villages][:, villages]
    part = connected_components(inside, directed=False)[1]
    return np.asarray(part == part[np.flatnonzero(at_home)[0]])
