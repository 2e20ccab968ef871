"""No converter: columns leave the array as durations or pulses, and are counted where they arrive."""

from __future__ import annotations

from .law import ConverterLaw

LAWS = (
    ConverterLaw(
        kind="none",
        about="durations, not codes",
        source="Narayanan et al., IEEE TED 68, 2021",
        steps=lambda bits: 0,
        energy=lambda bits: 1.0,
        area=lambda bits: 1.0,
        converts=False,
    ),
)
