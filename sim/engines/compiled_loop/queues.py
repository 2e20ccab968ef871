"""Resources that keep a queue: who is next, and the search for requests that can be granted.

A queue is a few lanes, each first come, first served: one lane (FCFS), one per priority in ascending order
(PRIORITY), or one per actor in the order of their index (ROUND_ROBIN).
"""

from __future__ import annotations

from ...kernels.record_code import kernel
from .access import changed, entrances, event_at, flights, group, lanes, links, resources, visits
from .begin import FIRING_MASK, RESOURCE, begin_visit, note_change
from .heap import pop, push
from .path import entrance
from .state import Head


@kernel
def link_of(s: Head, i: int, x: int) -> int:
    """Where flight i keeps the next in the lane that it joined for group member x."""
    first = visits(s, flights(s, i).visit).group_start
    link: int = i * s.widest_group + x - first
    return link


@kernel
def member(s: Head, i: int, r: int) -> int:
    """The group member of the current visit of flight i that is resource r."""
    x: int = visits(s, flights(s, i).visit).group_start
    while group(s, x).resource != r:
        x += 1
    return x


@kernel
def join(s: Head, i: int) -> None:
    """Flight i lines up at every resource of its visit."""
    visit = visits(s, flights(s, i).visit)
    flights(s, i).ready = 0
    if visit.is_first:
        key = flights(s, i).key
        entrances(s, entrance(s, visit.actor, key & FIRING_MASK)).index = -1
    for x in range(visit.group_start, visit.group_end):
        r = group(s, x).resource
        lane = lanes(s, group(s, x).lane)
        links(s, link_of(s, i, x)).index = -1
        if lane.head < 0:
            lane.head = i
        else:
            links(s, link_of(s, lane.tail, member(s, lane.tail, r))).index = i
        lane.tail = i
        resources(s, r).n_waiting += 1
        note_change(s, r)


@kernel
def leave(s: Head, i: int) -> None:
    """Flight i, first in all its lanes, is served."""
    visit = visits(s, flights(s, i).visit)
    for x in range(visit.group_start, visit.group_end):
        resource = resources(s, group(s, x).resource)
        lane = lanes(s, group(s, x).lane)
        lane.head = links(s, link_of(s, i, x)).index
        resource.last_lane = group(s, x).lane
        resource.n_waiting -= 1
        resource.n_free -= 1


@kernel
def next_served(s: Head, r: int) -> int:
    """The flight that resource r would serve now; -1 if no server is free or nobody waits."""
    resource = resources(s, r)
    if resource.n_free == 0 or resource.n_waiting == 0:
        return -1
    lane = resource.lane_start
    if resource.cyclic:
        lane = resource.last_lane
        while True:
            lane += 1
            if lane == resource.lane_end:
                lane = resource.lane_start
            if lanes(s, lane).head >= 0:
                break
    else:
        while lanes(s, lane).head < 0:
            lane += 1
    head: int = lanes(s, lane).head
    return head


@kernel
def consider(s: Head, r: int) -> None:
    """If the request that resource r would serve can be granted, note it."""
    i = next_served(s, r)
    if i < 0 or flights(s, i).ready:
        return
    visit = visits(s, flights(s, i).visit)
    for x in range(visit.group_start, visit.group_end):
        if next_served(s, group(s, x).resource) != i:
            return
    flights(s, i).ready = 1
    push(s.ready_at, s.n_ready, flights(s, i).key, i)
    s.n_ready += 1


@kernel
def waited_for(s: Head, v: int) -> int:
    """Node of the visit that freed a server at this instant, else of the one that stood before in a queue."""
    now = s.now
    start = visits(s, v).group_start
    end = visits(s, v).group_end
    for x in range(start, end):
        if resources(s, group(s, x).resource).freed_at == now:
            freed: int = resources(s, group(s, x).resource).freed_node
            return freed
    for x in range(start, end):
        if resources(s, group(s, x).resource).granted_at == now:
            granted: int = resources(s, group(s, x).resource).granted_node
            return granted
    return -1


@kernel
def grant(s: Head, i: int) -> None:
    """The visit that flight i waits for begins now."""
    now = s.now
    flight = flights(s, i)
    v = flight.visit
    cause = flight.cause
    parent = flight.parent
    if now > flight.request:
        cause = RESOURCE
        parent = waited_for(s, v)
    leave(s, i)
    node = begin_visit(s, i, now, cause, parent)
    for x in range(visits(s, v).group_start, visits(s, v).group_end):
        resource = resources(s, group(s, x).resource)
        resource.granted_at = now
        resource.granted_node = node
        note_change(s, group(s, x).resource)


@kernel
def search_queues(s: Head) -> None:
    """Grant requests, the smallest (actor, firing, visit) first, until none can be granted."""
    while s.n_changed > 0:
        for x in range(s.n_changed):
            resources(s, changed(s, x).index).changed = 0
            consider(s, changed(s, x).index)
        s.n_changed = 0
        if s.n_ready > 0:
            i = event_at(s.ready_at, 0).code
            pop(s.ready_at, s.n_ready)
            s.n_ready -= 1
            grant(s, i)
