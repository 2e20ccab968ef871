"""Exact effect of wire resistance on a crossbar of ohmic cells, as one effective conductance matrix.

Circuit: word line i is driven at its left end by an ideal source, bit line j is held at ground at its
bottom end. Every wire segment counts: source to first cell, cell to cell, last cell to ground (the
convention of badcrossbar, Joksas and Mehonic, SoftwareX 12, 2020). The circuit is linear, so the column
currents are ``v @ effective``.

Method: substructuring (nested dissection, George 1973). A block of cells is reduced to the admittance
matrix between the wires that leave it; two neighbours are joined by eliminating the wires they share (a
Schur complement); after log2(rows) + log2(columns) rounds one matrix between sources and grounds is left.
That is O(n^3) for n x n cells, and dense matrix products nearly throughout; plain block elimination row by
row is O(n^4).
"""

import numpy as np
import numpy.typing as npt
from numba import njit

from .checks import Doubles, fail, floats, scalar
from .irdrop_lines import line_product

Index = npt.NDArray[np.int64]
_LEAF = 4  # cells along each side of a smallest block, at most


@njit(cache=True, error_model="numpy")
def _leaves(g, gw, gb, y_leaf):  # type: ignore[no-untyped-def]
    """Admittances of the smallest blocks, (block rows, block columns, terminals, terminals).

    Terminals: west ends of the h word lines, their east ends, north ends of the w bit lines, their south
    ends. A cell owns the word-line segment to its west and the bit-line segment to its south.
    """
    h, w = g.shape[0] // y_leaf.shape[0], g.shape[1] // y_leaf.shape[1]
    n_inner = h * (w - 1) + (h - 1) * w
    n = n_inner + 2 * (h + w)
    word = np.empty((h, w + 1), np.int64)  # node numbers, terminals last
    bit = np.empty((h + 1, w), np.int64)
    inner = 0
    for i in range(h):
        word[i, 0], word[i, w] = n_inner + i, n_inner + h + i
        for j in range(1, w):
            word[i, j] = inner
            inner += 1
    for j in range(w):
        bit[0, j], bit[h, j] = n_inner + 2 * h + j, n_inner + 2 * h + w + j
        for i in range(1, h):
            bit[i, j] = inner
            inner += 1
    y = np.empty((n, n))
    for a in range(y_leaf.shape[0]):
        for b in range(y_leaf.shape[1]):
            y.fill(0.0)
            for i in range(h):
                for j in range(w):
                    row, column = a * h + i, b * w + j
                    east, north = word[i, j + 1], bit[i, j]
                    _stamp(y, word[i, j], east, gw[row, column])
                    _stamp(y, east, north, g[row, column])
                    _stamp(y, north, bit[i + 1, j], gb[row, column])
            for p in range(n_inner):
                for q in range(p + 1, n):
                    factor = y[q, p] / y[p, p]
                    if factor != 0.0:
                        for r in range(p + 1, n):
                            y[q, r] -= factor * y[p, r]
            for p in range(n - n_inner):
                for q in range(n - n_inner):
                    y_leaf[a, b, p, q] = y[n_inner + p, n_inner + q]


@njit(error_model="numpy")
def _stamp(y, p, q, conductance):  # type: ignore[no-untyped-def]
    y[p, p] += conductance
    y[q, q] += conductance
    y[p, q] -= conductance
    y[q, p] -= conductance


def effective_conductance(
    g: npt.ArrayLike,
    r_word: float,
    r_bit: float,
    *,
    r_source: float = 0.0,
    r_sense: float = 0.0,
) -> Doubles:
    """Matrix E with ``currents = v @ E`` for a crossbar with resistive wires, exact for ohmic cells.

    Parameters
    ----------
    g : (n_rows, n_columns) cell conductances, >= 0
    r_word, r_bit : resistance of one segment of a word line and of a bit line, in the inverse unit of g, >= 0
    r_source, r_sense : output resistance of each driver and input resistance of each sense circuit

    Notes
    -----
    One thread, double precision: about 40 ms at 128 x 128, 0.25 s at 256 x 256, 1.5 s at 512 x 512.
    Read noise makes g fluctuate; to first order it acts on E by the ratio E / g.
    """
    cells: Doubles = floats("g", g, ndim=2, dtype=np.float64).astype(np.float64, copy=False)
    if not cells.size or cells.min() < 0:
        raise fail("g", f"shape {cells.shape}", "at least one cell, none negative")
    for name, value in (("r_word", r_word), ("r_bit", r_bit), ("r_source", r_source), ("r_sense", r_sense)):
        scalar(name, value, 0.0)
    word, bit = np.full(cells.shape, float(r_word)), np.full(cells.shape, float(r_bit))
    word[:, 0] += r_source
    bit[-1] += r_sense
    if not word.any() or not bit.any():
        return line_product(
            cells, word, bit
        )  # with one kind of wire perfect, the lines of the other are independent
    if not word.all() or not bit.all():
        raise fail("r_word and r_bit", f"{r_word} and {r_bit}", "both positive beside r_source or r_sense")
    return solve(cells, word, bit)


def solve(cells: Doubles, r_word: Doubles, r_bit: Doubles) -> Doubles:
    """Effective matrix for any wires: resistance of the segment on the driver's and on the ground side of
    each cell.

    Blocks are joined until one is left; then its open ends (east and north) are let go.
    """
    n_rows, n_columns = cells.shape
    rows, columns = _halvings(n_rows), _halvings(n_columns)
    h, w = -(-n_rows // rows), -(-n_columns // columns)
    # cells that do not conduct, added at the open ends, change nothing
    padding = ((h * rows - n_rows, 0), (0, w * columns - n_columns))
    y = np.empty((rows, columns, 2 * (h + w), 2 * (h + w)))
    gw, gb = np.pad(1.0 / r_word, padding, mode="edge"), np.pad(1.0 / r_bit, padding, mode="edge")
    _leaves(np.pad(cells, padding), gw, gb, y)
    while y.shape[:2] != (1, 1):
        t = np.arange(2 * (h + w))
        west, east, north, south = t[:h], t[h : 2 * h], t[2 * h : 2 * h + w], t[2 * h + w :]
        u = t + t.size  # the second block's terminals
        if y.shape[1] > 1 and (w <= h or y.shape[0] == 1):
            order = [west, u[east], north, u[north], south, u[south]]
            y = _join(y[:, 0::2], y[:, 1::2], east, west, np.concatenate(order))
            w *= 2
        else:
            order = [west, u[west], east, u[east], north, u[south]]
            y = _join(y[0::2], y[1::2], south, north, np.concatenate(order))
            h *= 2
    return _ground_currents(y[0, 0], h, w, n_rows, n_columns)


def _join(a: Doubles, b: Doubles, of_a: Index, of_b: Index, order: Index) -> Doubles:
    """Blocks a and b (..., t, t) with terminals `of_a` of a wired to `of_b` of b and eliminated.

    `order` lists the terminals kept, those of b counted on from t.
    """
    t = a.shape[-1]
    in_a, in_b = np.flatnonzero(order < t), np.flatnonzero(order >= t)
    from_a, from_b = order[in_a], order[in_b] - t
    pivot = a[..., of_a[:, None], of_a] + b[..., of_b[:, None], of_b]
    coupling = np.empty((*pivot.shape[:-1], order.size))
    coupling[..., in_a] = a[..., of_a[:, None], from_a]
    coupling[..., in_b] = b[..., of_b[:, None], from_b]
    joined = np.matmul(np.swapaxes(coupling, -1, -2), np.linalg.solve(pivot, -coupling))
    joined[..., in_a[:, None], in_a] += a[..., from_a[:, None], from_a]
    joined[..., in_b[:, None], in_b] += b[..., from_b[:, None], from_b]
    result: Doubles = joined
    return result


def _ground_currents(y: Doubles, h: int, w: int, n_rows: int, n_columns: int) -> Doubles:
    """Currents into the south ends, at ground, per volt at the west ends; east and north ends are open."""
    west = np.arange(h - n_rows, h)
    south = 2 * h + w + np.arange(n_columns)
    open_ends = np.arange(h, 2 * h + w)
    at_open = np.linalg.solve(y[np.ix_(open_ends, open_ends)], y[np.ix_(open_ends, west)])
    currents: Doubles = y[np.ix_(south, open_ends)] @ at_open - y[np.ix_(south, west)]
    return np.ascontiguousarray(currents.T)


def _halvings(n: int) -> int:
    """Smallest power of two that cuts n into pieces of at most `_LEAF`."""
    pieces = 1
    while -(-n // pieces) > _LEAF:
        pieces *= 2
    return pieces
