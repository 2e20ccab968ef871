"""The loop as one compiled function: takes a state's head and the cycle to run to."""

from __future__ import annotations

from typing import Any

from ....kernels.records import Records
from ....machine_code import INT, ArrayOf, MachineCode
from . import SOURCES
from .state import HEAD


def _advance() -> Any:
    from ....kernels.record_code import kernel
    from .cycle import advance

    @kernel
    def run(head: Records, until: int) -> int:
        return advance(head[0], until)

    return run


loop = MachineCode("routers", [ArrayOf(HEAD), INT], _advance, SOURCES, returns=True)
