"""Numbers over time beside the slices: power, queues, link loads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..engines.result import EngineResult
from ..metrics.busy import busy_times
from ..metrics.series import time_series
from ..metrics.stalls import is_link
from ..program import F64, I64, Program


@dataclass(frozen=True, eq=False)
class Counter:
    """A number that changes at some instants and keeps its value in between.

    Parameters
    ----------
    group, name, unit : str
    time_fs : I64, shape (n,)
        Ascending.
    value : F64, shape (n,)
        From each instant on.
    """

    group: str
    name: str
    unit: str
    time_fs: I64
    value: F64


def counters(
    program: Program, result: EngineResult, visits: NDArray[np.void], slices: NDArray[np.void]
) -> list[Counter]:
    """Power, then link loads (both means over the engine's time bins), then queues (exact)."""
    return [_power(program, result), *_loads(program, result), *_queues(program, visits, slices)]


def _power(program: Program, result: EngineResult) -> Counter:
    still = sum(watts for _, watts in program.static_power_w)
    one = np.array(time_series(program, result, busy_times(program, result)).power_w)
    power = still + (one - still) * len(result.iteration_end_fs)
    time_fs = np.arange(len(power) + 1, dtype=np.int64) * result.bin_fs
    time_fs[-1] = result.makespan_fs
    return Counter("power", "power", "W", *_changes(time_fs, np.array([*power, 0.0])))


def _loads(program: Program, result: EngineResult) -> Iterator[Counter]:
    """Busy share of every link in per cent."""
    busy = busy_times(program, result)
    starts = np.arange(len(busy.width_fs) + 1, dtype=np.int64) * result.bin_fs
    starts[-1] = result.makespan_fs
    for r, klass in enumerate(program.resource_class):
        if is_link(klass) and busy.bins_fs[r].any():
            share = 100 * busy.bins_fs[r] / (busy.width_fs * program.resource_servers[r])
            values = np.append(np.round(share, 1), 0.0)
            yield Counter("link load", program.resource_name[r], "%", *_changes(starts, values))


def _queues(program: Program, visits: NDArray[np.void], slices: NDArray[np.void]) -> Iterator[Counter]:
    """Visits that wait for each resource."""
    asked = visits["request_fs"][slices["row"]]
    waited = (slices["start_fs"] > asked) & (slices["resource"] < program.n_resources)
    for r in np.unique(slices["resource"][waited]).tolist():
        mine = waited & (slices["resource"] == r)
        times = np.concatenate([asked[mine], slices["start_fs"][mine]])
        steps = np.concatenate([np.ones(mine.sum(), np.int64), -np.ones(mine.sum(), np.int64)])
        instants, at = np.unique(times, return_inverse=True)
        change = np.zeros(len(instants), np.int64)
        np.add.at(change, at, steps)
        length = np.cumsum(change).astype(np.float64)
        yield Counter("queue", program.resource_name[r], "visits", *_changes(instants, length))


def _changes(time_fs: I64, value: F64) -> tuple[I64, F64]:
    """Only the instants at which the value changes."""
    kept = np.append(True, np.diff(value) != 0)
    return time_fs[kept], value[kept]
