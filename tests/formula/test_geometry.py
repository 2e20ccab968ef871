"""Do costs follow the geometry they were stated for? Expected factors are worked out by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from ohmsum import arch
from ohmsum.arch import adcs, geometry
from ohmsum.arch.adcs import ConverterLaw
from ohmsum.arch.paths import fields_by_key, walk


def value(chip: arch.Chip, path: str) -> Any:
    owner, _, key = path.rpartition(".")
    part = dict(walk(chip))[owner]
    return getattr(part, fields_by_key(type(part))[key][0])


SAR_6 = (2 / 3) * (6 / 8) + (1 / 3) / 4
"""Two thirds with the bits, a third with 2^bits."""


@pytest.mark.parametrize(
    ("chip", "changes", "cost", "factor"),
    [
        ("isaac", {"tile.crossbar.rows": "256"}, "tile.crossbar.energy", 2),
        ("isaac", {"tile.crossbar.rows": "256"}, "tile.crossbar.area", 2),
        ("isaac", {"tile.crossbar.cols": "64"}, "tile.crossbar.power", 0.5),
        ("isaac", {"tile.crossbar.active_rows": "16"}, "tile.crossbar.energy", 1 / 8),
        ("isaac", {"tile.crossbar.rows": "256", "tile.crossbar.cols": "64"}, "tile.crossbar.energy", 1),
        ("isaac", {"tile.adc.bits": "6"}, "tile.adc.energy", SAR_6),
        ("isaac", {"tile.adc.bits": "6"}, "tile.adc.area", SAR_6),
        ("isaac", {"tile.adc.bits": "6"}, "tile.adc.rate", 7 / 9),
        ("isaac", {"tile.adc.bits": "6"}, "tile.adc.power", SAR_6 / (7 / 9)),
        ("isaac", {"tile.dac.slice_bits": "2"}, "tile.dac.energy", 2),
        ("isaac", {"tile.buffer.capacity": "32 KiB"}, "tile.buffer.area", 0.5),
        ("isaac", {"tile.buffer.clock": "640 MHz"}, "tile.buffer.power", 2),
        ("isaac", {"tile.bus.width": "512 bit"}, "tile.bus.area", 2),
        ("isaac", {"noc.flit": "64 bit"}, "noc.energy_per_flit_hop", 2),
        ("isaac", {"noc.flit": "16 bit"}, "noc.router.area", 0.5),
        ("isaac", {"node": "16 nm"}, "tile.adc.area", 0.25),
        ("isaac", {"node": "16 nm"}, "tile.crossbar.energy", 1),
        ("isaac", {"tile.units.sigmoid.lanes": "4"}, "tile.units.sigmoid.power", 4),
        ("neurram@training", {"tile.crossbar.rows": "256"}, "tile.crossbar.transposed.energy", 2),
        ("hermes-64", {"tile.adc.bits": "9"}, "tile.adc.energy", 2),
        ("hermes-64", {"tile.adc.bits": "7"}, "tile.crossbar.read_time", 0.5),
    ],
)
def test_a_cost_moves_by_its_law(chip: str, changes: dict[str, str], cost: str, factor: float) -> None:
    before, after = arch.load(chip), arch.load(chip, overrides=changes)
    assert value(after, cost) / value(before, cost) == pytest.approx(factor, rel=1e-5)
    assert after.source_of(cost).startswith("scaled: ") == (factor != 1)
    assert {m.path for m in geometry.scaled_costs(after)} >= ({cost} if factor != 1 else set())


def test_the_size_of_a_memory_moves_the_energy_of_a_byte_as_two_published_ones_do() -> None:
    """Horowitz: 10 pJ for 8 KiB and 100 pJ for 1 MiB at 45 nm; Jouppi: 7.5 and 14 pJ at 7 nm."""
    base = {"tile.buffer.capacity": "64 KiB"}
    twice = arch.load("isaac", overrides={"tile.buffer.capacity": "128 KiB"})
    at_45, at_7 = 10 ** (1 / 7), (14 / 7.5) ** (1 / 7)  # per doubling: 128 = 2^7
    found = (
        twice.tile.buffer.energy_per_byte_j / arch.load("isaac", overrides=base).tile.buffer.energy_per_byte_j
    )
    assert at_7 < found < at_45
    caches = [arch.load("isaac@attention", {"kv_cache.capacity": c}).kv_cache for c in ("2 MiB", "512 KiB")]
    assert at_7**2 < caches[0].energy_per_byte_j / caches[1].energy_per_byte_j < at_45**2


def test_what_is_stated_or_set_or_estimated_is_not_scaled() -> None:
    plain = arch.load("isaac")
    assert geometry.scaled_costs(plain) == geometry.kept_costs(plain) == ()
    both = arch.load("isaac", overrides={"tile.adc.bits": "6", "tile.adc.energy": "1 pJ"})
    assert both.tile.adc.energy_j == 1e-12
    modelled = {"tile.adc.bits": "6", "tile.adc.energy": "{model: adc-survey, enob: 7}"}
    assert arch.load("isaac", overrides=modelled).source_of("tile.adc.energy").startswith("estimated")
    same = arch.load("isaac", overrides={"tile.adc.bits": "8", "tile.count": "100"})
    assert geometry.scaled_costs(same) == ()


def test_a_mode_states_its_own_numbers() -> None:
    mode = arch.load("isaac@attention")
    assert geometry.scaled_costs(mode) == ()
    wider = arch.load("isaac@attention", overrides={"mac_array.rows": "128"})
    assert wider.mac_array.energy_j == mode.mac_array.energy_j


@pytest.mark.parametrize(
    ("changes", "cost", "why"),
    [
        ({"tile.crossbar.read_time": "200 ns"}, "tile.crossbar.energy", "no part of it is stated"),
        ({"tile.crossbar.rows": "256"}, "tile.crossbar.read_time", "longer lines take to settle"),
        ({"tile.adc.bits": "6"}, "tile.shift_add.energy", "how wide its adder is"),
        ({"tile.adc.kind": "flash"}, "tile.adc.energy", "another kind of converter"),
        ({"tile.adc.rate": "2.56 GHz"}, "tile.adc.energy", "no dependence on the rate"),
        ({"tile.crossbar.cell.bits": "1"}, "tile.crossbar.write_energy", "how often a finer level"),
        ({"node": "5 nm"}, "tile.adc.energy", "energy of logic at its node"),
        ({"tile.buffer.capacity": "64 MiB"}, "tile.buffer.energy_per_byte", "energy of an access"),
    ],
)  # fmt: skip
def test_what_follows_no_law_stays_and_is_named(changes: dict[str, str], cost: str, why: str) -> None:
    before, after = arch.load("isaac"), arch.load("isaac", overrides=changes)
    assert value(after, cost) == value(before, cost)
    mark = after.source_of(cost)
    field = next(iter(changes))
    assert f"kept though {field} changed: " in mark
    assert why in mark
    assert mark.startswith(before.source_of(cost))


def test_the_scaled_chip_reads_back_as_it_is() -> None:
    chip = arch.load("isaac", overrides={"tile.adc.bits": "6", "tile.crossbar.rows": "256"})
    again = arch.loads(arch.to_yaml(chip))
    assert again == chip
    assert again.source_of("tile.adc.energy").startswith("scaled: 1.5625 pJ x 0.5833")


def test_every_law_names_fields_and_costs_that_exist() -> None:
    chips = [arch.load(name) for name in (*arch.names(), "isaac@attention", "neurram@training")]
    parts = {path: part for chip in chips for path, part in walk(chip)}
    for law in geometry.LAWS:
        for pattern in law.parts:
            prefix = pattern.rstrip("*")
            found = [p for p in parts if p == pattern or ("*" in pattern and p.startswith(prefix))]
            assert found, pattern
            keys = {key for path in found for key in fields_by_key(type(parts[path]))}
            assert set(law.costs) & keys, (pattern, law.costs)
            for field in law.hangs_on:
                full = f"{found[0]}{field}" if field.startswith(".") else field
                owner, _, key = full.rpartition(".")
                assert key in fields_by_key(type(parts[owner])), full


class TestConverters:
    """Time and energy of each kind by its own law."""

    @pytest.mark.parametrize(
        ("kind", "bits", "steps", "energy_of_one_bit_more"),
        [
            ("ramp", 8, 256, 2), ("cco", 8, 256, 2), ("vco", 6, 64, 2), ("flash", 4, 1, 31 / 15),
            ("pipeline", 10, 1, 11 / 10), ("sar", 8, 9, (2 / 3 * 9 / 8 + 2 / 3)), ("none", 8, 0, 1),
        ],
    )  # fmt: skip
    def test_laws(self, kind: str, bits: int, steps: int, energy_of_one_bit_more: float) -> None:
        law = adcs.law(kind)
        assert law.steps(bits) == steps
        assert law.energy(bits + 1) / law.energy(bits) == pytest.approx(energy_of_one_bit_more)

    @pytest.mark.parametrize(
        ("kind", "expected_fs"), [("sar", 9_000), ("ramp", 256_000), ("cco", 256_000), ("flash", 1_000)]
    )
    def test_a_step_makes_a_rate(self, kind: str, expected_fs: int) -> None:
        changes = {"tile.adc.kind": kind, "tile.adc.rate": "null", "tile.adc.step": "1 ps"}
        chip = arch.load("isaac", overrides=changes)
        assert chip.tile.adc.conversion_fs == expected_fs
        assert arch.read_interval_fs(chip.tile) == max(100_000_000, 128 * expected_fs)

    def test_four_bits_cost_less_than_eight(self) -> None:
        chips = [arch.load("isaac", overrides={"tile.adc.bits": bits}) for bits in ("4", "8")]
        four, eight = (c.tile.adc for c in chips)
        assert four.energy_j < eight.energy_j
        assert four.area_mm2 < eight.area_mm2

    def test_a_kind_of_another_package(self, monkeypatch: pytest.MonkeyPatch) -> Any:
        law = ConverterLaw(
            kind="integrating", about="dual slope", source="test", steps=lambda b: 2 * 2**b,
            energy=float, area=float,
        )  # fmt: skip

        @dataclass
        class Entry:
            name: str = "integrating"

            def load(self) -> object:
                return law

        with pytest.raises(arch.ConfigError, match=r"adc.kind: found 'integrating', expected one of sar"):
            arch.load("isaac", overrides={"tile.adc.kind": "integrating"})
        monkeypatch.setattr(adcs, "entry_points", lambda group: [Entry()] if group == adcs.GROUP else [])
        changes = {"tile.adc.kind": "integrating", "tile.adc.rate": "null", "tile.adc.step": "1 ps"}
        assert arch.load("isaac", overrides=changes).tile.adc.conversion_fs == 512_000
        adcs.law.cache_clear()

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"tile.adc.step": "1 ns"}, "tile.adc: found both 'rate' and 'step', expected one of them"),
            ({"tile.adc.rate": "null"}, "tile.adc: rate is missing"),
        ],
    )
    def test_bad_input(self, changes: dict[str, str], message: str) -> None:
        with pytest.raises(arch.ConfigError, match=message):
            arch.load("isaac", overrides=changes)
