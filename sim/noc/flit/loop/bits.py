"""Sets of virtual channels as bits of a word, and counting in a circle."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import uint64

from ....kernels.record_code import kernel

Bits = Any
"""An int64, as a set."""

_DEBRUIJN = np.uint64(0x07EDD5E59A4E28C2)
_BIT_OF = np.zeros(64, np.int64)
for _i in range(64):
    _BIT_OF[((1 << _i) * 0x07EDD5E59A4E28C2 % 2**64) >> 58] = _i


@kernel
def bit_of(vc: int) -> Bits:
    return np.int64(1) << np.int64(vc)


@kernel
def lowest(mask: Bits) -> int:
    """Number of the lowest bit set; mask must not be 0."""
    low = uint64(mask & -mask)
    number: int = _BIT_OF[(low * _DEBRUIJN) >> uint64(58)]
    return number


@kernel
def first_from(mask: Bits, start: int) -> int:
    """Lowest bit set at or after `start`, cyclically; mask must not be 0."""
    above = mask >> start << start
    return lowest(above if above != 0 else mask)


@kernel
def wrap(value: int, n: int) -> int:
    """`value` modulo n, for values below 2 n."""
    return value - n if value >= n else value
