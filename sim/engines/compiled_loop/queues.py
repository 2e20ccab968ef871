"""Resources that keep a queue: who is next, and the search for requests that can be granted.

A queue is a few lanes, each first come, first served: one lane (FCFS), one per priority in ascending order
(PRIORITY), or one per actor in the order of their index (ROUND_ROBIN).
"""

from __future__ import annotations

from .begin import RESOURCE, begin_visit, note_change
from .heap import pop, push
from .kernel import kernel
from .state import State


@kernel
def link_of(s: State, i: int, x: int) -> int:
    """Where flight i keeps the next in the lane that it joined for group member x."""
    return i * s.clock[0].group_size + x - s.visits[s.flights[i].visit].group_start


@kernel
def member(s: State, i: int, r: int) -> int:
    """The group member of the current visit of flight i that is resource r."""
    x = s.visits[s.flights[i].visit].group_start
    while s.group[x] != r:
        x += 1
    return x


@kernel
def join(s: State, i: int) -> None:
    """Flight i lines up at every resource of its visit."""
    visit = s.visits[s.flights[i].visit]
    s.flights[i].ready = 0
    for x in range(visit.group_start, visit.group_end):
        r = s.group[x]
        lane = s.lanes[s.group_lane[x]]
        s.links[link_of(s, i, x)] = -1
        if lane.head < 0:
            lane.head = i
        else:
            s.links[link_of(s, lane.tail, member(s, lane.tail, r))] = i
        lane.tail = i
        s.resources[r].n_waiting += 1
        note_change(s, r)


@kernel
def leave(s: State, i: int) -> None:
    """Flight i, first in all its lanes, is served."""
    visit = s.visits[s.flights[i].visit]
    for x in range(visit.group_start, visit.group_end):
        resource = s.resources[s.group[x]]
        lane = s.lanes[s.group_lane[x]]
        lane.head = s.links[link_of(s, i, x)]
        resource.last_lane = s.group_lane[x]
        resource.n_waiting -= 1
        resource.n_free -= 1


@kernel
def next_served(s: State, r: int) -> int:
    """The flight that resource r would serve now; -1 if no server is free or nobody waits."""
    resource = s.resources[r]
    if resource.n_free == 0 or resource.n_waiting == 0:
        return -1
    lane = resource.lane_start
    if resource.cyclic:
        lane = resource.last_lane
        while True:
            lane += 1
            if lane == resource.lane_end:
                lane = resource.lane_start
            if s.lanes[lane].head >= 0:
                break
    else:
        while s.lanes[lane].head < 0:
            lane += 1
    return s.lanes[lane].head


@kernel
def consider(s: State, r: int) -> None:
    """If the request that resource r would serve can be granted, note it."""
    i = next_served(s, r)
    if i < 0 or s.flights[i].ready:
        return
    visit = s.visits[s.flights[i].visit]
    for x in range(visit.group_start, visit.group_end):
        if next_served(s, s.group[x]) != i:
            return
    s.flights[i].ready = 1
    push(s.ready, s.clock[0].n_ready, s.flights[i].key, i)
    s.clock[0].n_ready += 1


@kernel
def waited_for(s: State, v: int) -> int:
    """Node of the visit that freed a server at this instant, or else of the one that stood before in a queue."""
    now = s.clock[0].now
    start = s.visits[v].group_start
    end = s.visits[v].group_end
    for x in range(start, end):
        if s.resources[s.group[x]].freed_at == now:
            return s.resources[s.group[x]].freed_node
    for x in range(start, end):
        if s.resources[s.group[x]].granted_at == now:
            return s.resources[s.group[x]].granted_node
    return -1


@kernel
def grant(s: State, i: int) -> None:
    """The visit that flight i waits for begins now."""
    now = s.clock[0].now
    flight = s.flights[i]
    v = flight.visit
    cause = flight.cause
    parent = flight.parent
    if now > flight.request:
        cause = RESOURCE
        parent = waited_for(s, v)
    leave(s, i)
    node = begin_visit(s, i, now, cause, parent)
    for x in range(s.visits[v].group_start, s.visits[v].group_end):
        resource = s.resources[s.group[x]]
        resource.granted_at = now
        resource.granted_node = node
        note_change(s, s.group[x])


@kernel
def search_queues(s: State) -> None:
    """Grant requests, the smallest (actor, firing, visit) first, until none can be granted."""
    clock = s.clock[0]
    while clock.n_changed > 0:
        for x in range(clock.n_changed):
            s.resources[s.changed[x]].changed = 0
            consider(s, s.changed[x])
        clock.n_changed = 0
        if clock.n_ready > 0:
            i = s.ready[0].code
            pop(s.ready, clock.n_ready)
            clock.n_ready -= 1
            grant(s, i)
