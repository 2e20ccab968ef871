"""Gates: several routers on the edge of a chip that lead to its pins."""

from __future__ import annotations

from itertools import pairwise

import pytest
from ohmsum import arch, workloads
from ohmsum.arch.chip import Chip
from ohmsum.sim.errors import SimulationError
from ohmsum.sim.interconnect import flit_detail, interconnect, n_gateways
from ohmsum.sim.lowering import lower
from ohmsum.sim.mapping import map_network
from ohmsum.sim.noc import HOST, FabricSpec, Topology, check_deadlock_free
from ohmsum.sim.noc.fabric import fabric
from ohmsum.sim.noc.gates import edge_routers, gated
from ohmsum.sim.noc.trees import Tree
from ohmsum.sim.simulate import simulate

from ..kit.small_networks import SINGLE, matrix, network, round_chip, source


def grid(name: str, rows: int, cols: int, n: int) -> Topology:
    inner = fabric(name, FabricSpec(grid=(rows, cols)))
    return Topology([gated(inner, (rows, cols), n)], host=True)


@pytest.mark.parametrize(
    ("rows", "cols", "edge"),
    [
        (3, 3, [0, 1, 2, 5, 8, 7, 6, 3]),
        (2, 3, [0, 1, 2, 5, 4, 3]),
        (1, 4, [0, 1, 2, 3]),
        (3, 1, [0, 1, 2]),
        (1, 1, [0]),
    ],
)
def test_the_edge_of_a_grid(rows: int, cols: int, edge: list[int]) -> None:
    assert edge_routers(rows, cols) == edge


def test_what_enters_takes_the_gate_that_is_nearest() -> None:
    """4 x 4, 4 gates: the corners. Tile 10, at (2, 2), is 2 hops from (3, 3)."""
    mesh = grid("mesh", 4, 4, 4)
    names = [mesh.node_name(mesh.link(i).src) for i in mesh.route(HOST, 10)]
    assert names == ["host", "io", "(3,3)", "(3,2)", "(2,2)"]
    assert [mesh.node_name(mesh.link(i).dst) for i in mesh.route(10, HOST)][-3:] == ["(3,3)", "io", "host"]


def test_between_tiles_nothing_changes() -> None:
    mesh, plain = grid("mesh", 4, 4, 4), grid("mesh", 4, 4, 1)
    for src in range(16):
        for dst in range(16):
            ways = [[t.node_name(t.link(i).dst) for i in t.route(src, dst)] for t in (mesh, plain)]
            assert ways[0] == ways[1]


@pytest.mark.parametrize("name", ["mesh", "torus"])
@pytest.mark.parametrize("n", [2, 3, 8])
def test_routes_from_outside_form_a_tree_and_cannot_deadlock(name: str, n: int) -> None:
    topology = grid(name, 4, 5, n)
    ends = [HOST, *range(20)]
    check_deadlock_free(topology, [(a, b) for a in ends for b in ends if a != b])
    tree = Tree.of(topology, HOST, range(20))
    union = {link for dst in range(20) for link in topology.route(HOST, dst)}
    assert set(tree.depth) == union
    into = [topology.link(i).dst for i in union]
    assert len(set(into)) == len(into), "a router is entered twice"
    for dst in range(20):
        hops = [topology.link(i) for i in topology.route(HOST, dst)]
        assert all(a.dst == b.src for a, b in pairwise(hops))


@pytest.mark.parametrize(
    ("inner", "n", "message"),
    [
        (("mesh", FabricSpec(grid=(2, 2))), 5, "found 5, expected at most 4"),
        (("htree", FabricSpec(n_endpoints=16)), 2, "found 2, expected 1: topology 'htree' has no edge"),
    ],
)
def test_gates_that_cannot_be(inner: tuple[str, FabricSpec], n: int, message: str) -> None:
    with pytest.raises(SimulationError, match=message):
        gated(fabric(*inner), inner[1].grid, n)


@pytest.mark.parametrize(("host", "n"), [("4 GB/s", 1), ("4.1 GB/s", 22), ("25.6 GB/s", 22)])
def test_the_edge_has_gates_where_one_link_is_less_than_the_host_brings(host: str, n: int) -> None:
    """ISAAC: 7 x 6 routers, 22 of them on the edge; a link has 32 bit at 1 GHz."""
    assert n_gateways(arch.load("isaac", overrides={"host.bandwidth": host})) == n
    assert n_gateways(arch.load("isaac", overrides={"noc.gateways": "3"})) == 3


def gates(n: int) -> Chip:
    return round_chip(noc__gateways=str(n))


def test_both_details_take_the_same_way_through_gates() -> None:
    """The same flit hops; and as long, where nothing else is under way."""
    net = network(source(4), matrix("a", "x", 4, 4), matrix("b", "a", 4, 4))
    for n in (1, 2):
        chip = gates(n)
        found = [simulate(net, chip, mapping=SINGLE, noc=noc) for noc in ("packet", "flit")]
        assert found[0].interconnect.flit_hops == found[1].interconnect.flit_hops


def test_every_gate_has_a_port_at_flit_detail() -> None:
    chip = arch.load("isaac", overrides={"noc.gateways": "4"})
    topology = flit_detail(chip).topology
    assert topology.n_endpoints == 168 + 4
    program = lower(map_network(workloads.load("lenet5"), chip), chip, detail="flit")
    assert program.flit is not None
    ports = {f.src for flows in program.flit.flows.values() for f in flows if f.src >= 168}
    assert len(ports) > 1
    assert interconnect(chip).fabrics[0].n_routers == 42 + 1
