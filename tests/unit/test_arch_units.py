"""Does a text with a unit become the number it says, and back, with nothing lost?"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ohmsum.arch import units
from ohmsum.arch.units import UnitError


@pytest.mark.parametrize(
    ("text", "fs"),
    [
        ("1.2 ns", 1_200_000),
        ("130ns", 130_000_000),
        ("  0.5 us ", 500_000_000),
        ("1 fs", 1),
        ("1.5 fs", 2),
        ("2.5 fs", 2),  # half to even
        ("1e-3 ms", 10**9),
        (".5 µs", 500_000_000),
        ("0 s", 0),
    ],
)
def test_durations_are_whole_femtoseconds(text: str, fs: int) -> None:
    assert units.to_fs(text) == fs


@pytest.mark.parametrize(
    ("text", "fs"),
    [
        ("1.28 GHz", 781_250),
        ("1 GHz", 10**6),
        ("700 MHz", 1_428_571),
        ("0.78125 ns", 781_250),
        ("1.28 GS/s", 781_250),
    ],
)
def test_a_clock_is_a_period_rounded_to_the_nearest_femtosecond(text: str, fs: int) -> None:
    assert units.period_fs(text) == fs


@pytest.mark.parametrize(
    ("text", "dimension", "value"),
    [
        ("35 fJ", units.ENERGY, 35e-15),
        ("128 KiB", units.CAPACITY, 131072),
        ("64 kB", units.CAPACITY, 64000),
        ("2 Mbit", units.CAPACITY, 250_000),
        ("0.0012 mm2", units.AREA, 0.0012),
        ("1200 um2", units.AREA, 0.0012),
        ("2 mW", units.POWER, 2e-3),
        ("6.4 GB/s", units.BANDWIDTH, 6.4e9),
        ("20 Gbps", units.BANDWIDTH, 2.5e9),
        ("20 Gb/s", units.BANDWIDTH, 2.5e9),
        ("4.05 pJ/bit", units.ENERGY_PER_BYTE, 32.4e-12),
        ("2.02 pJ/B", units.ENERGY_PER_BYTE, 2.02e-12),
        ("25 uS", units.CONDUCTANCE, 25e-6),
        ("10 Gop/s", units.THROUGHPUT, 1e10),
        ("14 nm", units.LENGTH, 14),
    ],
)
def test_units_of_every_dimension(text: str, dimension: units.Dimension, value: float) -> None:
    number, found = units.parse(text, dimension)
    assert found is dimension
    assert float(number) == value


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("130 nJ", "'130 nJ' is an energy, expected a time such as '100 ns'"),
        (130, "the number 130 has no unit, expected a time such as '100 ns'"),
        (1.5, "the number 1.5 has no unit, expected a time such as '100 ns'"),
        ("130", "'130' has no unit, expected a time such as '100 ns'"),
        (True, "True has no unit, expected a time such as '100 ns'"),
        ("fast", "'fast' is not a number with a unit, expected a time such as '100 ns'"),
        (
            "1 nanosecond",
            "'1 nanosecond' has the unknown unit 'nanosecond', expected a time such as '100 ns'",
        ),
        ("1e999 s", "'1e999 s' is too long, expected less than 4611.686018427387904 s"),
        ("nan ns", "'nan ns' is not a number with a unit, expected a time such as '100 ns'"),
    ],
)
def test_what_is_no_time_is_refused_with_reason(value: object, message: str) -> None:
    with pytest.raises(UnitError) as caught:
        units.to_fs(value)
    assert str(caught.value) == message


def test_the_ambiguous_kilobyte_is_refused() -> None:
    with pytest.raises(UnitError, match="write KiB for 1024 bytes or kB for 1000"):
        units.parse("64 KB", units.CAPACITY)


def test_no_unit_text_means_two_things() -> None:
    seen: dict[str, units.Dimension] = {}
    for dimension in units.DIMENSIONS:
        for unit in dimension.units:
            assert unit not in seen, f"{unit} is both {seen.get(unit)} and {dimension}"
            seen[unit] = dimension


@given(st.integers(min_value=0, max_value=units.MAX_FS - 1))
def test_durations_round_trip(fs: int) -> None:
    assert units.to_fs(units.format_fs(fs)) == fs


@given(st.integers(min_value=1, max_value=10**16))
def test_rates_round_trip(fs: int) -> None:
    assert units.period_fs(units.format_rate(fs)) == fs


@given(
    st.floats(min_value=0, max_value=1e20, allow_nan=False),
    st.sampled_from([d for d in units.DIMENSIONS if d not in (units.TIME, units.FREQUENCY)]),
)
def test_every_float_round_trips_in_every_dimension(value: float, dimension: units.Dimension) -> None:
    assert float(units.parse(units.format_quantity(value, dimension), dimension)[0]) == value


@given(st.decimals(min_value=0, max_value=1000, places=6), st.sampled_from(list(units.TIME.units)))
def test_a_duration_is_within_half_a_femtosecond(number: Decimal, unit: str) -> None:
    exact = Fraction(number) * Fraction(units.TIME.units[unit]) * units.FS_PER_S
    if exact < units.MAX_FS:
        assert abs(units.to_fs(f"{number:f} {unit}") - exact) <= Fraction(1, 2)


def test_printed_units_suit_the_size() -> None:
    assert units.format_fs(781_250) == "781.25 ps"
    assert units.format_rate(781_250) == "1.28 GHz"
    assert units.format_rate(1_428_571) == "1.428571 ns"  # 700 MHz is no longer exact
    assert units.format_quantity(1200e-6, units.AREA) == "1200 um2"
    assert units.format_quantity(65536, units.CAPACITY) == "64 KiB"
