"""Resources that keep a queue: who is served next, and the search for requests that can be granted."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterator
from itertools import count
from typing import Protocol

from ..program import Arbitration, Program
from .reference_state import Visit, part_of
from .result import Cause


class Queue(Protocol):
    """The requests that wait for one resource, pushed in the order (time, actor, firing, visit)."""

    def push(self, visit: Visit) -> None: ...

    def first(self) -> Visit | None:
        """The request to be served next."""

    def pop(self) -> None:
        """Remove that request: it is served."""


class OldestFirst:
    """First come, first served."""

    def __init__(self) -> None:
        self.waiting: deque[Visit] = deque()

    def push(self, visit: Visit) -> None:
        self.waiting.append(visit)

    def first(self) -> Visit | None:
        return self.waiting[0] if self.waiting else None

    def pop(self) -> None:
        self.waiting.popleft()


class OldestInferenceFirst:
    """The smallest iteration first, then first come."""

    def __init__(self) -> None:
        self.waiting: list[tuple[int, int, Visit]] = []
        self.pushed = count()

    def push(self, visit: Visit) -> None:
        heapq.heappush(self.waiting, (visit.iteration, next(self.pushed), visit))

    def first(self) -> Visit | None:
        return self.waiting[0][-1] if self.waiting else None

    def pop(self) -> None:
        heapq.heappop(self.waiting)


class RoundRobin:
    """The streams in turn, each with its oldest request."""

    def __init__(self, n_streams: int) -> None:
        self.n_streams = n_streams
        self.last_served = -1
        self.waiting: dict[int, deque[Visit]] = {}

    def push(self, visit: Visit) -> None:
        self.waiting.setdefault(visit.step.stream, deque()).append(visit)

    def first(self) -> Visit | None:
        if not self.waiting:
            return None
        return self.waiting[min(self.waiting, key=lambda s: (s - self.last_served - 1) % self.n_streams)][0]

    def pop(self) -> None:
        visit = self.first()
        assert visit is not None
        self.last_served = visit.step.stream
        self.waiting[self.last_served].popleft()
        if not self.waiting[self.last_served]:
            del self.waiting[self.last_served]


class QueuedResource:
    """Free servers, who waits for one, and the latest events, from which causes are told."""

    def __init__(self, servers: int, queue: Queue) -> None:
        self.n_free = servers
        self.queue = queue
        self.freed_fs = -1
        self.freed_by: Visit | None = None
        self.granted_fs = -1
        self.granted: Visit | None = None

    def next(self) -> Visit | None:
        """The request that would be served now, if a server is free."""
        return self.queue.first() if self.n_free else None

    def serve(self, by: Visit, now_fs: int) -> None:
        """Serve that request; `by` is the visit that what follows is put down to."""
        self.queue.pop()
        self.n_free -= 1
        self.granted_fs, self.granted = now_fs, by

    def free(self, by: Visit, now_fs: int) -> None:
        """A server comes free that `by` held."""
        self.n_free += 1
        if self.freed_fs < now_fs or self.freed_by is None or by.order < self.freed_by.order:
            self.freed_fs, self.freed_by = now_fs, by


class Queues:
    """All queued resources, and the search for requests that can be granted.

    Parameters
    ----------
    begin : callable
        Called with each visit at the instant of its begin.
    hold : callable
        Called with a resource that is held from now on, for how long, and by whom.
    """

    def __init__(
        self, program: Program, begin: Callable[[Visit], None], hold: Callable[[int, int, Visit], None]
    ) -> None:
        self.begin = begin
        self.hold = hold
        self.resources = {
            r: QueuedResource(int(program.resource_servers[r]), _queue(program, r))
            for r in range(program.n_resources)
            if program.resource_queued[r]
        }
        self.changed: set[int] = set()
        """Resources in whose queue or servers something changed since the last search."""

    def join(self, visit: Visit) -> None:
        """Line up at every resource of the visit."""
        visit.n_missing = len(visit.step.resources)
        visit.starts_fs = [-1] * visit.n_missing
        for r in visit.step.resources:
            self.resources[r].queue.push(visit)
            self.changed.add(r)

    def free(self, r: int, by: Visit, now_fs: int) -> None:
        """A server of resource r comes free that `by` held."""
        self.resources[r].free(by, now_fs)
        self.changed.add(r)

    def search(self, now_fs: int) -> None:
        """Grant requests, the smallest (actor, firing, visit) first, until none can be granted."""
        while grantable := {visit.order: visit for visit in self._heads() if self._grantable(visit)}:
            visit = grantable[min(grantable)]
            if visit.step.spread:
                self._grant_parts(visit, now_fs)
            else:
                self._grant(visit, now_fs)
        self.changed.clear()

    def _heads(self) -> Iterator[Visit]:
        for r in self.changed:
            visit = self.resources[r].next()
            if visit is not None:
                yield visit

    def _grantable(self, visit: Visit) -> bool:
        """Whether all resources of a visit would serve it; of a spread one, one is enough."""
        return visit.step.spread or all(self.resources[r].next() is visit for r in visit.step.resources)

    def _grant(self, visit: Visit, now_fs: int) -> None:
        resources = [self.resources[r] for r in visit.step.resources]
        if now_fs > visit.request_fs:
            visit.cause, visit.parent = Cause.RESOURCE, _waited_for(resources, now_fs)
        for x, resource in enumerate(resources):
            resource.serve(visit, now_fs)
            visit.starts_fs[x] = now_fs
        self.changed.update(visit.step.resources)
        self.begin(visit)
        for r in visit.step.resources:
            self.hold(r, visit.hold_fs, visit)

    def _grant_parts(self, visit: Visit, now_fs: int) -> None:
        """Grant a spread visit all that it can get, each for itself; it begins with the last."""
        for x, r in enumerate(visit.step.resources):
            resource = self.resources[r]
            if resource.next() is not visit:
                continue
            cause, parent = visit.cause, visit.parent
            if now_fs > visit.request_fs:
                cause, parent = Cause.RESOURCE, _waited_for([resource], now_fs)
            visit.n_missing -= 1
            visit.starts_fs[x] = now_fs
            by = visit
            if visit.n_missing:
                by = part_of(visit, now_fs, cause, parent)
            else:
                visit.cause, visit.parent = cause, parent
                self.begin(visit)
            resource.serve(by, now_fs)
            self.changed.add(r)
            self.hold(r, visit.step.holds_fs[x] or visit.hold_fs, by)


def _waited_for(resources: list[QueuedResource], now_fs: int) -> Visit | None:
    """The visit that freed a server now, or else the one that stood before in a queue."""
    for resource in resources:
        if resource.freed_fs == now_fs:
            return resource.freed_by
    return next(resource.granted for resource in resources if resource.granted_fs == now_fs)


def _queue(program: Program, r: int) -> Queue:
    arbitration = program.resource_arbitration[r]
    if arbitration == Arbitration.ROUND_ROBIN:
        return RoundRobin(1 + int(program.actor_stream.max()))
    return OldestInferenceFirst() if arbitration == Arbitration.AGE else OldestFirst()
