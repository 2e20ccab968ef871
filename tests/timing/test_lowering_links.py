"""What a chip says of its links: who goes next on them, and how many transfers of a stream are under way."""

from __future__ import annotations

import numpy as np
import pytest
from ohmsum.sim.lowering.context import Context
from ohmsum.sim.lowering.shares import Flow
from ohmsum.sim.lowering.transfers import transfer
from ohmsum.sim.mapping import map_network
from ohmsum.sim.metrics.busy import busy_times
from ohmsum.sim.noc.detail import Detail
from ohmsum.sim.program import Arbitration, Program
from ohmsum.workloads.graph import Grid, Network

from ..kit.engines import ENGINES, Engine, each_engine
from ..kit.small_networks import NS, SINGLE, matrix, network, program, round_chip, source


def two_layers(tokens: int) -> Network:
    """A layer that feeds another on its own tile."""
    grid = Grid(1, tokens)
    return network(source(16, grid), matrix("a", "x", 16, 4, grid), matrix("b", "a", 4, 4, grid))


def on_links(p: Program) -> list[int]:
    """Resources that are links of the chip's network."""
    return [r for r, klass in enumerate(p.resource_class) if klass == "link"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [(None, Arbitration.FCFS), ("round_robin", Arbitration.ROUND_ROBIN), ("age", Arbitration.AGE)],
)
def test_arbitration_of_the_links_is_that_of_the_chip(name: str | None, kind: Arbitration) -> None:
    p = program(two_layers(4), round_chip(noc__arbitration=name))
    links = on_links(p)
    assert links
    assert set(p.resource_arbitration[links].tolist()) == {kind}
    assert p.resource_queued[links].all() == (kind != Arbitration.FCFS)
    others = np.delete(p.resource_arbitration, links)
    assert (others == Arbitration.FCFS).all()


@pytest.mark.parametrize("outstanding", [None, 1, 3])
def test_transfers_under_way_are_those_that_the_chip_allows(outstanding: int | None) -> None:
    p = program(two_layers(4), round_chip(noc__outstanding=outstanding))
    windows = dict(zip(p.actor_name, p.actor_window.tolist(), strict=True))
    assert windows["a -> b"] == (outstanding or 0)
    assert windows["a"] == windows["b"] == 0


@each_engine
@pytest.mark.parametrize("arbitration", ["round_robin", "age"])
def test_one_stream_alone_is_served_alike_by_all(engine: Engine, arbitration: str) -> None:
    """One inference, and no two streams on a link: every order is that of the requests."""
    plain = engine(program(two_layers(6), round_chip()))
    other = engine(program(two_layers(6), round_chip(noc__arbitration=arbitration)))
    assert other.makespan_fs == plain.makespan_fs
    assert other.wait_fs.tolist() == plain.wait_fs.tolist()


@each_engine
def test_one_transfer_at_a_time_takes_a_whole_way_each(engine: Engine) -> None:
    # The producer makes its tokens faster than one crosses: each enters the network when the last has left.
    p = program(two_layers(6), round_chip(noc__outstanding=1))
    a = p.actor_name.index("a -> b")
    result = engine(p, keep_firings=True)
    assert result.firings is not None
    mine = result.firings[result.firings["actor"] == a]
    assert (mine["issue_fs"][1:] >= mine["end_fs"][:-1]).all()


@each_engine
@pytest.mark.parametrize("detail", ["packet", "flit"])
@pytest.mark.parametrize(
    ("multicast", "flits", "hops"),
    [(True, 8, 8 * (3 + 3)), (False, 3 * 8, 8 * (1 + 1 + 2 + 3))],
)
def test_a_tree_by_hand(engine: Engine, detail: Detail, multicast: bool, flits: int, hops: int) -> None:
    """From the corner of 2 x 2 tiles to the other three, 8 flits: once over 3 wires and 3 ejectors; or once
    for each tile over 4 wires and 3 ejectors, so that 24 flits leave, those for the farthest tile last.

    The head passes the injecting link in 1 ns, three routers with a link behind each in 3 ns; then the flits.
    """
    chip = round_chip(noc__multicast=str(multicast).lower())
    mapping = map_network(network(source(16), matrix("a", "x", 16, 4)), chip, SINGLE)
    context = Context.of(mapping, chip, detail)
    context.multicast = multicast
    transfer(context, "tree", "tree", 1, [Flow(0, (1, 2, 3), 8 * 4)])
    p = context.builder.build(flit=context.flit)
    assert dict(zip(p.ledger_action, p.ledger_total.tolist(), strict=True)) == {"flit hop": hops}
    assert engine(p).makespan_fs == (1 + 3 * 3 + flits) * NS


@pytest.mark.parametrize("arbitration", ["fcfs", "round_robin", "age"])
def test_a_converter_that_layers_share_has_an_arbitration(arbitration: str) -> None:
    """Three layers on the crossbars of one tile, which share one ADC of a column in 20 ns."""
    layers = [matrix(f"l{i}", f"l{i - 1}" if i else "x", 4 if i else 16, 4) for i in range(3)]
    chip = round_chip(
        tile__count="1",
        tile__grid="[1, 1]",
        tile__crossbar__count="4",
        tile__dac__count="64",
        tile__adc__rate="50 MHz",
        tile__adc__arbitration=arbitration,
    )
    p = program(network(source(16), *layers), chip)
    shared = p.resource_name.index("adc 0")
    assert p.resource_arbitration[shared] == Arbitration[arbitration.upper()]
    results = [engine(p, 6, arrivals_fs=[i * 50 * NS for i in range(6)]) for engine in ENGINES.values()]
    ends = {tuple(result.iteration_end_fs.tolist()) for result in results}
    assert len(ends) == 1
    # Each of 18 products converts 4 columns in each of 2 reads, one after the other on the one converter.
    assert busy_times(p, results[0]).resource_fs[shared] == 6 * 3 * 2 * 4 * 20 * NS
