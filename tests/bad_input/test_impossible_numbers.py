"""Numbers that no part can have, and answers that would not be numbers."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any, cast

import pytest
from ohmsum.arch import load
from ohmsum.arch.errors import ConfigError
from ohmsum.sim.errors import SimulationError
from ohmsum.sim.job import perform as performed
from ohmsum.tools.cli import main

IMPOSSIBLE = [
    ("tile.adc.energy", "1e308 J"),
    ("tile.adc.energy", "1e-40 J"),
    ("tile.adc.area", "1e300 mm2"),
    ("tile.bus.idle_power", "1e30 W"),
    ("node", "1e-30 nm"),
    ("host.throughput", "1e-9 op/s"),
]


@pytest.mark.parametrize(("field", "value"), IMPOSSIBLE)
def test_a_number_outside_of_what_can_be_is_refused(field: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"{field}: '{value}' is impossible, expected .* from .* to "):
        load("isaac", {field: value})


@pytest.mark.parametrize("number", [math.inf, math.nan, -1.0])
def test_no_answer_has_a_figure_that_is_no_number(number: float) -> None:
    answer = cast(Any, SimpleNamespace(figures={"latency_s": 1.0, "energy_j": number}))
    with pytest.raises(SimulationError, match=r"energy_j: found .*, expected a finite number, zero or more"):
        performed._checked(answer)


@pytest.mark.parametrize(
    "arguments",
    [
        ["isaac", "--chips", "10000"],
        ["isaac", "--set", "chips.count=1000000000"],
        ["systolic", "--chips", "1000000000"],
    ],
)
def test_chips_that_would_take_all_memory(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "lenet5", "--chip", *arguments]) == 2
    said = capsys.readouterr().err
    assert "expected at most 262,144; use fewer chips or tiles, or raise --most-tiles" in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_time_does_not_wrap_round(engine: str, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["run", "lenet5", "--chip", "isaac", "--set", "host.latency=4000 s", "--batch", "16"]
    assert main([*asked, "--engine", engine]) == 2
    assert "simulated time passes" in capsys.readouterr().err
