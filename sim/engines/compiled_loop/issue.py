"""When an actor may fire: tokens, room, arrivals; and letting tokens go."""

from __future__ import annotations

from ..result import Cause
from .begin import new_flight, step
from .kernel import kernel
from .state import FIRING_BITS, State

START, TOKEN, ROOM, PREVIOUS, ARRIVAL = (
    int(c) for c in (Cause.START, Cause.TOKEN, Cause.ROOM, Cause.PREVIOUS, Cause.ARRIVAL)
)


@kernel
def touch(s: State, a: int) -> None:
    """Something that actor a may have waited for became true at this instant."""
    actor = s.actors[a]
    if actor.entrance_free and not actor.touched and actor.issued < actor.limit:
        actor.touched = 1
        s.touched[s.clock[0].n_touched] = a
        s.clock[0].n_touched += 1


@kernel
def let_go(s: State, a: int) -> None:
    """A firing of actor a lets its inputs go."""
    now = s.clock[0].now
    n_schedules = 2 * len(s.visits) + len(s.channels)
    for x in range(s.actors[a].in_start, s.actors[a].in_end):
        c = s.in_channel[x]
        channel = s.channels[c]
        before = channel.freed
        freed = channel.free_base + s.cursors[n_schedules + c].value
        if step(s, n_schedules + c):
            channel.free_base += channel.tokens
            freed = channel.free_base
        if channel.freed_at < now:
            channel.freed_at = now
            channel.freed_before = before
        channel.freed = freed
        awaited = s.actors[channel.src].issued + 1 - channel.capacity
        if before < awaited <= freed:
            touch(s, channel.src)


@kernel
def ended_firing(s: State, a: int, firing: int) -> int:
    """Node of the last visit of a firing that ended at this instant."""
    x = s.actors[a].last_ended
    while s.ended[x].firing != firing:
        x = s.ended[x].previous
    return s.ended[x].node


@kernel
def who_let_go(s: State, c: int, awaited: int) -> int:
    """Node of the visit that let go of token number `awaited` of channel c at this instant."""
    channel = s.channels[c]
    dst = s.actors[channel.dst]
    if not dst.release_end:
        return s.visits[dst.first_visit].latest_node
    cursor = s.cursors[2 * len(s.visits) + len(s.channels) + c]
    n_cols = cursor.col_end - cursor.col_start
    firing = dst.ended_before
    while True:  # the first that ended now and let go of enough
        j = firing % dst.n
        freed = firing // dst.n * channel.tokens
        if j + 1 == dst.n:
            freed += channel.tokens
        elif cursor.varies:
            freed += s.table[cursor.row_start + j // n_cols] + s.table[cursor.col_start + j % n_cols]
        else:
            freed += cursor.value
        if freed >= awaited:
            return ended_firing(s, channel.dst, firing)
        firing += 1


@kernel
def try_to_issue(s: State, a: int) -> None:
    """Issue the next firing of actor a if it may; the entrance of its chain is free."""
    now = s.clock[0].now
    actor = s.actors[a]
    if actor.is_source and actor.issue_iteration >= s.clock[0].next_arrival:
        return
    token = room = -1
    for x in range(actor.in_start, actor.in_end):
        channel = s.channels[s.in_channel[x]]
        src = s.actors[channel.src]
        if src.ended < channel.need:
            return
        if token < 0 and src.ended_at == now and src.ended_before < channel.need:
            token = s.in_channel[x]
    k = actor.issued
    for x in range(actor.out_start, actor.out_end):
        channel = s.channels[s.out_channel[x]]
        if k + 1 - channel.freed > channel.capacity:
            return
        if room < 0 and channel.freed_at == now and k + 1 - channel.freed_before > channel.capacity:
            room = s.out_channel[x]
    issue(s, a, token, room)


@kernel
def issue(s: State, a: int, token: int, room: int) -> None:
    """Issue the next firing; `token` and `room` are the channels that it waited for until now, or -1."""
    now = s.clock[0].now
    actor = s.actors[a]
    k = actor.issued
    idle_since = actor.idle_since
    if actor.is_source:
        idle_since = max(idle_since, s.arrivals[actor.issue_iteration])
    cause = START
    parent = -1
    if token >= 0:
        channel = s.channels[token]
        cause = TOKEN
        parent = ended_firing(s, channel.src, channel.need - 1)
        channel.stall_input += now - idle_since
    elif room >= 0:
        channel = s.channels[room]
        cause = ROOM
        parent = who_let_go(s, room, k + 1 - channel.capacity)
        channel.stall_room += now - idle_since
    elif k > 0 and actor.idle_since == now:
        cause = PREVIOUS
        parent = s.visits[actor.first_visit].latest_node
    elif now > 0:
        cause = ARRIVAL
    i = new_flight(s)
    flight = s.flights[i]
    flight.key = a << FIRING_BITS | k
    flight.visit = actor.first_visit
    flight.request = now
    flight.cause = cause
    flight.parent = parent
    s.requests[s.clock[0].n_requests] = i
    s.clock[0].n_requests += 1
    actor.entrance_free = 0
    count_issue(s, a)


@kernel
def count_issue(s: State, a: int) -> None:
    """Move the actor and its channels to the next firing."""
    now = s.clock[0].now
    actor = s.actors[a]
    if s.clock[0].keep_firings:
        row = s.firings[actor.firing_start + actor.issued]
        row.actor = a
        row.firing = actor.issued
        row.issue_fs = now
    if actor.issue_left == actor.n and now < s.iterations[actor.issue_iteration].begin:
        s.iterations[actor.issue_iteration].begin = now
    actor.issue_left -= 1
    if actor.issue_left == 0:
        actor.issue_left = actor.n
        actor.issue_iteration += 1
    actor.issued += 1
    for x in range(actor.in_start, actor.in_end):
        c = s.in_channel[x]
        channel = s.channels[c]
        cursor = 2 * len(s.visits) + c
        if step(s, cursor):
            channel.need_base += channel.tokens
        channel.need = channel.need_base + s.cursors[cursor].value
    for x in range(actor.out_start, actor.out_end):
        channel = s.channels[s.out_channel[x]]
        channel.peak = max(channel.peak, actor.issued - channel.freed)
