"""A name is only a name: what a designer calls a unit moves no figure."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from ohmsum import arch
from ohmsum.sim.answers.run import Run
from ohmsum.sim.simulate import simulate
from ohmsum.workloads.load import load

CHIPS = Path(arch.__file__).parent / "chips"


@cache
def _of_preset(chip: str) -> Run:
    return simulate(load("lenet5"), arch.load(chip))


def _moves_no_figure(chip: str, unit: str, name: str, folder: Path) -> None:
    text = (CHIPS / f"{chip}.yaml").read_text()
    before, found, after = text.rpartition(f"- name: {unit}\n")  # above it are those of variants
    assert found
    renamed = folder / "renamed.yaml"
    renamed.write_text(f"{before}- name: {name}\n{after}")
    plain, other = _of_preset(chip), simulate(load("lenet5"), arch.load(renamed))
    assert other.latency_fs == plain.latency_fs
    assert sorted(other.energy.by_component_j.values()) == sorted(plain.energy.by_component_j.values())
    of_class = [sorted(run.busy.class_utilization.values()) for run in (plain, other)]
    assert of_class[0] == of_class[1]


@pytest.mark.parametrize("name", ["memory", "input", "buffer", "host", "mac_array", "link", "vectors"])
def test_the_name_of_a_unit_moves_no_figure(name: str, tmp_path: Path) -> None:
    _moves_no_figure("systolic", "vector", name, tmp_path)


@pytest.mark.parametrize(("unit", "name"), [("maxpool", "buffer"), ("sigmoid", "bus"), ("sigmoid", "memory")])
def test_the_name_of_a_unit_in_the_tiles_moves_no_figure(unit: str, name: str, tmp_path: Path) -> None:
    _moves_no_figure("isaac", unit, name, tmp_path)
