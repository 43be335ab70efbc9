"""Which lines of a pattern lie inside another line, so that one of the two is superfluous.

Used both ways: a site whose villages another covers too is not needed, and a village reached by
all the sites of another is covered together with it.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from analysis.siting.problem import Bools, Ints
from analysis.siting.run import Run

COMPILED_FROM = 10_000_000
BLOCK = 50_000


def inside_another(
    lines: sparse.csr_array, classes: Ints | None = None, *, run: Run | None = None
) -> Bools:
    """Return which lines' entries are all entries of another line (of the same class).

    Parameters
    ----------
    lines : (n_lines, n_places) CSR array
        Only the pattern counts; indices are sorted.
    classes : (n_lines,) int array, optional
    run : Run, optional
        Told as it goes; when time is up, lines not looked at yet count as needed.

    Returns
    -------
    (n_lines,) bool array
        Of equal lines all but the first; an empty line lies inside any other.

    Notes
    -----
    Small patterns are multiplied with themselves, which costs the sum of squared column lengths.
    Above 1e7 of those a compiled kernel looks only at the lines through the rarest place of each:
    a tenth of the time at country size, but some seconds to compile once a machine.
    """
    return _related(lines, classes, run or Run(), outer=False)


def holds_another(lines: sparse.csr_array, *, run: Run | None = None) -> Bools:
    """Return which lines have all entries of another line; of equal ones all but the first."""
    return _related(lines, None, run or Run(), outer=True)


def _related(lines: sparse.csr_array, classes: Ints | None, run: Run, *, outer: bool) -> Bools:
    same = np.zeros(lines.shape[0], dtype=np.intp) if classes is None else classes
    if work_of(lines) > COMPILED_FROM:
        from analysis.siting.kernels import related  # loads numba, for large sizes only

        crossing = sparse.csr_array(lines.T)
        ends = [p.astype(np.int64) for p in (lines.indptr, crossing.indptr)]
        found = np.zeros(lines.shape[0], dtype=bool)
        for first in range(0, len(found), BLOCK):
            block = (first, min(first + BLOCK, len(found)))
            related(ends[0], lines.indices, ends[1], crossing.indices, same, outer, block, found)
            if not run.tell("reduce"):
                break
    else:
        found = _related_by_product(lines, same, outer=outer)
    empty = np.diff(lines.indptr) == 0
    return np.asarray(found & ~empty if outer else found | empty)


def work_of(lines: sparse.csr_array) -> float:
    """Return the sum of squared column lengths, which the product of the pattern costs."""
    lengths = np.bincount(lines.indices, minlength=1).astype(float)
    return float((lengths**2).sum())


def _related_by_product(lines: sparse.csr_array, classes: Ints, *, outer: bool) -> Bools:
    size = np.diff(lines.indptr)
    pattern = sparse.csr_array(
        (np.ones(lines.nnz, np.int32), lines.indices, lines.indptr), lines.shape
    )
    shared = (pattern @ pattern.T).tocoo()
    inner, other = shared.row, shared.col
    keep = (shared.data == size[inner]) & (inner != other) & (classes[inner] == classes[other])
    inner, other = inner[keep], other[keep]
    found = np.zeros(len(size), dtype=bool)
    strictly = size[inner] < size[other]
    if outer:
        found[other[strictly | (other > inner)]] = True
    else:
        found[inner[strictly | (inner > other)]] = True
    return found
