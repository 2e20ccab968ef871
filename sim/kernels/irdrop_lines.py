"""Lines of a crossbar by themselves: exact where one kind of wire is perfect, else a first estimate."""

import numpy as np
from numba import njit

from .checks import Doubles


@njit(cache=True, error_model="numpy")
def _lines(g, r_word, r_bit, e):  # type: ignore[no-untyped-def]
    n_rows, n_columns = g.shape
    beyond = np.empty(n_columns)  # conductance to ground of the word line from cell j on
    for i in range(n_rows):
        right = 0.0
        for j in range(n_columns - 1, -1, -1):
            beyond[j] = g[i, j] + right
            right = beyond[j] / (1.0 + r_word[i, j] * beyond[j])
        u = 1.0
        for j in range(n_columns):
            u /= 1.0 + r_word[i, j] * beyond[j]
            e[i, j] = g[i, j] * u
    above = np.empty((n_rows, n_columns))  # conductance to ground of the bit line from cell i upwards
    for i in range(n_rows):
        for j in range(n_columns):
            up = above[i - 1, j] / (1.0 + r_bit[i - 1, j] * above[i - 1, j]) if i > 0 else 0.0
            above[i, j] = g[i, j] + up
    arrives = np.ones(n_columns)
    for i in range(n_rows - 1, -1, -1):
        for j in range(n_columns):
            arrives[j] /= 1.0 + r_bit[i, j] * above[i, j]
            e[i, j] *= arrives[j]


def line_product(g: Doubles, r_word: Doubles, r_bit: Doubles) -> Doubles:
    """Cell times reach of its word line times yield of its bit line; exact if either kind of wire is perfect.

    All (n_rows, n_columns): `r_word` is the word-line segment on the driver's side of each cell, `r_bit` the
    bit-line segment on its ground side.
    """
    e = np.empty_like(g)
    _lines(g, r_word, r_bit, e)
    return e
