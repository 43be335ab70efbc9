"""Reach against bare cKDTree: pairs of 600,000 x 624,000 points at 3 km, and the nearest room.

Run ``python -m benchmarks.bench_reach [demand] [sites]``. Each contender runs in a process of its
own, so that the peak of memory is its own; inputs and imports are taken off. The ratio is taken
between medians of alternating runs in this one run. Seconds are of the processor: all contenders
run on one thread, and other programs on the machine then disturb the ratio less.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time

import numpy as np

LIMIT_M = 3_000.0
ROUNDS = 3


def points(n: int, seed: int) -> np.ndarray:
    """Return points of a province-sized box with half of them in towns, shape (n, 2) degrees."""
    rng = np.random.default_rng(seed)
    towns = np.random.default_rng(1).uniform((111.0, 21.5), (121.0, 31.5), (4_000, 2))
    near = towns[rng.integers(len(towns), size=n // 2)] + rng.normal(0, 0.05, (n // 2, 2))
    return np.vstack([near, rng.uniform((111.0, 21.5), (121.0, 31.5), (n - n // 2, 2))])


def peak_mb() -> float:
    """Return the peak of resident memory of this process, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def contender(name: str, n_demand: int, n_sites: int) -> tuple[float, float, float]:
    """Run one contender and return seconds, MB above its inputs, and a number to compare."""
    from scipy.spatial import cKDTree

    from geo import reach

    few = 559 if name.startswith("nearest") else n_sites
    demand, sites = points(n_demand, 2), points(few, 3)
    if name == "pairs roomplan":  # compiling, or loading what was compiled, is not what is measured
        tiny = points(reach.COMPILED_FROM, 4)
        reach.reach_pairs(tiny, tiny[:10], 100)
    vectors = [reach.unit_vectors(table) for table in (demand, sites)]
    base, start = peak_mb(), time.process_time()
    if name == "pairs roomplan":
        answer = reach.reach_pairs(demand, sites, LIMIT_M).nnz
    elif name == "pairs cKDTree":
        trees = [cKDTree(table) for table in vectors]
        chord = 2 * np.sin(LIMIT_M / reach.EARTH_RADIUS_M / 2)
        answer = len(trees[0].sparse_distance_matrix(trees[1], chord, output_type="ndarray"))
    elif name == "nearest roomplan":
        answer = reach.nearest(demand, sites)[1].sum()
    else:
        answer = cKDTree(vectors[1]).query(vectors[0])[1].size
    return time.process_time() - start, peak_mb() - base, float(answer)


def measured(name: str, sizes: list[str]) -> list[float]:
    """Run one contender in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.bench_reach", "--one", name, *sizes]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [float(word) for word in out.split()]


def main() -> None:
    """Print one line a contender and the ratios."""
    sizes = sys.argv[1:3] or ["600000", "624000"]
    for task, peer in (("pairs", "cKDTree"), ("nearest", "cKDTree")):
        names = [f"{task} roomplan", f"{task} {peer}"]
        runs = {name: [] for name in names}
        for _ in range(ROUNDS):
            for name in names:
                runs[name].append(measured(name, sizes))
        seconds = {}
        for name in names:
            seconds[name] = statistics.median(run[0] for run in runs[name])
            print(
                f"{name}: {seconds[name]:.2f} s, +{runs[name][0][1]:.0f} MB, {runs[name][0][2]:.0f}"
            )
        print(f"{task}: ratio to {peer} {seconds[names[0]] / seconds[names[1]]:.2f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        result = contender(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
        print(*result)
    else:
        main()
