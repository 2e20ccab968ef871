"""Fast estimate of the effective conductance matrix of a crossbar with resistive wires.

First every line by itself: how far a volt at the driver reaches along word line i if the bit lines stood at
ground, times the cell, times the part of a current fed into bit line j at row i that arrives at its foot if
the word lines stood at ground. Each is a continued fraction along one line, O(cells) in all. What is left
out is current that leaks from a bit line over the word lines into others. It is computed exactly on
coarse arrays, where a cell stands for a bundle of cells and a bundle of lines dissipates what its lines
would, and handed back to rows and columns in proportion to the current they carry.

Three coarse arrays are combined as sparse grids are (Griebel, Schneider and Zenger, 1992): columns bundled,
plus rows bundled, less both bundled. Errors that come from bundling one kind of line cancel; what is left
comes from bundling both.

Measured against the exact solution with 160 to 256 rows, from 0.1 to 100 Ohm a segment with 10 kOhm cells
(resistance times conductance 1e-5 to 1e-2, where 98 % of the current is lost): a column current is off by at
most 1 % of the worst column's drop in dense, two-level and differential patterns, by 2.5 % in strongly uneven
ones and in sparse ones with 5 % of the cells on. With 2 % on the lines hold a few cells each and are no mean
of anything: 2.5 % at 200 rows, but 6 % at 3 Ohm and 17 % at 30 Ohm at 160 rows; solve these exactly.
"""

import numpy as np
import numpy.typing as npt

from .checks import Doubles, fail, floats, integer, scalar
from .irdrop_exact import effective_conductance, solve
from .irdrop_lines import line_product

Sizes = npt.NDArray[np.int64]
SMALL = 128 * 128  # cells that are solved exactly, in at most 50 ms


def fast_effective_conductance(
    g: npt.ArrayLike, r_word: float, r_bit: float, *, coarsening: int = 8
) -> Doubles:
    """Estimate of `irdrop_exact.effective_conductance`, some 6 times as fast at 256 x 256.

    Parameters
    ----------
    g : (n_rows, n_columns) cell conductances, >= 0; up to 128 x 128 are solved exactly
    r_word, r_bit : resistance of one wire segment, in the inverse unit of g, >= 0
    coarsening : lines in a bundle; larger is faster and less accurate, 1 is exact
    """
    cells: Doubles = floats("g", g, ndim=2, dtype=np.float64).astype(np.float64, copy=False)
    if not cells.size or cells.min() < 0:
        raise fail("g", f"shape {cells.shape}", "at least one cell, none negative")
    scalar("r_word", r_word, 0.0)
    scalar("r_bit", r_bit, 0.0)
    k = integer("coarsening", coarsening, 1, 64)
    if r_word == 0 or r_bit == 0 or k == 1 or cells.size <= SMALL:
        return effective_conductance(cells, r_word, r_bit)
    lines = line_product(cells, np.full(cells.shape, float(r_word)), np.full(cells.shape, float(r_bit)))
    estimate = lines.copy()
    for rows_in_one, columns_in_one, sign in ((1, k, 1), (k, 1, 1), (k, k, -1)):
        estimate += sign * _leak(cells, lines, (r_word, r_bit), rows_in_one, columns_in_one)
    return estimate


def _leak(
    cells: Doubles, lines: Doubles, r: tuple[float, float], rows_in_one: int, columns_in_one: int
) -> Doubles:
    """What the lines by themselves leave out, from an array with bundles of rows and columns."""
    rows, columns = _pieces(cells.shape[0], rows_in_one), _pieces(cells.shape[1], columns_in_one)
    row_share, row_bundle = _bundles(lines.sum(axis=1), rows)
    column_share, column_bundle = _bundles(lines.sum(axis=0), columns)
    coarse = _sums(_sums(cells, rows, 0), columns, 1)
    wires = r[0] * np.outer(row_bundle, columns), r[1] * np.outer(rows, column_bundle)
    leak = solve(coarse, *wires) - line_product(coarse, *wires)
    spread = np.repeat(np.repeat(leak, rows, axis=0), columns, axis=1)
    result: Doubles = spread * np.outer(row_share, column_share)
    return result


def _pieces(n: int, k: int) -> Sizes:
    """n lines in bundles of nearly equal size, at most k."""
    edges = np.rint(np.linspace(0, n, -(-n // k) + 1)).astype(np.int64)
    return np.diff(edges)


def _sums(a: Doubles, sizes: Sizes, axis: int) -> Doubles:
    """Sums over bundles along one axis."""
    total: Doubles = np.add.reduceat(a, np.concatenate([[0], np.cumsum(sizes)[:-1]]), axis)
    return total


def _bundles(current: Doubles, sizes: Sizes) -> tuple[Doubles, Doubles]:
    """Share of each line in its bundle's current, and the bundle's resistance in units of one line's."""
    total = _sums(current, sizes, 0)
    # a bundle of dead lines has no current to share: treat its lines as equal
    dead = np.repeat(total == 0, sizes)
    share = np.where(dead, 1.0, current) / np.repeat(np.where(total == 0, sizes, total), sizes)
    return share, _sums(share**2, sizes, 0)
