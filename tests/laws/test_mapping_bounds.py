"""No mapping beats the bounds that a result carries."""

from __future__ import annotations

import random
from itertools import product

import pytest
from ohmsum.arch import load as load_chip
from ohmsum.sim.mapping.options import MappingOptions
from ohmsum.sim.metrics.invariants import check_mapping_bounds
from ohmsum.sim.simulate import simulate
from ohmsum.workloads import load as load_network

CASES = [
    *product(["lenet5", "mlp"], ["isaac", "hermes-64", "puma", "neurram", "bruschi-512", "systolic"]),
    *product(["kws-lstm"], ["isaac", "hermes-64", "neurram"]),
    ("resnet18", "isaac"),
    ("mobilenetv2", "bruschi-512"),
]
N_RANDOM = 3


def drawn(seed: str) -> MappingOptions:
    """Options that make mappings which differ: copies or none, places, seeds, buffers."""
    draw = random.Random(seed)
    return MappingOptions(
        replicate=draw.random() < 0.7,
        placement=draw.choice(["linear", "greedy", "anneal"]),
        seed=draw.randrange(1000),
        buffers=draw.choice(["sized", "unlimited"]),
    )


@pytest.mark.parametrize(("network", "chip"), CASES)
def test_no_mapping_beats_the_bounds(network: str, chip: str) -> None:
    """So do all runs of `test_networks_on_chips`."""
    source, hardware = load_network(network), load_chip(chip)
    few = N_RANDOM if network in ("lenet5", "mlp", "kws-lstm") else 1
    for case in range(few):
        options = drawn(f"{network} {chip} {case}")
        run = simulate(source, hardware, batch=4, mapping=options)
        check_mapping_bounds(run)
        assert run.gap("latency") is None or run.figures["bounds.latency_gap"] >= 1


def test_by_hand() -> None:
    """Layers of one token on ISAAC, one after the other: 16 reads of 100 ns each, and no copies help."""
    run = simulate(load_network("mlp"), load_chip("isaac"), batch=2)
    found = run.mapping_bounds
    assert found is not None
    of_one_fs = 16 * 100 * 10**6
    n_layers = sum(o.matrix is not None for o in run.mapping.network.operators)
    assert found.latency.fs == n_layers * of_one_fs
    assert found.interval.fs == of_one_fs


def test_the_interval_of_few_crossbars_by_hand() -> None:
    """LeNet-5 on ISAAC: the least T for which every layer's whole copies, n s / T each, fit together."""
    source, chip = load_network("lenet5"), load_chip("isaac", {"tile.count": "4", "tile.grid": "[2, 2]"})
    run = simulate(source, chip, batch=2, mapping=MappingOptions(buffers="unlimited"))
    found = run.mapping_bounds
    assert found is not None
    assert chip.tile is not None
    crossbars = chip.tile.crossbar.count * 4
    of_one_fs = 16 * 100 * 10**6
    layers = [
        (o.output.grid.n_tokens, run.mapping.blocks_of(o.name).tiling.crossbars)
        for o in run.mapping.network.operators
        if o.matrix is not None
    ]

    def needed(fs: int) -> int:
        return sum(x * -(-n * of_one_fs // fs) for n, x in layers)

    assert needed(found.interval.fs) <= crossbars < needed(found.interval.fs - 1)
    assert found.interval.by == "crossbars"
