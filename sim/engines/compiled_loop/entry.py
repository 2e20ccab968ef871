"""The loop as one compiled function."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numba

from ...kernels.record_code import machine_code
from ...kernels.records import Records
from ...noc.flit.loop.state import HEAD as NETWORK_HEAD
from . import NETWORK_SOURCES, SOURCES
from .loop import go_on
from .routers import go_on_beside_routers
from .state import HEAD, PAUSED


@cache
def load() -> Callable[[Records], int]:
    """The compiled loop.

    It takes the head of a state, runs until something needs Python, and returns what (`state.PAUSED` and
    others). The state is consistent then: call it again to go on.
    """
    digest = SOURCES.digest

    def run(head: Records) -> int:
        s = head[0]
        s.sources = digest
        stop = s.n_events + s.max_events
        status = PAUSED
        while status == PAUSED and s.n_events < stop:
            status = go_on(s)
        return status

    return machine_code(run, numba.int64(numba.from_dtype(HEAD)[::1]), SOURCES)


@cache
def load_with_routers() -> Callable[[Records, Records], int]:
    """The same beside a network of routers, whose head it takes too."""
    digest = NETWORK_SOURCES.digest

    def run(head: Records, network: Records) -> int:
        s = head[0]
        net = network[0]
        s.sources = digest
        stop = s.n_events + s.max_events
        status = PAUSED
        while status == PAUSED and s.n_events < stop:
            status = go_on_beside_routers(s, net)
        return status

    heads = (numba.from_dtype(HEAD)[::1], numba.from_dtype(NETWORK_HEAD)[::1])
    return machine_code(run, numba.int64(*heads), NETWORK_SOURCES)
