"""Texts of the options of `ohmsum accuracy`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..errors import UsageError

SECONDS = {
    "s": 1.0, "ms": 1e-3, "us": 1e-6, "min": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0,
    "month": 2592000.0, "y": 31557600.0,
}  # fmt: skip
_NUMBER = r"([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"


def times(text: str) -> list[float]:
    """Times such as "1s, 1d, 1month" in seconds; a month has 30 days.

    Examples
    --------
    >>> times("1s,2 d")
    [1.0, 172800.0]
    """
    return [_time(part) for part in _parts("--time", text)]


def _time(text: str) -> float:
    match = re.fullmatch(_NUMBER + r"\s*([a-z]+)", text)
    if match is None or match[2] not in SECONDS:
        raise UsageError(f"--time: found {text!r}, expected a time such as 1d ({', '.join(SECONDS)})")
    if float(match[1]) < 0:
        raise UsageError(f"--time: found {text!r}, expected 0 or more")
    return float(match[1]) * SECONDS[match[2]]


def time_text(seconds: float) -> str:
    """A time as people say it.

    Examples
    --------
    >>> time_text(86400.0), time_text(0.0), time_text(2592000.0)
    ('1 d', '0 s', '30 d')
    """
    unit = next((u for u in ("y", "d", "h", "min") if seconds >= SECONDS[u] and u != "y"), "s")
    return f"{seconds / SECONDS[unit]:.4g} {unit}"


def celsius(text: str) -> float:
    """A temperature such as "85C" or "358 K" in degrees Celsius."""
    match = re.fullmatch(_NUMBER + r"\s*(?:°?(C)|(K))", text.strip())
    if match is None:
        raise UsageError(f"--temperature: found {text!r}, expected a temperature such as 85C or 358K")
    return float(match[1]) - (273.15 if match[3] else 0.0)


def fraction(option: str, text: str) -> float:
    """A share such as "0.5%" or "0.005".

    Examples
    --------
    >>> fraction("--find-digital", "0.5%")
    0.005
    """
    match = re.fullmatch(_NUMBER + r"\s*(%?)", text.strip())
    value = float(match[1]) / (100 if match[2] else 1) if match else -1.0
    if not 0 <= value <= 1:
        raise UsageError(f"{option}: found {text!r}, expected a share from 0 to 1, or from 0% to 100%")
    return value


def names(texts: Iterable[str]) -> tuple[str, ...]:
    """Names from options that may be repeated and may hold several with commas."""
    return tuple(part for text in texts for part in _parts("--digital", text))


def varied(text: str | None) -> tuple[str, list[str]]:
    """``PATH=4,5,6`` or ``PATH=4..10`` as the path of a field and its values; one empty value for None.

    Examples
    --------
    >>> varied("tile.adc.bits=4..6")
    ('tile.adc.bits', ['4', '5', '6'])
    """
    if text is None:
        return "", [""]
    path, equals, values = text.partition("=")
    if not equals or not path.strip():
        raise UsageError(f"--vary: found {text!r}, expected PATH=VALUES such as tile.adc.bits=4..10")
    span = re.fullmatch(r"\s*([0-9]{1,6})\.\.([0-9]{1,6})\s*", values)
    if span:
        low, high = int(span[1]), int(span[2])
        if low > high:
            raise UsageError(f"--vary: found {values!r}, expected the smaller number first")
        return path.strip(), [str(i) for i in range(low, high + 1)]
    return path.strip(), _parts("--vary", values)


def _parts(option: str, text: str) -> list[str]:
    parts = [part.strip() for part in text.split(",")]
    if not all(parts):
        raise UsageError(f"{option}: found {text!r}, expected one value or several with commas between")
    return parts
