"""What a cost hangs on: which fields, by which law, from where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..chip import Chip


class Seen(NamedTuple):
    """A part in its chip, before or after fields were changed."""

    part: Any
    chip: Chip


Factor = Callable[[Seen, Seen], float | None]
"""New cost over old cost; None outside the range in which the law holds."""


@dataclass(frozen=True, kw_only=True)
class Law:
    """One law.

    Parameters
    ----------
    parts : tuple of str
        Paths of the parts whose costs move; "units.*" are all units of a list.
    costs : tuple of str
        Keys of the fields that move.
    hangs_on : tuple of str
        Dotted paths of the fields that move them; with a dot in front, of the part itself.
    factor : callable or None
        None: it is known that they hang on these fields, but not how; they stay, and it is said.
    how : str
        The law in a few words; or why it is not known.
    source : str
    """

    parts: tuple[str, ...]
    costs: tuple[str, ...]
    hangs_on: tuple[str, ...]
    how: str
    source: str = ""
    factor: Factor | None = None


def ratio(of: Callable[[Seen], float]) -> Factor:
    """The factor of a cost that is proportional to something."""
    return lambda old, new: of(new) / of(old)
