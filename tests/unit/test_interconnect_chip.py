"""Topologies that a chip file may ask for, and those that it may not."""

from __future__ import annotations

import pytest
from ohmsum import arch
from ohmsum.sim.errors import SimulationError
from ohmsum.sim.interconnect import interconnect, router_of
from ohmsum.sim.lowering import lower
from ohmsum.sim.mapping import map_network
from ohmsum.sim.simulate import simulate

from ..kit.small_networks import SINGLE, matrix, network, round_chip, source

SQUARE = '["a-b", "b-c", "c-d", "d>a"]'


def test_a_graph_of_the_chip_file_is_wired_as_it_says() -> None:
    topology = interconnect(round_chip(noc__topology="graph", noc__edges=SQUARE))
    names = {topology.link(i).name for i in range(topology.n_links)}
    assert {"r:a->r:b", "r:b->r:a", "r:d->r:a"} <= names
    assert "r:a->r:d" not in names
    assert [topology.link(i).name for i in topology.route(3, 0)][1:-1] == ["r:d->r:a"]
    assert len(topology.route(0, 3)) == 2 + 3


def test_tiles_of_a_graph_are_where_attach_says() -> None:
    chip = round_chip(noc__topology="graph", noc__edges='["a-b"]', noc__attach='["b", "b", "a", "a"]')
    topology = interconnect(chip)
    assert topology.node_name(topology.link(topology.route(0, 1)[0]).dst) == "r:b"
    assert len(topology.route(0, 1)) == 2


@pytest.mark.parametrize(
    ("changes", "n_routers"),
    [
        ({"noc__topology": "fattree", "noc__arity": "2"}, 2 * 2),
        ({"noc__topology": "htree", "noc__arity": "2"}, 1 + 2),
        ({"noc__topology": "chain"}, 4),
        ({"noc__topology": "mesh", "noc__routing": "o1turn"}, 4),
        ({"noc__topology": "graph", "noc__edges": SQUARE}, 4),
        ({"noc__topology": "ring"}, 4),
    ],
)
@pytest.mark.parametrize("detail", ["packet", "flit"])
def test_a_network_runs_on_it_at_both_details(changes: dict[str, str], n_routers: int, detail: str) -> None:
    chip = round_chip(**changes)
    assert interconnect(chip).n_routers == n_routers
    net = network(source(4), matrix("a", "x", 4, 4), matrix("b", "a", 4, 4), matrix("c", "b", 4, 4))
    run = simulate(net, chip, noc=detail, mapping=SINGLE)
    assert 0 < run.network_s < run.latency_s


def test_routers_have_what_the_file_says_and_what_the_routing_needs() -> None:
    assert router_of(round_chip(noc__vcs="3", noc__vc_buffer="9")).n_vcs == 3
    assert router_of(round_chip(noc__vcs="3", noc__vc_buffer="9")).vc_buffer_flits == 9
    assert router_of(arch.load("isaac")).n_vcs >= interconnect(arch.load("isaac")).n_classes


def test_flows_that_could_wait_for_each_other_are_refused_with_the_cycle() -> None:
    """Each of four tiles in a row sends to the next, three routers on against the one-way ring."""
    edges, attach = '["b>a", "c>b", "d>c", "a>d"]', '["a", "b", "c", "d"]'
    chip = round_chip(noc__topology="graph", noc__edges=edges, noc__attach=attach, noc__vcs="1")
    layers = [matrix(n, m, 4, 4) for n, m in (("k", "x"), ("l", "k"), ("m", "l"), ("n", "m"))]
    placed = map_network(network(source(4), *layers), chip, SINGLE)
    with pytest.raises(SimulationError, match=r"can deadlock: .* waits for "):
        lower(placed, chip, detail="flit")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"noc__topology": "graph"}, "needs edges"),
        ({"noc__topology": "graph", "noc__edges": '["a-b", "c-d"]'}, "not connected"),
        ({"noc__topology": "graph", "noc__edges": '["a+b"]'}, r"noc.edges: found 'a\+b', expected 'a-b'"),
        ({"noc__topology": "graph", "noc__edges": '["a-b"]'}, "4 endpoints for 2 places"),
        ({"noc__topology": "ring", "noc__routing": "yx"}, "has no 'routing'"),
        ({"noc__topology": "mesh", "noc__arity": "2"}, "has no 'arity'"),
        ({"noc__topology": "torus", "noc__routing": "o1turn"}, "cannot route by 'o1turn'"),
    ],
)
def test_a_topology_that_cannot_be_is_refused(changes: dict[str, str], message: str) -> None:
    with pytest.raises(SimulationError, match=message):
        interconnect(round_chip(**changes))
