"""The packet level against the flit level, where they must agree, and against BookSim2's tables."""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np
import pytest
from ohmsum.sim.noc import build
from ohmsum.sim.noc.flit import BOOKSIM, FlitNetwork, RouterConfig, traffic
from ohmsum.sim.noc.packet import timed
from ohmsum.tools.bench.booksim2 import knee, mesh8x8, tables

MESH = mesh8x8()
TABLES = tables()


def packet_arrivals(
    topology: Any, router: RouterConfig, time: Any, src: Any, dst: Any, n_flits: int, flow: Any
) -> Any:
    """Cycles in which the tails of packets arrive that are created at `time`; all arrays of one shape."""
    keys = list(zip(src.tolist(), dst.tolist(), (flow % topology.n_variants).tolist(), strict=True))
    routes = {key: timed(topology, router, key, n_flits) for key in set(keys)}
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


@pytest.mark.parametrize(
    "router", [*BOOKSIM.values(), RouterConfig(n_vcs=2, routing_delay=2, sw_alloc_delay=1, crossbar_delay=3)]
)
@pytest.mark.parametrize("n_flits", [1, 4])
def test_a_packet_alone_takes_as_long_as_at_flit_level(router: Any, n_flits: int) -> None:
    net = build("torus", grid=(4, 4)) if router.n_vcs > 1 else MESH
    src, dst = np.divmod(np.arange(net.n_endpoints**2), net.n_endpoints)
    time = np.arange(len(src)) * 500
    network = FlitNetwork(net, router)
    network.offer(time, src, dst, n_flits, np.arange(len(src)))
    done = network.drain()
    arrivals = packet_arrivals(net, router, time, src, dst, n_flits, np.zeros_like(time))
    assert np.array_equal(arrivals[done.tag], done.arrived)


def test_packets_queue_for_a_link_in_the_order_of_their_heads() -> None:
    # Two sources, one sink: the second packet follows the first at once, a cycle a flit.
    net = build("crossbar", n_endpoints=3, host=False)
    time = np.array([0, 1])
    arrivals = packet_arrivals(
        net, BOOKSIM["DEF"], time, np.array([0, 1]), np.array([2, 2]), 10, np.zeros(2, int)
    )
    assert arrivals.tolist() == [7 + 9, 7 + 9 + 10]


@pytest.mark.parametrize("table", TABLES, ids=[t.name for t in TABLES])
def test_latency_within_ten_percent_up_to_seventy_percent_of_the_knee(table: Any) -> None:
    limit = 0.7 * knee(table.cells, 3 * table.cells[0].latency)
    cell = [c for c in table.cells if c.offered <= limit][-1]
    rng, router, cycles = np.random.default_rng(1), BOOKSIM[table.config], 4000
    time, src = np.nonzero(rng.random((cycles, 64)) < cell.offered / table.packet_flits)
    dst = traffic(table.traffic, MESH).destinations(rng, src.astype(np.int64))
    arrivals = packet_arrivals(MESH, router, time, src, dst, table.packet_flits, np.zeros_like(time))
    latency = (arrivals - time)[time >= 1000].mean()
    assert latency == pytest.approx(cell.latency, rel=0.10)
