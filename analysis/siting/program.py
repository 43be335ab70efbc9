"""A linear or mixed-integer program, built block by block."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from analysis.siting.problem import Bools, Floats, Ints


@dataclass
class Program:
    """Minimise ``cost · x`` subject to ``low <= A x <= high`` and bounds on ``x``.

    Columns and rows are added in blocks; each block of columns returns the ids to use in rows.
    """

    cost: list[Floats] = field(default_factory=list)
    lower: list[Floats] = field(default_factory=list)
    upper: list[Floats] = field(default_factory=list)
    whole: list[Bools] = field(default_factory=list)
    blocks: list[tuple[Ints, Ints, Floats]] = field(default_factory=list)
    low: list[Floats] = field(default_factory=list)
    high: list[Floats] = field(default_factory=list)
    n_cols: int = 0
    n_rows: int = 0

    def add_columns(
        self,
        count: int,
        *,
        cost: ArrayLike = 0.0,
        lower: ArrayLike = 0.0,
        upper: ArrayLike = 1.0,
        whole: bool = False,
    ) -> Ints:
        """Add columns and return their ids."""
        for store, values in ((self.cost, cost), (self.lower, lower), (self.upper, upper)):
            store.append(np.broadcast_to(np.asarray(values, dtype=float), (count,)))
        self.whole.append(np.full(count, whole))
        self.n_cols += count
        return np.arange(self.n_cols - count, self.n_cols)

    def add_rows(
        self,
        count: int,
        parts: list[tuple[Ints, Ints, Floats]],
        *,
        low: ArrayLike = -np.inf,
        high: ArrayLike = np.inf,
    ) -> Ints:
        """Add rows made of ``(row within the block, column id, coefficient)`` triples."""
        for rows, cols, values in parts:
            self.blocks.append((np.asarray(rows) + self.n_rows, cols, np.asarray(values)))
        self.low.append(np.broadcast_to(np.asarray(low, dtype=float), (count,)))
        self.high.append(np.broadcast_to(np.asarray(high, dtype=float), (count,)))
        self.n_rows += count
        return np.arange(self.n_rows - count, self.n_rows)

    def matrix(self) -> sparse.csr_array:
        """Return all rows as one CSR array."""
        if not self.blocks:
            return sparse.csr_array((self.n_rows, self.n_cols))
        rows, cols, values = (np.concatenate(part) for part in zip(*self.blocks, strict=True))
        shape = (self.n_rows, self.n_cols)
        return sparse.coo_array((values.astype(float), (rows, cols)), shape=shape).tocsr()


@dataclass(frozen=True)
class Soft:
    """A row of a program that can be relaxed to find the demand to blame.

    Parameters
    ----------
    row : int
    name : str
        What the row demands, in words.
    size : float
        A typical amount, in the unit of the row, to weigh excesses of different demands.
    unit : float
        What one unit of the row is worth in the user's unit.
    offset : float
        What required sites or existing rooms contribute, in the unit of the row.
    """

    row: int
    name: str
    size: float = 1.0
    unit: float = 1.0
    offset: float = 0.0
