"""Small register memories beside the crossbars."""

from __future__ import annotations

from ..units import CAPACITY, LENGTH
from .model import Model, Parameter
from .nodes import area_factor, energy_factor

J_PER_BYTE = 0.96875e-12
"""ISAAC's input register at 32 nm: 1.24 mW over 128 bytes per 100 ns."""
MM2_PER_BYTE = 0.0021 / 2048


def energy_per_byte_j(capacity: float, node: float) -> float:
    """Energy of one byte read or written (one size only is known: no dependence on the capacity)."""
    return J_PER_BYTE * energy_factor(32, node)


def area_mm2(capacity: float, node: float) -> float:
    """Area by capacity."""
    return MM2_PER_BYTE * capacity * area_factor(32, node)


MODEL = Model(
    name="register",
    about="One byte read or written, and the area.",
    source="A. Shafiee et al., ISAAC, Table I (input register, 2 KB)",
    costs={"energy_per_byte": energy_per_byte_j, "area": area_mm2},
    parameters=(
        Parameter("capacity", "size", CAPACITY, low=128, high=4096, field="capacity"),
        Parameter("node", "technology node", LENGTH, low=7, high=65, field="chip.node"),
    ),
)
