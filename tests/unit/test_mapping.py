"""Are weights cut, copied, placed and refused as the closed forms say?"""

from __future__ import annotations

from collections import defaultdict
from itertools import product
from pathlib import Path
from random import Random
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ohmsum import arch
from ohmsum.arch.chip import Chip
from ohmsum.sim.errors import SimulationError
from ohmsum.sim.interconnect import interconnect
from ohmsum.sim.mapping import MappingOptions, map_network
from ohmsum.sim.mapping.assignment import InBlocks
from ohmsum.sim.mapping.placement import Ground, Net, place
from ohmsum.sim.mapping.replicate import Replicable, replicate, steps
from ohmsum.sim.mapping.tiling import Array, tile_matrix
from ohmsum.sim.mapping.timing import Folds
from ohmsum.sim.noc.fabric import FabricSpec, fabric
from ohmsum.sim.noc.topology import HOST, LinkKind
from ohmsum.workloads.graph import Grid, Matrix, Operator, Port, Tensor, Window
from ohmsum.workloads.load import load

from ..kit.onnx_graphs import imported, node
from ..kit.small_networks import SINGLE, add, matrix, network, round_chip, source

ISAAC = Array(rows=128, weight_cols=128, columns_per_weight=8, cols=128)


def test_resnet_layer_on_isaac() -> None:
    """3 x 3 x 256 inputs, 256 outputs: 2304 rows in 18 blocks, 256 weights of 8 columns in 16 blocks."""
    tiling = tile_matrix(Matrix(2304, 256), ISAAC)
    assert (tiling.row_blocks, tiling.col_blocks, tiling.crossbars) == (18, 16, 288)
    assert tiling.cells_used == tiling.cells_total == 2304 * 256 * 8


def test_fragmentation_is_counted() -> None:
    tiling = tile_matrix(Matrix(130, 17), ISAAC)
    assert (tiling.row_blocks, tiling.col_blocks) == (2, 2)
    assert tiling.cells_total - tiling.cells_used == 4 * 128 * 128 - 130 * 17 * 8


def test_depthwise_groups_are_packed_along_the_diagonal() -> None:
    """9 x 1 per channel: 14 fit by rows (9 * 14 = 126), 16 by columns; so 14 per crossbar."""
    tiling = tile_matrix(Matrix(9, 1, groups=96), ISAAC)
    assert tiling.crossbars == -(-96 // 14)
    assert (tiling.rows_per_crossbar, tiling.cols_per_crossbar) == (14 * 9, 14 * 8)


def test_groups_larger_than_a_crossbar_are_tiled_one_by_one() -> None:
    tiling = tile_matrix(Matrix(200, 20, groups=3), ISAAC)
    assert (tiling.row_blocks, tiling.crossbars) == (2, 3 * 2 * 2)


def test_a_weight_wider_than_a_crossbar_is_refused() -> None:
    with pytest.raises(SimulationError, match="fc: one weight takes 16 bitlines, a crossbar has 8"):
        tile_matrix(Matrix(4, 4), Array(8, 8, 16, 8), "fc")


@given(st.integers(1, 600), st.integers(1, 90), st.integers(1, 40))
def test_every_weight_has_its_cells(k: int, n: int, groups: int) -> None:
    tiling = tile_matrix(Matrix(k, n, groups), ISAAC)
    assert tiling.cells_used == k * n * groups * 8 <= tiling.cells_total
    assert tiling.rows_per_crossbar <= 128
    assert tiling.cols_per_crossbar <= 128
    assert tiling.crossbars * 128 * 128 >= tiling.cells_used


@given(st.integers(1, 30), st.integers(1, 30))
def test_replicas_divide_the_grid(rows: int, cols: int) -> None:
    for r in steps(Grid(rows, cols)):
        assert cols % r == 0 or (r % cols == 0 and rows % (r // cols) == 0)


def test_spare_crossbars_go_to_the_slowest_layer() -> None:
    fast = Replicable(2, 10, Grid(1, 8), recurrent=False)
    slow = Replicable(1, 10, Grid(8, 8), recurrent=False)
    # slow: 640 -> 320 -> 160 -> 80 at 8 copies (7 more crossbars); then both take 80 and fast is asked first
    # but needs 2.
    assert replicate([fast, slow], 7, 0) == [1, 8]
    assert replicate([fast, slow], 9, 0) == [2, 8]


def test_replication_stops_where_something_else_is_slower() -> None:
    layer = Replicable(1, 10, Grid(8, 8), recurrent=False)
    assert replicate([layer], 100, 320) == [2]
    assert replicate([Replicable(1, 10, Grid(8, 8), recurrent=True)], 100, 0) == [1]


def test_a_network_that_does_not_fit_says_what_is_missing() -> None:
    net = network(source(16), matrix("a", "x", 16, 12), matrix("b", "a", 12, 12))
    message = (
        r"needs 6 tiles \(6 crossbars\), 1 chip\(s\) have 4: 2 tiles missing \(largest layer: a, 3 tiles\)\n"
        r"use `chips: 2`, `swap` \(weights are written during the run\), a chip with more or larger tiles, "
        r"or keep"
    )
    with pytest.raises(SimulationError, match=message):
        map_network(net, round_chip(), SINGLE)


def test_operators_without_a_unit_run_on_the_host_or_are_refused() -> None:
    out = Tensor("s", (), Grid(), 4)
    softmax = Operator("s", "Softmax", "vector", (Port("fc"),), out, function="softmax", work=4)
    net = network(source(16), matrix("fc", "x", 16, 4), softmax)
    chosen = map_network(net, round_chip(), SINGLE).of("s")
    assert (chosen.place, chosen.reason) == ("host", "no unit of the chip offers softmax")
    with pytest.raises(
        SimulationError, match=r"operator 's' \(Softmax\) cannot run on chip 'round'.*softmax.*`host: false`"
    ):
        map_network(net, round_chip(), MappingOptions(host=False))


def test_fused_functions_stay_only_where_the_tile_has_them() -> None:
    net = network(source(16), matrix("fc", "x", 16, 4, fused=("relu", "gelu", "relu")))
    mapped = map_network(net, round_chip(), SINGLE).network
    assert [o.name for o in mapped.operators] == ["x", "fc", "fc.gelu", "fc.relu"]
    assert mapped.operators[1].fused == ("relu",)
    assert mapped.outputs == ("fc.relu",)


def test_digital_layers_leave_the_crossbars() -> None:
    chip = arch.load("isaac")
    net = network(source(16), matrix("fc", "x", 16, 4))
    assert map_network(net, chip, MappingOptions(digital=("fc",))).of("fc").place == "host"
    with pytest.raises(SimulationError, match="`digital: nothing`: network 'small' has no such operator"):
        map_network(net, chip, MappingOptions(digital=("nothing",)))


@pytest.mark.parametrize("search", ["greedy", "anneal"])
def test_placement_relieves_the_busiest_link_and_is_reproducible(search: Literal["greedy", "anneal"]) -> None:
    net, chip = load("resnet18"), arch.load("isaac")
    linear = map_network(net, chip, MappingOptions(placement="linear"))
    found = map_network(net, chip, MappingOptions(placement=search, seed=3))
    assert found.busiest_link_bytes < linear.busiest_link_bytes
    assert found == map_network(net, chip, MappingOptions(placement=search, seed=3))
    assert sorted(found.tile_order) == list(range(168))


@settings(max_examples=20, deadline=None)
@given(st.randoms(use_true_random=False))
def test_placement_counts_what_a_count_from_scratch_gives(rng: Random) -> None:
    """Bytes on links after the search, against the routes of the interconnect for the places it returned."""
    chip = round_chip(tile__count="12", tile__grid="[3, 4]")
    nets = []
    for src in (rng.randrange(12) for _ in range(10)):
        others = [t for t in range(-1, 12) if t != src]
        nets.append(Net(src, tuple(sorted(rng.sample(others, rng.randint(1, 4)))), rng.randint(1, 9)))
    found = place(Ground.of(chip), nets, rng.choice(["greedy", "anneal"]), rng.randint(0, 9))
    load = _load(chip, nets, found.order)
    assert found.hop_bytes == sum(load)
    assert found.busiest_link_bytes == max(load, default=0)
    before = _load(chip, nets, place(Ground.of(chip), nets, "linear", 0).order)
    assert sum(x**3 for x in load) <= sum(x**3 for x in before)


SHAPES = {
    "mesh": FabricSpec(grid=(4, 5)),
    "cmesh": FabricSpec(grid=(3, 4), concentration=2),
    "torus": FabricSpec(grid=(4, 6)),
    "ring": FabricSpec(n_endpoints=10),
    "chain": FabricSpec(n_endpoints=7),
    "bus": FabricSpec(n_endpoints=5),
    "htree": FabricSpec(n_endpoints=16, arity=4),
    "fattree": FabricSpec(n_endpoints=16, arity=4),
}


@pytest.mark.parametrize("topology", SHAPES)
def test_routes_from_one_router_are_a_tree(topology: str) -> None:
    """What the search rests on: the way to a router in the middle is the beginning of the way to the end."""
    net = fabric(topology, SHAPES[topology])
    ways = {(s, d): net.path(s, d) for s, d in product(range(net.n_routers), repeat=2)}
    assert sum(map(bool, ways.values())) > net.n_routers
    for (src, _), way in ways.items():
        if len(way) > 1:
            assert ways[(src, net.wires[way[-1]].src)] == way[:-1]


def _load(chip: Chip, nets: list[Net], order: tuple[int, ...]) -> list[int]:
    """Bytes on every link between routers, each net's tree once."""
    topology = interconnect(chip)
    load: dict[int, int] = defaultdict(int)
    for net in nets:
        routes = [topology.route(order[net.src], HOST if d < 0 else order[d]) for d in net.dsts]
        for link in {i for route in routes for i in route if topology.link(i).kind == LinkKind.WIRE}:
            load[link] += net.n_bytes
    return list(load.values())


def test_no_crossbar_serves_two_layers() -> None:
    mapped = map_network(load("resnet18"), arch.load("isaac"))
    taken = np.zeros(mapped.crossbars_total, int)
    for a in mapped.assignments:
        if isinstance(a, InBlocks):
            taken[sorted(a.crossbars())] += 1
    assert taken.max() == 1
    assert taken.sum() == mapped.crossbars_used


RESNET18 = [  # k, n, output pixels, how many: torchvision's ResNet-18 at 224 x 224
    (147, 64, 112 * 112, 1), (576, 64, 56 * 56, 4), (576, 128, 28 * 28, 1), (64, 128, 28 * 28, 1),
    (1152, 128, 28 * 28, 3), (1152, 256, 14 * 14, 1), (128, 256, 14 * 14, 1), (2304, 256, 14 * 14, 3),
    (2304, 512, 7 * 7, 1), (256, 512, 7 * 7, 1), (4608, 512, 7 * 7, 3), (512, 1000, 1, 1),
]  # fmt: skip


def test_systolic_cycles_are_those_of_scale_sim() -> None:
    """SCALE-Sim: 2 rows + cols + pixels - 2 cycles per fold, ceil(k / rows) * ceil(n / cols) folds."""
    from ohmsum.sim.simulate import simulate

    chip = arch.load("systolic", {"units.0.functions.mac": "1000"})  # nothing is faster on the vector unit
    assert chip.mac_array is not None
    r, c = chip.mac_array.rows, chip.mac_array.cols
    expected = sum(m * (2 * r + c + t - 2) * -(-k // r) * -(-n // c) for k, n, t, m in RESNET18)
    run = simulate(load("resnet18"), chip)
    arrays = [i for i, klass in enumerate(run.program.resource_class) if klass == "mac_array"]
    busy_fs = sum(int(run.busy.resource_fs[i]) for i in arrays)
    assert busy_fs == expected * chip.mac_array.cycle_fs


@settings(max_examples=30)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 9))
def test_folds_cover_the_matrix(k: int, n: int, vectors: int) -> None:
    array = arch.load("systolic", overrides={"mac_array.rows": "8", "mac_array.cols": "4"}).mac_array
    assert array is not None
    folds = Folds.of(array, k, n, vectors)
    assert folds.n_folds * 8 * 4 >= k * n
    assert folds.cycles == 16 + 4 + vectors - 2


def test_residual_addition_runs_where_its_first_input_lies() -> None:
    grid = Grid(4, 4)
    net = network(
        source(1, grid),
        matrix("conv", "x", 9, 1, grid, Window("window", (3, 3), pad=(1, 1))),
        add("sum", "conv", "x", grid, 1),
    )
    mapped = map_network(net, round_chip(), SINGLE)
    assert mapped.of("sum").sources == mapped.of("conv").sources


def test_weights_that_two_layers_use_are_said_to_be_held_twice(tmp_path: Path) -> None:
    """64 x 64 weights of 8 cells: 4 crossbars of 128 x 128; parts of one tensor are not shared."""
    chip = arch.load("isaac")
    nodes = [node("Gemm", "x w b", "a"), node("Relu", "a", "r"), node("Gemm", "r w b", "y")]
    twice = imported(tmp_path, nodes, {"x": (4, 64)}, {"w": (64, 64), "b": (64,)})
    (remark,) = map_network(twice, chip, SINGLE).remarks
    assert "'w': 2 layers, such as a and y" in remark
    assert ": 4 crossbars more" in remark
    constants = {"w": (64, 128), "sizes": np.array([64, 64])}
    nodes = [node("Split", "w sizes", "u v", axis=1), node("MatMul", "x u", "a"), node("MatMul", "a v", "y")]
    assert map_network(imported(tmp_path, nodes, {"x": (4, 64)}, constants), chip, SINGLE).remarks == ()
    constants = {"w": (2, 32, 16), "r": (2, 32, 8)}
    both = [node("LSTM", "x w r", "y", hidden_size=8, direction="bidirectional")]
    assert map_network(imported(tmp_path, both, {"x": (4, 1, 16)}, constants), chip, SINGLE).remarks == ()


@pytest.mark.parametrize(("op", "function", "kept"), [("Relu", "relu", ("relu",)), ("Gelu", "gelu", ())])
def test_an_activation_behind_a_recurrent_layer_is_that_of_its_state(
    op: str, function: str, kept: tuple[str, ...], tmp_path: Path
) -> None:
    """Not of its gates; where the tiles do not offer it, it is an operator of its own."""
    nodes = [node("LSTM", "x w r", "y", hidden_size=4), node(op, "y", "z")]
    made = imported(tmp_path, nodes, {"x": (5, 1, 3)}, {"w": (1, 16, 3), "r": (1, 16, 4)})
    assert [o.fused for o in made.operators if o.op == "LSTM"] == [(function,)]
    mapped = map_network(made, arch.load("puma")).network.operators
    fused = {o.name: o.fused for o in mapped}
    assert fused["y"] == ()
    assert fused["y.state"] == kept
    apart = [o.function for o in mapped if o.kind == "vector" and o.op != "State"]
    assert apart == ([] if kept else [function])
