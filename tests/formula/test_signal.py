"""Do converters suffice, and is the closed-form signal-to-noise ratio that of the kernels?"""

from __future__ import annotations

import math

import numpy as np
import ohmsum
import pytest
from ohmsum import arch
from ohmsum.sim.accuracy.conditions import Conditions
from ohmsum.sim.accuracy.layer import ComputedLayer
from ohmsum.sim.accuracy.metrics import sqnr_db
from ohmsum.sim.accuracy.precision import Precision
from ohmsum.sim.mapping.tiling import Array, tile_matrix
from ohmsum.sim.metrics.signal import layer_signal, network_snr_db
from ohmsum.workloads import Matrix


@pytest.mark.parametrize(
    ("chip", "changes", "k", "bits", "missing"),
    [
        ("isaac", {}, 4608, 8, 0),  # 128 x 3 = 384: 9 bits, one less with flipped columns
        ("isaac", {"tile.crossbar.rows": "1024"}, 4608, 11, 3),
        ("isaac", {"tile.crossbar.rows": "1024"}, 128, 8, 0),  # no more rows than the layer has
        ("isaac", {"tile.crossbar.active_rows": "16"}, 4608, 5, 0),  # 48
        ("isaac", {"tile.weights.encoding": "offset"}, 4608, 9, 1),
        ("isaac", {"tile.dac.slice_bits": "2"}, 4608, 10, 2),  # 128 x 3 x 3 = 1152: 11
        ("isaac", {"tile.adc.bits": "5"}, 4608, 8, 3),
    ],
)
def test_bits_that_a_column_needs(
    chip: str, changes: dict[str, str], k: int, bits: int, missing: int
) -> None:
    found = layer_signal(arch.load(chip, overrides=changes).tile, k, signed=False)
    assert (found.column_bits, found.missing_bits) == (bits, missing)


def measured_db(chip: arch.Chip, k: int, signed: bool, *, noise: bool) -> float:
    """A random layer through the kernels, with inputs and weights as the estimate assumes them."""
    rng = np.random.default_rng(7)
    p = Precision.of(chip)
    matrix = rng.normal(size=(1, k, 32)).astype(np.float32)
    x = rng.normal(size=(128, k)).astype(np.float32).clip(-4, 4)
    x[0, 0] = 4
    x = x if signed else np.abs(x)
    tile = chip.tile
    array = Array(tile.crossbar.rows, tile.weight_columns, tile.columns_per_weight, tile.crossbar.cols)
    layer = ComputedLayer.of("fc", matrix, tile_matrix(Matrix(k, 32), array), p, x)
    conditions = Conditions(time_s=0.0, noise=noise, bias="plain")
    got = layer.compute(layer.program(conditions, 3), x, 0)
    return sqnr_db(got, layer.exact(x), None)


CASES = [
    ("isaac", {"tile.dac.bits": "8", "tile.weights.bits": "8"}, False),
    ("isaac", {"tile.dac.bits": "4", "tile.weights.bits": "6"}, False),
    ("raella", {"tile.adc.bits": "8"}, False),
    ("puma", {"tile.adc.bits": "6"}, False),
    *((name, {"tile.adc.bits": str(bits)}, signed)
      for name in ("isaac", "hermes-64", "neurram") for bits in range(4, 11) for signed in (False, True)),
]  # fmt: skip
LOST_DB = 3.0
"""Below it an output is more noise than anything else, and one ratio is as bad as another."""


@pytest.mark.parametrize(("name", "changes", "signed"), CASES)
def test_within_two_decibels_of_the_kernels(name: str, changes: dict[str, str], signed: bool) -> None:
    chip, k = arch.load(name, overrides=changes), 512
    estimate = layer_signal(chip.tile, k, signed).snr_db
    found = measured_db(chip, k, signed, noise=chip.tile.crossbar.cell.model is not None)
    assert estimate == pytest.approx(found, abs=2.0) or max(estimate, found) < LOST_DB


def test_fewer_bits_are_never_free() -> None:
    """Fewer bits of the converter: cheaper and faster, and less signal."""
    runs = [ohmsum.run("lenet5", "isaac", overrides={"tile.adc.bits": b}) for b in ("8", "6", "4")]
    energies = [run.energy.by_component_j["adc"] for run in runs]
    signals = [network_snr_db(run.signals) for run in runs]
    assert energies == sorted(energies, reverse=True)
    assert signals == sorted(signals, reverse=True)
    assert signals[0] > signals[1] > signals[2]
    assert [max(s.missing_bits for s in run.signals.values()) for run in runs] == [0, 2, 4]


def test_the_noise_of_layers_adds_up() -> None:
    run = ohmsum.run("lenet5", "isaac", overrides={"tile.adc.bits": "5"})
    assert set(run.signals) == {layer.name for layer in run.layers if layer.macs}
    total = sum(10 ** (-s.snr_db / 10) for s in run.signals.values())
    assert network_snr_db(run.signals) == pytest.approx(-10 * math.log10(total))
    assert ohmsum.run("lenet5", "systolic").signals == {}


@pytest.mark.parametrize(
    ("encoding", "weights"),
    [("differential", 1 - 2 / math.pi), ("offset", 1 - 2 / math.pi), ("bias_column", 1 - 2 / math.pi)],
)
def test_weights_of_one_bit_are_signs(encoding: str, weights: float) -> None:
    """The sign of a Gaussian times its mean magnitude leaves 1 - 2/pi of its power (Max, 1960)."""
    one = {"tile.weights.bits": "1", "tile.crossbar.cell.bits": "1", "tile.weights.encoding": encoding}
    found = layer_signal(arch.load("isaac", overrides=one).tile, 128, signed=False)
    assert found.terms["weights"] == pytest.approx(weights)
    assert 0 < found.terms["converters"] < math.inf


def test_cells_of_many_bits_take_no_memory() -> None:
    many = {"tile.weights.bits": "24", "tile.crossbar.cell.bits": "24", "tile.weights.encoding": "offset"}
    chip = arch.load("isaac", overrides=many)
    found = layer_signal(chip.tile, 128, signed=False)
    assert found.terms["weights"] < 1e-9
    beyond = arch.load("isaac", overrides=many | {"tile.weights.bits": "25"})
    assert ohmsum.run("mlp", beyond).signals == {}
