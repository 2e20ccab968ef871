"""Node voltages of a crossbar with resistive wires and non-linear cells, by Newton's method.

A cell carries ``g sinh(a V) / a`` at V volts (a = 0: ohmic), the usual first-order law of filamentary
cells; same circuit as `irdrop_exact`. Every Newton step solves the linearised circuit: word lines are
eliminated line by line (tridiagonal), the bit-line nodes that remain are solved by conjugate gradients,
preconditioned with the bit lines taken by themselves. Memory is a few arrays of the size of the crossbar.

Useful size: about 1 ms a vector at 64 x 64, 6 ms at 128 x 128, 35 ms at 256 x 256 (one thread, 10 kOhm cells,
1 Ohm segments, a = 2 / V), so thousands of vectors up to 128 and hundreds at 256. For ohmic cells use
`irdrop_exact`.
"""

import numpy as np
import numpy.typing as npt
from numba import njit, prange

from .checks import Doubles, fail, floats, scalar

_MAX_NEWTON = 60
_MAX_CG = 2000
_CG_TOLERANCE = 1e-6  # per Newton step; the outer residual decides


@njit(error_model="numpy")
def _factor_rows(d, gw, inverse):  # type: ignore[no-untyped-def]
    """Pivots of every word line: diagonal d plus the two segments, open at the right end."""
    m, n = d.shape
    for i in range(m):
        inverse[i, 0] = 1.0 / (d[i, 0] + (2.0 * gw if n > 1 else gw))
        for j in range(1, n):
            diagonal = d[i, j] + (2.0 * gw if j < n - 1 else gw)
            inverse[i, j] = 1.0 / (diagonal - gw * gw * inverse[i, j - 1])


@njit(error_model="numpy")
def _solve_rows(inverse, gw, x):  # type: ignore[no-untyped-def]
    m, n = x.shape
    for i in range(m):
        for j in range(1, n):
            x[i, j] += gw * inverse[i, j - 1] * x[i, j - 1]
        x[i, n - 1] *= inverse[i, n - 1]
        for j in range(n - 2, -1, -1):
            x[i, j] = (x[i, j] + gw * x[i, j + 1]) * inverse[i, j]


@njit(error_model="numpy")
def _factor_columns(d, gb, inverse):  # type: ignore[no-untyped-def]
    """Pivots of every bit line: open at the top end, grounded at the bottom."""
    m, n = d.shape
    for j in range(n):
        inverse[0, j] = 1.0 / (d[0, j] + gb)
    for i in range(1, m):
        for j in range(n):
            inverse[i, j] = 1.0 / (d[i, j] + 2.0 * gb - gb * gb * inverse[i - 1, j])


@njit(error_model="numpy")
def _solve_columns(inverse, gb, x):  # type: ignore[no-untyped-def]
    m, n = x.shape
    for i in range(1, m):
        for j in range(n):
            x[i, j] += gb * inverse[i - 1, j] * x[i - 1, j]
    for j in range(n):
        x[m - 1, j] *= inverse[m - 1, j]
    for i in range(m - 2, -1, -1):
        for j in range(n):
            x[i, j] = (x[i, j] + gb * x[i + 1, j]) * inverse[i, j]


@njit(error_model="numpy")
def _residual(source, g, a, gw, gb, u, v, f_word, f_bit, d):  # type: ignore[no-untyped-def]
    """Current missing at every node, and the cells' slopes; returns the largest missing current."""
    m, n = g.shape
    worst = 0.0
    total = 0.0  # becomes NaN or infinite with any node, which the maximum may not
    for i in range(m):
        for j in range(n):
            drop = u[i, j] - v[i, j]
            if a > 0.0:
                current = g[i, j] * np.sinh(a * drop) / a
                d[i, j] = g[i, j] * np.cosh(a * drop)
            else:
                current = g[i, j] * drop
                d[i, j] = g[i, j]
            word = gw * ((source[i] if j == 0 else u[i, j - 1]) - u[i, j]) - current
            if j < n - 1:
                word += gw * (u[i, j + 1] - u[i, j])
            bit = current + gb * ((v[i + 1, j] if i < m - 1 else 0.0) - v[i, j])
            if i > 0:
                bit += gb * (v[i - 1, j] - v[i, j])
            f_word[i, j] = word
            f_bit[i, j] = bit
            worst = max(worst, abs(word), abs(bit))
            total += abs(word) + abs(bit)
    return worst if total < np.inf else np.inf


@njit(error_model="numpy")
def _apply(p, d, row_inverse, gw, gb, work, q):  # type: ignore[no-untyped-def]
    """q = S p, S the Schur complement on bit-line nodes; returns p . q."""
    m, n = p.shape
    for i in range(m):
        for j in range(n):
            work[i, j] = d[i, j] * p[i, j]
    _solve_rows(row_inverse, gw, work)
    total = 0.0
    for i in range(m):
        for j in range(n):
            t = d[i, j] * (p[i, j] - work[i, j]) + gb * (p[i, j] - (p[i + 1, j] if i < m - 1 else 0.0))
            if i > 0:
                t += gb * (p[i, j] - p[i - 1, j])
            q[i, j] = t
            total += p[i, j] * t
    return total


@njit(error_model="numpy")
def _add(factor, x, y):  # type: ignore[no-untyped-def]
    """y += factor x. Explicit loops compile many times faster than whole-array expressions."""
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] += factor * x[i, j]


@njit(error_model="numpy")
def _add_product(x, d, w, y):  # type: ignore[no-untyped-def]
    """y = x + d w."""
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] = x[i, j] + d[i, j] * w[i, j]


@njit(error_model="numpy")
def _advance(beta, z, p):  # type: ignore[no-untyped-def]
    """p = z + beta p."""
    for i in range(p.shape[0]):
        for j in range(p.shape[1]):
            p[i, j] = z[i, j] + beta * p[i, j]


@njit(error_model="numpy")
def _precondition(inverse, gb, r, z):  # type: ignore[no-untyped-def]
    """z = r divided by the bit lines taken by themselves; returns r . z."""
    for i in range(r.shape[0]):
        for j in range(r.shape[1]):
            z[i, j] = r[i, j]
    _solve_columns(inverse, gb, z)
    total = 0.0
    for i in range(r.shape[0]):
        for j in range(r.shape[1]):
            total += r[i, j] * z[i, j]
    return total


@njit(error_model="numpy")
def _solve_linearised(d, gw, gb, f_word, f_bit, du, dv, scratch):  # type: ignore[no-untyped-def]
    """Newton step: [T + D, -D; -D, B + D] (du, dv) = (f_word, f_bit)."""
    row_inverse, column_inverse = scratch[0], scratch[1]
    r, z, p, q, work = scratch[2], scratch[3], scratch[4], scratch[5], scratch[6]
    _factor_rows(d, gw, row_inverse)
    _factor_columns(d, gb, column_inverse)
    work.fill(0.0)
    _add(1.0, f_word, work)
    _solve_rows(row_inverse, gw, work)
    _add_product(f_bit, d, work, r)
    dv.fill(0.0)
    p.fill(0.0)
    rho = _precondition(column_inverse, gb, r, z)
    goal = rho * _CG_TOLERANCE**2
    _add(1.0, z, p)
    n_steps = 0
    while rho > goal and rho > 0.0 and n_steps < _MAX_CG:
        alpha = rho / _apply(p, d, row_inverse, gw, gb, work, q)
        _add(alpha, p, dv)
        _add(-alpha, q, r)
        rho_next = _precondition(column_inverse, gb, r, z)
        _advance(rho_next / rho, z, p)
        rho = rho_next
        n_steps += 1
    _add_product(f_word, d, dv, du)
    _solve_rows(row_inverse, gw, du)


@njit(error_model="numpy")
def _solve_vector(source, g, a, gw, gb, tolerance, u, v):  # type: ignore[no-untyped-def]
    """Node voltages u, v (m, n) for one input vector; number of Newton steps, -1 where it did not arrive."""
    m, n = g.shape
    scratch = np.empty((7, m, n))
    f_word, f_bit, d = np.empty((m, n)), np.empty((m, n)), np.empty((m, n))
    du, dv = np.empty((m, n)), np.empty((m, n))
    largest = 0.0
    for i in range(m):
        largest = max(largest, abs(source[i]))
        for j in range(n):
            u[i, j] = source[i]
            v[i, j] = 0.0
    goal = tolerance * max(gw, gb) * largest  # a volt across a segment is the unit of missing current
    worst = _residual(source, g, a, gw, gb, u, v, f_word, f_bit, d)
    n_steps = 0
    while worst > goal and n_steps < _MAX_NEWTON:
        _solve_linearised(d, gw, gb, f_word, f_bit, du, dv, scratch)
        damping = 1.0
        _add(damping, du, u)
        _add(damping, dv, v)
        previous = worst
        worst = _residual(source, g, a, gw, gb, u, v, f_word, f_bit, d)
        while not worst < previous and damping > 1e-6:  # too far: half the step back
            damping *= 0.5
            _add(-damping, du, u)
            _add(-damping, dv, v)
            worst = _residual(source, g, a, gw, gb, u, v, f_word, f_bit, d)
        n_steps += 1
    return n_steps if worst <= goal else -1


@njit(cache=True, parallel=True, error_model="numpy")
def _solve(source, g, a, gw, gb, tolerance, word, bit, steps):  # type: ignore[no-untyped-def]
    for b in prange(source.shape[0]):
        steps[b] = _solve_vector(source[b], g, a, gw, gb, tolerance, word[b], bit[b])


def node_voltages(
    v: npt.ArrayLike,
    g: npt.ArrayLike,
    r_word: float,
    r_bit: float,
    *,
    nonlinearity_per_v: float = 0.0,
    tolerance: float = 1e-13,
) -> tuple[Doubles, Doubles]:
    """Voltages of the word-line and the bit-line node of every cell, each (batch, n_rows, n_columns).

    Parameters
    ----------
    v : (batch, n_rows) driver voltages
    g : (n_rows, n_columns) cell conductances at small voltage, >= 0
    r_word, r_bit : resistance of one wire segment, > 0, in the inverse unit of g
    nonlinearity_per_v : a of ``g sinh(a V) / a``; 0 is ohmic. An assumption of the user, of order 1 / V.
    tolerance : current missing at the worst node, relative to the largest driver voltage across one segment
    """
    source = floats("v", v, ndim=2, dtype=np.float64)
    cells = floats("g", g, ndim=2, dtype=np.float64)
    if not cells.size or cells.min() < 0:
        raise fail("g", f"shape {cells.shape}", "at least one cell, none negative")
    if source.shape[1] != cells.shape[0]:
        raise fail("v", f"{source.shape[1]} voltages", f"{cells.shape[0]}, the rows of g")
    gw, gb = 1.0 / scalar("r_word", r_word, above=0.0), 1.0 / scalar("r_bit", r_bit, above=0.0)
    a = scalar("nonlinearity_per_v", nonlinearity_per_v, 0.0)
    word = np.empty((source.shape[0], *cells.shape))
    bit = np.empty_like(word)
    steps = np.zeros(source.shape[0], np.int64)
    _solve(source, cells, a, gw, gb, scalar("tolerance", tolerance, above=0.0), word, bit, steps)
    if (steps < 0).any():
        n_lost = int((steps < 0).sum())
        raise fail("nonlinearity_per_v", f"{a:g}: {n_lost} of {steps.size} vectors did not converge",
                   "a smaller nonlinearity, smaller voltages or a looser tolerance")  # fmt: skip
    return word, bit


def nonlinear_currents(
    v: npt.ArrayLike, g: npt.ArrayLike, r_word: float, r_bit: float, nonlinearity_per_v: float
) -> Doubles:
    """Column currents (batch, n_columns) into ground; arguments as `node_voltages`."""
    _, bit = node_voltages(v, g, r_word, r_bit, nonlinearity_per_v=nonlinearity_per_v)
    currents: Doubles = bit[:, -1, :] / r_bit
    return currents
