"""What may differ from firing to firing, as the outer sum of a row table and a column table.

A constant is one row and one column; an affine or a convolution window schedule of h x w firings takes h + w
numbers; explicit per-firing values are one row and n columns. Nothing is unrolled by tokens x tiles.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

I64 = NDArray[np.int64]


@dataclass(frozen=True)
class Schedule:
    """Per-firing values ``rows[k // n_cols] + cols[k % n_cols]``, k counted within one iteration."""

    rows: tuple[int, ...]
    cols: tuple[int, ...] = (0,)

    @staticmethod
    def constant(value: int) -> Schedule:
        return Schedule((value,))

    @staticmethod
    def affine(first: int, step: int, n: int) -> Schedule:
        """`first + step * k` for k in 0..n-1, in O(sqrt(n)) numbers."""
        width = max(1, int(np.sqrt(n)))
        rows = tuple(first + step * width * r for r in range(-(-n // width)))
        return Schedule(rows, tuple(step * c for c in range(width)))

    def __call__(self, k: int) -> int:
        if len(self.cols) * len(self.rows) == 1:
            return self.rows[0] + self.cols[0]
        return self.rows[k // len(self.cols)] + self.cols[k % len(self.cols)]

    def values(self, n: int) -> I64:
        """All values for k in 0..n-1; only for tests, checks and sums."""
        if len(self.cols) * len(self.rows) == 1:
            return np.full(n, self.rows[0] + self.cols[0], np.int64)
        table = np.add.outer(np.asarray(self.rows, np.int64), np.asarray(self.cols, np.int64)).ravel()
        return table[:n]

    def covers(self, n: int) -> bool:
        """Whether values 0..n-1 exist (a constant covers everything)."""
        size = len(self.cols) * len(self.rows)
        return size == 1 or size >= n
