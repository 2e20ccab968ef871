"""Constants that vary with the token: which of their numbers are parameters of the network.

A mask is none, nor is a table of angles that a formula makes (sines and cosines of the position). A bias that
was gathered from a table of distances has as many parameters as the table has numbers.
"""

from __future__ import annotations

import numpy as np
from onnx import TensorProto

from ..builder import Builder
from ..nodes import Array
from ..patterns.causal import HIDDEN

MOST = 1 << 22  # elements that are looked at
SPREAD = frozenset({int(TensorProto.FLOAT), int(TensorProto.DOUBLE)})
"""Types in which two parameters are seldom equal by chance."""
ROUNDING = 2e-3  # of half precision, relative to 1


def table_params(name: str, b: Builder) -> int:
    """Parameters of a static tensor that is added to, or multiplied with, a stream token by token."""
    graph, static = b.graph, b.graph.statics[name]
    values = graph.value(name) if 1 < static.size <= MOST else None
    if values is None or not np.issubdtype(values.dtype, np.floating):
        return b.params([name], formula=True)
    if is_mask(values) or is_wave(values):
        return 0
    quantised = any(root in graph.stored_as for root in static.roots)
    if static.dtype not in SPREAD or quantised:
        return b.params([name], formula=True)
    different = int(np.unique(values).size)
    if different == 1:
        return 0
    gathered = 2 * different <= values.size
    counted = b.params([name], formula=True)
    return min(different, counted) if gathered else counted


def is_mask(values: Array) -> bool:
    """Whether all numbers are 0 or hide what they are added to, or are 0 and 1."""
    added = bool(((values == 0) | (values <= HIDDEN)).all())
    return added or bool(((values == 0) | (values == 1)).all())


def is_wave(values: Array) -> bool:
    """Whether every feature is a wave over the positions: f(p + 1) + f(p - 1) = c f(p) (Vaswani et al. 2017).

    The positions are the last axis but one that has more than one element.
    """
    long = [i for i, n in enumerate(values.shape[:-1]) if n > 1]
    if not long or values.shape[long[-1]] < 4:
        return False
    f = np.moveaxis(values, long[-1], 0).reshape(values.shape[long[-1]], -1).astype(np.float64)
    largest = np.abs(f).max()
    if largest > 1 + ROUNDING:
        return False
    middle, around = f[1:-1], f[2:] + f[:-2]
    power = (middle * middle).sum(axis=0)
    c = np.divide((middle * around).sum(axis=0), power, out=np.zeros_like(power), where=power > 0)
    return bool(np.abs(around - c * middle).max() <= 4 * ROUNDING)
