"""Is every part that a chip may have one record, and does all that happens in a run belong to one?"""

from __future__ import annotations

from collections.abc import Iterator

import ohmsum
import pytest
from ohmsum import arch
from ohmsum.arch import parts
from ohmsum.arch.chip import Chip
from ohmsum.arch.component import Component, Costed
from ohmsum.arch.parts import BOUNDARIES
from ohmsum.arch.paths import component_class, fields_by_key, walk
from ohmsum.tools.profile.costs import cost_knobs
from ohmsum.tools.profile.knobs import knobs
from ohmsum.tools.waterfall import waterfall


def costed(cls: type[Component], path: str = "") -> Iterator[str]:
    """Dotted paths of everything in the schema that may have a power."""
    for key, (_, field) in fields_by_key(cls).items():
        inner, _ = component_class(field)
        if inner is not None:
            here = f"{path}.{key}".lstrip(".")
            if issubclass(inner, Costed):
                yield here
            yield from costed(inner, here)


def test_everything_that_draws_power_has_a_record() -> None:
    assert sorted(set(costed(Chip))) == sorted({part.path for part in parts.PARTS})


@pytest.mark.parametrize("name", arch.names())
def test_every_part_of_a_preset_is_found_where_its_file_has_it(name: str) -> None:
    chip = arch.load(name)
    found = {f.path: f.model for f in parts.fitted(chip)}
    for path, model in walk(chip):
        if isinstance(model, Costed):
            assert found[path] is model


@pytest.mark.parametrize(
    ("network", "chip"), [("lenet5", "isaac"), ("lenet5", "systolic"), ("kws-lstm", "hermes-64")]
)
def test_what_a_run_spends_and_takes_belongs_to_a_part(network: str, chip: str) -> None:
    run = ohmsum.run(network, chip)
    found = parts.fitted(run.chip)
    assert {t.component for t in run.energy.terms} <= {f.key for f in found}
    assert set(run.program.resource_class) <= {f.klass for f in found}


@pytest.mark.parametrize(
    ("component", "boundary"),
    [
        ("crossbar", "array"), ("mac array", "array"), ("adc", "macro"), ("sample-hold", "macro"),
        ("buffer", "tile"), ("tile.sigmoid", "tile"), ("noc", "chip"), ("vector", "chip"),
        ("kv cache", "chip"), ("chip links", "system"), ("host link", "system"), ("memory", "system"),
    ],
)  # fmt: skip
def test_boundaries(component: str, boundary: str) -> None:
    assert parts.boundary_of(component) == boundary


@pytest.mark.parametrize(
    ("field", "klass"),
    [
        ("tile.adc.rate", "adc"), ("tile.dac.slice_bits", "crossbar"), ("mac_array.rows", "mac_array"),
        ("mac_array.buffer.width", "buffer"), ("host.throughput", "host"), ("host.bandwidth", "host link"),
        ("noc.router.power", "link"), ("chips.bandwidth", "chip link"), ("kv_cache.bandwidth", "kv cache"),
        ("tile.units.sigmoid.lanes", "sigmoid"), ("units.memory.lanes", "unit memory"), ("name", ""),
    ],
)  # fmt: skip
def test_the_class_of_resources_that_a_field_is_about(field: str, klass: str) -> None:
    assert parts.class_of_field(field) == klass


def test_a_unit_that_is_called_like_a_part_is_told_from_it() -> None:
    for word in ("memory", "buffer", "host", "link", "crossbar", "noc"):
        assert parts.work_of_class(parts.unit_word(word)) == ""
        assert parts.work_of_component(parts.unit_word(word)) == ""
    assert parts.unit_word("vector") == "vector"


def test_static_power_of_a_part_is_counted_once() -> None:
    chip = arch.load("isaac", overrides={"host.static_power": "3 W", "tile.bus.static_power": "2 W"})
    program = ohmsum.run("lenet5", "isaac", overrides={
        "host.static_power": "3 W", "tile.bus.static_power": "2 W"
    }).program  # fmt: skip
    assert dict(program.static_power_w) == {"host": 3.0, "bus": 2.0 * chip.tile.count, "chip links": 10.4}


def test_every_turn_of_a_record_is_a_knob_of_a_chip_that_has_the_part() -> None:
    chip = arch.load("isaac@attention", n_chips=2)
    fields = {knob.field for knob in knobs(chip)}
    for f in parts.fitted(chip):
        for turn in f.part.turns:
            if getattr(f.model, fields_by_key(type(f.model))[turn.key][0]):
                assert f"{f.path}.{turn.key}" in fields


SHIFTER = Costed.model_validate({"static_power": "2 mW", "area": "0.01 mm2"})
SHIFTERS = parts.Part(
    key="level shifter", label="level shifter", path="tile.level_shifter", boundary="macro", colour="#112233",
    kind_of_work="data movement",
    find=lambda chip: [("tile.level_shifter", SHIFTER, chip.tile.count)],
)  # fmt: skip
"""A part that no chip has: two milliwatts and a hundredth of a square millimetre in every tile."""


@pytest.fixture
def shifters(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(parts, "PARTS", (*parts.PARTS, SHIFTERS))
    parts._by_key.cache_clear()
    yield SHIFTERS.key
    parts._by_key.cache_clear()


def test_a_new_part_is_one_record(shifters: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but `SHIFTERS` knows it; sums, balance, waterfall, what-if, kinds of work and pages have it."""
    chip = arch.load("isaac")
    run, n = ohmsum.run("lenet5", "isaac"), chip.tile.count
    found, cost = waterfall(run, chip), arch.roll_up(chip)
    monkeypatch.undo()
    parts._by_key.cache_clear()
    plain, before = ohmsum.run("lenet5", "isaac"), arch.roll_up(chip)
    assert cost.part("tile.level_shifter").total_area_mm2 == pytest.approx(n * 0.01)
    assert cost.area_mm2 - before.area_mm2 == pytest.approx(n * 0.01)
    assert cost.power_w - before.power_w == pytest.approx(n * 2e-3)
    assert shifters not in plain.energy.by_component_j
    assert run.latency_s == plain.latency_s
    joules = run.energy.by_component_j[shifters]
    assert joules == pytest.approx(n * 2e-3 * run.latency_s)
    assert run.energy.total_j - plain.energy.total_j == pytest.approx(joules)
    without = waterfall(plain, chip).joules
    added = {boundary: found.joules[boundary] - without[boundary] for boundary in BOUNDARIES}
    assert added == pytest.approx(dict.fromkeys(BOUNDARIES, joules) | {"array": 0.0})


def test_a_new_part_in_pages_and_what_if(shifters: str) -> None:
    chip = arch.load("isaac")
    assert parts.boundary_of(shifters) == "macro"
    assert parts.colours()[shifters] == "#112233"
    assert parts.work_of_component(shifters) == "data movement"
    (knob,) = cost_knobs(chip, {shifters: 1.0})
    assert dict(knob.after)[2.0] == {"tile.level_shifter.static_power": "1 mW"}
