"""A whole interconnect: endpoints, routers and directed links, and the links that a transfer takes.

It is one fabric (a chip's mesh, say) or a hierarchy: copies of a fabric joined by a fabric of a higher level,
and so on. Nothing is stored per copy: numbers are computed, and routes found on demand in O(hops), from ways
through a fabric that are remembered once they were asked for.

Nodes are integers: endpoints ``0 .. n_endpoints - 1``, then routers; `HOST` is the host, attached to the
gateway of one copy.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace

from ..errors import SimulationError
from .fabric import Fabric, FabricSpec, fabric
from .link import Link, LinkKind

HOST = -1
"""Endpoint number of the host."""


@dataclass(frozen=True)
class _Level:
    """Numbering of one level: `copies` fabrics, each with its routers and links, from the bases on."""

    fabric: Fabric
    copies: int
    merged: bool
    """Router i of this level is the gateway of the copy i below, and not a node of its own."""
    router_base: int
    link_base: int
    ports: int
    """Members with a link in and a link out of their own: endpoints, or gateways that are not merged."""

    @property
    def links_per_copy(self) -> int:
        return len(self.fabric.wires) + 2 * self.ports

    def wire(self, copy: int, wire: int) -> int:
        return self.link_base + copy * self.links_per_copy + wire

    def inject(self, copy: int, endpoint: int) -> int:
        return self.wire(copy, len(self.fabric.wires) + endpoint)

    def eject(self, copy: int, endpoint: int) -> int:
        return self.wire(copy, len(self.fabric.wires) + self.ports + endpoint)


class Topology:
    """Fabrics, from the one that serves the endpoints upwards, each joining copies of the one before.

    Parameters
    ----------
    fabrics : sequence of Fabric
        ``fabrics[l + 1].n_endpoints`` copies of everything up to level l.
    host : bool
        Whether a host is attached to the gateway of one copy.
    host_copy : int
        Which copy that is.
    """

    def __init__(self, fabrics: Sequence[Fabric], *, host: bool = True, host_copy: int = 0) -> None:
        self.fabrics = tuple(fabrics)
        self.has_host, self._host_copy = host, host_copy
        copies = [1]
        for upper in reversed(self.fabrics[1:]):
            copies.insert(0, copies[0] * upper.n_endpoints)
        self.n_endpoints = self.fabrics[0].n_endpoints * copies[0]
        levels: list[_Level] = []
        routers, links = self.n_endpoints, 0
        for i, (net, n) in enumerate(zip(self.fabrics, copies, strict=True)):
            merged = i > 0 and net.direct
            level = _Level(net, n, merged, routers, links, 0 if merged else net.n_endpoints)
            routers += 0 if merged else n * net.n_routers
            links += n * level.links_per_copy
            levels.append(level)
        self._levels = tuple(levels)
        self.n_routers = routers - self.n_endpoints
        self._host_links: tuple[int, ...] = (links, links + 1) if host else ()
        self.n_links = links + len(self._host_links)
        self._ways: dict[tuple[int, int, int, int], tuple[tuple[int, ...], tuple[int, ...]]] = {}

    @property
    def n_classes(self) -> int:
        """Classes of virtual channels that the routing needs to be free of deadlock."""
        below = [f.n_classes * (2 if f.cyclic else 1) for f in self.fabrics[:-1]]
        return max(self.fabrics[-1].n_classes, *below, 1)

    @property
    def n_variants(self) -> int:
        """Routes per pair that traffic is spread over; flows f and f + n_variants take the same route."""
        return max(f.n_variants for f in self.fabrics)

    @property
    def kind(self) -> str:
        """Name of the fabrics, first level first."""
        return " / ".join(f.name for f in self.fabrics)

    def endpoints(self) -> range:
        """All endpoints but the host."""
        return range(self.n_endpoints)

    def route(self, src: int, dst: int, flow: int = 0) -> tuple[int, ...]:
        """Links from endpoint to endpoint, in order, the injecting and the ejecting one included.

        An endpoint reaches itself through its router. Deterministic; `flow` matters only where a routing
        spreads its traffic.

        Raises
        ------
        SimulationError
            An endpoint that is not there, or no route.
        """
        return tuple(link for link, _ in self._walk(src, dst, flow))

    def channels(self, src: int, dst: int, flow: int = 0) -> tuple[tuple[int, int], ...]:
        """The route with the virtual-channel class on each link: (link, class) pairs."""
        return tuple(self._walk(src, dst, flow))

    def multicast(self, src: int, dsts: Sequence[int], flow: int = 0) -> tuple[tuple[int, ...], ...]:
        """Links of the tree from `src` to all `dsts`: level d holds those at depth d, each link once."""
        from .trees import multicast

        return multicast(self, src, dsts, flow)

    def reduction(self, srcs: Sequence[int], dst: int, flow: int = 0) -> tuple[tuple[int, ...], ...]:
        """Links of the tree from all `srcs` to `dst`: feeding links come earlier, the last ends at `dst`."""
        from .trees import reduction

        return reduction(self, srcs, dst, flow)

    def ends(self, link: int) -> tuple[int, int]:
        """Source and destination node of a link."""
        if link in self._host_links:
            gateway = self._node(0, self._host_copy, self.fabrics[0].gateway)
            return (HOST, gateway) if link == self._host_links[0] else (gateway, HOST)
        i, copy, local = self._locate(link)
        level, net = self._levels[i], self._levels[i].fabric
        if local < len(net.wires):
            wire = net.wires[local]
            return self._node(i, copy, wire.src), self._node(i, copy, wire.dst)
        leaving, port = divmod(local - len(net.wires), level.ports)
        outer = self._below(i, copy * net.n_endpoints + port)
        inner = self._node(i, copy, (net.leave if leaving else net.enter)[port])
        return (inner, outer) if leaving else (outer, inner)

    def link(self, index: int) -> Link:
        """Everything about a link."""
        src, dst = self.ends(index)
        name = f"{self.node_name(src)}->{self.node_name(dst)}"
        if index in self._host_links:
            return Link(index, name, src, dst, LinkKind.HOST, 0, 0.0)
        i, _, local = self._locate(index)
        wires = self._levels[i].fabric.wires
        length = wires[local].length if local < len(wires) else 0.0
        if i > 0:
            kind = LinkKind.CHIP
        elif local < len(wires):
            kind = LinkKind.WIRE
        else:
            kind = LinkKind.INJECT if local < len(wires) + self._levels[0].ports else LinkKind.EJECT
        return Link(index, name, src, dst, kind, i, length)

    def links(self) -> Iterator[Link]:
        """All links, in the order of their indices."""
        return (self.link(i) for i in range(self.n_links))

    def copy_of(self, link: int) -> int:
        """Copy of the first level (the chip) that a link lies in."""
        level, copy, _ = self._locate(link)
        assert level == 0, "a link of a higher level"
        return copy

    def node_name(self, node: int) -> str:
        """A name such as ``e3``, ``chip2.(0,1)`` or ``host``."""
        if node == HOST:
            return "host"
        if node < self.n_endpoints:
            return f"e{node}"
        level = next(lv for lv in reversed(self._levels) if not lv.merged and lv.router_base <= node)
        copy, router = divmod(node - level.router_base, level.fabric.n_routers)
        if level is self._levels[0]:
            prefix = f"chip{copy}." if level.copies > 1 else ""
        else:
            prefix = f"{level.fabric.name}{copy if level.copies > 1 else ''}."
        return prefix + level.fabric.router_name(router)

    def _walk(self, src: int, dst: int, flow: int) -> Iterator[tuple[int, int]]:
        """(link, class) pairs: up from the source, across where both meet, down to the destination."""
        self._check(src)
        self._check(dst)
        up, at, src_copy = self._enter(src)
        down, to, dst_copy = self._leave(dst)
        yield up, 0
        tail = [(down, 0)]
        for i, level in enumerate(self._levels):
            net = level.fabric
            if src_copy == dst_copy:
                yield from self._path(i, src_copy, at, to, flow)
                break
            yield from self._path(i, src_copy, at, net.gateway, flow)
            shift = net.n_classes if net.cyclic else 0
            tail = [*((w, c + shift) for w, c in self._path(i, dst_copy, net.gateway, to, flow)), *tail]
            upper = self._levels[i + 1]
            src_copy, a = divmod(src_copy, upper.fabric.n_endpoints)
            dst_copy, b = divmod(dst_copy, upper.fabric.n_endpoints)
            at, to = upper.fabric.enter[a], upper.fabric.leave[b]
            if not upper.merged:
                yield upper.inject(src_copy, a), 0
                tail = [(upper.eject(dst_copy, b), 0), *tail]
        yield from tail

    def _path(self, i: int, copy: int, at: int, to: int, flow: int) -> list[tuple[int, int]]:
        """(link, class) pairs from router to router in one copy of the fabric of level i."""
        level = self._levels[i]
        variant = flow % level.fabric.n_variants
        way = self._ways.get((i, at, to, variant))
        if way is None:
            path = level.fabric.path(at, to, variant)
            way = self._ways[(i, at, to, variant)] = path, level.fabric.classes(path, variant)
        first = level.wire(copy, 0)
        return [(first + w, c) for w, c in zip(*way, strict=True)]

    def _enter(self, src: int) -> tuple[int, int, int]:
        """Injecting link, router and copy of an endpoint."""
        if src == HOST:
            return self._host_links[0], self.fabrics[0].gateway, self._host_copy
        copy, local = divmod(src, self.fabrics[0].n_endpoints)
        return self._levels[0].inject(copy, local), self.fabrics[0].enter[local], copy

    def _leave(self, dst: int) -> tuple[int, int, int]:
        """Ejecting link, router and copy of an endpoint."""
        if dst == HOST:
            return self._host_links[1], self.fabrics[0].gateway, self._host_copy
        copy, local = divmod(dst, self.fabrics[0].n_endpoints)
        return self._levels[0].eject(copy, local), self.fabrics[0].leave[local], copy

    def _check(self, endpoint: int) -> None:
        if endpoint == HOST and self.has_host:
            return
        if not 0 <= endpoint < self.n_endpoints:
            what = "host" if endpoint == HOST else f"endpoint {endpoint}"
            raise SimulationError(
                f"topology {self.kind!r} has no {what}; its endpoints are 0..{self.n_endpoints - 1}"
            )

    def _locate(self, link: int) -> tuple[int, int, int]:
        """Level, copy and number within the copy of a link."""
        if not 0 <= link < self.n_links:
            raise SimulationError(
                f"topology {self.kind!r} has no link {link}; expected 0..{self.n_links - 1}"
            )
        i = max(i for i, lv in enumerate(self._levels) if lv.link_base <= link and lv.links_per_copy)
        copy, local = divmod(link - self._levels[i].link_base, self._levels[i].links_per_copy)
        return i, copy, local

    def _node(self, i: int, copy: int, router: int) -> int:
        """Node number of a router of level i."""
        level = self._levels[i]
        if level.merged:
            return self._below(i, copy * level.fabric.n_endpoints + router)
        return level.router_base + copy * level.fabric.n_routers + router

    def _below(self, i: int, member: int) -> int:
        """Node that level i joins as its member: an endpoint, or the gateway of a copy below."""
        return member if i == 0 else self._node(i - 1, member, self.fabrics[i - 1].gateway)


def build(
    kind: str,
    *,
    grid: tuple[int, int] | None = None,
    concentration: int = 1,
    n_endpoints: int | None = None,
    routing: str | None = None,
    arity: int | None = None,
    edges: Sequence[tuple[Hashable, Hashable]] = (),
    attach: Sequence[Hashable] = (),
    gateway: int = 0,
    n_chips: int = 1,
    chip_topology: str = "chain",
    chip_grid: tuple[int, int] | None = None,
    chip_routing: str | None = None,
    host: bool = True,
) -> Topology:
    """The interconnect of a chip, or of `n_chips` equal ones joined by their gateway routers.

    Parameters
    ----------
    kind : str
        ``bus``, ``chain``, ``ring``, ``mesh``, ``cmesh``, ``torus``, ``htree``, ``fattree``, ``crossbar``,
        ``all`` or ``graph``.
    n_endpoints : int, optional
        Per chip. Needed where no grid or graph says it.
    n_chips, chip_topology, chip_grid, chip_routing
        The level above. Chips of a ``chain``, ``ring``, ``mesh``, ``torus`` or ``all`` are joined gateway to
        gateway; on a ``bus``, ``crossbar`` or tree each gateway has links to the router it hangs on.
    host : bool
        Attach the endpoint `HOST` to the gateway of chip 0.

    Raises
    ------
    SimulationError
        Unknown topology, a parameter missing or of no use to it, or a graph that is not connected.
    """
    spec = FabricSpec(n_endpoints, grid, concentration, routing, arity, tuple(edges), tuple(attach), gateway)
    levels = [fabric(kind, spec)]
    if n_chips < 1:
        raise SimulationError(f"n_chips must be at least 1, found {n_chips}")
    if n_chips > 1:
        above = FabricSpec(n_chips, routing=chip_routing)
        levels.append(fabric(chip_topology, replace(above, grid=chip_grid) if chip_grid else above))
    return Topology(levels, host=host)


def build_hierarchy(levels: Sequence[tuple[str, FabricSpec]], *, host: bool = True) -> Topology:
    """Tiles, clusters, chips, boards: each level joins copies of all below it; the first has the endpoints.

    Parameters
    ----------
    levels : sequence of (str, FabricSpec)
        Topology and parameters of each; ``n_endpoints`` (or the grid) of a level counts the copies it joins.

    Raises
    ------
    SimulationError
        As `build`.
    """
    if not levels:
        raise SimulationError("a hierarchy needs at least one level")
    return Topology([fabric(kind, spec) for kind, spec in levels], host=host)


__all__ = ["HOST", "FabricSpec", "Link", "LinkKind", "Topology", "build", "build_hierarchy"]
