"""Ranges of inputs and converters: least error, given shares, parts with scales of their own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from ohmsum import arch, workloads
from ohmsum.sim.accuracy import Conditions, Data, Functional, Study
from ohmsum.sim.accuracy.ranges import converter_step, input_scales, input_step, mean_square, quantized
from ohmsum.sim.mapping import MappingOptions, map_network
from ohmsum.tools.accuracy.rows import Plan, study_of
from onnx import helper

from ..kit.accuracy_cases import lenet_study, save, study_of_sequence


@pytest.mark.parametrize("bits", [4, 6, 8])
def test_no_other_step_is_much_better(bits: int) -> None:
    """Against a fine search; half an octave between candidates costs little."""
    x = np.random.default_rng(0).normal(size=(1000, 20)).astype(np.float32)
    high = 2 ** (bits - 1) - 1
    found = input_step(x, -high, high, None)
    steps = np.geomspace(0.1, 10, 200) * found
    best = min(mean_square(quantized(x, step, -high, high) - x) for step in steps)
    assert mean_square(quantized(x, found, -high, high) - x) < 1.35 * best


def test_rare_large_values_are_kept_if_they_matter() -> None:
    """Where one value in two thousand holds most of the power, clipping it is worse than coarse steps."""
    x = np.random.default_rng(1).normal(size=(100, 200)).astype(np.float32)
    x[::20, 7] = 100.0
    assert input_step(x, -127, 127, None) * 127 > 90
    assert input_step(x, -127, 127, 99.0) * 127 < 4


def test_significant_reads_decide_over_many_others() -> None:
    """Large reads of little weight are clipped for the sake of small reads that count 64 times as much."""
    rng = np.random.default_rng(2)
    y = np.stack([rng.normal(size=(1, 500, 8)) * 4, rng.normal(size=(1, 500, 8)) * 60]).astype(np.float32)
    factors = np.array([64, 1], np.float32)
    assert converter_step(y, factors, -15, 15, 100, 0.0) * 15 == pytest.approx(np.abs(y).max(), rel=1e-6)
    assert converter_step(y, factors, -15, 15, None, 0.0) * 15 < 40


def test_steps_are_never_finer_than_levels() -> None:
    y = np.arange(-3, 4, dtype=np.float32).reshape(1, 1, 7, 1)
    assert converter_step(y, np.ones(1, np.float32), -127, 127, None, 1.0) == 1.0


def test_parts_that_are_driven_apart_keep_their_ranges() -> None:
    """A GRU's two products: rows of zeros are not part of a part's range."""
    x = np.zeros((200, 5), np.float32)
    x[0::2, :2] = np.linspace(-50, 50, 100)[:, None]
    x[1::2, 2:] = np.linspace(-1, 1, 100)[:, None]
    step, scales = input_scales(x, (2, 3), -127, 127, 100)
    assert step == pytest.approx(50 / 127)
    np.testing.assert_allclose(scales, [1, 1, 0.02, 0.02, 0.02], rtol=1e-6)


@pytest.mark.parametrize("op", ["LSTM", "GRU"])
def test_state_beside_large_inputs_keeps_its_bits(tmp_path: Path, op: str) -> None:
    """Inputs a thousand times the state: with one range for both, eight bits would leave the state none."""
    rng = np.random.default_rng(3)
    gates, hidden = {"LSTM": 4, "GRU": 3}[op], 6
    weights = {
        "w": (rng.normal(size=(1, gates * hidden, 3)) / 1000).astype(np.float32),
        "r": rng.normal(size=(1, gates * hidden, hidden)).astype(np.float32),
    }
    extra = {"linear_before_reset": 1} if op == "GRU" else {}
    node = helper.make_node(op, ["x", "w", "r"], ["y"], name="rnn", hidden_size=hidden, **extra)
    path = save(tmp_path / "rnn.onnx", [node], [40, 1, 3], weights)
    s = study_of_sequence(path, (1000 * rng.normal(size=(40, 1, 3))).astype(np.float32), EIGHT_BITS)
    assert s.mapping_error < 3e-6
    scales = s.layers["rnn"].row_scales
    assert scales[0] == 1
    assert 1e-4 < scales[-1] < 1e-3
    assert s.evaluate(Conditions(noise=False)).layers["rnn"].own_db > 30


EIGHT_BITS = {"tile.weights.bits": "8", "tile.crossbar.cell.bits": "8", "tile.adc.bits": "12"}


def test_a_sequence_is_run_whole(tmp_path: Path) -> None:
    """Time along a free first axis: the state goes on through all data, not from batch to batch."""
    rng = np.random.default_rng(4)
    weights = {
        "w": rng.normal(size=(1, 20, 3)).astype(np.float32),
        "r": rng.normal(size=(1, 20, 5)).astype(np.float32),
        "axes": np.array([1], np.int64),
    }
    nodes = [
        helper.make_node("Unsqueeze", ["x", "axes"], ["t"]),
        helper.make_node("LSTM", ["t", "w", "r"], ["y"], name="rnn", hidden_size=5),
    ]
    path = save(tmp_path / "rnn.onnx", nodes, ["n", 3], weights)
    x = rng.normal(size=(600, 3)).astype(np.float32)
    hardware = arch.load("hermes-64")
    mapping = map_network(
        workloads.load(path, input_shapes={"x": (1, 3)}), hardware, MappingOptions(replicate=False)
    )
    s = Study(Functional(str(path), mapping), mapping, hardware, Data({"x": x}, None), "sqnr")
    whole = onnxruntime.InferenceSession(str(path)).run(None, {"x": x})[0]
    np.testing.assert_allclose(s.reference, whole, rtol=1e-5, atol=1e-6)
    assert onnx.load(path).graph.input[0].type.tensor_type.shape.dim[0].dim_param == "n"


@pytest.mark.parametrize(("op", "expected"), [("LSTM", [0, 1, 2, 3]), ("MatMul", [0, 3, 6, 9])])
def test_fewer_samples_of_a_sequence_are_its_first(tmp_path: Path, op: str, expected: list[int]) -> None:
    rng = np.random.default_rng(5)
    weights = {
        "w": rng.normal(size=(1, 8, 1)).astype(np.float32),
        "r": rng.normal(size=(1, 8, 2)).astype(np.float32),
        "axes": np.array([1], np.int64),
    }
    nodes = [
        helper.make_node("Unsqueeze", ["x", "axes"], ["t"]),
        helper.make_node("LSTM", ["t", "w", "r"], ["y"], name="rnn", hidden_size=2),
    ]
    if op == "MatMul":
        nodes = [helper.make_node("MatMul", ["x", "m"], ["y"], name="mm")]
        weights = {"m": np.ones((1, 2), np.float32)}
    path = save(tmp_path / "net.onnx", nodes, ["n", 1], weights)
    np.savez(tmp_path / "data.npz", x=np.arange(10, dtype=np.float32)[:, None])
    chip = arch.load("hermes-64")
    plan = Plan(str(path), tmp_path / "data.npz", [("", chip)], [Conditions()], [0], "sqnr", None, samples=4)
    _, s = study_of(plan, chip)
    assert s.data.arrays["x"][:, 0].tolist() == expected


def test_shared_converters_of_slices_gain_most() -> None:
    """RAELLA's 7-bit converters serve nine pairs of slices."""
    conditions = Conditions(noise=False)
    least = lenet_study(32, {}, metric="sqnr", chip="raella").evaluate(conditions).mean
    held = lenet_study(32, {}, metric="sqnr", chip="raella", percentile=99.9).evaluate(conditions).mean
    assert least > held + 2
