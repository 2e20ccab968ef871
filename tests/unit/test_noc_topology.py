"""Topologies and routes: right paths, right counts, clear refusals."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ohmsum.sim.errors import SimulationError
from ohmsum.sim.noc import HOST, FabricSpec, LinkKind, Topology, build, build_hierarchy, check_deadlock_free
from ohmsum.sim.noc.fabric import names

PETERSEN = [e for u, v in nx.petersen_graph().edges for e in ((u, v), (v, u))]


def pairs(text: str) -> list[tuple[str, str]]:
    """Edges from the names of their ends."""
    return [(pair[0], pair[1]) for pair in text.split()]


KINDS: dict[str, dict[str, Any]] = {
    "bus": {"n_endpoints": 5},
    "chain": {"n_endpoints": 5},
    "ring": {"n_endpoints": 6},
    "mesh": {"grid": (3, 4)},
    "cmesh": {"grid": (2, 3), "concentration": 4},
    "torus": {"grid": (4, 5)},
    "htree": {"n_endpoints": 21},
    "fattree": {"n_endpoints": 13, "arity": 2},
    "crossbar": {"n_endpoints": 7},
    "all": {"n_endpoints": 4},
    "graph": {"edges": PETERSEN},
}


def digraph(net: Topology) -> nx.DiGraph:
    return nx.DiGraph([(link.src, link.dst) for link in net.links()])


def walk(net: Topology, route: tuple[int, ...]) -> list[int]:
    """Nodes of a route; fails if its links do not join up."""
    ends = [net.ends(link) for link in route]
    assert all(a[1] == b[0] for a, b in pairwise(ends))
    return [ends[0][0], *(e[1] for e in ends)]


def one_and_others(net: Any, data: Any) -> Any:
    one = data.draw(st.integers(0, net.n_endpoints - 1))
    rest = st.integers(0, net.n_endpoints - 1).filter(lambda e: e != one)
    return one, data.draw(st.lists(rest, min_size=1, max_size=6))


def some_topology() -> st.SearchStrategy[Topology]:
    one = st.sampled_from(sorted(KINDS))
    joined = st.sampled_from(["chain", "ring", "all", "bus", "crossbar", "htree", "fattree"])
    return st.builds(
        lambda kind, chips, above: build(kind, **KINDS[kind], n_chips=chips, chip_topology=above),
        one,
        st.integers(1, 5),
        joined,
    )


def test_every_topology_is_covered_here() -> None:
    assert set(names()) == set(KINDS)


@settings(max_examples=60, deadline=None)
@given(some_topology(), st.data())
def test_routes_lead_from_source_to_destination_over_joined_links(net: Any, data: Any) -> None:
    ends = st.integers(-1, net.n_endpoints - 1)
    src, dst, flow = data.draw(ends), data.draw(ends), data.draw(st.integers(0, 7))
    nodes = walk(net, net.route(src, dst, flow))
    assert (nodes[0], nodes[-1]) == (src, dst)
    assert all(n >= net.n_endpoints for n in nodes[1:-1])
    channels = net.channels(src, dst, flow)
    assert tuple(link for link, _ in channels) == net.route(src, dst, flow)
    assert max(c for _, c in channels) < net.n_classes
    assert net.route(src, dst, flow) == net.route(src, dst, flow + net.n_variants)


@settings(max_examples=40, deadline=None)
@given(some_topology())
def test_link_and_node_numbers_are_a_bijection(net: Any) -> None:
    links = list(net.links())
    assert [link.index for link in links] == list(range(net.n_links))
    nodes = {n for link in links for n in (link.src, link.dst)}
    assert nodes == {HOST} | set(range(net.n_endpoints + net.n_routers))
    assert len({(link.src, link.dst) for link in links}) == net.n_links
    assert len({net.node_name(n) for n in nodes}) == len(nodes)
    kinds = [link.kind for link in links]
    assert kinds.count(LinkKind.INJECT) == kinds.count(LinkKind.EJECT) == net.n_endpoints
    assert kinds.count(LinkKind.HOST) == 2


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"bus"}))
def test_routes_are_shortest(kind: Any) -> None:
    net = build(kind, **KINDS[kind])
    graph = digraph(net)
    for src in range(net.n_endpoints):
        distance = nx.single_source_shortest_path_length(graph, src)
        for dst in range(net.n_endpoints):
            if src != dst:
                assert len(net.route(src, dst)) == distance[dst]


@settings(max_examples=60, deadline=None)
@given(some_topology(), st.data())
def test_multicast_is_a_tree_whose_levels_are_depths(net: Any, data: Any) -> None:
    src, dsts = one_and_others(net, data)
    reached = {src}
    for level in net.multicast(src, dsts):
        ends = [net.ends(link) for link in level]
        assert all(a in reached for a, _ in ends)
        arrivals = [b for _, b in ends]
        assert len(set(arrivals)) == len(arrivals)
        assert not reached & set(arrivals)
        reached |= set(arrivals)
    assert set(dsts) <= reached
    assert sum(map(len, net.multicast(src, dsts))) <= sum(len(net.route(src, d)) for d in set(dsts))


@settings(max_examples=60, deadline=None)
@given(some_topology(), st.data())
def test_reduction_sends_one_word_from_every_router_after_all_have_come(net: Any, data: Any) -> None:
    dst, srcs = one_and_others(net, data)
    levels = net.reduction(srcs, dst)
    position = {link: i for i, level in enumerate(levels) for link in level}
    ends = {link: net.ends(link) for link in position}
    senders = [a for a, _ in ends.values()]
    assert len(set(senders)) == len(senders)
    assert set(srcs) <= set(senders)
    assert [ends[link][1] for link in levels[-1]] == [dst]
    for link, (a, _) in ends.items():
        assert all(position[feeder] < position[link] for feeder, (_, b) in ends.items() if b == a)


def test_mesh_goes_along_x_then_y_and_yx_the_other_way() -> None:
    xy, yx = build("mesh", grid=(4, 4)), build("mesh", grid=(4, 4), routing="yx")
    routers = [n - 16 for n in walk(xy, xy.route(1, 14))[1:-1]]
    assert routers == [1, 2, 6, 10, 14]
    assert [n - 16 for n in walk(yx, yx.route(1, 14))[1:-1]] == [1, 5, 9, 13, 14]


def test_o1turn_takes_both_ways_on_a_class_each() -> None:
    net = build("mesh", grid=(4, 4), routing="o1turn")
    assert net.route(1, 14, 0) == build("mesh", grid=(4, 4)).route(1, 14)
    assert net.route(1, 14, 1) == build("mesh", grid=(4, 4), routing="yx").route(1, 14)
    classes = [{c for _, c in net.channels(1, 14, flow)[1:-1]} for flow in (0, 1)]
    assert classes == [{0}, {1}]
    check_deadlock_free(net)


def test_unicast_and_multicast_on_a_bus_use_the_medium_once() -> None:
    net = build("bus", n_endpoints=4)
    medium = next(link.index for link in net.links() if link.name == "arbiter->medium")
    for src, dst in ((0, 3), (HOST, 1), (2, HOST)):
        assert net.route(src, dst).count(medium) == 1
    assert [len(level) for level in net.multicast(0, [1, 2, 3])] == [1, 1, 3]


def test_transpose_loads_the_link_into_the_diagonal_with_seven_flows() -> None:
    # The closed form behind the saturation of XY on an 8 x 8 mesh under transpose traffic, 1/7
    # flit/node/cycle.
    net = build("mesh", grid=(8, 8))
    load = [0] * net.n_links
    for node in range(64):
        for link in net.route(node, node % 8 * 8 + node // 8):
            load[link] += 1
    assert max(load) == 7


def test_chips_are_joined_gateway_to_gateway_and_the_host_to_the_first() -> None:
    net = build("mesh", grid=(8, 8), n_chips=262, chip_topology="chain")
    assert net.n_endpoints == 262 * 64
    assert net.n_links == 262 * (64 * 2 + 2 * 2 * 7 * 8) + 2 * 261 + 2
    route = net.route(63, 261 * 64 + 63)
    kinds = [net.link(link).kind for link in route]
    assert kinds.count(LinkKind.CHIP) == 261
    assert len(route) == 2 + 14 + 261 + 14
    assert net.link(route[15]).name == "chip0.(0,0)->chip1.(0,0)"
    assert [net.link(x).name for x in net.route(HOST, 64)] == [
        "host->chip0.(0,0)",
        "chip0.(0,0)->chip1.(0,0)",
        "chip1.(0,0)->e64",
    ]


def test_three_levels_climb_no_higher_than_they_must() -> None:
    # 4 tiles on a bus, 3 buses on a ring, 2 rings on a switch.
    parts = (("bus", 4), ("ring", 3), ("crossbar", 2))
    net = build_hierarchy([(kind, FabricSpec(n)) for kind, n in parts])
    assert net.n_endpoints == 24
    levels = [[net.link(x).level for x in net.route(0, dst)] for dst in (3, 11, 23)]
    assert [max(x) for x in levels] == [0, 1, 2]


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"graph"}))
def test_the_topologies_own_routings_are_free_of_deadlock(kind: Any) -> None:
    check_deadlock_free(build(kind, **KINDS[kind], n_chips=2))


@pytest.mark.parametrize(("kind", "size"), [("ring", {"n_endpoints": 6}), ("torus", {"grid": (4, 4)})])
def test_a_ring_on_one_class_is_refused_with_the_cycle(kind: str, size: Any) -> None:
    net = build(kind, **size)
    with pytest.raises(SimulationError, match=r"can deadlock: .*->.* waits for .*2 virtual channels"):
        check_deadlock_free(net, n_classes=1)


def test_shortest_paths_on_a_ring_graph_can_deadlock_and_updown_cannot() -> None:
    edges = [e for i in range(6) for e in ((i, (i + 1) % 6), ((i + 1) % 6, i))]
    with pytest.raises(SimulationError, match="'updown' on a graph"):
        check_deadlock_free(build("graph", edges=edges))
    check_deadlock_free(build("graph", edges=edges, routing="updown"))


@settings(max_examples=25, deadline=None)
@given(st.integers(3, 12), st.integers(0, 2**31))
def test_updown_is_free_of_deadlock_and_reaches_everything_on_any_graph(n: int, seed: int) -> None:
    tree = nx.random_labeled_tree(n, seed=seed % 2**31)
    extra = nx.gnm_random_graph(n, n // 2, seed=seed)
    edges = [e for u, v in {*tree.edges, *extra.edges} for e in ((u, v), (v, u))]
    net = build("graph", edges=edges, routing="updown", attach=tuple(range(n)))
    check_deadlock_free(net)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: build("mash", grid=(2, 2)), "did you mean 'mesh'"),
        (lambda: build("mesh"), r"needs grid = \(rows, columns\)"),
        (lambda: build("mesh", grid=(2, 2), n_endpoints=5), "5 endpoints do not fit on 2 x 2"),
        (lambda: build("mesh", grid=(2, 2), arity=3), "has no 'arity'"),
        (lambda: build("mesh", grid=(2, 2), routing="shortest"), "cannot route by 'shortest'"),
        (lambda: build("mesh", grid=(2, 2), gateway=9), "gateway router 9"),
        (lambda: build("ring", n_endpoints=4, routing="xy"), "has no 'routing'"),
        (lambda: build("bus"), "needs n_endpoints >= 1"),
        (lambda: build("bus", n_endpoints=2, n_chips=0), "n_chips must be at least 1"),
        (lambda: build("cmesh", grid=(2, 2)), "concentration >= 2"),
        (lambda: build("htree", n_endpoints=4, arity=1), "arity >= 2"),
        (lambda: build("graph"), "needs edges"),
        (lambda: build_hierarchy([]), "at least one level"),
        (lambda: build("graph", edges=pairs("ab ba cd dc")), "router a and router c"),
        (lambda: build("graph", edges=pairs("ab")), "is not connected"),
        (lambda: build("graph", edges=pairs("ab bc ca"), routing="updown"), "both directions"),
        (lambda: build("graph", edges=pairs("ab ba"), attach=["z"]), "names router 'z'"),
        (lambda: build("graph", edges=pairs("ab ba"), n_endpoints=3), "3 endpoints for 2 places"),
        (lambda: build("mesh", grid=(2, 2)).route(0, 4), r"has no endpoint 4; its endpoints are 0\.\.3"),
        (lambda: build("mesh", grid=(2, 2), host=False).route(HOST, 0), "has no host"),
        (lambda: build("mesh", grid=(2, 2)).link(99), "has no link 99"),
        (lambda: build("mesh", grid=(2, 2)).multicast(0, []), "at least one member"),
    ],
)
def test_bad_input_is_refused_with_the_reason(call: Any, message: str) -> None:
    with pytest.raises(SimulationError, match=message):
        call()
