"""When an actor may fire: tokens, room, arrivals; and letting tokens go."""

from __future__ import annotations

from ...kernels.record_code import kernel
from ..result import Cause
from .access import (
    actors,
    arrivals,
    channels,
    cursors,
    ended,
    entrances,
    firings,
    flights,
    in_channel,
    iterations,
    out_channel,
    requests,
    stores,
    table,
    touched,
)
from .begin import new_flight, step
from .path import entrance
from .state import FIRING_BITS, Head

START, TOKEN, ROOM, PREVIOUS, ARRIVAL = (
    int(c) for c in (Cause.START, Cause.TOKEN, Cause.ROOM, Cause.PREVIOUS, Cause.ARRIVAL)
)


@kernel
def may_enter(s: Head, a: int) -> bool:
    """Whether actor a has firings to make, and its entrance and its window are open."""
    actor = actors(s, a)
    k = actor.issued
    entering: bool = k < actor.limit and k - actor.entered < actor.slots and k - actor.ended < actor.window
    return entering


@kernel
def touch(s: Head, a: int) -> None:
    """Something that actor a may have waited for became true at this instant."""
    actor = actors(s, a)
    if not actor.touched and may_enter(s, a):
        actor.touched = 1
        touched(s, s.n_touched).index = a
        s.n_touched += 1


@kernel
def let_go(s: Head, a: int) -> None:
    """A firing of actor a lets its inputs go."""
    now = s.now
    first_cursor = 2 * s.n_visits + s.n_channels
    for x in range(actors(s, a).in_start, actors(s, a).in_end):
        c = in_channel(s, x).index
        channel = channels(s, c)
        before = channel.freed
        freed = channel.free_base + cursors(s, first_cursor + c).value
        if step(s, first_cursor + c):
            channel.free_base += channel.tokens
            freed = channel.free_base
        if channel.freed_at < now:
            channel.freed_at = now
            channel.freed_before = before
        channel.freed = freed
        if channel.store >= 0:
            count_held(s, channel.fifo)
        awaited = actors(s, channel.src).issued + 1 - channel.capacity
        if before < awaited <= freed:
            touch(s, channel.src)


@kernel
def count_held(s: Head, c: int) -> None:
    """Count what the FIFO whose first channel is c holds in its store."""
    first = channels(s, c)
    freed = first.freed
    reader = first.next_reader
    while reader >= 0:
        freed = min(freed, channels(s, reader).freed)
        reader = channels(s, reader).next_reader
    held = max(0, actors(s, first.src).issued - freed)
    store = stores(s, first.store)
    store.used += (held - first.held) * first.bytes
    store.peak = max(store.peak, store.used)
    first.held = held


@kernel
def ended_firing(s: Head, a: int, firing: int) -> int:
    """Node of the last visit of a firing that ended at this instant; -1 if the critical path is not kept."""
    if not s.keep_path:
        return -1
    x = actors(s, a).last_ended
    while ended(s, x).firing != firing:
        x = ended(s, x).previous
    node: int = ended(s, x).node
    return node


@kernel
def who_let_go(s: Head, c: int, awaited: int) -> int:
    """Node of the visit that let go of token `awaited` of channel c at this instant, -1 if not kept."""
    if not s.keep_path:
        return -1
    channel = channels(s, c)
    dst = actors(s, channel.dst)
    if dst.slots == 1:
        only: int = entrances(s, dst.entrance_start).index
        return only
    firing = dst.entered_before
    cursor = cursors(s, 2 * s.n_visits + s.n_channels + c)
    n_cols = cursor.col_end - cursor.col_start
    while True:  # the first that came so far now and let go of enough
        j = firing % dst.n
        freed = firing // dst.n * channel.tokens
        if j + 1 == dst.n:
            freed += channel.tokens
        elif cursor.varies:
            freed += table(s, cursor.row_start + j // n_cols).value
            freed += table(s, cursor.col_start + j % n_cols).value
        else:
            freed += cursor.value
        if freed >= awaited:
            node: int = entrances(s, entrance(s, channel.dst, firing)).index
            return node
        firing += 1


@kernel
def try_to_issue(s: Head, a: int) -> bool:
    """Issue the next firing of actor a if it may."""
    now = s.now
    actor = actors(s, a)
    if not may_enter(s, a):
        return False
    if actor.is_source and actor.issue_iteration >= s.next_arrival:
        return False
    token = room = -1
    for x in range(actor.in_start, actor.in_end):
        channel = channels(s, in_channel(s, x).index)
        src = actors(s, channel.src)
        if src.ended < channel.need:
            return False
        if token < 0 and src.ended_at == now and src.ended_before < channel.need:
            token = in_channel(s, x).index
    k = actor.issued
    for x in range(actor.out_start, actor.out_end):
        channel = channels(s, out_channel(s, x).index)
        if k + 1 - channel.freed > channel.capacity:
            return False
        if room < 0 and channel.freed_at == now and k + 1 - channel.freed_before > channel.capacity:
            room = out_channel(s, x).index
    issue(s, a, token, room)
    return True


@kernel
def issue(s: Head, a: int, token: int, room: int) -> None:
    """Issue the next firing; `token` and `room` are the channels that it waited for until now, or -1."""
    now = s.now
    actor = actors(s, a)
    k = actor.issued
    idle_since = actor.idle_since
    if actor.is_source:
        idle_since = max(idle_since, arrivals(s, actor.issue_iteration).value)
    cause = START
    parent = -1
    if token >= 0:
        channel = channels(s, token)
        cause = TOKEN
        parent = ended_firing(s, channel.src, channel.need - 1)
        channel.stall_input += now - idle_since
    elif room >= 0:
        channel = channels(s, room)
        cause = ROOM
        parent = who_let_go(s, room, k + 1 - channel.capacity)
        channel.stall_room += now - idle_since
    elif k > 0 and actor.entered_at == now and actor.entered_before <= k - actor.slots:
        cause = PREVIOUS
        parent = entrances(s, entrance(s, a, k - actor.slots)).index
    elif k > 0 and actor.ended_at == now and actor.ended_before <= k - actor.window:
        cause = PREVIOUS
        parent = ended_firing(s, a, k - actor.window)
    elif now > 0 and actor.is_source and arrivals(s, actor.issue_iteration).value == now:
        cause = ARRIVAL
    elif now > 0:  # firing k - 1 was issued at this instant too
        before = flights(s, requests(s, s.n_requests - 1).index)
        cause = before.cause
        parent = before.parent
    i = new_flight(s)
    flight = flights(s, i)
    flight.key = a << FIRING_BITS | k
    flight.visit = actor.first_visit
    flight.request = now
    flight.cause = cause
    flight.parent = parent
    requests(s, s.n_requests).index = i
    s.n_requests += 1
    actor.idle_since = now
    count_issue(s, a)


@kernel
def count_issue(s: Head, a: int) -> None:
    """Move the actor and its channels to the next firing."""
    now = s.now
    actor = actors(s, a)
    if s.keep_firings:
        row = firings(s, actor.firing_start + actor.issued)
        row.actor = a
        row.firing = actor.issued
        row.issue_fs = now
    if actor.issue_left == actor.n and now < iterations(s, actor.issue_iteration).begin:
        iterations(s, actor.issue_iteration).begin = now
    actor.issue_left -= 1
    if actor.issue_left == 0:
        actor.issue_left = actor.n
        actor.issue_iteration += 1
    actor.issued += 1
    for x in range(actor.in_start, actor.in_end):
        c = in_channel(s, x).index
        channel = channels(s, c)
        cursor = 2 * s.n_visits + c
        if step(s, cursor):
            channel.need_base += channel.tokens
        channel.need = channel.need_base + cursors(s, cursor).value
    for x in range(actor.out_start, actor.out_end):
        channel = channels(s, out_channel(s, x).index)
        channel.peak = max(channel.peak, actor.issued - channel.freed)
        if channel.store >= 0 and channel.next_reader < 0:  # once for each FIFO, at its last reader
            count_held(s, channel.fifo)
