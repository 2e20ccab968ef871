"""An arbitrary graph of routers, from a list of directed edges.

``shortest`` takes the fewest hops, ties going to the neighbour that was named first in the edge list.
``updown`` takes the shortest path that never goes up after it went down, up being towards the router with the
smaller breadth-first number from the gateway: longer, but free of deadlock on any graph (up*/down*, Schroeder
et al., Autonet, 1991).
"""

from __future__ import annotations

from collections import deque
from functools import cache
from typing import TYPE_CHECKING

from ...errors import SimulationError
from ..fabric import Fabric, FabricSpec, Wire, register

if TYPE_CHECKING:
    import networkx as nx


class GraphTopology(Fabric):
    """Routers and wires as the user listed them."""

    name = "graph"

    def __init__(
        self, graph: nx.DiGraph, attach: tuple[int, ...], labels: tuple[str, ...], routing: str, gateway: int
    ) -> None:
        self.labels = labels
        self.routing = routing
        super().__init__(len(labels), tuple(Wire(u, v) for u, v in graph.edges), attach, gateway=gateway)
        self._out: list[list[int]] = [list(graph.successors(r)) for r in range(self.n_routers)]
        self._in: list[list[int]] = [list(graph.predecessors(r)) for r in range(self.n_routers)]
        self._order = self._breadth_first(gateway)
        self._to = cache(self._distances)

    def routers(self, src: int, dst: int, flow: int) -> tuple[int, ...]:
        distance = self._to(dst)
        may_go_up, at, passed = True, src, [src]
        if (src, True) not in distance:
            raise SimulationError(
                f"no route from router {self.labels[src]} to router {self.labels[dst]} of the graph"
            )
        while at != dst:
            steps = [(v, self._phase_after(at, v)) for v in self._out[at] if self._allowed(at, v, may_go_up)]
            # min keeps the first of equals: the edge named first
            at, may_go_up = min((s for s in steps if s in distance), key=distance.__getitem__)
            passed.append(at)
        return tuple(passed)

    def router_name(self, router: int) -> str:
        return f"r:{self.labels[router]}"

    def _up(self, u: int, v: int) -> bool:
        return self._order[v] < self._order[u]

    def _allowed(self, u: int, v: int, may_go_up: bool) -> bool:
        return self.routing == "shortest" or may_go_up or not self._up(u, v)

    def _phase_after(self, u: int, v: int) -> bool:
        """Whether going up is still allowed after the hop u -> v."""
        return self.routing == "shortest" or self._up(u, v)

    def _distances(self, dst: int) -> dict[tuple[int, bool], int]:
        """Hops to `dst` from every (router, may still go up), by breadth-first search backwards."""
        distance = {(dst, True): 0, (dst, False): 0}
        queue = deque(distance)
        while queue:
            v, phase = queue.popleft()
            for u in self._in[v]:
                if self._phase_after(u, v) != phase and v != dst:
                    continue
                for before in (True, False):
                    if (u, before) not in distance and self._allowed(u, v, before):
                        distance[u, before] = distance[v, phase] + 1
                        queue.append((u, before))
        return distance

    def _breadth_first(self, root: int) -> dict[int, int]:
        order = {root: 0}
        queue = deque([root])
        while queue:
            for v in self._out[queue[0]]:
                if v not in order:
                    order[v] = len(order)
                    queue.append(v)
            queue.popleft()
        return order


@register("graph")
def graph(spec: FabricSpec) -> Fabric:
    spec.refuse("graph", "grid", "concentration", "arity")
    if not spec.edges:
        raise SimulationError("topology 'graph' needs edges: a list of (router, router) pairs")
    routing = spec.choose_routing("graph", "shortest", "updown")
    nodes = list(dict.fromkeys(node for edge in spec.edges for node in edge))
    number = {node: i for i, node in enumerate(nodes)}
    import networkx as nx

    net = nx.DiGraph()
    net.add_nodes_from(range(len(nodes)))
    net.add_edges_from((number[u], number[v]) for u, v in spec.edges if u != v)
    if not nx.is_strongly_connected(net):
        parts = sorted(nx.strongly_connected_components(net), key=min)
        raise SimulationError(
            f"topology 'graph' is not connected: router {nodes[min(parts[0])]} and router "
            f"{nodes[min(parts[1])]} cannot reach each other; add edges (directed: list both ways)"
        )
    if routing == "updown" and any(not net.has_edge(v, u) for u, v in net.edges):
        raise SimulationError("routing 'updown' needs every edge of the graph in both directions")
    places = spec.attach or tuple(nodes)
    unknown = [p for p in places if p not in number]
    if unknown:
        raise SimulationError(f"topology 'graph': attach names router {unknown[0]!r}, which no edge mentions")
    n_endpoints = len(places) if spec.n_endpoints is None else spec.count("graph")
    if n_endpoints > len(places):
        raise SimulationError(
            f"topology 'graph': {n_endpoints} endpoints for {len(places)} places; name them all in attach"
        )
    attach = tuple(number[p] for p in places[:n_endpoints])
    return GraphTopology(net, attach, tuple(str(n) for n in nodes), routing, spec.gateway)
