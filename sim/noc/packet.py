"""The packet level: a packet books one link after the other, and what that says of a router.

A link serves packets first come, first served; a packet's head goes on to the next link before its tail has
left this one. Buffers are endless and a packet never blocks another one behind it on a different way, so that
this level knows no saturation but that of the links. For the routers of BookSim2 it stays within 10 % of the
mean latency up to 70 % of the knee.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .router import RouterConfig
from .topology import Topology

I64 = NDArray[np.int64]


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
    timed = _timed(topology, router, (src, dst, flow), n_flits)
    return sum(timing.advance for _, timing in timed) + (n_flits - 1) * router.sw_alloc_delay


def packet_arrivals(
    topology: Topology, router: RouterConfig, time: I64, src: I64, dst: I64, n_flits: int, flow: I64
) -> I64:
    """Cycles in which the tails of packets arrive that are created at `time`; all arrays of one shape."""
    keys = list(zip(src.tolist(), dst.tolist(), (flow % topology.n_variants).tolist(), strict=True))
    routes = {key: _timed(topology, router, key, n_flits) for key in set(keys)}
    free_at = [0] * topology.n_links
    arrival = np.zeros(len(time), np.int64)
    tail = (n_flits - 1) * router.sw_alloc_delay
    events = [(t, packet, 0) for packet, t in enumerate(time.tolist())]
    heapq.heapify(events)
    while events:
        now, packet, position = heapq.heappop(events)
        route = routes[keys[packet]]
        link, timing = route[position]
        begin = max(now, free_at[link])
        free_at[link] = begin + timing.hold
        if position + 1 < len(route):
            heapq.heappush(events, (begin + timing.advance, packet, position + 1))
        else:
            arrival[packet] = begin + timing.advance + tail
    return arrival


def _timed(
    topology: Topology, router: RouterConfig, key: tuple[int, int, int], n_flits: int
) -> list[tuple[int, PacketTiming]]:
    route = topology.route(*key)
    wires = [router.link_delay(topology.link(link)) for link in route]
    ends = (0, len(route) - 1)
    return [
        (link, packet_timing(router, n_flits, wire, first=i == ends[0], last=i == ends[1]))
        for i, (link, wire) in enumerate(zip(route, wires, strict=True))
    ]
