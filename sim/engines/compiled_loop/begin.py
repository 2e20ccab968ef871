"""A visit begins: what follows from its begin, and when visits without a queue begin."""

from __future__ import annotations

from ...program import MAX_TIME_FS
from ..result import Cause
from .heap import push
from .kernel import kernel
from .path import new_node
from .state import (
    ADVANCE,
    FIRING_BITS,
    FIRST_HOLD,
    FIRST_HOLD_AND_ADVANCE,
    HOLD_END,
    QUEUED,
    State,
)

FIRING_MASK = (1 << FIRING_BITS) - 1
CHAIN, PREVIOUS, RESOURCE, SLOT = (int(c) for c in (Cause.CHAIN, Cause.PREVIOUS, Cause.RESOURCE, Cause.SLOT))


@kernel
def schedule_event(s: State, time: int, code: int) -> None:
    clock = s.clock[0]
    push(s.events, clock.n_heap, time, code)
    clock.n_heap += 1


@kernel
def new_flight(s: State) -> int:
    clock = s.clock[0]
    i = clock.free_flight
    flight = s.flights[i]
    clock.free_flight = flight.next
    clock.n_flights += 1
    flight.used = 1
    flight.node = -1
    flight.parent = -1
    flight.kept_node = -1
    return i


@kernel
def end_flight(s: State, i: int) -> None:
    clock = s.clock[0]
    s.flights[i].used = 0
    s.flights[i].next = clock.free_flight
    clock.free_flight = i
    clock.n_flights -= 1


@kernel
def step(s: State, i: int) -> bool:
    """Move a cursor to the next firing; True if that is the first of another iteration."""
    cursor = s.cursors[i]
    cursor.left -= 1
    wraps = cursor.left == 0
    if wraps:
        cursor.left = cursor.n
        cursor.row = cursor.row_start
        cursor.col = cursor.col_start
    elif cursor.varies:
        cursor.col += 1
        if cursor.col == cursor.col_end:
            cursor.col = cursor.col_start
            cursor.row += 1
    if cursor.varies:
        cursor.value = s.table[cursor.row] + s.table[cursor.col]
    return wraps


@kernel
def widen_bins(s: State) -> None:
    """Double the width of a bin."""
    n_bins, n_visits = s.bins.shape
    for b in range(n_bins):
        for v in range(n_visits):
            low = s.bins[2 * b, v] if 2 * b < n_bins else 0
            high = s.bins[2 * b + 1, v] if 2 * b + 1 < n_bins else 0
            s.bins[b, v] = low + high
    s.clock[0].bin_shift += 1


@kernel
def record_busy(s: State, v: int, begin: int, end: int) -> None:
    """Add a hold to the bins."""
    clock = s.clock[0]
    if end > clock.max_hold_end:
        clock.max_hold_end = end
        while (end - 1) >> clock.bin_shift >= s.bins.shape[0]:
            widen_bins(s)
    shift = clock.bin_shift
    first = begin >> shift
    last = (end - 1) >> shift
    if first == last:
        s.bins[first, v] += end - begin
        return
    s.bins[first, v] += ((first + 1) << shift) - begin
    for b in range(first + 1, last):
        s.bins[b, v] += 1 << shift
    s.bins[last, v] += end - (last << shift)


@kernel
def record_period(s: State, v: int, begin: int, end: int) -> None:
    """Add a hold to the histogram of the period that is to be repeated."""
    start = begin - s.clock[0].period_start
    stop = end - s.clock[0].period_start
    low = 0
    high = len(s.breaks)
    while low < high:  # the first break after start
        middle = (low + high) >> 1
        if s.breaks[middle] > start:
            high = middle
        else:
            low = middle + 1
    while low < len(s.breaks) and s.breaks[low] < stop:
        s.period[low, v] += s.breaks[low] - start
        start = s.breaks[low]
        low += 1
    s.period[low, v] += stop - start


@kernel
def note_change(s: State, r: int) -> None:
    """The queue or the free servers of resource r changed: it is to be searched at this instant."""
    if not s.resources[r].changed:
        s.resources[r].changed = 1
        s.changed[s.clock[0].n_changed] = r
        s.clock[0].n_changed += 1


@kernel
def free_server(s: State, r: int, key: int, visit: int, node: int) -> None:
    """A server of a queued resource comes free, put down to that visit."""
    now = s.clock[0].now
    resource = s.resources[r]
    resource.n_free += 1
    smaller = key < resource.freed_key or (key == resource.freed_key and visit < resource.freed_visit)
    if resource.freed_at < now or smaller:
        resource.freed_at = now
        resource.freed_key = key
        resource.freed_visit = visit
        resource.freed_node = node
    note_change(s, r)


@kernel
def free_servers(s: State, v: int, key: int, by: int, node: int) -> None:
    """One server of each resource of visit v comes free."""
    for i in range(s.visits[v].group_start, s.visits[v].group_end):
        free_server(s, s.group[i], key, by, node)


@kernel
def free_later(s: State, time: int, v: int, key: int, by: int, node: int) -> None:
    i = new_flight(s)
    hold = s.flights[i]
    hold.visit = v
    hold.key = key
    hold.by = by
    hold.node = node
    schedule_event(s, time, i << 2 | HOLD_END)


@kernel
def free_kept(s: State, i: int, begin: int, node: int) -> None:
    """The visit after one that keeps its resources begins (now or later): they come free."""
    flight = s.flights[i]
    v = flight.visit
    by = v
    if begin < flight.kept_until:
        by = v - 1
        node = flight.kept_node
    end = max(begin, flight.kept_until)
    if end == s.clock[0].now:
        free_servers(s, v - 1, flight.key, by, node)
    else:
        free_later(s, end, v - 1, flight.key, by, node)
    flight.kept_node = -1


@kernel
def begin_visit(s: State, i: int, begin: int, cause: int, parent: int) -> int:
    """The current visit of flight i begins at `begin`, which may be later than now; returns its node."""
    clock = s.clock[0]
    flight = s.flights[i]
    v = flight.visit
    visit = s.visits[v]
    hold = visit.hold
    advance = visit.advance
    if not 0 <= begin <= MAX_TIME_FS - max(hold, advance):  # the run ends here: anything harmless will do
        if clock.late_flight < 0:
            clock.late_flight = i
        begin = clock.now
        hold = advance = 1
    if visit.hold_varies:
        step(s, v)
        visit.hold = s.cursors[v].value
    if visit.advance_varies:
        step(s, len(s.visits) + v)
        visit.advance = s.cursors[len(s.visits) + v].value
    visit.wait += begin - flight.request
    if visit.wait < 0:
        clock.overflow = 1
    record_busy(s, v, begin, begin + hold)
    if clock.period_start >= 0:
        record_period(s, v, begin, begin + hold)
    firing = flight.key & FIRING_MASK
    node = new_node(s, begin, firing, v, cause, parent)
    flight.node = node
    if visit.after_keep:
        free_kept(s, i, begin, node)
    advance_at = begin + advance
    flight.cause = CHAIN
    flight.parent = node
    if advance_at < visit.latest_advance:
        advance_at = visit.latest_advance
        flight.cause = PREVIOUS
        flight.parent = visit.latest_node
    visit.latest_advance = advance_at
    visit.latest_begin = begin
    visit.latest_node = node
    if visit.is_first:
        begin_firing(s, i, begin, begin + hold, advance_at)
    else:
        schedule_event(s, advance_at, i << 2 | ADVANCE)
    if visit.keep:
        flight.kept_until = begin + hold
        flight.kept_node = node
    elif visit.kind == QUEUED:
        free_later(s, begin + hold, v, flight.key, v, node)
    return node


@kernel
def begin_firing(s: State, i: int, begin: int, hold_end: int, advance_at: int) -> None:
    """The first visit of a firing begins."""
    flight = s.flights[i]
    a = s.visits[flight.visit].actor
    if flight.key & FIRING_MASK == 0:
        s.actors[a].first_begin = begin
    if s.clock[0].keep_firings:
        s.firings[s.actors[a].firing_start + (flight.key & FIRING_MASK)].begin_fs = begin
    if hold_end == advance_at:
        schedule_event(s, advance_at, i << 2 | FIRST_HOLD_AND_ADVANCE)
    else:
        schedule_event(s, hold_end, a << 2 | FIRST_HOLD)
        schedule_event(s, advance_at, i << 2 | ADVANCE)


@kernel
def begin_on_one_server(s: State, i: int) -> None:
    """Book the only server of the only resource of the visit."""
    flight = s.flights[i]
    visit = s.visits[flight.visit]
    server = s.servers[visit.server]
    begin = flight.request
    cause = flight.cause
    parent = flight.parent
    if server.free_at > begin:
        begin = server.free_at
        cause = RESOURCE
        parent = server.node
    server.free_at = begin + visit.hold
    server.node = begin_visit(s, i, begin, cause, parent)


@kernel
def earliest_server(s: State, r: int) -> int:
    """The server of resource r that is free first, the lowest index among equals."""
    best = s.resources[r].server_start
    for server in range(best + 1, s.resources[r].server_end):
        if s.servers[server].free_at < s.servers[best].free_at:
            best = server
    return best


@kernel
def begin_booked(s: State, i: int) -> None:
    """Book one server of each resource of the visit."""
    flight = s.flights[i]
    visit = s.visits[flight.visit]
    begin = flight.request
    cause = flight.cause
    parent = flight.parent
    for x in range(visit.group_start, visit.group_end):
        server = s.servers[earliest_server(s, s.group[x])]
        if server.free_at > begin:
            begin = server.free_at
            cause = RESOURCE
            parent = server.node
    free_at = begin + visit.hold
    node = s.clock[0].n_nodes
    for x in range(visit.group_start, visit.group_end):
        server = s.servers[earliest_server(s, s.group[x])]
        server.free_at = free_at
        server.node = node
    begin_visit(s, i, begin, cause, parent)


@kernel
def begin_in_slot(s: State, i: int) -> None:
    """Take the first own slot that starts neither before now nor before one taken by an earlier firing."""
    flight = s.flights[i]
    visit = s.visits[flight.visit]
    resource = s.resources[s.group[visit.group_start]]
    earliest = max(flight.request, visit.latest_begin + 1)
    slot = -(-earliest // resource.slot_fs)
    while s.slot_owner[resource.slot_start + slot % resource.n_slots] != flight.visit:
        slot += 1
    begin = slot * resource.slot_fs
    begin_visit(s, i, begin, SLOT if begin > flight.request else flight.cause, flight.parent)
