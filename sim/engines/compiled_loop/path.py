"""The visits that may turn out to be on the critical path, as a forest in an array.

A node refers to its parent, which was granted before it and so has the smaller index. When the array is full, the
nodes that nothing live leads back to are dropped: one sweep from the youngest to the oldest marks, one back moves
the rest together, in order. The array is doubled when that leaves it more than half full, so a visit costs O(1).
"""

from __future__ import annotations

from .kernel import kernel
from .state import State


@kernel
def new_node(s: State, begin: int, firing: int, visit: int, cause: int, parent: int) -> int:
    """Record a visit and return its node."""
    clock = s.clock[0]
    i = clock.n_nodes
    clock.n_nodes = i + 1
    node = s.nodes[i]
    node.begin = begin
    node.firing = firing
    node.visit = visit
    node.cause = cause
    node.parent = parent
    return i


@kernel
def mark(s: State, node: int) -> None:
    if node >= 0:
        s.forward[node] = 1


@kernel
def moved(s: State, node: int) -> int:
    """The new index of a marked node; none (negative) stays."""
    return s.forward[node] if node >= 0 else node


@kernel
def mark_roots(s: State) -> None:
    """Mark what the rest of the run may name as a parent, or as the last visit of all."""
    for i in range(len(s.flights)):
        if s.flights[i].used:
            mark(s, s.flights[i].node)
            mark(s, s.flights[i].parent)
            mark(s, s.flights[i].kept_node)
    for i in range(len(s.visits)):
        mark(s, s.visits[i].latest_node)
    for i in range(len(s.servers)):
        if s.servers[i].free_at > s.clock[0].now:
            mark(s, s.servers[i].node)
        else:
            s.servers[i].node = -1


@kernel
def move_roots(s: State) -> None:
    for i in range(len(s.flights)):
        flight = s.flights[i]
        if flight.used:
            flight.node = moved(s, flight.node)
            flight.parent = moved(s, flight.parent)
            flight.kept_node = moved(s, flight.kept_node)
    for i in range(len(s.visits)):
        s.visits[i].latest_node = moved(s, s.visits[i].latest_node)
    for i in range(len(s.servers)):
        s.servers[i].node = moved(s, s.servers[i].node)


@kernel
def drop_dead_nodes(s: State) -> None:
    """Keep only the nodes that something live leads back to."""
    clock = s.clock[0]
    n = clock.n_nodes
    s.forward[:n] = 0
    mark_roots(s)
    for i in range(n - 1, -1, -1):
        if s.forward[i]:
            mark(s, s.nodes[i].parent)
    n_live = 0
    for i in range(n):
        if s.forward[i]:
            node = s.nodes[i]
            to = s.nodes[n_live]
            to.begin = node.begin
            to.firing = node.firing
            to.visit = node.visit
            to.cause = node.cause
            to.parent = moved(s, node.parent)
            s.forward[i] = n_live
            n_live += 1
    move_roots(s)
    clock.n_nodes = n_live
