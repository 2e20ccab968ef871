"""Whole networks at flit detail: what goes through routers takes the cycles that routers take."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ohmsum import arch, workloads
from ohmsum.arch.chip import Chip
from ohmsum.arch.errors import ConfigError
from ohmsum.sim.engines import reference
from ohmsum.sim.engines.result import EngineResult
from ohmsum.sim.errors import SimulationError
from ohmsum.sim.flit_detail import FlitDetail, FlitFlow
from ohmsum.sim.interconnect import flit_detail
from ohmsum.sim.lowering import lower
from ohmsum.sim.mapping import MappingOptions, map_network
from ohmsum.sim.metrics.invariants import check_invariants
from ohmsum.sim.noc import BOOKSIM, build
from ohmsum.sim.noc.flit import FlitNetwork
from ohmsum.sim.program import Program, ProgramBuilder
from ohmsum.sim.simulate import simulate

from ..kit.small_networks import NS, SINGLE, matrix, network, round_chip, source

LINE = build("chain", n_endpoints=4)
DETAIL = FlitDetail(LINE, BOOKSIM["VC8"], NS, 100, {})


def sending(*flows: tuple[FlitFlow, ...], start_fs: int = NS) -> Program:
    """An actor for each of `flows` that waits and sends; class "link" is not booked."""
    b = ProgramBuilder()
    for i, sent in enumerate(flows):
        a = b.actor(f"a{i}", 1)
        b.visit(a, (), start_fs)
        b.visit(a, (), sum(f.n_flits for f in sent) * NS, 1, flows=sent)
    return b.build(flit=DETAIL)


def ends_ns(program: Program) -> list[float]:
    return (reference.run(program).last_end_fs / NS).tolist()


def alone(n_routers: int, n_flits: int) -> int:
    return BOOKSIM["VC8"].zero_load_latency(n_routers, n_flits, n_routers + 1)


def test_a_transfer_alone_takes_what_its_hops_and_flits_take() -> None:
    assert ends_ns(sending((FlitFlow(0, (3,), 5),))) == [1 + alone(4, 5)]


def test_flits_set_out_at_the_clock_edge_of_the_network() -> None:
    assert ends_ns(sending((FlitFlow(0, (3,), 5),), start_fs=NS + 1)) == [2 + alone(4, 5)]


def test_a_firing_ends_with_the_last_of_its_flows() -> None:
    assert ends_ns(sending((FlitFlow(0, (1,), 2), FlitFlow(2, (3,), 9)))) == [1 + alone(2, 9)]


def test_who_shares_a_source_waits_for_its_flits() -> None:
    """Both ask at the same instant: the flits of the second follow those of the first."""
    program = sending((FlitFlow(0, (3,), 6),), (FlitFlow(0, (3,), 4),))
    first, second = ends_ns(program)
    assert (first, second) == (1 + alone(4, 6), 1 + 6 + alone(4, 4))
    waits = reference.run(program).wait_fs / NS
    assert waits.tolist() == [0, alone(4, 6) - 1e-6, 0, pytest.approx(6 + alone(4, 4) - 1e-6)]


def two_tiles(detail: str, chip: Chip) -> tuple[Program, EngineResult]:
    """Two layers on a tile each, of one token: one flow from the first to the second."""
    net = network(source(4), matrix("a", "x", 4, 4), matrix("b", "a", 4, 4))
    p = lower(map_network(net, chip, SINGLE), chip, detail=detail)  # type: ignore[arg-type]
    return p, reference.run(p, keep_firings=True)


def of_transfer(p: Program, result: EngineResult) -> tuple[int, float]:
    """Duration and energy of the transfer between the two tiles."""
    actor = p.actor_name.index("a -> b")
    assert result.firings is not None
    (row,) = result.firings[result.firings["actor"] == actor]
    mine = p.ledger_actor == actor
    return int(row["end_fs"] - row["issue_fs"]), float(np.dot(p.ledger_count[mine], p.ledger_energy_j[mine]))


@pytest.mark.parametrize(
    "changes", [{}, {"noc__router_cycles": "5"}, {"noc__link_cycles": "3"}, {"noc__flit": "1 bit"}]
)
def test_one_flow_at_a_time_takes_the_same_at_both_details(changes: dict[str, str]) -> None:
    chip = round_chip(**changes)
    packet, flit = two_tiles("packet", chip), two_tiles("flit", chip)
    assert of_transfer(*flit) == of_transfer(*packet)
    assert of_transfer(*flit)[1] > 0


def test_the_network_has_a_port_for_every_chip() -> None:
    chip = arch.load("hermes-64", n_chips=3)
    topology = flit_detail(chip).topology
    assert topology.n_endpoints == 3 * (64 + 1)
    assert topology.ends(topology.route(64, 0)[0]) == (64, topology.n_endpoints)


@pytest.mark.parametrize(
    ("name", "chip"), [("lenet5", "isaac"), ("lenet5", "hermes-64"), ("kws-lstm", "isaac")]
)
def test_a_whole_network_runs_and_keeps_the_rules(name: str, chip: str) -> None:
    net, on = workloads.load(name), arch.load(chip)
    run = simulate(net, on, noc="flit", batch=2)
    check_invariants(run)
    sent = _flit_hops(run.program)
    assert sent == _flit_hops(lower(run.mapping, on))
    assert (run.single.wait_fs >= 0).all()


def _flit_hops(p: Program) -> int:
    rows = zip(p.ledger_actor, p.ledger_action, p.ledger_count, strict=True)
    return sum(int(n) * int(p.actor_firings[a]) for a, action, n in rows if action == "flit hop")


def test_an_ideal_network_takes_no_time_and_the_same_energy() -> None:
    net, chip = workloads.load("lenet5"), arch.load("hermes-64")
    ideal, packet = (simulate(net, chip, noc=noc) for noc in ("ideal", "packet"))
    assert ideal.network_s == 0
    assert ideal.latency_s < packet.latency_s
    assert ideal.energy.by_component_j["noc"] == packet.energy.by_component_j["noc"]


def test_the_chip_file_may_say_the_detail() -> None:
    net = workloads.load("lenet5")
    said = simulate(net, arch.load("isaac", overrides={"noc.detail": "flit"}))
    assert said.program.flit is not None
    assert said.latency_fs == simulate(net, arch.load("isaac"), noc="flit").latency_fs


@pytest.mark.parametrize("copies", [True, False])
def test_a_result_says_whether_routers_copied(copies: bool) -> None:
    """The chip decides, at either detail; without copies each tile is sent its own."""
    chip = arch.load("isaac", overrides={"noc.multicast": str(copies).lower()})
    for noc in ("packet", "flit"):
        run = simulate(workloads.load("lenet5"), chip, noc=noc)
        assert run.options["mapping"]["multicast"] is copies
        if run.program.flit is not None:
            widest = max(len(f.dsts) for flows in run.program.flit.flows.values() for f in flows)
            assert (widest > 1) is copies


def test_repeated_unicast_sends_once_for_each_tile() -> None:
    """One byte from the host to a matrix of 1 x 8 on two tiles: once along a tree, or once for each."""
    net, chip = network(source(4), matrix("a", "x", 4, 8)), round_chip()
    counts = {}
    for multicast in (True, False):
        options = MappingOptions(replicate=False, placement="linear", multicast=multicast)
        p = lower(map_network(net, chip, options), chip, multicast=multicast)
        rows = zip(p.ledger_actor, p.ledger_component, p.ledger_count, strict=True)
        counts[multicast] = sum(
            n for a, what, n in rows if what == "host link" and p.actor_name[a] == "x -> a"
        )
    assert counts == {True: 4, False: 8}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda net: simulate(net, arch.load("isaac"), noc="flat"), "noc: found 'flat'"),
        (lambda net: simulate(net, arch.load("speech-34"), noc="flit"), "noc.switching"),
        (
            lambda net: simulate(
                net, arch.load("isaac", overrides={"noc.packet": "9", "noc.vc_buffer": "8"}), noc="flit"
            ),
            r"noc.packet: found 9 flits, expected at most noc.vc_buffer = 8: routers copy packets whole",
        ),
        (
            lambda net: simulate(net, arch.load("isaac", overrides={"noc.router_cycles": "1"}), noc="flit"),
            "needs at least 2",
        ),
    ],
)
def test_what_cannot_be_simulated_is_refused(call: Any, message: str) -> None:
    with pytest.raises(SimulationError, match=message):
        call(workloads.load("lenet5"))


def test_zero_buffers_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"noc\.vc_buffer"):
        arch.load("isaac", overrides={"noc.vc_buffer": "0"})


MESH = build("mesh", grid=(3, 3))
SENT = st.lists(
    st.tuples(st.integers(1, 40), st.integers(0, 8), st.integers(0, 8), st.integers(1, 12)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(SENT)
def test_the_event_loop_changes_nothing_that_the_routers_do(sent: list[tuple[int, int, int, int]]) -> None:
    """Packets that actors send one by one arrive when they would, had the network known them all before."""
    router = replace(BOOKSIM["VC8"], n_vcs=2, ordered=True)
    b = ProgramBuilder()
    for i, (cycle, src, dst, n_flits) in enumerate(sent):
        a = b.actor(f"a{i}", 1)
        b.visit(a, (), cycle * NS)
        b.visit(a, (), n_flits * NS, 1, flows=(FlitFlow(src, (dst,), n_flits),))
    ends = reference.run(b.build(flit=FlitDetail(MESH, router, NS, 100, {}))).last_end_fs
    direct = FlitNetwork(MESH, router)
    cycle, src, dst, n_flits = np.array(sent).T
    direct.offer(cycle, src, dst, n_flits, np.arange(len(sent)), src * 9 + dst)
    done = direct.drain()
    assert (ends[done.tag] == done.arrived * NS).all()
    assert len(done) == len(sent)
