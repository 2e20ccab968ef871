"""Do stripes of a layer begin when their own columns, and the halo of their neighbours, are there?"""

from __future__ import annotations

import numpy as np
import pytest
from ohmsum.sim.compiled import need_and_free
from ohmsum.sim.engines.result import Cause
from ohmsum.sim.mapping import MappingOptions
from ohmsum.sim.program import Program, ProgramBuilder, Schedule
from ohmsum.workloads.graph import Grid

from ..kit.engines import Engine, each_engine
from ..kit.small_networks import NS, PIXEL_3X3, add, matrix, network, program, round_chip, source

pytestmark = each_engine

COPIED = MappingOptions(placement="linear")


def two_stripes(delay_fs: int) -> Program:
    """A 3 x 3 window on 2 rows of two stripes of 4 columns; the second begins after `delay_fs`."""
    spans = [np.array([[max(0, i - 1), min(n - 1, i + 1)] for i in range(n)]).T.copy() for n in (2, 8)]
    token = np.arange(16)
    stripe, index = token % 8 // 4, token // 8 * 4 + token % 4
    mine = token[stripe == 0]
    queues = np.array([8, 8])
    need, free = need_and_free(mine, np.arange(8), 8, 8, spans[0], spans[1], 8, stripe, index, queues)
    b = ProgramBuilder()
    late = b.actor("late", 1)
    b.visit(late, (), max(1, delay_fs))
    makers = [b.actor(f"P{s}", 8) for s in (0, 1)]
    user = b.actor("C0", 8)
    for actor in (*makers, user):
        b.visit(actor, (), 10)
    if delay_fs:
        b.channel(late, makers[1], 1, Schedule.constant(1), Schedule.constant(0))
    for s, maker in enumerate(makers):
        rows = [Schedule((0,), tuple(x[s].tolist())) for x in (need, free)]
        b.channel(maker, user, 8, *rows)
    return b.build()


def begins(p: Program, engine: Engine, actor: str) -> list[int]:
    result = engine(p, keep_firings=True)
    assert result.firings is not None
    mine = result.firings[result.firings["actor"] == p.actor_name.index(actor)]
    return [int(x) for x in mine["begin_fs"]]


def test_a_halo_exchange_of_two_stripes(engine: Engine) -> None:
    # Pixel (0, 0) needs pixel (1, 1): 6 firings of 10. The next two need one more each; (0, 3) needs column 4
    # too, the fifth firing of the other stripe, which is there at 50, and follows (0, 2).
    assert begins(two_stripes(0), engine, "C0")[:4] == [60, 70, 80, 90]


def test_a_neighbour_that_comes_late_holds_up_the_halo_alone(engine: Engine) -> None:
    # The fifth firing of the other stripe ends at 100 + 50: pixel (0, 3) could have begun at 90.
    p = two_stripes(100)
    assert begins(p, engine, "C0")[:4] == [60, 70, 80, 150]
    result = engine(p)
    late = [c for c in range(p.n_channels) if p.actor_name[p.channel_src[c]] == "P1"]
    assert result.stall_input_fs[late[0]] == 60
    last = result.critical_path[-1]
    assert last["cause"] in (Cause.PREVIOUS, Cause.TOKEN)


def test_four_copies_are_four_stripes_of_a_column(engine: Engine) -> None:
    grid = Grid(4, 4)
    net = network(source(1, grid), matrix("conv", "x", 9, 1, grid, PIXEL_3X3))
    p = program(net, round_chip(), COPIED)
    result = engine(p, keep_firings=True)
    assert result.firings is not None
    # A row of 4 bytes passes the host link (head 5) after the input's 1; two hops and the ejection to the
    # farthest tile, 3 each, and the tail of 4 ns: row i is there at 19 + 4 i. Row 0 of each column needs rows
    # 0 and 1: buffer 1, a product of 10 + (10 + 1 conversion) + 2 + 1, then one every 20.
    for stripe in range(4):
        a = p.actor_name.index(f"conv stripe {stripe}")
        ends = result.firings[result.firings["actor"] == a]["end_fs"].tolist()
        assert ends == [(23 + 1 + 24 + 20 * k) * NS for k in range(4)]


def test_lock_step_is_one_actor_of_all_copies(engine: Engine) -> None:
    grid = Grid(4, 4)
    net = network(source(1, grid), matrix("conv", "x", 9, 1, grid, PIXEL_3X3))
    p = program(net, round_chip(tile__replicas="lock_step"), COPIED)
    a = p.actor_name.index("conv")
    assert p.actor_firings[a] == 4
    result = engine(p, keep_firings=True)
    assert result.firings is not None
    # Every tile gets whole rows: as above, and each firing makes a row.
    ends = result.firings[result.firings["actor"] == a]["end_fs"].tolist()
    assert ends == [(23 + 1 + 24 + 20 * k) * NS for k in range(4)]


def test_a_sum_is_striped_as_the_layer_before_it(engine: Engine) -> None:
    grid = Grid(4, 4)
    net = network(
        source(1, grid), matrix("conv", "x", 9, 1, grid, PIXEL_3X3), add("sum", "conv", "x", grid, 1)
    )
    p = program(net, round_chip(), COPIED)
    result = engine(p, keep_firings=True)
    assert result.firings is not None
    for stripe in range(4):
        a = p.actor_name.index(f"sum stripe {stripe}")
        ends = result.firings[result.firings["actor"] == a]["end_fs"].tolist()
        assert ends == [(48 + 20 * k + 3) * NS for k in range(4)]  # buffer 1, adder 1, buffer 1


@pytest.mark.parametrize("capacity", ["64 B", "1 KiB", "1 MiB"])
def test_no_buffer_holds_more_than_it_can(engine: Engine, capacity: str) -> None:
    grid = Grid(4, 4)
    net = network(
        source(1, grid),
        matrix("conv1", "x", 9, 1, grid, PIXEL_3X3),
        matrix("conv2", "conv1", 9, 1, grid, PIXEL_3X3),
        add("sum", "conv2", "x", grid, 1),
    )
    p = program(net, round_chip(tile__buffer__capacity=capacity), COPIED)
    result = engine(p, 3)
    assert p.n_stores > 0
    assert (result.peak_bytes <= p.store_capacity_bytes).all()
    assert result.peak_bytes.max() > 0
