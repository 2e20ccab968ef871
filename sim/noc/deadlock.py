"""Is a routing free of deadlock? The channel-dependency graph says (Dally and Seitz 1987).

A channel is a (link, virtual-channel class). A packet that holds a channel and asks for the next one of its
route makes the second depend on the first. If no channel depends on itself, directly or through others, a
network that serves its ejecting links cannot deadlock.

Packets that routers copy add no cycle, although a copied packet waits for several links at once. Every turn
of a tree is a turn of a unicast route, so all that a packet waits for from channel c lies later in the order
of channels. What a copy must not do is hold one branch's channel while it waits for another's: two broadcasts
that cross would then wait for each other even where routes go by dimension order. Hence (1) every branch asks
for its channel, and sends, by itself; (2) a packet is given a channel that ends at a router which copies it
only if all of it fits into the buffer there, so that all its flits reach that buffer without waiting for any
branch, and every branch finds them there; (3) the buffer is given back after the last branch. By induction
from the last channel backwards each branch drains, then the buffer. A packet must fit into a buffer for that,
which `FlitNetwork.offer_copies` demands.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise, product
from typing import TYPE_CHECKING

from ..errors import SimulationError
from .topology import Topology

if TYPE_CHECKING:
    import networkx as nx


def dependency_graph(
    topology: Topology, pairs: Iterable[tuple[int, int]], n_classes: int | None = None
) -> nx.DiGraph:
    """Dependencies between channels (link, class) of all routes between the given endpoints.

    `n_classes`: how many classes the routers really have; a route's class is taken modulo it (default: as
    many as needed).
    """
    import networkx as nx

    n = topology.n_classes if n_classes is None else n_classes
    graph = nx.DiGraph()
    for src, dst in pairs:
        for flow in range(topology.n_variants):
            graph.add_edges_from(pairwise((link, c % n) for link, c in topology.channels(src, dst, flow)))
    return graph


def check_deadlock_free(
    topology: Topology, pairs: Iterable[tuple[int, int]] | None = None, n_classes: int | None = None
) -> None:
    """Refuse a routing whose channels depend on each other in a cycle.

    Parameters
    ----------
    pairs : iterable of (endpoint, endpoint), optional
        The flows that occur. Default: all pairs, which is quadratic in the number of endpoints.
    n_classes : int, optional
        Classes of virtual channels that the routers offer; default: what the topology asks for.

    Raises
    ------
    SimulationError
        Names the cycle of links.
    """
    import networkx as nx

    ends = topology.endpoints()
    graph = dependency_graph(topology, product(ends, ends) if pairs is None else pairs, n_classes)
    try:
        cycle = nx.find_cycle(graph)
    except nx.NetworkXNoCycle:
        return
    names = [
        topology.link(link).name + (f" (class {c})" if topology.n_classes > 1 else "")
        for (link, c), _ in cycle
    ]
    advice = (
        f"give the routers at least {topology.n_classes} virtual channels"
        if n_classes is not None and n_classes < topology.n_classes
        else "take a routing without such a cycle ('xy' on a mesh, 'updown' on a graph)"
    )
    waits = " waits for ".join([*names, names[0]])
    raise SimulationError(f"routing on {topology.kind!r} can deadlock: {waits}; {advice}")
