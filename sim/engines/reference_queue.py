"""Resources that keep a queue: arbitration, visits of several resources, and blocking after service."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Protocol

from ..program import Arbitration, Program
from .reference_state import Visit
from .result import Cause


class Queue(Protocol):
    """The requests that wait for one resource, pushed in the order (time, actor, firing, visit)."""

    def push(self, visit: Visit) -> None: ...

    def first(self) -> Visit | None:
        """The request to be served next."""

    def pop(self) -> None:
        """Remove that request: it is served."""

    def __iter__(self) -> Iterator[Visit]:
        """All requests, in no particular order."""


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

    def __iter__(self) -> Iterator[Visit]:
        return iter(self.waiting)


class LowestPriorityFirst:
    """The smallest `priority` first, then first come."""

    def __init__(self) -> None:
        self.waiting: list[tuple[int, int, tuple[int, int, int], Visit]] = []

    def push(self, visit: Visit) -> None:
        heapq.heappush(self.waiting, (visit.step.priority, visit.request_fs, visit.order, visit))

    def first(self) -> Visit | None:
        return self.waiting[0][-1] if self.waiting else None

    def pop(self) -> None:
        heapq.heappop(self.waiting)

    def __iter__(self) -> Iterator[Visit]:
        return (visit for *_, visit in self.waiting)


class RoundRobin:
    """The actors in turn, each with its oldest request."""

    def __init__(self, n_actors: int) -> None:
        self.n_actors = n_actors
        self.last_served = -1
        self.waiting: dict[int, deque[Visit]] = {}

    def push(self, visit: Visit) -> None:
        self.waiting.setdefault(visit.actor, deque()).append(visit)

    def first(self) -> Visit | None:
        if not self.waiting:
            return None
        return self.waiting[min(self.waiting, key=lambda a: (a - self.last_served - 1) % self.n_actors)][0]

    def pop(self) -> None:
        visit = self.first()
        assert visit is not None
        self.last_served = visit.actor
        self.waiting[visit.actor].popleft()
        if not self.waiting[visit.actor]:
            del self.waiting[visit.actor]

    def __iter__(self) -> Iterator[Visit]:
        return chain.from_iterable(self.waiting.values())


class QueuedResource:
    """Free servers, who waits for one, and the latest events, from which causes are told."""

    def __init__(self, servers: int, queue: Queue) -> None:
        self.n_free = servers
        self.queue = queue
        self.holders: list[Visit] = []
        self.freed_fs = -1
        self.freed_by: Visit | None = None
        self.granted_fs = -1
        self.granted: Visit | None = None

    def next(self) -> Visit | None:
        """The request that would be served now, if a server is free."""
        return self.queue.first() if self.n_free else None


class Queues:
    """All queued resources, and the search for requests that can be granted.

    Parameters
    ----------
    begin : callable
        Called with each visit that is granted, at the instant of its begin.
    """

    def __init__(self, program: Program, begin: Callable[[Visit], None]) -> None:
        self.begin = begin
        self.resources = {
            r: QueuedResource(int(program.resource_servers[r]), _queue(program, r))
            for r in range(program.n_resources)
            if program.resource_queued[r]
        }
        self.changed: set[int] = set()
        """Resources in whose queue or servers something changed since the last search."""

    def join(self, visit: Visit) -> None:
        """Line up at every resource of the visit."""
        for r in visit.step.resources:
            self.resources[r].queue.push(visit)
            self.changed.add(r)

    def free(self, held: Visit, by: Visit, now_fs: int) -> None:
        """Free the servers that `held` occupies; `by` is the visit that this is put down to."""
        for r in held.step.resources:
            resource = self.resources[r]
            resource.n_free += 1
            resource.holders.remove(held)
            if resource.freed_fs < now_fs or resource.freed_by is None or by.order < resource.freed_by.order:
                resource.freed_fs, resource.freed_by = now_fs, by
            self.changed.add(r)

    def search(self, now_fs: int) -> None:
        """Grant requests, the smallest (actor, firing, visit) first, until none can be granted."""
        while grantable := {visit.order: visit for visit in self._heads() if self._grantable(visit)}:
            self._grant(grantable[min(grantable)], now_fs)
        self.changed.clear()

    def _heads(self) -> Iterator[Visit]:
        for r in self.changed:
            visit = self.resources[r].next()
            if visit is not None:
                yield visit

    def _grantable(self, visit: Visit) -> bool:
        return all(self.resources[r].next() is visit for r in visit.step.resources)

    def _grant(self, visit: Visit, now_fs: int) -> None:
        resources = [self.resources[r] for r in visit.step.resources]
        if now_fs > visit.request_fs:
            visit.cause, visit.parent = Cause.RESOURCE, _waited_for(resources, now_fs)
        for resource in resources:
            resource.queue.pop()
            resource.n_free -= 1
            resource.holders.append(visit)
            resource.granted_fs, resource.granted = now_fs, visit
        self.changed.update(visit.step.resources)
        self.begin(visit)

    def blocked(self) -> tuple[dict[int, list[int]], dict[int, int]]:
        """Who holds what and who waits for what, for `deadlock.explain`, when nothing more can happen.

        Returns
        -------
        held_by : dict of resource to the actors that keep its servers, or to the next one if a server is free
        waiting : dict of actor to the first resource that its oldest waiting visit cannot get
        """
        held_by: dict[int, list[int]] = {}
        oldest: dict[int, Visit] = {}
        for r, resource in self.resources.items():
            first = resource.next()
            held_by[r] = [first.actor] if first else [visit.actor for visit in resource.holders]
            for visit in resource.queue:
                other = oldest.setdefault(visit.actor, visit)
                if (visit.request_fs, visit.order) < (other.request_fs, other.order):
                    oldest[visit.actor] = visit
        waiting = {
            actor: next(r for r in visit.step.resources if self.resources[r].next() is not visit)
            for actor, visit in oldest.items()
        }
        return held_by, waiting


def _waited_for(resources: list[QueuedResource], now_fs: int) -> Visit | None:
    """The visit that freed a server now, or else the one that stood before in a queue."""
    for resource in resources:
        if resource.freed_fs == now_fs:
            return resource.freed_by
    return next(resource.granted for resource in resources if resource.granted_fs == now_fs)


def _queue(program: Program, r: int) -> Queue:
    arbitration = program.resource_arbitration[r]
    if arbitration == Arbitration.PRIORITY:
        return LowestPriorityFirst()
    if arbitration == Arbitration.ROUND_ROBIN:
        return RoundRobin(program.n_actors)
    return OldestFirst()
