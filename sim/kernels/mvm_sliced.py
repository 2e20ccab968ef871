"""An MVM by slices, phases and row blocks, with real-valued conductances and a converter for every read.

Everything that a chip reads one after the other is a pair (input slice, weight slice) with an integer
weight on the digital side: input bits or digits, polarities of a signed input (two phases), devices of a
differential pair read apart (four phases), weight slices. `slices` builds the slices and their weights.
"""

import numpy as np
import numpy.typing as npt

from . import rng
from .accumulator import Sums, convert_and_add
from .checks import Floats, fail, floats, integer, shape
from .converter import Counts
from .mvm import product


def mvm_sliced(
    x_slices: npt.ArrayLike,
    x_weights: npt.ArrayLike,
    g_slices: npt.ArrayLike,
    g_weights: npt.ArrayLike,
    *,
    rows_per_read: int,
    adc_step: float,
    adc_range: tuple[int, int],
    adc_gain: npt.ArrayLike | None = None,
    adc_offset: npt.ArrayLike | None = None,
    adc_noise_codes: float = 0.0,
    accumulator_bits: int = 32,
    variance_slices: npt.ArrayLike | None = None,
    seed: int = 0,
    first_row: int = 0,
) -> tuple[Sums, Counts, int]:
    """Digital sums ``sum_{block, s, t} x_weights[s] g_weights[t] ADC(x_slices[s] . g_slices[t])``.

    Parameters
    ----------
    x_slices : (n_input_slices, batch, n_rows) digits (or voltages) applied in each read
    x_weights : (n_input_slices,) integers
    g_slices : (n_weight_slices, n_rows, n_columns) conductances, signed where a pair shares one converter
    g_weights : (n_weight_slices,) integers
    rows_per_read : rows switched on together; blocks of rows are converted apart and added digitally
    adc_step, adc_range, adc_noise_codes : see `mvm.mvm`
    adc_gain, adc_offset : per column, or (n_weight_slices, n_columns) where slices have their own converters
    accumulator_bits : width of the saturating accumulator
    variance_slices : like g_slices, variance of each conductance from read to read; fresh in every read

    Returns
    -------
    sums : (batch, n_columns) int64; the caller scales by adc_step and the operands' steps
    clipped : (2, n_columns) conversions below and above the range
    n_saturated : how many additions met the end of the accumulator
    """
    x = floats("x_slices", x_slices, ndim=3)
    g = floats("g_slices", g_slices, ndim=3, dtype=x.dtype)
    if x.shape[2] != g.shape[1]:
        raise fail("x_slices", f"{x.shape[2]} inputs", f"{g.shape[1]}, the rows of g_slices")
    gain, offset = _per_slice("adc_gain", adc_gain, g), _per_slice("adc_offset", adc_offset, g)
    x_factor, g_factor = _weights("x_weights", x_weights, x), _weights("g_weights", g_weights, g)
    variance: Floats | None = None
    if variance_slices is not None:
        variance = floats("variance_slices", variance_slices, ndim=3, dtype=x.dtype)
        shape("variance_slices", variance, g.shape)
        if variance.size and variance.min() < 0:
            raise fail("variance_slices", f"smallest is {variance.min()}", "no negative numbers")
    sums = np.zeros((x.shape[1], g.shape[2]), np.int64)
    clipped = np.zeros((2, g.shape[2]), np.int64)
    n_saturated = 0
    n_rows = integer("rows_per_read", rows_per_read, 1, 2**31)
    for block, start in enumerate(range(0, g.shape[1], n_rows)):
        rows = slice(start, start + n_rows)
        for s, x_slice in enumerate(x):
            codes = np.ascontiguousarray(x_slice[:, rows])
            for t, g_slice in enumerate(g):
                y = product(
                    codes,
                    g_slice[rows],
                    weight_variance=None if variance is None else variance[t, rows],
                    floor_sigma=adc_noise_codes * adc_step,
                    seed=rng.derive_seed(seed, block, s, t),
                    first_row=first_row,
                )
                n_saturated += convert_and_add(
                    y,
                    sums,
                    clipped,
                    factor=int(x_factor[s] * g_factor[t]),
                    adc_step=adc_step,
                    adc_range=adc_range,
                    adc_gain=gain[t],
                    adc_offset=offset[t],
                    accumulator_bits=accumulator_bits,
                )
    return sums, clipped, n_saturated


def _per_slice(name: str, value: npt.ArrayLike | None, slices: Floats) -> list[Floats | None]:
    """One row of column values for each weight slice."""
    if value is None:
        return [None] * len(slices)
    array = floats(name, value)
    if array.ndim < 2:
        return [array] * len(slices)
    shape(name, array, (len(slices), slices.shape[2]))
    return list(array)


def _weights(name: str, weights: npt.ArrayLike, slices: Floats) -> npt.NDArray[np.int64]:
    array = np.asarray(weights)
    if array.dtype.kind not in "iu":
        raise fail(name, f"dtype {array.dtype}", "integers")
    shape(name, array, slices.shape[:1])
    return array.astype(np.int64)
