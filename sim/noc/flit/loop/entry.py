"""The loop as one compiled function."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numba

from ....kernels.record_code import machine_code
from ....kernels.records import Records
from . import SOURCES
from .cycle import advance
from .state import HEAD


@cache
def load() -> Callable[[Records, int], int]:
    """The compiled loop: takes a state's head and the cycle to run to."""
    digest = SOURCES.digest

    def run(head: Records, until: int) -> int:
        head[0].sources = digest
        return advance(head[0], until)

    return machine_code(run, numba.int64(numba.from_dtype(HEAD)[::1], numba.int64), SOURCES)
