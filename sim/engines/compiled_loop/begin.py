"""A visit begins: what follows from its begin, and the holds that end later."""

from __future__ import annotations

from ...kernels.record_code import kernel
from ...program import MAX_TIME_FS
from ..result import Cause
from .access import (
    actors,
    changed,
    cursors,
    entrances,
    firings,
    flights,
    resources,
    sent,
    table,
    visits,
)
from .busy import record_busy, record_period
from .heap import push, replace_first
from .path import entrance, new_node
from .state import (
    ADVANCE,
    FIRING_BITS,
    FIRST_HOLD,
    FIRST_HOLD_AND_ADVANCE,
    FLITS,
    IN_PERIOD,
    Head,
)

FIRING_MASK = (1 << FIRING_BITS) - 1
CHAIN, PREVIOUS, RESOURCE = (int(c) for c in (Cause.CHAIN, Cause.PREVIOUS, Cause.RESOURCE))


@kernel
def schedule_event(s: Head, time: int, code: int) -> None:
    if s.first_is_over:
        s.first_is_over = 0
        replace_first(s.events_at, s.n_heap, time, code)
        return
    push(s.events_at, s.n_heap, time, code)
    s.n_heap += 1


@kernel
def new_flight(s: Head) -> int:
    i: int = s.free_flight
    flight = flights(s, i)
    s.free_flight = flight.next
    s.n_flights += 1
    flight.used = 1
    flight.node = -1
    flight.parent = -1
    return i


@kernel
def end_flight(s: Head, i: int) -> None:
    flights(s, i).used = 0
    flights(s, i).next = s.free_flight
    s.free_flight = i
    s.n_flights -= 1


@kernel
def step(s: Head, i: int) -> bool:
    """Move a cursor to the next firing; True if that is the first of another iteration."""
    cursor = cursors(s, i)
    cursor.left -= 1
    wraps: bool = cursor.left == 0
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
        cursor.value = table(s, cursor.row).value + table(s, cursor.col).value
    return wraps


@kernel
def note_change(s: Head, r: int) -> None:
    """The queue or the free servers of resource r changed: it is to be searched at this instant."""
    if not resources(s, r).changed:
        resources(s, r).changed = 1
        changed(s, s.n_changed).index = r
        s.n_changed += 1


@kernel
def early_node(s: Head, i: int, start: int, cause: int, parent: int) -> int:
    """A spread visit as the one resource sees it that it occupied before it began."""
    flight = flights(s, i)
    return new_node(s, start, flight.key & FIRING_MASK, flight.visit, cause, parent)


@kernel
def begin_visit(s: Head, i: int, begin: int, cause: int, parent: int) -> int:
    """The current visit of flight i begins at `begin`, which may be later than now; returns its node."""
    flight = flights(s, i)
    v = flight.visit
    visit = visits(s, v)
    hold = visit.hold
    advance = visit.advance
    if not 0 <= begin <= MAX_TIME_FS - max(hold, advance):  # the run ends here: anything harmless will do
        if s.late_flight < 0:
            s.late_flight = i
        begin = s.now
        hold = advance = 1
    if visit.hold_varies:
        step(s, v)
        visit.hold = cursors(s, v).value
    if visit.advance_varies:
        step(s, s.n_visits + v)
        visit.advance = cursors(s, s.n_visits + v).value
    visit.wait += begin - flight.request
    if visit.wait < 0 and visit.kind != FLITS:
        s.overflow = 1
    record_busy(s, v, begin, begin + hold)
    if s.watch == IN_PERIOD:
        record_period(s, v, begin, begin + hold)
    node = new_node(s, begin, flight.key & FIRING_MASK, v, cause, parent)
    flight.node = node
    if visit.kind == FLITS:
        send_later(s, i, node, begin, begin + hold)
        visit.wait -= begin + advance  # until it arrives: that time is added then
        return node
    advance_at = begin + advance
    flight.cause = CHAIN
    flight.parent = node
    if advance_at < visit.latest_advance:
        advance_at = visit.latest_advance
        flight.cause = PREVIOUS
        flight.parent = visit.latest_node
    visit.latest_advance = advance_at
    visit.latest_node = node
    flight.runs_on = visit.runs_on
    if visit.is_first:
        begin_firing(s, i, node, begin, begin + hold, advance_at)
    elif not visit.runs_on:
        schedule_event(s, advance_at, i << 2 | ADVANCE)
    if visit.runs_on:
        flight.visit = v + 1
        flight.request = advance_at
    return node


@kernel
def send_later(s: Head, i: int, node: int, begin: int, hold_end: int) -> None:
    """A visit through routers begins: its flits set out at the end of this round, and say when it goes on."""
    sent(s, s.n_sent).index = i
    s.n_sent += 1
    visit = visits(s, flights(s, i).visit)
    if visit.is_first:
        schedule_event(s, enter(s, i, node, begin, hold_end), visit.actor << 2 | FIRST_HOLD)


@kernel
def begin_firing(s: Head, i: int, node: int, begin: int, hold_end: int, advance_at: int) -> None:
    """The first visit of a firing begins."""
    hold_end = enter(s, i, node, begin, hold_end)
    a = visits(s, flights(s, i).visit).actor
    if flights(s, i).runs_on:
        schedule_event(s, hold_end, a << 2 | FIRST_HOLD)
    elif hold_end == advance_at:
        schedule_event(s, advance_at, i << 2 | FIRST_HOLD_AND_ADVANCE)
    else:
        schedule_event(s, hold_end, a << 2 | FIRST_HOLD)
        schedule_event(s, advance_at, i << 2 | ADVANCE)


@kernel
def enter(s: Head, i: int, node: int, begin: int, hold_end: int) -> int:
    """When the first hold of a firing counts as ended: not before those of the firings before."""
    flight = flights(s, i)
    a = visits(s, flight.visit).actor
    actor = actors(s, a)
    firing = flight.key & FIRING_MASK
    if firing == 0:
        actor.first_begin = begin
    if s.keep_firings:
        firings(s, actor.firing_start + firing).begin_fs = begin
    if hold_end < actor.entrance_end:
        hold_end = actor.entrance_end
        node = entrances(s, entrance(s, a, firing - 1)).index
    actor.entrance_end = hold_end
    entrances(s, entrance(s, a, firing)).index = node
    return hold_end
