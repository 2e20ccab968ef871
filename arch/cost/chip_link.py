"""Links between chips: energy per byte."""

from __future__ import annotations

from .model import Model, ModelChoice

PJ_PER_BIT = {"board": 1.17, "package": 0.54, "interposer": 0.203}
"""board: 1.17 pJ/bit over 80 mm of a board; package: 0.54 pJ/bit; interposer: 26 pJ per 128 bit, 65 nm."""


def energy_per_byte_j(kind: str) -> float:
    """One byte over one link."""
    return PJ_PER_BIT[kind] * 8e-12


MODEL = Model(
    name="chip-link",
    about="One byte, both ends, link busy; an idle link costs about as much.",
    source=(
        "J. Poulton et al., IEEE JSSC 54 (2019) and 48 (2013), ground-referenced signalling; "
        "hwcomponents-library (interposer)"
    ),
    costs={"energy_per_byte": energy_per_byte_j},
    choices=(ModelChoice("kind", ("board", "package", "interposer")),),
)
