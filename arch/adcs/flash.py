"""Flash: a comparator for every level, all at once (Razavi, Data Conversion System Design, 1995)."""

from __future__ import annotations

from .law import ConverterLaw

LAWS = (
    ConverterLaw(
        kind="flash",
        about="2^bits - 1 comparators at once",
        source="Razavi 1995",
        steps=lambda bits: 1,
        energy=lambda bits: 2.0**bits - 1,
        area=lambda bits: 2.0**bits - 1,
    ),
)
