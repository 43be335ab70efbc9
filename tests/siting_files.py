"""Readers of published siting instances; the files themselves are not ours to ship.

OR-Library p-median (Beasley 1990), ``pmed*.txt`` or without an ending: ``n edges p``, then ``from
to cost`` lines; where an edge stands twice the last one counts; costs are shortest paths. Known
optima come from a file ``pmedopt.txt`` beside them (a line begins with the name and ends with the
value; other lines are headings), those of the p-center on these graphs from ``pcenteropt.txt``.
SJC maximal covering (Lorena), ``x y demand`` a line, with or without a number before; demand may
stand in a file of its own. An index ``sjc.csv`` of ``file,p,limit,optimum`` and, where demand
stands apart, ``demand``, tells what to solve. Line ends, spacing and headings do not matter, nor
commas or semicolons between numbers.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import shortest_path

NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?")


def _text(path: Path) -> str:
    """Return a file's text, whatever its line ends; a mark at its start is dropped."""
    return path.read_text("latin-1").removeprefix("\u00ef\u00bb\u00bf")


def _numbers(path: Path) -> list[list[float]]:
    """Return the numbers of each line that holds nothing else."""
    rows = []
    for line in _text(path).splitlines():
        cells = [cell.strip(",") for cell in re.split(r"[;\s]+", line.strip(" \t;,\x1a"))]
        cells = cells[0].split(",") if len(cells) == 1 else cells
        if cells != [""] and all(NUMBER.fullmatch(cell) for cell in cells):
            rows.append([float(cell.replace(",", ".")) for cell in cells])
    return rows


def read_pmed(path: Path) -> tuple[np.ndarray, int]:
    """Return the (n, n) shortest-path costs and p of an OR-Library p-median file."""
    path = next(
        (p for p in (path, path.with_suffix(""), path.with_suffix(".TXT")) if p.exists()), path
    )
    numbers = np.array(_text(path).replace("\x1a", " ").split(), dtype=float)
    n, edges, p = numbers[:3].astype(int)
    table = numbers[3 : 3 + 3 * edges]
    if len(table) < 3 * edges:
        raise ValueError(f"{path.name} promises {edges} edges and holds {len(table) // 3}")
    cost = {}
    for one, other, length in table.reshape(edges, 3):
        cost[tuple(sorted((int(one) - 1, int(other) - 1)))] = length
    ends = np.array(list(cost))
    lengths = np.array(list(cost.values()))
    graph = sparse.csr_array((lengths, (ends[:, 0], ends[:, 1])), shape=(n, n))
    return shortest_path(graph, directed=False), int(p)


def read_optima(path: Path) -> dict[str, float]:
    """Return the known optimum of each instance named in a file of ``name … value`` lines."""
    rows = [re.split(r"[\s;,:=]+", line.strip().lower()) for line in _text(path).splitlines()]
    named = re.compile(r"pmed\d+")
    return {
        row[0].removesuffix(".txt"): float(row[-1])
        for row in rows
        if len(row) > 1 and named.match(row[0]) and NUMBER.fullmatch(row[-1])
    }


def read_sjc(path: Path, demand: Path | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return the (n, n) distances and demands of an SJC file, or of one and its demand's."""
    rows = _numbers(path)
    width = Counter(len(row) for row in rows).most_common(1)[0][0]
    table = np.array([row for row in rows if len(row) == width])
    if width < (3 if demand is None else 2):
        raise ValueError(f"{path.name} holds no demand; name its file in the index")
    xy, people = (table[:, -3:-1], table[:, -1]) if demand is None else (table[:, -2:], None)
    if demand is not None:
        people = _demand(demand, len(table))
    return np.linalg.norm(xy[:, None] - xy[None], axis=2), people


def _demand(path: Path, count: int) -> np.ndarray:
    """Return the demand of so many points: the last number of a line, or all of one line."""
    rows = _numbers(path)
    flat = np.array([number for row in rows for number in row])
    for found in (np.array([row[-1] for row in rows]), flat):
        if len(found) == count + 1 and found[0] == count:  # the number of points as a heading
            found = found[1:]
        if len(found) == count:
            return found
    raise ValueError(f"{path.name} holds {len(flat)} numbers for {count} points")


def read_index(path: Path) -> list[dict[str, str]]:
    """Return the rows of an index of covering instances."""
    return list(csv.DictReader(_text(path).splitlines(), skipinitialspace=True))
