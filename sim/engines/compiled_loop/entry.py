"""The loop as one compiled function.

It takes the head of a state, runs until something needs Python, and returns what
(`state.PAUSED` and others). The state is consistent then: call it again to go on.
"""

from __future__ import annotations

from typing import Any

from ...kernels.records import Records
from ...machine_code import ArrayOf, MachineCode
from . import SOURCES
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


loop = MachineCode("event-loop", [ArrayOf(HEAD)], _alone, SOURCES, returns=True)
