"""Siting against spopt and at country size, each ratio from one run.

Usage: ``python -m benchmarks.bench_siting [PART …|all]`` with the parts city, models, pairs,
median, quotas, limits, country, country-free, everybody and most.

Prints one JSON line per figure: seconds, peer seconds, ratio, gap. Instances come from
``benchmarks/instances.py`` (seeded). Times are wall times on a machine that may be busy; ratios
compare runs of the same minute. The load of the machine stands beside each figure, and seconds of
processor time (children included) where there is no peer.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import shortest_path

from analysis.siting import SitingProblem, choose
from benchmarks.instances import Instance, city, country, distances, make

LIMIT_M = 3000.0
SEED = 20190531
MOST = (0.9, 0.5, 0.3, 0.99, 0.95, 0.8)
EAST = np.array([1.0, 0.0])
GUARD, GUARD_M = 1e8, 0.01


def tell(name: str, **figures: object) -> None:
    """Print one figure as a JSON line, with the load of the machine in the last minute."""
    figures["load"] = round(os.getloadavg()[0], 1)
    print(json.dumps({"figure": name, **figures}), flush=True)


def processor_seconds() -> float:
    """Return the processor time of this process and its children so far."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def ours(
    problem_of: dict[str, object], *, time_limit_s: float = 300.0, repeats: int = 1
) -> tuple[float, object]:
    """Return the median wall time of making and solving a problem, and the plan, checked."""
    seconds = []
    for _ in range(repeats):
        begun = time.perf_counter()
        problem = SitingProblem(**problem_of)
        plan = choose(problem, time_limit_s=time_limit_s)
        seconds.append(time.perf_counter() - begun)
    plan.verify(problem)
    return float(np.median(seconds)), plan


def dense_of(cost: sparse.csr_array) -> np.ndarray:
    """Return the dense costs spopt wants, absent pairs very far."""
    dense = np.full(cost.shape, 1e9)
    entries = cost.tocoo()
    dense[entries.row, entries.col] = entries.data
    return dense


def peer_share(dense: np.ndarray, limit: float) -> tuple[float, float]:
    """Return the wall time and optimum of spopt's set covering with CBC."""
    warnings.simplefilter("ignore")
    from spopt.locate import LSCP

    return peer(lambda: LSCP.from_cost_matrix(dense, limit))


def peer(build: Callable[[], Any]) -> tuple[float, float]:
    """Return the wall time of building and solving a spopt model, at most 300 s, and its value."""
    import pulp

    begun = time.perf_counter()
    model = build()
    model.solve(pulp.PULP_CBC_CMD(msg=False, threads=1, timeLimit=300), results=False)
    return time.perf_counter() - begun, float(pulp.value(model.problem.objective))


def peer_cover(instance: Instance, cost: sparse.csr_array, n_open: int, fixed: bool) -> tuple:
    """Return the wall time and optimum of spopt's maximal covering with CBC."""
    warnings.simplefilter("ignore")
    from spopt.locate import MCLP

    mask = np.isin(np.arange(cost.shape[1]), instance.existing).astype(int) if fixed else None
    return peer(
        lambda: MCLP.from_cost_matrix(
            dense_of(cost), instance.people, LIMIT_M, n_open, predefined_facilities_arr=mask
        )
    )


def apart(instance: Instance) -> np.ndarray:
    """Return every distance, with all sites moved one metre east.

    spopt's ``KNearestPMedian`` drops pairs of distance zero, so no site may stand in its village.
    """
    return np.linalg.norm(instance.demand_xy[:, None] - (instance.site_xy + EAST)[None], axis=2)


def peer_median(instance: Instance, n_new: int, *, fixed: bool) -> tuple[float, float]:
    """Return the wall time and optimum of spopt's p-median over the nearest sites, with CBC.

    Notes
    -----
    ``KNearestPMedian`` lets a client go beyond its k nearest sites at one person-metre more than
    the k-th costs, and grows k where the answer does so. Its answer is exact where the next site
    costs at least that much more, which is how k is chosen here. It knows no rooms kept: a client
    of a hundred million people one centimetre from each room asks for it. What these cost is taken
    off. An answer that opens all rooms is the optimum with all rooms kept; any other is NaN here.
    """
    import geopandas
    from spopt.locate.p_median import KNearestPMedian

    rooms = instance.existing if fixed else instance.existing[:0]
    cost, sites = apart(instance), instance.site_xy + EAST
    clients = np.vstack([instance.demand_xy, sites[rooms] - GUARD_M * EAST])
    people = np.append(instance.people, np.full(len(rooms), GUARD))
    near = np.append(nearest_that_matter(cost, instance.people, rooms), np.full(len(rooms), 2))
    frame = {"people": people, "geometry": geopandas.points_from_xy(*clients.T)}
    model = KNearestPMedian.from_geodataframe(
        geopandas.GeoDataFrame(frame, crs=3857),
        geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(*sites.T), crs=3857),
        "geometry",
        "geometry",
        "people",
        p_facilities=len(rooms) + n_new,
        k_array=near,
    )
    seconds, optimum = peer(lambda: model)
    kept = all(model.fac_vars[room].value() > 0.5 for room in rooms)
    return seconds, optimum - GUARD * GUARD_M * len(rooms) if kept else float("nan")


def nearest_that_matter(cost: np.ndarray, people: np.ndarray, rooms: np.ndarray) -> np.ndarray:
    """Return k per client: past its nearest room or 20, and the next site costs one more."""
    costs = np.sort(cost, axis=1)
    least = (cost <= cost[:, rooms].min(axis=1)[:, None]).sum(axis=1) if len(rooms) else 20
    place = np.arange(1, cost.shape[1])
    enough = (np.diff(costs, axis=1) * people[:, None] >= 1) & (place > np.reshape(least, (-1, 1)))
    return np.argmax(enough, axis=1) + 1


def bench_models() -> None:
    """The three other models against spopt at the size of the city, with CBC.

    spopt's p-median and p-center hold a variable for each pair, six million in the city. So the
    p-median is its nearest-sites form, and the p-center is held to its set covering, at the
    distance found (so few sites do) and at the next smaller one that occurs (they do not).
    """
    warnings.simplefilter("ignore")
    from spopt.locate import PCenter

    instance = city()
    cost = distances(instance, LIMIT_M)
    ones = np.ones(len(instance.people))
    mine = ours({"cost": cost, "people": ones, "limit": LIMIT_M, "objective": "cover_all"})
    tell_model("set covering", len(ones), mine, peer_share(dense_of(cost), LIMIT_M))
    bench_center(distances(instance, 4500.0), 300)
    wants = {"cost": apart(instance), "people": instance.people, "objective": "median"}
    mine = ours(wants | {"existing": instance.existing, "n_new": 50})
    tell_model("p-median, rooms kept", len(ones), mine, peer_median(instance, 50, fixed=True))
    mine = ours(wants | {"n_new": 609})
    tell_model("p-median, every pair", len(ones), mine, peer_median(instance, 609, fixed=False))
    full = np.linalg.norm(instance.demand_xy[:90, None] - instance.site_xy[None, :90], axis=2)
    mine = ours({"cost": full, "people": ones[:90], "n_new": 5, "objective": "center"})
    tell_model(
        "p-center as spopt writes it", 90, mine, peer(lambda: PCenter.from_cost_matrix(full, 5))
    )


def bench_center(cost: sparse.csr_array, n_new: int) -> None:
    """A p-center, proven by spopt's set covering at its distance and at the next smaller one."""
    people = np.ones(cost.shape[0])
    seconds, plan = ours({"cost": cost, "people": people, "n_new": n_new, "objective": "center"})
    nearer = float(cost.data[cost.data < plan.value].max())
    first, enough = peer_share(dense_of(cost), plan.value)
    second, more = peer_share(dense_of(cost), nearer)
    tell(
        f"p-center, {len(people)} demand points",
        seconds=round(seconds, 3),
        spopt_seconds=round(first + second, 2),
        ratio=round((first + second) / seconds, 1),
        same_optimum=enough <= n_new < more,
        gap=plan.gap,
    )


def tell_model(name: str, size: int, mine: tuple, theirs: tuple[float, float]) -> None:
    """Print one model's figure beside spopt's."""
    (seconds, plan), (peer_seconds, optimum) = mine, theirs
    tell(
        f"{name}, {size} demand points",
        seconds=round(seconds, 3),
        spopt_seconds=round(peer_seconds, 2),
        ratio=round(peer_seconds / seconds, 1),
        same_optimum=bool(abs(plan.value - optimum) <= 1e-7 * optimum),
        gap=plan.gap,
    )


def bench_city() -> None:
    """City with rooms kept and without, against spopt; and a first answer in a cold process."""
    instance = city()
    cost = distances(instance, LIMIT_M)
    for rooms in (True, False):
        existing = instance.existing if rooms else None
        wants = {"cost": cost, "people": instance.people, "limit": LIMIT_M, "n_new": 50}
        seconds, plan = ours(wants | {"existing": existing}, repeats=5)
        n_open = 50 + (len(instance.existing) if rooms else 0)
        theirs, optimum = peer_cover(instance, cost, n_open, rooms)
        tell(
            "city, rooms kept" if rooms else "city, no rooms",
            seconds=round(seconds, 4),
            spopt_seconds=round(theirs, 2),
            ratio=round(theirs / seconds, 1),
            target_ratio=300 if rooms else 7,
            same_optimum=abs(plan.value - optimum) < 0.5,
            gap=plan.gap,
        )
    script = (
        "from benchmarks.instances import city, distances; i = city(); c = distances(i, 3000.0);"
        "from analysis.siting import SitingProblem, choose;"
        "choose(SitingProblem(cost=c, people=i.people, limit=3000.0, n_new=50,"
        " existing=i.existing))"
    )
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", script], check=True)
    tell("city, cold process", seconds=round(time.perf_counter() - begun, 2), target_seconds=3)


def with_quotas(seed: int, *, rooms: bool) -> dict[str, object]:
    """Return quotas by kind and county and county floors, 17,000 by 17,680, 84 counties."""
    instance = make(17_000, 17_680, 3960, seed=seed)
    quotas = {("group", str(c)): (1, 12) for c in np.unique(instance.site_county)}
    quotas |= {("kind", "campus"): (10, 40), ("kind", "park"): (10, 60)}
    return {
        "cost": distances(instance, LIMIT_M),
        "people": instance.people,
        "limit": LIMIT_M,
        "n_new": 400,
        "groups": instance.site_county,
        "kinds": instance.kinds,
        "demand_groups": instance.county,
        "quotas": quotas,
        "existing": instance.existing if rooms else None,
        "floors": 0.5 if rooms else 0.2,
    }


def bench_quotas() -> None:
    """Quotas and floors with rooms kept, and three worlds without."""
    for rooms, seed in ((True, SEED), (False, SEED), (False, 1), (False, 2)):
        wants = with_quotas(seed, rooms=rooms)
        begun = processor_seconds()
        seconds, plan = ours(wants)
        tell(
            "quotas and floors, rooms kept" if rooms else "quotas and floors, no rooms",
            seed=seed,
            seconds=round(seconds, 2),
            processor_seconds=round(processor_seconds() - begun, 2),
            target_seconds=5,
            status=plan.status,
            gap=plan.gap,
        )


def bench_limits() -> None:
    """How far each model runs over its time limit, and what it brings back."""
    small, large = city(), country()
    near = {"cost": distances(small, LIMIT_M), "people": small.people, "limit": LIMIT_M}
    full = np.linalg.norm(small.demand_xy[:, None] - small.site_xy[None], axis=2)
    far = {"cost": full, "people": small.people, "n_new": 50}
    pairs = stored_distances((len(large.demand_xy), len(large.site_xy)))[0]
    wide = {"cost": pairs, "people": large.people, "limit": LIMIT_M}
    cases = {
        "quotas and floors": (with_quotas(SEED, rooms=False), (0.5, 2)),
        "city, capacity": (near | {"n_new": 50, "capacity": 20_000.0}, (0.5, 2)),
        "city, p-median, every pair": (far | {"objective": "median"}, (1, 3)),
        "city, p-center, every pair": (far | {"objective": "center"}, (1, 3)),
        "country, rooms kept": (wide | {"n_new": 5000, "existing": large.existing}, (2, 10)),
        "country, no rooms": (wide | {"n_new": 5000}, (2, 10)),
        "country, everybody": (wide | {"objective": "cover_all"}, (2, 10)),
        "country, nine in ten": (wide | {"objective": "cover_all", "share": 0.9}, (2, 10)),
    }
    for name, (wants, limits) in cases.items():
        problem = SitingProblem(**wants)
        for limit in limits:
            begun = processor_seconds()
            plan = choose(problem, time_limit_s=limit)
            tell(
                f"time limit: {name}",
                limit_seconds=limit,
                used_seconds=round(plan.seconds, 2),
                processor_seconds=round(processor_seconds() - begun, 2),
                status=plan.status,
                gap=plan.gap,
            )
            plan.verify(problem)


def bench_share(share: float) -> None:
    """Fewest rooms for everybody, or for a share of all people, 600,000 by 624,000, no rooms."""
    instance = country()
    cost, pairs = stored_distances((len(instance.demand_xy), len(instance.site_xy)))
    wants = {"cost": cost, "people": instance.people, "limit": LIMIT_M}
    begun = processor_seconds()
    seconds, plan = ours(wants | {"objective": "cover_all", "share": share})
    spent = round(processor_seconds() - begun, 1)
    name = f"set covering, country, share {share:g}, {spent} s of processor time"
    report_country(name, seconds, plan, pairs, 300, 0.005)


def bench_pairs() -> None:
    """p-median over every pair of the city, by number of rooms and under quotas; and on graphs.

    The graphs have the sizes and numbers of the OR-Library's forty, and are made here.
    """
    instance = city()
    cost = np.linalg.norm(instance.demand_xy[:, None] - instance.site_xy[None], axis=2)
    wants = {"cost": cost, "people": instance.people, "objective": "median"}
    for n_new in (5, 12, 20, 50, 100, 200, 400, 609):
        tell_alone(f"p-median, every pair, {n_new} rooms", wants | {"n_new": n_new}, 120.0)
    wants |= {"kinds": instance.kinds, "quotas": {"campus": (5, 10), "park": (3, None)}}
    for n_new in (50, 300):
        tell_alone(f"the same under quotas, {n_new} rooms", wants | {"n_new": n_new}, 60.0)
    for objective in ("median", "center"):
        for nodes in range(100, 1000, 100):
            shares = (5, 10, nodes // 10, nodes // 5, nodes // 3)
            for n_new in sorted(set(shares[: 5 if nodes <= 600 else 3])):
                wants = {"cost": graph(nodes, n_new), "people": np.ones(nodes), "n_new": n_new}
                name = f"{objective}, graph of {nodes}, {n_new} sites"
                tell_alone(name, wants | {"objective": objective}, 120.0)


def tell_alone(name: str, wants: dict[str, object], time_limit_s: float) -> None:
    """Print a figure that has no peer, with its processor time."""
    begun = processor_seconds()
    seconds, plan = ours(wants, time_limit_s=time_limit_s)
    spent = round(processor_seconds() - begun, 2)
    figures = {"status": plan.status, "gap": plan.gap, "value": plan.value}
    tell(name, seconds=round(seconds, 2), processor_seconds=spent, **figures)


def graph(nodes: int, seed: int) -> np.ndarray:
    """Return shortest ways in a random graph: n²/50 edges of length 1 to 100, and a path."""
    rng = np.random.default_rng([nodes, seed])
    path = rng.permutation(nodes)
    some = rng.integers(0, nodes, (nodes * nodes // 50, 2))
    ends = np.vstack([some[some[:, 0] != some[:, 1]], np.column_stack([path[:-1], path[1:]])])
    ends = np.unique(np.sort(ends, axis=1), axis=0)
    lengths = rng.integers(1, 101, len(ends)).astype(float)
    ways = sparse.csr_array((lengths, (ends[:, 0], ends[:, 1])), shape=(nodes, nodes))
    return shortest_path(ways, directed=False)


def bench_median() -> None:
    """p-median at country size, rooms kept: only pairs nearer than the nearest open room."""
    instance = country()
    begun = time.perf_counter()
    cost = nearer_pairs(instance, 10_000.0)
    pairs = time.perf_counter() - begun
    wants = {"cost": cost, "people": instance.people, "existing": instance.existing}
    wants |= {"n_new": 5000, "objective": "median", "penalty": 10_000.0}
    seconds, plan = ours(wants)
    report_country("p-median, country, rooms kept", seconds, plan, pairs, 90, 0.0005)


def nearer_pairs(instance: Instance, cap_m: float) -> sparse.csr_array:
    """Return the distances below that to the nearest open room, and that one, within a cap."""
    from scipy.spatial import cKDTree

    rooms = cKDTree(instance.site_xy[instance.existing])
    nearest = rooms.query(instance.demand_xy, distance_upper_bound=cap_m)[0]
    radius = np.minimum(nearest, cap_m)
    sites = cKDTree(instance.site_xy)
    found = sites.query_ball_point(instance.demand_xy, radius, return_sorted=False)
    lengths = np.fromiter(map(len, found), dtype=np.int64, count=len(found))
    rows = np.repeat(np.arange(len(found), dtype=np.int32), lengths)
    cols = np.concatenate([np.asarray(f, dtype=np.int32) for f in found])
    values = np.linalg.norm(instance.demand_xy[rows] - instance.site_xy[cols], axis=1)
    shape = (len(instance.demand_xy), len(instance.site_xy))
    return sparse.csr_array((values, cols, np.concatenate([[0], np.cumsum(lengths)])), shape=shape)


def stored_distances(shape: tuple[int, int]) -> tuple[sparse.csr_array, float]:
    """Return the country's distances and the seconds of building the pairs, in another process.

    Building pairs takes more memory than siting does; apart, the peak told is that of siting.
    """
    script = (
        "import sys, time, numpy as np; from benchmarks.instances import country, distances;"
        "i = country(); t = time.perf_counter(); c = distances(i, 3000.0);"
        "print(time.perf_counter() - t);"
        "np.savez(sys.argv[1], data=c.data, indices=c.indices, indptr=c.indptr)"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/pairs.npz"
        done = subprocess.run(
            [sys.executable, "-c", script, path], check=True, capture_output=True, text=True
        )
        with np.load(path) as parts:
            entries = (parts["data"], parts["indices"], parts["indptr"])
            return sparse.csr_array(entries, shape=shape), float(done.stdout)


def bench_country(*, rooms: bool) -> None:
    """600,000 by 624,000, 5,000 more sites at 3 km."""
    instance = country()
    cost, pairs = stored_distances((len(instance.demand_xy), len(instance.site_xy)))
    wants = {"cost": cost, "people": instance.people, "limit": LIMIT_M, "n_new": 5000}
    seconds, plan = ours(wants | {"existing": instance.existing if rooms else None})
    name = "country, rooms kept" if rooms else "country, no rooms"
    target = 5 * pairs if rooms else 300.0
    report_country(name, seconds, plan, pairs, target, 1e-5 if rooms else 2e-3)


def report_country(
    name: str, seconds: float, plan: object, pairs: float, target: float, gap: float
) -> None:
    """Print a country-size figure with its targets and the peak memory of the process."""
    tell(
        name,
        seconds=round(seconds, 2),
        pair_seconds=round(pairs, 2),
        target_seconds=round(target, 1),
        value=plan.value,
        bound=plan.bound,
        gap=plan.gap,
        target_gap=gap,
        status=plan.status,
        peak_mb=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    )


def main() -> None:
    """Run the parts named on the command line."""
    parts = {
        "city": bench_city,
        "models": bench_models,
        "pairs": bench_pairs,
        "quotas": bench_quotas,
        "limits": bench_limits,
        "median": bench_median,
        "country": lambda: bench_country(rooms=True),
        "country-free": lambda: bench_country(rooms=False),
        "everybody": lambda: bench_share(1.0),
        "most": lambda: [bench_share(share) for share in MOST],
    }
    named = sys.argv[1:] or ["city", "models"]
    for name in parts if named == ["all"] else named:
        parts[name]()


if __name__ == "__main__":
    main()
