"""Texts of the command line turned into values."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .errors import UsageError


def pairs(option: str, texts: Iterable[str], example: str) -> dict[str, str]:
    """``NAME=VALUE`` texts as a dict; a name may be given only once.

    Raises
    ------
    UsageError

    Examples
    --------
    >>> pairs("--set", ["tile.adc.bits=6"], "tile.adc.bits=6")
    {'tile.adc.bits': '6'}
    """
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"{option}: found {text!r}, expected NAME=VALUE such as {example}")
        if name.strip() in found:
            raise UsageError(f"{option}: {name.strip()!r} is given twice")
        found[name.strip()] = value.strip()
    return found


def dimensions(texts: Iterable[str]) -> dict[str, int]:
    """``DIM=N`` texts of --bind as a dict of positive integers."""
    found: dict[str, int] = {}
    for name, value in pairs("--bind", texts, "batch=1").items():
        if not re.fullmatch(r"[0-9]{1,9}", value) or int(value) < 1:
            raise UsageError(f"--bind {name}: found {value!r}, expected a whole number from 1")
        found[name] = int(value)
    return found


def shapes(texts: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """``NAME=1x3x224x224`` texts of --input as shapes.

    Examples
    --------
    >>> shapes(["x=1x3x224x224"])
    {'x': (1, 3, 224, 224)}
    """
    found: dict[str, tuple[int, ...]] = {}
    for name, value in pairs("--input", texts, "x=1x3x224x224").items():
        sizes = value.lower().split("x")
        if not all(re.fullmatch(r"[0-9]{1,9}", size) and int(size) > 0 for size in sizes):
            raise UsageError(f"--input {name}: found {value!r}, expected sizes from 1 such as 1x3x224x224")
        found[name] = tuple(int(size) for size in sizes)
    return found
