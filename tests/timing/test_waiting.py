"""Where do tokens wait that do not fit into a tile's buffer, and is every way there and back counted?"""

from __future__ import annotations

import pytest
from ohmsum.sim.engines import compiled, reference
from ohmsum.sim.errors import SimulationError
from ohmsum.sim.mapping import MappingOptions
from ohmsum.sim.program import Program
from ohmsum.sim.simulate import simulate
from ohmsum.workloads.graph import Grid, Network, Operator, Port, Tensor, Window

from ..kit.small_networks import SINGLE, add, matrix, network, program, round_chip, source

ROW = Grid(1, 64)


def around_the_host() -> Network:
    """Tokens of 2 bytes that wait until the host has seen all 64 of them: 128 bytes.

    The host has no unit for softmax here, nor has any tile.
    """
    all_of_a = Operator(
        "b",
        "Softmax",
        "vector",
        (Port("a", Window("all")),),
        Tensor("b", (), ROW, 2),
        function="softmax",
        work=2,
    )
    return network(source(4, ROW), matrix("a", "x", 4, 2, ROW), all_of_a, add("c", "a", "b", ROW, 2))


def bytes_of(p: Program, component: str, action: str) -> int:
    """What the ledger has of an action, in one inference."""
    return sum(
        int(total)
        for part, what, total in zip(p.ledger_component, p.ledger_action, p.ledger_total, strict=True)
        if (part, what) == (component, action)
    )


def test_a_stream_that_fits_is_not_put_aside() -> None:
    p = program(around_the_host(), round_chip())
    assert not [name for name in p.actor_name if "put aside" in name]


def test_what_does_not_fit_goes_to_the_host_and_back_where_tiles_have_no_room() -> None:
    """Tiles of 64 bytes: none has room for 128 more, nor is there a memory."""
    net = around_the_host()
    large, small = (program(net, round_chip(tile__buffer__capacity=size)) for size in ("1 KiB", "64 B"))
    assert [name for name in small.actor_name if "put aside" in name]
    more = bytes_of(small, "host link", "byte") - bytes_of(large, "host link", "byte")
    assert more == 2 * 128
    for engine in (compiled, reference):
        result = engine.run(small, 3)
        assert (result.peak_bytes <= small.store_capacity_bytes).all()


def test_engines_agree_on_what_is_put_aside() -> None:
    p = program(around_the_host(), round_chip(tile__buffer__capacity="64 B"))
    assert compiled.run(p, 3).makespan_fs == reference.run(p, 3).makespan_fs


def test_putting_aside_costs_time_and_no_limit_costs_none() -> None:
    net, chip = around_the_host(), round_chip(tile__buffer__capacity="64 B")
    unlimited = MappingOptions(replicate=False, placement="linear", buffers="unlimited")
    small, free = (compiled.run(program(net, chip, options), 1) for options in (SINGLE, unlimited))
    assert small.makespan_fs >= free.makespan_fs
    assert len(free.peak_bytes) == 0


def test_what_no_place_can_help_is_refused_by_tile_layer_and_bytes() -> None:
    """A token each, of x at a (4 bytes), of a on its ways out, of a and b at c, and of c (2 each)."""
    needed = r"tile 0: its streams need 12 bytes .* is 2: 10 bytes missing, most of them for layer a,"
    with pytest.raises(SimulationError, match=needed):
        program(around_the_host(), round_chip(tile__buffer__capacity="2 B"))


def test_a_result_says_how_full_every_buffer_was() -> None:
    chip = round_chip(tile__buffer__capacity="64 B")
    run = simulate(around_the_host(), chip, mapping=SINGLE, batch=3)
    stores = run.to_json()["stores"]
    assert [store["name"] for store in stores] == [store.name for store in run.stores]
    shares = [store["peak_bytes"] / store["capacity_bytes"] for store in stores]
    assert shares == sorted(shares, reverse=True)
    assert all(0 < s["peak_bytes"] <= s["rooms_bytes"] <= s["capacity_bytes"] == 64 for s in stores)
    assert f"fullest: {stores[0]['name']}" in run.report()
