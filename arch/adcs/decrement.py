"""Charge decrement: a column's charge is taken away in equal steps, which are counted until its sign turns.

The sign is found first, so that a result of so many bits takes up to 2^(bits - 1) - 1 steps; a comparison and
a decrement per step make time and energy alike, the counter has a cell per bit (NeuRRAM: Wan et al., Nature
608, 2022).
"""

from __future__ import annotations

from .law import ConverterLaw


def steps(bits: int) -> int:
    """Decrements of the largest result; one for its sign alone."""
    return max(1, (1 << bits - 1) - 1)


LAWS = (
    ConverterLaw(
        kind="decrement",
        about="the sign, then 2^(bits - 1) - 1 equal steps of charge",
        source="Wan 2022",
        steps=steps,
        energy=lambda bits: float(steps(bits)),
        area=float,
    ),
)
