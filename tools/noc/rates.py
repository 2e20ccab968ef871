"""The text of --rate: one rate, a list, or first:last:step."""

from __future__ import annotations

from math import floor, isfinite

from ..errors import UsageError

MOST_RATES = 1000


def parse_rates(text: str, packet_flits: int) -> list[float]:
    """Offered loads in flits per endpoint and cycle, ascending.

    Raises
    ------
    UsageError
        No numbers, a range that is empty, or a load that no endpoint could offer.

    Examples
    --------
    >>> parse_rates("0.1:0.3:0.1", 1), parse_rates("0.2,0.05", 1)
    ([0.1, 0.2, 0.3], [0.05, 0.2])
    """
    if ":" in text:
        rates = _range(text)
    else:
        rates = sorted({_number(part, text) for part in text.split(",")})
    for rate in rates:
        if not 0 < rate <= packet_flits:
            raise UsageError(
                f"--rate: found {rate:g} in {text!r}, expected flits per endpoint and cycle above 0 and at "
                f"most {packet_flits}"
            )
    return rates


def _range(text: str) -> list[float]:
    parts = [_number(part, text) for part in text.split(":")]
    if len(parts) != 3:
        raise _bad(text)
    first, last, step = parts
    if step <= 0 or last < first:
        raise UsageError(f"--rate: the range {text!r} is empty, expected first <= last and a step above 0")
    n = floor((last - first) / step + 1e-9) + 1
    if n > MOST_RATES:
        raise UsageError(f"--rate: {text!r} has {n} rates, expected at most {MOST_RATES}")
    return [round(first + i * step, 12) for i in range(n)]


def _number(part: str, text: str) -> float:
    try:
        number = float(part)
    except ValueError:
        raise _bad(text) from None
    if not isfinite(number):
        raise _bad(text)
    return number


def _bad(text: str) -> UsageError:
    return UsageError(f"--rate: found {text!r}, expected a rate, a list 0.1,0.2 or first:last:step")
