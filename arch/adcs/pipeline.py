"""Pipeline: a stage per bit, a conversion every step; stages alike (an assumption: no scaling of the later
ones), as in Lewis and Gray, IEEE JSSC 22, 1987.
"""

from __future__ import annotations

from .law import ConverterLaw

LAWS = (
    ConverterLaw(
        kind="pipeline",
        about="a stage per bit, all at work",
        source="Lewis 1987; stages alike (assumed)",
        steps=lambda bits: 1,
        energy=float,
        area=float,
    ),
)
