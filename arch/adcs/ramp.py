"""Ramp (single slope): the column is compared with a ramp of 2^bits levels, and a counter says where.

The comparator stands and the counter counts for the whole ramp, so time and energy double with every bit; the
area is mostly that of a latch per bit (single-slope converters of crossbars: Wan et al., Nature 608, 2022).
"""

from __future__ import annotations

from .law import ConverterLaw

LAWS = (
    ConverterLaw(
        kind="ramp",
        about="2^bits levels, one after the other",
        source="Wan 2022; single slope",
        steps=lambda bits: 2**bits,
        energy=lambda bits: 2.0**bits,
        area=float,
    ),
)
