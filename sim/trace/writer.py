"""A run as a Perfetto trace, for ui.perfetto.dev.

One track per server of every resource, in groups by class; counters for power, queues and link loads; arrows
from producer to consumer. Perfetto counts whole nanoseconds: begins and ends are rounded down, which keeps
their order, so that slices of one track never overlap. The exact times are noted on each slice in
femtoseconds.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ..engines.visit_log import visit_log
from ..errors import SimulationError
from ..program import I64
from ..progress import Progress
from . import packets
from .counters import Counter, counters
from .flows import flows
from .occupancy import occupancies
from .sink import Sink

if TYPE_CHECKING:
    from ..answers.run import Run
    from ..program import Program

MOST_VISITS = 4_000_000
"""Visits that can be noted one by one; the reference engine takes a minute or so for them."""
N_BINS = 512
"""Time bins of power and link loads."""
FS_PER_NS = 10**6
_REMARKS = 1
"""Track of remarks."""
_END_BYTES = 32
"""Most bytes of the end of a slice."""
_REMARK_BYTES = 4096
"""Room for a remark and for one packet more than fits."""


@dataclass(frozen=True)
class TraceSummary:
    """What went into a trace.

    Parameters
    ----------
    n_slices, n_written : int
        Of the run, and of those in the file.
    n_bytes : int
    makespan_fs, until_fs : int
        The trace ends at `until_fs`; before the makespan if the limit was reached.
    """

    n_slices: int
    n_written: int
    n_bytes: int
    makespan_fs: int
    until_fs: int

    @property
    def is_whole(self) -> bool:
        """Whether everything fitted."""
        return self.n_written == self.n_slices


def write_trace(
    run: Run,
    file: BinaryIO,
    *,
    compress: bool = False,
    limit_bytes: int | None = None,
    progress: Progress | None = None,
) -> TraceSummary:
    """Write what `run` simulated (the requests, the batch, or the one inference) visit by visit.

    The run is simulated again on the reference engine, which can note every visit; both engines agree to the
    femtosecond.

    Parameters
    ----------
    file : BinaryIO
    compress : bool
        As gzip, which ui.perfetto.dev opens as it is.
    limit_bytes : int, optional
        Most bytes of the file: the trace ends before.

    Raises
    ------
    SimulationError
        Too many visits, or a limit that leaves no room for a single slice.
    """
    program = run.program
    n_visits = program.visits_per_iteration * run.batch
    if n_visits > MOST_VISITS:
        raise SimulationError(
            f"trace: found {n_visits:,} visits, expected at most {MOST_VISITS:,}; use a smaller batch"
        )
    told = None if progress is None else (lambda share: progress("trace", share))
    arrivals = None if run.stream is None else run.stream.times_fs
    result, visits, holds = visit_log(program, run.batch, arrivals_fs=arrivals, n_bins=N_BINS, progress=told)
    slices = occupancies(holds)
    trace = _Trace(program, visits, slices, counters(program, result, visits, slices))
    sink = Sink(file, compress=compress)
    trace.write(sink, limit_bytes)
    sink.close()
    until = result.makespan_fs if trace.cut_fs is None else trace.cut_fs
    return TraceSummary(len(slices), trace.n_begun, sink.size, result.makespan_fs, until)


class _Trace:
    """Tracks and events of one trace, and how far it has been written."""

    def __init__(
        self, program: Program, visits: NDArray[np.void], slices: NDArray[np.void], numbers: list[Counter]
    ) -> None:
        self.program, self.visits, self.slices, self.numbers = program, visits, slices, numbers
        self.n_tracks = _REMARKS
        self.slice_track, self.descriptors = self._tracks()
        self.counter_track = self._counter_tracks()
        self.leaving, self.arriving = self._arrows()
        self.begins = self._begins()
        self.values = [
            (track, time_fs, value)
            for track, counter in zip(self.counter_track, numbers, strict=True)
            for time_fs, value in zip(counter.time_fs.tolist(), counter.value.tolist(), strict=True)
        ]
        self.n_begun = 0
        self.cut_fs: int | None = None

    def write(self, sink: Sink, limit_bytes: int | None) -> None:
        """All events in the order of time, until they would exceed the limit."""
        for part in self.descriptors:
            sink.add(part)
        room = math.inf if limit_bytes is None else self._room(sink, limit_bytes)
        n = len(self.slices)
        begun = np.zeros(n, bool)
        times, events = self._events()
        for time_fs, event in zip(times.tolist(), events.tolist(), strict=True):
            time_ns = time_fs // FS_PER_NS
            if n <= event < 2 * n:
                # What has begun is ended, beyond a cut as well.
                if begun[event - n]:
                    sink.add(packets.framed(packets.end(time_ns, self.slice_track[event - n])))
            elif self.cut_fs is None and sink.size > room:
                self.cut_fs = time_fs
                sink.add(packets.framed(packets.instant(time_ns, _REMARKS, "cut here by the size limit")))
            elif self.cut_fs is None and event < n:
                begun[event] = True
                self.n_begun += 1
                sink.add(self._begin(event))
            elif self.cut_fs is None:
                sink.add(self._value(event - 2 * n))

    def _room(self, sink: Sink, limit_bytes: int) -> int:
        """Size at which to cut: the ends of what has begun and a remark must still fit."""
        reserve = _END_BYTES * self.n_tracks + _REMARK_BYTES
        if sink.size + reserve > limit_bytes:
            need = (sink.size + reserve) / 1e6
            raise SimulationError(f"trace limit: the tracks alone take {need:.3g} MB; raise it")
        return limit_bytes - reserve

    def _begin(self, i: int) -> bytes:
        actor, firing, request, start, end = self.begins[i]
        noted = (firing, start, end - start, start - request)
        packet = packets.begin(start // FS_PER_NS, self.slice_track[i], actor, noted)
        packet.track_event.flow_ids.extend(self.leaving.get(i, ()))
        packet.track_event.terminating_flow_ids.extend(self.arriving.get(i, ()))
        return packets.framed(packet)

    def _begins(self) -> list[tuple[int, ...]]:
        """Actor, firing, request, start and end of every slice."""
        of_visit = self.visits[self.slices["row"]]
        columns = [of_visit["actor"], of_visit["firing"], of_visit["request_fs"]]
        columns += [self.slices["start_fs"], self.slices["end_fs"]]
        return list(zip(*(column.tolist() for column in columns), strict=True))

    def _value(self, k: int) -> bytes:
        track, time_fs, number = self.values[k]
        return packets.framed(packets.value(time_fs // FS_PER_NS, track, number))

    def _events(self) -> tuple[I64, I64]:
        """Times and numbers of all events: begin of slice i is i, its end n + i, then values of counters.

        In the order of time; on each track, and for each counter, as they follow each other.
        """
        n = len(self.slices)
        ends = np.stack([self.slices["start_fs"], self.slices["end_fs"]], axis=1).ravel()
        times = np.concatenate([ends, *(counter.time_fs for counter in self.numbers)])
        numbers = np.stack([np.arange(n), n + np.arange(n)], axis=1).ravel()
        numbers = np.concatenate([numbers, 2 * n + np.arange(len(self.values))])
        order = np.argsort(times // FS_PER_NS, kind="stable")
        return times[order], numbers[order]

    def _tracks(self) -> tuple[list[int], list[bytes]]:
        """Track of each slice, and the descriptors of all tracks."""
        program, r_all = self.program, self.program.n_resources
        described = [packets.names(program.actor_name), packets.track(_REMARKS, "remarks")]
        groups: dict[str, int] = {}
        of: dict[tuple[int, int], int] = {}
        pairs = np.unique(np.stack([self.slices["resource"], self.slices["server"]], axis=1), axis=0).tolist()
        servers: dict[int, int] = defaultdict(int)
        for r, _ in pairs:
            servers[r] += 1
        for r, s in pairs:
            klass = program.resource_class[r] if r < r_all else "delay"
            name = program.resource_name[r] if r < r_all else program.actor_name[r - r_all]
            if klass not in groups:
                groups[klass] = self._next()
                described.append(packets.track(groups[klass], klass))
            of[(r, s)] = self._next()
            label = f"{name} [{s}]" if servers[r] > 1 else name
            described.append(packets.track(of[(r, s)], label, groups[klass]))
        tracks = [
            of[pair]
            for pair in zip(self.slices["resource"].tolist(), self.slices["server"].tolist(), strict=True)
        ]
        return tracks, [packets.framed(packet) for packet in described]

    def _counter_tracks(self) -> list[int]:
        groups: dict[str, int] = {}
        tracks = []
        for counter in self.numbers:
            if counter.group not in groups:
                groups[counter.group] = self._next()
                self.descriptors.append(packets.framed(packets.track(groups[counter.group], counter.group)))
            tracks.append(self._next())
            described = packets.track(tracks[-1], counter.name, groups[counter.group], counter.unit)
            self.descriptors.append(packets.framed(described))
        return tracks

    def _arrows(self) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
        """Numbers of the arrows that leave from each slice and that arrive there."""
        shown = np.full(len(self.visits), -1, np.int64)
        # Of the slices of one visit the last to begin stands for it, the lowest resource among equals.
        order = np.lexsort((-self.slices["resource"], self.slices["start_fs"]))
        shown[self.slices["row"][order]] = order
        leaving: dict[int, list[int]] = defaultdict(list)
        arriving: dict[int, list[int]] = defaultdict(list)
        for number, (src, dst) in enumerate(flows(self.program, self.visits), 1):
            leaving[int(shown[src])].append(number)
            arriving[int(shown[dst])].append(number)
        return leaving, arriving

    def _next(self) -> int:
        self.n_tracks += 1
        return self.n_tracks
