"""The loop as one compiled function, and why it is never stale.

numba's cache on disk looks at the file of the outermost function only: an edit of any other file of the loop
would go unseen. Therefore a digest of all these files is a constant of the outermost function, and thereby
part of the key of the cache, since numba hashes what a function closes over: an edit means another entry.
The digest is taken before the files are imported and again afterwards; if they changed in between, nothing is
cached. The machine code writes its digest into the state that it runs on, and every call compares it with
that of the sources, so that not even a change of numba's keys could let stale code pass.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numba

from . import DIGEST
from .kernel import OPTIONS
from .loop import go_on
from .sources import digest_of_sources
from .state import HEAD, PAUSED, Records


@cache
def load() -> Callable[[Records], int]:
    """The compiled loop, from the cache on disk if it is there.

    It takes the head of a state, runs until something needs Python, and returns what (`state.PAUSED` and
    others). The state is consistent then: call it again to go on.
    """
    digest = DIGEST

    def run(head: Records) -> int:
        s = head[0]
        s.sources = digest
        stop = s.n_events + s.max_events
        status = PAUSED
        while status == PAUSED and s.n_events < stop:
            status = go_on(s)
        return status

    signature = numba.int64(numba.from_dtype(HEAD)[::1])
    if digest_of_sources() == DIGEST:
        try:
            return _compiled(numba.njit(signature, cache=True, nogil=True, **OPTIONS)(run))
        except RuntimeError as error:  # neither the package's folder nor the user's cache can be written
            if "cannot cache" not in str(error):
                raise
    return _compiled(numba.njit(signature, nogil=True, **OPTIONS)(run))


def _compiled(loop: Callable[[Records], int]) -> Callable[[Records], int]:
    return loop
