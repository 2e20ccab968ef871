"""Does the optimiser find what the grid finds, and does a resumed one go on as if it had never stopped?"""

from __future__ import annotations

import csv
from math import prod
from pathlib import Path

import pytest
from ohmsum.tools.cli import main
from ohmsum.tools.sweep.points import grid
from ohmsum.tools.sweep.spec import read_spec

from ..kit.sweeps import stored, write

SPACE = """\
fixed: {chip: isaac}
vary:
  network: [mlp, lenet5]
  tile.adc.count: [8, 12, 24, 48, 96]
  noc.flit: [32 bit, 128 bit]
objectives: {latency_s: minimize}
"""


def rows(folder: Path, text: str, name: str, *arguments: str) -> list[dict[str, str]]:
    """The rows of a sweep in a folder, with a store that its text shares with others of that name."""
    table = folder / f"{name}.csv"
    store = ["--store", str(folder / f"{name}.sqlite")]
    file = write(folder, text, f"{name}.yaml")
    assert main(["sweep", str(file), "--jobs", "1", *store, "--csv", str(table), *arguments]) == 0
    with table.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def best(found: list[dict[str, str]]) -> tuple[float, str, str]:
    """The design of the least geometric mean of the latencies, and that mean."""
    designs: dict[tuple[str, str], list[float]] = {}
    for row in found:
        designs.setdefault((row["tile.adc.count"], row["noc.flit"]), []).append(float(row["latency_s"]))
    assert all(len(values) == 2 for values in designs.values()), "every design on both networks"
    return min((prod(values) ** 0.5, *design) for design, values in designs.items())


def test_finds_the_best_of_the_grid(tmp_path: Path) -> None:
    whole = rows(tmp_path, SPACE, "grid")
    found = rows(tmp_path, SPACE + "method: optimize\npoints: 24\nseed: 1\n", "found")
    assert best(found) == best(whole)
    assert len(found) <= len(whole), "no point twice"


def test_resumed_is_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    space = SPACE.replace("[8, 12, 24, 48, 96]", "{from: 8, to: 96, step: 4}")
    short = space + "method: optimize\npoints: 8\ngeneration: 4\nseed: 2\n"
    long = short.replace("points: 8", "points: 16")
    first = rows(tmp_path, short, "resumed")
    n_first = len(stored(tmp_path / "resumed.sqlite"))
    resumed = rows(tmp_path, long, "resumed")
    whole = rows(tmp_path, long, "whole")
    assert resumed == whole
    assert resumed[: len(first)] == first
    assert n_first == len(first)
    assert len(stored(tmp_path / "resumed.sqlite")) == len(stored(tmp_path / "whole.sqlite")) == len(whole)


def test_a_range_without_steps(tmp_path: Path) -> None:
    text = """\
fixed: {chip: isaac, network: mlp}
vary: {tile.adc.rate: {from: 0.4, to: 4, log: true, unit: GHz}}
method: optimize
points: 12
objectives: {latency_s: minimize, power_w: minimize}
"""
    found = rows(tmp_path, text, "range")
    rates = [float(row["tile.adc.rate"].removesuffix(" GHz")) for row in found]
    assert len(rates) == 12
    assert all(0.4 <= rate <= 4 for rate in rates)


def test_grid_has_the_networks_as_an_axis(tmp_path: Path) -> None:
    spec = read_spec(write(tmp_path, SPACE))
    assert len(grid(spec)) == 2 * 5 * 2
    assert spec.workload_axis is spec.axes[0]
