"""The search for the fewest bits of every layer, and its rules."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ohmsum import arch, workloads
from ohmsum.arch import Chip
from ohmsum.sim.accuracy import Conditions, Data, Functional, Study
from ohmsum.sim.accuracy.model import ModelSource
from ohmsum.sim.accuracy.search_bits import FEWEST, LayerBits, find_bits
from ohmsum.sim.mapping import MappingOptions, map_network
from ohmsum.tools.accuracy.bits import fields, rules
from onnx import helper

from tests.kit.accuracy_cases import save

CHIP = "hermes-64"
START = {
    "tile.crossbar.cell.model": "null", "tile.weights.bits": "5", "tile.crossbar.cell.bits": "5",
    "tile.dac.bits": "5", "tile.dac.slice_bits": "5", "tile.adc.bits": "6",
}  # fmt: skip
IDEAL = Conditions(noise=False)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(5)
    weights = {"a": rng.normal(size=(12, 16)).astype("f"), "b": rng.normal(size=(16, 6)).astype("f")}
    nodes = [
        helper.make_node("MatMul", ["x", "a"], ["h"], "first"),
        helper.make_node("Relu", ["h"], ["r"], "relu"),
        helper.make_node("MatMul", ["r", "b"], ["y"], "second*"),
    ]
    return save(tmp_path_factory.mktemp("net") / "net.onnx", nodes, ["n", 12], weights)


def study_on(network: Path, chip: Chip, like: Study | None = None) -> Study:
    data = Data({"x": np.random.default_rng(6).normal(size=(300, 12)).astype("f")}, None)
    mapping = map_network(
        workloads.load(network, input_shapes={"x": (1, 12)}), chip, MappingOptions(replicate=False)
    )
    return Study(Functional(ModelSource(str(network)), mapping), mapping, chip, data, "agreement", like=like)


def at(network: Path, bits: LayerBits, like: Study) -> Study:
    changed = fields(bits, arch.load(CHIP, overrides=START))
    overrides = {**START, **{path: str(value) for path, value in changed.items()}}
    return study_on(network, arch.load(CHIP, overrides=overrides), like)


@pytest.mark.parametrize("loss", [0.08, 0.2])
def test_found_bits_keep_the_promise_and_their_rules_say_the_same(
    network: Path, tmp_path: Path, loss: float
) -> None:
    chip = arch.load(CHIP, overrides=START)
    found = find_bits(study_on(network, chip), lambda b, like: at(network, b, like), IDEAL, [0], loss)
    assert found.loss <= loss
    assert any(b != LayerBits(5, 5, 6) for b in found.layers.values())
    (tmp_path / "found.yaml").write_text(rules(found, chip))
    again = study_on(network, arch.load(CHIP, overrides=START, layers=tmp_path / "found.yaml"))
    assert again.evaluate(IDEAL).values == found.outcome.values


def test_everything_goes_where_anything_may_be_lost(network: Path) -> None:
    chip = arch.load(CHIP, overrides=START)
    found = find_bits(study_on(network, chip), lambda b, like: at(network, b, like), IDEAL, [0], 1.0)
    assert set(found.layers.values()) == {LayerBits(FEWEST, FEWEST, FEWEST)}


def test_nothing_goes_where_too_much_is_lost_already(network: Path) -> None:
    chip = arch.load(CHIP, overrides=START)
    found = find_bits(study_on(network, chip), lambda b, like: at(network, b, like), IDEAL, [0], -0.5)
    assert set(found.layers.values()) == {LayerBits(5, 5, 6)}
    assert rules(found, chip) == "layers: []\n"
