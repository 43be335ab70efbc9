"""The pairs that could bring somebody nearer, and what whoever nobody serves is charged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from analysis.siting.inputs import keep_entries
from analysis.siting.measure import nearest_open
from analysis.siting.problem import Bools, Floats, Ints, SitingProblem

BEYOND = 4.0


@dataclass(frozen=True)
class Pulls:
    """The pairs that could bring somebody nearer than what is open already.

    Parameters
    ----------
    near : (n_demand, n_sites) CSR array
        Costs below ``cap``, of candidate sites only.
    cap : (n_demand,) float array
        What each point pays without any new site; inf where it must be served anew.
    """

    near: sparse.csr_array
    cap: Floats

    def farthest(self) -> Floats:
        """Return the cost of the farthest pair of each point, 0 where there is none."""
        worst = np.zeros(self.near.shape[0])
        filled = np.diff(self.near.indptr) > 0
        if filled.any():
            worst[filled] = np.maximum.reduceat(self.near.data, self.near.indptr[:-1][filled])
        return worst


def pulls_of(problem: SitingProblem) -> Pulls:
    """Return the pairs that matter to a p-median."""
    cap = nearest_open(problem, problem.must_open)
    if problem.penalty is not None:
        cap = np.minimum(cap, problem.penalty)
    pairs = problem.pairs
    free = problem.is_candidate.copy()
    free[problem.must_open] = False
    rows = np.repeat(np.arange(problem.n_demand), np.diff(pairs.indptr))
    keep = free[pairs.indices] & (pairs.data < cap[rows]) & (problem.weight > 0)[rows]
    return Pulls(keep_entries(pairs, keep), cap)


def charged(problem: SitingProblem, pulls: Pulls, *, known: float = 0.0) -> Pulls:
    """Return the pairs with a finite charge for every point.

    Parameters
    ----------
    problem : SitingProblem
    pulls : Pulls
    known : float
        What some plan costs that serves everybody.

    Notes
    -----
    A point that must be served and reaches every candidate pays at most its farthest one. One
    that does not is charged four times its farthest pair where nobody serves it: a relaxation,
    whose bound is valid and whose plan is checked before it is believed. Where everyone alone is
    charged more than a known plan costs in all, a plan that leaves one out is never better.
    """
    near = pulls.near
    farthest = pulls.farthest()
    everywhere = np.diff(near.indptr) == int(problem.is_candidate.sum()) - len(problem.must_open)
    dear = np.zeros(problem.n_demand)
    np.divide(2 * known, problem.weight, out=dear, where=problem.weight > 0)
    ceiling = np.where(everywhere, farthest, np.maximum(BEYOND * farthest + 1.0, np.ceil(dear)))
    return Pulls(near, np.where(np.isinf(pulls.cap), ceiling, pulls.cap))


def cut_short(pulls: Pulls, sites: Ints, times: int) -> Pulls:
    """Return the pairs nearer than a point's so-many-th nearest of some sites.

    Whoever is served by none of them is charged as much as that one costs: a relaxation, and the
    problem itself for plans that serve everybody from nearer.
    """
    near = pulls.near
    chosen = np.zeros(near.shape[1], dtype=bool)
    chosen[sites] = True
    mine = np.flatnonzero(chosen[near.indices])
    rows = np.repeat(np.arange(near.shape[0]), np.diff(near.indptr))
    order = mine[np.lexsort((near.data[mine], rows[mine]))]
    starts = np.searchsorted(rows[order], np.arange(near.shape[0] + 1))
    full = np.flatnonzero(np.diff(starts) >= times)
    cap = pulls.cap.copy()
    cap[full] = near.data[order[starts[full] + times - 1]]
    return Pulls(keep_entries(near, near.data < cap[rows]), cap)


def unservable(problem: SitingProblem, pulls: Pulls) -> Bools:
    """Return which points must be served and cannot be."""
    empty = np.diff(pulls.near.indptr) == 0
    return np.asarray(empty & np.isinf(pulls.cap) & (problem.weight > 0))
