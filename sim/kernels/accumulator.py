"""Shift-and-add in the digital width that the chip has: two's complement, saturating."""

import numpy as np
import numpy.typing as npt
from numba import njit

from .checks import Floats, fail, integer, per_column, shape
from .converter import Counts, check_range

Sums = npt.NDArray[np.int64]


@njit(cache=True, error_model="numpy")
def _convert_and_add(y, slope, offset, low, high, factor, lowest, highest, sums, clipped):  # type: ignore[no-untyped-def]
    """sums += factor * code, held in [lowest, highest]; returns (NaN results, saturated sums)."""
    n_bad = 0
    n_saturated = 0
    for b in range(y.shape[0]):
        for j in range(y.shape[1]):
            v = y[b, j] * slope[j] + offset[j]
            n_bad += v != v
            code = np.rint(v)
            clipped[0, j] += code < low
            clipped[1, j] += code > high
            total = sums[b, j] + factor * np.int64(min(max(code, low), high))
            n_saturated += (total < lowest) | (total > highest)
            sums[b, j] = min(max(total, lowest), highest)
    return n_bad, n_saturated


def accumulator_limits(n_bits: int) -> tuple[int, int]:
    """Lowest and highest sum of a two's complement accumulator of 2 to 63 bits."""
    top: int = 2 ** (integer("accumulator_bits", n_bits, 2, 63) - 1)
    return -top, top - 1


def convert_and_add(
    y: Floats,
    sums: Sums,
    clipped: Counts,
    *,
    factor: int,
    adc_step: float,
    adc_range: tuple[int, int],
    adc_gain: npt.ArrayLike | None = None,
    adc_offset: npt.ArrayLike | None = None,
    accumulator_bits: int = 32,
) -> int:
    """Convert one read and add ``factor * code`` to `sums`; returns how many sums met the accumulator's end.

    Parameters
    ----------
    y : (batch, n_columns) analog results of one read, float32 or float64
    sums : (batch, n_columns) int64, updated in place
    clipped : (2, n_columns) int64 conversions below and above the range, updated in place
    factor : product of the digital weights of the input and the weight slice, e.g. a power of two
    adc_step, adc_range, adc_gain, adc_offset : see `converter.convert`
    """
    low, high = adc_range
    check_range(adc_step, low, high)
    shape("sums", sums, y.shape)
    n = y.shape[1]
    shape("clipped", clipped, (2, n))
    real = y.dtype.type
    slope = per_column("adc_gain", adc_gain, n, 1.0, np.float64) / adc_step
    lowest, highest = accumulator_limits(accumulator_bits)
    n_bad, n_saturated = _convert_and_add(
        y,
        slope.astype(y.dtype),
        per_column("adc_offset", adc_offset, n, 0.0, y.dtype),
        real(low),
        real(high),
        np.int64(factor),
        np.int64(lowest),
        np.int64(highest),
        sums,
        clipped,
    )
    if n_bad:
        raise fail("y", f"{n_bad} of {y.size} column results are NaN", "numbers")
    return int(n_saturated)
