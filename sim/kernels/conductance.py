"""Weights to conductances: quantization with per-column scales, levels between g_min and g_max, and back.

Signed weights are first made unsigned by `slices.polarities` (differential pair) or `slices.offset_codes`
(offset, bias column) and cut by `slices.digits` into cells of few bits. All conductances here are in
microsiemens.
"""

import numpy as np
import numpy.typing as npt

from .checks import Floats, fail, floats, integer, scalar
from .slices import Codes, as_codes, code_range


def weight_steps(
    weights: npt.ArrayLike, n_bits: int, *, per_column: bool = True, percentile: float = 100.0
) -> Floats:
    """One weight code in units of the weights: (n_columns,), equal everywhere unless `per_column`.

    `percentile` of the magnitudes fit the symmetric signed range of `n_bits`; an all-zero column gets step 1.
    """
    w = np.abs(floats("weights", weights, ndim=2))
    scalar("percentile", percentile, 0.0, 100.0)
    _, top = code_range(n_bits, signed=True)
    limit = np.percentile(w, percentile, axis=0 if per_column else None)
    steps = np.where(limit > 0, limit, top) / top
    return np.broadcast_to(steps, (w.shape[1],)).astype(w.dtype)


def to_conductance(
    cell_codes: npt.ArrayLike,
    n_levels: int,
    g_min_us: float,
    g_max_us: float,
    dtype: npt.DTypeLike = np.float32,
) -> Floats:
    """Target conductance of each cell: level 0 at g_min, level ``n_levels - 1`` at g_max, evenly spaced.

    A limited on/off ratio is ``g_min = g_max / ratio``: code 0 then still conducts.
    """
    _check_window(n_levels, g_min_us, g_max_us)
    codes = as_codes("cell_codes", cell_codes, 0, n_levels - 1)
    return (g_min_us + codes * ((g_max_us - g_min_us) / (n_levels - 1))).astype(dtype)


def to_codes(g_us: npt.ArrayLike, n_levels: int, g_min_us: float, g_max_us: float) -> Floats:
    """Conductances in (fractional) levels: exact inverse of `to_conductance` without the rounding."""
    _check_window(n_levels, g_min_us, g_max_us)
    g = floats("g_us", g_us)
    return ((g - g_min_us) * ((n_levels - 1) / (g_max_us - g_min_us))).astype(g.dtype)


def quantize_conductance(g_us: npt.ArrayLike, n_levels: int, g_min_us: float, g_max_us: float) -> Floats:
    """The nearest of `n_levels` evenly spaced conductances; values beyond the window go to its ends."""
    levels = np.clip(np.rint(to_codes(g_us, n_levels, g_min_us, g_max_us)), 0, n_levels - 1)
    return to_conductance(levels, n_levels, g_min_us, g_max_us, levels.dtype)


def bias_column(cell_codes: npt.ArrayLike, offset: int) -> Codes:
    """Append one column that holds `offset` in every row.

    Its output is ``offset * sum(x)`` (plus the g_min of every cell), which is what every column of
    offset-coded weights has too much: subtract it from all of them, analog or digital.
    """
    codes = as_codes("cell_codes", cell_codes, 0, 2**24)
    if codes.ndim != 2:
        raise fail("cell_codes", f"shape {codes.shape}", "a matrix (rows, columns)")
    column = np.full((codes.shape[0], 1), integer("offset", offset, 0, 2**24), np.int32)
    return np.hstack([codes, column])


def _check_window(n_levels: int, g_min_us: float, g_max_us: float) -> None:
    integer("n_levels", n_levels, 2, 2**24)
    scalar("g_min_us", g_min_us, 0.0)
    scalar("g_max_us", g_max_us, above=g_min_us)
