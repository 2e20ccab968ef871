"""Circuit switching, and rows that are active a group at a time: times and counts by hand."""

from __future__ import annotations

import pytest
from ohmsum.sim.program import Program
from ohmsum.workloads.graph import Grid, Network

from ..kit.engines import Engine, each_engine
from ..kit.small_networks import NS, matrix, network, program, round_chip, source


def two_layers(tokens: int = 1) -> Network:
    grid = Grid(1, tokens)
    return network(source(16, grid), matrix("a", "x", 16, 4, grid), matrix("b", "a", 4, 4, grid))


def visits(p: Program, actor: str) -> list[tuple[int, int, int]]:
    """(number of resources, hold, advance) of every visit of an actor, in ns."""
    a = p.actor_name.index(actor)
    return [
        (
            int(p.visit_resource_start[v + 1] - p.visit_resource_start[v]),
            p.schedule(int(p.visit_hold[v]))(0) // NS,
            p.schedule(int(p.visit_advance[v]))(0) // NS,
        )
        for v in range(p.actor_visit_start[a], p.actor_visit_start[a + 1])
    ]


# From one tile to its neighbour: injection (wire 1), a hop and ejection (router 2 + wire 1 each);
# 4 bytes are one flit of 1 ns.
HEADS, SERIAL = 1 + 3 + 3, 1


def test_packets_take_links_one_after_the_other() -> None:
    p = program(two_layers(), round_chip(), lump=False)
    assert visits(p, "a -> b") == [(1, SERIAL, 1), (1, SERIAL, 3), (1, SERIAL, 3 + SERIAL)]


def test_a_circuit_takes_the_whole_way_until_the_last_flit_is_through() -> None:
    p = program(two_layers(), round_chip(noc__switching="circuit"), lump=False)
    assert visits(p, "a -> b") == [(3, HEADS + SERIAL, HEADS + SERIAL)]


@each_engine
def test_alone_both_take_the_same_time(engine: Engine) -> None:
    packet = engine(program(two_layers(), round_chip()))
    circuit = engine(program(two_layers(), round_chip(noc__switching="circuit")))
    assert circuit.makespan_fs == packet.makespan_fs


def test_the_link_to_the_host_is_no_part_of_a_circuit() -> None:
    p = program(two_layers(), round_chip(noc__switching="circuit"), lump=False)
    # Host link: head 5, 16 bytes at 1 GB/s; then the circuit on the chip.
    assert visits(p, "x -> a")[0] == (1, 16, 5)


@pytest.mark.parametrize(("active", "reads"), [("16", 1), ("8", 2), ("5", 4), ("null", 1)])
def test_groups_of_rows_are_read_one_after_the_other(active: str, reads: int) -> None:
    """Two input slices; 10 ns a read, 4 conversions of 1 ns behind each."""
    chip = round_chip(tile__crossbar__active_rows=active)
    p = program(network(source(16), matrix("fc", "x", 16, 4)), chip)
    crossbar = next(v for v in visits(p, "fc") if v[1] == 2 * reads * 10)
    assert crossbar[2] == 10
    counts = dict(zip(p.ledger_action, p.ledger_count.tolist(), strict=True))
    assert counts["convert"] == 2 * reads * 4
    assert counts["drive row"] == 2 * 16, "every row is driven once for every slice, in its own group"
