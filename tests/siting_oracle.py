"""Every choice of sites tried, with plain loops: the answer the engine is held to."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from scipy import sparse

from analysis.siting import SitingProblem, measure


def csr(rows):
    """Return a CSR array from rows of costs, None for unreachable; zeros stay stored."""
    indptr, indices, data = [0], [], []
    for row in rows:
        for site, cost in enumerate(row):
            if cost is not None:
                indices.append(site)
                data.append(float(cost))
        indptr.append(len(indices))
    shape = (len(rows), len(rows[0]))
    return sparse.csr_array((np.array(data, float), np.array(indices, np.int32), indptr), shape)


def serves(problem: SitingProblem, site: int) -> dict[int, float]:
    """Return who a site serves and at what cost, by the words of the contract."""
    column = problem.cost[:, [site]].tocoo()
    reach = {
        int(row): float(cost)
        for row, cost in zip(column.row, column.data, strict=True)
        if problem.limit is None or cost <= problem.limit
    }
    area = problem.area_sites is None or site in problem.area_sites
    if problem.adjacency is None or not area:
        return reach
    seen = {int(problem.home[site])} & set(reach)
    while True:
        more = {
            n for v in seen for n in problem.adjacency[[v]].indices.tolist() if n in reach
        } - seen
        if not more:
            return {v: reach[v] for v in seen}
        seen |= more


def objective(problem: SitingProblem, sites: tuple[int, ...], who: list[dict[int, float]]):
    """Return the value of a choice, None where it breaks a demand on coverage."""
    if problem.capacity is not None:
        covered = measure.weight_covered(problem, np.array(sites, dtype=int))
        if not np.isfinite(covered):
            return None
        if problem.objective == "cover_all":
            enough = covered >= problem.share * problem.weight.sum() * (1 - 1e-9)
            return float(len(sites)) if enough else None
        value = measure.value_of(problem, np.array(sites, dtype=int))
        return value if np.isfinite(value) else None
    open_sites = list(problem.existing) + list(sites)
    near = [
        min((who[s][i] for s in open_sites if i in who[s]), default=np.inf)
        for i in range(problem.n_demand)
    ]
    for label, share in problem.floors:
        inside = [i for i in range(problem.n_demand) if problem.demand_groups[i] == label]
        have = sum(problem.people[i] for i in inside if near[i] < np.inf)
        if have < share * sum(problem.people[i] for i in inside) * (1 - 1e-12):
            return None
    weight = problem.weight
    covered = sum(w for w, d in zip(weight, near, strict=True) if d < np.inf)
    if problem.objective == "cover":
        return covered
    if problem.objective == "cover_all":
        return float(len(sites)) if covered >= problem.share * sum(weight) * (1 - 1e-12) else None
    cap = np.inf if problem.penalty is None else problem.penalty
    paid = [(w, min(d, cap)) for w, d in zip(weight, near, strict=True) if w > 0]
    if any(d == np.inf for _, d in paid):
        return None
    if problem.objective == "median":
        return float(sum(w * d for w, d in paid))
    return max((d for _, d in paid), default=0.0)


def allowed(problem: SitingProblem, sites: tuple[int, ...]) -> bool:
    """Return whether a choice keeps count, required sites, quotas and budget."""
    exact = problem.objective != "cover_all" and problem.budget is None
    wanted = len(sites) if problem.n_new is None else problem.n_new
    if len(sites) > wanted or (exact and len(sites) != wanted):
        return False
    if not set(problem.must_open) <= set(sites):
        return False
    if problem.budget is not None:
        costs = np.ones(problem.n_sites) if problem.site_cost is None else problem.site_cost
        if sum(costs[list(sites)]) > problem.budget + 1e-9:
            return False
    for column, label, least, most in problem.quotas:
        labels = problem.kinds if column == "kind" else problem.groups
        number = sum(labels[s] == label for s in sites)
        if number < least or (most is not None and number > most):
            return False
    return True


def best(problem: SitingProblem):
    """Return the best value of all choices, None where there is none."""
    candidates = np.flatnonzero(problem.is_candidate)
    who = [serves(problem, s) for s in range(problem.n_sites)]
    values = []
    for count in range(len(candidates) + 1):
        for sites in combinations(candidates.tolist(), count):
            if allowed(problem, sites):
                value = objective(problem, sites, who)
                if value is not None:
                    values.append(value)
    if not values:
        return None
    return max(values) if problem.objective == "cover" else min(values)
