"""A first plan under quotas, floors and a budget: greedy choice that never breaks a most."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from analysis.siting.core import Core
from analysis.siting.plan import broken, site_costs
from analysis.siting.problem import Ints, SitingProblem
from analysis.siting.search import leaders


@dataclass
class Tally:
    """New sites opened so far, against what the number, the quotas and the budget allow.

    Parameters
    ----------
    problem : SitingProblem
    """

    problem: SitingProblem
    opened: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Find the quotas each site counts for; open the required sites."""
        problem = self.problem
        self.cost = site_costs(problem)
        self.spare_budget = np.inf if problem.budget is None else problem.budget * (1 + 1e-12)
        self.number = problem.n_sites if problem.n_new is None else problem.n_new
        self.most = [np.inf if q[3] is None else q[3] for q in problem.quotas]
        self.least = [q[2] for q in problem.quotas]
        self.columns = [q[0] for q in problem.quotas]
        self.missing = {c: sum(q[2] for q in problem.quotas if q[0] == c) for c in self.columns}
        self.counts_for: list[Ints] = []
        for column, labels in (("kind", problem.kinds), ("group", problem.groups)):
            place = {q[1]: n for n, q in enumerate(problem.quotas) if q[0] == column}
            if place:
                self.counts_for.append(np.array([place.get(label, -1) for label in labels]))
        for site in problem.must_open:
            self.open(int(site))

    def admits(self, site: int) -> bool:
        """Return whether the site may be opened and the rest can still meet every least."""
        if len(self.opened) >= self.number or self.cost[site] > self.spare_budget:
            return False
        missing = dict(self.missing)
        for quota in self._quotas_of(site):
            if self.most[quota] < 1:
                return False
            missing[self.columns[quota]] -= self.least[quota] > 0
        left = self.number - len(self.opened) - 1
        return all(need <= left for need in missing.values())

    def lacks(self, site: int) -> bool:
        """Return whether a quota the site counts for is below its least."""
        return any(self.least[q] > 0 for q in self._quotas_of(site))

    def take(self, site: int) -> bool:
        """Open a site where that is allowed, and return whether it was."""
        if not self.admits(site):
            return False
        self.open(site)
        return True

    def _quotas_of(self, site: int) -> list[int]:
        return [int(which[site]) for which in self.counts_for if which[site] >= 0]

    def open(self, site: int) -> None:
        """Count a site in."""
        self.opened.append(site)
        self.spare_budget -= float(self.cost[site])
        for quota in self._quotas_of(site):
            short = self.least[quota] > 0
            self.missing[self.columns[quota]] -= short
            self.least[quota] -= short
            self.most[quota] -= 1


def ruled_greedy(problem: SitingProblem, core: Core) -> Ints | None:
    """Return new sites that keep every demand, or None where the greedy way finds none.

    Notes
    -----
    Floors first, each by the people it counts; then the most weight, or with a budget the most
    for its cost, what meets a least before the rest; then whatever fills up the number. A site
    refused is not asked again: what a quota or the number forbids stays forbidden.
    """
    tally = Tally(problem)
    columns, cost = core.cover.tocsc(), tally.cost[core.columns]
    is_open = np.ones(len(core.weight), dtype=bool)
    for n, (label, share) in enumerate(problem.floors):
        needed = share * float(problem.people[problem.demand_groups == label].sum())
        needed -= core.base_floor[n] + float(core.people[~is_open & (core.floor == n)].sum())
        inside = is_open & (core.floor == n)
        for column, _, worth in leaders(columns, core.people, inside, cost=cost):
            if needed <= 0:
                break
            if tally.take(int(core.columns[column])):
                mine = columns.indices[columns.indptr[column] : columns.indptr[column + 1]]
                inside[mine] = is_open[mine] = False
                needed -= worth
    # A budget could be spent before every least is met: those first, then whatever brings most.
    for only_lacking in (True, False) if problem.budget is not None else (False,):
        for column, rows, _ in leaders(columns, core.weight, is_open, cost=cost):
            site = int(core.columns[column])
            if (tally.lacks(site) or not only_lacking) and tally.take(site):
                is_open[rows] = False
    fill_up(problem, tally)
    sites = np.sort(np.array(tally.opened, dtype=np.intp))
    return None if broken(problem, sites) else sites


def fill_up(problem: SitingProblem, tally: Tally) -> None:
    """Open any sites until the number, where it is exact, and every least are met."""
    free = problem.is_candidate.copy()
    free[tally.opened] = False
    exact = problem.n_new is not None and problem.budget is None
    for site in np.flatnonzero(free):
        done = not exact and not any(tally.missing.values())
        if done or len(tally.opened) >= tally.number:
            break
        if exact or tally.lacks(int(site)):
            tally.take(int(site))
