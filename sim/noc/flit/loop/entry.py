"""The loop as one compiled function, and why it is never stale.

numba's cache on disk looks at the file of the outermost function only. Therefore a digest of all sources of
the loop is a constant of the outermost function, and thereby part of the cache's key: an edit means another
entry. The machine code also writes its digest into the state that it runs on, where every run compares it
with the sources.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba

from .cycle import advance
from .state import HEAD, Records


@cache
def sources_digest() -> int:
    """62 bits of the SHA-256 of every file that the loop is compiled from."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return int.from_bytes(digest.digest()[:8], "big") >> 2


@cache
def load() -> Callable[[Records, int], int]:
    """The compiled loop, from the cache on disk or compiled: takes a state's head and the cycle to run to."""
    digest = sources_digest()

    def run(head: Records, until: int) -> int:
        head[0].sources_digest = digest
        return advance(head[0], until)

    signature = numba.int64(numba.from_dtype(HEAD)[::1], numba.int64)
    jit: Any = numba.njit
    compiled: Callable[[Records, int], int] = jit(
        signature, cache=True, nogil=True, _nrt=False, error_model="numpy"
    )(run)
    return compiled
