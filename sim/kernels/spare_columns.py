"""Redundancy: columns with stuck cells are moved to spare columns of the same crossbar."""

import numpy as np
import numpy.typing as npt

from .checks import Doubles, fail, floats, shape
from .faults import Faults, apply_faults


def fault_error(g_target: npt.ArrayLike, faults: Faults, g_min: float, g_max: float) -> Doubles:
    """Sum over rows of the squared conductance error that the stuck cells of each column cause."""
    g = floats("g_target", g_target, ndim=2)
    error = apply_faults(g, faults, g_min, g_max).astype(np.float64) - g
    total: Doubles = (error**2).sum(axis=0)
    return total


def assign_columns(
    g_target: npt.ArrayLike, faults: Faults, n_spare: int, g_min: float, g_max: float
) -> npt.NDArray[np.int64]:
    """Physical column of every logical column: its own, or a spare one where that lowers the error.

    Greedy: the column with the largest error first takes the spare column that suits it best.

    Parameters
    ----------
    g_target : (n_rows, n_columns) conductances wanted
    faults : (n_rows, n_columns + n_spare) fault map of the crossbar, spare columns last
    """
    g = floats("g_target", g_target, ndim=2)
    n_rows, n = g.shape
    if n_spare < 0:
        raise fail("n_spare", str(n_spare), ">= 0")
    shape("faults", faults, (n_rows, n + n_spare))
    places = np.arange(n, dtype=np.int64)
    own = fault_error(g, faults[:, :n], g_min, g_max)
    free = list(range(n, n + n_spare))
    for column in np.argsort(-own, kind="stable"):
        if not free or own[column] == 0:
            break
        wanted = np.repeat(g[:, column : column + 1], len(free), axis=1)
        errors = fault_error(wanted, faults[:, free], g_min, g_max)
        best = int(np.argmin(errors))
        if errors[best] < own[column]:
            places[column] = free.pop(best)
    return places
