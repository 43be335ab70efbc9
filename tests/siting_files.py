"""Readers of published siting instances; the files themselves are not ours to ship.

OR-Library p-median (Beasley 1990), ``pmed*.txt``: ``n edges p``, then ``from to cost`` lines; where
an edge stands twice the last one counts; costs are shortest paths. Known optima come from a file
``pmedopt.txt`` (``name value`` a line) beside them, those of the p-center on the same graphs from
``pcenteropt.txt`` of the same form.
SJC maximal covering (Lorena), ``sjc*.txt``: ``x y demand`` a line, with or without a number before;
an index ``sjc.csv`` of ``file,p,limit,optimum`` beside them tells what to solve.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import shortest_path


def read_pmed(path: Path) -> tuple[np.ndarray, int]:
    """Return the (n, n) shortest-path costs and p of an OR-Library p-median file."""
    numbers = np.array(path.read_text("ascii").split(), dtype=float)
    n, edges, p = numbers[:3].astype(int)
    table = numbers[3 : 3 + 3 * edges].reshape(edges, 3)
    cost = {}
    for one, other, length in table:
        cost[tuple(sorted((int(one) - 1, int(other) - 1)))] = length
    ends = np.array(list(cost))
    lengths = np.array(list(cost.values()))
    graph = sparse.csr_array((lengths, (ends[:, 0], ends[:, 1])), shape=(n, n))
    return shortest_path(graph, directed=False), int(p)


def read_optima(path: Path) -> dict[str, float]:
    """Return the known optimum of each instance named in a file of ``name value`` lines."""
    rows = [line.split() for line in path.read_text("ascii").splitlines()]
    return {row[0]: float(row[1]) for row in rows if len(row) == 2 and row[0].startswith("pmed")}


def read_sjc(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the (n, n) distances and demands of an SJC file."""
    table = np.loadtxt(path, ndmin=2)
    xy = table[:, -3:-1]
    return np.linalg.norm(xy[:, None] - xy[None], axis=2), table[:, -1]


def read_index(path: Path) -> list[dict[str, str]]:
    """Return the rows of an index of covering instances."""
    with path.open(encoding="ascii", newline="") as lines:
        return list(csv.DictReader(lines))
