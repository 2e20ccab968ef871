"""What the reference engine notes down while it runs, and the EngineResult it makes of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..errors import SimulationError
from ..program import I64, Program
from .reference_state import Actor, Channel, Store, Visit
from .result import FIRING_DTYPE, PATH_DTYPE, Cause, EngineResult


class Bins:
    """Busy time of each visit in equal bins of time, merged by twos whenever a hold reaches past the last."""

    def __init__(self, n_visits: int, n_bins: int) -> None:
        self.bin_fs = 1
        self.n_bins = n_bins
        self.busy_fs = np.zeros((n_visits, n_bins), np.int64)

    def add(self, v: int, begin_fs: int, end_fs: int) -> None:
        """Count the hold of visit v from `begin_fs` to `end_fs`."""
        while end_fs > self.bin_fs * self.n_bins:
            self._widen()
        width = self.bin_fs
        first, last = begin_fs // width, (end_fs - 1) // width
        if first == last:
            self.busy_fs[v, first] += end_fs - begin_fs
            return
        self.busy_fs[v, first] += (first + 1) * width - begin_fs
        self.busy_fs[v, first + 1 : last] += width
        self.busy_fs[v, last] += end_fs - last * width

    def _widen(self) -> None:
        """Merge the bins by twos."""
        self.bin_fs *= 2
        evens, odds = self.busy_fs[:, ::2], self.busy_fs[:, 1::2]
        merged = np.zeros_like(self.busy_fs)
        merged[:, : evens.shape[1]] = evens
        merged[:, : odds.shape[1]] += odds
        self.busy_fs = merged


class Record:
    """Sums over a run. The times of firings are kept only on request."""

    def __init__(
        self,
        program: Program,
        iterations: int,
        n_bins: int,
        keep_firings: bool,
        keep_path: bool,
        observe: Callable[[Visit], None] | None = None,
    ) -> None:
        self.observe = observe
        self.keep_path = keep_path
        self.n_visits = 0
        self.busy_fs = [0] * program.n_visits
        self.wait_fs = [0] * program.n_visits
        self.stall_input_fs = [0] * program.n_channels
        self.stall_room_fs = [0] * program.n_channels
        self.first_begin_fs = [-1] * program.n_actors
        self.last_end_fs = [0] * program.n_actors
        self.iteration_begin_fs = [-1] * iterations
        self.iteration_end_fs = [0] * iterations
        self.bins = Bins(program.n_visits, n_bins)
        self.firings: list[list[int]] | None = [] if keep_firings else None
        """Rows of FIRING_DTYPE in the order of their ends."""

    def issue(self, actor: Actor, firing: int, now_fs: int, free_to_go_fs: int) -> None:
        """A firing is issued that could have been at `free_to_go_fs`, had it had its tokens and its room."""
        cause, channel, _ = actor.reason
        if cause == Cause.TOKEN:
            self.stall_input_fs[channel] += now_fs - free_to_go_fs
        elif cause == Cause.ROOM:
            self.stall_room_fs[channel] += now_fs - free_to_go_fs
        i, j = divmod(firing, actor.firings)
        if j == 0 and (self.iteration_begin_fs[i] < 0 or now_fs < self.iteration_begin_fs[i]):
            self.iteration_begin_fs[i] = now_fs

    def begin(self, visit: Visit) -> None:
        """A visit knows its begin."""
        v = visit.step.index
        self.n_visits += 1
        self.busy_fs[v] += visit.hold_fs
        self.wait_fs[v] += visit.begin_fs - visit.request_fs
        self.bins.add(v, visit.begin_fs, visit.hold_end_fs)
        if visit.firing == 0 and visit.step.position == 0:
            self.first_begin_fs[visit.actor] = visit.begin_fs
        if self.observe is not None:
            self.observe(visit)

    def wait_in_network(self, visit: Visit, time_fs: int) -> None:
        """What a visit took in the network beyond its time on an empty one."""
        self.wait_fs[visit.step.index] += time_fs

    def end(self, actor: Actor, firing: int, issue_fs: int, begin_fs: int, end_fs: int) -> None:
        """A firing ends."""
        self.last_end_fs[actor.index] = end_fs
        i, j = divmod(firing, actor.firings)
        if j == actor.firings - 1:
            self.iteration_end_fs[i] = max(self.iteration_end_fs[i], end_fs)
        if self.firings is not None:
            self.firings.append([actor.index, firing, issue_fs, begin_fs, end_fs])

    def result(self, actors: list[Actor], channels: list[Channel], stores: list[Store]) -> EngineResult:
        """The result of a run that came to its end."""
        makespan_fs = max(self.last_end_fs)
        last = actors[self.last_end_fs.index(makespan_fs)].steps[-1].latest
        try:
            return EngineResult(
                makespan_fs=makespan_fs,
                n_visits=self.n_visits,
                fired=np.array([actor.ended.value for actor in actors], np.int64),
                busy_fs=np.array(self.busy_fs, np.int64),
                wait_fs=np.array(self.wait_fs, np.int64),
                stall_input_fs=np.array(self.stall_input_fs, np.int64),
                stall_room_fs=np.array(self.stall_room_fs, np.int64),
                first_begin_fs=np.array(self.first_begin_fs, np.int64),
                last_end_fs=np.array(self.last_end_fs, np.int64),
                iteration_begin_fs=np.array(self.iteration_begin_fs, np.int64),
                iteration_end_fs=np.array(self.iteration_end_fs, np.int64),
                peak_tokens=np.array([channel.peak for channel in channels], np.int64),
                peak_bytes=np.array([store.peak_bytes for store in stores], np.int64),
                critical_path=_critical_path(last) if self.keep_path else np.zeros(0, PATH_DTYPE),
                bin_fs=self.bins.bin_fs,
                busy_bins=self.bins.busy_fs,
                firings=self._firings(),
            )
        except OverflowError as error:
            raise SimulationError("a sum of times does not fit in 64 bits; run fewer iterations") from error

    def _firings(self) -> NDArray[np.void] | None:
        if self.firings is None:
            return None
        table: I64 = np.array(self.firings, np.int64)
        table = table[np.lexsort((table[:, 1], table[:, 0]))]
        result = np.empty(len(table), FIRING_DTYPE)
        for column, name in enumerate(FIRING_DTYPE.names or ()):
            result[name] = table[:, column]
        return result


def _critical_path(last: Visit | None) -> NDArray[np.void]:
    """Back from the last visit through the parents, turned into the order of time."""
    pieces: list[tuple[int, int, int, int, int]] = []
    visit = last
    while visit is not None:
        pieces.append((visit.actor, visit.firing, visit.step.index, int(visit.cause), visit.begin_fs))
        visit = visit.parent
    if pieces[-1][-1] > 0:
        pieces.append((-1, -1, -1, pieces[-1][3], 0))
    return np.array(pieces[::-1], PATH_DTYPE)
