"""Networks on crossbars answer as well as their precision allows; bad inputs are told by name."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from ohmsum import arch, workloads
from ohmsum.sim.accuracy import Conditions, Data, Functional, Study, find_digital, load_data
from ohmsum.sim.accuracy.layer import blocks, tiled_product
from ohmsum.sim.accuracy.metrics import mean_and_interval
from ohmsum.sim.accuracy.precision import Precision
from ohmsum.sim.accuracy.unfold import Sliding
from ohmsum.sim.errors import SimulationError
from ohmsum.sim.mapping import MappingOptions, map_network
from ohmsum.tools.cli import main
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).parent
LENET = HERE.parent / "docs" / "accuracy" / "lenet5-fashion.onnx"
IMAGES = HERE / "data" / "fashion-300.npz"
NOISY = {"tile.crossbar.cell.model": "hermes-2"}
PRECISE = {"tile.weights.bits": "16", "tile.crossbar.cell.bits": "16", "tile.dac.bits": "16",
           "tile.dac.slice_bits": "16", "tile.adc.bits": "24"}  # fmt: skip
DAY_S = 86400.0


def study(
    path: Path,
    data: Data,
    changes: dict[str, str],
    *,
    metric: str = "agreement",
    chip: str = "hermes-64",
    percentile: float = 99.9,
    digital: tuple[str, ...] = (),
) -> Study:
    hardware = arch.load(chip, overrides=changes)
    shapes = {name: (1, *a.shape[1:]) for name, a in data.arrays.items()}
    network = workloads.load(path, input_shapes=shapes)
    mapping = map_network(network, hardware, MappingOptions(replicate=False, digital=digital))
    return Study(Functional(str(path), mapping), mapping, hardware, data, metric, percentile)


def lenet_study(n: int = 64, changes: dict[str, str] | None = None, **options: object) -> Study:
    model = onnx.load(LENET)
    data = load_data(IMAGES, list(model.graph.input)).some(n)
    return study(LENET, data, NOISY if changes is None else changes, **options)  # type: ignore[arg-type]


def save(
    path: Path, nodes: list[onnx.NodeProto], shape: list[object], weights: dict[str, np.ndarray]
) -> Path:
    """A network from `x` (free batch) to `y`."""
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(w), name) for name, w in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.save(onnx.shape_inference.infer_shapes(model), path)
    return path


class TestMappingIsExact:
    """With enough bits and no noise a chip computes what ONNX Runtime computes."""

    def test_lenet(self) -> None:
        s = lenet_study(5, PRECISE, metric="sqnr", percentile=100)
        assert s.mapping_error < 2e-6
        # 16-bit inputs and weights (about 6 dB a bit, less the spread of the values); so few images that all
        # their vectors calibrate the ranges and nothing is clipped
        assert s.evaluate(Conditions(noise=False)).mean > 70

    def test_small_crossbars_add_partial_sums(self) -> None:
        smaller = {"crossbar.rows": "64", "crossbar.cols": "48", "dac.count": "64", "adc.count": "48"}
        changes = PRECISE | {f"tile.{name}": value for name, value in smaller.items()}
        s = lenet_study(5, changes, metric="sqnr", percentile=100)
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
    def test_convolutions(self, tmp_path: Path, attributes: dict[str, object]) -> None:
        rng = np.random.default_rng(1)
        groups = int(attributes.get("group", 1))  # type: ignore[call-overload]
        weights = {"w": rng.normal(size=(8, 4 // groups, 3, 2)).astype(np.float32),
                   "b": rng.normal(size=8).astype(np.float32)}  # fmt: skip
        node = helper.make_node("Conv", ["x", "w", "b"], ["y"], name="conv", **attributes)
        path = save(tmp_path / "conv.onnx", [node], ["n", 4, 9, 8], weights)
        data = Data({"x": rng.normal(size=(5, 4, 9, 8)).astype(np.float32)}, None)
        s = study(path, data, PRECISE, metric="sqnr", percentile=100)
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
        s = study(path, data, PRECISE, metric="sqnr", percentile=100)
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
        extra = {"linear_before_reset": 1} if op == "GRU" else {}
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
        s = study(path, data, whole, metric="sqnr", chip=chip, percentile=100)
        layer = s.layers["mm"]
        programmed = layer.program(Conditions(noise=False), 0)
        np.testing.assert_allclose(layer.compute(programmed, x.astype(np.float32), 0), x @ w, rtol=1e-6)


def study_of_sequence(path: Path, x: np.ndarray) -> Study:
    """A network whose first axis is time, of a fixed length."""
    hardware = arch.load("hermes-64", overrides=PRECISE)
    mapping = map_network(workloads.load(path), hardware, MappingOptions(replicate=False))
    functional = Functional(str(path), mapping)
    return Study(functional, mapping, hardware, Data({"x": x}, None, step=len(x)), "sqnr", 100)


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


class TestConditions:
    def test_noise_costs_and_time_costs_more_without_compensation(self) -> None:
        s = lenet_study(64, metric="sqnr")
        ideal = s.evaluate(Conditions(noise=False)).mean
        fresh = s.evaluate(Conditions(time_s=1.0), [0, 1]).mean
        month = s.evaluate(Conditions(time_s=30 * DAY_S), [0, 1]).mean
        bare = s.evaluate(Conditions(time_s=30 * DAY_S, compensation="off"), [0, 1]).mean
        assert ideal > fresh > month > bare

    def test_hermes_noise_has_the_size_of_its_fits(self) -> None:
        """Error of a column: inputs x deviations of programming and reading of both cells of every pair."""
        rng = np.random.default_rng(6)
        s = lenet_study(16)
        layer = s.layers["fc1"]
        x = np.abs(rng.normal(size=(2000, 400))).astype(np.float32) * layer.step * 40
        codes = np.rint(np.clip(x / layer.step, *layer.range))
        bar = layer.crossbars[0]
        part = codes[:, bar.block.rows].astype(np.float32)
        g = np.abs(bar.block.codes) / 7 * 20.7
        # the noise fits at the target, from their published coefficients
        relative = g / 20.7
        c = (0.16603222, 4.71806468, -8.48101252, 4.68961419)
        sigma2 = sum(a * relative**k for k, a in enumerate(c)) ** 2
        # the other cell of the pair is at 0: half of its noise is cut off there, E[max(z, 0)^2] = 1/2
        sigma2 = (sigma2 + c[0] ** 2 / 2) * (7 / 20.7) ** 2
        expected = np.sqrt(sigma2.sum() * np.square(part).mean())
        errors = []
        for seed in range(4):
            programmed = layer.program(Conditions(time_s=0.0, compensation="off"), seed)[0]
            exact = part @ bar.block.codes
            errors.append(np.square(part @ programmed.reads.levels[0] - exact).sum() / len(part))
        assert np.sqrt(np.mean(errors)) == pytest.approx(expected, rel=0.1)

    def test_same_seed_same_bits_in_any_batch(self) -> None:
        s = lenet_study(20)
        layer = s.layers["fc2"]
        x = np.random.default_rng(7).normal(size=(50, 120)).astype(np.float32)
        whole = layer.compute(layer.program(Conditions(time_s=1.0), 3), x, 0)
        again = layer.program(Conditions(time_s=1.0), 3)
        parts = [layer.compute(again, x[:20], 0), layer.compute(again, x[20:], 20)]
        np.testing.assert_array_equal(whole, np.concatenate(parts))
        assert (layer.compute(layer.program(Conditions(time_s=1.0), 4), x, 0) != whole).any()

    def test_dead_cells_cost(self) -> None:
        s = lenet_study(64, metric="sqnr")
        good = s.evaluate(Conditions(noise=False)).mean
        bad = s.evaluate(Conditions(noise=False, yield_fraction=0.95)).mean
        assert bad < good - 10

    def test_digital_layers_are_exact(self) -> None:
        s = lenet_study(32, metric="sqnr")
        assert s.evaluate(Conditions(), digital=frozenset(s.layers)).mean > 100
        mapped = lenet_study(32, digital=("conv1", "Gemm"))
        assert set(mapped.layers) == {"conv2"}

    def test_temperature_beyond_the_range_is_told(self) -> None:
        s = lenet_study(8)
        assert "outside" in s.evaluate(Conditions(temperature_c=120.0)).notes[0]
        assert s.evaluate(Conditions(temperature_c=85.0)).notes == ()

    def test_find_digital_reaches_the_loss(self) -> None:
        s = lenet_study(32, NOISY | {"tile.adc.bits": "3"}, metric="agreement")
        steps = find_digital(s, Conditions(time_s=DAY_S), [0], 0.02)
        assert steps[0].loss > 0.02 >= steps[-1].loss
        assert [len(step.digital) for step in steps] == list(range(len(steps)))


def test_interval_is_students() -> None:
    """1, 2, 3: s = 1, t = 4.303 for two degrees of freedom."""
    mean, half = mean_and_interval([1.0, 2.0, 3.0])
    assert mean == 2.0
    assert half == pytest.approx(4.303 / 3**0.5)


class TestCommand:
    COMMAND = ("accuracy", str(LENET), "--chip", "hermes-64", "--data", str(IMAGES), "--samples", "100")

    def test_json(self, tmp_path: Path) -> None:
        out = tmp_path / "a.json"
        options = ["--set", "tile.crossbar.cell.model=hermes-2", "--time", "1s,1d", "--seeds", "2"]
        assert main([*self.COMMAND, *options, "--json", str(out)]) == 0
        result = json.loads(out.read_text())
        expected = onnxruntime.InferenceSession(str(LENET))
        images = np.load(IMAGES)
        pick = np.linspace(0, 299, 100).round().astype(int)
        logits = expected.run(None, {"input": images["input"][pick]})[0]
        assert result["float"] == pytest.approx((logits.argmax(1) == images["labels"][pick]).mean())
        assert [r["conditions"]["time_s"] for r in result["rows"]] == [0.0, 1.0, DAY_S]
        assert len(result["rows"][1]["values"]) == 2
        assert {layer["name"] for layer in result["rows"][1]["layers"]} == {
            "conv1",
            "conv2",
            "fc1",
            "fc2",
            "fc3",
        }

    def test_varied_field(self, capsys: pytest.CaptureFixture[str]) -> None:
        code = main([*self.COMMAND, "--vary", "tile.adc.bits=2..8", "--noise", "off", "--metric", "sqnr",
                     "--json", "-"])  # fmt: skip
        assert code == 0
        rows = json.loads(capsys.readouterr().out)["rows"]
        assert [row["value"] for row in rows] == list("2345678")
        values = [row["mean"] for row in rows]
        assert values == sorted(values)

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            (["--time=-1s"], "expected 0 or more"),
            (["--time", "1 parsec"], "expected a time"),
            (["--temperature=-300C"], "temperature"),
            (["--yield", "1.5"], "--yield"),
            (["--metric", "top2"], "top5"),
            (["--seeds", "0"], "--seeds"),
            (["--compensation", "magic"], "affine"),
            (["--set", "tile.crossbar.cell.model=unobtainium"], "hermes-2"),
            (["--digital", "conv9"], "conv9"),
            (["--vary", "tile.adc.bits"], "--vary"),
            (["--clip", "0"], "--clip"),
        ],
    )
    def test_bad_options(self, options: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert main([*self.COMMAND, *options]) == 2
        error = capsys.readouterr().err
        assert told in error
        assert "Traceback" not in error


class TestBadInput:
    def test_structure_only(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["accuracy", "lenet5", "--chip", "hermes-64", "--data", str(IMAGES)]) == 2
        error = capsys.readouterr().err
        assert "conv1.weight" in error
        assert "no values" in error

    def test_weights_that_are_nan(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        model = onnx.load(LENET)
        tensor = next(t for t in model.graph.initializer if t.name == "fc1.weight")
        values = numpy_helper.to_array(tensor).copy()
        values[3, 4] = np.nan
        tensor.CopyFrom(numpy_helper.from_array(values, "fc1.weight"))
        onnx.save(model, tmp_path / "nan.onnx")
        options = ["--chip", "hermes-64", "--data", str(IMAGES)]
        assert main(["accuracy", str(tmp_path / "nan.onnx"), *options]) == 2
        error = capsys.readouterr().err
        assert "'fc1.weight'" in error
        assert "1 of 48000" in error

    @pytest.mark.parametrize(
        ("arrays", "told"),
        [
            ({"input": np.full((2, 1, 28, 28), np.inf, np.float32)}, "NaN or infinite"),
            ({"input": np.zeros((2, 28, 28), np.float32)}, "expected (n, 1, 28, 28)"),
            ({"input": np.zeros((2, 1, 28, 28), np.uint8)}, "found uint8, expected float32"),
            ({"input": np.zeros((2, 1, 28, 28), np.float32), "labels": np.zeros(3, int)}, "labels"),
            ({"a": np.zeros(2), "b": np.zeros(2)}, "no array for input 'input'"),
            ({"input": np.zeros((0, 1, 28, 28), np.float32)}, "empty"),
        ],
    )
    def test_data(self, tmp_path: Path, arrays: dict[str, np.ndarray], told: str) -> None:
        np.savez(tmp_path / "data.npz", **arrays)  # type: ignore[arg-type]
        with pytest.raises(SimulationError) as error:
            load_data(tmp_path / "data.npz", list(onnx.load(LENET).graph.input))
        assert told in str(error.value)

    def test_states_are_shared_and_samples_are_not(self, tmp_path: Path) -> None:
        inputs = [
            helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3]),
            helper.make_tensor_value_info("h", TensorProto.FLOAT, [1, 2]),
            helper.make_tensor_value_info("rate", TensorProto.INT64, []),
        ]
        x, h = np.ones((5, 3), np.float32), np.ones((1, 2), np.float32)
        np.savez(tmp_path / "data.npz", x=x, h=h, rate=np.int64(16000))
        data = load_data(tmp_path / "data.npz", inputs)
        assert (data.n, data.shared) == (5, ("h", "rate"))
        assert [len(feeds["x"]) for feeds in data.batches(2)] == [2, 2, 1]
        assert all(feeds["h"].shape == (1, 2) for feeds in data.batches(2))

    def test_file_that_is_no_npz(self, tmp_path: Path) -> None:
        (tmp_path / "data.npz").write_text("hello")
        with pytest.raises(SimulationError, match=r"no \.npz"):
            load_data(tmp_path / "data.npz", list(onnx.load(LENET).graph.input))

    def test_runtime_that_is_missing(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setitem(sys.modules, "onnxruntime", None)
        assert main(["accuracy", str(LENET), "--chip", "hermes-64", "--data", str(IMAGES)]) == 2
        assert "pip install 'ohmsum[ort]'" in capsys.readouterr().err

    def test_labels_that_are_missing(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        np.savez(tmp_path / "data.npz", input=np.zeros((2, 1, 28, 28), np.float32))
        options = ["--chip", "hermes-64", "--data", str(tmp_path / "data.npz")]
        assert main(["accuracy", str(LENET), *options]) == 2
        assert "labels" in capsys.readouterr().err
