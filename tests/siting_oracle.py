"""Every choice of sites tried: the answer the engine is held to, by none of the engine's code.

All subsets of the candidates are rows of one table, and each demand of a problem is an amount a
row that has to lie between a least and a most. The best value, whether there is one at all, and
whether giving up one demand would help, are read off that table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import optimize, sparse

from analysis.siting import SitingProblem

EASE = 1e-9


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


@dataclass(frozen=True)
class Demand:
    """One demand: ``least <= amount <= most``, the amount of each choice of sites."""

    amount: np.ndarray
    least: float = -np.inf
    most: float = np.inf

    def kept(self) -> np.ndarray:
        """Return which choices keep it, up to the rounding of sums."""
        ease = EASE * np.maximum(1.0, np.abs(self.amount))
        return (self.amount >= self.least - ease) & (self.amount <= self.most + ease)


class Oracle:
    """Every choice of new sites of a problem.

    ``sets`` (choices × sites) marks the new sites; ``who`` (points × sites) is the cost at which
    a site serves a point, inf where it does not; ``near`` (choices × points) the least cost over
    open sites, whatever their capacity; ``demands`` is what a plan must keep, by the engine's
    names for it.
    """

    def __init__(self, problem: SitingProblem) -> None:
        self.problem = problem
        candidates = np.flatnonzero(problem.is_candidate)
        number = np.arange(2 ** len(candidates))
        self.sets = np.zeros((len(number), problem.n_sites), dtype=bool)
        self.sets[:, candidates] = (number[:, None] >> np.arange(len(candidates))) & 1
        self.who = np.full((problem.n_demand, problem.n_sites), np.inf)
        for site in range(problem.n_sites):
            for point, cost in serves(problem, site).items():
                self.who[point, site] = cost
        self.open = self.sets.copy()
        self.open[:, problem.existing] = True
        costs = np.where(self.open[:, None, :], self.who[None], np.inf)
        self.near = costs.min(axis=2)
        self.weight = problem.people.copy()
        if problem.cases is not None:
            self.weight = self.weight + problem.case_weight * problem.cases
        self.demands = self._rules() | self._coverage()

    def _rules(self) -> dict[str, Demand]:
        """Return the demands on the set of new sites alone."""
        problem, count = self.problem, self.sets.sum(axis=1).astype(float)
        needed = [s for s in problem.required if s not in set(problem.existing)]
        rules = {"required sites": Demand(self.sets[:, needed].sum(axis=1), len(needed))}
        if problem.n_new is not None:
            exact = problem.objective != "cover_all" and problem.budget is None
            least = problem.n_new if exact else 0
            rules["number of new sites"] = Demand(count, least, problem.n_new)
        if problem.budget is not None:
            each = np.ones(problem.n_sites) if problem.site_cost is None else problem.site_cost
            rules["budget"] = Demand(self.sets @ each, most=problem.budget)
        for column, label, least, most in problem.quotas:
            labels = problem.kinds if column == "kind" else problem.groups
            number = self.sets[:, labels == label].sum(axis=1)
            top = np.inf if most is None else most
            rules[f"quota of {column} {label}"] = Demand(number, least, top)
        return rules

    def _coverage(self) -> dict[str, Demand]:
        """Return the demands on who is served; with capacities these are what could be at most."""
        problem, served = self.problem, np.isfinite(self.near)
        found = {}
        for label, share in problem.floors:
            people = np.where(problem.demand_groups == label, problem.people, 0.0)
            found[f"coverage floor of {label}"] = Demand(served @ people, share * people.sum())
        if problem.objective == "cover_all":
            least = problem.share * self.weight.sum()
            found["people to cover"] = Demand(served @ self.weight, least)
        elif problem.objective != "cover" and problem.penalty is None:
            found["everybody served"] = Demand((~served & (self.weight > 0)).sum(axis=1), most=0)
        return found

    def values(self) -> np.ndarray:
        """Return the value of each choice, whatever it breaks and whatever rooms can hold."""
        problem, cap = self.problem, self._cap()
        if problem.objective == "cover":
            return np.isfinite(self.near) @ self.weight
        if problem.objective == "cover_all":
            return self.sets.sum(axis=1).astype(float)
        counted = self.weight > 0
        paid = np.minimum(self.near[:, counted], cap)
        if problem.objective == "median":
            return (paid * self.weight[counted]).sum(axis=1)
        return paid.max(axis=1, initial=0.0)

    def _cap(self) -> float:
        return np.inf if self.problem.penalty is None else self.problem.penalty

    def best(self, changed: Mapping[str, Demand | None] | None = None) -> float | None:
        """Return the best value, None where no choice keeps all demands.

        ``changed`` gives demands other bounds, or gives them up (None).
        """
        demands = self.demands | dict(changed or {})
        left = {name: demand for name, demand in demands.items() if demand is not None}
        able = np.ones(len(self.sets), dtype=bool)
        for demand in left.values():
            able &= demand.kept()
        values = self.values()
        if "everybody served" not in left:
            values = np.where(np.isfinite(values), values, 0.0)
        sign = -1.0 if self.problem.objective == "cover" else 1.0
        order = np.flatnonzero(able)
        order = order[np.argsort(sign * values[order], kind="stable")]
        if self.problem.capacity is None:
            return float(values[order[0]]) if len(order) else None
        found = np.inf
        for choice in order:  # the best without capacities first: none after can be better
            if sign * values[choice] >= found:
                break
            found = min(found, sign * self.held(int(choice), left))
        return None if np.isinf(found) else sign * found

    def held(self, choice: int, demands: Mapping[str, Demand]) -> float:
        """Return the value of a choice whose rooms hold only so many; worst where it breaks any."""
        problem = self.problem
        if problem.objective == "cover":
            value = self._split(choice, demands, -self.weight)
            return -np.inf if value is None else -value
        if problem.objective == "cover_all":
            value = self._split(choice, demands, np.zeros(problem.n_demand))
            return np.inf if value is None else float(self.sets[choice].sum())
        if problem.objective == "median":
            value = self._split(choice, demands, self.weight, paid=True)
            return np.inf if value is None else value
        return self._held_center(choice, demands)

    def _held_center(self, choice: int, demands: Mapping[str, Demand]) -> float:
        cap, zero = self._cap(), np.zeros(self.problem.n_demand)
        if not (self.weight > 0).any():
            return 0.0 if self._split(choice, demands, zero) is not None else np.inf
        steps = np.unique(self.who[np.isfinite(self.who)])
        for radius in steps[steps < cap]:
            if self._split(choice, demands, zero, radius=radius) is not None:
                return float(radius)
        charged = np.isfinite(cap) and self._split(choice, demands, zero, paid=True) is not None
        return cap if charged else np.inf

    def _split(
        self,
        choice: int,
        demands: Mapping[str, Demand],
        price: np.ndarray,
        *,
        paid: bool = False,
        radius: float = np.inf,
    ) -> float | None:
        """Return the least price of a split of people over open rooms, None where none keeps all.

        A pair costs its price, ``paid`` times its distance too. Where ``paid`` and a penalty is
        stated, whoever nobody serves pays that; else median and center serve everybody.
        """
        problem, cap = self.problem, self._cap()
        usable = self.open[choice] & (self.who <= radius) & np.isfinite(self.who)
        point, site = np.nonzero(usable & (self.weight > 0)[:, None])
        cost = price[point] * (np.minimum(self.who[point, site], cap) if paid else 1.0)
        alone = np.flatnonzero(self.weight > 0) if paid and np.isfinite(cap) else point[:0]
        cost = np.append(cost, price[alone] * cap if len(alone) else [])
        each = np.append(point, alone)
        served = (each == np.arange(problem.n_demand)[:, None]).astype(float)
        at = np.append(site, np.full(len(alone), -1))
        load = (at == np.arange(problem.n_sites)[:, None]) * problem.people[each]
        rows, most = [*load], [*problem.capacity]
        for name, demand in demands.items():
            if name.startswith("coverage floor of "):
                inside = problem.demand_groups == name.removeprefix("coverage floor of ")
                rows.append(-np.where((at >= 0) & inside[each], problem.people[each], 0.0))
                most.append(-demand.least * (1 - EASE))
            if name == "people to cover":
                rows.append(-np.where(at >= 0, self.weight[each], 0.0))
                most.append(-demand.least * (1 - EASE))
        everybody = problem.objective in ("median", "center")
        must = everybody and ("everybody served" in demands or problem.penalty is not None)
        if must:
            counted = self.weight > 0
            rows, most = [*rows, *-served[counted]], [*most, *-np.ones(counted.sum())]
        if not len(cost):
            return 0.0 if all(bound >= -EASE for bound in most) else None
        answer = optimize.linprog(
            cost, np.vstack([*rows, *served]), np.append(most, np.ones(problem.n_demand))
        )
        return float(answer.fun) if answer.status == 0 else None


def best(problem: SitingProblem) -> float | None:
    """Return the best value of all choices, None where there is none."""
    return Oracle(problem).best()
