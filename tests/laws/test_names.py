"""A name is only a name: what a designer calls a unit moves no figure."""

from __future__ import annotations

from pathlib import Path

import pytest
from ohmsum import arch
from ohmsum.sim.simulate import simulate
from ohmsum.workloads.load import load

FILE = Path(arch.__file__).parent / "chips" / "systolic.yaml"


@pytest.mark.parametrize("name", ["memory", "input", "buffer", "host", "mac_array", "link", "vectors"])
def test_the_name_of_a_unit_moves_no_figure(name: str, tmp_path: Path) -> None:
    text = FILE.read_text()
    assert "- name: vector" in text
    renamed = tmp_path / "renamed.yaml"
    renamed.write_text(text.replace("- name: vector", f"- name: {name}"))
    plain, other = (simulate(load("lenet5"), arch.load(chip)) for chip in (FILE, renamed))
    assert other.latency_fs == plain.latency_fs
    assert sorted(other.energy.by_component_j.values()) == sorted(plain.energy.by_component_j.values())
    of_class = [sorted(run.busy.class_utilization.values()) for run in (plain, other)]
    assert of_class[0] == of_class[1]
