"""Are the femtoseconds of a small network those that its chip's numbers add up to by hand?"""

from __future__ import annotations

import numpy as np
from ohmsum import arch
from ohmsum.sim.engines.result import EngineResult
from ohmsum.sim.program import Program
from ohmsum.workloads.graph import Grid

from ..kit.engines import Engine, each_engine
from ..kit.small_networks import NS, PIXEL_3X3, add, matrix, network, program, round_chip, source

pytestmark = each_engine


def ends(p: Program, result: EngineResult, actor: str) -> list[int]:
    assert result.firings is not None
    mine = result.firings[result.firings["actor"] == p.actor_name.index(actor)]
    return [int(end) for end in mine["end_fs"]]


def begin_on(p: Program, result: EngineResult, actor: str, klass: str) -> int:
    """When the critical path's first visit of `actor` to a resource of that class began."""
    a = p.actor_name.index(actor)
    for piece in result.critical_path:
        v = int(piece["visit"])
        group = p.visit_resource[p.visit_resource_start[v] : p.visit_resource_start[v + 1]]
        if piece["actor"] == a and len(group) and p.resource_class[group[0]] == klass:
            return int(piece["begin_fs"])
    raise AssertionError(f"{actor} visits no {klass} on the critical path")


def test_linear_layer_on_one_tile(engine: Engine) -> None:
    p = program(network(source(16), matrix("fc", "x", 16, 4, fused=("relu",))), round_chip())
    result = engine(p, keep_firings=True)
    # The input (1 ns) passes the host link (head 5) and is ejected (router 2 + wire 1); its tail follows the
    # head by the 16 ns that 16 bytes take at 1 GB/s.
    there = 1 + 5 + 3 + 16
    assert ends(p, result, "x -> fc") == [there * NS]
    # Buffer 1; first read 10, then the ADC: second read 10 and its 4 conversions; shift-add 2, relu 1,
    # buffer 1.
    done = there + 1 + 10 + (10 + 4) + 2 + 1 + 1
    assert ends(p, result, "fc") == [done * NS]
    assert begin_on(p, result, "fc", "adc") == (there + 1 + 10) * NS
    # Injection 1, host link: head 5 and 4 bytes behind it; the host takes it in 1.
    assert result.makespan_fs == (done + 1 + 5 + 4 + 1) * NS


def test_without_a_sample_and_hold_the_crossbar_waits_for_its_converters(engine: Engine) -> None:
    p = program(network(source(16), matrix("fc", "x", 16, 4)), round_chip(tile__sample_hold="null"))
    # There at 25, buffer 1; two reads of 10, each followed by 4 conversions; shift-add 2, buffer 1.
    assert ends(p, engine(p, keep_firings=True), "fc") == [(25 + 1 + 2 * (10 + 4) + 2 + 1) * NS]


def test_linear_layer_on_two_by_two_tiles(engine: Engine) -> None:
    p = program(network(source(32), matrix("fc", "x", 32, 8, fused=("relu",))), round_chip())
    result = engine(p, keep_firings=True)
    # 32 bytes over the host link; two hops to the far tile and its ejection, the tail 32 behind.
    there = 1 + 5 + 3 + 3 + 3 + 32
    assert ends(p, result, "x -> fc") == [there * NS]
    product = there + 1 + 10 + (10 + 4) + 2
    assert ends(p, result, "fc") == [product * NS]
    # Partial sums of 4 columns, 2 bytes each, to the neighbour: inject 1, hop 3, eject 3, tail of 2 flits 2.
    assert ends(p, result, "fc partial sums") == [(product + 1 + 3 + 3 + 2) * NS]
    done = product + 9 + 1 + 1 + 1  # add, relu, buffer
    assert ends(p, result, "fc sums") == [done * NS]
    # Both halves of the output at once: inject 1, hop 3, then 8 bytes over the host link.
    assert result.makespan_fs == (done + 1 + 3 + 5 + 8 + 1) * NS


def test_two_chained_convolutions(engine: Engine) -> None:
    grid = Grid(4, 4)
    net = network(
        source(1, grid),
        matrix("conv1", "x", 9, 1, grid, PIXEL_3X3),
        matrix("conv2", "conv1", 9, 1, grid, PIXEL_3X3),
    )
    p = program(net, round_chip())
    result = engine(p, keep_firings=True)
    # Image rows of 4 bytes follow each other over the host link every 4 ns; row i is there at 13 + 4 i.
    assert ends(p, result, "x -> conv1") == [(13 + 4 * i) * NS for i in range(4)]
    # Pixel 0 needs rows 0 and 1 (17). Buffer 1, then a product every 20; it takes 10 + (10 + 1 conversion)
    # + 2 + 1.
    assert ends(p, result, "conv1") == [(17 + 1 + 20 * k + 24) * NS for k in range(16)]
    # To the next tile: 1 + 3 + 3 and a tail of 1. Pixel 0 of conv2 needs pixel (1, 1), number 5, of conv1;
    # then 20 each.
    assert ends(p, result, "conv2") == [(42 + 20 * 5 + 8 + 1 + 20 * k + 24) * NS for k in range(16)]
    last = 42 + 20 * 5 + 8 + 1 + 20 * 15 + 24
    assert result.makespan_fs == (last + 1 + 3 + 5 + 1 + 1) * NS


def test_residual_block(engine: Engine) -> None:
    grid = Grid(4, 4)
    net = network(
        source(1, grid), matrix("conv", "x", 9, 1, grid, PIXEL_3X3), add("sum", "conv", "x", grid, 1)
    )
    p = program(net, round_chip())
    result = engine(p, keep_firings=True)
    # The image goes to the convolution and to the addition, which lie in the same tile, once: 4 ns a row.
    assert ends(p, result, "x -> conv + sum") == [(13 + 4 * i) * NS for i in range(4)]
    # Row 1 is there at 17; then as in the chain of convolutions.
    assert ends(p, result, "conv") == [(17 + 1 + 20 * k + 24) * NS for k in range(16)]
    # In the same tile: buffer 1, adder 1, buffer 1.
    assert ends(p, result, "sum") == [(42 + 20 * k + 3) * NS for k in range(16)]
    assert result.makespan_fs == (42 + 300 + 3 + 1 + 5 + 1 + 1) * NS


def test_residual_block_by_unicast(engine: Engine) -> None:
    grid = Grid(4, 4)
    conv = matrix("conv", "x", 9, 1, grid, PIXEL_3X3)
    net = network(source(1, grid), conv, add("sum", "conv", "x", grid, 1))
    p = program(net, round_chip(), multicast=False)
    result = engine(p, keep_firings=True)
    # Every row is sent twice; the two streams take turns on the host link.
    assert ends(p, result, "x -> conv") == [(1 + 8 * i + 12) * NS for i in range(4)]
    assert ends(p, result, "x -> sum") == [(5 + 8 * i + 12) * NS for i in range(4)]
    assert ends(p, result, "conv") == [(21 + 1 + 20 * k + 24) * NS for k in range(16)]


def test_two_layers_share_one_adc(engine: Engine) -> None:
    net = network(source(4), matrix("a", "x", 4, 4), matrix("b", "x", 4, 4), outputs=("a", "b"))
    p = program(net, round_chip(tile__crossbar__count="2"))
    result = engine(p, keep_firings=True)
    # 4 bytes over the host link, once for both; their reads of the buffer follow each other.
    assert ends(p, result, "x -> a + b") == [13 * NS]
    # The ADC converts for a from 13 + 1 + 10 = 24 to 38; b could begin at 25, and begins at 38, not before.
    assert ends(p, result, "a") == [(24 + 14 + 2 + 1) * NS]
    assert ends(p, result, "b") == [(38 + 14 + 2 + 1) * NS]
    b_adc = int(p.actor_visit_start[p.actor_name.index("b")]) + 2
    assert result.wait_fs[b_adc] == 13 * NS
    alone = program(net, round_chip(tile__crossbar__count="2", tile__adc__count="2"))
    assert ends(alone, engine(alone, keep_firings=True), "b") == [(25 + 14 + 2 + 1) * NS]


def test_interior_product_of_isaac_takes_22_cycles(engine: Engine) -> None:
    """eDRAM read 1, crossbar 2 to 17, ADC 18, shift-add 19-20, sigmoid 21, eDRAM write 22 (ISAAC, fig. 4)."""
    p = program(network(source(128), matrix("fc", "x", 128, 16, fused=("sigmoid",))), arch.load("isaac"))
    result = engine(p, keep_firings=True)
    mine = result.firings[result.firings["actor"] == p.actor_name.index("fc")][0]
    assert mine["end_fs"] - mine["begin_fs"] == 22 * 100 * NS


def test_lumping_changes_no_time_and_no_count(engine: Engine) -> None:
    grid = Grid(4, 4)
    net = network(
        source(2, grid),
        matrix("conv1", "x", 18, 8, grid, PIXEL_3X3, fused=("relu",)),
        matrix("conv2", "conv1", 16, 4, grid, fused=("relu",)),
    )
    chip = round_chip(tile__count="12", tile__grid="[3, 4]")
    lumped, expanded = (engine(program(net, chip, lump=lump), 3) for lump in (True, False))
    assert lumped.makespan_fs == expanded.makespan_fs
    assert np.array_equal(lumped.busy_fs, expanded.busy_fs)
    assert np.array_equal(lumped.wait_fs, expanded.wait_fs)
    assert np.array_equal(lumped.last_end_fs, expanded.last_end_fs)
    assert program(net, chip).n_resources < program(net, chip, lump=False).n_resources
