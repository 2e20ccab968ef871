"""The packet level: a packet books one link after the other, and what that says of a router.

A link serves packets first come, first served; a packet's head goes on to the next link before its tail has
left this one. Buffers are endless and a packet never blocks another one behind it on a different way, so that
this level knows no saturation but that of the links. For the routers of BookSim2 it stays within 10 % of the
mean latency up to 70 % of the knee.
"""

from __future__ import annotations

from dataclasses import dataclass

from .router import RouterConfig
from .topology import Topology


@dataclass(frozen=True)
class PacketTiming:
    """Cycles of one link for packets of one size.

    Attributes
    ----------
    hold : int
        The link is taken: a cycle a flit; on a single virtual channel also the routing and VC allocation of
        the next packet, which cannot begin before the tail has left.
    advance : int
        From a head's leaving the buffer before this link to its leaving the one behind: link, routing,
        allocation, crossbar. Behind the last link: to its arrival.
    """

    hold: int
    advance: int


def packet_timing(
    router: RouterConfig, n_flits: int, wire_cycles: int, *, first: bool, last: bool
) -> PacketTiming:
    """Timing of a link of `wire_cycles`; `first` comes from a source, `last` leads to a sink."""
    stages = router.routing_delay + router.vc_alloc_delay + router.sw_alloc_delay - 1
    again = router.routing_delay + router.vc_alloc_delay if router.n_vcs == 1 and not first else 0
    flit = router.sw_alloc_delay if router.n_vcs == 1 and not first else 1
    cross = 0 if first else router.crossbar_delay
    return PacketTiming(n_flits * flit + again, cross + 1 + wire_cycles + (0 if last else stages))


def zero_load_cycles(
    topology: Topology, router: RouterConfig, src: int, dst: int, n_flits: int, flow: int = 0
) -> int:
    """Cycles from a packet's creation to its tail's arrival on an empty network: the hop part of it.

    What a packet took beyond that, at either level of detail, it spent waiting.
    """
    route = timed(topology, router, (src, dst, flow), n_flits)
    return sum(timing.advance for _, timing in route) + (n_flits - 1) * router.sw_alloc_delay


def timed(
    topology: Topology, router: RouterConfig, key: tuple[int, int, int], n_flits: int
) -> list[tuple[int, PacketTiming]]:
    """The links of a route (source, destination, variant), each with a packet's timing on it."""
    route = topology.route(*key)
    wires = [router.link_delay(topology.link(link)) for link in route]
    ends = (0, len(route) - 1)
    return [
        (link, packet_timing(router, n_flits, wire, first=i == ends[0], last=i == ends[1]))
        for i, (link, wire) in enumerate(zip(route, wires, strict=True))
    ]
