"""Are tokens dealt out evenly over stripes, and are streams given the room that they need and no more?"""

from __future__ import annotations

import re

import numpy as np
import ohmsum
import pytest
from ohmsum import arch
from ohmsum.sim.engines import compiled
from ohmsum.sim.errors import SimulationError
from ohmsum.sim.lowering import lower
from ohmsum.sim.lowering.runs import _kept
from ohmsum.sim.mapping import MappingOptions, map_network
from ohmsum.sim.mapping.packing import Load, Room, pack
from ohmsum.sim.mapping.stripes import Cut
from ohmsum.workloads import load
from ohmsum.workloads.graph import Grid

from ..kit.small_networks import PIXEL_3X3, matrix, network, program, round_chip, source

ROWS_64 = {"tile__crossbar__rows": "64", "tile__dac__count": "64"}


def cut(*copies: int) -> Cut:
    return Cut(copies, tuple((t,) for t in range(len(copies))))


def test_cuts_move_by_a_column_from_row_to_row() -> None:
    owners = cut(1, 1, 1).owners(Grid(3, 14)).reshape(3, 14)
    ends = [[int((row <= s).sum()) for s in (0, 1)] for row in owners]
    # floor((14 s + (14 y mod 3)) / 3)
    assert ends == [[4, 9], [5, 10], [5, 9]]


def test_cuts_stand_still_where_the_copies_divide_the_columns() -> None:
    owners = cut(1, 1).owners(Grid(5, 8)).reshape(5, 8)
    assert (owners == [0, 0, 0, 0, 1, 1, 1, 1]).all()


def test_any_number_of_copies_is_balanced_to_within_a_token() -> None:
    counts = np.bincount(cut(*[1] * 48).owners(Grid(112, 112)))
    assert set(counts.tolist()) <= {261, 262}
    assert counts.sum() == 112 * 112


@pytest.mark.parametrize("copies", [7, 14, 20, 100, 196])
def test_more_copies_than_columns(copies: int) -> None:
    counts = np.bincount(cut(*[1] * copies).owners(Grid(14, 14)), minlength=copies)
    assert counts.sum() == 196
    assert counts.max() - counts.min() <= 2


def test_copies_in_one_tile_make_one_stripe_of_their_share() -> None:
    counts = np.bincount(cut(3, 1).owners(Grid(8, 8)))
    assert counts.tolist() == [48, 16]


def test_a_sequence_gives_work_to_all_copies_from_the_start() -> None:
    owners = cut(1, 1).owners(Grid(1, 64))
    assert owners.reshape(4, 16).tolist() == [[0] * 8 + [1] * 8] * 4


def layer(name: str, crossbars: int, tokens: int, port_fs: int = 0, n_bytes: int = 0) -> Load:
    return Load(name, crossbars, tokens, 100, tokens, 1, {"buffer": port_fs}, n_bytes)


def test_copies_need_not_divide_the_tokens() -> None:
    # 70 tokens of 100 on 7 crossbars: ten tokens each. No divisor of 70 is needed for 8 or 9 copies either.
    packed = pack([layer("a", 1, 70)], Room(9, 0, 1), 0)
    assert packed is not None
    assert len(packed[0]["a"]) == 9


def test_crossbars_stay_empty_where_more_are_of_no_use() -> None:
    packed = pack([layer("a", 1, 100)], Room(50, 0, 2), 2500)
    assert packed is not None
    assert len(packed[0]["a"]) == 4  # 25 tokens each of 100 take 2500


def test_a_tile_has_no_more_copies_than_its_port_serves() -> None:
    # Ports take 45 for a token, of 90 % of the time: two copies of a rate of 1 / 100 fill one.
    packed = pack([layer("a", 1, 100, port_fs=45)], Room(8, 0, 2), 0)
    assert packed is not None
    tiles = [first // 8 for first in packed[0]["a"]]
    assert tiles.count(0) == tiles.count(1) == 2
    assert packed[1] == pytest.approx(100 * 100 / 4, rel=0.01)


def test_streams_that_do_not_fit_into_one_buffer_are_striped_over_two() -> None:
    packed = pack([layer("a", 1, 100, n_bytes=1500)], Room(8, 1000, 2), 10**9)
    assert packed is not None
    assert [first // 8 for first in packed[0]["a"]] == [0, 1]


def test_a_buffer_that_is_too_small_is_refused_with_tile_and_bytes() -> None:
    net = network(source(4, Grid(8, 8)), matrix("conv", "x", 36, 1, Grid(8, 8), PIXEL_3X3))
    chip = round_chip(tile__buffer__capacity="16 B", **ROWS_64)
    with pytest.raises(
        SimulationError, match=r"tile \d+: its streams need \d+ bytes of buffer.* bytes missing"
    ):
        program(net, chip)


def test_the_bytes_that_are_asked_for_suffice() -> None:
    net = network(source(4, Grid(8, 8)), matrix("conv", "x", 36, 1, Grid(8, 8), PIXEL_3X3))
    with pytest.raises(SimulationError) as refused:
        program(net, round_chip(tile__buffer__capacity="16 B", **ROWS_64))
    needed = re.search(r"need (\d+) bytes", str(refused.value))
    assert needed is not None
    p = program(net, round_chip(tile__buffer__capacity=f"{needed[1]} B", **ROWS_64))
    result = compiled.run(p, 3)
    assert result.peak_bytes.max() <= int(needed[1])


def test_unlimited_buffers_are_as_large_as_is_of_use() -> None:
    net = network(source(4, Grid(8, 8)), matrix("conv", "x", 36, 1, Grid(8, 8), PIXEL_3X3))
    large, any_size = (
        program(net, round_chip(**ROWS_64, **size), options)
        for size, options in (
            ({"tile__buffer__capacity": "1 MiB"}, MappingOptions(replicate=False)),
            ({"tile__buffer__capacity": "16 B"}, MappingOptions(replicate=False, buffers="unlimited")),
        )
    )
    assert any_size.n_stores == 0
    assert (large.channel_capacity == any_size.channel_capacity).all()


def test_larger_buffers_give_the_same_program() -> None:
    net = load("lenet5")
    chips = [arch.load("isaac", overrides={"tile.buffer.capacity": size}) for size in ("256 KiB", "4 MiB")]
    small, large = (lower(map_network(net, chip), chip) for chip in chips)
    assert (small.channel_capacity == large.channel_capacity).all()
    assert (small.table == large.table).all()


@pytest.mark.parametrize(("channels", "groups"), [(24, 24), (24, 4), (32, 1)])
def test_what_rows_are_driven_with_has_been_read(channels: int, groups: int) -> None:
    """Bytes read a token are the rows of the matrix: those of all groups, none twice."""
    from ohmsum.workloads.graph import Matrix, Operator, Port, Tensor

    k, n, grid = 9 * channels // groups, channels // groups, Grid(4, 4)
    out = Tensor("conv", (), grid, channels)
    conv = Operator(
        "conv", "Conv", "matrix", (Port("x", PIXEL_3X3),), out, matrix=Matrix(k, n, groups=groups)
    )
    chip = arch.load("isaac")
    p = program(network(source(channels, grid), conv), chip, MappingOptions(replicate=False))
    read = [
        int(total)
        for part, action, actor, total in zip(
            p.ledger_component, p.ledger_action, p.ledger_actor, p.ledger_total, strict=True
        )
        if (part, action, p.actor_layer[actor]) == ("buffer", "read", "conv")
    ]
    assert sum(read) == 16 * 9 * channels * 2


def test_who_asks_for_the_last_tokens_keeps_no_others() -> None:
    assert _kept(np.arange(124, 128), 128) == 4 / 128
    assert _kept(np.arange(128), 128) == 1
    assert _kept(np.array([0]), 128) == 1, "the first token lies there whole"
    assert _kept(np.arange(0, 128, 2), 128) == 1


def test_a_prompt_longer_than_a_buffer_gives_its_last_token() -> None:
    """196 KiB of tokens, of which one is wanted, in tiles of 64 KiB."""
    run = ohmsum.generate("gpt2", "isaac@attention", chips=4, prefill=128, decode=1)
    assert run.figures["tokens_per_s"] > 0
