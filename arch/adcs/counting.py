"""Counting: the current (CCO) or voltage (VCO) of a column sets the rate of an oscillator whose pulses are
counted.

2^bits counts must fit into a conversion at the highest rate, so time and energy double with every bit; the
counter has a cell per bit (Khaddam-Aljameh et al., IEEE JSSC 57, 2022: HERMES).
"""

from __future__ import annotations

from .law import ConverterLaw

LAWS = tuple(
    ConverterLaw(
        kind=kind,
        about="2^bits counts, one after the other",
        source="Khaddam-Aljameh 2022",
        steps=lambda bits: 2**bits,
        energy=lambda bits: 2.0**bits,
        area=float,
    )
    for kind in ("cco", "vco")
)
