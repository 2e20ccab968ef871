"""Wires with resistance and unequal converters in whole layers, and what calibration mends."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ohmsum import arch
from ohmsum.sim.accuracy import Conditions, Data
from ohmsum.sim.accuracy.precision import Precision
from ohmsum.sim.errors import SimulationError
from ohmsum.tools.cli import main
from onnx import helper

from ..kit.accuracy_cases import IMAGES, LENET, lenet_study, save, study

IDEAL = Conditions(noise=False, compensation="off")
WIRE = "tile.crossbar.wire_resistance"


def test_one_cell_between_its_wires(tmp_path: Path) -> None:
    """Half a segment of word line (the cell holds two columns), the cell, one segment of bit line."""
    node = helper.make_node("MatMul", ["x", "w"], ["y"], name="mm")
    path = save(tmp_path / "mm.onnx", [node], ["n", 1], {"w": np.ones((1, 1), np.float32)})
    data = Data({"x": np.ones((4, 1), np.float32)}, None)
    s = study(path, data, {WIRE: "10 kOhm"}, metric="sqnr", rule="maximum")
    level = s.layers["mm"].program(Conditions(noise=False), 0)[0].reads.levels[0, 0, 0]
    ideal = s.layers["mm"].crossbars[0].ideal.levels[0, 0, 0]
    assert level / ideal == pytest.approx(1 / (1 + 20.7e-6 * 10e3 * (0.5 + 1)), rel=1e-6)


def test_fast_and_exact_and_off() -> None:
    s = lenet_study(24, {WIRE: "100 Ohm"}, metric="sqnr")
    bars = {
        how: s.layers["fc1"].program(Conditions(noise=False, irdrop=how), 0)[0].reads.levels
        for how in ("off", "fast", "exact")
    }
    assert bars["off"] is s.layers["fc1"].crossbars[0].ideal.levels
    drop = np.abs(bars["off"] - bars["exact"]).sum(axis=1).max()
    assert 0 < np.abs(bars["fast"] - bars["exact"]).sum(axis=1).max() < 0.05 * drop
    without = s.evaluate(Conditions(noise=False, irdrop="off")).mean
    assert s.evaluate(IDEAL).mean < without - 3


def test_columns_fitted_make_up_for_wires() -> None:
    s = lenet_study(24, {WIRE: "100 Ohm"}, metric="sqnr")
    fitted = s.evaluate(Conditions(noise=False, compensation="affine"))
    assert fitted.mean > s.evaluate(IDEAL).mean + 3


def test_gain_spread_has_its_size_and_is_calibrated_away() -> None:
    """A gain that is off by 7.09 % adds an error 23 dB below the signal."""
    changes = {"tile.adc.gain_spread": "0.0709", "tile.adc.bits": "14", "tile.dac.bits": "12",
               "tile.dac.slice_bits": "12"}  # fmt: skip
    s = lenet_study(24, changes, metric="sqnr")
    spread = s.evaluate(IDEAL, range(6))
    assert spread.interval is not None
    # of one layer, over all draws: powers of signal and error add up
    assert spread.layers["fc1"].own_db == pytest.approx(-20 * math.log10(0.0709), abs=1.5)
    fitted = s.evaluate(Conditions(noise=False, compensation="affine"), range(2))
    assert fitted.mean > spread.mean + 5


def test_offset_spread_is_in_codes() -> None:
    """No input at all: what is read is the offset of each converter, in its codes."""
    s = lenet_study(8, {"tile.adc.offset_spread": "6.0"})
    layer = s.layers["fc1"]
    offsets = []
    for seed in range(4):
        bar = layer.program(replace(IDEAL, bias="plain"), seed)[0]
        zeros = np.zeros((1, bar.crossbar.block.codes.shape[0]), np.float32)
        offsets.append(bar(zeros, 0)[0] / bar.crossbar.converter.steps)
    codes = np.concatenate(offsets)
    np.testing.assert_allclose(codes, np.rint(codes), atol=1e-6)
    assert codes.std() == pytest.approx(6.0, rel=0.15)


def test_columns_that_share_a_converter_share_its_gain() -> None:
    changes = {"tile.adc.count": "64", "tile.adc.concurrent": "false", "tile.adc.rate": "1 GHz",
               "tile.adc.gain_spread": "0.1"}  # fmt: skip
    assert Precision.of(arch.load("hermes-64", overrides=changes)).columns_per_adc == 4
    s = lenet_study(8, changes)
    gain, offset = s.layers["fc1"].crossbars[0].spread(5)
    assert gain is not None
    assert offset is not None
    assert (gain[0, :4] == gain[0, 0]).all()
    assert gain[0, 4] != gain[0, 0]
    assert not offset.any()


def test_wires_need_a_conductance() -> None:
    with pytest.raises(SimulationError, match=r"add tile\.crossbar\.cell\.g_max"):
        Precision.of(arch.load("isaac", overrides={WIRE: "1 Ohm", "tile.crossbar.cell.g_max": "null"}))


def test_command(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["accuracy", str(LENET), "--chip", "hermes-64", "--data", str(IMAGES), "--samples", "20"]
    options = ["--set", f"{WIRE}=100 Ohm", "--noise", "off", "--compensation", "off,affine", "--plain"]
    assert main([*command, *options]) == 0
    text = capsys.readouterr().out
    assert "100 Ohm from cell to cell; IR drop: fast" in text
    assert "ideal devices, compensation affine" in text
    assert main([*command, "--irdrop", "maybe"]) == 2
    assert "irdrop: found 'maybe', expected one of off, fast, exact" in capsys.readouterr().err
    assert main([*command, "--irdrop", "exact"]) == 2
    assert "tile.crossbar.wire_resistance" in capsys.readouterr().err
