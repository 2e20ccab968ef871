"""Quantities with units: ``"1.2 ns"``, ``"35 fJ"``, ``"128 KiB"`` to numbers and back.

Texts are read as decimal fractions, so nothing is lost on the way: ``parse("0.1 ns", TIME)`` is exactly
1e-10, and `to_fs` rounds to the nearest whole femtosecond (half to even) once, at the end.

>>> to_fs("1.2 ns")
1200000
>>> period_fs("1.28 GHz")
781250
>>> format_quantity(3.5e-14, ENERGY)
'35 fJ'
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Context, Decimal
from fractions import Fraction

FS_PER_S = 10**15
MAX_FS = 2**62
"""Durations stay below this (1.28 hours), so that sums of a few of them fit 64 bits."""

_EXACT = Context(prec=100)
_QUANTITY = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?)\s*([^\d\s.].*?)?\s*")


class UnitError(ValueError):
    """A text that is not a quantity of the expected dimension."""


@dataclass(frozen=True, eq=False)
class Dimension:
    """One physical dimension.

    Parameters
    ----------
    name : str
        With its article: "a time".
    example : str
        A text that is valid.
    units : dict of str to Decimal
        Unit text to its size in the dimension's own unit (seconds, joules, mm2, bytes, ...).
    display : tuple of str
        Units used to print, from the smallest to the largest.
    """

    name: str
    example: str
    units: dict[str, Decimal] = field(repr=False)
    display: tuple[str, ...] = field(repr=False)


_PREFIXES = {
    "f": -15,
    "p": -12,
    "n": -9,
    "u": -6,
    "µ": -6,
    "μ": -6,
    "m": -3,
    "": 0,
    "k": 3,
    "M": 6,
    "G": 9,
    "T": 12,
    "P": 15,
}
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4}


def _prefixed(base: str, prefixes: str, power: int = 1, scale: Decimal | None = None) -> dict[str, Decimal]:
    """Units such as fs, ps, ns from a base unit and the letters of the prefixes ("-" is none)."""
    one = Decimal(1) if scale is None else scale
    letters = ["" if letter == "-" else letter for letter in prefixes]
    return {p + base: one.scaleb(_PREFIXES[p] * power, _EXACT) for p in letters}


def _amounts() -> dict[str, Decimal]:
    units: dict[str, Decimal] = {}
    for base, size in (("B", Decimal(1)), ("bit", Decimal("0.125")), ("b", Decimal("0.125"))):
        units |= _prefixed(base, "-kMGT", scale=size)
        units |= {p + base: size * 1024**power for p, power in _BINARY.items()}
    return units


_AMOUNTS = _amounts()
_RATES = {f"{unit}/s": size for unit, size in _AMOUNTS.items()} | {
    f"{unit[:-1]}bps": size for unit, size in _AMOUNTS.items() if unit.endswith("b")
}
_ENERGIES = _prefixed("J", "fpnuµμm-") | {"aJ": Decimal("1e-18")}
_PER_BYTE = {f"{e}/{a}": v / _AMOUNTS[a] for e, v in _ENERGIES.items() for a in ("B", "bit", "b")}
_HERTZ = _prefixed("Hz", "-kMGT")
_SAMPLES = {unit.replace("Hz", "S/s"): size for unit, size in _HERTZ.items()}
_OPS = _prefixed("op/s", "-kMGTP")

TIME = Dimension("a time", "100 ns", _prefixed("s", "fpnuµμm-"), ("fs", "ps", "ns", "us", "ms", "s"))
FREQUENCY = Dimension("a frequency", "1.28 GHz", _HERTZ | _SAMPLES, ("Hz", "kHz", "MHz", "GHz", "THz"))
ENERGY = Dimension("an energy", "35 fJ", _ENERGIES, ("aJ", "fJ", "pJ", "nJ", "uJ", "mJ", "J"))
POWER = Dimension("a power", "2 mW", _prefixed("W", "fpnuµμm-k"), ("fW", "pW", "nW", "uW", "mW", "W", "kW"))
AREA = Dimension(
    "an area",
    "0.0012 mm2",
    {"mm2": Decimal(1), "mm²": Decimal(1), "cm2": Decimal(100), "cm²": Decimal(100), "nm2": Decimal("1e-12")}
    | dict.fromkeys(("um2", "µm2", "μm2", "um²", "µm²", "μm²"), Decimal("1e-6")),
    ("nm2", "um2", "mm2"),
)
CAPACITY = Dimension("a size in bytes", "128 KiB", _AMOUNTS, ("B", "KiB", "MiB", "GiB", "TiB"))
WIDTH = Dimension("a width in bits", "256 bit", _AMOUNTS, ("bit",))
BANDWIDTH = Dimension("a bandwidth", "6.4 GB/s", _RATES, ("B/s", "kB/s", "MB/s", "GB/s", "TB/s"))
ENERGY_PER_BYTE = Dimension(
    "an energy per byte", "2.02 pJ/B", _PER_BYTE, ("fJ/B", "pJ/B", "nJ/B", "uJ/B", "mJ/B")
)
THROUGHPUT = Dimension(
    "a number of operations per second", "10 Gop/s", _OPS, ("op/s", "kop/s", "Mop/s", "Gop/s", "Top/s")
)
LENGTH = Dimension(
    "a length",
    "14 nm",
    {"nm": Decimal(1), "um": Decimal(1000), "µm": Decimal(1000), "mm": Decimal("1e6")},
    ("nm",),
)
CONDUCTANCE = Dimension(
    "a conductance", "25 uS", _prefixed("S", "fpnuµμm-"), ("fS", "pS", "nS", "uS", "mS", "S")
)
RESISTANCE = Dimension("a resistance", "1 Ohm", _prefixed("Ohm", "mk-M"), ("mOhm", "Ohm", "kOhm", "MOhm"))
VOLTAGE = Dimension("a voltage", "0.2 V", _prefixed("V", "uµμm-"), ("uV", "mV", "V"))

DIMENSIONS = (
    TIME,
    FREQUENCY,
    ENERGY,
    POWER,
    AREA,
    CAPACITY,
    BANDWIDTH,
    ENERGY_PER_BYTE,
    THROUGHPUT,
    LENGTH,
    CONDUCTANCE,
    RESISTANCE,
    VOLTAGE,
)
_KILO = "write KiB for 1024 bytes or kB for 1000"
_HINTS = {
    "KB": _KILO,
    "K": _KILO,
    "KB/s": "write kB/s for 1000 bytes per second",
    "hz": "write Hz",
    "Ghz": "write GHz",
}


def parse(value: object, *expected: Dimension) -> tuple[Decimal, Dimension]:
    """Read a quantity of one of the expected dimensions.

    Parameters
    ----------
    value : object
        A text such as "1.2 ns". Anything else is refused.
    *expected : Dimension
        The dimensions that are allowed; the first one gives the example in messages.

    Returns
    -------
    tuple of Decimal and Dimension
        The exact number in the dimension's own unit, and which dimension it is.

    Raises
    ------
    UnitError
        Saying what was found and what was expected.
    """
    wanted = f"expected {' or '.join(d.name for d in expected)} such as {expected[0].example!r}"
    if not isinstance(value, str):
        what = (
            f"the number {value}"
            if isinstance(value, int | float) and not isinstance(value, bool)
            else repr(value)
        )
        raise UnitError(f"{what} has no unit, {wanted}")
    match = _QUANTITY.fullmatch(value)
    if match is None:
        raise UnitError(f"{value!r} is not a number with a unit, {wanted}")
    number, unit = match.groups()
    if unit is None:
        raise UnitError(f"{value!r} has no unit, {wanted}")
    for dimension in expected:
        if unit in dimension.units:
            return _EXACT.multiply(Decimal(number), dimension.units[unit]), dimension
    found = next((d.name for d in DIMENSIONS if unit in d.units), None)
    if found is not None:
        raise UnitError(f"{value!r} is {found}, {wanted}")
    raise UnitError(f"{value!r} has the unknown unit {unit!r}, {_HINTS.get(unit, wanted)}")


def to_fs(value: object) -> int:
    """A duration as whole femtoseconds, rounded to the nearest (half to even)."""
    seconds, _ = parse(value, TIME)
    return _checked_fs(Fraction(seconds), value)


def period_fs(value: object) -> int:
    """A clock period in femtoseconds, from a period ("0.78125 ns") or a frequency ("1.28 GHz").

    A frequency whose period is no whole number of femtoseconds is rounded to the nearest: 700 MHz becomes
    1428571 fs, which is 0.3 ppm fast.
    """
    number, dimension = parse(value, TIME, FREQUENCY)
    if dimension is TIME:
        return _checked_fs(Fraction(number), value)
    if number <= 0:
        raise UnitError(f"{value!r} is not above zero, expected a frequency such as {FREQUENCY.example!r}")
    return _checked_fs(1 / Fraction(number), value)


def _checked_fs(seconds: Fraction, value: object) -> int:
    fs = round(seconds * FS_PER_S)
    if abs(fs) >= MAX_FS:
        raise UnitError(f"{value!r} is too long, expected less than {format_fs(MAX_FS)}")
    return fs


def format_quantity(value: float | Decimal, dimension: Dimension) -> str:
    """Text that reads back as exactly `value` (in the dimension's own unit), with a prefix that suits it."""
    exact = value if isinstance(value, Decimal) else Decimal(repr(value))
    unit = dimension.display[0]
    for candidate in dimension.display:
        if abs(exact) >= dimension.units[candidate]:
            unit = candidate
    if exact == 0:
        unit = dimension.display[-1] if dimension is not TIME else "ns"
    scaled = _EXACT.divide(exact, dimension.units[unit])
    if (
        _EXACT.multiply(scaled, dimension.units[unit]) != exact
    ):  # no finite decimal: print in the smallest unit
        unit = dimension.display[0]
        scaled = _EXACT.divide(exact, dimension.units[unit])
    text = f"{scaled:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return f"{text} {unit}"


def format_fs(fs: int) -> str:
    """A duration in femtoseconds as text: ``format_fs(1200000) == "1.2 ns"``."""
    return format_quantity(Decimal(fs).scaleb(-15, _EXACT), TIME)


def format_rate(fs: int) -> str:
    """A period as a frequency where that is short and exact ("1.28 GHz"), else as a time."""
    hertz = Fraction(FS_PER_S, fs) if fs else Fraction(0)
    rounded = Decimal(f"{float(hertz):.6g}")
    text = format_quantity(rounded, FREQUENCY)
    return text if rounded > 0 and Fraction(rounded) == hertz else format_fs(fs)
