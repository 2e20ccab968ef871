"""The loop as one compiled function, alone and beside a network of routers.

It takes the head of a state (and that of the network), runs until something needs Python, and returns what
(`state.PAUSED` and others). The state is consistent then: call it again to go on.
"""

from __future__ import annotations

from typing import Any

from ...kernels.records import Records
from ...machine_code import ArrayOf, MachineCode
from ...noc.flit.loop.state import HEAD as NETWORK_HEAD
from . import NETWORK_SOURCES, SOURCES
from .state import HEAD, PAUSED


def _alone() -> Any:
    from ...kernels.record_code import kernel
    from .loop import go_on

    @kernel
    def run(head: Records) -> int:
        s = head[0]
        stop = s.n_events + s.max_events
        status = PAUSED
        while status == PAUSED and s.n_events < stop:
            status = go_on(s)
        return status

    return run


def _beside_routers() -> Any:
    from ...kernels.record_code import kernel
    from .routers import go_on_beside_routers

    @kernel
    def run(head: Records, network: Records) -> int:
        s = head[0]
        net = network[0]
        stop = s.n_events + s.max_events
        status = PAUSED
        while status == PAUSED and s.n_events < stop:
            status = go_on_beside_routers(s, net)
        return status

    return run


loop = MachineCode("event-loop", [ArrayOf(HEAD)], _alone, SOURCES, returns=True)
loop_with_routers = MachineCode(
    "event-loop-with-routers",
    [ArrayOf(HEAD), ArrayOf(NETWORK_HEAD)],
    _beside_routers,
    NETWORK_SOURCES,
    returns=True,
)
