"""Words that a chip file shares with networks: the functions that a digital unit may offer.

What a function is (what it needs, what its way back costs) is said by networks, of which `arch` knows
nothing. The package introduces their names when it is imported (`ohmsum/__init__`, the one place that knows
both), so that a chip file with a wrong one is told so with its line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

_introduced: list[tuple[Callable[[str], bool], Callable[[], Sequence[str]]]] = []


def introduce(knows: Callable[[str], bool], names: Callable[[], Sequence[str]]) -> None:
    """Say which functions there are: whether a name is one, and all names (asked for only when needed)."""
    _introduced[:] = [(knows, names)]


def is_function(name: str) -> bool:
    """Whether a unit may offer a function of this name."""
    return any(knows(name) for knows, _ in _introduced)


def function_names() -> tuple[str, ...]:
    """All functions that a unit may offer."""
    return tuple(name for _, names in _introduced for name in names())
