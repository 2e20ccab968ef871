"""`ohmsum accuracy`: what it prints, and bad options and files told by name."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from ohmsum import arch
from ohmsum.sim.accuracy import Conditions, load_data, score_of
from ohmsum.sim.errors import SimulationError
from ohmsum.sim.job.job import Job
from ohmsum.tools.accuracy.rows import AccuracyPlan, study_of
from ohmsum.tools.cli import main
from onnx import TensorProto, helper, numpy_helper

from ..kit.accuracy_cases import DAY_S, IMAGES, LENET

IDEAL = Conditions(noise=False)
SQNR = score_of("sqnr")


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

    def test_chips_and_parts_of_a_network(self, capsys: pytest.CaptureFixture[str]) -> None:
        """What `run` takes: a network that needs two copies of a chip, and one that ends earlier."""
        small = ["--set", "tile.count=2", "--set", "tile.grid=[2, 1]", "--metric", "sqnr", "--noise", "off"]
        assert main([*self.COMMAND, *small]) == 2
        assert "--chips" in capsys.readouterr().err
        command = [*self.COMMAND, *small, "--chips", "16", "--outputs", "conv2", "--json", "-"]
        assert main(command) == 0
        result = json.loads(capsys.readouterr().out)
        assert [layer["name"] for layer in result["rows"][0]["layers"]] == ["conv1", "conv2"]
        assert result["mapping_error"] < 2e-6

    def test_rows_of_converter_bits_share_what_calibration_saw(self) -> None:
        chips = [arch.load("hermes-64", overrides={"tile.adc.bits": bits}) for bits in ("4", "6", "8")]
        job = Job(network=str(LENET), chip="hermes-64")
        plan = AccuracyPlan(
            job, IMAGES, [("", chip) for chip in chips], [Conditions()], [0], SQNR, samples=20
        )
        first = study_of(plan, chips[0])[1]
        second = study_of(plan, chips[1], like=first)[1]
        alone = study_of(plan, chips[1])[1]
        assert second.observed is first.observed
        assert second.evaluate(IDEAL).values == alone.evaluate(IDEAL).values != first.evaluate(IDEAL).values
        narrow = arch.load("hermes-64", overrides={"tile.dac.bits": "4", "tile.dac.slice_bits": "4"})
        assert study_of(plan, narrow, like=first)[1].observed is not first.observed

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            (["--time=-1s"], "expected 0 or more"),
            (["--time", "1 parsec"], "expected a time"),
            (["--temperature=-300C"], "temperature"),
            (["--yield", "1.5"], "--yield"),
            (["--metric", "topp1"], "did you mean 'top1'"),
            (["--seeds", "0"], "--seeds"),
            (["--compensation", "magic"], "affine"),
            (["--set", "tile.crossbar.cell.model=unobtainium"], "hermes-2"),
            (["--digital", "conv9"], "conv9"),
            (["--metric", "cer"], "(100, 10), expected (n, steps, classes)"),
            (["--metric", "pixel_top1"], "expected (n, classes, height, width)"),
            (["--metric", "auc"], "labels are of shape (100,), expected (100, 10)"),
            (["--metric", "nowhere.py:score"], "nowhere.py"),
            (["--vary", "tile.adc.bits"], "--vary"),
            (["--clip", "0"], "--clip"),
            (["--input-range", "most"], "--input-range: found 'most', expected 'least error'"),
            (["--adc-range", "percentile 101"], "--adc-range"),
            (["--set", "tile.adc.range_rule=percentile"], "tile.adc.range_rule"),
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
