"""Routers that copy packets: trees by hand; nothing is lost or stalls however trees and packets mix."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ohmsum.sim.errors import SimulationError
from ohmsum.sim.noc import BOOKSIM, LinkKind, RouterConfig, Topology, build
from ohmsum.sim.noc.flit import FlitNetwork
from ohmsum.sim.noc.flit.network import Delivered, concatenate

SQUARE = build("mesh", grid=(2, 2))
ROUTER = RouterConfig(n_vcs=2, vc_buffer_flits=8)


def n_flits(network: FlitNetwork, *, injected: bool) -> int:
    """Flits on links out of endpoints, or on all others: wires and ejectors, the hops."""
    kinds = [link.kind == LinkKind.INJECT for link in network.topology.links()]
    return int(network.link_flits[np.array(kinds) == injected].sum())


def test_a_tree_carries_every_flit_once_over_each_of_its_links() -> None:
    """From a corner of 2 x 2 to the other three, 8 flits: 3 wires, 3 ejectors; else 1 + 1 + 2 wires and 3."""
    tree, unicast = FlitNetwork(SQUARE, ROUTER), FlitNetwork(SQUARE, ROUTER)
    tree.offer_copies(0, 0, [1, 2, 3], 8, 7)
    unicast.offer(0, 0, [1, 2, 3], 8, 7)
    assert tree.drain().tag.tolist() == [7]
    assert len(unicast.drain()) == 3
    assert (n_flits(tree, injected=False), n_flits(tree, injected=True)) == (48, 8)
    assert (n_flits(unicast, injected=False), n_flits(unicast, injected=True)) == (56, 24)


@pytest.mark.parametrize("router", [ROUTER, BOOKSIM["VC8"], replace(ROUTER, routing_delay=3)])
@pytest.mark.parametrize("dsts", [(1, 2, 3), (1,), (0, 3), (0, 1, 2, 3)])
def test_a_tree_alone_takes_as_long_as_its_longest_way(router: RouterConfig, dsts: tuple[int, ...]) -> None:
    network = FlitNetwork(SQUARE, router)
    network.offer_copies(5, 0, dsts, 6, 0)
    n_routers = max(len(SQUARE.route(0, dst)) for dst in dsts) - 1
    expected = 5 + router.zero_load_latency(n_routers, 6, n_routers + 1)
    assert network.drain().arrived.tolist() == [expected]


def test_copies_go_on_by_themselves() -> None:
    """The way to 1 is taken by a long packet; the copy for 2 does not wait for it."""
    line = build("chain", n_endpoints=4)
    router = RouterConfig(n_vcs=1, vc_buffer_flits=8)
    network = FlitNetwork(line, router)
    network.offer(0, 2, 3, 100, 0)
    network.offer(40, 1, [0, 3], 4, [1, 2])
    alone = router.zero_load_latency(2, 4, 3)
    done = network.drain()
    assert done.arrived[done.tag == 1] == 40 + alone
    copied = FlitNetwork(line, router)
    copied.offer(0, 2, 3, 100, 0)
    copied.offer_copies(40, 1, [0, 3], 4, 1)
    copied.advance(40 + alone + 1)
    (to_0,) = (i for i in line.route(1, 0)[-1:])
    assert copied.link_flits[to_0] == 4
    assert len(copied.drain()) == 2


def test_a_message_is_cut_into_packets_as_it_goes() -> None:
    """20 flits in packets of 4 on several virtual channels take as long as in one: no pause between them."""
    router = RouterConfig(n_vcs=4, vc_buffer_flits=8)
    times = []
    for longest in (4, 20):
        network = FlitNetwork(SQUARE, router)
        network.offer(0, 0, 3, 20, 0, packet_flits=longest)
        times += network.drain().arrived.tolist()
    assert times == [router.zero_load_latency(3, 20, 4)] * 2


def test_a_packet_that_is_copied_fits_in_a_buffer() -> None:
    with pytest.raises(SimulationError, match="a packet of 9 flits does not fit in a buffer of 8"):
        FlitNetwork(SQUARE, ROUTER).offer_copies(0, 0, [1, 2], 9, 0)


NETWORKS = {
    "mesh": build("mesh", grid=(3, 4)),
    "cmesh": build("cmesh", grid=(2, 3), concentration=3),
    "torus": build("torus", grid=(3, 4)),
    "ring": build("ring", n_endpoints=7),
    "htree": build("htree", n_endpoints=16, arity=4),
    "o1turn": build("mesh", grid=(3, 4), routing="o1turn"),
}
ROUTERS = st.builds(
    RouterConfig,
    n_vcs=st.sampled_from([2, 3, 4]),
    vc_buffer_flits=st.integers(4, 9),
    routing_delay=st.integers(0, 2),
    crossbar_delay=st.integers(0, 1),
    vc_alloc_delay=st.integers(1, 2),
    sw_alloc_delay=st.integers(1, 2),
    wait_for_tail_credit=st.booleans(),
    alloc_iterations=st.integers(1, 2),
)
MESSAGES = st.lists(
    st.tuples(
        st.integers(0, 60), st.integers(0, 11), st.sets(st.integers(0, 11), min_size=1), st.integers(1, 20)
    ),
    min_size=1,
    max_size=40,
)


def run(topology: Topology, router: RouterConfig, sent: list[tuple[int, int, set[int], int]]) -> Delivered:
    """Messages in packets of at most 4 flits; every flit and credit is accounted for."""
    n = topology.n_endpoints
    network = FlitNetwork(topology, router)
    expected = np.zeros(topology.n_links, np.int64)
    parts = []
    for i, (time, src, to, size) in enumerate(sorted(sent, key=lambda x: x[0])):
        dsts = sorted({d % n for d in to})
        flow = src % n
        if len(dsts) > 1:
            network.offer_copies(time, src % n, dsts, size, i, flow, packet_flits=4)
        else:
            network.offer(time, src % n, dsts[0], size, i, flow, packet_flits=4)
        for level in topology.multicast(src % n, dsts, flow):
            expected[list(level)] += size
    parts.append(network.drain(100_000))
    assert network.n_queued == network.n_flits_in_flight == network.missing_credits == 0
    assert (network.link_flits == expected).all()
    return concatenate(parts)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(NETWORKS)), ROUTERS, MESSAGES)
def test_whatever_is_sent_arrives(
    name: str, router: RouterConfig, sent: list[tuple[int, int, set[int], int]]
) -> None:
    done = run(NETWORKS[name], router, sent)
    assert sorted(done.tag.tolist()) == list(range(len(sent)))


def test_broadcasts_from_everywhere_at_once_do_not_stall() -> None:
    """What heads that wait for all their outputs would: copies eastward hold what those westward want."""
    for name, topology in NETWORKS.items():
        everyone = set(range(topology.n_endpoints))
        sent = [(0, src, everyone - {src}, 20) for src in everyone]
        done = run(topology, RouterConfig(n_vcs=2, vc_buffer_flits=4), sent)
        assert len(done) == len(sent), name
