"""Bounds that every run must respect, computed from the Program alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from heapq import heapify, heappop, heappush

import numpy as np

from ..program import Program


@dataclass(frozen=True)
class Bounds:
    """Limits of the makespan of one inference that arrives at time 0.

    Parameters
    ----------
    busiest_resource_fs : int
        No resource can do its work faster: total hold time / servers, less what the last hold may outlast its
        data.
    busiest_resource : str
        The resource that sets it ("" if the program has none).
    longest_chain_fs : int
        No result can be there before what it depends on: chains of visits along the channels, with every
        resource always free.
    serial_fs : int
        Everything one after the other: as long as something is left to do, at least one visit holds its
        resource or advances.
    """

    busiest_resource_fs: int
    busiest_resource: str
    longest_chain_fs: int
    serial_fs: int


def bounds(program: Program) -> Bounds:
    """All three bounds of one inference."""
    times = _VisitTimes(program)
    busiest, name = _busiest_resource(program, times)
    return Bounds(busiest, name, _longest_chain(program, times), _serial(program, times))


class _VisitTimes:
    """Sums and extremes of the schedules, each looked up once."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.schedule = lru_cache(maxsize=None)(program.schedule)
        self.values = lru_cache(maxsize=256)(lambda index, n: self.schedule(index).values(n))
        self.total = lru_cache(maxsize=None)(self._total)
        self.outlast = lru_cache(maxsize=None)(self._outlast)
        self.serial = lru_cache(maxsize=None)(self._serial)

    def _total(self, index: int, n: int) -> int:
        """Sum of the schedule over n firings."""
        return self.program.schedule(index).total(n)

    def _outlast(self, hold: int, advance: int, n: int) -> int:
        """Most that a hold reaches beyond the advance of the same visit."""
        if hold == advance:
            return 0
        return max(0, int((self.values(hold, n) - self.values(advance, n)).max()))

    def _serial(self, hold: int, advance: int, n: int) -> int:
        """Sum over n firings of the longer of hold and advance."""
        if hold == advance:
            return self.total(hold, n)
        return int(np.maximum(self.values(hold, n), self.values(advance, n)).sum())


def _busiest_resource(program: Program, times: _VisitTimes) -> tuple[int, str]:
    work = [0] * program.n_resources
    outlast = [0] * program.n_resources
    own_fs = iter(program.visit_resource_hold_fs.tolist())
    for n, hold, advance, resources in _visits(program):
        for r, own in zip(resources, own_fs, strict=False):
            work[r] += n * own or times.total(hold, n)
            outlast[r] = max(outlast[r], times.outlast(hold, advance, n))
    # On each server holds follow each other; the last began at least its advance before the end of the run.
    least = [-(-w // int(c)) - o for w, c, o in zip(work, program.resource_servers, outlast, strict=True)]
    if not least:
        return 0, ""
    best = max(range(len(least)), key=lambda r: (least[r], -r))
    return max(0, least[best]), program.resource_name[best]


def _longest_chain(program: Program, times: _VisitTimes) -> int:
    """Longest chain of dependencies through the first and the last firing of every actor."""
    chain = _Chain(program, times)
    for a in _order(program, lambda c: chain.need[c] > 0):
        chain.begin_first(a)
    for a in _order(program, lambda c: chain.last_need[c] == program.actor_firings[program.channel_src[c]]):
        chain.end_last(a)
    return max(chain.end.values(), default=0)


class _Chain:
    """Earliest begin of each actor's first firing and end of its last, with every resource always free."""

    def __init__(self, program: Program, times: _VisitTimes) -> None:
        self.program, self.times = program, times
        self.need = [program.schedule_value(int(s), 0) for s in program.channel_need]
        self.last_need = [
            program.schedule_value(int(s), int(program.actor_firings[dst]) - 1)
            for s, dst in zip(program.channel_need, program.channel_dst, strict=True)
        ]
        self.begin: dict[int, int] = {}
        self.end: dict[int, int] = {}

    def begin_first(self, a: int) -> None:
        p = self.program
        inputs = p.in_channel[p.in_start[a] : p.in_start[a + 1]].tolist()
        needed = [(int(p.channel_src[c]), self.need[c]) for c in inputs if self.need[c] > 0]
        self.begin[a] = max((self._token(src, need - 1) for src, need in needed), default=0)

    def end_last(self, a: int) -> None:
        """The last firing ends after all before it, and after the last token went through its chain."""
        p, n = self.program, int(self.program.actor_firings[a])
        chain = self._chain(a, n - 1)
        end = self._token(a, n - 1)
        for c in p.in_channel[p.in_start[a] : p.in_start[a + 1]].tolist():
            src, token = int(p.channel_src[c]), self.last_need[c] - 1
            if token < 0:
                continue
            whole = token == int(p.actor_firings[src]) - 1
            end = max(end, (self.end[src] if whole else self._token(src, token)) + chain)
        self.end[a] = end

    def _token(self, a: int, k: int) -> int:
        """Earliest end of firing k: its slot has been left by those before it, each after its first hold."""
        p = self.program
        hold, slots = int(p.visit_hold[p.actor_visit_start[a]]), int(p.actor_slots[a])
        before = max(0, k - slots + 1)
        entered = -(-self.times.total(hold, before) // slots) if before else 0
        return self.begin[a] + entered + self._chain(a, k)

    def _chain(self, a: int, k: int) -> int:
        p = self.program
        visits = p.visit_advance[p.actor_visit_start[a] : p.actor_visit_start[a + 1]]
        return sum(self.times.schedule(int(s))(k) for s in visits)


def _order(program: Program, counts: Callable[[int], bool]) -> list[int]:
    """Actors so that the producer of every counted channel comes before its consumer."""
    behind: list[set[int]] = [set() for _ in range(program.n_actors)]
    for c in range(program.n_channels):
        if counts(c):
            behind[int(program.channel_src[c])].add(int(program.channel_dst[c]))
    waits = [0] * program.n_actors
    for after in behind:
        for a in after:
            waits[a] += 1
    ready = [a for a, n in enumerate(waits) if n == 0]
    heapify(ready)
    order = []
    while ready:
        order.append(heappop(ready))
        for a in behind[order[-1]]:
            waits[a] -= 1
            if waits[a] == 0:
                heappush(ready, a)
    return order


def _serial(program: Program, times: _VisitTimes) -> int:
    total = 0
    for n, hold, advance, _ in _visits(program):
        total += times.serial(hold, advance, n)
    return total


def _visits(program: Program) -> Iterator[tuple[int, int, int, list[int]]]:
    """Firings, hold and advance schedules, and resources of every visit."""
    rows = zip(
        program.actor_firings[program.visit_actor()].tolist(),
        program.visit_hold.tolist(),
        program.visit_advance.tolist(),
        np.split(program.visit_resource, program.visit_resource_start[1:-1]),
        strict=True,
    )
    for n, hold, advance, resources in rows:
        yield n, hold, advance, resources.tolist()
