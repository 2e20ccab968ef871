"""NumPy twins of the MVM kernels, written for reading, and the slow oracle of read noise."""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def adc_codes(
    y: Array, step: float, low: int, high: int, gain: Array | float = 1.0, offset: Array | float = 0.0
) -> Array:
    """Codes of a uniform converter, before clipping is counted."""
    return np.clip(np.rint(y / step * gain + offset), low, high)


def mvm(
    x: Array,
    weights: Array,
    input_step: float,
    input_range: tuple[int, int],
    adc_step: float,
    adc_range: tuple[int, int],
    gain: Array | float = 1.0,
    offset: Array | float = 0.0,
) -> tuple[Array, int, Array]:
    """Values, clipped inputs and clipped conversions (2, n_columns) of `mvm.mvm` without noise."""
    raw = np.rint(x / input_step)
    codes = np.clip(raw, *input_range)
    ideal = np.rint((codes @ weights) / adc_step * gain + offset)
    clipped = np.stack([(ideal < adc_range[0]).sum(axis=0), (ideal > adc_range[1]).sum(axis=0)])
    return np.clip(ideal, *adc_range) * adc_step * input_step, int((raw != codes).sum()), clipped


def mvm_sliced(
    x_slices: Array,
    x_weights: Array,
    g_slices: Array,
    g_weights: Array,
    rows_per_read: int,
    adc_step: float,
    adc_range: tuple[int, int],
    accumulator_bits: int = 63,
    gain: Array | float = 1.0,
    offset: Array | float = 0.0,
) -> tuple[Array, Array, int]:
    """Sums, clipped conversions and saturated additions of `mvm_sliced` and `mvm_bits`."""
    n_rows, n_columns = g_slices.shape[1:]
    sums = np.zeros((x_slices.shape[1], n_columns), np.int64)
    clipped = np.zeros((2, n_columns), np.int64)
    n_saturated = 0
    limit = 2 ** (accumulator_bits - 1)
    for start in range(0, n_rows, rows_per_read):
        rows = slice(start, start + rows_per_read)
        for x, x_weight in zip(x_slices, x_weights, strict=True):
            for g, g_weight in zip(g_slices, g_weights, strict=True):
                code = np.rint((x[:, rows] @ g[rows]) / adc_step * gain + offset)
                clipped += np.stack([(code < adc_range[0]).sum(axis=0), (code > adc_range[1]).sum(axis=0)])
                sums += int(x_weight * g_weight) * np.clip(code, *adc_range).astype(np.int64)
                n_saturated += int(((sums < -limit) | (sums > limit - 1)).sum())
                sums = np.clip(sums, -limit, limit - 1)
    return sums, clipped, n_saturated


def mvm_device_draws(codes: Array, weights: Array, sigma: Array, generator: np.random.Generator) -> Array:
    """The oracle of output-referred noise: every device draws anew for every MVM."""
    y = np.empty((codes.shape[0], weights.shape[1]))
    for b, code in enumerate(codes):
        y[b] = code @ (weights + sigma * generator.standard_normal(weights.shape))
    return y
