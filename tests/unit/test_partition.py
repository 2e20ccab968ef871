"""Are columns dealt out over chips as they should be, and is the faster partition taken?"""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from ohmsum import arch
from ohmsum.arch.chip import Chip
from ohmsum.sim.engines import compiled
from ohmsum.sim.errors import SimulationError
from ohmsum.sim.lowering import lower
from ohmsum.sim.mapping import Mapping, MappingOptions, map_network
from ohmsum.sim.mapping.assignment import Deal, InBlocks
from ohmsum.sim.simulate import simulate
from ohmsum.workloads.graph import Grid
from ohmsum.workloads.load import load

from ..kit.engines import ENGINES, Engine, each_engine
from ..kit.random_networks import random_network
from ..kit.small_networks import NS, ROUND, SINGLE, matrix, network, program, source

TENSOR = MappingOptions(replicate=False, placement="linear", partition="tensor")
AUTO = MappingOptions(replicate=False, placement="linear", partition="auto")


def pair(**overrides: str) -> Chip:
    """Two chips of two tiles in a row each; a link takes 20 ns and 1 ns for each of 1 byte."""
    sizes = {"tile.count": "2", "tile.grid": "[1, 2]", "chips.count": "2"}
    links = {"chips.bandwidth": "1 GB/s", "chips.latency": "20 ns"}
    return arch.load(ROUND, {**sizes, **links, **{k.replace("__", "."): v for k, v in overrides.items()}})


WIDE = network(source(16), matrix("a", "x", 16, 8), matrix("b", "a", 8, 8))
"""Two column blocks each: a tile each, one per chip."""


def dealt(mapping: Mapping, name: str) -> tuple[Deal, ...]:
    """Where the column blocks of a layer lie."""
    place = mapping.of(name)
    assert isinstance(place, InBlocks)
    return place.dealt


def test_column_blocks_are_dealt_out_over_the_chips() -> None:
    mapping = map_network(WIDE, pair(), TENSOR)
    assert mapping.partition == "tensor"
    # 2 tiles of a crossbar on each chip; a takes crossbars 0 and 2, b 1 and 3.
    assert dealt(mapping, "a") == (Deal(0, 0, 1), Deal(2, 1, 2))
    assert dealt(mapping, "b") == (Deal(1, 0, 1), Deal(3, 1, 2))
    assert mapping.of("a").sources == mapping.of("a").tiles == (0, 2)
    pipeline = map_network(WIDE, pair(), SINGLE)
    assert pipeline.partition == "pipeline"
    assert (pipeline.of("a").tiles, pipeline.of("b").tiles) == ((0, 1), (2, 3))


@each_engine
def test_both_halves_of_a_layer_compute_at_once_and_exchange_what_they_made(engine: Engine) -> None:
    p = program(WIDE, pair(), TENSOR)
    result = engine(p, keep_firings=True)

    def ends(actor: str) -> int:
        return int(result.firings["end_fs"][result.firings["actor"] == p.actor_name.index(actor)][0])

    # 1, host link 5; at the gateway of chip 0 it is copied: eject 3 there; link 20 and eject 3 on the other.
    there = 1 + 5 + 20 + 3 + 16
    assert ends("x -> a") == there * NS
    product = 1 + 10 + 14 + 2 + 1
    assert ends("a") == (there + product) * NS
    # Each half of a (4 bytes, 1 flit) to the tiles of b: to the one beside it inject 1, hop 3, eject 3; to
    # the one on the other chip inject 1, link 20, hop 3, eject 3, and 4 ns of the link behind the head.
    crossed = 1 + 20 + 3 + 3 + 4
    assert ends("a -> b") == (there + product + crossed) * NS
    assert ends("b") == (there + product + crossed + product) * NS


def test_traffic_over_the_link_is_what_the_other_chip_wants() -> None:
    """x (16 bytes) to chip 1, half of a (4) each way, half of b (4) back to the host's chip."""
    run = simulate(WIDE, pair(chips__energy_per_byte="1 pJ/B"), mapping=TENSOR)
    assert run.energy.by_component_j["chip links"] == pytest.approx((16 + 4 + 4 + 4) * 1e-12)
    pipeline = simulate(WIDE, pair(chips__energy_per_byte="1 pJ/B"), mapping=SINGLE)
    assert pipeline.energy.by_component_j["chip links"] == pytest.approx((8 + 8) * 1e-12)


def test_layers_of_one_block_go_to_the_emptiest_chip() -> None:
    net = network(source(16), matrix("a", "x", 16, 4), matrix("b", "a", 4, 4), matrix("c", "b", 4, 8))
    mapping = map_network(net, pair(), TENSOR)
    assert [dealt(mapping, name) for name in "abc"] == [
        (Deal(0, 0, 1),),
        (Deal(2, 0, 1),),
        (Deal(1, 0, 1), Deal(3, 1, 2)),
    ]


@pytest.mark.parametrize(("latency", "best"), [("1 ns", "tensor"), ("10 us", "pipeline")])
def test_auto_takes_the_faster_and_says_what_the_other_takes(latency: str, best: str) -> None:
    """The pipeline crosses the link twice (a to b, b to the host), the halves three times, side by side."""
    chip = pair(chips__latency=latency)
    alone = {"pipeline": simulate(WIDE, chip, mapping=SINGLE), "tensor": simulate(WIDE, chip, mapping=TENSOR)}
    assert min(alone, key=lambda name: alone[name].latency_fs) == best
    run = simulate(WIDE, chip, mapping=AUTO)
    assert (run.mapping.partition, run.latency_fs) == (best, alone[best].latency_fs)
    assert run.mapping.remarks[0].startswith(f"partition {best} (one inference: ")
    assert run.options["mapping"]["partition"] == best


def test_what_does_not_fit_dealt_out_runs_as_a_pipeline() -> None:
    """Three row blocks cannot be dealt out: chip 0 would need three tiles, it has two."""
    net = network(source(48), matrix("a", "x", 48, 4))
    with pytest.raises(
        SimulationError, match=r"3 tiles on one of them, a chip has 2: 1 tiles missing\nuse more"
    ):
        map_network(net, pair(), TENSOR)
    run = simulate(net, pair(), mapping=AUTO)
    assert run.mapping.partition == "pipeline"
    assert "tensor: not possible" in run.mapping.remarks[0]


def test_one_chip_has_nothing_to_deal_out() -> None:
    chip = pair(chips__count="1", tile__count="4", tile__grid="[1, 4]")
    for options in (TENSOR, AUTO):
        run = simulate(WIDE, chip, mapping=options)
        assert run.mapping.partition == "pipeline"
        assert run.latency_fs == simulate(WIDE, chip, mapping=SINGLE).latency_fs
    with pytest.raises(SimulationError, match="'auto' takes two simulations"):
        map_network(WIDE, chip, AUTO)


def test_swapping_and_dealing_out_are_not_mixed() -> None:
    writes = {"tile__crossbar__write_time": "2 ns", "tile__crossbar__write_energy": "3 pJ"}
    net = network(source(16), matrix("a", "x", 16, 24))
    options = MappingOptions(partition="tensor", swap=True)
    with pytest.raises(SimulationError, match="`swap`: layers take turns in a pipeline"):
        map_network(net, pair(**writes), options)


def test_engines_agree_on_lenet_over_three_chips() -> None:
    """Replicas, row blocks and shared links."""
    options = MappingOptions(placement="linear", partition="tensor")
    p = program(load("lenet5"), arch.load("isaac", n_chips=3), options)
    ends = [engine(p, 2).iteration_end_fs.tolist() for engine in ENGINES.values()]
    assert ends[0] == ends[1]


def test_without_crossbars_there_are_no_columns_to_deal_out() -> None:
    chips = {"chips.count": "2", "chips.bandwidth": "1 GB/s", "chips.latency": "1 ns"}
    with pytest.raises(SimulationError, match="`partition: tensor`: no layer is on crossbars"):
        map_network(load("lenet5"), arch.load("systolic", chips), TENSOR)


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(2, 4), st.booleans())
def test_random_networks_dealt_out(rng: Random, n_chips: int, copied: bool) -> None:
    """No deadlock, no crossbar twice, every column block once; reading costs what it costs in a pipeline."""
    size = {"tile.count": "32", "tile.grid": "[4, 8]", "chips.count": str(n_chips)}
    chip = arch.load(ROUND, {**size, "chips.bandwidth": "1 GB/s", "chips.latency": "20 ns"})
    net = random_network(rng)
    assume(net.macs)
    mapping = map_network(net, chip, MappingOptions(replicate=copied, partition="tensor"))
    taken: list[int] = []
    for a in mapping.assignments:
        if not isinstance(a, InBlocks):
            continue
        blocks = [
            a.crossbar(i, r, c)
            for i in range(a.replicas)
            for r in range(a.tiling.row_blocks)
            for c in range(a.tiling.col_blocks)
        ]
        assert len(set(blocks)) == a.replicas * a.tiling.crossbars
        taken += blocks
    assert len(set(taken)) == len(taken) == mapping.crossbars_used
    p = lower(mapping, chip)
    assert (compiled.run(p, 2).fired == 2 * p.actor_firings).all()
    if not copied:
        reads = [
            simulate(net, chip, mapping=options).energy.by_action_j["crossbar"]["read"]
            for options in (TENSOR, SINGLE)
        ]
        assert reads[0] == pytest.approx(reads[1])


def test_energy_counts_of_a_layer_are_its_columns_wherever_they_lie() -> None:
    energies = [simulate(WIDE, pair(), mapping=options).energy.by_action_j for options in (TENSOR, SINGLE)]
    for part, action in (
        ("crossbar", "read"),
        ("adc", "convert"),
        ("dac", "drive row"),
        ("shift-add", "add"),
    ):
        assert energies[0][part][action] == pytest.approx(energies[1][part][action])


def systolic(n_chips: int, **changes: str) -> Chip:
    links = {"chips.count": str(n_chips), "chips.bandwidth": "100 GB/s", "chips.latency": "10 ns"}
    return arch.load("systolic", {**links, **changes})


def test_digital_chips_follow_each_other() -> None:
    """Three equal matrices and one of three times their work: half of it is done before the last."""
    layers = [matrix(f"l{i}", f"l{i - 1}" if i else "x", 64, 64) for i in range(3)]
    net = network(source(64), *layers, matrix("wide", "l2", 64, 192))
    mapping = map_network(net, systolic(2), SINGLE)
    assert [mapping.of(name).home for name in ("l0", "l1", "l2", "wide")] == [0, 0, 0, 1]
    alone = map_network(net, systolic(1), SINGLE)
    assert {alone.of(name).home for name in ("l0", "l1", "l2", "wide")} == {0}


@each_engine
def test_two_digital_chips_share_the_folds(engine: Engine) -> None:
    """Two equal layers: each chip has the folds of one, and a batch is done sooner where they count."""
    grid = Grid(1, 4096)
    net = network(source(64, grid), matrix("a", "x", 64, 64, grid), matrix("b", "a", 64, 64, grid))
    busy_fs, makespans = [], []
    for n in (1, 2):
        p = program(net, systolic(n, **{"memory.bandwidth": "1e6 GB/s", "host.bandwidth": "1e6 GB/s"}))
        result = engine(p, 8)
        busy = p.occupied_fs(result.busy_fs)
        arrays = [i for i, klass in enumerate(p.resource_class) if klass == "mac_array"]
        busy_fs.append([int(busy[p.visit_resource == i].sum()) for i in arrays])
        makespans.append(result.makespan_fs)
    assert busy_fs[1] == [busy_fs[0][0] // 2] * 2
    assert makespans[1] < makespans[0]
