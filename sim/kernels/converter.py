"""The analog-to-digital converter of each column: gain and offset spread, range, dead zone, missing codes.

code = clip(rint(y / step * gain[j] + offset[j]), low, high); a result counts as clipped if it had to be
moved.
"""

import numpy as np
import numpy.typing as npt
from numba import njit

from . import rng
from .checks import Floats, Integers, fail, integer, per_column, scalar

Counts = npt.NDArray[np.int64]


@njit(cache=True, error_model="numpy")
def _convert(y, slope, offset, low, high, dead_zone, scale, clipped):  # type: ignore[no-untyped-def]
    """In place: y -> code * scale; clipped (below, above) by column; returns the number of NaN."""
    n_bad = 0
    below = np.zeros(y.shape[1], np.int32)
    above = np.zeros(y.shape[1], np.int32)
    for b in range(y.shape[0]):
        bad = np.int32(0)
        for j in range(y.shape[1]):
            v = y[b, j] * slope[j] + offset[j]
            bad += np.int32(v != v)
            code = np.rint(v)
            below[j] += np.int32(code < low)
            above[j] += np.int32(code > high)
            code = min(max(code, low), high)
            y[b, j] = scale * code
            if abs(v) < dead_zone:
                y[b, j] = 0
        n_bad += int(bad)
    for j in range(y.shape[1]):
        clipped[0, j] += below[j]
        clipped[1, j] += above[j]
    return n_bad


@njit(cache=True)
def _look_up(y, transfer, low, inverse_scale, scale):  # type: ignore[no-untyped-def]
    for b in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[b, j] = transfer[int(np.rint(y[b, j] * inverse_scale)) - low] * scale


def convert(
    y: Floats,
    step: float,
    low: int,
    high: int,
    *,
    gain: npt.ArrayLike | None = None,
    offset: npt.ArrayLike | None = None,
    dead_zone: float = 0.0,
    transfer: Integers | None = None,
    scale: float = 1.0,
) -> Counts:
    """Convert the (batch, n_columns) array `y` in place to ``code * scale``.

    Parameters
    ----------
    y : analog column results, float32 or float64, C-contiguous; overwritten
    step : one code in units of y, > 0
    low, high : lowest and highest code, within +-2**24
    gain, offset : (n_columns,) relative gain and offset in codes; None is 1 and 0 (ideal)
    dead_zone : results closer to zero than this many codes read as 0 (an oscillator that does not start)
    transfer : (high - low + 1,) code that is given out for each ideal code (see `missing_codes`)
    scale : 1 for codes, `step` for reconstructed values

    Returns
    -------
    clipped : (2, n_columns) results below and above the range
    """
    check_range(step, low, high)
    if y.ndim != 2 or y.dtype not in (np.float32, np.float64) or not y.flags.c_contiguous:
        raise fail("y", f"{y.dtype} {y.shape}", "a C-contiguous float32 or float64 matrix")
    real = y.dtype.type
    n = y.shape[1]
    slope = per_column("gain", gain, n, 1.0, np.float64) / step
    offsets = per_column("offset", offset, n, 0.0, y.dtype)
    clipped = np.zeros((2, n), np.int64)
    n_bad = _convert(
        y,
        slope.astype(y.dtype),
        offsets,
        real(low),
        real(high),
        real(scalar("dead_zone", dead_zone, 0.0)),
        real(scalar("scale", scale, above=0.0)),
        clipped,
    )
    if n_bad:
        raise fail("y", f"{n_bad} of {y.size} column results are NaN", "numbers")
    if transfer is not None:
        table = np.asarray(transfer)
        if table.shape != (high - low + 1,) or table.dtype.kind not in "iu":
            raise fail("transfer", f"{table.dtype} {table.shape}", f"{high - low + 1} integers")
        _look_up(y, table.astype(y.dtype), low, real(1.0 / scale), real(scale))
    return clipped


def missing_codes(low: int, high: int, dead: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Transfer table of a converter some of whose codes never appear: a dead code reads as the next live
    one below.

    Dead codes at the bottom read as the lowest live code. `dead` holds code values.
    """
    codes = np.arange(low, high + 1)
    alive = ~np.isin(codes, np.asarray(dead))
    if not alive.any():
        raise fail("dead", "every code", "at least one live code")
    index = np.where(alive, np.arange(codes.size), -1)
    last = np.maximum.accumulate(index)
    table: npt.NDArray[np.int64] = codes[np.where(last >= 0, last, np.argmax(alive))]
    return table


def column_spread(n_columns: int, gain_sigma: float, offset_sigma: float, seed: int) -> tuple[Floats, Floats]:
    """Gains around 1 and offsets around 0 (in codes), Gaussian, one per column, fixed for a chip.

    Published gain spread: 7.09 % left after trimming in a HERMES core (Khaddam-Aljameh et al., JSSC 57(4),
    2022).
    """
    z = rng.normal((2, integer("n_columns", n_columns, 1, 2**31)), seed)
    return 1 + scalar("gain_sigma", gain_sigma, 0.0) * z[0], scalar("offset_sigma", offset_sigma, 0.0) * z[1]


def check_range(step: float, low: int, high: int) -> None:
    """Raise unless the step is positive and the code range is not empty."""
    scalar("adc_step", step, above=0.0)
    if integer("adc_range", low, -(2**24), 2**24) >= integer("adc_range", high, -(2**24), 2**24):
        raise fail("adc_range", f"from {low} to {high}", "low < high")
