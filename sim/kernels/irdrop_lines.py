"""Lines of a crossbar by themselves: exact where one kind of wire is perfect, else a first estimate."""

import numpy as np
from numba import njit

from .checks import Doubles


@njit(cache=True, error_model="numpy")
def _lines(g, r_word, r_bit, e):  # type: ignore[no-untyped-def]
    n_rows, n_columns = g.shape
    beyond = np.empty(n_columns + 1)  # conductance to ground of the word line from cell j on
    word_load = np.empty((n_rows, n_columns))  # cell times the resistance its word line shows it
    for i in range(n_rows):
        beyond[n_columns] = 0.0
        right = 0.0
        for j in range(n_columns - 1, -1, -1):
            beyond[j] = g[i, j] + right
            right = beyond[j] / (1.0 + r_word[i, j] * beyond[j])
        u = 1.0
        source = 0.0  # resistance back to the driver, past the cells before
        for j in range(n_columns):
            u /= 1.0 + r_word[i, j] * beyond[j]
            e[i, j] = g[i, j] * u
            source += r_word[i, j]
            word_load[i, j] = g[i, j] * source / (1.0 + source * (beyond[j] - g[i, j]))
            source /= 1.0 + source * g[i, j]
    above = np.empty((n_rows, n_columns))  # conductance to ground of the bit line from cell i upwards
    for i in range(n_rows):
        for j in range(n_columns):
            up = above[i - 1, j] / (1.0 + r_bit[i - 1, j] * above[i - 1, j]) if i > 0 else 0.0
            above[i, j] = g[i, j] + up
    arrives = np.ones(n_columns)
    foot = np.zeros(n_columns)  # resistance down to ground, past the cells below
    for i in range(n_rows - 1, -1, -1):
        for j in range(n_columns):
            arrives[j] /= 1.0 + r_bit[i, j] * above[i, j]
            foot[j] += r_bit[i, j]
            a = word_load[i, j]
            b = g[i, j] * foot[j] / (1.0 + foot[j] * (above[i, j] - g[i, j]))
            foot[j] /= 1.0 + foot[j] * g[i, j]
            # the cell lies in series with both lines: it loads neither as if it led straight to ground
            e[i, j] *= arrives[j] * (1.0 + a) * (1.0 + b) / (1.0 + a + b)


def line_product(g: Doubles, r_word: Doubles, r_bit: Doubles) -> Doubles:
    """Cell times reach of its word line times yield of its bit line; exact if either kind of wire is perfect.

    It is also exact for a crossbar with a single cell that conducts: the cell itself sees both of its lines
    in series; all other cells are taken to lie between their line and ground.

    All (n_rows, n_columns): `r_word` is the word-line segment on the driver's side of each cell, `r_bit` the
    bit-line segment on its ground side.
    """
    e = np.empty_like(g)
    _lines(g, r_word, r_bit, e)
    return e
