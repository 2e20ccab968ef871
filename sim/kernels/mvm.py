"""One analog MVM around one BLAS product: quantize, multiply, add noise, convert.

For cells whose read noise is Gaussian and independent, the column current is exactly Gaussian:
sum_k x_k (g_kj + e_kj) has mean x . g_j and variance sum_k x_k^2 var(e_kj). So fresh noise for every MVM
costs a second product with the squared inputs and one draw per output, not one per device;
`mvm_ref.mvm_device_draws` is the slow oracle.
"""

import numpy as np
import numpy.typing as npt
from numba import njit

from . import rng
from .checks import Floats, fail, floats, scalar, shape
from .converter import Counts, convert
from .encode import quantize

_BLOCK_ROWS = 1024  # quantized and multiplied at once: BLAS packs the weights anew for every block
_DRAWS = 65536  # drawn at once: they stay in the cache until they are used, and calls are few


@njit(cache=True, error_model="numpy")
def _add_noise(y, variance, floor, z):  # type: ignore[no-untyped-def]
    for b in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[b, j] += np.sqrt(max(variance[b, j] + floor, floor)) * z[b, j]


def product(
    codes: Floats,
    weights: Floats,
    *,
    weight_variance: Floats | None = None,
    floor_sigma: float = 0.0,
    seed: int = 0,
    first_row: int = 0,
    out: Floats | None = None,
) -> Floats:
    """``codes @ weights`` plus output-referred read noise: the analog result before the converter.

    Parameters
    ----------
    codes : (batch, n_rows) input codes (or voltages)
    weights : (n_rows, n_columns) signed conductances, e.g. g_plus - g_minus
    weight_variance : (n_rows, n_columns) variance of each weight from read to read; the devices of a pair
        add up
    floor_sigma : standard deviation of noise that does not depend on the data (converter, amplifier)
    seed, first_row : see `rng.normal`; give each call its own seed, or continue with `first_row`
    """
    if codes.shape[1] != weights.shape[0]:
        raise fail("weights", f"{weights.shape[0]} rows", f"{codes.shape[1]} rows, as many as inputs")
    y = np.matmul(codes, weights, out=out)
    scalar("floor_sigma", floor_sigma, 0.0)
    if weight_variance is not None:
        shape("weight_variance", weight_variance, weights.shape)
        add_noise(y, np.matmul(codes * codes, weight_variance), floor_sigma, seed, first_row)
    elif floor_sigma:
        add_noise(y, np.zeros_like(y), floor_sigma, seed, first_row)
    return y


def add_noise(y: Floats, variance: Floats, floor_sigma: float, seed: int, first_row: int = 0) -> None:
    """Add to each y, in place, Gaussian noise of its own variance plus ``floor_sigma ** 2``."""
    n_rows = min(max(1, _DRAWS // max(1, y.shape[1])), y.shape[0])
    z = np.empty((n_rows, y.shape[1]), y.dtype)
    floor = y.dtype.type(floor_sigma**2)
    for start in range(0, y.shape[0], n_rows or 1):
        part = z[: min(n_rows, y.shape[0] - start)]
        rng.fill_normal(part, seed, first_row=first_row + start)
        rows = slice(start, start + n_rows)
        _add_noise(y[rows], variance[rows], floor, part)


def mvm(
    x: npt.ArrayLike,
    weights: npt.ArrayLike,
    *,
    input_step: float,
    input_range: tuple[int, int],
    adc_step: float,
    adc_range: tuple[int, int],
    adc_gain: npt.ArrayLike | None = None,
    adc_offset: npt.ArrayLike | None = None,
    adc_noise_codes: float = 0.0,
    weight_variance: npt.ArrayLike | None = None,
    seed: int = 0,
    first_row: int = 0,
    out: Floats | None = None,
) -> tuple[Floats, int, Counts]:
    """Values that a tile with one multi-bit input pulse and one converter per column gives back.

    Parameters
    ----------
    x : (batch, n_rows) activations; float32 unless x and weights are float64 (check mode)
    weights : (n_rows, n_columns)
    input_step, input_range : DAC step in units of x, and code range (`slices.code_range`)
    adc_step, adc_range : ADC step in units of ``codes @ weights``, and code range
    adc_gain, adc_offset : per column, see `converter.convert`
    adc_noise_codes : input-referred converter noise, standard deviation in codes
    weight_variance, seed, first_row : read noise, see `product`
    out : (batch, n_columns) array to fill, if given: large new arrays cost as much as the conversion

    Returns
    -------
    values : (batch, n_columns) in units of ``x @ weights``
    n_clipped_inputs : how many inputs met the end of the input range
    clipped : (2, n_columns) conversions below and above the converter's range

    Raises
    ------
    ValueError : naming the argument that is NaN, infinite or of the wrong shape
    """
    inputs, w = _operands(x, weights)
    variance = None
    if weight_variance is not None:
        variance = floats("weight_variance", weight_variance, ndim=2, dtype=w.dtype)
        if variance.size and variance.min() < 0:
            raise fail("weight_variance", f"smallest is {variance.min()}", "no negative numbers")
    scalar("adc_noise_codes", adc_noise_codes, 0.0)
    n_rows, n_columns = w.shape
    y = np.empty((len(inputs), n_columns), w.dtype) if out is None else out
    shape("out", y, (len(inputs), n_columns))
    if y.dtype != w.dtype:
        raise fail("out", f"dtype {y.dtype}", f"{w.dtype}")
    codes = np.empty((min(_BLOCK_ROWS, len(inputs)), n_rows), w.dtype)
    n_clipped_inputs = 0
    for start in range(0, len(inputs), _BLOCK_ROWS):
        part = inputs[start : start + _BLOCK_ROWS]
        n_clipped_inputs += _quantize_part(part, inputs, input_step, input_range, codes[: len(part)])
        product(
            codes[: len(part)],
            w,
            weight_variance=variance,
            floor_sigma=adc_noise_codes * adc_step,
            seed=seed,
            first_row=first_row + start,
            out=y[start : start + len(part)],
        )
    clipped = convert(y, adc_step, *adc_range, gain=adc_gain, offset=adc_offset, scale=adc_step * input_step)
    return y, n_clipped_inputs, clipped


def _quantize_part(
    part: Floats, whole: Floats, step: float, code_range: tuple[int, int], codes: Floats
) -> int:
    """Quantize some rows into `codes`; a bad value is reported for the whole batch."""
    try:
        return quantize(part, step, *code_range, out=codes)[1]
    except ValueError:
        floats("x", whole)
        raise


def _operands(x: npt.ArrayLike, weights: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Both as C-contiguous matrices of one dtype; x is checked for NaN while it is quantized."""
    inputs, w = np.asarray(x), floats("weights", weights, ndim=2)
    if inputs.dtype.kind not in "fiub" or inputs.ndim != 2:
        raise fail("x", f"{inputs.dtype} {inputs.shape}", "real numbers (batch, n_rows)")
    dtype = np.float64 if inputs.dtype == w.dtype == np.float64 else np.float32
    if inputs.shape[1] != w.shape[0]:
        raise fail("x", f"{inputs.shape[1]} inputs", f"{w.shape[0]}, the rows of weights")
    return np.ascontiguousarray(inputs, dtype), np.ascontiguousarray(w, dtype)
