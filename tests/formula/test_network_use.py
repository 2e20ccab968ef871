"""The interconnect of a run: loads, who shares a link, hops and waiting, heat over the floorplan."""

from __future__ import annotations

import json

import numpy as np
import pytest
from ohmsum import arch, workloads
from ohmsum.sim.answers.run import Run
from ohmsum.sim.engines import reference
from ohmsum.sim.mapping import MappingOptions, map_network
from ohmsum.sim.metrics.busy import busy_times
from ohmsum.sim.metrics.heat import heat
from ohmsum.sim.metrics.network import LinkUse, NetworkUse
from ohmsum.sim.noc import build
from ohmsum.sim.program import Program, ProgramBuilder
from ohmsum.sim.report.json_result import dumps
from ohmsum.sim.report.network_block import network_block
from ohmsum.sim.report.page import Page
from ohmsum.sim.report.terminal import as_text
from ohmsum.sim.simulate import simulate
from rich.console import Group


@pytest.fixture(scope="module")
def run() -> Run:
    return simulate(workloads.load("lenet5"), arch.load("hermes-64"))


def two_streams() -> Program:
    """Streams of 3 tokens of 20 fs and of one token of 40 fs over one link, and one of them over a second."""
    b = ProgramBuilder()
    shared, own = b.resource("link s", "link"), b.resource("link o", "link")
    work = b.resource("unit", "unit")
    a = b.actor("a -> x", 3)
    b.visit(a, shared, 20, 5)
    b.visit(a, own, 10, 30)
    c = b.actor("b -> x", 1)
    b.visit(c, shared, 40, 50)
    d = b.actor("x", 1)
    b.visit(d, work, 10)
    b.energy(a, "noc", "flit hop", 4, 2e-12)
    b.energy(c, "noc", "flit hop", 7, 2e-12)
    return b.build()


def use_of(program: Program) -> NetworkUse:
    result = reference.run(program)
    return NetworkUse(program, result, busy_times(program, result), 32)


def test_who_shares_a_link_and_who_waits_for_it() -> None:
    """Tokens of a at 0, 60, 80 and of b at 20: b waits 20 from 0 on, the second of a 40 from 20 on."""
    use = use_of(two_streams())
    shared, own = use.links
    assert shared.name == "link s"
    assert shared.transfers == (("a -> x", 0.6), ("b -> x", 0.4))
    assert shared.queueing_s == pytest.approx((20 + 40) * 1e-15)
    assert own.transfers == (("a -> x", 1.0),)
    assert own.queueing_s == 0
    # The last token of a begins at 80, is on its second link from 85 on, and ends 30 later.
    assert shared.load == pytest.approx(100 / 115)


def test_transfers_are_taken_apart_into_hops_and_waiting() -> None:
    first, second = use_of(two_streams()).transfers
    assert (first.name, first.n_tokens) == ("a -> x", 3)
    assert first.hop_s == pytest.approx(3 * 35e-15)
    assert first.queue_s == pytest.approx(40e-15)
    assert (second.hop_s, second.queue_s) == (pytest.approx(50e-15), pytest.approx(20e-15))


def test_energy_is_that_of_a_bit_over_a_hop() -> None:
    use = use_of(two_streams())
    assert use.flit_hops == 3 * 4 + 7
    assert use.energy_per_flit_hop_j == 2e-12
    assert use.energy_per_bit_hop_j == pytest.approx(2e-12 / 32)


def test_heat_is_that_of_the_busiest_link_out_of_a_router_of_the_busiest_chip() -> None:
    topology = build("mesh", grid=(2, 3), n_chips=2)
    loads = {"chip1.(0,1)->chip1.(0,2)": 0.5, "chip1.(0,1)->e7": 0.25, "chip0.(1,0)->chip0.(0,0)": 0.1}
    links = [LinkUse(n, "link", (f"link {n}",), load, 0.0, ()) for n, load in loads.items()]
    found = heat(topology, links)
    assert found is not None
    assert found.chip == 1
    assert found.loads.tolist() == [[0, 0.5, 0], [0, 0, 0]]
    assert heat(topology, []) is None
    assert (
        heat(build("ring", n_endpoints=4), [LinkUse("r0->r1", "link", ("link r0->r1",), 0.5, 0, ())]) is None
    )


def test_the_json_has_links_transfers_and_heat(run: Run) -> None:
    found = json.loads(dumps(run.to_json()))
    busy = run.busy.resource_utilization
    assert found["links"][0]["load"] == max(
        busy[r] for r, klass in enumerate(run.program.resource_class) if "link" in klass
    )
    for link, use in zip(found["links"], run.interconnect.links, strict=False):
        assert sum(share for _, share in use.transfers) == pytest.approx(1)
        told = [(t["name"], t["share"]) for t in link["transfers"]]
        assert told == list(use.transfers)[: len(told)]
    assert found["interconnect"]["flit_hops"] * found["interconnect"][
        "energy_per_flit_hop_j"
    ] == pytest.approx(found["energy_by_component_j"]["noc"])
    assert np.shape(found["interconnect"]["heat"]["loads"]) == (8, 8)
    queue_s = sum(t["queue_s"] for t in found["transfers"])
    assert queue_s == pytest.approx(found["stalls_s"]["network"])


def test_the_report_shows_what_the_search_for_places_began_and_ended_with(run: Run) -> None:
    linear = map_network(run.network, run.chip, MappingOptions(placement="linear"))
    assert run.placement_costs == {
        "linear": (linear.hop_bytes, linear.busiest_link_bytes),
        "anneal": (run.mapping.hop_bytes, run.mapping.busiest_link_bytes),
    }
    text = as_text(Group(*network_block(run, Page())))
    assert "placement, bytes x hops / busiest link: linear" in text
    assert "anneal* " in text
    assert text.count("|") == 2 * 8
    assert text.isascii()
