"""Shapes of measured curves against relative conductance that published device models share."""

from collections.abc import Collection, Sequence

import numpy as np

from .checks import Floats, fail

_SMALLEST = 1e-7  # relative conductance below which a logarithm is taken here (as aihwkit does)

# below `knee`: clip(slope ln g + intercept, low, high); from `knee` on: polynomial, lowest order first
Branches = tuple[float, float, float, float, float, tuple[float, ...]]


def polynomial(g: Floats, coefficients: Sequence[float]) -> Floats:
    """sum_k coefficients[k] g^k, lowest order first."""
    if not len(coefficients):
        raise fail("coefficients", "none", "at least one")
    result = np.full_like(g, coefficients[-1])
    for c in coefficients[-2::-1]:
        result *= g
        result += g.dtype.type(c)
    return result


def log_then_polynomial(g: Floats, branches: Branches) -> Floats:
    """Clipped logarithm for small, polynomial for large relative conductance (see `Branches`)."""
    slope, intercept, low, high, knee, coefficients = branches
    small = np.clip(slope * np.log(np.maximum(g, _SMALLEST)) + intercept, low, high).astype(g.dtype)
    if not coefficients:
        return small
    return np.where(g < knee, small, polynomial(g, coefficients))


def known(name: str, key: str, names: Collection[str]) -> None:
    """Raise a ValueError that lists the known names unless `key` is among them."""
    if key not in names:
        raise fail(name, repr(key), f"one of {', '.join(sorted(names))}")
