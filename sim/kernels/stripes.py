"""Which tokens of a stream a stripe needs, and when: windows walked token by token.

A stripe makes some tokens of its output, in an order; `rows` and `cols` give for every row and column of the
output the first and the last row or column of the input that its window covers.
"""

from __future__ import annotations

from .arguments import I64, Bools
from .record_code import kernel


@kernel
def mark(tokens: I64, out_cols: int, rows: I64, cols: I64, in_cols: int, asked: Bools) -> None:
    """See `sim/compiled.py`."""
    for t in tokens:
        y, x = t // out_cols, t % out_cols
        for r in range(rows[0, y], rows[1, y] + 1):
            for c in range(cols[0, x], cols[1, x] + 1):
                asked[r * in_cols + c] = True


@kernel
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
    need: I64,
    first: I64,
    free: I64,
) -> None:
    """See `sim/compiled.py`; `first` is the first token that a firing needs. All three are zeros before."""
    for q in range(len(length)):
        first[q, :] = length[q]
    for i in range(len(tokens)):
        y, x, k = tokens[i] // out_cols, tokens[i] % out_cols, firing_of[i]
        for r in range(rows[0, y], rows[1, y] + 1):
            for c in range(cols[0, x], cols[1, x] + 1):
                u = r * in_cols + c
                q = queue_of[u]
                if q >= 0:
                    need[q, k] = max(need[q, k], index_of[u] + 1)
                    first[q, k] = min(first[q, k], index_of[u])
    for q in range(len(length)):
        for k in range(1, n_firings):
            need[q, k] = max(need[q, k], need[q, k - 1])
        free[q, n_firings - 1] = length[q]
        for k in range(n_firings - 2, -1, -1):
            free[q, k] = min(free[q, k + 1], first[q, k + 1])
