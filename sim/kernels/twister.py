"""MT19937 for compiled loops (Matsumoto and Nishimura 1998), as NumPy's `random.seed` begins it."""

from __future__ import annotations

from typing import Any

import numpy as np

from .arguments import U64
from .record_code import kernel

_N, _M = 624, 397
_LOW = np.uint64(0xFFFFFFFF)


@kernel
def begin(state: U64, seed: int) -> None:
    """Begin the sequence of a seed."""
    word = np.uint64(seed) & _LOW
    for i in range(_N):
        state[i] = word
        word = (np.uint64(1812433253) * (word ^ (word >> np.uint64(30))) + np.uint64(i + 1)) & _LOW
    state[_N] = np.uint64(_N)


@kernel
def word(state: U64) -> Any:
    """The next 32 bits."""
    if state[_N] >= np.uint64(_N):
        for i in range(_N):
            y = (state[i] & np.uint64(0x80000000)) | (state[(i + 1) % _N] & np.uint64(0x7FFFFFFF))
            odd = np.uint64(0x9908B0DF) if y & np.uint64(1) else np.uint64(0)
            state[i] = state[(i + _M) % _N] ^ (y >> np.uint64(1)) ^ odd
        state[_N] = np.uint64(0)
    y = state[np.int64(state[_N])]
    state[_N] += np.uint64(1)
    y ^= y >> np.uint64(11)
    y ^= (y << np.uint64(7)) & np.uint64(0x9D2C5680)
    y ^= (y << np.uint64(15)) & np.uint64(0xEFC60000)
    y ^= y >> np.uint64(18)
    return y


@kernel
def below(state: U64, n: int) -> int:
    """A number from 0 to n - 1, n from 1 to 2**32: the lowest bits of words until they are in range."""
    if n == 1:
        return 0
    mask = np.uint64(n - 1)
    for shift in (1, 2, 4, 8, 16):
        mask |= mask >> np.uint64(shift)
    found: Any = np.int64(word(state) & mask)
    while found >= n:
        found = np.int64(word(state) & mask)
    number: int = found
    return number


@kernel
def share(state: U64) -> float:
    """A number from 0 to below 1, of 53 bits."""
    high = word(state) >> np.uint64(5)
    low = word(state) >> np.uint64(6)
    found: float = (np.float64(high) * 67108864.0 + np.float64(low)) / 9007199254740992.0
    return found
