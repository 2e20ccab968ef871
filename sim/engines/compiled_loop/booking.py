"""Visits without a queue: they learn at once when they begin."""

from __future__ import annotations

from ...kernels.record_code import kernel
from .access import flights, group, latest_begin, resources, servers, slot_owner, visits
from .begin import FIRING_MASK, RESOURCE, SLOT, begin_visit
from .path import new_node, next_node
from .state import BOOKED, ONE_SERVER, SLOTTED, Head


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
def earliest_server(s: Head, x: int) -> int:
    """The server of the resource of group member x that is free first, the lowest index among equals."""
    best: int = group(s, x).server
    for server in range(best + 1, best + group(s, x).n_servers):
        if servers(s, server).free_at < servers(s, best).free_at:
            best = server
    return best


@kernel
def on_several_servers(s: Head, i: int) -> tuple[int, int, int]:
    """Book one server of each resource of the visit."""
    flight = flights(s, i)
    visit = visits(s, flight.visit)
    begin = flight.request
    cause = flight.cause
    parent = flight.parent
    for x in range(visit.group_start, visit.group_end):
        server = servers(s, earliest_server(s, x))
        if server.free_at > begin:
            begin = server.free_at
            cause = RESOURCE
            parent = server.node
    n_early = 0
    if visit.spread and begin > flight.request:
        for x in range(visit.group_start, visit.group_end):
            n_early += servers(s, earliest_server(s, x)).free_at < begin
    own_node = next_node(s, n_early)
    for x in range(visit.group_start, visit.group_end):
        server = servers(s, earliest_server(s, x))
        start = max(server.free_at, flight.request) if visit.spread else begin
        if start == begin:
            server.node = own_node
        elif start == flight.request:
            server.node = early_node(s, i, start, flight.cause, flight.parent)
        else:
            server.node = early_node(s, i, start, RESOURCE, server.node)
        own = group(s, x).hold
        server.free_at = start + (own if own > 0 else visit.hold)
    return begin, cause, parent


@kernel
def early_node(s: Head, i: int, start: int, cause: int, parent: int) -> int:
    """A spread visit as the one resource sees it that it occupied before it began."""
    flight = flights(s, i)
    return new_node(s, start, flight.key & FIRING_MASK, flight.visit, cause, parent)


@kernel
def in_slot(s: Head, i: int) -> tuple[int, int, int]:
    """Take the first own slot that starts neither before now nor before one taken by an earlier firing."""
    flight = flights(s, i)
    visit = visits(s, flight.visit)
    resource = resources(s, group(s, visit.group_start).resource)
    earliest = max(flight.request, latest_begin(s, flight.visit).value + 1)
    slot = -(-earliest // resource.slot_fs)
    while slot_owner(s, resource.slot_start + slot % resource.n_slots).index != flight.visit:
        slot += 1
    begin = slot * resource.slot_fs
    latest_begin(s, flight.visit).value = begin
    return begin, SLOT if begin > flight.request else flight.cause, flight.parent


@kernel
def request(s: Head, i: int) -> None:
    """A visit without a queue learns at once when it begins."""
    kind = visits(s, flights(s, i).visit).kind
    if kind == ONE_SERVER:
        begin, cause, parent = on_one_server(s, i)
    elif kind == BOOKED:
        begin, cause, parent = on_several_servers(s, i)
    elif kind == SLOTTED:
        begin, cause, parent = in_slot(s, i)
    else:
        begin, cause, parent = flights(s, i).request, flights(s, i).cause, flights(s, i).parent
    begin_visit(s, i, begin, cause, parent)
