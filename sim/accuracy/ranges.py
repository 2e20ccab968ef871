"""Ranges of inputs and converters, from a sample of what they will see."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ..kernels import encode

Floats = npt.NDArray[np.float32]
Percentile = float | None
"""Share of the sample that ranges hold, in percent; None looks for the range of least error."""
HALF_OCTAVES = 13  # ranges tried: the largest value, and down to 1/64 of it in steps of the square root of 2
ERROR_VECTORS = 1024  # of the sample, that errors of a range are computed from


def input_step(sample: Floats, low: int, high: int, percentile: Percentile) -> float:
    """One input code; without a percentile, that of the smallest mean-square error of the inputs."""
    if percentile is not None:
        return encode.input_step(sample, high, percentile)
    widest = encode.input_step(sample, high)
    part = thinned(sample, ERROR_VECTORS)

    def error(step: float) -> float:
        return mean_square(quantized(part, step, low, high) - part)

    return least(widest, 0.0, error)


def input_scales(
    sample: Floats, parts: tuple[int, ...], low: int, high: int, percentile: Percentile
) -> tuple[float, Floats]:
    """One input code of the first part, and the range of every row relative to the first part's."""
    if not parts:
        return input_step(sample, low, high, percentile), np.ones(sample.shape[1], np.float32)
    steps = []
    for of_part in np.split(sample, np.cumsum(parts)[:-1], axis=1):
        driven = of_part[of_part.any(axis=1)]  # the parts of a GRU are read one after the other
        steps.append(input_step(driven if driven.size else of_part, low, high, percentile))
    return steps[0], np.repeat(np.array(steps) / steps[0], parts).astype(np.float32)


def converter_step(
    y: Floats, factors: Floats, low: int, high: int, percentile: Percentile, finest: float
) -> float:
    """One converter code; without a percentile, that of the smallest mean-square error of the digital sums.

    Where many slices share a converter, few significant reads then decide, not the many others.

    Parameters
    ----------
    y : (reads, row groups, vectors, columns) results to convert
    factors : (reads,) what the digital side multiplies them by
    finest : a step below which nothing is gained
    """
    sizes = np.abs(y)
    limit = sizes.max(initial=0) if percentile is None else np.percentile(sizes, percentile)
    widest = max((float(limit) or 1.0) / high, finest)
    if percentile is not None:
        return widest
    part = y[:, :, :: 1 + (y.shape[2] - 1) // ERROR_VECTORS]

    def error(step: float) -> float:
        wrong = (quantized(part, step, low, high) - part).sum(axis=1)
        return mean_square(np.tensordot(factors, wrong, axes=1))

    return least(widest, finest, error)


def least(widest: float, finest: float, error: Callable[[float], float]) -> float:
    """The step of least error; the wider one of equals."""
    steps = dict.fromkeys(max(widest / 2 ** (i / 2), finest) for i in range(HALF_OCTAVES))
    return min(steps, key=error)


def quantized(x: Floats, step: float, low: int, high: int) -> Floats:
    """Values that codes of a range stand for."""
    codes: Floats = np.rint(x * np.float32(1 / step))
    np.clip(codes, low, high, out=codes)
    codes *= np.float32(step)
    return codes


def mean_square(x: Floats) -> float:
    """Mean of the squares; 0 of nothing."""
    flat = x.reshape(-1)
    return float(flat @ flat) / max(1, flat.size)


def thinned(x: Floats, n: int) -> Floats:
    """At most `n` rows, evenly spread."""
    return x[:: 1 + (len(x) - 1) // n]
