"""Constants that vary with the token: which of their numbers are parameters of the network.

A mask is none, nor is a table of angles that a formula makes (sines and cosines of the position).
"""

from __future__ import annotations

import numpy as np

from ..builder import Builder
from ..nodes import Array
from ..patterns.causal import HIDDEN

MOST = 1 << 22  # elements that are looked at
ROUNDING = 2e-3  # of half precision, relative to the largest
QUANTISED = 1 / 128


def table_params(name: str, b: Builder) -> int:
    """Parameters of a static tensor that is added to, or multiplied with, a stream token by token."""
    graph, static = b.graph, b.graph.statics[name]
    values = graph.value(name) if 1 < static.size <= MOST else None
    if values is None or not np.issubdtype(values.dtype, np.floating):
        return b.params([name], formula=True)
    quantised = any(root in graph.stored_as for root in static.roots)
    made = is_mask(values) or is_wave(values, QUANTISED if quantised else ROUNDING)
    return 0 if made else b.params([name], formula=True)


def is_mask(values: Array) -> bool:
    """Whether all numbers are 0 or hide what they are added to, or are 0 and 1; some of each.

    If all are equal they are weights that nobody has trained, more likely; but not zeros of shape
    (1, 1, queries, keys), which hide nothing.
    """
    if values.min() == values.max():
        return values.ndim == 4 and values.shape[:2] == (1, 1) and not values.any()
    added = bool(((values == 0) | (values <= HIDDEN)).all())
    return added or bool(((values == 0) | (values == 1)).all())


def is_wave(values: Array, rounding: float = ROUNDING) -> bool:
    """Whether every feature is a wave over the positions: f(p + 1) + f(p - 1) = c f(p) (Vaswani et al. 2017).

    So is one that grows evenly (c = 2), as a position itself does. The positions are the last axis but one
    that has more than one element.
    """
    long = [i for i, n in enumerate(values.shape[:-1]) if n > 1]
    if not long or values.shape[long[-1]] < 4:
        return False
    f = np.moveaxis(values, long[-1], 0).reshape(values.shape[long[-1]], -1).astype(np.float64)
    largest = np.abs(f).max()
    if not np.isfinite(largest):
        return False
    middle, around = f[1:-1], f[2:] + f[:-2]
    if np.ptp(f, axis=0).max() <= rounding * largest:
        return False  # the same at all positions
    power = (middle * middle).sum(axis=0)
    c = np.divide((middle * around).sum(axis=0), power, out=np.zeros_like(power), where=power > 0)
    return bool(np.abs(around - c * middle).max() <= 4 * rounding * largest)
