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
    firings,
    flights,
    in_channel,
    iterations,
    out_channel,
    requests,
    table,
    touched,
    visits,
)
from .begin import new_flight, step
from .state import FIRING_BITS, Head

START, TOKEN, ROOM, PREVIOUS, ARRIVAL = (
    int(c) for c in (Cause.START, Cause.TOKEN, Cause.ROOM, Cause.PREVIOUS, Cause.ARRIVAL)
)


@kernel
def touch(s: Head, a: int) -> None:
    """Something that actor a may have waited for became true at this instant."""
    actor = actors(s, a)
    if actor.entrance_free and not actor.touched and actor.issued < actor.limit:
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
        awaited = actors(s, channel.src).issued + 1 - channel.capacity
        if before < awaited <= freed:
            touch(s, channel.src)


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
    if not dst.release_end:
        first: int = visits(s, dst.first_visit).latest_node
        return first
    cursor = cursors(s, 2 * s.n_visits + s.n_channels + c)
    n_cols = cursor.col_end - cursor.col_start
    firing = dst.ended_before
    while True:  # the first that ended now and let go of enough
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
            return ended_firing(s, channel.dst, firing)
        firing += 1


@kernel
def try_to_issue(s: Head, a: int) -> None:
    """Issue the next firing of actor a if it may; the entrance of its chain is free."""
    now = s.now
    actor = actors(s, a)
    if actor.is_source and actor.issue_iteration >= s.next_arrival:
        return
    token = room = -1
    for x in range(actor.in_start, actor.in_end):
        channel = channels(s, in_channel(s, x).index)
        src = actors(s, channel.src)
        if src.ended < channel.need:
            return
        if token < 0 and src.ended_at == now and src.ended_before < channel.need:
            token = in_channel(s, x).index
    k = actor.issued
    for x in range(actor.out_start, actor.out_end):
        channel = channels(s, out_channel(s, x).index)
        if k + 1 - channel.freed > channel.capacity:
            return
        if room < 0 and channel.freed_at == now and k + 1 - channel.freed_before > channel.capacity:
            room = out_channel(s, x).index
    issue(s, a, token, room)


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
    elif k > 0 and actor.idle_since == now:
        cause = PREVIOUS
        parent = visits(s, actor.first_visit).latest_node
    elif now > 0:
        cause = ARRIVAL
    i = new_flight(s)
    flight = flights(s, i)
    flight.key = a << FIRING_BITS | k
    flight.visit = actor.first_visit
    flight.request = now
    flight.cause = cause
    flight.parent = parent
    requests(s, s.n_requests).index = i
    s.n_requests += 1
    actor.entrance_free = 0
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
