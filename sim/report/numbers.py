"""Numbers and names as people like to read them."""

from __future__ import annotations

import math

from ..figures import Family, Figure

_PREFIXES = {
    -18: "a",
    -15: "f",
    -12: "p",
    -9: "n",
    -6: "u",
    -3: "m",
    0: "",
    3: "k",
    6: "M",
    9: "G",
    12: "T",
    15: "P",
}


def si(value: float, unit: str = "", digits: int = 3) -> str:
    """A number in engineering units, with so many significant digits.

    Examples
    --------
    >>> si(0.00123456, "s"), si(999_999, "MAC"), si(0, "J"), si(85.4, "mm2")
    ('1.23 ms', '1.00 MMAC', '0 J', '85.4 mm2')
    """
    if value == 0 or not math.isfinite(value):
        return f"{value:g} {unit}".rstrip()
    exponent = math.floor(math.log10(abs(float(f"{value:.{digits - 1}e}"))))
    # Areas and counts of chips keep their own unit: a prefix would read as the prefix of mm2.
    power = 0 if unit == "mm2" else min(15, max(-18, 3 * (exponent // 3)))
    decimals = max(0, digits - 1 - (exponent - power))
    return f"{value / 10**power:.{decimals}f} {_PREFIXES[power]}{unit}".rstrip()


def percent(share: float) -> str:
    """A share as per cent: whole above 10, one digit below.

    Examples
    --------
    >>> percent(0.1234), percent(0.0612), percent(0.0001), percent(0.0)
    ('12 %', '6.1 %', '<0.1 %', '0 %')
    """
    if share == 0:
        return "0 %"
    if share < 0.0005:
        return "<0.1 %"
    return f"{100 * share:.0f} %" if share >= 0.0995 else f"{100 * share:.1f} %"


def shorten(name: str, width: int, mark: str = "…") -> str:
    """A name in at most `width` characters, cut in the middle: beginnings and ends tell layers apart.

    Examples
    --------
    >>> shorten("encoder/layer.11/attention/query", 15, "..")
    'encode..n/query'
    """
    if len(name) <= width:
        return name
    keep = width - len(mark)
    if keep < 2:
        return name[:width]
    return name[: keep // 2] + mark + name[len(name) - (keep - keep // 2) :]


def bar(share: float, width: int, plain: bool) -> str:
    """A bar of `width` characters filled to `share`, in eighths of a character unless `plain`."""
    share = min(1.0, max(0.0, share))
    if plain:
        return "#" * round(share * width)
    eighths = round(share * width * 8)
    full, rest = divmod(eighths, 8)
    return "█" * full + (" ▏▎▍▌▋▊▉"[rest] if rest else "")


def figure_text(record: Figure | Family, value: float, *, fine: bool = False) -> str:
    """A figure with its unit; `fine` shows one digit more of times and of operations.

    Examples
    --------
    >>> from ohmsum.sim.figures import FIGURES
    >>> figure_text(FIGURES["latency_s"], 1.5e-3, fine=True), figure_text(FIGURES["throughput_per_s"], 2e3)
    ('1.500 ms', '2.00 k/s')
    """
    unit = record.unit
    if unit == "/s":
        return f"{si(value)}/s"
    if unit == "share":
        return percent(value)
    if unit.startswith("TOPS"):
        return f"{value:.{4 if fine else 3}g}"
    if unit in ("dB", "bit"):
        return f"{value:.3g} {unit}"
    if not unit:
        return f"{value:,g}" if abs(value) < 1e6 else si(value)
    return si(value, unit, digits=4 if fine and unit == "s" else 3)
