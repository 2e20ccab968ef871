"""What an engine hands back: integer times and counts, the same from every engine."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from ..program import I64


class Cause(IntEnum):
    """Why a visit began when it did; see the rules in `sim/engines/__init__.py`."""

    START = 0
    CHAIN = 1
    RESOURCE = 2
    TOKEN = 3
    ROOM = 4
    PREVIOUS = 5
    ARRIVAL = 6


PATH_DTYPE = np.dtype([(name, np.int64) for name in ("actor", "firing", "visit", "cause", "begin_fs")])
FIRING_DTYPE = np.dtype([(name, np.int64) for name in ("actor", "firing", "issue_fs", "begin_fs", "end_fs")])


@dataclass(frozen=True, eq=False)
class EngineResult:
    """What happened. Shapes: A actors, V visits, C channels, B iterations.

    Attributes
    ----------
    makespan_fs : int
        Time of the last firing's end.
    n_visits : int
        Visits made in all.
    fired : I64, shape (A,)
        Firings made.
    busy_fs, wait_fs : I64, shape (V,)
        Sum of holds, and of waits from request to begin, by visit of the chain (index v of the Program).
    stall_input_fs, stall_room_fs : I64, shape (C,)
        Time the consumer stood still until a token of this channel, the producer until room in it.
    first_begin_fs, last_end_fs : I64, shape (A,)
    iteration_begin_fs, iteration_end_fs : I64, shape (B,)
        Earliest issue of an iteration's first firings, latest end of its last firings, over all actors.
    peak_tokens : I64, shape (C,)
        Most tokens in a channel, room taken at issue included, tokens let go excluded.
    peak_bytes : I64, shape (stores,)
        Most bytes in a store at once: of each FIFO, the tokens issued that some reader has not let go.
    critical_path : structured array (PATH_DTYPE), in order of time; `visit` is the index v of the Program.
        Empty if it was not to be kept.
    bin_fs : int; busy_bins : I64, shape (V, n_bins)
        Busy time by visit within each bin of time [b * bin_fs, (b + 1) * bin_fs); the holds that reach beyond
        the makespan count too. bin_fs is the smallest power of two for which n_bins bins cover every hold.
    firings : structured array (FIRING_DTYPE) or None
        Every firing, ordered by (actor, firing), if asked for; begin_fs is that of its first visit.
    """

    makespan_fs: int
    n_visits: int
    fired: I64
    busy_fs: I64
    wait_fs: I64
    stall_input_fs: I64
    stall_room_fs: I64
    first_begin_fs: I64
    last_end_fs: I64
    iteration_begin_fs: I64
    iteration_end_fs: I64
    peak_tokens: I64
    peak_bytes: I64
    critical_path: NDArray[np.void]
    bin_fs: int
    busy_bins: I64
    firings: NDArray[np.void] | None = None

    def differences(self, other: EngineResult) -> list[str]:
        """Names of the fields in which two results differ, with the first difference; empty if identical."""
        found = []
        for f in fields(self):
            mine, theirs = getattr(self, f.name), getattr(other, f.name)
            if isinstance(mine, np.ndarray) and isinstance(theirs, np.ndarray):
                if mine.shape != theirs.shape:
                    found.append(f"{f.name}: shape {mine.shape} and {theirs.shape}")
                elif not np.array_equal(mine, theirs):
                    index = tuple(int(i) for i in np.argwhere(mine != theirs)[0])
                    found.append(f"{f.name}{list(index)}: {mine[index]} and {theirs[index]}")
            elif (mine is None) != (theirs is None) or (mine is not None and mine != theirs):
                found.append(f"{f.name}: {mine} and {theirs}")
        return found
