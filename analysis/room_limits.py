"""What a new room cannot do alone: serve more people than it holds, or villages far apart."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import scipy.sparse as sp

from analysis.coverage import lonlat
from analysis.scenario import Scenario
from analysis.siting import Plan, SitingProblem, measure
from geo.reach import reach_pairs


def limits_of(
    scenario: Scenario, demand: gpd.GeoDataFrame, people: pd.Series, *, rooms: int, sites: int
) -> dict[str, Any]:
    """Return the fields of a siting problem that hold what one new room can do.

    Parameters
    ----------
    scenario : Scenario
        ``room_capacity`` and ``area_join_m``; 0 switches each off.
    demand : GeoDataFrame
    people : Series of float
        At each demand point.
    rooms, sites : int
        Columns of the problem: existing rooms first, then candidates.

    Returns
    -------
    dict
        ``capacity``, ``adjacency`` and ``area_sites`` of a
        :class:`~analysis.siting.problem.SitingProblem`, those that are in use.

    Notes
    -----
    Existing rooms are held to neither: whoever is within their reach stays counted. Two demand
    points are neighbours when they are at most ``area_join_m`` apart in a straight line.
    """
    found: dict[str, Any] = {}
    if scenario.room_capacity > 0:
        everybody = np.full(rooms, float(people.sum()))
        found["capacity"] = np.append(everybody, np.full(sites, scenario.room_capacity))
    if scenario.area_join_m > 0:
        points = lonlat(demand)
        near = reach_pairs(points, points, np.full(len(points), scenario.area_join_m))
        found["adjacency"] = near
        found["area_sites"] = np.arange(rooms, rooms + sites)
    return found


def pairs_of_sites(problem: SitingProblem, reached: sp.csr_array) -> sp.csr_array:
    """Return who is within reach of each candidate, area rooms held to their own villages.

    Parameters
    ----------
    problem : SitingProblem
        Existing rooms first, then candidates.
    reached : (n_demand, n_candidates) CSR array
        Who is within reach by the standard alone.
    """
    if problem.adjacency is None or problem.objective not in ("cover", "cover_all"):
        return reached
    return sp.csr_array(problem.pairs[:, len(problem.existing) :])


def served(problem: SitingProblem, plan: Plan, in_order: pd.Series) -> pd.Series:
    """Return the people each site newly serves, no room more than it can.

    Parameters
    ----------
    problem : SitingProblem
    plan : Plan
    in_order : Series of float
        People newly within reach, site by site in the order of building.

    Returns
    -------
    Series of float
        Without capacities as given. With them no site serves more than it holds; where people
        can be shared out better than first come first served, the difference goes to the sites
        with room left, in order, so that the sum is what the plan serves.
    """
    if problem.capacity is None:
        return in_order
    most = float(problem.capacity[plan.sites].max(initial=0.0))
    full = in_order.clip(upper=most)
    if problem.case_weight:
        return full
    gained = plan.covered - measure.weight_covered(problem, plan.sites[:0])
    left = max(0.0, gained - float(full.sum()))
    spare = (most - full).to_numpy()
    added = np.clip(left - np.append(0.0, np.cumsum(spare)[:-1]), 0.0, spare)
    return full + added
