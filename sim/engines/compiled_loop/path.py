"""The visits that may turn out to be on the critical path, as a forest in an array.

A node refers to its parent, which was granted before it and so has the smaller index. When the array is full,
the nodes that nothing live leads back to are dropped: one sweep from the youngest to the oldest marks, one
back moves the rest together, in order. The array is doubled when that leaves it more than half full, so a
visit costs O(1).
"""

from __future__ import annotations

from ...kernels.record_code import kernel
from .access import actors, bookings, entrances, flights, forward, nodes, servers, visits
from .state import UNUSED, Head


@kernel
def new_node(s: Head, begin: int, firing: int, visit: int, cause: int, parent: int) -> int:
    """Record a visit and return its node; -1 if the critical path is not kept."""
    if not s.keep_path:
        return -1
    i: int = s.n_nodes
    s.n_nodes = i + 1
    node = nodes(s, i)
    node.begin = begin
    node.firing = firing
    node.visit = visit
    node.cause = cause
    node.parent = parent
    return i


@kernel
def next_node(s: Head, after: int) -> int:
    """The node that a visit will have that is recorded after so many others; -1 if none is kept."""
    return s.n_nodes + after if s.keep_path else -1


@kernel
def entrance(s: Head, a: int, firing: int) -> int:
    """Where the node is kept that the end of the first hold of a firing is put down to."""
    actor = actors(s, a)
    if actor.slots == 1:
        only: int = actor.entrance_start
        return only
    place: int = actor.entrance_start + firing % actor.slots
    return place


@kernel
def mark(s: Head, node: int) -> None:
    if node >= 0:
        forward(s, node).index = 1


@kernel
def moved(s: Head, node: int) -> int:
    """The new index of a marked node; none (negative) stays."""
    return forward(s, node).index if node >= 0 else node


@kernel
def mark_roots(s: Head) -> None:
    """Mark what the rest of the run may name as a parent, or as the last visit of all."""
    for i in range(s.flights_size):
        if flights(s, i).used:
            mark(s, flights(s, i).node)
            mark(s, flights(s, i).parent)
    for i in range(s.n_visits):
        mark(s, visits(s, i).latest_node)
    mark_entrances(s)
    for i in range(s.servers_size):
        if servers(s, i).free_at > s.now:
            mark(s, servers(s, i).node)
        else:
            servers(s, i).node = -1
    for i in range(s.bookings_size):
        if bookings(s, i).state != UNUSED and bookings(s, i).end > s.now:
            mark(s, bookings(s, i).node)
        else:
            bookings(s, i).node = -1


@kernel
def mark_entrances(s: Head) -> None:
    """Those of first holds that have not ended; the others are forgotten."""
    for a in range(s.actors_size):
        actor = actors(s, a)
        for x in range(actor.slots):
            firing = actor.issued - 1 - x
            place = entrances(s, entrance(s, a, firing))
            if firing >= actor.entered:
                mark(s, place.index)
            else:
                place.index = -1


@kernel
def move_roots(s: Head) -> None:
    for i in range(s.flights_size):
        flight = flights(s, i)
        if flight.used:
            flight.node = moved(s, flight.node)
            flight.parent = moved(s, flight.parent)
    for i in range(s.n_visits):
        visits(s, i).latest_node = moved(s, visits(s, i).latest_node)
    for i in range(s.entrances_size):
        entrances(s, i).index = moved(s, entrances(s, i).index)
    for i in range(s.servers_size):
        servers(s, i).node = moved(s, servers(s, i).node)
    for i in range(s.bookings_size):
        bookings(s, i).node = moved(s, bookings(s, i).node)


@kernel
def drop_dead_nodes(s: Head) -> None:
    """Keep only the nodes that something live leads back to."""
    n = s.n_nodes
    for i in range(n):
        forward(s, i).index = 0
    mark_roots(s)
    for i in range(n - 1, -1, -1):
        if forward(s, i).index:
            mark(s, nodes(s, i).parent)
    n_live = 0
    n_old = 0
    for i in range(n):
        if i == s.n_old:
            n_old = n_live
        if forward(s, i).index:
            node = nodes(s, i)
            to = nodes(s, n_live)
            to.begin = node.begin
            to.firing = node.firing
            to.visit = node.visit
            to.cause = node.cause
            to.root = node.root
            to.parent = moved(s, node.parent)
            forward(s, i).index = n_live
            n_live += 1
    move_roots(s)
    s.n_old = n_old if s.n_old < n else n_live
    s.n_nodes = n_live
