"""Do layers that take turns on the crossbars cost the time, energy and wear that writing them takes?"""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ohmsum import arch
from ohmsum.arch.chip import Chip
from ohmsum.sim.engines import compiled
from ohmsum.sim.errors import SimulationError
from ohmsum.sim.lowering import lower
from ohmsum.sim.mapping import MappingOptions, map_network
from ohmsum.sim.mapping.assignment import InBlocks
from ohmsum.sim.mapping.parts import cut_large, too_large
from ohmsum.sim.mapping.tiling import Array, tile_matrix
from ohmsum.sim.report.run_blocks import swap_block
from ohmsum.sim.report.terminal import as_text
from ohmsum.sim.simulate import simulate
from ohmsum.tools.cli import main
from ohmsum.workloads.graph import Grid, Network, Operator
from ohmsum.workloads.load import load
from rich.console import Group

from ..kit.engines import ENGINES, Engine, each_engine
from ..kit.random_networks import random_network
from ..kit.small_networks import NS, PIXEL_3X3, add, matrix, network, program, round_chip, source

OVERLAP = MappingOptions(replicate=False, placement="linear", swap=True)
SERIAL = MappingOptions(replicate=False, placement="linear", swap=True, swap_overlap=False)
WRITES = {"tile__crossbar__write_time": "2 ns", "tile__crossbar__write_energy": "3 pJ"}
MEMORY = {"memory__kind": "dram", "memory__bandwidth": "8 GB/s", "memory__latency": "40 ns"}
PRODUCT = 1 + 10 + 14 + 2 + 1
"""Buffer, the first read, the second with 4 conversions, shift-add, buffer (ns)."""
HOP, OUT = 8, 14
"""From tile to tile: inject 1, hop 3, eject 3, tail 1; from the far tile to the host: 1, 3, 5, 4, and 1."""


def chain(n: int) -> Network:
    """16 inputs, then n layers of 4 outputs, a crossbar each: the first fills it, the others 4 rows of it."""
    layers = [matrix(f"l{i}", f"l{i - 1}" if i else "x", 4 if i else 16, 4) for i in range(n)]
    return network(source(16), *layers)


def two_tiles(**overrides: str) -> Chip:
    return round_chip(**{"tile__count": "2", "tile__grid": "[1, 2]", **WRITES, **MEMORY, **overrides})


def one_tile(**overrides: str) -> Chip:
    return round_chip(**{"tile__count": "1", "tile__grid": "[1, 1]", **WRITES, **overrides})


@each_engine
def test_two_segments_one_after_the_other(engine: Engine) -> None:
    """Layers 0 and 1 on both tiles, then 2 and 3; the weights come faster than they are written."""
    result = engine(program(chain(4), two_tiles(), SERIAL), 3)
    # 64 + 16 bytes in 16 bursts (0.625 ns each at 8 GB/s); 16 rows in the fuller tile.
    first = 40 + 0.625 + 16 * 2
    computed = first + PRODUCT + HOP + PRODUCT
    # 16 + 16 bytes in 4 bursts (1 ns each), 4 rows in both tiles; requested when layer 1 is through.
    second = computed + 40 + 1 + 4 * 2
    through = second + PRODUCT + HOP + PRODUCT
    assert result.iteration_end_fs[0] == (through + OUT) * NS
    # The next inference asks for its first segment when layer 3 is through.
    assert result.iteration_end_fs.tolist() == [(through * i + through + OUT) * NS for i in range(3)]


@each_engine
def test_four_segments_on_two_halves(engine: Engine) -> None:
    """Layers 0 and 2 take turns on one tile, 1 and 3 on the other."""
    result = engine(program(chain(4), two_tiles(), OVERLAP), 3)

    def written(asked: float, burst: float, rows: int) -> float:
        return asked + 40 + burst + rows * 2

    end_0 = written(0, 0.5, 16) + PRODUCT  # 64 bytes in 16 bursts of 0.5 ns; layer 1 is there long before
    end_1 = end_0 + HOP + PRODUCT
    end_2 = max(written(end_0, 0.5, 4), end_1 + HOP) + PRODUCT
    end_3 = max(written(end_1, 0.5, 4), end_2 + HOP) + PRODUCT
    assert end_2 - PRODUCT > end_1 + HOP, "layer 2 waits for its weights"
    assert result.iteration_end_fs[0] == (end_3 + OUT) * NS
    # Layer 0 is asked for again when layer 2 is through, and everything repeats from there.
    assert result.iteration_end_fs.tolist() == [(end_2 * i + end_3 + OUT) * NS for i in range(3)]


@each_engine
@pytest.mark.parametrize("options", [OVERLAP, SERIAL], ids=["overlap", "serial"])
def test_weights_that_come_slower_than_they_are_written(engine: Engine, options: MappingOptions) -> None:
    """At 1 GB/s the 80 bytes of layers 0 and 1 are there after 80 ns, and the last row 2 ns later."""
    p = program(chain(4), two_tiles(memory__bandwidth="1 GB/s"), options)
    result = engine(p, keep_firings=True)
    begin = result.firings["begin_fs"][result.firings["actor"] == p.actor_name.index("l0")]
    assert begin.tolist() == [(40 + 80 + 2) * NS]


@each_engine
def test_layer_after_layer_on_one_crossbar_over_the_host_link(engine: Engine) -> None:
    """The extreme case: one array, every layer written before it computes, weights from the host."""
    result = engine(program(chain(2), one_tile(), SERIAL))
    # The request takes 5 ns, but 16 bytes of input are on the link from 1 to 17. Then 16 bursts of 4 bytes,
    # one every 4 ns; each arrives 5 + 3 + 4 ns after it set out and is written in 2.
    first = 17 + 15 * 4 + 12 + 2
    second = first + PRODUCT + 5 + 3 * 4 + 12 + 2
    assert result.makespan_fs == (second + PRODUCT + 1 + 5 + 4 + 1) * NS


@each_engine
def test_a_half_that_has_one_segment_stays(engine: Engine) -> None:
    """Three segments: the middle one has its half for itself and is never written."""
    chip = two_tiles()
    mapping = map_network(chain(3), chip, OVERLAP)
    assert mapping.swap is not None
    assert [(s.layers, s.half, s.resident) for s in mapping.swap.segments] == [
        (("l0",), 0, False),
        (("l1",), 1, True),
        (("l2",), 0, False),
    ]
    p = program(chain(3), chip, OVERLAP)
    assert not any(name.startswith("segment 1") for name in p.actor_name)
    end_1 = 40 + 0.5 + 32 + PRODUCT + HOP + PRODUCT
    end_0 = end_1 - HOP - PRODUCT
    end_2 = max(end_0 + 40 + 0.5 + 8, end_1 + HOP) + PRODUCT
    assert engine(p).makespan_fs == (end_2 + 1 + 5 + 4 + 1) * NS  # from the tile at the gateway


@each_engine
@pytest.mark.parametrize("options", [OVERLAP, SERIAL], ids=["overlap", "serial"])
def test_a_group_of_inferences_shares_every_writing(engine: Engine, options: MappingOptions) -> None:
    """Each further inference adds a product's interval, 20 ns, wherever the whole group is waited for."""
    alone = engine(program(chain(4), two_tiles(), options)).makespan_fs
    for group in (2, 3):
        together = engine(program(chain(4), two_tiles(), replace(options, swap_group=group))).makespan_fs
        assert together == alone + 2 * (group - 1) * 20 * NS


def test_figures_of_a_group() -> None:
    chip = two_tiles(tile__crossbar__cell__endurance="1000000")
    alone, three = (simulate(chain(4), chip, mapping=replace(SERIAL, swap_group=n)) for n in (1, 3))
    assert alone.swap is not None
    assert three.swap is not None
    assert (three.swap.cells, three.swap.most_writes) == (alone.swap.cells, alone.swap.most_writes)
    assert three.swap.inferences == 3 * 500_000
    assert three.macs == 3 * alone.macs
    reads = [run.energy.by_action_j["crossbar"]["read"] for run in (alone, three)]
    assert reads[1] == pytest.approx(3 * reads[0])
    block = swap_block(three.swap, three)
    assert "3 inferences share every writing" in as_text(Group(*block))
    with pytest.raises(SimulationError, match="`swap_group: 2`: nothing is swapped, expected it with `swap`"):
        map_network(chain(2), chip, MappingOptions(swap_group=2))
    with pytest.raises(SimulationError, match="`swap_group`: found 0, expected at least 1 inference"):
        map_network(chain(4), chip, replace(SERIAL, swap_group=0))


def test_writes_energy_and_wear() -> None:
    """64 + 3 x 16 cells of 3 pJ; every crossbar is written twice; 2 bytes of 16 x 4 cells on two tiles."""
    run = simulate(chain(4), two_tiles(tile__crossbar__cell__endurance="1000000"), mapping=OVERLAP)
    use = run.swap
    assert use is not None
    assert (use.n_segments, use.n_written, use.cells, use.weight_bytes) == (4, 4, 112, 112)
    assert (use.most_writes, use.mean_writes) == (2, 112 / 128)
    assert use.write_j == pytest.approx(112 * 3e-12)
    assert run.energy.by_action_j["crossbar"]["write"] == pytest.approx(112 * 3e-12)
    assert use.inferences == 500_000
    text = " ".join(as_text(Group(*swap_block(use, run))).split())
    assert "4 segments take turns on two halves" in text
    assert "reached after 5e+05 inferences" in text
    # What is not hidden: the first write, 72.5 ns, and the two that are waited for after it.
    assert use.path_s == pytest.approx((72.5 + 48.5) * 1e-9)


def test_replicas_are_written_too_but_brought_once() -> None:
    grid = Grid(4, 4)
    layers = [matrix("a", "x", 9, 1, grid, PIXEL_3X3), matrix("b", "a", 16, 16)]
    chip = round_chip(**WRITES, **MEMORY)
    options = MappingOptions(placement="linear", swap=True)
    run = simulate(network(source(1, grid), *layers), chip, mapping=options)
    assert run.swap is not None
    copies = {a.operator: a.replicas for a in run.mapping.assignments if isinstance(a, InBlocks)}
    assert copies["a"] == 2
    # b is 16 x 16, cut into halves of 8 columns; the first stays, as the only one on its half.
    assert run.swap.cells == 2 * 9 + 16 * 8
    assert run.swap.weight_bytes == 9 + 16 * 8


@each_engine
@pytest.mark.parametrize("options", [OVERLAP, SERIAL], ids=["overlap", "serial"])
def test_streams_that_skip_segments_are_kept(engine: Engine, options: MappingOptions) -> None:
    """A residual addition waits for the last segment, so all of the first one's output has to be kept."""
    grid = Grid(4, 4)
    net = network(
        source(1, grid),
        matrix("a", "x", 9, 1, grid, PIXEL_3X3),
        matrix("b", "a", 9, 1, grid, PIXEL_3X3),
        matrix("c", "b", 9, 1, grid, PIXEL_3X3),
        matrix("d", "c", 9, 1, grid, PIXEL_3X3),
        add("sum", "a", "d", grid, 1),
    )
    chip = two_tiles()
    p = program(net, chip, options)
    assert len(engine(p, 3).iteration_end_fs) == 3
    run = simulate(net, chip, mapping=options)
    assert run.swap is not None
    # a is kept until the end; beside it, what the segment before the border made: 16 tokens of a byte each.
    assert run.swap.kept_bytes == 2 * 16
    assert run.latency_fs == engine(p).makespan_fs


@each_engine
def test_what_the_buffers_cannot_hold_waits_in_memory(engine: Engine) -> None:
    """4 bytes wait between two segments, the only buffer has room for 2."""
    chip = one_tile(**MEMORY, tile__buffer__capacity="2 B", memory__energy_per_byte="5 pJ/B")
    through = 40 + 0.5 + 32 + PRODUCT
    # Into memory and back, at 8 GB/s with 40 ns each; the 8.5 ns of writing after 40 ns pass meanwhile.
    back = through + 2 * (0.5 + 40)
    p = program(chain(2), chip, SERIAL)
    assert engine(p).makespan_fs == (back + PRODUCT + 1 + 5 + 4 + 1) * NS
    run = simulate(chain(2), chip, mapping=SERIAL)
    assert run.energy.by_action_j["memory"]["byte"] == pytest.approx((64 + 16 + 4 + 4) * 5e-12)
    assert run.swap is not None
    assert "in memory, as" in as_text(Group(*swap_block(run.swap, run)))
    without = one_tile(tile__buffer__capacity="2 B")
    message = r"up to 4 bytes wait between segments, the tile buffers hold 2\nuse a chip with memory"
    with pytest.raises(SimulationError, match=message):
        simulate(chain(2), without, mapping=SERIAL)


def test_what_fits_is_not_swapped() -> None:
    run = simulate(chain(2), two_tiles(), mapping=OVERLAP)
    assert run.swap is None
    assert run.mapping.remarks == ("all layers fit at once, so nothing is swapped",)
    plain = MappingOptions(replicate=False, placement="linear")
    assert run.latency_fs == simulate(chain(2), two_tiles(), mapping=plain).latency_fs


@each_engine
def test_a_layer_larger_than_the_crossbars_is_cut_by_columns(engine: Engine) -> None:
    """12 outputs on one crossbar of 4: three parts, written and computed in turn, then put together."""
    net = network(source(16), matrix("fc", "x", 16, 12, fused=("relu",)))
    chip = one_tile(**MEMORY)
    mapping = map_network(net, chip, SERIAL)
    names = [o.name for o in mapping.network.operators]
    assert names == ["x", "fc.part0", "fc.part1", "fc.part2", "fc"]
    assert mapping.network.macs == net.macs
    assert mapping.network.outputs == ("fc",)
    turn = 40 + 0.5 + 32 + PRODUCT + 1  # request, first burst, 16 rows, product with relu
    together = 1 + 1  # the concatenation reads 12 and writes 12 bytes of the same tile's buffer
    expected = 3 * turn + together + 1 + 5 + 12 + 1
    assert engine(program(net, chip, SERIAL)).makespan_fs == expected * NS


@each_engine
def test_a_layer_of_more_row_blocks_than_crossbars_is_cut_by_rows(engine: Engine) -> None:
    """40 inputs on one crossbar of 16 rows: three parts of partial sums, added up with two additions."""
    net = network(source(40), matrix("fc", "x", 40, 4, fused=("relu",)))
    chip = one_tile(**MEMORY)
    mapping = map_network(net, chip, SERIAL)
    parts = [o for o in mapping.network.operators if o.matrix is not None]
    assert [o.matrix.k for o in parts if o.matrix] == [16, 16, 8]
    assert mapping.network.macs == net.macs
    added = mapping.network.operators[-1]
    assert (added.op, added.work, added.fused) == ("Add", 2 * 4, ("relu",))
    assert engine(program(net, chip, SERIAL)).makespan_fs > 0


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 90), st.integers(1, 40), st.integers(1, 12), st.integers(1, 7))
def test_parts_fit_and_hold_every_weight(k: int, n: int, groups: int, room: int) -> None:
    array = Array(16, 4, 1, 4)
    layer = matrix("fc", "x", k, n, groups=groups)
    net = network(source(k * groups), layer)
    large = too_large([layer], array, room)
    one_group = matrix("g", "x", k, n).matrix
    assert one_group is not None
    if large and groups > 1 and tile_matrix(one_group, array).crossbars > room:
        with pytest.raises(SimulationError, match="one group of layer 'fc'"):
            cut_large(net, large, array, room)
        return
    cut = cut_large(net, large, array, room)
    parts = [o for o in cut.operators if o.matrix is not None]
    assert cut.macs == net.macs
    assert all(tile_matrix(o.matrix, array).crossbars <= room for o in parts if o.matrix)
    assert cut.producer("fc").output == layer.output
    assert len(parts) == 1 or large


def recurrent() -> Operator:
    return matrix("rnn", "x", 20, 4, Grid(1, 3), recurrent_k=4)


@pytest.mark.parametrize(
    ("chip", "net", "options", "message"),
    [
        (
            two_tiles(tile__crossbar__write_time="null"),
            chain(4),
            OVERLAP,
            r"not say what writing costs: tile.crossbar.write_time \(time to write one row\) is missing\nset",
        ),
        (
            two_tiles(tile__crossbar__write_energy="null"),
            chain(4),
            OVERLAP,
            r"tile.crossbar.write_energy \(energy to write one cell\) is missing\nset it, such as `set",
        ),
        (
            one_tile(),
            chain(2),
            OVERLAP,
            r"one crossbar, which cannot be written while it computes\nuse `swap_overlap: false`",
        ),
        (
            one_tile(),
            network(source(16, Grid(1, 3)), recurrent()),
            SERIAL,
            r"recurrent layer 'rnn' takes 2 crossbars, 1 are there at once; its parts would be written anew",
        ),
        (one_tile(host="null"), chain(2), SERIAL, r"has neither memory nor host to bring weights from"),
    ],
)
def test_what_cannot_be_swapped_is_said(
    chip: Chip, net: Network, options: MappingOptions, message: str
) -> None:
    with pytest.raises(SimulationError, match=message):
        map_network(net, chip, options)


def test_flits_of_weights_are_refused() -> None:
    with pytest.raises(SimulationError, match="`swap`: the weights of a segment are millions of flits"):
        simulate(chain(4), two_tiles(), noc="flit", mapping=OVERLAP)


def test_the_command_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "lenet5", "--chip", "analognets-aon-cim", "--swap"]) == 2
    error = capsys.readouterr().err
    assert "tile.crossbar.write_time" in error or "--swap-no-overlap" in error
    assert len(error.splitlines()) <= 2
    assert main(["run", "resnet50", "--chip", "isaac", "--set", "tile.count=33"]) == 2
    assert "--swap (weights are written during the run)" in capsys.readouterr().err
    assert main(["run", "lenet5", "--chip", "isaac", "--partition", "tensors"]) == 2
    error = capsys.readouterr().err
    assert re.search(r"--partition: found '?tensors'?, expected 'pipeline'.*'tensor' or 'auto'", error)


def test_lenet_layer_by_layer_on_the_one_array_of_analognets() -> None:
    """Every one of the five layers fits on the array of 1024 x 512, alone: five segments."""
    changes = {"tile.crossbar.write_time": "1 us", "tile.crossbar.write_energy": "10 pJ"}
    options = MappingOptions(swap=True, swap_overlap=False)
    run = simulate(load("lenet5"), arch.load("analognets-aon-cim", changes), mapping=options)
    use = run.swap
    assert use is not None
    assert run.mapping.swap is not None
    assert all(len(s.layers) == 1 for s in run.mapping.swap.segments)
    assert use.n_segments == use.n_written == use.most_writes == 5
    assert use.cells == sum(a.tiling.cells_used for a in run.mapping.assignments if isinstance(a, InBlocks))
    assert use.write_j == pytest.approx(use.cells * 10e-12)
    # Rows of each layer, one after the other, 1 us each: no overlap, so all of it is on the critical path.
    rows = sum(min(1024, o.matrix.k) for o in run.mapping.network.operators if o.matrix is not None)
    assert use.path_s > rows * 1e-6


@settings(max_examples=40, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(2, 6), st.booleans(), st.booleans(), st.booleans())
def test_no_network_that_takes_turns_deadlocks(
    rng: Random, tiles: int, overlap: bool, copied: bool, dram: bool
) -> None:
    """Random networks with joins on a few tiles, from memory or host, two inferences in a row."""
    size = {"tile__count": str(tiles), "tile__grid": f"[1, {tiles}]"}
    other = {**MEMORY, "tile__buffer__capacity": "32 B"} if dram else {"tile__buffer__capacity": "64 KiB"}
    chip = round_chip(**size, **WRITES, **other)
    options = MappingOptions(swap=True, swap_overlap=overlap, replicate=copied)
    net = random_network(rng)
    mapping = map_network(net, chip, options)
    try:
        p = lower(mapping, chip)
    except SimulationError as refused:  # a join in one of the small buffers
        if "its streams need" not in str(refused):
            raise
        mapping = map_network(net, chip, replace(options, buffers="unlimited"))
        p = lower(mapping, chip)
    result = compiled.run(p, 2)
    assert (result.fired == 2 * p.actor_firings).all()
    if mapping.swap is not None:
        assert mapping.crossbars_used <= tiles
        names = [name for segment in mapping.swap.segments for name in segment.layers]
        assert names == [o.name for o in mapping.network.operators if o.matrix is not None]


@settings(max_examples=8, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(2, 4), st.booleans())
def test_engines_agree_on_what_takes_turns(rng: Random, tiles: int, overlap: bool) -> None:
    chip = round_chip(tile__count=str(tiles), tile__grid=f"[1, {tiles}]", **WRITES, **MEMORY)
    p = program(random_network(rng), chip, MappingOptions(swap=True, swap_overlap=overlap))
    ends = [engine(p, 2).iteration_end_fs.tolist() for engine in ENGINES.values()]
    assert ends[0] == ends[1]
