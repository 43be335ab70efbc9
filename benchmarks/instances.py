"""Seeded siting instances with the shape of Chinese village data, for benchmarks and tests.

Towns lie uniformly in a square; villages scatter around their town with a spread of 2.2 km, about
one village per 4.6 km². People are log-normal (median 2,600 a village, the two per cent nearest to
big towns up to twenty times more). Candidate sites are the villages plus campuses and parks near
towns; rooms already open are a seeded choice of sites that prefers crowded places. Coordinates are
planar metres. Nothing here is real: these instances measure software, never a city.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import cKDTree

VILLAGES_PER_TOWN = 15
KM2_PER_VILLAGE = 4.6
SPREAD_M = 2200.0


@dataclass(frozen=True)
class Instance:
    """Points, people and open rooms of one generated world.

    Parameters
    ----------
    demand_xy : (n_demand, 2) float array
        Villages, metres.
    site_xy : (n_sites, 2) float array
        Candidate sites, metres; the first ``n_demand`` are the villages themselves.
    people : (n_demand,) float array
        Whole people per village.
    existing : (n_open,) int array
        Positions of the sites that are open already, ascending.
    county : (n_demand,) int array
        A county number per village (squares of about 200 villages).
    site_county : (n_sites,) int array
    kinds : (n_sites,) str array
        village, campus or park.
    """

    demand_xy: NDArray[np.float64]
    site_xy: NDArray[np.float64]
    people: NDArray[np.float64]
    existing: NDArray[np.intp]
    county: NDArray[np.intp]
    site_county: NDArray[np.intp]
    kinds: NDArray[np.str_]


def make(n_demand: int, n_sites: int, n_open: int, *, seed: int = 20190531) -> Instance:
    """Make one instance; the same arguments give the same instance.

    Parameters
    ----------
    n_demand, n_sites, n_open : int
        Villages, candidate sites (at least the villages) and rooms already open.
    seed : int

    Returns
    -------
    Instance
    """
    rng = np.random.default_rng(seed)
    side = float(np.sqrt(n_demand * KM2_PER_VILLAGE) * 1000)
    n_towns = max(1, n_demand // VILLAGES_PER_TOWN)
    towns = rng.uniform(0, side, (n_towns, 2))
    size = rng.lognormal(0, 0.6, n_towns)
    town = rng.choice(n_towns, n_demand, p=size / size.sum())
    demand_xy = towns[town] + rng.normal(0, SPREAD_M, (n_demand, 2))
    people = np.maximum(1, np.rint(rng.lognormal(np.log(2600), 0.6, n_demand)))
    crowded = rng.random(n_demand) < 0.02
    people[crowded] = np.rint(people[crowded] * rng.uniform(4, 20, crowded.sum()))
    extra = n_sites - n_demand
    near = rng.choice(n_towns, extra, p=size / size.sum())
    site_xy = np.vstack([demand_xy, towns[near] + rng.normal(0, SPREAD_M, (extra, 2))])
    pull = np.concatenate([np.sqrt(people), np.full(extra, 40.0)])
    existing = np.sort(rng.choice(n_sites, n_open, replace=False, p=pull / pull.sum()))
    kinds = np.concatenate([np.full(n_demand, "village"), rng.choice(["campus", "park"], extra)])
    county, site_county = (_county(xy, side, n_demand) for xy in (demand_xy, site_xy))
    return Instance(demand_xy, site_xy, people, existing, county, site_county, kinds)


def city(*, seed: int = 20190531) -> Instance:
    """Return the city: 2,400 villages, 2,496 sites, 559 rooms open."""
    return make(2400, 2496, 559, seed=seed)


def country(*, seed: int = 20190531) -> Instance:
    """Return the country: 250 times the city."""
    return make(600_000, 624_000, 139_750, seed=seed)


def distances(instance: Instance, limit_m: float) -> sparse.csr_array:
    """Return the distances within the limit.

    Parameters
    ----------
    instance : Instance
    limit_m : float
        Metres, inclusive.

    Returns
    -------
    (n_demand, n_sites) CSR array of float64 metres
        Explicit zeros are distance zero, absent entries lie beyond the limit.
    """
    tree, sites = cKDTree(instance.demand_xy), cKDTree(instance.site_xy)
    pairs = tree.sparse_distance_matrix(sites, limit_m, output_type="ndarray")
    shape = (len(instance.demand_xy), len(instance.site_xy))
    rows, cols = pairs["i"].astype(np.int32), pairs["j"].astype(np.int32)
    matrix = sparse.coo_array((pairs["v"], (rows, cols)), shape=shape).tocsr()
    matrix.sort_indices()
    return matrix


def _county(xy: NDArray[np.float64], side: float, n_demand: int) -> NDArray[np.intp]:
    across = max(1, round(np.sqrt(n_demand / 200)))
    cell = np.clip(np.floor(xy / side * across), 0, across - 1).astype(np.intp)
    return np.asarray(cell[:, 0] * across + cell[:, 1])
