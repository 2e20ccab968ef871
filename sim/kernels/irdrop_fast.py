"""Fast estimate of the effective conductance matrix of a crossbar with resistive wires.

First every line by itself: how far a volt at the driver reaches along word line i if the bit lines stood at
ground, times the cell, times the part of a current fed into bit line j at row i that arrives at its foot if
the word lines stood at ground. Each is a continued fraction along one line, O(cells) in all. What is left
out, current that leaks from one bit line over the word lines into others, varies slowly over the array: it
is computed exactly on the array coarsened by `coarsening` x `coarsening` cells (parallel cells add up, a
bundle of k lines k segments long has one segment's resistance) and spread evenly over the cells.

Measured against the exact solution for uniform, two-level, sparse and structured conductances of 64 to 256
rows, with column drops from 2 % to 77 %: the error of a column current is at most 1.5 % of the worst
column's drop at coarsening 4.
"""

import numpy as np
import numpy.typing as npt

from .checks import Doubles, fail, floats, integer, scalar
from .irdrop_exact import effective_conductance
from .irdrop_lines import line_product


def fast_effective_conductance(
    g: npt.ArrayLike, r_word: float, r_bit: float, *, coarsening: int = 4
) -> Doubles:
    """Estimate of `irdrop_exact.effective_conductance`, some 20 times as fast at 256 x 256.

    Parameters
    ----------
    g : (n_rows, n_columns) cell conductances, >= 0
    r_word, r_bit : resistance of one wire segment, in the inverse unit of g, >= 0
    coarsening : cells along each side of a coarse cell; larger is faster and less accurate
    """
    cells: Doubles = floats("g", g, ndim=2, dtype=np.float64).astype(np.float64, copy=False)
    if not cells.size or cells.min() < 0:
        raise fail("g", f"shape {cells.shape}", "at least one cell, none negative")
    scalar("r_word", r_word, 0.0)
    scalar("r_bit", r_bit, 0.0)
    k = integer("coarsening", coarsening, 1, 64)
    n_rows, n_columns = cells.shape
    estimate = line_product(cells, np.full(n_columns, r_word), np.full(n_rows, r_bit))
    # cells that do not conduct, added at the open ends (top and right), change nothing
    padded = np.pad(cells, ((-n_rows % k, 0), (0, -n_columns % k)))
    rows, columns = padded.shape[0] // k, padded.shape[1] // k
    coarse = padded.reshape(rows, k, columns, k).sum(axis=(1, 3))
    leak = effective_conductance(coarse, r_word, r_bit) - line_product(
        coarse, np.full(columns, r_word), np.full(rows, r_bit)
    )
    spread = np.repeat(np.repeat(leak / k**2, k, axis=0), k, axis=1)
    corrected: Doubles = estimate + spread[-n_rows:, :n_columns]
    return corrected
