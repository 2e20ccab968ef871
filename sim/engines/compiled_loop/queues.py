"""Resources that keep a queue: who is next, and the search for requests that can be granted.

A queue is a few lanes, each first come, first served: one lane (FCFS), or one per stream in the order of
their numbers (ROUND_ROBIN). By AGE it is one lane where the requests of older inferences stand before others.
"""

from __future__ import annotations

from ...kernels.record_code import kernel
from .access import (
    actors,
    bookings,
    changed,
    cursors,
    entrances,
    event_at,
    flights,
    group,
    lanes,
    links,
    resources,
    table,
    visits,
)
from .begin import FIRING_MASK, RESOURCE, begin_visit, early_node, note_change, schedule_event
from .booking import run_on
from .heap import pop, push
from .path import entrance
from .pools import end_booking, new_booking
from .state import HOLD_END, IN_QUEUE, Head


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
def next_in_lane(s: Head, i: int, r: int) -> int:
    """The flight that stands behind flight i at resource r, -1 for none."""
    following: int = links(s, link_of(s, i, member(s, i, r))).index
    return following


@kernel
def iteration_of(s: Head, i: int) -> int:
    """The inference that flight i works on."""
    flight = flights(s, i)
    iteration: int = (flight.key & FIRING_MASK) // actors(s, visits(s, flight.visit).actor).n
    return iteration


@kernel
def stands_behind(s: Head, i: int, x: int) -> int:
    """Whom flight i stands behind in the lane of group member x, -1 for nobody."""
    r = group(s, x).resource
    lane = lanes(s, group(s, x).lane)
    if lane.head < 0:
        return -1
    tail: int = lane.tail
    if not resources(s, r).by_age or iteration_of(s, tail) <= iteration_of(s, i):
        return tail
    last = -1
    other = lane.head
    while iteration_of(s, other) <= iteration_of(s, i):
        last = other
        other = next_in_lane(s, other, r)
    return last


@kernel
def join(s: Head, i: int) -> None:
    """Flight i lines up at every resource of its visit."""
    visit = visits(s, flights(s, i).visit)
    flights(s, i).ready = 0
    flights(s, i).n_missing = visit.group_end - visit.group_start
    if visit.is_first:
        key = flights(s, i).key
        entrances(s, entrance(s, visit.actor, key & FIRING_MASK)).index = -1
    for x in range(visit.group_start, visit.group_end):
        r = group(s, x).resource
        lane = lanes(s, group(s, x).lane)
        ahead = stands_behind(s, i, x)
        if ahead < 0:
            following = lane.head
            lane.head = i
        else:
            following = next_in_lane(s, ahead, r)
            links(s, link_of(s, ahead, member(s, ahead, r))).index = i
        links(s, link_of(s, i, x)).index = following
        if following < 0:
            lane.tail = i
        resources(s, r).n_waiting += 1
        note_change(s, r)


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
    head: int = lanes(s, lane).head
    return head


@kernel
def consider(s: Head, r: int) -> None:
    """If the request that resource r would serve can be granted, note it; of a spread visit, any part can."""
    i = next_served(s, r)
    if i < 0 or flights(s, i).ready:
        return
    visit = visits(s, flights(s, i).visit)
    if not visit.spread:
        for x in range(visit.group_start, visit.group_end):
            if next_served(s, group(s, x).resource) != i:
                return
    flights(s, i).ready = 1
    push(s.ready_at, s.n_ready, flights(s, i).key, i)
    s.n_ready += 1


@kernel
def waited_for(s: Head, start: int, end: int) -> int:
    """Node of the visit that freed a server of one of these group members now, else of who stood before."""
    now = s.now
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
def hold_of(s: Head, v: int, firing: int) -> int:
    """Hold of a visit in a firing, which need not be the next to begin."""
    visit = visits(s, v)
    hold: int = visit.hold
    if visit.hold_varies:
        cursor = cursors(s, v)
        n_cols = cursor.col_end - cursor.col_start
        j = firing % cursor.n
        hold = table(s, cursor.row_start + j // n_cols).value + table(s, cursor.col_start + j % n_cols).value
    return hold


@kernel
def serve(s: Head, i: int, x: int) -> None:
    """The resource of group member x serves flight i."""
    resource = resources(s, group(s, x).resource)
    lanes(s, group(s, x).lane).head = links(s, link_of(s, i, x)).index
    resource.last_lane = group(s, x).lane
    resource.n_waiting -= 1
    resource.n_free -= 1
    note_change(s, group(s, x).resource)


@kernel
def hold_until(s: Head, x: int, end: int, key: int, v: int, node: int) -> None:
    """Visit v holds the resource of group member x from now on."""
    r = group(s, x).resource
    resources(s, r).granted_at = s.now
    resources(s, r).granted_node = node
    schedule_event(s, end, new_booking(s, IN_QUEUE, r, end, key, v, node) << 2 | HOLD_END)


@kernel
def hold_ends(s: Head, i: int) -> None:
    """The server of booking i comes free."""
    now = s.now
    booking = bookings(s, i)
    resource = resources(s, booking.place)
    resource.n_free += 1
    key = booking.key
    smaller = key < resource.freed_key or (key == resource.freed_key and booking.visit < resource.freed_visit)
    if resource.freed_at < now or smaller:
        resource.freed_at = now
        resource.freed_key = key
        resource.freed_visit = booking.visit
        resource.freed_node = booking.node
    note_change(s, booking.place)
    end_booking(s, i)


@kernel
def grant(s: Head, i: int) -> None:
    """The visit that flight i waits for begins now."""
    now = s.now
    flight = flights(s, i)
    v = flight.visit
    start = visits(s, v).group_start
    end = visits(s, v).group_end
    cause = flight.cause
    parent = flight.parent
    if now > flight.request:
        cause = RESOURCE
        parent = waited_for(s, start, end)
    until = now + hold_of(s, v, flight.key & FIRING_MASK)
    for x in range(start, end):
        serve(s, i, x)
    node = begin_visit(s, i, now, cause, parent)
    for x in range(start, end):
        hold_until(s, x, until, flight.key, v, node)
    run_on(s, i)


@kernel
def grant_parts(s: Head, i: int) -> None:
    """All resources that would serve the spread visit of flight i do; it begins when none is missing."""
    now = s.now
    flight = flights(s, i)
    flight.ready = 0
    v = flight.visit
    own_until = now + hold_of(s, v, flight.key & FIRING_MASK)
    for x in range(visits(s, v).group_start, visits(s, v).group_end):
        if next_served(s, group(s, x).resource) != i:
            continue
        cause = flight.cause
        parent = flight.parent
        if now > flight.request:
            cause = RESOURCE
            parent = waited_for(s, x, x + 1)
        serve(s, i, x)
        flight.n_missing -= 1
        if flight.n_missing > 0:
            node = early_node(s, i, now, cause, parent)
        else:
            node = begin_visit(s, i, now, cause, parent)
        own = group(s, x).hold
        hold_until(s, x, now + own if own > 0 else own_until, flight.key, v, node)
    if flight.n_missing == 0:
        run_on(s, i)


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
            if visits(s, flights(s, i).visit).spread:
                grant_parts(s, i)
            else:
                grant(s, i)
