"""What everybody is charged under a plan, and what one more site would change for them."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np

from analysis.siting.problem import Bools, Floats, Ints, SitingProblem


class Charges:
    """The pairs of a problem as charges: each point pays for its nearest open site.

    Parameters
    ----------
    problem : SitingProblem
        Capacities are left out.

    Notes
    -----
    Covering is the special case in which whoever is served pays nothing and whoever is not pays
    one a head, so that one set of sums explains covering and the p-median (Church & ReVelle 1976,
    doi:10.1111/j.1538-4632.1976.tb00547.x). Without a penalty an unserved point pays infinity.
    """

    def __init__(self, problem: SitingProblem) -> None:
        self.problem = problem
        pairs, covering = problem.pairs, problem.objective in ("cover", "cover_all")
        self.indptr, self.cols, self.metres = pairs.indptr, pairs.indices, pairs.data
        self.rows = np.repeat(np.arange(problem.n_demand), np.diff(pairs.indptr))
        self.cap = 1.0 if covering else problem.penalty
        self.cap = np.inf if self.cap is None else self.cap
        self.cost = np.zeros(pairs.nnz) if covering else np.minimum(pairs.data, self.cap)
        # Where nothing is charged at most, more than any two ways stands for not being served.
        any_two = 2 * float(self.cost.max(initial=0.0)) + 1
        self.far = self.cap if np.isfinite(self.cap) else any_two
        self.counted = problem.weight > 0
        by_site = np.argsort(self.cols, kind="stable")
        ends = np.cumsum(np.bincount(self.cols, minlength=problem.n_sites))
        self._columns = np.split(by_site, ends[:-1])

    def column(self, site: int) -> tuple[Ints, Floats]:
        """Return the points a site serves, and the cost of each as the problem states it."""
        at = self._columns[site]
        return self.rows[at], self.metres[at]

    def near(self, sites: Ints) -> Floats:
        """Return what each point pays with these new sites open."""
        near = np.full(self.problem.n_demand, self.cap)
        for site in (*np.asarray(self.problem.existing).tolist(), *sites.tolist()):
            at = self._columns[site]
            near[self.rows[at]] = np.minimum(near[self.rows[at]], self.cost[at])
        return near

    def opened(self, near: Floats, site: int) -> Floats:
        """Return what each point pays once one more site is open."""
        more, at = near.copy(), self._columns[site]
        more[self.rows[at]] = np.minimum(more[self.rows[at]], self.cost[at])
        return more

    def two_nearest(self, sites: Ints) -> tuple[Floats, Floats, Ints]:
        """Return what each point pays, what it would pay without that site, and that site.

        Parameters
        ----------
        sites : int array
            The new sites.

        Returns
        -------
        first, second : (n_demand,) float arrays
        owner : (n_demand,) int array
            -1 where an existing room, or nobody, is as near.
        """
        first = second = self.near(sites[:0])
        owner = np.full(len(first), -1, dtype=np.intp)
        for site in sites.tolist():
            at = self._columns[site]
            mine = np.full(len(first), self.cap)
            mine[self.rows[at]] = self.cost[at]
            nearer = mine < first
            second = np.where(nearer, first, np.minimum(second, mine))
            owner[nearer] = site
            first = np.minimum(first, mine)
        return first, second, owner

    def worth(self, near: Floats) -> float:
        """Return minus what all pay together; for the p-center minus what the worst-off pays."""
        paid = near[self.counted]
        if self.problem.objective == "center":
            return -float(paid.max(initial=0.0))
        return -float((self.problem.weight[self.counted] * paid).sum())

    def gains(self, near: Floats, sites: Ints | None = None) -> Changes:
        """Return what each site (those named, or all) would change where so much is paid."""
        at = np.arange(len(self.cols))
        if sites is not None:
            at = np.concatenate([at[:0], *(self._columns[site] for site in sites.tolist())])
        return self._gains(near, self._sums(near, at), at)

    def changed(self, known: Changes, before: Floats, near: Floats, rows: Ints) -> Changes:
        """Return the gains once some points pay otherwise, from those of all sites before."""
        at = self._pairs_of(rows)
        return self._gains(near, known.sums + self._sums(near, at) - self._sums(before, at))

    def reached_with(self, reached: Bools, people: Floats) -> Floats:
        """Return how many of some people are served with each site beside those that are."""
        at = self._pairs_of(np.flatnonzero(~reached & (people > 0)))
        more = np.bincount(self.cols[at], people[self.rows[at]], self.problem.n_sites)
        return np.asarray(float(people[reached].sum()) + more)

    def _pairs_of(self, rows: Ints) -> Ints:
        """Return the places of the pairs of some points."""
        start, size = self.indptr[rows], np.diff(self.indptr)[rows]
        skipped = np.repeat(start - np.append(0, np.cumsum(size)[:-1]), size)
        return np.asarray(skipped + np.arange(len(skipped)), dtype=np.intp)

    def _sums(self, near: Floats, at: Ints) -> Floats:
        """Return, site by site, the distance saved, and weight and number of the newly served."""
        rows, cols, weight = self.rows[at], self.cols[at], self.problem.weight[self.rows[at]]
        saved = weight * np.maximum(np.minimum(near[rows], self.far) - self.cost[at], 0.0)
        new = np.isinf(near[rows]) & (weight > 0)
        parts = (saved, np.where(new, weight, 0.0), new.astype(float))
        return np.array([np.bincount(cols, part, self.problem.n_sites) for part in parts])

    def _gains(self, near: Floats, sums: Floats, at: Ints | None = None) -> Changes:
        if self.problem.objective == "center":
            return Changes(-self._worst(near, at), sums)
        saved, weight, number = sums
        lost = self.counted & np.isinf(near)
        base = self.worth(np.where(lost, 0.0, near))
        # Whoever was not served pays their distance now, of which ``saved`` is what ``far`` leaves.
        worth = base + saved - (self.far * weight if lost.any() else 0.0)
        return Changes(np.where(number == lost.sum(), worth, -np.inf), sums)

    def _worst(self, near: Floats, at: Ints | None) -> Floats:
        """Return what the worst-off would pay with each site.

        Notes
        -----
        With all sites together nobody pays less than ``least``; points that pay no more than the
        worst of those now decide nothing. Of the others, the most first, the first one a site
        brings no nearer, or the most it charges those it does, is the worst-off.
        """
        least = self._least if at is None else self._least_of(at)
        floor = float(np.minimum(near, least)[self.counted].max(initial=0.0))
        high = np.flatnonzero(self.counted & (near > floor))
        high = high[np.argsort(-near[high], kind="stable")]
        rank = np.full(len(near), -1)
        rank[high] = np.arange(len(high))
        at = self._pairs_of(high) if at is None else at[rank[self.rows[at]] >= 0]
        at = at[self.cost[at] < near[self.rows[at]]]
        at = at[np.lexsort((rank[self.rows[at]], self.cols[at]))]
        cols, place = self.cols[at], rank[self.rows[at]]
        count = np.bincount(cols, minlength=self.problem.n_sites)
        first = np.cumsum(count) - count
        gap = place != np.arange(len(at)) - first[cols]
        np.minimum.at(count, cols[gap], (np.arange(len(at)) - first[cols])[gap])
        worst = np.append(near[high], floor)[count]
        np.maximum.at(worst, cols, self.cost[at])
        return np.maximum(worst, floor)

    @cached_property
    def _least(self) -> Floats:
        return self._least_of(np.flatnonzero(self.problem.is_candidate[self.cols]))

    def _least_of(self, at: Ints) -> Floats:
        least = np.full(self.problem.n_demand, np.inf)
        np.minimum.at(least, self.rows[at], self.cost[at])
        return least


class Changes(NamedTuple):
    """What one more site would change, one value a site each.

    Parameters
    ----------
    worth : (n_sites,) float array
        As :meth:`Charges.worth` with that site open.
    sums : (3, n_sites) float array
        Person-distance saved, and weight and number of points that nobody served before.
    """

    worth: Floats
    sums: Floats

    def ranked(self, sites: Ints) -> Ints:
        """Return sites, the best first: by worth, newly served, distance saved and position."""
        saved, weight = self.sums[0][sites], self.sums[1][sites]
        return sites[np.lexsort((sites, -saved, -weight, -self.worth[sites]))]
