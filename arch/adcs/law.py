"""How the time, the energy and the area of one kind of converter go with its bits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ConverterLaw:
    """One kind of converter.

    A chip file states the rate and the costs of a converter for its bits. These laws say what becomes of them
    when the bits are changed, and how long a conversion takes where only its step is stated.

    Parameters
    ----------
    kind : str
        As in ``tile.adc.kind``.
    about, source : str
    steps : callable
        Steps of one conversion of so many bits, one after the other (comparisons, levels, counts).
    energy, area : callable
        Energy of one conversion and area, in a unit of their own: only their ratios mean something.
    converts : bool
        Whether it converts at all.
    """

    kind: str
    about: str
    source: str
    steps: Callable[[int], int]
    energy: Callable[[int], float]
    area: Callable[[int], float]
    converts: bool = True
