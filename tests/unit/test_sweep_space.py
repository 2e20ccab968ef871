"""Which points does a sweep have, and which of them are best?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ohmsum.sim.job.given import job_of
from ohmsum.tools.sweep.axes import Choices, Range
from ohmsum.tools.sweep.pareto import front
from ohmsum.tools.sweep.points import draw, grid
from ohmsum.tools.sweep.spec import SweepSpec, read_spec

from ..kit.sweeps import write

FIXED = "fixed: {chip: isaac, network: mlp}\n"


def spec_of(folder: Path, vary: str, more: str = "") -> SweepSpec:
    return read_spec(write(folder, f"{FIXED}vary:\n{vary}{more}"))


def test_grid_is_the_product_with_the_last_axis_fastest(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, "  tile.adc.bits: [6, 8]\n  noc.flit: [32 bit, 64 bit, 128 bit]\n")
    found = [(p.settings["tile.adc.bits"], p.settings["noc.flit"]) for p in grid(spec)]
    assert found == list(product([6, 8], ["32 bit", "64 bit", "128 bit"]))
    assert all(p.settings["network"] == "mlp" and p.settings["chip"] == "isaac" for p in grid(spec))


def test_fields_that_change_together(tmp_path: Path) -> None:
    spec = spec_of(
        tmp_path,
        "  array:\n    small: {tile.crossbar.rows: 64, tile.crossbar.cols: 64}\n"
        "    large: {tile.crossbar.rows: 256, tile.crossbar.cols: 256}\n",
    )
    sizes = [(p.settings["tile.crossbar.rows"], p.settings["tile.crossbar.cols"]) for p in grid(spec)]
    assert sizes == [(64, 64), (256, 256)]
    assert spec.fields == ("tile.crossbar.rows", "tile.crossbar.cols")


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("{from: 4, to: 8, step: 2}", [4, 6, 8]),
        ("{from: 4, to: 9, step: 2}", [4, 6, 8]),
        (
            "{from: 0.1, to: 0.5, step: 0.1, unit: GHz}",
            ["0.1 GHz", "0.2 GHz", "0.3 GHz", "0.4 GHz", "0.5 GHz"],
        ),
    ],
)
def test_range_with_steps_is_decimal(tmp_path: Path, text: str, values: list[Any]) -> None:
    """Three times 0.1 is 0.3 and not 0.30000000000000004."""
    (axis,) = spec_of(tmp_path, f"  tile.adc.rate: {text}\n").axes
    assert isinstance(axis, Choices)
    assert [settings["tile.adc.rate"] for settings in axis.settings] == values


def test_places_on_a_range() -> None:
    """The middle is the arithmetic mean, on a logarithmic scale the geometric mean."""
    assert Range("x", 1, 100).at(0.5) == {"x": 50.5}
    assert Range("x", 1, 100, log=True, unit="ns").at(0.5) == {"x": "10 ns"}
    assert Range("x", 1, 100).at(0) == {"x": 1}


def test_points_at_random(tmp_path: Path) -> None:
    vary = "  tile.adc.rate: {from: 0.5, to: 2, unit: GHz}\n  tile.adc.bits: [6, 7, 8]\n"
    few = draw(spec_of(tmp_path, vary, "method: random\npoints: 20\nseed: 5\n"))
    many = draw(spec_of(tmp_path, vary, "method: random\npoints: 40\nseed: 5\n"))
    other = draw(spec_of(tmp_path, vary, "method: random\npoints: 20\nseed: 6\n"))
    assert len(set(many)) == 40
    assert many[:20] == few, "more points begin with the same ones"
    assert few != other
    assert {p.settings["tile.adc.bits"] for p in many} == {6, 7, 8}
    rates = [float(p.settings["tile.adc.rate"].removesuffix(" GHz")) for p in many]
    assert all(0.5 <= rate <= 2 for rate in rates)
    assert len(set(rates)) == 40


def test_no_more_random_points_than_there_are(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, "  tile.adc.bits: [6, 7, 8]\n", "method: random\npoints: 50\n")
    assert sorted(p.text for p in draw(spec)) == sorted(p.text for p in grid(spec))


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 5)), max_size=30),
    st.tuples(*[st.sampled_from(["minimize", "maximize"])] * 3),
)
def test_front_by_definition(values: list[tuple[int, ...]], directions: Sequence[Any]) -> None:
    """A point is on the front if no other is at least as good everywhere and better somewhere."""

    def no_worse(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
        return all(x <= y if d == "minimize" else x >= y for x, y, d in zip(a, b, directions, strict=True))

    best = {v for v in values if not any(no_worse(w, v) and w != v for w in values)}
    found = [values[i] for i in front(values, directions)]
    assert set(found) == best
    assert len(found) == len(best), "of equal points one"
    firsts = [v[0] for v in found]
    assert firsts == sorted(firsts, reverse=directions[0] == "maximize")


def test_entries_of_the_tables_of_the_question(tmp_path: Path) -> None:
    """Dimensions, shapes, fixed inputs and rules for operators, one entry at a time."""
    axes = {"bind.batch": [1, 2], "input.x": ["1x4", "2x4"], "value.sr": [8000, 16000]}
    axes["operator.com.x:Foo"] = ["matmul", "gelu"]
    spec = spec_of(tmp_path, "".join(f'  "{field}": {values}\n' for field, values in axes.items()))
    last = grid(spec)[-1].settings
    asked = job_of({**last, "set": {}})
    assert (asked.bind, asked.input, asked.value) == ({"batch": 2}, {"x": (2, 4)}, {"sr": (16000,)})
    assert asked.operator == {"com.x:Foo": "gelu"}
