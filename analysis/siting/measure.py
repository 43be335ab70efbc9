"""What a choice of sites achieves, straight from the costs and without any solver's model."""

from __future__ import annotations

from collections import deque

import numpy as np
from scipy import sparse

from analysis.siting.problem import Bools, Floats, Ints, SitingProblem


def nearest_open(problem: SitingProblem, new_sites: Ints) -> Floats:
    """Return the cost from each demand point to the nearest open site that serves it.

    Parameters
    ----------
    problem : SitingProblem
    new_sites : int array
        Positions opened in addition to the existing ones.

    Returns
    -------
    (n_demand,) float array
        In the unit of ``cost``; inf where no open site serves the point.

    Notes
    -----
    One pass over the stored entries, from ``problem.cost`` and not from the reduced pairs, so that
    it can check a plan made from those. Area sites are walked village by village.
    """
    if problem.adjacency is not None:
        nearest = np.full(problem.n_demand, np.inf)
        rows, _, paid = _open_pairs(problem, new_sites)
        np.minimum.at(nearest, rows, paid)
        return nearest
    cost = problem.cost
    usable = _open_mask(problem, new_sites)[cost.indices]
    if problem.limit is not None:
        usable &= cost.data <= problem.limit
    return _row_minimum(np.where(usable, cost.data, np.inf), cost)


def _open_mask(problem: SitingProblem, new_sites: Ints) -> Bools:
    mask = np.zeros(problem.n_sites, dtype=bool)
    mask[problem.existing] = True
    mask[new_sites] = True
    return mask


def _row_minimum(values: Floats, matrix: sparse.csr_array) -> Floats:
    nearest = np.full(matrix.shape[0], np.inf)
    filled = np.flatnonzero(np.diff(matrix.indptr))
    if len(filled):
        nearest[filled] = np.minimum.reduceat(values, matrix.indptr[filled])
    return nearest


def _open_pairs(problem: SitingProblem, new_sites: Ints) -> tuple[Ints, Ints, Floats]:
    """Return point, site and cost of every pair that an open site serves.

    Area sites are walked from home through neighbours inside the limit.
    """
    columns, is_open = problem.cost.tocsc(), _open_mask(problem, new_sites)
    rows, cost = columns.indices, columns.data
    cols = np.repeat(np.arange(problem.n_sites), np.diff(columns.indptr))
    keep = is_open[cols]
    if problem.limit is not None:
        keep &= cost <= problem.limit
    if problem.adjacency is not None:
        area = np.ones(problem.n_sites, dtype=bool)
        if problem.area_sites is not None:
            area[:] = False
            area[problem.area_sites] = True
        for site in np.flatnonzero(is_open & area):
            part = slice(columns.indptr[site], columns.indptr[site + 1])
            reach = set(rows[part][keep[part]].tolist())
            served = _walk(reach, problem.adjacency, int(problem.home[site]))
            keep[part] &= np.isin(rows[part], list(served))
    return rows[keep], cols[keep], cost[keep]


def _walk(reach: set[int], graph: sparse.csr_array, home: int) -> set[int]:
    if home not in reach:
        return set()
    seen, queue = {home}, deque([home])
    while queue:
        here = queue.popleft()
        for near in graph.indices[graph.indptr[here] : graph.indptr[here + 1]].tolist():
            if near in reach and near not in seen:
                seen.add(near)
                queue.append(near)
    return seen


def value_of(problem: SitingProblem, new_sites: Ints) -> float:
    """Return the objective value of a choice of sites.

    Parameters
    ----------
    problem : SitingProblem
    new_sites : int array

    Returns
    -------
    float
        People (weight) covered, new sites, person-distance or worst distance; inf where somebody
        must be served and is not.
    """
    if problem.objective == "cover_all":
        return float(len(new_sites))
    if problem.capacity is not None:
        return _value_with_capacity(problem, new_sites)
    nearest = nearest_open(problem, new_sites)
    if problem.objective == "cover":
        return float(problem.weight[np.isfinite(nearest)].sum())
    if problem.penalty is not None:
        nearest = np.minimum(nearest, problem.penalty)
    counted = problem.weight > 0
    if problem.objective == "center":
        return float(nearest[counted].max(initial=0.0))
    return float((problem.weight[counted] * nearest[counted]).sum())


def weight_covered(problem: SitingProblem, new_sites: Ints) -> float:
    """Return the weight served by all open sites together, capacity respected."""
    if problem.capacity is None:
        return float(problem.weight[np.isfinite(nearest_open(problem, new_sites))].sum())
    return -_transport(problem, new_sites, np.inf, "cover")


def people_by_group(problem: SitingProblem, new_sites: Ints) -> dict[str, tuple[float, float]]:
    """Return people covered and people in all, for each demand group."""
    if problem.demand_groups is None:
        return {}
    covered = np.isfinite(nearest_open(problem, new_sites))
    rows: dict[str, tuple[float, float]] = {}
    for label in sorted(set(problem.demand_groups) - {None}):
        inside = problem.demand_groups == label
        total = float(problem.people[inside].sum())
        rows[label] = (float(problem.people[inside & covered].sum()), total)
    return rows


def _value_with_capacity(problem: SitingProblem, new_sites: Ints) -> float:
    if problem.objective == "cover":
        return -_transport(problem, new_sites, np.inf, "cover")
    if problem.objective == "median":
        return _transport(problem, new_sites, np.inf, "median")
    radii = np.unique(problem.cost.data)
    if problem.penalty is not None:
        radii = np.unique(np.append(radii[radii < problem.penalty], problem.penalty))
    low, high = -1, len(radii)
    while high - low > 1:
        middle = (low + high) // 2
        if _transport(problem, new_sites, radii[middle], "center") < np.inf:
            high = middle
        else:
            low = middle
    counted = bool((problem.weight > 0).any())
    return float(radii[high]) if counted and high < len(radii) else (np.inf if counted else 0.0)


def _transport(problem: SitingProblem, new_sites: Ints, radius: float, aim: str) -> float:
    """Return the best split of people over open rooms of limited capacity (scipy's LP).

    Floors are kept; inf where they cannot be.
    ``cover`` gives minus the weight served, ``median`` the least person-distance with everybody
    served or charged, ``center`` 0 where everybody can be served within ``radius``, else inf.
    """
    from scipy import optimize  # 0.2 s that only problems with capacities need

    rows, cols, cost = _open_pairs(problem, new_sites)
    cap = np.inf if problem.penalty is None or aim == "cover" else problem.penalty
    counted = problem.weight > 0
    # Beyond the penalty a pair saves nothing, but whom it serves counts for a floor.
    most = np.inf if problem.floors and cap <= radius else min(radius, cap)
    keep = counted[rows] & (cost <= most)
    rows, cols, cost = rows[keep], cols[keep], np.minimum(cost[keep], cap)
    n, ids = problem.n_demand, np.arange(len(rows))
    served = sparse.csr_array((np.ones(len(rows)), (rows, ids)), shape=(n, len(rows)))
    load = sparse.csr_array((problem.people[rows], (cols, ids)), shape=(problem.n_sites, len(rows)))
    if aim == "cover":
        price, low = -problem.weight[rows], np.zeros(n)
    else:
        price, low = problem.weight[rows] * cost, counted.astype(float)
        spare = np.flatnonzero(counted) if cap <= radius and np.isfinite(cap) else np.empty(0, int)
        extra = sparse.csr_array(
            (np.ones(len(spare)), (spare, np.arange(len(spare)))), shape=(n, len(spare))
        )
        served = sparse.hstack([served, extra])
        load = sparse.hstack([load, sparse.csr_array((problem.n_sites, len(spare)))])
        price = np.concatenate([price, problem.weight[spare] * cap])
    if aim == "center":
        price = np.zeros(len(price))
    floors, needed = _floor_rows(problem, rows, served.shape[1])
    if not len(price):
        return np.inf if low.any() or (needed > 0).any() else 0.0
    answer = optimize.milp(
        price,
        constraints=[
            optimize.LinearConstraint(sparse.csc_array(served), low, np.ones(n)),
            optimize.LinearConstraint(sparse.csc_array(load), -np.inf, problem.capacity),
            optimize.LinearConstraint(floors, needed, np.inf),
        ],
        bounds=optimize.Bounds(0, 1),
    )
    return float(answer.fun) if answer.status == 0 else np.inf


def _floor_rows(
    problem: SitingProblem, rows: Ints, n_columns: int
) -> tuple[sparse.csc_array, Floats]:
    """Return the floors as rows over the served pairs, and the people each asks for."""
    matrix = np.zeros((len(problem.floors), n_columns))
    needed = np.zeros(len(problem.floors))
    for n, (label, share) in enumerate(problem.floors):
        inside = problem.demand_groups == label
        matrix[n, : len(rows)] = np.where(inside[rows], problem.people[rows], 0.0)
        needed[n] = share * float(problem.people[inside].sum()) * (1 - 1e-9)
    return sparse.csc_array(matrix), needed
