"""Resources that need no queue: whoever asks learns at once when it begins."""

from __future__ import annotations

import heapq
from typing import Protocol

from ..program import Program
from .reference_state import Visit, part_of
from .result import Cause


class Servers(Protocol):
    """The servers of one resource, each booked until some time."""

    def free_fs(self, visit: Visit, x: int) -> int:
        """When one is free for the x-th resource of a visit, which asks now."""

    def booked_by(self, visit: Visit, x: int) -> Visit | None:
        """Who books it until then."""

    def book(self, visit: Visit, x: int, end_fs: int, by: Visit) -> None:
        """Book it on to `end_fs`."""


class Pool:
    """Any server will do: some are free, the others by the ends of their bookings."""

    def __init__(self, n: int) -> None:
        self.n_free = n
        self.busy: list[tuple[int, tuple[int, int, int], Visit]] = []
        """A heap by (end, actor, firing, visit)."""

    def free_fs(self, visit: Visit, x: int) -> int:
        while self.busy and self.busy[0][0] <= visit.request_fs:
            heapq.heappop(self.busy)
            self.n_free += 1
        return visit.request_fs if self.n_free else self.busy[0][0]

    def booked_by(self, visit: Visit, x: int) -> Visit | None:
        return None if self.n_free else self.busy[0][-1]

    def book(self, visit: Visit, x: int, end_fs: int, by: Visit) -> None:
        if self.n_free:
            self.n_free -= 1
        else:
            heapq.heappop(self.busy)
        heapq.heappush(self.busy, (end_fs, by.order, by))


class InTurn:
    """A bank set: the firing says which server each of its visits takes."""

    def __init__(self, n: int) -> None:
        self.until_fs = [0] * n
        self.by: list[Visit | None] = [None] * n

    def _server(self, visit: Visit, x: int) -> int:
        step = visit.step
        return (step.turn_offset + visit.firing * step.turn_step + x) % len(self.until_fs)

    def free_fs(self, visit: Visit, x: int) -> int:
        return max(visit.request_fs, self.until_fs[self._server(visit, x)])

    def booked_by(self, visit: Visit, x: int) -> Visit | None:
        return self.by[self._server(visit, x)]

    def book(self, visit: Visit, x: int, end_fs: int, by: Visit) -> None:
        server = self._server(visit, x)
        self.until_fs[server], self.by[server] = end_fs, by


class Bookings:
    """First come, first served without a queue: every server is booked until some time."""

    def __init__(self, program: Program) -> None:
        in_turn = {r for v in range(program.n_visits) if program.visit_turn_step[v] for r in program.group(v)}
        self.servers: list[Servers] = [
            InTurn(n) if r in in_turn else Pool(n) for r, n in enumerate(program.resource_servers.tolist())
        ]

    def book(self, visit: Visit) -> int:
        """Book one server of each resource of the visit and return when it begins."""
        asked = visit.cause, visit.parent
        servers = [self.servers[r] for r in visit.step.resources]
        frees_fs = [of.free_fs(visit, x) for x, of in enumerate(servers)]
        begin_fs = max(frees_fs, default=visit.request_fs)
        if begin_fs > visit.request_fs:
            last = frees_fs.index(begin_fs)
            visit.cause, visit.parent = Cause.RESOURCE, servers[last].booked_by(visit, last)
        for x, (of, free_fs, own_fs) in enumerate(zip(servers, frees_fs, visit.step.holds_fs, strict=True)):
            start_fs = free_fs if visit.step.spread else begin_fs
            by = visit
            if start_fs < begin_fs:
                waited = Cause.RESOURCE, of.booked_by(visit, x)
                by = part_of(visit, start_fs, *(asked if start_fs == visit.request_fs else waited))
            of.book(visit, x, start_fs + (own_fs or visit.hold_fs), by)
            visit.starts_fs.append(start_fs)
        return begin_fs
