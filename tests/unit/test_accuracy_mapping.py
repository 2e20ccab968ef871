"""Networks on crossbars answer as well as their precision allows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ohmsum import arch
from ohmsum.sim.accuracy import Conditions, Data
from ohmsum.sim.accuracy.layer import blocks, tiled_product
from ohmsum.sim.accuracy.precision import Precision
from ohmsum.sim.accuracy.unfold import Sliding
from onnx import helper

from ..kit.accuracy_cases import PRECISE, lenet_study, save, study, study_of_sequence


class TestMappingIsExact:
    """With enough bits and no noise a chip computes what ONNX Runtime computes."""

    def test_lenet(self) -> None:
        s = lenet_study(5, PRECISE, metric="sqnr", rule="maximum")
        assert s.mapping_error < 2e-6
        # 16-bit inputs and weights (about 6 dB a bit, less the spread of the values); so few images that all
        # their vectors calibrate the ranges and nothing is clipped
        assert s.evaluate(Conditions(noise=False)).mean > 70

    def test_small_crossbars_add_partial_sums(self) -> None:
        smaller = {"crossbar.rows": "64", "crossbar.cols": "48", "dac.count": "64", "adc.count": "48"}
        changes = PRECISE | {f"tile.{name}": value for name, value in smaller.items()}
        s = lenet_study(5, changes, metric="sqnr", rule="maximum")
        assert len(s.layers["fc1"].crossbars) == 7 * 3  # 400 x 120 on 64 x 48
        assert s.mapping_error < 2e-6
        assert s.evaluate(Conditions(noise=False)).mean > 70

    @pytest.mark.parametrize(
        "attributes",
        [
            {"pads": [1, 2, 0, 1], "strides": [2, 1]},
            {"dilations": [2, 1], "group": 2},
            {"group": 4},
            {"auto_pad": "SAME_UPPER", "strides": [2, 2]},
            {"auto_pad": "SAME_LOWER"},
        ],
    )
    def test_convolutions(self, tmp_path: Path, attributes: dict[str, Any]) -> None:
        rng = np.random.default_rng(1)
        groups = int(attributes.get("group", 1))
        weights = {"w": rng.normal(size=(8, 4 // groups, 3, 2)).astype(np.float32),
                   "b": rng.normal(size=8).astype(np.float32)}  # fmt: skip
        node = helper.make_node("Conv", ["x", "w", "b"], ["y"], name="conv", **attributes)
        path = save(tmp_path / "conv.onnx", [node], ["n", 4, 9, 8], weights)
        data = Data({"x": rng.normal(size=(5, 4, 9, 8)).astype(np.float32)}, None)
        s = study(path, data, PRECISE, metric="sqnr", rule="maximum")
        assert s.mapping_error < 2e-6
        assert s.evaluate(Conditions(noise=False)).mean > 70

    def test_one_dimensional_convolution_and_matmul_on_either_side(self, tmp_path: Path) -> None:
        rng = np.random.default_rng(2)
        weights = {
            "w": rng.normal(size=(6, 3, 5)),
            "left": rng.normal(size=(4, 6)),
            "r": rng.normal(size=(8, 7)),
        }
        nodes = [
            helper.make_node("Conv", ["x", "w"], ["a"], name="conv", pads=[2, 2]),
            helper.make_node("MatMul", ["left", "a"], ["b"], name="left_mm"),
            helper.make_node("Sin", ["b"], ["c"]),
            helper.make_node("MatMul", ["c", "r"], ["y"], name="right_mm"),
        ]
        stored = {k: v.astype(np.float32) for k, v in weights.items()}
        path = save(tmp_path / "net.onnx", nodes, ["n", 3, 8], stored)
        data = Data({"x": rng.normal(size=(6, 3, 8)).astype(np.float32)}, None)
        s = study(path, data, PRECISE, metric="sqnr", rule="maximum")
        assert set(s.layers) == {"conv", "left_mm", "right_mm"}
        assert s.mapping_error < 3e-6
        assert s.evaluate(Conditions(noise=False)).mean > 60

    @pytest.mark.parametrize("op", ["LSTM", "GRU"])
    @pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
    def test_recurrent(self, tmp_path: Path, op: str, direction: str) -> None:
        rng = np.random.default_rng(3)
        d, gates, hidden = (2 if direction == "bidirectional" else 1), {"LSTM": 4, "GRU": 3}[op], 5
        weights = {
            "w": rng.normal(size=(d, gates * hidden, 3)).astype(np.float32),
            "r": rng.normal(size=(d, gates * hidden, hidden)).astype(np.float32),
            "b": rng.normal(size=(d, 2 * gates * hidden)).astype(np.float32),
        }
        extra: dict[str, Any] = {"linear_before_reset": 1} if op == "GRU" else {}
        node = helper.make_node(op, ["x", "w", "r", "b"], ["y"], name="rnn", hidden_size=hidden,
                                direction=direction, **extra)  # fmt: skip
        path = save(tmp_path / "rnn.onnx", [node], [6, 1, 3], weights)
        x = rng.normal(size=(6, 1, 3)).astype(np.float32)
        functional = study_of_sequence(path, x)
        assert functional.mapping_error < 3e-6

    @pytest.mark.parametrize("chip", ["isaac", "puma", "hermes-64@4-phase"])
    def test_slices_and_encodings_lose_nothing(self, tmp_path: Path, chip: str) -> None:
        """Whole-number weights and inputs come back exactly, whatever the chip cuts them into."""
        rng = np.random.default_rng(4)
        hardware = arch.load(chip, overrides={"tile.adc.bits": "20"})
        assert hardware.tile is not None
        top = 2 ** (hardware.tile.weights.bits - 1) - 1
        high = 2 ** (hardware.tile.dac.bits - 1) - 1
        w = rng.integers(-top, top + 1, size=(20, 6))
        w[0] = top  # the largest weight of every column makes the step 1
        x = rng.integers(-high, high + 1, size=(12, 20))
        x[0, 0] = high
        node = helper.make_node("MatMul", ["x", "w"], ["y"], name="mm")
        path = save(tmp_path / "mm.onnx", [node], ["n", 20], {"w": w.astype(np.float32)})
        data = Data({"x": x.astype(np.float32)}, None)
        whole = {"tile.adc.bits": "20", "tile.crossbar.cell.model": "null"}  # no continuous conductances
        s = study(path, data, whole, metric="sqnr", chip=chip, rule="maximum")
        layer = s.layers["mm"]
        programmed = layer.program(Conditions(noise=False), 0)
        np.testing.assert_allclose(layer.compute(programmed, x.astype(np.float32), 0), x @ w, rtol=1e-6)


def test_im2col_is_a_convolution() -> None:
    """Taps in the order of ONNX's weights; expected value by the definition of a convolution."""
    x = np.arange(2 * 3 * 4 * 5, dtype=np.float32).reshape(2, 3, 4, 5)
    rows, sizes = Sliding((2, 3), (1, 2), (1, 1), (0, 0, 0, 0)).patches(x)
    assert sizes == (3, 2)
    assert rows.shape == (2 * 6, 3 * 6)
    np.testing.assert_array_equal(rows[3], x[0, :, 1:3, 2:5].reshape(-1))  # output row 1, column 1


def test_blocks_cover_a_matrix_once() -> None:
    p = Precision.of(arch.load("hermes-64"))
    rng = np.random.default_rng(5)
    w = rng.normal(size=(1, 600, 300)).astype(np.float32)
    x = rng.normal(size=(4, 600)).astype(np.float32)
    parts = list(blocks(w, p))
    assert len(parts) == 3 * 2
    np.testing.assert_allclose(tiled_product(x, parts, 300), x @ w[0], rtol=1e-4, atol=1e-4)
