"""What a siting problem is: who needs a room, where one may stand, and what the plan must keep.

A :class:`SitingProblem` is checked once, when it is made. What is malformed (NaN people,
negative cost, a limit of zero) is refused here; what is well-formed but has no answer is found
out by ``choose``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from analysis.siting import inputs
from geo.errors import ProblemError

OBJECTIVES = ("cover", "cover_all", "median", "center")

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class SitingProblem:
    """One question of where new rooms should stand.

    Parameters
    ----------
    cost : (n_demand, n_sites) CSR array or matrix
        Distance (metres) or time (minutes) from each demand point to each site. A stored zero is
        distance zero, an absent or infinite entry is unreachable. A dense array is taken too.
    people : (n_demand,) array
        People at each demand point, finite and not negative.
    limit : float, optional
        The service standard in the unit of ``cost``, inclusive. Needed for ``cover`` and
        ``cover_all``; for ``median`` and ``center`` a site does not serve beyond it, and without
        it every stored entry serves.
    n_new : int, optional
        New sites: exactly so many, or at most so many where a ``budget`` is set. For
        ``cover_all`` it is optional and always a maximum.
    objective : {"cover", "cover_all", "median", "center"}
        Most people covered; fewest new sites that cover ``share``; least person-distance; least
        worst distance.
    existing, required, forbidden : positions or (n_sites,) bool mask, optional
        Sites already open (kept, not counted in ``n_new``); sites every plan must open (counted);
        sites no plan may open. A site that is open already is never opened anew.
    kinds, groups : (n_sites,) labels, optional
        Kind and county of each site. ``None`` or NaN is no label.
    quotas : mapping, optional
        Label to ``(least, most)`` new sites with that label, ``None`` for no bound. Where a kind
        and a group share a label, write ``("kind", label)`` or ``("group", label)``.
    site_cost, budget : (n_sites,) array and float, optional
        What a new site costs (default 1 each) and what all of them may cost.
    share : float
        ``cover_all``: the share of all weight, in (0, 1], to be covered.
    demand_groups, floors : (n_demand,) labels and mapping or float, optional
        The county of each demand point, and the share of its people that must be covered at
        least (one share for all, or label to share).
    capacity : float or (n_sites,) array, optional
        People one room can serve. People of one point may be split between rooms; who goes where
        is chosen for the best value.
    cases, case_weight : (n_demand,) array and float, optional
        Cases at each point; each counts as ``case_weight`` people in the value.
    penalty : float, optional
        ``median`` and ``center``: the most that is charged for anybody, served from farther away
        or not at all. Without it a plan must serve everybody.
    adjacency, home, area_sites : optional
        Area rooms: (n_demand, n_demand) sparse pattern of neighbouring villages; the village each
        site stands in (default: the one of least cost); the sites held to the rule (default:
        all). Such a site serves only villages joined to its home by a chain of neighbouring
        villages that are all within the limit.

    Raises
    ------
    ProblemError
        When anything above is malformed; the message says what, where and how often.

    Notes
    -----
    Every field holds its checked form after construction: ``cost`` a CSR array, sites ascending
    positions, labels strings. A point counts :math:`w_i = people_i + case\\_weight · cases_i`.
    Quotas and budget count new sites only. Floors count people, and existing rooms help to meet
    them.
    """

    cost: Any
    people: Any
    limit: float | None = None
    n_new: int | None = None
    objective: str = "cover"
    existing: Any = None
    required: Any = None
    forbidden: Any = None
    kinds: Any = None
    groups: Any = None
    quotas: Any = None
    site_cost: Any = None
    budget: float | None = None
    share: float = 1.0
    demand_groups: Any = None
    floors: Any = None
    capacity: Any = None
    cases: Any = None
    case_weight: float = 0.0
    penalty: float | None = None
    adjacency: Any = None
    home: Any = None
    area_sites: Any = None

    def __post_init__(self) -> None:
        if self.objective not in OBJECTIVES:
            raise ProblemError(
                "siting.objective",
                f"There is no objective {self.objective!r}; use one of {', '.join(OBJECTIVES)}.",
                value=self.objective,
                choices=", ".join(OBJECTIVES),
            )
        self._set("cost", inputs.cost_matrix(self.cost))
        self._set("people", inputs.amounts(self.people, self.n_demand, "people"))
        self._check_numbers()
        for name in ("existing", "required", "forbidden", "area_sites"):
            value = getattr(self, name)
            if value is not None or name != "area_sites":
                self._set(name, inputs.positions(value, self.n_sites, name))
        if self.site_cost is not None:
            self._set("site_cost", inputs.amounts(self.site_cost, self.n_sites, "site_cost"))
        if self.cases is not None:
            self._set("cases", inputs.amounts(self.cases, self.n_demand, "cases"))
        if self.capacity is not None:
            alike = np.ndim(self.capacity) == 0
            each = np.repeat(self.capacity, self.n_sites) if alike else self.capacity
            self._set("capacity", inputs.amounts(each, self.n_sites, "capacity"))
        self._check_labels()
        if self.adjacency is not None:
            self._set("adjacency", inputs.neighbours(self.adjacency, self.n_demand))
            self._set("home", inputs.homes(self.home, self.cost))

    def __repr__(self) -> str:
        size = f"{self.n_demand} × {self.n_sites}, {self.cost.nnz} pairs"
        return f"SitingProblem({self.objective}, {size}, n_new={self.n_new}, limit={self.limit})"

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def _check_numbers(self) -> None:
        needs_limit = self.objective in ("cover", "cover_all")
        self._set("limit", inputs.positive(self.limit, "limit", needed=needs_limit))
        needs_count = self.objective != "cover_all" and self.budget is None
        self._set("n_new", inputs.count(self.n_new, "n_new", needed=needs_count))
        self._set("budget", inputs.not_negative(self.budget, "budget"))
        self._set("penalty", inputs.not_negative(self.penalty, "penalty"))
        self._set("case_weight", inputs.not_negative(self.case_weight, "case_weight"))
        share = inputs.positive(self.share, "share", needed=True)
        if share is None or share > 1:
            raise ProblemError(
                "siting.share",
                f"share is {self.share!r}; it must lie above 0 and not above 1.",
                value=self.share,
            )
        self._set("share", share)
        if self.case_weight and self.cases is None:
            raise ProblemError(
                "siting.cases_missing", "case_weight is set but there are no cases; give cases."
            )

    def _check_labels(self) -> None:
        for name, length in (
            ("kinds", self.n_sites),
            ("groups", self.n_sites),
            ("demand_groups", self.n_demand),
        ):
            labels = getattr(self, name)
            if labels is not None:
                self._set(name, inputs.labels(labels, length, name))
        self._set("quotas", inputs.quotas(self.quotas, self.kinds, self.groups))
        self._set("floors", inputs.floors(self.floors, self.demand_groups))

    @property
    def n_demand(self) -> int:
        """Return the number of demand points."""
        return int(self.cost.shape[0])

    @property
    def n_sites(self) -> int:
        """Return the number of sites, open ones included."""
        return int(self.cost.shape[1])

    @cached_property
    def weight(self) -> Floats:
        """Return what each point counts in the value, ``(n_demand,)``."""
        people = np.asarray(self.people, dtype=float)
        if self.cases is None or not self.case_weight:
            return people
        return people + self.case_weight * np.asarray(self.cases, dtype=float)

    @cached_property
    def is_candidate(self) -> Bools:
        """Return which sites a plan may open, ``(n_sites,)``."""
        mask = np.ones(self.n_sites, dtype=bool)
        mask[np.asarray(self.existing)] = False
        mask[np.asarray(self.forbidden)] = False
        return mask

    @cached_property
    def must_open(self) -> Ints:
        """Return the required sites that are not open yet, ascending."""
        return np.setdiff1d(np.asarray(self.required), np.asarray(self.existing))

    @cached_property
    def pairs(self) -> sparse.csr_array:
        """Return the costs of every pair that may serve: within the limit and the area rule."""
        return inputs.serving_pairs(
            self.cost, self.limit, self.adjacency, self.home, self.area_sites
        )

    @property
    def maximise(self) -> bool:
        """Return whether a larger value is better."""
        return self.objective == "cover"
