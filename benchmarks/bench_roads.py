"""Nearest room by road against a bare scipy Dijkstra: 500,000 nodes, 559 rooms, 10,000 doors.

Run ``python -m benchmarks.bench_roads [side of the grid]``. The network is a grid of streets with
random lengths, some of them one-way. "Bare" is ``scipy.sparse.csgraph.dijkstra(min_only=True)``
over the finished reversed graph and nothing else; Roomplan's clock also holds snapping, doors,
straight walks and the table. Then the cost matrix of the same rooms, against one bare search with
the same limit a room. Seconds are of the processor: both run on one thread, and other
programs on the machine then disturb the ratio less.
"""

from __future__ import annotations

import statistics
import sys
import time
from functools import partial

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geo.roads import build_network, nearest_by_road, road_pairs, snap
from geo.roads_files import roads_of_lines

ROUNDS = 7


def streets(side: int, rng: np.random.Generator) -> tuple[np.ndarray, pd.DataFrame]:
    """Return the lines and tags of a grid of ``side`` by ``side`` crossings about 100 m apart."""
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(side), np.arange(side)))
    places = np.column_stack([x, y]) * 0.001 + rng.uniform(-2e-4, 2e-4, (side * side, 2))
    places += [118.0, 24.5]
    node = np.arange(side * side).reshape(side, side)
    ends = np.vstack(
        [
            np.column_stack([node[:, :-1].ravel(), node[:, 1:].ravel()]),
            np.column_stack([node[:-1].ravel(), node[1:].ravel()]),
        ]
    )
    ends = ends[rng.random(len(ends)) < 0.65]  # 1.3 directed edges a node, as in a road file
    tags = {
        "highway": rng.choice(["residential", "tertiary", "primary"], len(ends)),
        "oneway": rng.choice(["no", "yes"], len(ends), p=[0.95, 0.05]),
    }
    return shapely.linestrings(places[ends]), pd.DataFrame(tags)


def timed(call) -> tuple[float, object]:
    """Return processor seconds and the answer of one call."""
    start = time.process_time()
    answer = call()
    return time.process_time() - start, answer


def searched_bare(graph: csr_array, sources: np.ndarray, limit: float) -> None:
    """Search from every source up to a limit, 15 at a time (64 MB), and look at nothing."""
    for first in range(0, len(sources), 15):
        dijkstra(graph, indices=sources[first : first + 15], limit=limit)


def main() -> None:
    """Print the seconds of both and their ratio."""
    side = int(sys.argv[1]) if sys.argv[1:] else 730
    rng = np.random.default_rng(1)
    shapes, tags = streets(side, rng)
    seconds, roads = timed(partial(roads_of_lines, shapes, tags))
    print(f"cutting {len(shapes):,} lines: {seconds:.2f} s")
    for mode in ("walk", "drive"):
        seconds, network = timed(partial(build_network, roads, mode))
        graph = network.against
        print(f"{mode}: {graph.shape[0]:,} nodes, {graph.nnz:,} edges, built in {seconds:.2f} s")
        low, high = network.lonlat.min(axis=0), network.lonlat.max(axis=0)
        rooms, doors = rng.uniform(low, high, (559, 2)), rng.uniform(low, high, (10_000, 2))
        sources = np.unique(snap(network, rooms, limit_m=np.inf)[0])
        bare, ours = [], []
        for _ in range(ROUNDS):
            bare.append(timed(partial(dijkstra, graph, indices=sources, min_only=True))[0])
            seconds, table = timed(partial(nearest_by_road, network, doors, rooms))
            ours.append(seconds)
        a, b = statistics.median(ours), statistics.median(bare)
        print(
            f"{mode} nearest of 559 rooms for 10,000 doors: roomplan {a:.3f} s, bare dijkstra "
            f"{b:.3f} s, ratio {a / b:.2f}; {np.isfinite(table['cost']).mean():.1%} reached"
        )
        limit = 15.0
        road_pairs(network, doors[:9], rooms[:2], limit)  # compiled now, if it was not
        bare, ours = [], []
        for _ in range(3):
            bare.append(timed(partial(searched_bare, graph, sources, limit))[0])
            seconds, pairs = timed(partial(road_pairs, network, doors, rooms, limit))
            ours.append(seconds)
        a, b = statistics.median(ours), statistics.median(bare)
        print(
            f"{mode} cost matrix within {limit:g} minutes: {pairs.nnz:,} pairs, roomplan {a:.2f} s,"
            f" bare dijkstra {b:.2f} s, ratio {a / b:.2f}"
        )


if __name__ == "__main__":
    main()
