"""A plan: the sites chosen, what they achieve, what no plan can beat, and a check of both."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from analysis.siting import measure
from analysis.siting.problem import Floats, Ints, SitingProblem

ZERO_GAP = 1e-8
SLACK = 1e-8
Method = Literal["exact", "branch and bound", "search and bound", "price and bound", "given"]
STATUSES = ("optimal", "feasible", "cancelled", "given")


class PlanFault(AssertionError):
    """A plan contradicts its problem: a fault of the program, never of the user."""


@dataclass(frozen=True)
class Broken:
    """A constraint that a choice of sites breaks.

    Parameters
    ----------
    code : {"sites", "candidate", "required", "n_new", "budget", "quota", "share", "capacity", \
"floor"}
    text : str
        It in an English sentence.
    facts : mapping
        The figures in the sentence, for whoever words it anew.
    """

    code: str
    text: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, eq=False)
class Plan:
    """A choice of new sites with its value and a proven bound.

    Parameters
    ----------
    objective : str
        The objective of the problem it answers.
    sites : int array
        Positions of the new sites, ascending. Existing sites are not listed.
    value : float
        Weight covered by all open sites (``cover``), new sites (``cover_all``), person-distance
        (``median``) or worst distance (``center``).
    bound : float
        No plan can be better than this: at least the value for ``cover``, at most the value
        otherwise. Rounded outward.
    method : str
        How it was found: ``exact`` (HiGHS), ``branch and bound`` (multipliers and branches),
        ``price and bound``, ``search and bound``, or ``given``.
    status : str
        ``optimal`` (gap 0), ``feasible`` (stopped with a gap), ``cancelled`` or ``given``.
    seconds : float
        Wall time spent.
    n_existing : int
        Open sites the plan builds on.
    covered : float
        Weight served by all open sites, whatever the objective.
    total : float
        Weight of all demand.
    """

    objective: str
    sites: Ints
    value: float
    bound: float
    method: Method
    status: str
    seconds: float
    n_existing: int = 0
    covered: float = float("nan")
    total: float = float("nan")
    faults: tuple[Broken, ...] = field(default=())

    @property
    def gap(self) -> float:
        """Return how far the value may be from the best possible, as a share of the larger.

        0 for a plan proven optimal, whose bound differs by rounding only.
        """
        return 0.0 if self.status == "optimal" else self._distance()

    def _distance(self) -> float:
        if not np.isfinite(self.bound) or not np.isfinite(self.value):
            return 0.0 if self.bound == self.value else float("inf")
        scale = max(abs(self.value), abs(self.bound))
        return abs(self.bound - self.value) / scale if scale > 0 else 0.0

    def verify(self, problem: SitingProblem) -> bool:
        """Check the plan against its problem, independently of the engine that made it.

        Parameters
        ----------
        problem : SitingProblem

        Returns
        -------
        bool
            True; anything wrong raises instead.

        Raises
        ------
        PlanFault
            When the sites are none, a figure is not what they achieve, the bound lies on the wrong
            side, status and figures contradict each other, or a constraint is broken (a plan of
            method ``given`` lists broken ones in ``faults``).

        Notes
        -----
        The figures come from the costs by :mod:`analysis.siting.measure`, not from any model.
        It certifies them and the constraints; of the bound only that it is no contradiction.
        """
        if not _are_positions(self.sites, problem.n_sites):
            raise PlanFault(f"{self.sites!r} are not positions of sites")
        found = [str(t) for t in broken(problem, self.sites) if t not in self._told()]
        value = measure.value_of(problem, self.sites)
        if not same(value, self.value, problem):
            found.append(f"value {self.value!r} is not {value!r}")
        worse = self.bound < self.value if problem.maximise else self.bound > self.value
        if worse or np.isnan(self.bound):
            found.append(f"bound {self.bound!r} is on the wrong side of value {self.value!r}")
        found += self._contradictions(problem)
        if found:
            raise PlanFault("; ".join(found))
        return True

    def _told(self) -> tuple[Broken, ...]:
        """Return the faults that a planner's own choice admits."""
        return self.faults if self.method == "given" else ()

    def _contradictions(self, problem: SitingProblem) -> list[str]:
        """Return what the plan says of itself and its problem and is not so, in words."""
        found = []
        if self.objective != problem.objective:
            found.append(f"objective {self.objective!r} is not {problem.objective!r}")
        if self.n_existing != len(problem.existing):
            found.append(f"{self.n_existing} open sites are not {len(problem.existing)}")
        total = float(problem.weight.sum())
        if not same(total, self.total, problem):
            found.append(f"total {self.total!r} is not {total!r}")
        covered = measure.weight_covered(problem, self.sites)
        if not same(covered, self.covered, problem):
            found.append(f"covered {self.covered!r} is not {covered!r}")
        given = self.method == "given"
        if self.status not in STATUSES or given != (self.status == "given"):
            found.append(f"status {self.status!r} does not go with method {self.method!r}")
        if self.status == "optimal" and self._distance() > ZERO_GAP:
            found.append(f"called optimal with a gap of {self._distance()!r}")
        if not given and (self.faults or not np.isfinite(self.value)):
            found.append("somebody who must be served is not, or faults are told of a chosen plan")
        return found


def _are_positions(sites: Ints, n_sites: int) -> bool:
    """Return whether these are whole numbers from 0 to below the number of sites."""
    whole = isinstance(sites, np.ndarray) and sites.ndim == 1 and sites.dtype.kind in "iu"
    return whole and bool(((sites >= 0) & (sites < n_sites)).all())


def same(one: float, other: float, problem: SitingProblem) -> bool:
    """Return whether two figures agree within the rounding of their sums.

    With capacities they come from a solver, whose tolerance is wider.
    """
    ease = 1e-9 if problem.capacity is None else 1e-7
    return math.isclose(one, other, rel_tol=ease, abs_tol=ease)


def broken(problem: SitingProblem, sites: Ints) -> list[Broken]:
    """Return every constraint that a choice of sites breaks.

    Parameters
    ----------
    problem : SitingProblem
    sites : int array

    Returns
    -------
    list of Broken
        Empty where the choice keeps everything.
    """
    found = []
    if len(np.unique(sites)) != len(sites) or np.any(np.diff(sites) < 0):
        found.append(Broken("sites", "sites are not ascending and single"))
    if not problem.is_candidate[sites].all():
        found.append(Broken("candidate", "a site is open already or forbidden"))
    missing = np.setdiff1d(problem.must_open, sites)
    if len(missing):
        text = f"{len(missing)} required site(s) not opened"
        found.append(Broken("required", text, {"count": len(missing)}))
    if problem.n_new is not None:
        exact = problem.objective != "cover_all" and problem.budget is None
        if len(sites) > problem.n_new or (exact and len(sites) < problem.n_new):
            text = f"{len(sites)} new sites instead of {problem.n_new}"
            found.append(Broken("n_new", text, {"count": len(sites), "wanted": problem.n_new}))
    if problem.budget is not None:
        spent = float(site_costs(problem)[sites].sum())
        if spent > problem.budget * (1 + 1e-9) + 1e-9:
            text = f"costs {spent:g}, budget {problem.budget:g}"
            found.append(Broken("budget", text, {"spent": spent, "budget": problem.budget}))
    return found + _broken_quotas(problem, sites) + _broken_coverage(problem, sites)


def site_costs(problem: SitingProblem) -> Floats:
    """Return what each new site costs (1 where nothing is stated)."""
    if problem.site_cost is None:
        return np.ones(problem.n_sites)
    return np.asarray(problem.site_cost, dtype=float)


def _broken_quotas(problem: SitingProblem, sites: Ints) -> list[Broken]:
    found = []
    for column, label, least, most in problem.quotas:
        labels = problem.kinds if column == "kind" else problem.groups
        number = int((labels[sites] == label).sum())
        if number < least or (most is not None and number > most):
            text = f"{number} sites of {column} {label}, quota {least} to {most}"
            facts = {"count": number, "label": label, "least": least, "most": most}
            found.append(Broken("quota", text, facts))
    return found


def _broken_coverage(problem: SitingProblem, sites: Ints) -> list[Broken]:
    """Return broken floors and a missed target share."""
    found = []
    if problem.objective == "cover_all":
        covered, total = measure.weight_covered(problem, sites), float(problem.weight.sum())
        if covered < problem.share * total * (1 - SLACK):
            text = f"covers {covered:g} of {total:g}, share {problem.share:g}"
            facts = {"covered": covered, "total": total, "share": problem.share}
            found.append(Broken("share", text, facts))
    if problem.floors and problem.capacity is not None:
        if not np.isfinite(measure.weight_covered(problem, sites)):
            found.append(Broken("capacity", "the capacities cannot meet the floors"))
    elif problem.floors:
        groups = measure.people_by_group(problem, sites)
        for label, share in problem.floors:
            covered, total = groups[label]
            if covered < share * total * (1 - SLACK):
                text = f"covers {covered:g} of {total:g} in {label}, floor {share:g}"
                facts = {"covered": covered, "total": total, "label": label, "share": share}
                found.append(Broken("floor", text, facts))
    return found
