"""E2SFCA against PySAL access on the same pairs: 600,000 demand points x 130,000 rooms, 3 km.

Run ``python -m benchmarks.bench_access [demand] [rooms]``. Pairs are found once, outside the clock
of both. PySAL's clock holds ``fca.two_stage_fca`` alone, not the building of its cost table.
Seconds are of the processor: both run on one thread.
"""

from __future__ import annotations

import statistics
import sys
import time

import numpy as np
import pandas as pd
from access import fca
from access import weights as pysal_weights

from analysis.access import floating_catchments, gaussian_weight, step_weight
from geo.reach import reach_pairs

LIMIT_M = 3_000.0
STEPS = {1_000: 1.0, 2_000: 0.68, 3_000: 0.22}
ROUNDS = 3


def points(n: int, seed: int) -> np.ndarray:
    """Return points of a province-sized box, half of them in towns, shape (n, 2) degrees."""
    rng = np.random.default_rng(seed)
    towns = np.random.default_rng(1).uniform((111.0, 21.5), (121.0, 31.5), (4_000, 2))
    near = towns[rng.integers(len(towns), size=n // 2)] + rng.normal(0, 0.05, (n // 2, 2))
    return np.vstack([near, rng.uniform((111.0, 21.5), (121.0, 31.5), (n - n // 2, 2))])


def timed(call) -> tuple[float, object]:
    """Return processor seconds and the answer of one call."""
    start = time.process_time()
    answer = call()
    return time.process_time() - start, answer


def main() -> None:
    """Print the seconds of both, their ratio and their largest relative difference."""
    n_demand, n_rooms = (int(word) for word in sys.argv[1:3] or ("600000", "130000"))
    rng = np.random.default_rng(0)
    people = pd.Series(rng.integers(1, 3_000, n_demand).astype(float), name="demand")
    supply = pd.Series(rng.uniform(0.5, 3, n_rooms), name="supply")
    demand, rooms = points(n_demand, 2), points(n_rooms, 3)
    reach_pairs(demand, rooms, 10)  # loads the compiled search
    seconds, pairs = timed(lambda: reach_pairs(demand, rooms, LIMIT_M))
    print(f"pairs: {pairs.nnz:,} in {seconds:.2f} s (not part of the ratio)")
    cost = pd.DataFrame(
        {
            "origin": np.repeat(np.arange(n_demand), np.diff(pairs.indptr)),
            "dest": pairs.indices.astype(np.int64),
            "cost": pairs.data,
        }
    )
    frames = [s.to_frame().rename_axis("geoid") for s in (people, supply)]
    for shape, ours, theirs in (
        ("steps", step_weight(STEPS), pysal_weights.step_fn(STEPS)),
        ("gaussian", gaussian_weight(1_000.0), pysal_weights.gaussian(1_000.0)),
    ):
        mine, peer = [], []
        for _ in range(ROUNDS):
            seconds, found = timed(
                lambda w=ours: floating_catchments(pairs, people, supply, weight=w)
            )
            mine.append(seconds)
            seconds, expected = timed(
                lambda w=theirs: fca.two_stage_fca(
                    *frames, cost, LIMIT_M, demand_index=True, weight_fn=w
                )
            )
            peer.append(seconds)
        a, b = statistics.median(mine), statistics.median(peer)
        far = np.max(np.abs(found.access[expected.index] / expected - 1))
        print(
            f"E2SFCA {shape}: roomplan {a:.3f} s, PySAL access {b:.2f} s, ratio {b / a:.0f} x; "
            f"largest relative difference {far:.1e}"
        )


if __name__ == "__main__":
    main()
