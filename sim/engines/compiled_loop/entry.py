"""The loop as one compiled function, and why it is never stale.

numba's cache on disk looks at the file of the outermost function only, so an edit of any other file of the loop
would go unseen. Therefore a digest of all sources that the loop is made of is a constant of the outermost function,
and thereby part of the cache's key (numba hashes what a function closes over): an edit means another entry. The
machine code also writes its digest into the state that it runs on, and every run compares it with the sources, so
that even a change in numba's keys could not let stale code pass.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numba

from .loop import go_on
from .state import HEAD, PAUSED, Records


@cache
def sources_digest() -> int:
    """62 bits of the SHA-256 of every file that the loop is compiled from."""
    here = Path(__file__).parent
    files = sorted(here.glob("*.py")) + [here.parent / "result.py", here.parent.parent / "program.py"]
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return int.from_bytes(digest.digest()[:8], "big") >> 2


@cache
def load() -> Callable[[Records], int]:
    """The compiled loop, from the cache on disk if it is there.

    It takes the head of a state, runs until something needs Python, and returns what (`state.PAUSED` and others). The
    state is consistent then: call it again to go on.
    """
    digest = sources_digest()

    def run(head: Records) -> int:
        s = head[0]
        s.sources = digest
        stop = s.n_events + s.max_events
        status = PAUSED
        while status == PAUSED and s.n_events < stop:
            status = go_on(s)
        return status

    signature = numba.int64(numba.from_dtype(HEAD)[::1])
    compiled: Callable[[Records], int] = numba.njit(
        signature, cache=True, nogil=True, _nrt=False, error_model="numpy"
    )(run)
    return compiled
