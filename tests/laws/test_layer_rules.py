"""Rules by layer: for all layers they are a change of the chip, for one they move that one alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from ohmsum import arch, workloads
from ohmsum.arch import Chip
from ohmsum.sim.accuracy import Conditions, Functional, Study, load_data
from ohmsum.sim.accuracy.model import ModelSource, load_model
from ohmsum.sim.errors import SimulationError
from ohmsum.sim.job.given import job_of
from ohmsum.sim.mapping import MappingOptions, map_network
from ohmsum.sim.metrics.signal import layer_signals
from ohmsum.sim.simulate import simulate

from tests.kit.accuracy_cases import IMAGES, LENET

FEW = {"tile.weights.bits": 4, "tile.dac.bits": 5, "tile.adc.bits": 5}
SHAPE = {"input": (1, 1, 28, 28)}


def rules(path: Path, *texts: str) -> Path:
    file = path / "layers.yaml"
    file.write_text("layers:\n" + "".join(f"  - {text}\n" for text in texts))
    return file


def rule(match: str, changes: dict[str, int]) -> str:
    return ", ".join(["{match: '" + match + "'", *(f"{k}: {v}" for k, v in changes.items())]) + "}"


@pytest.fixture(scope="module")
def lenet() -> workloads.Network:
    return workloads.load(LENET, input_shapes=SHAPE)


def test_a_rule_for_every_layer_is_a_change_of_the_chip(tmp_path: Path, lenet: workloads.Network) -> None:
    by_rule = arch.load("isaac", layers=rules(tmp_path, rule("*", FEW)))
    by_chip = arch.load("isaac", overrides={k: str(v) for k, v in FEW.items()})
    one, other = (simulate(lenet, chip) for chip in (by_rule, by_chip))
    assert one.latency_fs == other.latency_fs
    assert one.mapping.assignments == other.mapping.assignments
    spent = [run.energy.total_j - run.energy.static_j for run in (one, other)]
    assert spent[0] == pytest.approx(spent[1], rel=1e-9)
    assert layer_signals(by_rule, one.mapping) == layer_signals(by_chip, other.mapping)
    assert by_rule.hash not in (by_chip.hash, arch.load("isaac").hash)


def test_a_rule_for_one_layer_moves_that_layer(tmp_path: Path, lenet: workloads.Network) -> None:
    whole = {k: str(v) for k, v in FEW.items()}
    chip = arch.load("isaac", layers=rules(tmp_path, rule("*", FEW), rule("fc1", {"tile.adc.bits": 8})))
    mapped, few, full = (
        map_network(lenet, c, MappingOptions(replicate=False))
        for c in (chip, arch.load("isaac", overrides=whole), arch.load("isaac"))
    )
    for name in ("conv1", "conv2", "fc2", "fc3"):
        assert mapped.blocks_of(name).tiling == few.blocks_of(name).tiling
    assert mapped.blocks_of("fc1").tiling == full.blocks_of("fc1").tiling  # the last rule decides, whole
    power = {name: chip.tile_of(name, "Gemm").adc.power_w or 0.0 for name in ("fc1", "fc2")}
    assert power["fc2"] < power["fc1"] == arch.load("isaac").tile.adc.power_w


def study(chip: Chip, options: MappingOptions | None = None) -> Study:
    options = replace(options or MappingOptions(), replicate=False)
    source = ModelSource(str(LENET))
    mapping = map_network(workloads.load(LENET, input_shapes=SHAPE), chip, options)
    data = load_data(IMAGES, list(load_model(source)[0].graph.input)).some(40)
    return Study(Functional(source, mapping), mapping, chip, data, "sqnr")


def test_accuracy_has_the_bits_of_each_layer(tmp_path: Path) -> None:
    bits = {"tile.dac.bits": 4, "tile.dac.slice_bits": 4, "tile.adc.bits": 5}
    ruled = study(arch.load("hermes-64", layers=rules(tmp_path, rule("*", bits))))
    plain = study(arch.load("hermes-64", overrides={k: str(v) for k, v in bits.items()}))
    ideal = Conditions(noise=False)
    assert ruled.evaluate(ideal).values == plain.evaluate(ideal).values
    one = study(arch.load("hermes-64", layers=rules(tmp_path, rule("conv2", bits)))).evaluate(ideal)
    none = study(arch.load("hermes-64")).evaluate(ideal)
    assert one.layers["conv1"] == none.layers["conv1"]
    assert one.layers["conv2"].own_db < none.layers["conv2"].own_db - 6  # two bits are 12 dB


def test_a_device_of_one_layer(tmp_path: Path) -> None:
    bits = {"tile.crossbar.cell.model": "null"}
    text = "{match: [conv1, conv2, fc1, fc3], tile.crossbar.cell.model: null}"
    chip = arch.load("hermes-64", layers=rules(tmp_path, text))
    noisy = [n for n, p in study(chip).precisions.items() if p.device.noisy]
    assert noisy == ["fc2"]
    assert arch.load("hermes-64", overrides=bits).tile.crossbar.cell.model is None


def test_digital_by_rule_is_the_option(tmp_path: Path, lenet: workloads.Network) -> None:
    ruled = arch.load("isaac", layers=rules(tmp_path, "{match: Gemm, digital: true}"))
    by_rule = map_network(lenet, ruled)
    by_option = map_network(lenet, arch.load("isaac"), MappingOptions(digital=("fc1", "fc2", "fc3")))
    assert by_rule.assignments == by_option.assignments


def test_every_door_takes_the_file(tmp_path: Path) -> None:
    file = rules(tmp_path, rule("*", FEW))
    job = job_of({"network": str(LENET), "chip": "isaac", "layers": file})
    assert job.load_chip().hash == arch.load("isaac", layers=file).hash
    assert job.options()["layers"] == str(file)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{match: conv1, tile.adc.bit: 4}", "tile.adc.bit: is not of a single layer"),
        ("{match: conv1, tile.crossbar.rows: 64}", "tile.crossbar.rows: is not of a single layer"),
        ("{match: conv1, tile.weights.bits: 0}", "tile.weights.bits"),
        ("{match: conv1, tile.adc.bits: 12}", "found 12, the converters of the chip have 8"),
        ("{match: conv1, digital: true, tile.adc.bits: 4}", "both digital and fields of a tile"),
        ("{match: conv1}", "nothing but match"),
        ("{match: 3, digital: true}", "match: found 3, expected names of layers"),
        ("{match: conv1, digital: 1}", "digital: found 1, expected true or false"),
        ("conv1", "expected a rule with match: NAME"),
    ],
)
def test_rules_that_cannot_be(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(arch.ConfigError) as caught:
        arch.load("isaac", layers=rules(tmp_path, text))
    assert said in str(caught.value)
    assert f"{tmp_path / 'layers.yaml'}:2" in str(caught.value)


def test_a_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "layers.yaml").write_text("match: conv1\n")
    with pytest.raises(arch.ConfigError, match="expected one key, layers"):
        arch.load("isaac", layers=tmp_path / "layers.yaml")


def test_a_layer_that_does_not_exist(tmp_path: Path, lenet: workloads.Network) -> None:
    chip = arch.load("isaac", layers=rules(tmp_path, "{match: conv3, tile.adc.bits: 4}"))
    with pytest.raises(SimulationError, match=r"layers.yaml:2: no layer of '.*' is 'conv3'.*conv"):
        map_network(lenet, chip)


def test_layers_that_take_turns_share_the_tile(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="layers that take turns share the tile"):
        job_of({"network": "lenet5", "chip": "isaac", "layers": "x.yaml", "swap": True})
