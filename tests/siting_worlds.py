"""Small siting problems with any mixture of demands, as hypothesis draws them."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from analysis.siting import SitingProblem
from siting_oracle import csr

MOST = 10
OBJECTIVES = ("cover", "cover_all", "median", "center")
COSTS = st.one_of(st.none(), st.sampled_from([0.0, 1.0, 2.0, 2.5, 3.0, 4.0, 7.5]))
PEOPLE = st.sampled_from([0, 1, 2, 3, 5, 8.5, 100])


def listed(values, length):
    """Return a strategy of lists of one length."""
    return st.lists(values, min_size=length, max_size=length)


@st.composite
def problems(draw, objective, *, capacity=False, areas=False, most=MOST):
    """Draw a problem of at most ten candidates, and up to two rooms open beside them."""
    n_sites = draw(st.one_of(st.just(most), st.integers(1, most)))
    n_demand, n_open = draw(st.integers(1, 8)), draw(st.integers(0, 2))
    width = n_sites + n_open
    wants = {
        "cost": csr([draw(listed(COSTS, width)) for _ in range(n_demand)]),
        "people": draw(listed(PEOPLE, n_demand)),
        "objective": objective,
        "limit": draw(st.sampled_from([1.0, 2.5, 4.0])),
        "n_new": draw(st.integers(0, n_sites)),
        "existing": list(range(n_sites, width)),
    }
    wants |= _sites(draw, n_sites, width) | _served(draw, objective, n_demand)
    if objective == "cover_all":
        wants["share"] = draw(st.sampled_from([0.4, 0.8, 1.0]))
        wants["n_new"] = draw(st.sampled_from([None, wants["n_new"]]))
    if objective in ("median", "center"):
        wants["penalty"] = draw(st.sampled_from([None, 0.0, 2.0, 6.0]))
        wants["limit"] = draw(st.sampled_from([None, 4.0]))
    if capacity:
        wants["capacity"] = draw(
            st.one_of(st.just(9.5), listed(st.sampled_from([0, 2, 4, 9.5]), width))
        )
    if areas:
        wants |= _areas(draw, n_demand, width)
    return SitingProblem(**wants)


def _sites(draw, n_sites, width):
    """Draw demands on the set of sites."""
    wants = {}
    some = st.one_of(st.just([]), st.lists(st.integers(0, n_sites - 1), max_size=2))
    wants["required"], wants["forbidden"] = draw(some), draw(some)
    quotas = {}
    for field, column, known in (("kinds", "kind", "ab"), ("groups", "group", "ac")):
        if not draw(st.booleans()):
            continue
        others = draw(listed(st.sampled_from([*known, None]), width - 1))
        wants[field] = [known[0], *others]
        for label in sorted({known[0], *others} - {None}):
            if draw(st.booleans()):
                least = draw(st.integers(0, 2))
                quotas[column, label] = (least, draw(st.sampled_from([None, least, least + 1])))
    wants["quotas"] = quotas or None
    if draw(st.booleans()):
        wants["budget"] = draw(st.sampled_from([2.0, 4.5, 7.0]))
        if draw(st.booleans()):
            wants["site_cost"] = draw(listed(st.sampled_from([0, 0.5, 1, 2.5]), width))
    return wants


def _served(draw, objective, n_demand):
    """Draw demands on who is served, and cases beside people."""
    wants = {}
    if draw(st.booleans()):
        names = draw(listed(st.sampled_from(["x", "y", None]), n_demand - 1))
        wants["demand_groups"] = ["x", *names]
        one, each = st.sampled_from([0.0, 0.3, 0.5, 1.0]), {}
        for label in sorted({"x", *names} - {None}):
            each[label] = draw(one)
        wants["floors"] = draw(st.sampled_from([0.5, each]))
    if draw(st.booleans()):
        wants["cases"] = draw(listed(st.integers(0, 4), n_demand))
        wants["case_weight"] = draw(st.sampled_from([0.0, 2.5]))
    return wants


def _areas(draw, n_demand, width):
    """Draw neighbours, homes, and which sites the area rule holds for."""
    village = st.integers(0, n_demand - 1)
    edges = draw(st.lists(st.tuples(village, village), max_size=10))
    pattern = np.zeros((n_demand, n_demand))
    for one, other in edges:
        pattern[one, other] = 1
    held = st.lists(st.integers(0, width - 1), max_size=width)
    return {
        "adjacency": pattern,
        "home": draw(st.one_of(st.none(), listed(village, width))),
        "area_sites": draw(st.one_of(st.none(), held)),
    }


@st.composite
def planes(draw):
    """Draw points on a plane with people: costs and people."""
    seed, n = draw(st.integers(0, 10_000)), draw(st.integers(3, 25))
    rng = np.random.default_rng(seed)
    villages, sites = rng.uniform(0, 10, (n, 2)), rng.uniform(0, 10, (n, 2))
    cost = np.linalg.norm(villages[:, None] - sites[None], axis=2)
    return cost, rng.integers(0, 100, n).astype(float)
