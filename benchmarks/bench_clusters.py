"""Clusters of 1,000,000 cases against raw scikit-learn DBSCAN on the same points.

Run ``python -m benchmarks.bench_clusters [cases] [radius_m] [min_cases]``. Each side runs in a
process of its own, so that its peak memory is its own. Ours holds everything: labels, outlines,
categories, unresolved shares and trends. The peer's clock holds the labels alone. Numba's cache
is filled before the clock starts.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.spatial import cKDTree
from sklearn.cluster import DBSCAN

from analysis.clusters import find_clusters
from geo.reach import EARTH_RADIUS_M, unit_vectors

VILLAGES = 2_400
SPREAD_DEG = 0.003
PEER_PAIRS = 800e6


def cases(n: int, seed: int = 7) -> gpd.GeoDataFrame:
    """Return cases around villages of very different size in a box of Quanzhou's extent."""
    rng = np.random.default_rng(seed)
    villages = rng.uniform((117.5, 24.5), (119.0, 25.9), (VILLAGES, 2))
    size = rng.lognormal(0, 1, VILLAGES)
    at = villages[rng.choice(VILLAGES, n, p=size / size.sum())]
    at = at + rng.normal(0, SPREAD_DEG, (n, 2))
    columns = {
        "received": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 1500, n), "D"),
        "status": rng.choice(["handled", "registered", "filed", "withdrawn"], n),
        "categories": rng.choice(["water;road", "road", "school", "water"], n),
        "basis": "simulated",
        "location_basis": rng.choice(["reported", "modelled"], n),
    }
    index = pd.Index([f"c{i:07d}" for i in range(n)], name="case_id")
    return gpd.GeoDataFrame(columns, index=index, geometry=gpd.points_from_xy(*at.T), crs=4326)


def mean_neighbours(at: np.ndarray, radius_m: float) -> float:
    """Return the mean number of cases within the radius of a sample of them."""
    sample = at[:: max(1, len(at) // 1_000)]
    return float(cKDTree(at).query_ball_point(sample, radius_m, return_length=True).mean())


def measure(side: str, n: int, radius_m: float, min_cases: int, answer) -> None:
    """Send seconds, processor seconds, extra peak memory in MB and the labels of one side."""
    table = cases(n)
    at = unit_vectors(np.column_stack([table.geometry.x, table.geometry.y])) * EARTH_RADIUS_M
    if side == "ours":
        find_clusters(table.iloc[:60_000], radius_m=radius_m, min_cases=min_cases)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start, busy = time.perf_counter(), time.process_time()
    if side == "ours":
        labels = find_clusters(table, radius_m=radius_m, min_cases=min_cases).labels.to_numpy()
    elif len(at) * mean_neighbours(at, radius_m) > PEER_PAIRS:
        labels = np.empty(0)  # the peer would hold more neighbours than this machine can
    else:
        model = DBSCAN(eps=radius_m, min_samples=min_cases, algorithm="kd_tree")
        labels = model.fit(at).labels_
    seconds, busy = time.perf_counter() - start, time.process_time() - busy
    extra = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1e3
    answer.send((seconds, busy, extra, labels))


def run(side: str, *settings) -> tuple[float, float, float, np.ndarray]:
    """Measure one side in a fresh process."""
    here, there = multiprocessing.Pipe()
    child = multiprocessing.get_context("spawn").Process(
        target=measure, args=(side, *settings, there)
    )
    child.start()
    there.close()
    try:
        return here.recv()
    finally:
        child.join()


def main() -> None:
    """Print seconds, memory and how many cases are labelled otherwise than by the peer."""
    given = [float(word) for word in sys.argv[1:4]]
    n, radius_m, min_cases = (*given, *(1_000_000, 300, 20)[len(given) :])
    settings = (int(n), float(radius_m), int(min_cases))
    ours, theirs = run("ours", *settings), run("peer", *settings)
    for name, (seconds, busy, extra, labels) in (("roomplan", ours), ("scikit-learn", theirs)):
        print(
            f"{name}: {seconds:.2f} s ({busy:.2f} s of processor), {extra:,.0f} MB more at the "
            f"peak, {len(np.unique(labels[labels >= 0])):,} clusters, "
            f"{(labels < 0).sum():,} cases alone"
        )
    if not len(theirs[3]):
        print("scikit-learn was not run: it would hold too many neighbours; ask for fewer cases")
        return
    # The same groups may carry other numbers: each of ours must be one of theirs.
    pairs = pd.DataFrame({"ours": ours[3], "theirs": theirs[3]}).value_counts().reset_index()
    same = pairs.loc[~pairs["ours"].duplicated() & ~pairs["theirs"].duplicated(), "count"].sum()
    print(
        f"{settings[0]:,} cases, {radius_m:g} m, at least {min_cases:g}: ratio "
        f"{theirs[0] / ours[0]:.1f} x, labelled otherwise: {settings[0] - same:,} cases"
    )


if __name__ == "__main__":
    main()
