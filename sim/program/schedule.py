"""What may differ from firing to firing, as the outer sum of a row table and a column table.

A constant is one row and one column; an affine or a convolution window schedule of h x w firings takes h + w
numbers; explicit per-firing values are one row and n columns. Nothing is unrolled by tokens x tiles.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

I64 = NDArray[np.int64]


@dataclass(frozen=True, eq=False, init=False)
class Schedule:
    """Per-firing values ``rows[k // n_cols] + cols[k % n_cols]``, k counted within one iteration."""

    rows: I64
    cols: I64

    def __init__(self, rows: ArrayLike, cols: ArrayLike = (0,)) -> None:
        for name, values in (("rows", rows), ("cols", cols)):
            table = np.asarray(values, np.int64).view()
            table.setflags(write=False)
            object.__setattr__(self, name, table)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Schedule):
            return NotImplemented
        return np.array_equal(self.rows, other.rows) and np.array_equal(self.cols, other.cols)

    def __hash__(self) -> int:
        return hash((self.rows.tobytes(), self.cols.tobytes()))

    @staticmethod
    def constant(value: int) -> Schedule:
        return Schedule((value,))

    @staticmethod
    def affine(first: int, step: int, n: int) -> Schedule:
        """`first + step * k` for k in 0..n-1, in O(sqrt(n)) numbers."""
        width = max(1, int(np.sqrt(n)))
        return Schedule(first + step * width * np.arange(-(-n // width)), step * np.arange(width))

    def __call__(self, k: int) -> int:
        row, col = (0, 0) if self.is_constant else divmod(k, len(self.cols))
        return int(self.rows[row]) + int(self.cols[col])

    @property
    def is_constant(self) -> bool:
        """Whether it is one number for any firing."""
        return len(self.cols) * len(self.rows) == 1

    def values(self, n: int) -> I64:
        """All values for k in 0..n-1; only for tests, checks and sums."""
        if self.is_constant:
            return np.full(n, self.rows[0] + self.cols[0], np.int64)
        if len(self.rows) == 1:
            only: I64 = self.cols[:n] + self.rows[0]
            return only
        table: I64 = np.add.outer(self.rows, self.cols).ravel()
        return table[:n]

    def total(self, n: int) -> int:
        """Sum of the first n values, exact."""
        if self.is_constant:
            return n * self(0)
        full, rest = divmod(n, len(self.cols))
        total = len(self.cols) * _sum(self.rows[:full]) + full * _sum(self.cols)
        return total + (rest * int(self.rows[full]) + _sum(self.cols[:rest]) if rest else 0)

    def covers(self, n: int) -> bool:
        """Whether values 0..n-1 exist (a constant covers everything)."""
        return self.is_constant or len(self.cols) * len(self.rows) >= n


def _sum(values: I64) -> int:
    """Sum of numbers that may leave 64 bits together."""
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())
