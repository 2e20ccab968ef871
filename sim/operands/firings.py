"""Reads per firing: crossbars, and replicas in lock step, work together, so the slowest decides."""

from __future__ import annotations

import numpy as np

from ..lowering.grouping import Firings
from .drives import Doubles, Integers


def reads_by_firing(reads: Integers, firings: Firings, applications: int) -> tuple[float, ...]:
    """Mean over the samples of the reads that each firing takes.

    Parameters
    ----------
    reads : (samples * tokens * applications,)
        Of every product, sample by sample and token by token.
    """
    tokens = firings.grid.n_tokens
    by_token = reads.reshape(-1, tokens, applications)
    taken = [by_token[:, members].max(axis=1).sum(axis=1) for members in groups(firings)]
    return tuple(float(t.mean()) for t in taken)


def expected_reads(reads: Integers, firings: Firings, applications: int) -> float:
    """Mean reads of any firing, if the tokens that fire together are independent of each other."""
    counts = np.bincount(reads)
    below: Doubles = np.concatenate([[0.0], np.cumsum(counts) / len(reads)])[:-1]  # P(reads < k), k = 0...
    together = min(firings.group.n_tokens, firings.grid.n_tokens)
    return float((1 - below[1:] ** together).sum()) * applications


def groups(firings: Firings) -> list[Integers]:
    """Tokens of each firing, in order."""
    grid, group = firings.grid, firings.group
    tokens = np.arange(grid.n_tokens).reshape(grid.rows, grid.cols)
    return [
        tokens[r : r + group.rows, c : c + group.cols].ravel()
        for r in range(0, grid.rows, group.rows)
        for c in range(0, grid.cols, group.cols)
    ]
