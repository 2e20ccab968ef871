"""Which tokens of a stream a stripe needs, and when: windows walked token by token.

A stripe makes some tokens of its output, in an order; `rows` and `cols` give for every row and column of the
output the first and the last row or column of the input that its window covers.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]


@numba.njit(cache=True)
def mark(tokens: I64, out_cols: int, rows: I64, cols: I64, in_cols: int, asked: Bools) -> None:
    """Mark the input tokens that some output tokens need.

    Parameters
    ----------
    tokens : I64, shape (n,)
        Output tokens, row-major.
    rows, cols : I64, shape (2, rows or columns of the output)
        First and last input row or column.
    asked : bool array, shape (input tokens,)
        Changed in place.
    """
    for t in tokens:
        y, x = t // out_cols, t % out_cols
        for r in range(rows[0, y], rows[1, y] + 1):
            for c in range(cols[0, x], cols[1, x] + 1):
                asked[r * in_cols + c] = True


@numba.njit(cache=True)
def need_and_free(
    tokens: I64,
    firing_of: I64,
    n_firings: int,
    out_cols: int,
    rows: I64,
    cols: I64,
    in_cols: int,
    queue_of: I64,
    index_of: I64,
    length: I64,
) -> tuple[I64, I64]:
    """What each firing of a stripe needs of the queues that its input tokens come in, and lets go of them.

    Parameters
    ----------
    tokens, firing_of : I64, shape (n,)
        Output tokens and the firings that make them, in order.
    queue_of, index_of : I64, shape (input tokens,)
        The queue that a token comes in, -1 for none, and its place in it.
    length : I64, shape (queues,)
        Tokens of every queue.

    Returns
    -------
    need, free : I64, shape (queues, n_firings)
        Cumulative; what no later firing needs is let go.
    """
    need = np.zeros((len(length), n_firings), np.int64)
    first = np.empty((len(length), n_firings), np.int64)
    for q in range(len(length)):
        first[q] = length[q]
    for i in range(len(tokens)):
        y, x, k = tokens[i] // out_cols, tokens[i] % out_cols, firing_of[i]
        for r in range(rows[0, y], rows[1, y] + 1):
            for c in range(cols[0, x], cols[1, x] + 1):
                u = r * in_cols + c
                q = queue_of[u]
                if q >= 0:
                    need[q, k] = max(need[q, k], index_of[u] + 1)
                    first[q, k] = min(first[q, k], index_of[u])
    free = np.empty_like(first)
    for q in range(len(length)):
        for k in range(1, n_firings):
            need[q, k] = max(need[q, k], need[q, k - 1])
        free[q, n_firings - 1] = length[q]
        for k in range(n_firings - 2, -1, -1):
            free[q, k] = min(free[q, k + 1], first[q, k + 1])
    return need, free
