"""From femtoseconds to seconds, in one place."""

from __future__ import annotations

from ...arch.units import FS_PER_S as FS_PER_S


def seconds(time_fs: int) -> float:
    """Seconds of a whole number of femtoseconds, correctly rounded.

    Divides rather than multiplies: 1e15 is exact in float64 and 1e-15 is not, so ``round(seconds(t) * 1e15)
    == t`` for every time below 2**52 fs (4.5 s), and the float is the one nearest to the true value for all.

    Examples
    --------
    >>> seconds(100_000_000)
    1e-07
    """
    return int(time_fs) / FS_PER_S
