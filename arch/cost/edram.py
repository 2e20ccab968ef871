"""Embedded DRAM: energy per byte and area, from the one that ISAAC uses."""

from __future__ import annotations

from ..units import CAPACITY, LENGTH
from .model import Model, Parameter
from .nodes import area_factor, energy_factor

KIB = 1024.0
J_PER_BYTE = 20.45e-12 / 32
"""64 KiB at 32 nm: 20.45 pJ per 256 bit."""
MM2 = 0.083
"""64 KiB, 2 banks of 256 bit, at 32 nm."""


def energy_per_byte_j(capacity: float, node: float) -> float:
    """Energy of one byte; wires grow with the side of the array, so it goes with the root of the capacity."""
    return float(J_PER_BYTE * (capacity / (64 * KIB)) ** 0.5 * energy_factor(32, node))


def area_mm2(capacity: float, node: float) -> float:
    """Area, periphery included."""
    return MM2 * capacity / (64 * KIB) * area_factor(32, node)


MODEL = Model(
    name="edram",
    about="One access, per byte, and the area of one eDRAM; refresh is not in it.",
    source="hwcomponents-library, library/isaac.py (CACTI); A. Shafiee et al., ISAAC, Table I (area)",
    costs={"energy_per_byte": energy_per_byte_j, "area": area_mm2},
    parameters=(
        Parameter("capacity", "size of the eDRAM", CAPACITY, low=16 * KIB, high=KIB**2, field="capacity"),
        Parameter("node", "technology node", LENGTH, low=22, high=65, field="chip.node"),
    ),
)
