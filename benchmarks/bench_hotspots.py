"""The scan statistic at city size: 2,400 villages, 999 simulations; and whether it is right.

Run ``python -m benchmarks.bench_hotspots [places] [cases] [simulations]``. The peer is the same
statistic written as plain numpy (every window of every map), timed on a tenth of the maps. Below
stand the share of planted hot spots that are found and of null maps that raise an alarm.
"""

from __future__ import annotations

import statistics
import sys
import time

import numpy as np
from scipy.spatial import cKDTree

from analysis.hotspots import scan

ROUNDS = 3
PLANTED, NULL_MAPS, CHECK_MAPS = 50, 100, 199


def villages(n: int, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Return points in a box of Quanzhou's extent and their people."""
    rng = np.random.default_rng(seed)
    at = rng.uniform((117.5, 24.5), (119.0, 25.9), (n, 2))
    return at, rng.lognormal(np.log(2_600), 0.8, n).round()


def plain(at: np.ndarray, people: np.ndarray, maps: np.ndarray) -> np.ndarray:
    """Return the highest ratio of each map, window by window in numpy."""
    total, share = int(maps[0].sum()), people / people.sum()
    scaled = at * (np.cos(np.radians(at[:, 1].mean())), 1.0)
    order = cKDTree(scaled).query(scaled, k=len(at))[1]
    expected = np.cumsum(share[order], axis=1) * total
    inside = expected <= total / 2
    highest = []
    for counts in maps:
        c = np.cumsum(counts[order], axis=1)
        hot = inside & (c > expected)
        c, e = c[hot], expected[hot]
        rest = (total - c) * np.log(np.maximum(total - c, 1) / (total - e))
        highest.append(float((c * np.log(c / e) + rest).max()))
    return np.array(highest)


def planted(at: np.ndarray, people: np.ndarray, cases: int, rng: np.random.Generator) -> bool:
    """Tell whether a planted spot of 12 villages with threefold rate is found."""
    near = cKDTree(at).query(at[rng.integers(len(at))], k=12)[1]
    weight = people.copy()
    weight[near] *= 3
    counts = rng.multinomial(cases, weight / weight.sum())
    found = scan(at, people, counts, simulations=CHECK_MAPS, seed=1, max_windows=1)
    hit = len(set(found.loc[0, "members"]) & set(near.tolist())) >= 6
    return bool(found.loc[0, "p_value"] <= 0.05 and hit)


def alarm(at: np.ndarray, people: np.ndarray, cases: int, rng: np.random.Generator) -> bool:
    """Tell whether a map without any hot spot raises an alarm."""
    counts = rng.multinomial(cases, people / people.sum())
    found = scan(at, people, counts, simulations=CHECK_MAPS, seed=1, max_windows=1)
    return bool((found["p_value"] <= 0.05).any())


def main() -> None:
    """Print seconds, the ratio to plain numpy, sensitivity and false alarms."""
    given = [int(word) for word in sys.argv[1:4]]
    n, cases, simulations = (*given, *(2_400, 5_000, 999)[len(given) :])
    at, people = villages(n)
    rng = np.random.default_rng(0)
    counts = rng.multinomial(cases, people / people.sum())
    scan(at[:50], people[:50], counts[:50], simulations=1, seed=0)  # loads the compiled loops
    seconds, processor = [], []
    for _ in range(ROUNDS):
        start, busy = time.perf_counter(), time.process_time()
        scan(at, people, counts, simulations=simulations, seed=0)
        seconds.append(time.perf_counter() - start)
        processor.append(time.process_time() - busy)
    maps = rng.multinomial(cases, people / people.sum(), size=max(1, simulations // 10))
    start = time.perf_counter()
    plain(at, people, maps)
    peer = (time.perf_counter() - start) * simulations / len(maps)
    ours = statistics.median(seconds)
    print(
        f"{n:,} places, {cases:,} cases, {simulations} maps: roomplan {ours:.2f} s "
        f"({statistics.median(processor):.2f} s of processor), plain numpy "
        f"{peer:.1f} s (from a tenth of the maps), ratio {peer / ours:.0f} x"
    )
    at, people = at[:600], people[:600]
    hits = sum(planted(at, people, 3_000, rng) for _ in range(PLANTED))
    alarms = sum(alarm(at, people, 3_000, rng) for _ in range(NULL_MAPS))
    print(
        f"planted hot spots found: {hits} of {PLANTED}; null maps with an alarm at 0.05: "
        f"{alarms} of {NULL_MAPS}"
    )


if __name__ == "__main__":
    main()
