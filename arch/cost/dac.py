"""Row drivers with voltages: energy of one conversion, which doubles with every bit."""

from __future__ import annotations

from ..units import LENGTH
from .model import Model, Parameter
from .nodes import area_factor, energy_factor

UNIT_J = 3.9e-15
"""One conversion of a 1-bit driver at 1 GS/s and 32 nm: 3.9 uW."""
UNIT_MM2 = 1.66e-7
"""A 1-bit driver at 32 nm (ISAAC: 0.00017 mm2 over 1024)."""


def energy_j(bits: float, node: float) -> float:
    """Energy of one conversion of one row."""
    return float(UNIT_J * 2.0 ** (bits - 1) * energy_factor(32, node))


def area_mm2(bits: float, node: float) -> float:
    """Area of one driver; its capacitors double with every bit, too."""
    return float(UNIT_MM2 * 2.0 ** (bits - 1) * area_factor(32, node))


MODEL = Model(
    name="dac",
    about="One conversion of one row driver, without the charge of the row itself.",
    source=(
        "MNSIM 2.0, Hardware_Model/DAC.py (1 to 4 bits: 3.9 to 31.2 uW at 1 GS/s); "
        "A. Shafiee et al., ISAAC, Table I (area)"
    ),
    costs={"energy": energy_j, "area": area_mm2},
    parameters=(
        Parameter("bits", "bits that one conversion takes", low=1, high=4, field="slice_bits"),
        Parameter("node", "technology node", LENGTH, low=22, high=45, field="chip.node"),
    ),
)
