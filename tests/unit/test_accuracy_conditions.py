"""What noise, time, heat and dead cells do to a network's answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ohmsum.sim.accuracy import Conditions, find_digital
from ohmsum.sim.accuracy.metrics import mean_and_interval

from ..kit.accuracy_cases import DAY_S, NOISY, lenet_study


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
        x = np.abs(rng.normal(size=(2000, 400))).astype(np.float32) * layer.codes.step * 40
        codes = layer.codes(x)
        bar = layer.crossbars[0]
        part = codes[:, bar.block.rows].astype(np.float32)
        g = np.abs(bar.block.codes) / 7 * 20.7
        # the noise fits at the target, from their published coefficients
        relative = g / 20.7
        c = (0.16603222, 4.71806468, -8.48101252, 4.68961419)
        sigma2: Any = sum(a * relative**k for k, a in enumerate(c)) ** 2
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
