"""The part of a covering problem that is still open, shrunk without losing any best plan."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from analysis.siting.dominance import inside_another
from analysis.siting.problem import Bools, Floats, Ints, SitingProblem
from analysis.siting.rules import classes_of
from analysis.siting.run import Run


@dataclass(frozen=True)
class Core:
    """Demand not yet covered, and the sites that could cover it.

    Parameters
    ----------
    cover : (n_rows, n_columns) CSR array of int8
        1 where a column covers a row.
    weight, people : (n_rows,) float arrays
        Value and people of each (merged) row.
    floor : (n_rows,) int array
        Which floor of the problem the row counts for, -1 for none.
    columns : (n_columns,) int array
        Site positions, ascending.
    spare : list of int arrays
        Sites that never add anything beyond the columns, by class; they fill up numbers.
    base_weight : float
        Weight covered by existing and required sites.
    base_floor : (n_floors,) float array
        People covered by them, for each floor.
    lost : float
        Weight no candidate reaches.
    """

    cover: sparse.csr_array
    weight: Floats
    people: Floats
    floor: Ints
    columns: Ints
    spare: list[Ints]
    base_weight: float
    base_floor: Floats
    lost: float


def floor_codes(problem: SitingProblem) -> Ints:
    """Return which floor each demand point counts for, ``(n_demand,)``, -1 for none."""
    codes = np.full(problem.n_demand, -1, dtype=np.intp)
    for n, (label, _) in enumerate(problem.floors):
        codes[problem.demand_groups == label] = n
    return codes


def covered_by(pairs: sparse.csr_array, sites: Ints) -> Bools:
    """Return which rows have an entry in one of the sites."""
    if not len(sites):
        return np.zeros(pairs.shape[0], dtype=bool)
    marked = np.zeros(pairs.shape[1], dtype=bool)
    marked[sites] = True
    hits = np.concatenate([[0], np.cumsum(marked[pairs.indices], dtype=np.int32)])
    return np.asarray(hits[pairs.indptr[1:]] > hits[pairs.indptr[:-1]])


def core_of(
    problem: SitingProblem, pairs: sparse.csr_array, *, run: Run | None = None, shrink: bool = True
) -> Core:
    """Return the open part of a covering problem.

    Parameters
    ----------
    problem : SitingProblem
    pairs : (n_demand, n_sites) CSR array
        Who can be served from where; only the pattern counts.
    run : Run, optional
        When time is up, what only shrinks is left out.
    shrink : bool
        Merge rows of equal cover sets and set dominated columns aside.

    Returns
    -------
    Core

    Notes
    -----
    Exact: rows that the same columns cover are one row of their summed weight; a column whose rows
    another of its class covers too never beats that one, so it only fills up numbers. Linear in
    the stored pairs, but for dominance (:mod:`analysis.siting.dominance`).
    """
    fixed = np.union1d(problem.existing, problem.must_open)
    done = covered_by(pairs, fixed)
    floor = floor_codes(problem)
    matters = (problem.weight > 0) | ((floor >= 0) & (problem.people > 0))
    rows = np.flatnonzero(matters & ~done)
    free = problem.is_candidate.copy()
    free[problem.must_open] = False
    cover = _pattern(pairs, rows, free)
    reached = np.diff(cover.indptr) > 0
    lost = float(problem.weight[rows[~reached]].sum())
    rows, cover = rows[reached], cover[np.flatnonzero(reached)]
    weight, people, code = problem.weight[rows], problem.people[rows], floor[rows]
    run = run or Run()
    run.keep_back()
    if shrink and run.tell("reduce"):
        cover, weight, people, code = merge_rows(cover, weight, people, code)
    classes = classes_of(problem)
    sites = sparse.csr_array(cover.T)
    kept = np.diff(sites.indptr) > 0
    if shrink and run.tell("reduce"):
        kept = ~inside_another(sites, classes, run=run)
    columns = np.flatnonzero(free & kept)
    idle = np.flatnonzero(free & ~kept)
    base = np.zeros(len(problem.floors))
    inside = done & (floor >= 0)
    np.add.at(base, floor[inside], problem.people[inside])
    return Core(
        cover=sparse.csr_array(cover[:, columns]),
        weight=weight,
        people=people,
        floor=code,
        columns=columns,
        spare=_by_class(idle, classes),
        base_weight=float(problem.weight[done].sum()),
        base_floor=base,
        lost=lost,
    )


def narrowed(core: Core, kept: Ints) -> Core:
    """Return a core with only some of its columns and the rows they cover, merged again."""
    cover = sparse.csr_array(core.cover[:, kept])
    rows = np.flatnonzero(np.diff(cover.indptr))
    parts = (core.weight[rows], core.people[rows], core.floor[rows])
    cover, weight, people, floor = merge_rows(cover[rows], *parts)
    return replace(
        core, cover=cover, weight=weight, people=people, floor=floor, columns=core.columns[kept]
    )


def _pattern(pairs: sparse.csr_array, rows: Ints, free: Bools) -> sparse.csr_array:
    """Return the chosen rows with free columns only, as ones."""
    part = pairs if len(rows) == pairs.shape[0] else pairs[rows]
    if free.all():
        parts = (np.ones(part.nnz, dtype=np.int8), part.indices, part.indptr)
        return sparse.csr_array(parts, shape=part.shape).sorted_indices()
    keep = free[part.indices]
    before = np.concatenate([[0], np.cumsum(keep)])[part.indptr]
    ones = np.ones(int(keep.sum()), dtype=np.int8)
    matrix = sparse.csr_array((ones, part.indices[keep], before), shape=part.shape)
    matrix.sort_indices()
    return matrix


def _by_class(sites: Ints, classes: Ints) -> list[Ints]:
    order = sites[np.argsort(classes[sites], kind="stable")]
    if not len(order):
        return []
    return np.split(order, np.flatnonzero(np.diff(classes[order])) + 1)


def merge_rows(
    cover: sparse.csr_array, weight: Floats, people: Floats, floor: Ints
) -> tuple[sparse.csr_array, Floats, Floats, Ints]:
    """Merge rows that the same columns cover and that count for the same floor.

    Notes
    -----
    Rows are compared by two independent 64-bit sums of random column keys and their length; two
    different rows of a million agree with a probability below 1e-26.
    """
    if not cover.shape[0]:
        return cover, weight, people, floor
    keys = np.random.default_rng(0).integers(0, 2**63, (2, cover.shape[1]), dtype=np.uint64)
    sums = [np.add.reduceat(key[cover.indices], cover.indptr[:-1]) for key in keys]
    table = np.column_stack([*sums, np.diff(cover.indptr).astype(np.uint64)])
    table = np.column_stack([table, (floor + 1).astype(np.uint64)])
    first, group = _unique_rows(table)
    total = np.bincount(group, weight, len(first)).astype(np.float64)
    heads = np.bincount(group, people, len(first)).astype(np.float64)
    return cover[first], total, heads, floor[first]


def _unique_rows(table: NDArray[np.uint64]) -> tuple[Ints, Ints]:
    """Return the first row of each group (ascending) and the group of each row."""
    order = np.lexsort(table.T)
    new = np.ones(len(order), dtype=bool)
    new[1:] = (table[order[1:]] != table[order[:-1]]).any(axis=1)
    group = np.empty(len(order), dtype=np.intp)
    group[order] = np.cumsum(new) - 1
    first = np.minimum.reduceat(order, np.flatnonzero(new))
    rank = np.argsort(np.argsort(first))
    return np.sort(first), rank[group]
