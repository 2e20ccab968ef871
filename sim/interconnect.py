"""The interconnect that a chip description means: network on chip, links between chips, and the host."""

from __future__ import annotations

from copy import copy

from ..arch.board import host_chip, wires
from ..arch.chip import Chip
from ..arch.units import FS_PER_S
from .errors import SimulationError
from .flit_detail import FlitDetail
from .noc.fabric import Fabric, FabricSpec, fabric
from .noc.gates import ON_EDGE, Gated, edge_routers, gated
from .noc.router import RouterConfig
from .noc.topology import Link, LinkKind, Topology

LEAST_ROUTER_CYCLES = 2
"""Allocation and switch, a cycle each, with the route looked up one router ahead."""
GARNET_VCS = 4
"""Virtual channels where a chip file says nothing: as in gem5's Garnet (vcs_per_vnet). Assumed."""
PACKET_FLITS = 8
"""Longest packet where a chip file states neither it nor the buffers. Assumed."""


def interconnect(chip: Chip) -> Topology:
    """Topology with one endpoint per tile (one per chip without crossbars), chip after chip."""
    levels = [chip_fabric(chip)]
    if chip.n_chips > 1:
        levels.append(chip_level(chip))
    return Topology(levels, host=chip.host is not None, host_copy=host_chip(chip))


def chip_network(chip: Chip) -> Topology:
    """The network of one chip alone, without host."""
    return Topology([chip_fabric(chip)], host=False)


def chip_level(chip: Chip) -> Fabric:
    """What joins the chips."""
    topology = chip.chips.topology if chip.chips else "chain"
    if chip.chips and topology == "graph":
        numbered = tuple((i, i) for i in range(chip.n_chips))  # so that routers are numbered as the chips
        return fabric("graph", FabricSpec(n_endpoints=chip.n_chips, edges=(*numbered, *wires(chip.chips))))
    grid = near_square(chip.n_chips) if topology == "mesh" else None
    return fabric(topology, FabricSpec(n_endpoints=chip.n_chips, grid=grid))


def chips_joined(topology: Topology, link: Link) -> tuple[int, int]:
    """Numbers of the chips at the ends of a link between chips.

    Every topology of chips joins their gateways, so that a node is a router of the chip's own network.
    """
    assert link.kind == LinkKind.CHIP
    per_chip = topology.fabrics[0].n_routers
    return (link.src - topology.n_endpoints) // per_chip, (link.dst - topology.n_endpoints) // per_chip


def chip_fabric(chip: Chip) -> Fabric:
    """The network of one chip; of one that has none, a place for every tile and no distance between them."""
    tiles = chip.tile.count if chip.tile else 1
    noc = chip.noc
    if noc is None or chip.tile is None:
        return fabric("all", FabricSpec(n_endpoints=tiles))
    on_grid = noc.topology in ("mesh", "cmesh", "torus")
    spec = FabricSpec(
        n_endpoints=tiles,
        grid=router_grid(chip) if on_grid else None,
        # On these it follows from the topology how many tiles share a router.
        concentration=1 if noc.topology in ("htree", "fattree", "bus", "crossbar") else noc.concentration,
        routing=noc.routing if "routing" in noc.model_fields_set else None,
        arity=noc.arity,
        edges=tuple(pair for edge in noc.edges or () for pair in _wires(edge)),
        attach=noc.attach or (),
    )
    return gated(fabric(noc.topology, spec), spec.grid, n_gateways(chip))


def n_gateways(chip: Chip) -> int:
    """As many as the chip file says; else the edge of a grid, where one link carries less than comes in."""
    noc = chip.noc
    if noc is None:
        return 1
    if noc.gateways is not None or noc.topology not in ON_EDGE:
        return noc.gateways or 1
    outside = (chip.host, chip.chips if chip.n_chips > 1 else None)
    most = max((link.bandwidth_bytes_per_s or 0.0 for link in outside if link is not None), default=0.0)
    link_bytes_per_s = noc.flit_bits / 8 * FS_PER_S / noc.cycle_fs
    return len(edge_routers(*router_grid(chip))) if most > link_bytes_per_s else 1


def _wires(edge: str) -> list[tuple[str, str]]:
    """The directed wires of an edge: ``a-b`` both ways, ``a>b`` one way."""
    for mark in ("-", ">"):
        ends = [end.strip() for end in edge.split(mark)]
        if len(ends) == 2 and all(ends):
            return [(ends[0], ends[1])] + ([(ends[1], ends[0])] if mark == "-" else [])
    raise SimulationError(f"noc.edges: found {edge!r}, expected 'a-b' (both ways) or 'a>b' (one way)")


def router_of(chip: Chip) -> RouterConfig:
    """The routers of a chip at flit detail.

    A head passes a router in `router_cycles` and a wire in `link_cycles`, as at packet detail; how these
    split into pipeline stages changes nothing but the time between two packets on one virtual channel, and
    is assumed: one cycle for both allocations, one for the switch, up to two to cross it, the rest for
    routing.

    A buffer whose length the chip file does not state holds two of the longest packets, and no less than the
    flits that leave while a credit is on its way back: one packet fills it while the other empties it.

    Raises
    ------
    SimulationError
        A router that takes less than the two cycles that allocation and switch need, or circuit switching.
    """
    noc = chip.noc
    if noc is None:
        raise SimulationError(f"chip {chip.name!r} has no network (noc), so it has no routers")
    if noc.switching == "circuit":
        raise SimulationError(
            f"noc.switching of chip {chip.name!r} is circuit: it has no buffers; use packet detail"
        )
    if noc.router_cycles < LEAST_ROUTER_CYCLES:
        raise SimulationError(
            f"noc.router_cycles: found {noc.router_cycles}, flit detail needs at least "
            f"{LEAST_ROUTER_CYCLES}: one for allocation, one for the switch"
        )
    crossbar = min(1, noc.router_cycles - LEAST_ROUTER_CYCLES)
    routing = noc.router_cycles - LEAST_ROUTER_CYCLES - crossbar
    loop = 2 * (1 + noc.link_cycles) + crossbar + 1
    return RouterConfig(
        n_vcs=noc.n_vcs or max(GARNET_VCS, chip_fabric(chip).n_classes),
        vc_buffer_flits=noc.vc_buffer_flits or max(loop, 2 * (noc.packet_flits or PACKET_FLITS)),
        routing_delay=routing,
        crossbar_delay=crossbar,
        endpoint_delay=noc.link_cycles,
        chip_delay=noc.link_cycles,
        wire_delay=noc.link_cycles,
    )


def flit_detail(chip: Chip) -> FlitDetail:
    """The routers of all chips, each chip with a port at every gateway: its last endpoints.

    Packets are as long as the chip file says; else they are half a virtual channel's buffer, which is what
    lets one follow the other without a pause.

    Raises
    ------
    SimulationError
        As `router_of`; a chip without tiles; an arbitration that routers do not have; packets that do not fit
        into the buffers of routers that copy them.
    """
    router = router_of(chip)
    noc = chip.noc
    if noc is None or chip.tile is None:
        raise SimulationError(f"chip {chip.name!r} has no tiles that a network could connect (flit detail)")
    if noc.arbitration in ("fcfs", "age"):
        raise SimulationError(
            f"noc.arbitration: found {noc.arbitration}, but routers take turns between their inputs at flit "
            "detail (round_robin); use packet detail"
        )
    whole = chip_fabric(chip)
    gates: tuple[int, ...] = whole.gates if isinstance(whole, Gated) else (whole.gateway,)
    ported = copy(whole.inner if isinstance(whole, Gated) else whole)
    ported.enter, ported.leave = (*ported.enter, *gates), (*ported.leave, *gates)
    levels = [ported]
    if chip.n_chips > 1:  # the links between chips are simulated elsewhere
        levels.append(fabric("chain", FabricSpec(n_endpoints=chip.n_chips)))
    packet_flits = noc.packet_flits or max(1, router.vc_buffer_flits // 2)
    if noc.copies and packet_flits > router.vc_buffer_flits:
        raise SimulationError(
            f"noc.packet: found {packet_flits} flits, expected at most noc.vc_buffer = "
            f"{router.vc_buffer_flits}: routers copy packets whole (noc.multicast)"
        )
    return FlitDetail(Topology(levels, host=False), router, noc.cycle_fs, packet_flits, {})


def router_grid(chip: Chip) -> tuple[int, int]:
    """Rows and columns of routers: the grid of tiles in the most square blocks of `concentration` tiles."""
    assert chip.tile is not None
    assert chip.noc is not None
    rows, cols = chip.tile.grid
    c = chip.noc.concentration
    down, across = near_square(c)
    return -(-rows // down), -(-cols // across)


def near_square(n: int) -> tuple[int, int]:
    """Rows and columns of the most square grid of exactly n places, no more rows than columns."""
    rows = max(d for d in range(1, int(n**0.5) + 1) if n % d == 0)
    return rows, n // rows
