"""Is a cell's device found by name, of the cell's technology, and open to other packages?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from ohmsum import arch
from ohmsum.sim.accuracy import devices
from ohmsum.sim.accuracy.devices import Device, find_device
from ohmsum.sim.errors import SimulationError


def cell(model: str, kind: str) -> Any:
    changes = {"tile.crossbar.cell.model": model, "tile.crossbar.cell.kind": kind}
    return arch.load("isaac", overrides=changes).tile.crossbar.cell


@pytest.mark.parametrize(
    ("model", "kind"), [("hermes-2", "pcm"), ("pcm-like", "pcm"), ("rram-wan", "rram"), ("rram-cmo", "rram")]
)
def test_a_device_lies_in_a_cell_of_its_technology(model: str, kind: str) -> None:
    assert find_device(cell(model, kind)).name == model
    other = "rram" if kind == "pcm" else "pcm"
    with pytest.raises(SimulationError, match=rf"found '{model}', a device of {kind}, but .* is {other}"):
        find_device(cell(model, other))


def test_an_unknown_device_is_told_from_those_there_are() -> None:
    with pytest.raises(SimulationError, match=r"cell.model: found 'unobtainium', expected one of hermes-1"):
        find_device(cell("unobtainium", "pcm"))


def test_a_device_of_another_package(monkeypatch: pytest.MonkeyPatch) -> Any:
    mine = Device("mine", "flash", 1.0, "")

    @dataclass
    class Entry:
        name: str
        thing: object

        def load(self) -> object:
            return self.thing

    offered = [Entry("mine", mine), Entry("odd", "no device")]
    monkeypatch.setattr(devices, "entry_points", lambda group: offered if group == devices.GROUP else [])
    assert find_device(cell("mine", "flash")) is mine
    with pytest.raises(SimulationError, match=r"device 'odd' is a str, expected an ohmsum"):
        find_device(cell("odd", "flash"))


@pytest.mark.parametrize("part", ["memory", "host"])
def test_what_lies_outside_the_chip_has_no_area(part: str) -> None:
    with pytest.raises(arch.ConfigError, match=f"{part}.area: the {part} is no part of a chip"):
        arch.load("isaac@attention", overrides={f"{part}.area": "1 mm2"})


def test_costs_of_the_network_itself_count() -> None:
    plain, more = (arch.roll_up(arch.load("isaac", overrides=o)) for o in ({}, {"noc.area": "2 mm2"}))
    assert more.area_mm2 - plain.area_mm2 == pytest.approx(2)
