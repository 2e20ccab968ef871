"""The router: its pipeline, credits, allocation and what it never does, cycle by cycle."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from ohmsum.sim.errors import DeadlockError, SimulationError
from ohmsum.sim.noc import HOST, build
from ohmsum.sim.noc.flit import BOOKSIM, FlitNetwork, RouterConfig
from ohmsum.sim.noc.packet import zero_load_cycles

MESH = build("mesh", grid=(8, 8))
LINE = build("chain", n_endpoints=4)


def deliver(network: Any, *packets: Any) -> Any:
    """Offer packets (time, src, dst, flits) and return {index: arrival}."""
    time, src, dst, size = zip(*packets, strict=True)
    network.offer(time, src, dst, size, range(len(packets)))
    done = network.drain()
    assert sorted(done.tag.tolist()) == list(range(len(packets)))
    return dict(zip(done.tag.tolist(), done.arrived.tolist(), strict=True))


@pytest.mark.parametrize(("config", "first", "hop"), [("WH1", 7, 5), ("VC8", 6, 4), ("DEF", 7, 5)])
@pytest.mark.parametrize("n_flits", [1, 5])
def test_zero_load_latency_of_booksim2_for_every_pair(
    config: str, first: int, hop: int, n_flits: int
) -> None:
    # BookSim2, pair statistics at 0.002 flits/node/cycle: 7 + 5h + L - 1 (WH1, DEF), 6 + 4h + L - 1 (VC8).
    network = FlitNetwork(MESH, BOOKSIM[config])
    src, dst = np.divmod(np.arange(64 * 64), 64)
    network.offer(np.arange(64 * 64) * 200, src, dst, n_flits, np.arange(64 * 64))
    done = network.drain()
    order = np.argsort(done.tag)
    hops = abs(src // 8 - dst // 8) + abs(src % 8 - dst % 8)
    assert set(hops.tolist()) == set(range(15))
    assert np.array_equal((done.arrived - done.created)[order], first + hop * hops + n_flits - 1)


routers = st.builds(
    RouterConfig,
    n_vcs=st.integers(2, 6),
    vc_buffer_flits=st.integers(1, 6),
    routing_delay=st.integers(0, 2),
    vc_alloc_delay=st.integers(1, 3),
    sw_alloc_delay=st.integers(1, 3),
    crossbar_delay=st.integers(1, 2),
    credit_delay=st.integers(0, 3),
    alloc_iterations=st.integers(1, 3),
    wait_for_tail_credit=st.booleans(),
    vc_busy_when_full=st.booleans(),
    ordered=st.booleans(),
    endpoint_delay=st.integers(1, 2),
    chip_delay=st.integers(1, 4),
    wire_delay=st.sampled_from([None, 1, 3]),
)
topologies = st.sampled_from(
    [
        build("mesh", grid=(3, 3)),
        build("mesh", grid=(3, 2), routing="o1turn"),
        build("cmesh", grid=(2, 2), concentration=3),
        build("torus", grid=(4, 3)),
        build("ring", n_endpoints=5),
        build("htree", n_endpoints=9, arity=2),
        build("fattree", n_endpoints=8, arity=2),
        build("crossbar", n_endpoints=6),
        build("bus", n_endpoints=4),
        build("mesh", grid=(2, 2), n_chips=3, chip_topology="crossbar"),
    ]
)


@settings(max_examples=40, deadline=None)
@given(topologies, routers, st.data())
def test_a_packet_alone_takes_the_sum_of_its_stages(net: Any, router: Any, data: Any) -> None:
    network = FlitNetwork(net, router)
    src, dst = (data.draw(st.integers(-1, net.n_endpoints - 1)) for _ in range(2))
    time = data.draw(st.integers(0, 50))
    route = net.route(src, dst)
    wires = sum(router.link_delay(net.link(link)) for link in route)
    expected = router.zero_load_latency(len(route) - 1, 1, wires)
    assert deliver(network, (time, src, dst, 1)) == {0: time + expected}
    assert zero_load_cycles(net, router, src, dst, 1) == expected


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(topologies, routers, st.integers(1, 7), st.integers(0, 2**32 - 1), st.floats(0.05, 1.0))
def test_no_flit_is_lost_or_doubled_and_no_credit_leaks(
    net: Any, router: Any, longest: Any, seed: int, load: Any
) -> None:
    network, rng = FlitNetwork(net, router), np.random.default_rng(seed)
    assume(net.n_classes <= router.n_vcs)
    n = 120
    time = np.sort(rng.integers(0, max(1, int(n / net.n_endpoints / load)), n))
    src, dst = rng.integers(-1, net.n_endpoints, (2, n))
    size, flow = rng.integers(1, longest + 1, n), rng.integers(0, 4, n)
    network.offer(time, src, dst, size, np.arange(n), flow)
    done = network.drain()
    assert Counter(done.tag.tolist()) == dict.fromkeys(range(n), 1)
    assert (network.n_queued, network.n_flits_in_flight, network.missing_credits) == (0, 0, 0)
    carried = np.zeros(net.n_links, int)
    for s, d, k, f in zip(src, dst, size, flow, strict=True):
        carried[list(net.route(int(s), int(d), int(f)))] += k
    assert np.array_equal(network.link_flits, carried)
    if router.ordered:
        assert_in_order(done, zip(src, dst, flow, strict=True))


def assert_in_order(done: Any, flows: Any) -> None:
    arrived = defaultdict(list)
    key = list(flows)
    for tag in done.tag.tolist():
        arrived[key[tag]].append(tag)
    assert all(tags == sorted(tags) for tags in arrived.values())


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_a_flow_stays_in_order_on_a_single_virtual_channel(seed: int, longest: Any) -> None:
    net, rng, n = build("mesh", grid=(3, 3)), np.random.default_rng(seed), 150
    network = FlitNetwork(net, RouterConfig(n_vcs=1, vc_buffer_flits=3))
    src, dst = rng.integers(0, 9, (2, n))
    network.offer(np.sort(rng.integers(0, 60, n)), src, dst, rng.integers(1, longest + 1, n), np.arange(n))
    assert_in_order(network.drain(), zip(src, dst, strict=True))


@settings(max_examples=20, deadline=None)
@given(topologies, st.integers(0, 2**32 - 1), st.lists(st.integers(1, 40), min_size=1, max_size=12))
def test_running_in_pieces_gives_the_same_as_running_at_once(net: Any, seed: int, pieces: Any) -> None:
    rng, n = np.random.default_rng(seed), 80
    time, src, dst = np.sort(rng.integers(0, 100, n)), *rng.integers(0, net.n_endpoints, (2, n))
    whole, parts = (FlitNetwork(net, RouterConfig(n_vcs=4, vc_buffer_flits=2)) for _ in range(2))
    whole.offer(time, src, dst, 3, np.arange(n))
    expected, given_so_far, tags, times = whole.drain(), 0, [], []
    for piece in [*pieces, 100_000]:
        until = parts.clock + piece
        upto = int(np.searchsorted(time, until))
        part = slice(given_so_far, upto)
        parts.offer(time[part], src[part], dst[part], 3, np.arange(given_so_far, upto))
        done, given_so_far = parts.advance(until), upto
        tags += done.tag.tolist()
        times += done.arrived.tolist()
    assert (tags, times) == (expected.tag.tolist(), expected.arrived.tolist())


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_stopping_at_deliveries_gives_each_at_its_cycle_and_changes_nothing(seed: int) -> None:
    rng, n = np.random.default_rng(seed), 60
    packets = (np.sort(rng.integers(0, 200, n)), *rng.integers(0, 64, (2, n)), 3, np.arange(n))
    whole, stops = FlitNetwork(MESH, BOOKSIM["VC8"]), FlitNetwork(MESH, BOOKSIM["VC8"])
    whole.offer(*packets)
    stops.offer(*packets)
    expected = whole.drain()
    times: list[Any] = []
    tags: list[Any] = []
    while len(times) < n:
        done = stops.advance(10**6, stop_at_delivery=True)
        assert set(done.arrived.tolist()) == {stops.clock - 1}
        times += done.arrived.tolist()
        tags += done.tag.tolist()
    assert (times, tags) == (expected.arrived.tolist(), expected.tag.tolist())


@pytest.mark.parametrize(("routing_delay", "spacing"), [(0, 2), (1, 3), (2, 4)])
def test_a_virtual_channel_must_be_allocated_for_every_packet(routing_delay: int, spacing: int) -> None:
    # Tail leaves at u: route from u + 1, VC at u + 1 + routing_delay, switch one later.
    network = FlitNetwork(LINE, RouterConfig(n_vcs=1, routing_delay=routing_delay))
    arrivals = deliver(network, *[(0, 0, 3, 1)] * 20)
    assert np.diff([arrivals[i] for i in range(20)]).tolist() == [spacing] * 19


@pytest.mark.parametrize(("depth", "credit_delay"), [(1, 0), (2, 0), (3, 0), (5, 0), (8, 0), (2, 2), (7, 2)])
def test_a_short_buffer_slows_a_stream_to_one_buffer_per_credit_loop(depth: int, credit_delay: int) -> None:
    # Switch, crossbar, link, switch downstream, credit back: 1 + 1 + 1 + 0 + 1 + 1 + credit_delay cycles a
    # credit.
    loop = 5 + credit_delay
    network = FlitNetwork(LINE, RouterConfig(n_vcs=2, vc_buffer_flits=depth, credit_delay=credit_delay))
    n = 30 * depth
    arrivals = deliver(network, (0, 0, 3, 1), (1000, 0, 3, n + 1))
    assert arrivals[1] - 1000 - arrivals[0] == (n * loop // depth if depth < loop else n)


def test_inputs_take_turns_at_an_output() -> None:
    network = FlitNetwork(build("crossbar", n_endpoints=3), RouterConfig(n_vcs=3))
    arrivals = deliver(network, (0, 0, 0, 60), (0, 1, 0, 60), (0, 2, 0, 60))
    last = max(arrivals.values())
    assert sorted(arrivals.values()) == [last - 2, last - 1, last]
    assert last == 7 + 3 * 60 - 1


def test_an_output_channel_waits_for_the_credit_of_the_tail_if_told_so() -> None:
    # Without waiting, a second packet uses the VC right behind the first; with it, after a credit loop at
    # least.
    plain = deliver(FlitNetwork(LINE, RouterConfig(n_vcs=1, routing_delay=0)), (0, 0, 1, 1), (0, 0, 1, 1))
    waits = deliver(
        FlitNetwork(LINE, RouterConfig(n_vcs=1, routing_delay=0, wait_for_tail_credit=True)),
        (0, 0, 1, 1),
        (0, 0, 1, 1),
    )
    assert plain[0] == waits[0]
    assert waits[1] - waits[0] > plain[1] - plain[0]


@pytest.mark.parametrize(("cut_through", "moves_on"), [(False, True), (True, False)])
def test_cut_through_moves_a_packet_only_to_where_it_fits(cut_through: bool, moves_on: bool) -> None:
    # 3 -> 3 holds the eject VC; 12 of 20 places behind it are taken by the first packet from 0, and the
    # second follows.
    network = FlitNetwork(LINE, RouterConfig(n_vcs=1, vc_buffer_flits=20, cut_through=cut_through))
    network.offer([12, 0, 0], [3, 0, 0], 3, [20, 12, 12], range(3))
    network.advance(36)
    last_hop = LINE.route(0, 3)[3]
    assert (network.link_flits[last_hop] > 12) == moves_on
    assert len(network.drain()) == 3


def test_flows_that_wait_for_each_other_in_a_circle_are_reported() -> None:
    ring = build("ring", n_endpoints=4)
    network = FlitNetwork(ring, RouterConfig(n_vcs=1, vc_buffer_flits=1))
    network.offer(0, [0, 1, 2, 3], [2, 3, 0, 1], 20, range(4))
    with pytest.raises(DeadlockError, match=r"flits on 'ring' wait for each other since cycle \d+"):
        network.drain()


def test_an_idle_network_skips_ahead() -> None:
    network = FlitNetwork(MESH, BOOKSIM["WH1"])
    assert deliver(network, (10**15, 0, HOST, 1)) == {0: 10**15 + 7}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: RouterConfig(vc_buffer_flits=0), "vc_buffer_flits must be at least 1, found 0"),
        (lambda: RouterConfig(n_vcs=0), "n_vcs must be at least 1"),
        (lambda: RouterConfig(n_vcs=63), "at most 62 virtual channels"),
        (lambda: RouterConfig(sw_alloc_delay=0), "sw_alloc_delay must be at least 1"),
        (lambda: RouterConfig(wire_delay=-1), "wire_delay must be at least 0"),
        (lambda: FlitNetwork(LINE, RouterConfig()).offer(0, 0, 4, 1, 0), "has no endpoint 4"),
        (lambda: FlitNetwork(LINE, RouterConfig()).offer(0, -2, 0, 1, 0), "has no endpoint -2"),
        (lambda: FlitNetwork(LINE, RouterConfig()).offer(-1, 0, 1, 1, 0), "offered at cycle -1"),
        (lambda: FlitNetwork(LINE, RouterConfig()).offer(0, 0, 1, 0, 0), "at least 1 flit, found 0"),
        (
            lambda: FlitNetwork(LINE, RouterConfig(cut_through=True)).offer(0, 0, 1, 9, 0),
            "a packet of 9 flits does not fit in a buffer of 8",
        ),
    ],
)
def test_bad_input_is_refused_with_the_reason(call: Any, message: str) -> None:
    with pytest.raises(SimulationError, match=message):
        call()
