"""Ranges of inputs and converters: least error, given shares, parts with scales of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import onnx
import onnxruntime
import pytest
from ohmsum import arch, workloads
from ohmsum.arch.range_rules import Deviations, LeastError, Maximum, Percentile, parse
from ohmsum.sim.accuracy import Conditions, Data, Functional, Study, score_of
from ohmsum.sim.accuracy.layer import Inputs
from ohmsum.sim.accuracy.model import ModelSource
from ohmsum.sim.accuracy.precision import Precision
from ohmsum.sim.accuracy.ranges import limits
from ohmsum.sim.job.job import Job
from ohmsum.sim.kernels.histogram import Histogram
from ohmsum.sim.mapping import MappingOptions, map_network
from ohmsum.tools.accuracy.rows import AccuracyPlan, study_of
from onnx import helper

from ..kit.accuracy_cases import lenet_study, rules, save, study, study_of_sequence


def seen(*parts: np.ndarray, columns: int = 1, weights: tuple[float, ...] = ()) -> Histogram:
    """A histogram of matrices, by columns or of all values together."""
    histogram = Histogram(columns, -20, 40, 6, weighs=bool(weights))
    for part, weight in zip(parts, weights or [1.0] * len(parts), strict=True):
        histogram.add(np.ascontiguousarray(part, np.float32).reshape(-1, columns), weight)
    return histogram


def mean_square_error(x: np.ndarray, limit: float, top: int) -> float:
    """Of rounding to `top` codes up to a limit, by its definition."""
    step = limit / top
    return float(np.mean((np.clip(np.rint(x / step), -top, top) * step - x) ** 2))


class TestLeastError:
    @pytest.mark.parametrize("bits", [4, 6, 8])
    @pytest.mark.parametrize("heavy", [False, True])
    def test_no_other_range_is_much_better(self, bits: int, heavy: bool) -> None:
        """Against a fine search; a sixteenth of an octave between candidates costs little."""
        rng = np.random.default_rng(0)
        x = (rng.laplace(size=20000) if heavy else rng.normal(size=20000)).astype(np.float32)
        top = 2 ** (bits - 1) - 1
        found = float(limits(seen(x), LeastError(), top)[0])
        best = min(mean_square_error(x, limit, top) for limit in np.geomspace(0.1, 10, 400) * found)
        assert mean_square_error(x, found, top) < 1.04 * best

    def test_rare_large_values_are_kept_if_they_matter(self) -> None:
        """Where one value in two thousand holds most of the power, clipping it is worse than coarse steps."""
        x = np.random.default_rng(1).normal(size=(100, 200))
        x[::20, 7] = 100.0
        assert limits(seen(x), LeastError(), 127)[0] > 90
        assert limits(seen(x), Percentile(99.0), 127)[0] < 4

    def test_significant_reads_decide_over_many_others(self) -> None:
        """Large reads of little weight are clipped for the sake of small ones that count 64 times as much."""
        rng = np.random.default_rng(2)
        small, large = rng.normal(size=4000) * 4, rng.normal(size=4000) * 60
        assert limits(seen(small, large, weights=(64.0**2, 1.0)), LeastError(), 15)[0] < 40
        assert limits(seen(small, large), LeastError(), 15)[0] > 80

    def test_whole_sums_lose_nothing_at_a_step_of_one(self) -> None:
        y = np.random.default_rng(3).integers(0, 140, 5000)
        y[0] = 139
        assert limits(seen(y), LeastError(), 139, whole=True)[0] <= 139  # the caller takes no step below 1
        assert limits(seen(y), LeastError(), 60, whole=True)[0] == 139

    def test_columns_with_few_reads_follow_the_shape_that_all_have(self) -> None:
        """Sixteen normal reads say little of the range; all columns together say 4 deviations at 8 bits."""
        rng = np.random.default_rng(4)
        sizes = np.geomspace(1, 30, 256)
        few = rng.normal(size=(16, 256)) * sizes
        more = rng.normal(size=(4000, 256)) * sizes
        alone, joint, right = (
            limits(seen(x, columns=256), LeastError(), 127, joint=j)
            for x, j in ((few, False), (few, True), (more, False))
        )
        assert np.median(alone / right) < 0.6  # the largest of sixteen
        assert 0.75 < np.median(joint / right) < 1.15
        assert np.corrcoef(np.log(joint), np.log(sizes))[0, 1] > 0.97


class TestGivenRules:
    X = np.random.default_rng(5).gamma(1.0, size=(3000, 2)) * [1.0, 50.0]

    @pytest.mark.parametrize("share", [50.0, 99.0, 99.9, 100.0])
    def test_percentiles(self, share: float) -> None:
        found = limits(seen(self.X, columns=2), Percentile(share), 127)
        np.testing.assert_allclose(found, np.percentile(self.X, share, axis=0), rtol=0.02)

    def test_maximum_is_exact(self) -> None:
        found = limits(seen(self.X, columns=2), Maximum(), 127)
        np.testing.assert_array_equal(found, self.X.astype(np.float32).max(axis=0))

    def test_deviations_count_from_zero(self) -> None:
        found = limits(seen(self.X, columns=2), Deviations(3.0), 127)
        np.testing.assert_allclose(found, 3 * np.sqrt(np.square(self.X).mean(axis=0)), rtol=0.01)

    def test_columns_without_values_have_the_widest_range(self) -> None:
        x = np.hstack([self.X, np.zeros((3000, 1))])
        found = limits(seen(x, columns=3), Maximum(), 127)
        assert found[2] == found[:2].max()
        assert limits(seen(np.zeros((5, 1))), LeastError(), 127)[0] == 1.0

    @pytest.mark.parametrize("rule", ["least error", "maximum", "percentile 99.99", "deviations 4.5"])
    def test_texts(self, rule: str) -> None:
        assert str(parse(rule)) == rule

    @pytest.mark.parametrize("rule", ["most", "percentile", "percentile 101", "deviations 0", "maximum 3"])
    def test_other_texts_are_refused(self, rule: str) -> None:
        with pytest.raises(ValueError, match="expected 'least error', 'maximum'"):
            parse(rule)


def test_vectors_that_fit_corrections_are_of_all_pixels(tmp_path: Path) -> None:
    """16,384 vectors of 64 pixels each: every 64th would be the same pixel of every image."""
    rng = np.random.default_rng(9)
    x = np.zeros((256, 64, 3), np.float32) + np.arange(1, 65, dtype=np.float32)[:, None]
    node = helper.make_node("MatMul", ["x", "w"], ["y"], name="mm")
    path = save(tmp_path / "mm.onnx", [node], ["n", 64, 3], {"w": rng.normal(size=(3, 2)).astype(np.float32)})
    sample = (
        study(path, Data({"x": x}, None), rules("maximum"), metric="sqnr").layers["mm"].crossbars[0].sample
    )
    assert 250 <= len(sample) <= 262
    assert len(np.unique(sample[:, 0])) > 55


def test_parts_that_are_driven_apart_keep_their_ranges() -> None:
    """A GRU's two products: rows of zeros are not part of a part's range."""
    x = np.zeros((200, 5), np.float32)
    x[0::2, :2] = np.linspace(-50, 50, 100)[:, None]
    x[1::2, 2:] = np.linspace(-1, 1, 100)[:, None]
    inputs = Inputs(5, (2, 3))
    inputs.add(x)
    codes = inputs.codes(Precision.of(arch.load("hermes-64", overrides=rules("maximum"))))
    assert codes.step == pytest.approx(50 / 127)
    np.testing.assert_allclose(codes.row_scales, [1, 1, 0.02, 0.02, 0.02], rtol=1e-6)


def matmul_study(tmp_path: Path, w: np.ndarray, x: np.ndarray, changes: dict[str, str]) -> Study:
    node = helper.make_node("MatMul", ["x", "w"], ["y"], name="mm")
    path = save(tmp_path / "mm.onnx", [node], ["n", w.shape[0]], {"w": w.astype(np.float32)})
    data = Data({"x": x.astype(np.float32)}, None)
    return study(path, data, {"tile.crossbar.cell.model": "null", **changes}, metric="sqnr")


class TestColumns:
    """One range for a crossbar or one for each column, on a chip with a converter per column."""

    BITS: ClassVar = {"tile.weights.bits": "8", "tile.crossbar.cell.bits": "8", "tile.adc.bits": "6"}

    def twin(self, w: np.ndarray, x: np.ndarray, by_column: bool) -> np.ndarray:
        """An 8-bit product with 6-bit converters, ranges by maxima, in plain NumPy."""
        step_x = np.abs(x).max() / 127
        step_w = np.abs(w).max(axis=0) / 127
        sums = np.clip(np.rint(x / step_x), -127, 127) @ np.rint(w / step_w)
        step = np.maximum(np.abs(sums).max(axis=0 if by_column else None) / 31, 1)
        return np.asarray(np.clip(np.rint(sums / step), -31, 31) * step * step_x * step_w)

    @pytest.mark.parametrize("by_column", [False, True])
    def test_values_of_the_twin(self, tmp_path: Path, by_column: bool) -> None:
        rng = np.random.default_rng(7)
        w = rng.normal(size=(60, 30)) * (rng.random((60, 30)) < np.linspace(0.05, 1, 30))
        x = rng.normal(size=(50, 60)).astype(np.float32)
        changes = {**self.BITS, **rules("maximum"), "tile.adc.range": "column" if by_column else "crossbar"}
        s = matmul_study(tmp_path, w, x, changes)
        layer = s.layers["mm"]
        got = layer.compute(layer.program(Conditions(noise=False, bias="plain"), 0), x, 0)
        want = self.twin(w.astype(np.float32).astype(float), x.astype(float), by_column)
        wrong = ~np.isclose(got, want, rtol=1e-4, atol=1e-6)
        assert wrong.mean() < 2e-3  # float32 and float64 may round a tie apart
        assert (len(set(layer.crossbars[0].converter.steps)) > 1) == by_column

    def test_ranges_of_few_bits_are_parts_of_the_widest(self, tmp_path: Path) -> None:
        rng = np.random.default_rng(8)
        w, x = rng.normal(size=(40, 20)) * (np.arange(20) < 10) + 0.01, rng.normal(size=(64, 40))
        changes = {**self.BITS, "tile.adc.range": "column", "tile.adc.range_bits": "3"}
        steps = matmul_study(tmp_path, w, x, changes).layers["mm"].crossbars[0].converter.steps
        parts = steps / steps.max() * 8
        np.testing.assert_allclose(parts, np.rint(parts), atol=1e-9)
        free = matmul_study(tmp_path, w, x, {**changes, "tile.adc.range_bits": "null"})
        own = free.layers["mm"].crossbars[0].converter.steps
        assert (own <= steps * (1 + 1e-9)).all()
        assert (own < 0.99 * steps).any()

    def test_chips_with_a_converter_per_column_have_a_range_per_column(self) -> None:
        assert Precision.of(arch.load("hermes-64")).column_ranges
        assert Precision.of(arch.load("neurram")).column_ranges
        assert not Precision.of(arch.load("isaac")).column_ranges  # one converter for 128 columns
        forced = arch.load("isaac", overrides={"tile.adc.range": "column"})
        assert Precision.of(forced).column_ranges


@pytest.mark.parametrize("op", ["LSTM", "GRU"])
def test_state_beside_large_inputs_keeps_its_bits(tmp_path: Path, op: str) -> None:
    """Inputs a thousand times the state: with one range for both, eight bits would leave the state none."""
    rng = np.random.default_rng(3)
    gates, hidden = {"LSTM": 4, "GRU": 3}[op], 6
    weights: dict[str, Any] = {
        "w": (rng.normal(size=(1, gates * hidden, 3)) / 1000).astype(np.float32),
        "r": rng.normal(size=(1, gates * hidden, hidden)).astype(np.float32),
    }
    extra: dict[str, Any] = {"linear_before_reset": 1} if op == "GRU" else {}
    node = helper.make_node(op, ["x", "w", "r"], ["y"], name="rnn", hidden_size=hidden, **extra)
    path = save(tmp_path / "rnn.onnx", [node], [40, 1, 3], weights)
    s = study_of_sequence(path, (1000 * rng.normal(size=(40, 1, 3))).astype(np.float32), EIGHT_BITS)
    assert s.mapping_error < 3e-6
    scales = s.layers["rnn"].codes.row_scales
    assert scales[0] == 1
    assert 1e-4 < scales[-1] < 1e-3
    assert s.evaluate(Conditions(noise=False)).layers["rnn"].own_db > 30


EIGHT_BITS = {"tile.weights.bits": "8", "tile.crossbar.cell.bits": "8", "tile.adc.bits": "12"}


def test_a_sequence_is_run_whole(tmp_path: Path) -> None:
    """Time along a free first axis: the state goes on through all data, not from batch to batch."""
    rng = np.random.default_rng(4)
    weights: dict[str, Any] = {
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
    s = Study(Functional(ModelSource(str(path)), mapping), mapping, hardware, Data({"x": x}, None), "sqnr")
    whole = onnxruntime.InferenceSession(str(path)).run(None, {"x": x})[0]
    np.testing.assert_allclose(s.reference, whole, rtol=1e-5, atol=1e-6)
    assert onnx.load(path).graph.input[0].type.tensor_type.shape.dim[0].dim_param == "n"


@pytest.mark.parametrize(("op", "expected"), [("LSTM", [0, 1, 2, 3]), ("MatMul", [0, 3, 6, 9])])
def test_fewer_samples_of_a_sequence_are_its_first(tmp_path: Path, op: str, expected: list[int]) -> None:
    rng = np.random.default_rng(5)
    weights: dict[str, Any] = {
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
    job = Job(network=str(path), chip="hermes-64")
    plan = AccuracyPlan(
        job, tmp_path / "data.npz", [("", chip)], [Conditions()], [0], score_of("sqnr"), samples=4
    )
    _, s = study_of(plan, chip)
    assert s.data.arrays["x"][:, 0].tolist() == expected


def test_shared_converters_of_slices_gain_most() -> None:
    """RAELLA's 7-bit converters serve nine pairs of slices."""
    conditions = Conditions(noise=False)
    least = lenet_study(32, {}, metric="sqnr", chip="raella").evaluate(conditions).mean
    held = lenet_study(32, {}, metric="sqnr", chip="raella", rule="percentile 99.9").evaluate(conditions).mean
    assert least > held + 2
