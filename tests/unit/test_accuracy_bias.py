"""The digital bias makes up for what rounding takes from the mean of a column."""

from __future__ import annotations

from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest
from ohmsum.sim.accuracy import Conditions, Data
from ohmsum.sim.kernels.compensation import mean_deficit
from onnx import helper

from tests.kit.accuracy_cases import save, study

BITS = {
    "tile.crossbar.cell.model": "null",
    "tile.weights.bits": "4",
    "tile.crossbar.cell.bits": "4",
    "tile.adc.bits": "16",
}


class TestMeanDeficit:
    def test_a_constant_is_taken_whole(self) -> None:
        measured = np.arange(12.0).reshape(4, 3)
        assert np.array_equal(mean_deficit(measured, measured + np.array([1, -2, 0])), [1, -2, 0])

    def test_by_hand(self) -> None:
        # lacks 1 and 3: mean 2, variance 2, of the mean 1; a quarter of 2^2 is chance
        assert mean_deficit([[0.0], [0.0]], [[1.0], [3.0]]) == [2 * (1 - 1 / 4)]

    def test_chance_is_no_bias(self) -> None:
        noise = np.random.default_rng(0).normal(size=(200, 500))
        found = mean_deficit(np.zeros_like(noise), noise)
        # of a Gaussian mean z: the integral of (z - 1 / z)^2 beyond one deviation, 4 (density(1) - tail(1))
        share = 4 * (NormalDist().pdf(1) - NormalDist().cdf(-1))
        assert np.square(found).mean() == pytest.approx(share / 200, rel=0.15)

    def test_one_sample_says_nothing(self) -> None:
        assert np.array_equal(mean_deficit([[1.0, 2.0]], [[3.0, 4.0]]), [0, 0])


def test_rounded_weights_shift_no_mean(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    w = rng.normal(size=(64, 16)).astype(np.float32)
    x = (rng.random((400, 64)) + 0.5).astype(np.float32)  # means far from zero
    node = helper.make_node("MatMul", ["x", "w"], ["y"], "mm")
    path = save(tmp_path / "net.onnx", [node], ["n", 64], {"w": w})
    layer = study(path, Data({"x": x}, None), BITS).layers["mm"]
    exact = x @ w

    def error(bias: str) -> np.ndarray:
        made = layer.program(Conditions(noise=False, bias=bias), 0)  # type: ignore[arg-type]
        return np.asarray(layer.compute(made, x, 0) - exact)

    plain, fitted = error("plain"), error("fitted")
    step = np.abs(w).max(axis=0) / 7
    rounded = np.rint(w / step) * step
    assert np.allclose(plain.mean(axis=0), (x @ (rounded - w)).mean(axis=0), atol=0.02)
    assert np.square(fitted.mean(axis=0)).mean() < 0.02 * np.square(plain.mean(axis=0)).mean()
    assert np.allclose(fitted - fitted.mean(axis=0), plain - plain.mean(axis=0), atol=1e-4)
