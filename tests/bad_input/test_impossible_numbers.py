"""Numbers that no part can have, and answers that would not be numbers."""

from __future__ import annotations

import contextlib
import math
import re
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ohmsum.arch import cost, load
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


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("node", "0 nm", "node: '0 nm' is not allowed, expected a length above zero"),
        ("node", "1e-30 nm", "node: '1e-30 nm' is impossible"),
        ("tile.buffer.capacity", "-4 KiB", "tile.buffer.capacity: '-4 KiB' is not allowed"),
        ("tile.adc.bits", "6000", "tile.adc.bits: found 6000, expected at most 64"),
        ("tile.adc.bits", "0", "tile.adc.bits: found 0, expected at least 1"),
    ],
)
@pytest.mark.filterwarnings("ignore::ohmsum.arch.cost.CostWarning")
@pytest.mark.parametrize(
    ("part", "model"),
    [
        ("tile.buffer.energy_per_byte", "{model: sram}"),
        ("tile.adc.energy", "{model: adc-survey}"),  # which would miss its enob
        ("tile.adc.energy", "{model: nothing}"),
    ],
)
def test_a_wrong_field_is_told_before_the_model_that_reads_it(
    field: str, value: str, message: str, part: str, model: str
) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        load("isaac", {part: model, field: value})


@pytest.mark.parametrize("name", cost.names())
@given(data=st.data())
def test_a_model_gives_a_number_that_can_be_or_says_why_not(name: str, data: st.DataObject) -> None:
    model = cost.get(name)
    numbers = st.sampled_from([0.0, -1.0, 1e-300, 1e300, 0.5, 1.0, 8.0, 6000.0])
    given_ = {p.name: data.draw(numbers, p.name) for p in model.parameters if p.default is None}
    words = {c.name: data.draw(st.sampled_from(c.options), c.name) for c in model.choices}
    asked = data.draw(st.sampled_from(sorted(model.costs)))
    with contextlib.suppress(ConfigError):
        assert 0 <= model.estimate(asked, {**given_, **words}).value < math.inf


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


@pytest.mark.parametrize("grid", ["[14, 8000]", "[1000000, 1000000]"])
def test_a_network_on_chip_that_would_take_all_memory(grid: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "lenet5", "--chip", "isaac", "--set", f"tile.grid={grid}"]) == 2
    said = capsys.readouterr().err
    assert "ways, expected at most 4,194,304; use a smaller `tile.grid`" in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_time_does_not_wrap_round(engine: str, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["run", "lenet5", "--chip", "isaac", "--set", "host.latency=4000 s", "--batch", "16"]
    assert main([*asked, "--engine", engine]) == 2
    assert "simulated time passes" in capsys.readouterr().err
