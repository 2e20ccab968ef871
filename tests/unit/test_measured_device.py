"""A device of one's own from a CSV table: draws, interpolation, the estimate of a run, tables with faults."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ohmsum import arch
from ohmsum.sim.accuracy import Conditions
from ohmsum.sim.accuracy.devices import Device, conductances, find_device
from ohmsum.sim.accuracy.measured import measured_device
from ohmsum.sim.errors import SimulationError
from ohmsum.sim.metrics.signal import layer_signal

from ..kit.accuracy_cases import DAY_S, lenet_study

TABLE = """target_us, mean_us, sigma_us, read_sigma_us, time_s
0, 0.2, 0.1, 0.01, 1
10, 9.8, 0.4, 0.05, 1
20, 19, 0.8, 0.1, 1
0, 0.1, 0.1, 0.02, 10000
10, 7.8, 0.6, 0.1, 10000
20, 15, 1.2, 0.2, 10000
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "cells.csv"
    path.write_text(TABLE)
    return path


@pytest.mark.parametrize(
    ("target", "time_s", "mean", "sigma", "read"),
    [
        (10, 1, 9.8, 0.4, 0.05),
        (15, 1, 14.4, 0.6, 0.075),  # half way between targets
        (10, 100, 8.8, 0.5, 0.075),  # half way between the logarithms of times
        (20, 1e9, 15, 1.2, 0.2),  # the last time holds
        (20, 0, 19, 0.8, 0.1),
    ],
)
def test_cells_spread_as_the_table_says(
    table: Path, target: float, time_s: float, mean: float, sigma: float, read: float
) -> None:
    device = measured_device(table, "rram")
    wanted = np.full((300, 300), target, np.float32)
    g, read_sigma = conductances(device, wanted, 0.0, Conditions(time_s=time_s), 5)
    assert g.mean() == pytest.approx(mean, abs=4 * sigma / 300)
    assert g.std() == pytest.approx(sigma, rel=0.02)
    assert read_sigma is not None
    np.testing.assert_allclose(read_sigma, read, rtol=1e-5)


def test_the_same_cells_are_seen_at_all_times(table: Path) -> None:
    device = measured_device(table, "rram")
    wanted = np.full((50, 50), 15, np.float32)
    early, late = (conductances(device, wanted, 0.0, Conditions(time_s=t), 5)[0] for t in (1.0, 1e4))
    assert np.corrcoef(early.reshape(-1), late.reshape(-1))[0, 1] > 0.999


def test_accuracy_and_the_estimate_of_a_run_take_it(table: Path) -> None:
    """A table without spreads is ideal; ten times the spread is a hundred times the noise of cells."""
    changes = {"tile.crossbar.cell.model": str(table), "tile.crossbar.cell.kind": "rram"}
    noisy = lenet_study(32, changes, metric="sqnr")
    fresh = noisy.evaluate(Conditions(time_s=1.0)).mean
    later = noisy.evaluate(Conditions(time_s=DAY_S, compensation="off")).mean
    ideal = noisy.evaluate(Conditions(noise=False)).mean
    assert ideal > fresh > later
    exact = table.with_name("exact.csv")
    exact.write_text("target_us,mean_us,sigma_us\n0,0,0\n20,20,0\n")
    perfect = lenet_study(32, {**changes, "tile.crossbar.cell.model": str(exact)}, metric="sqnr")
    assert perfect.evaluate(Conditions(time_s=1.0)).mean == pytest.approx(ideal, abs=0.1)
    terms = []
    for spread in (0.1, 1.0):
        wide = table.with_name(f"wide{spread}.csv")
        wide.write_text(f"target_us,mean_us,sigma_us\n0,0,{spread}\n20,20,{spread}\n")
        tile = arch.load("hermes-64", overrides={**changes, "tile.crossbar.cell.model": str(wide)}).tile
        assert tile is not None
        terms.append(layer_signal(tile, 256, signed=False).terms["cells"])
    assert terms[1] / terms[0] == pytest.approx(100, rel=1e-3)


def test_a_device_of_a_python_file(tmp_path: Path) -> None:
    path = tmp_path / "cells.py"
    path.write_text(
        "from ohmsum.sim.accuracy.devices import Device\n"
        "class Mine(Device):\n"
        "    noisy = True\n"
        "    def drawn(self, target_us, time_s, seed):\n"
        "        return target_us * 0.5, target_us * 0\n"
        "MINE = Mine('mine', 'rram', 10.0, '')\nODD = 3\n"
    )
    changes = {"tile.crossbar.cell.model": f"{path}:MINE", "tile.crossbar.cell.kind": "rram"}
    bare = Conditions(time_s=1.0, compensation="off")
    study = lenet_study(16, changes, metric="sqnr")
    assert isinstance(study.precision.device, Device)
    half = study.evaluate(bare)  # every layer at half its size: 6 dB below the signal
    assert half.layers["conv1"].own_db == pytest.approx(6.0, abs=0.3)
    cell = arch.load(
        "isaac", overrides={**changes, "tile.crossbar.cell.model": f"{path}:ODD"}
    ).tile.crossbar.cell
    with pytest.raises(SimulationError, match="expected an ohmsum"):
        find_device(cell)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("target_us,mean_us\n0,0\n", "no column sigma_us"),
        ("target_us,mean_us,sigma_us,volts\n0,0,0,1\n", "unknown column 'volts'"),
        ("target_us,mean_us,sigma_us\n0,0,0\n5,5,-0.1\n", ":3: sigma_us: found -0.1, expected 0 or more"),
        ("target_us,mean_us,sigma_us\n0,0,0\n5,,0.1\n", ":3: mean_us: found '', expected a number"),
        ("target_us,mean_us,sigma_us\n0,0,0\n5,5\n", ":3: sigma_us: found '', expected a number"),
        ("target_us,mean_us,sigma_us\n0,0,0\n0,1,0\n5,5,0\n", "is there twice"),
        (
            "target_us,mean_us,sigma_us,time_s\n0,0,0,1\n5,5,0,1\n5,5,0,9\n",
            "target_us 0 at time_s 9; .* hole",
        ),
        ("target_us,mean_us,sigma_us\n5,5,0\n", "expected at least 2"),
        ("", "no column target_us"),
    ],
)
def test_tables_with_faults(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "cells.csv").write_text(text)
    with pytest.raises(SimulationError, match=told):
        measured_device(tmp_path / "cells.csv", "rram")


def test_a_table_that_does_not_reach_the_lowest_cell(tmp_path: Path) -> None:
    (tmp_path / "cells.csv").write_text("target_us,mean_us,sigma_us\n5,5,0\n20,20,0\n")
    changes = {"tile.crossbar.cell.model": str(tmp_path / "cells.csv"), "tile.crossbar.cell.kind": "rram"}
    with pytest.raises(SimulationError, match="the lowest target_us is 5, cells of the chip go down to 0"):
        lenet_study(2, changes)
