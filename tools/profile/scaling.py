"""One field of a chip made better by a factor, as a text that the chip file and ``--set`` accept."""

from __future__ import annotations

import math
from collections.abc import Callable

from ...arch.component import Component
from ...arch.paths import fields_by_key
from ...arch.quantities import quantity_of

INFINITE = math.inf
"""The factor of "infinitely": a time of (almost) none, or so many that more make no difference."""
_BOUNDLESS = 2**20
"""Factor that stands for infinitely wide, many or fast where a field must stay finite."""


def less(value: float, factor: float) -> float:
    """A duration or a cost divided by a factor; whole numbers are rounded down from factor 2 on."""
    if factor == INFINITE:
        return 0 * value
    if isinstance(value, int):
        return math.floor(value / factor) if factor >= 2 else round(value / factor)
    return value / factor


def more(value: float, factor: float) -> float:
    """A rate, width or number multiplied by a factor; whole numbers are rounded up."""
    factor = _BOUNDLESS if factor == INFINITE else factor
    return math.ceil(value * factor) if isinstance(value, int) else value * factor


Scale = Callable[[float, float], float]


def value_of(part: Component, key: str) -> float | None:
    """The number of a field, in the unit of the schema; None if it has no value."""
    value = getattr(part, fields_by_key(type(part))[key][0])
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def text_of(part: Component, key: str, value: float) -> str:
    """A value of the field as a chip file says it."""
    quantity = quantity_of(fields_by_key(type(part))[key][1])
    return str(value) if quantity is None else quantity.write(value)


def scaled(part: Component, key: str, scale: Scale, factor: float) -> str | None:
    """The text of the field made better by `factor`; None if it has no value or no number that is near.

    Where the field may not be zero, the least that it can be (1 fs, 1) stands for nothing.
    """
    value = value_of(part, key)
    if value is None:
        return None
    new = scale(value, factor)
    quantity = quantity_of(fields_by_key(type(part))[key][1])
    if new == 0 and quantity is not None and not quantity.zero:
        new = 1
    if scale is more and quantity is None:
        new = min(new, 2**31)
    return None if new == value or _overshoots(value, new, factor) else text_of(part, key, new)


def _overshoots(value: float, new: float, factor: float) -> bool:
    """Whether a whole number moved by far more than a small factor: from 1 to 2 is not 10 %."""
    ratio = max(value, new) / min(value, new) if value and new else INFINITE
    return factor < 2 and ratio > factor**2
