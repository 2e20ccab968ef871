"""The times of every single visit and hold, which the results of the engines leave out: for traces."""

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

HOLD_DTYPE = np.dtype([(name, np.int64) for name in ("resource", "row", "start_fs", "end_fs")])


def visit_log(
    program: Program,
    iterations: int = 1,
    *,
    arrivals_fs: Sequence[int] | None = None,
    n_bins: int = 64,
    progress: Callable[[float], None] | None = None,
) -> tuple[EngineResult, NDArray[np.void], NDArray[np.void]]:
    """Run a Program on the reference engine and note every visit, and every hold of a resource by it.

    Returns
    -------
    result : EngineResult
    visits : structured array (VISIT_DTYPE)
        In the order in which their begins became known. `firing` counts over all iterations, `visit` is the
        index v of the Program, `end_fs` the end of the hold.
    holds : structured array (HOLD_DTYPE)
        `row` is the index into `visits`. A visit without resources (a pure delay) holds the pseudo-resource
        ``R + actor``, R the number of resources.

    Raises
    ------
    SimulationError, DeadlockError
        As `reference.run`.
    """
    rows: list[tuple[int, int, int, int, int, int]] = []
    holds: list[tuple[int, int, int, int]] = []

    def note(visit: Visit) -> None:
        row, step = len(rows), visit.step
        for r, start_fs, own_fs in zip(step.resources, visit.starts_fs, step.holds_fs, strict=True):
            holds.append((r, row, start_fs, start_fs + (own_fs or visit.hold_fs)))
        if not step.resources:
            holds.append((program.n_resources + visit.actor, row, visit.begin_fs, visit.hold_end_fs))
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
    return result, np.array(rows, VISIT_DTYPE), np.array(holds, HOLD_DTYPE)
