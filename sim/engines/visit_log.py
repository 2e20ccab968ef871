"""The times of every single visit, which the results of the engines leave out: for traces."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..program import Program
from .reference import run
from .reference_state import Visit
from .result import EngineResult

VISIT_DTYPE = np.dtype(
    [(name, np.int64) for name in ("actor", "firing", "visit", "request_fs", "begin_fs", "end_fs")]
)


def visit_log(
    program: Program,
    iterations: int = 1,
    *,
    arrivals_fs: Sequence[int] | None = None,
    n_bins: int = 64,
    progress: Callable[[float], None] | None = None,
) -> tuple[EngineResult, NDArray[np.void]]:
    """Run a Program on the reference engine and note every visit.

    Returns
    -------
    result : EngineResult
    visits : structured array (VISIT_DTYPE)
        In the order in which their begins became known, which for resources without a queue is the order of
        their bookings. `firing` counts over all iterations, `visit` is the index v of the Program, `end_fs`
        the end of the hold.

    Raises
    ------
    SimulationError, DeadlockError
        As `reference.run`.
    """
    rows: list[tuple[int, int, int, int, int, int]] = []

    def note(visit: Visit) -> None:
        rows.append(
            (
                visit.actor,
                visit.firing,
                visit.step.index,
                visit.request_fs,
                visit.begin_fs,
                visit.hold_end_fs,
            )
        )

    result = run(program, iterations, arrivals_fs=arrivals_fs, n_bins=n_bins, progress=progress, observe=note)
    return result, np.array(rows, VISIT_DTYPE)
