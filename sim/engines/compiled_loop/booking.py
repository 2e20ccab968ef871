"""Visits without a queue: they learn at once when they begin."""

from __future__ import annotations

from ...kernels.record_code import kernel
from ...program import MAX_TIME_FS
from .access import bookings, flights, group, pools, servers, turns, visits
from .begin import FIRING_MASK, RESOURCE, begin_visit, early_node, schedule_event
from .path import next_node
from .pools import book_in_pool, pool_free_at
from .state import ADVANCE, ANY_SERVERS, ONE_SERVER, SINGLE_SERVERS, Head


@kernel
def on_one_server(s: Head, i: int) -> tuple[int, int, int]:
    """Book the only server of the only resource of the visit."""
    flight = flights(s, i)
    visit = visits(s, flight.visit)
    server = servers(s, visit.server)
    begin = flight.request
    cause = flight.cause
    parent = flight.parent
    if server.free_at > begin:
        begin = server.free_at
        cause = RESOURCE
        parent = server.node
    server.free_at = begin + visit.hold
    server.node = next_node(s, 0)
    return begin, cause, parent


@kernel
def on_single_servers(s: Head, i: int) -> tuple[int, int, int]:
    """Book the only servers of the resources of the visit."""
    flight = flights(s, i)
    now = flight.request
    visit = visits(s, flight.visit)
    begin = now
    cause = flight.cause
    parent = flight.parent
    n_late = 0
    for x in range(visit.group_start, visit.group_end):
        server = servers(s, group(s, x).server)
        if server.free_at > begin:
            begin = server.free_at
            cause = RESOURCE
            parent = server.node
            n_late = 1
        elif server.free_at == begin:
            n_late += 1
    own_node = s.n_nodes
    if visit.spread and begin > now:
        own_node += visit.group_end - visit.group_start - n_late
    if not s.keep_path:
        own_node = -1
    for x in range(visit.group_start, visit.group_end):
        member = group(s, x)
        server = servers(s, member.server)
        start = begin
        node = own_node
        if visit.spread and server.free_at < begin:
            start = max(now, server.free_at)
            if server.free_at > now:
                node = early_node(s, i, start, RESOURCE, server.node)
            elif now < begin:
                node = early_node(s, i, start, flight.cause, flight.parent)
        server.node = node
        server.free_at = start + (member.hold if member.hold > 0 else visit.hold)
    return begin, cause, parent


@kernel
def server_of(s: Head, x: int, firing: int) -> int:
    """The server of group member x, which has no pool: the only one, or the one whose turn it is."""
    member = group(s, x)
    server: int = member.server
    if member.turn >= 0:
        turn = turns(s, member.turn)
        server += (turn.offset + firing % turn.n * turn.step) % turn.n
    return server


@kernel
def free_at(s: Head, x: int, firing: int, now: int) -> int:
    """When a server is free for group member x, from now on."""
    if group(s, x).pool >= 0:
        return pool_free_at(s, group(s, x).pool, now)
    free: int = max(now, servers(s, server_of(s, x, firing)).free_at)
    return free


@kernel
def booked_by(s: Head, x: int, firing: int) -> int:
    """Node of the visit that books that server until then, if it is not free now."""
    if group(s, x).pool >= 0:
        pooled: int = bookings(s, pools(s, group(s, x).pool).first).node
        return pooled
    node: int = servers(s, server_of(s, x, firing)).node
    return node


@kernel
def on_any_servers(s: Head, i: int) -> tuple[int, int, int]:
    """Book one server of each resource of the visit."""
    flight = flights(s, i)
    now = flight.request
    firing = flight.key & FIRING_MASK
    visit = visits(s, flight.visit)
    begin = now
    cause = flight.cause
    parent = flight.parent
    for x in range(visit.group_start, visit.group_end):
        free = free_at(s, x, firing, now)
        if free > begin:
            begin = free
            cause = RESOURCE
            parent = booked_by(s, x, firing)
    n_early = 0
    if visit.spread and begin > now:
        for x in range(visit.group_start, visit.group_end):
            n_early += free_at(s, x, firing, now) < begin
    own_node = next_node(s, n_early)
    for x in range(visit.group_start, visit.group_end):
        start = free_at(s, x, firing, now) if visit.spread else begin
        if start == begin:
            node = own_node
        elif start == now:
            node = early_node(s, i, start, flight.cause, flight.parent)
        else:
            node = early_node(s, i, start, RESOURCE, booked_by(s, x, firing))
        own = group(s, x).hold
        end = start + (own if own > 0 else visit.hold)
        if group(s, x).pool >= 0:
            book_in_pool(s, group(s, x).pool, end, flight.key, flight.visit, node)
        else:
            servers(s, server_of(s, x, firing)).free_at = end
            servers(s, server_of(s, x, firing)).node = node
    return begin, cause, parent


@kernel
def run_on(s: Head, i: int) -> None:
    """Let flight i go on through visits of delays and of servers that are theirs alone.

    All requests of such a visit come one after the other, in the order of their firings: when it begins is
    known as soon as the visit before it has begun, without an event in between.
    """
    flight = flights(s, i)
    while flight.runs_on:
        flight.runs_on = 0
        visit = visits(s, flight.visit)
        begin = flight.request
        cause = flight.cause
        parent = flight.parent
        longest = max(visit.hold, visit.advance)
        if visit.kind == ONE_SERVER:
            server = servers(s, visit.server)
            if server.free_at > begin:
                begin = server.free_at
                cause = RESOURCE
                parent = server.node
            if begin <= MAX_TIME_FS - longest:
                server.free_at = begin + visit.hold
                server.node = next_node(s, 0)
        if begin > MAX_TIME_FS - longest:  # the run will end with this visit, but not before its request
            flight.visit -= 1
            schedule_event(s, flight.request, i << 2 | ADVANCE)
            return
        begin_visit(s, i, begin, cause, parent)


@kernel
def request(s: Head, i: int) -> None:
    """A visit without a queue learns at once when it begins."""
    kind = visits(s, flights(s, i).visit).kind
    if kind == ONE_SERVER:
        begin, cause, parent = on_one_server(s, i)
    elif kind == SINGLE_SERVERS:
        begin, cause, parent = on_single_servers(s, i)
    elif kind == ANY_SERVERS:
        begin, cause, parent = on_any_servers(s, i)
    else:
        begin, cause, parent = flights(s, i).request, flights(s, i).cause, flights(s, i).parent
    begin_visit(s, i, begin, cause, parent)
    run_on(s, i)
