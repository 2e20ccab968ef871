"""Successive approximation: one comparison per bit against a capacitive DAC.

A conversion samples once and compares once per bit (McCreary and Gray, IEEE JSSC 10, 1975). Comparator, clock
and logic spend an energy for every bit, the capacitors one that doubles with every bit (Saberi et al., IEEE
TCAS-I 58, 2011). Beyond about 10 bits thermal noise sets the capacitors, and their energy goes with 4^bits
(Murmann, CICC 2013: kT/C). A third of the energy in the capacitors at 8 bits is an assumption, near what Nag
et al. (Newton, IEEE Micro 38, 2018) state for the converters of crossbars.
"""

from __future__ import annotations

from .law import ConverterLaw

CAPACITORS_AT_8_BITS = 1 / 3
NOISE_LIMITED_BITS = 10


def relative(bits: int) -> float:
    """Energy, or area, relative to that of 8 bits."""
    capacitors = 2.0 ** (bits - 8)
    if bits > NOISE_LIMITED_BITS:
        capacitors *= 2.0 ** (bits - NOISE_LIMITED_BITS)
    return (1 - CAPACITORS_AT_8_BITS) * bits / 8 + CAPACITORS_AT_8_BITS * capacitors


LAWS = (
    ConverterLaw(
        kind="sar",
        about="a sample and a comparison per bit; logic with the bits, capacitors with 2^bits",
        source="McCreary 1975; Saberi 2011; Nag 2018 (share of the capacitors, assumed)",
        steps=lambda bits: bits + 1,
        energy=relative,
        area=relative,
    ),
)
