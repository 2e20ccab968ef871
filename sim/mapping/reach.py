"""Which tokens of a stream the windows of another one cover."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...workloads.graph import Grid, Window
from ..program import I64


@dataclass(frozen=True, eq=False)
class Reach:
    """Which rows and columns of the input the windows of each row and column of the output cover."""

    in_cols: int
    out_cols: int
    rows: I64
    cols: I64

    @staticmethod
    def of(window: Window, made: Grid, used: Grid) -> Reach:
        if window.kind in ("same", "prefix", "routed") and not (window.kind == "same" and made == used):
            n = np.arange(used.n_tokens)
            last = n
            first = np.zeros_like(n) if window.kind == "prefix" else n
            if window.kind == "routed":
                ends = np.minimum(np.array(window.ends, np.int64), made.n_tokens)
                first, last = np.concatenate([[0], ends[:-1]]), ends - 1
            return Reach(made.n_tokens, used.n_tokens, np.zeros((2, 1), np.int64), np.array([first, last]))
        if window.kind == "same":
            window = Window("window")
        sizes = (made.rows, made.cols)
        spans = [
            window.spans(axis, np.arange(n), sizes[axis]) for axis, n in enumerate((used.rows, used.cols))
        ]
        return Reach(made.cols, used.cols, spans[0], spans[1])


def needs_all(window: Window, made: Grid, used: Grid) -> bool:
    """Whether every output token needs all input tokens."""
    if window.kind == "all":
        return True
    return window.kind in ("same", "prefix") and (made.n_tokens == 1 or made.n_tokens != used.n_tokens)
