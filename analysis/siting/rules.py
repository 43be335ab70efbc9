"""The demands on the set of new sites, as rows over sites, and those nobody could ever meet."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.siting.plan import site_costs
from analysis.siting.problem import Bools, Floats, Ints, SitingProblem
from geo.errors import InfeasibleError, first_ids

NUMBER = "number of new sites"
SPILL = 1e-12


@dataclass(frozen=True)
class Rule:
    """One demand: ``low <= sum of weight over new sites <= high``.

    Parameters
    ----------
    name : str
        How to call it in a message, for example ``quota of kind village``.
    weight : (n_sites,) float array
    low, high : float
    """

    name: str
    weight: Floats
    low: float
    high: float


def rules_of(problem: SitingProblem) -> list[Rule]:
    """Return count, quotas and budget of a problem as rules."""
    found = []
    ones = np.ones(problem.n_sites)
    if problem.n_new is not None:
        exact = problem.objective != "cover_all" and problem.budget is None
        low = float(problem.n_new) if exact else 0.0
        found.append(Rule(NUMBER, ones, low, float(problem.n_new)))
    for column, label, least, most in problem.quotas:
        labels = problem.kinds if column == "kind" else problem.groups
        weight = (labels == label).astype(float)
        high = np.inf if most is None else float(most)
        found.append(Rule(f"quota of {column} {label}", weight, float(least), high))
    if problem.budget is not None:
        found.append(Rule("budget", site_costs(problem), 0.0, float(problem.budget)))
    return found


@dataclass(frozen=True)
class Limits:
    """What the rules allow of the new sites that are free to choose.

    Parameters
    ----------
    weight : (n_rules, n_columns) float array
    low, high : (n_rules,) float arrays
        Required sites taken off.
    """

    weight: Floats
    low: Floats
    high: Floats

    @cached_property
    def alike(self) -> Ints:
        """Return a number per column, the same for columns that every rule weighs alike."""
        return np.unique(self.weight, axis=1, return_inverse=True)[1].ravel()

    def allow(self, chosen: Ints, ins: Ints, outs: Ints) -> Bools:
        """Return whether a choice may open a column and close another, for many such pairs."""
        allowed = np.ones(np.broadcast_shapes(np.shape(ins), np.shape(outs)), dtype=bool)
        now = self.weight[:, chosen].sum(axis=1)
        for weight, low, high, total in zip(self.weight, self.low, self.high, now, strict=True):
            after = total + (weight[ins] - weight[outs])
            allowed &= (after >= low) & (after <= high)
        return allowed


def limits_of(problem: SitingProblem, columns: Ints) -> Limits:
    """Return the limits of site positions, those required counted already."""
    rules, fixed = rules_of(problem), problem.must_open
    given = np.array([rule.weight[fixed].sum() for rule in rules])
    low = np.array([rule.low for rule in rules]) - given
    high = np.array([rule.high * (1 + SPILL) for rule in rules]) - given
    return Limits(np.array([rule.weight[columns] for rule in rules]), low, high)


def classes_of(problem: SitingProblem) -> Ints:
    """Return a class per site, ``(n_sites,)``: sites of one class are alike to every rule."""
    classes = np.zeros(problem.n_sites, dtype=np.intp)
    if problem.budget is not None:
        classes = np.unique(site_costs(problem), return_inverse=True)[1].ravel()
    for column, labels in (("kind", problem.kinds), ("group", problem.groups)):
        place = {q[1]: n for n, q in enumerate(problem.quotas, start=1) if q[0] == column}
        if place:
            mine = np.array([place.get(label, 0) for label in labels], dtype=np.intp)
            classes = classes * (len(problem.quotas) + 1) + mine
    return np.unique(classes, return_inverse=True)[1].ravel()


def check_rules(problem: SitingProblem) -> None:
    """Refuse what no choice of sites can meet, naming the demand and by how much it fails.

    Raises
    ------
    InfeasibleError
        A site both required and forbidden; more sites wanted than candidates, in all or by a
        quota; a quota whose least is above its most; a number, quota or budget below the
        required sites.
    """
    both = np.intersect1d(problem.must_open, problem.forbidden)
    if len(both):
        ids = first_ids(both)
        raise InfeasibleError(
            "siting.required_forbidden",
            f"{len(both)} site(s) ({ids}) are both required and forbidden; drop one of the two.",
            count=len(both),
            ids=ids,
        )
    for rule in rules_of(problem):
        _check_rule(problem, rule)


def _check_rule(problem: SitingProblem, rule: Rule) -> None:
    able = float(rule.weight[problem.is_candidate].sum())
    fixed = float(rule.weight[problem.must_open].sum())
    if rule.low > rule.high:
        raise _fault(rule.name, rule.low, rule.high, "its least is above its most")
    if rule.low > able:
        raise _fault(rule.name, rule.low, able, "there are not so many candidates")
    if fixed > rule.high * (1 + 1e-12):
        raise _beyond(rule, fixed)


def _beyond(rule: Rule, fixed: float) -> InfeasibleError:
    return InfeasibleError(
        "siting.required_beyond",
        f"The {rule.name} is to be at most {rule.high:g}, but the required sites alone need"
        f" {fixed:g} ({fixed - rule.high:g} too much); raise it or require fewer sites.",
        demand=rule.name,
        wanted=rule.high,
        possible=fixed,
        excess=fixed - rule.high,
    )


def _fault(name: str, wanted: float, possible: float, why: str) -> InfeasibleError:
    return InfeasibleError(
        "siting.rule",
        f"No plan can keep the {name}: it asks for {wanted:g}, {possible:g} is possible"
        f" ({wanted - possible:g} too much), because {why}.",
        demand=name,
        wanted=wanted,
        possible=possible,
        excess=wanted - possible,
        reason=why,
    )
