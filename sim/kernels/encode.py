"""Activations to converter codes, and codes to pulses.

Codes are whole numbers kept in floating point, because a BLAS product follows; `slices` cuts them into
digits.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from . import rng
from .checks import Floats, fail, floats, integer, scalar


@njit(cache=True, error_model="numpy")
def _quantize(x, inverse_step, low, high, largest, codes):  # type: ignore[no-untyped-def]
    n_clipped = 0
    n_bad = 0
    for b in range(x.shape[0]):
        clipped = np.int32(0)  # 32-bit counters per row keep the loop on full vector lanes
        bad = np.int32(0)
        for k in range(x.shape[1]):
            v = np.rint(x[b, k] * inverse_step)
            clipped += np.int32((v < low) | (v > high))
            bad += np.int32(not abs(x[b, k]) <= largest)
            codes[b, k] = min(max(v, low), high)
        n_clipped += int(clipped)
        n_bad += int(bad)
    return n_clipped, n_bad


def input_step(sample: npt.ArrayLike, high: int, percentile: float = 100.0) -> float:
    """One input code, so large that `percentile` percent of the magnitudes in `sample` fit `high` codes."""
    magnitudes = np.abs(floats("sample", sample))
    if not magnitudes.size:
        raise fail("sample", "no values", "at least one")
    integer("high", high, 1, 2**24)
    limit = float(np.percentile(magnitudes, scalar("percentile", percentile, 0.0, 100.0)))
    return (limit if limit > 0 else 1.0) / high  # an all-zero sample has no scale of its own


def quantize(x: Floats, step: float, low: int, high: int, out: Floats | None = None) -> tuple[Floats, int]:
    """Codes ``clip(rint(x * (1/step)), low, high)`` (ties to even) and how many were clipped.

    Parameters
    ----------
    x : (batch, n) float32 or float64
    step : one code in units of x, > 0
    low, high : code range, e.g. from `slices.code_range`
    out : (batch, n) of x's dtype, overwritten if given
    """
    scalar("step", step, above=0.0)
    if integer("low", low, -(2**24), 2**24) > integer("high", high, -(2**24), 2**24):
        raise fail("low", f"{low} above high = {high}", "low <= high")
    if x.ndim != 2 or x.dtype not in (np.float32, np.float64):
        raise fail("x", f"{x.dtype} {x.shape}", "a float32 or float64 matrix (batch, n)")
    codes = np.empty_like(x, order="C") if out is None else out
    if codes.shape != x.shape or codes.dtype != x.dtype:
        raise fail("out", f"{codes.dtype} {codes.shape}", f"{x.dtype} {x.shape}")
    real = x.dtype.type
    n_clipped, n_bad = _quantize(
        np.ascontiguousarray(x), real(1.0 / step), real(low), real(high), np.finfo(x.dtype).max, codes
    )
    if n_bad:
        raise fail("x", f"{n_bad} of {x.size} values are NaN or infinite", "finite numbers")
    return codes, int(n_clipped)


def pulse_widths_s(
    codes: Floats, lsb_s: float, *, edge_jitter_s: float = 0.0, seed: int = 0
) -> npt.NDArray[Any]:
    """Pulse-width encoding: one pulse of ``|code| * lsb_s``, sign kept, for each code.

    Jitter moves both edges independently, so a pulse's duration has standard deviation sqrt(2)
    `edge_jitter_s` whatever its length; code 0 has no pulse. A HERMES core has 1 ns per LSB
    (Khaddam-Aljameh et al., JSSC 57(4), 2022); the jitter is the user's assumption.
    """
    scalar("lsb_s", lsb_s, above=0.0)
    scalar("edge_jitter_s", edge_jitter_s, 0.0)
    values = floats("codes", codes)
    widths = values * values.dtype.type(lsb_s)
    if edge_jitter_s:
        z = rng.normal(values.shape, seed, dtype=values.dtype)
        widths += np.sign(values) * z * values.dtype.type(np.sqrt(2.0) * edge_jitter_s)
    return widths


def pulse_count_charges(codes: Floats, *, pulse_sigma: float = 0.0, seed: int = 0) -> npt.NDArray[Any]:
    """Pulse-count encoding: ``|code|`` unit pulses, sign kept, each of relative charge error `pulse_sigma`.

    The errors are independent, so the total has standard deviation ``pulse_sigma * sqrt(|code|)``.
    """
    scalar("pulse_sigma", pulse_sigma, 0.0)
    values = floats("codes", codes)
    if not pulse_sigma:
        return values.copy()
    z = rng.normal(values.shape, seed, dtype=values.dtype)
    return values + np.sign(values) * np.sqrt(np.abs(values)) * values.dtype.type(pulse_sigma) * z
