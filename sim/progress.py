"""How far long work is."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, float], None]
"""Called now and then with what is being done and the fraction of it that is done."""


def silent(what: str, done: float) -> None:
    """A `Progress` that tells nobody."""
