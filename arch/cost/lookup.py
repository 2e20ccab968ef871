"""Special functions by table look-up (sigmoid, tanh, exp): one table, one read per element."""

from __future__ import annotations

from ..units import LENGTH
from .model import Model, Parameter
from .nodes import area_factor, energy_factor

ENERGY_J = 0.234e-12
"""PUMA's table at 32 nm: 0.234 mW at 1 ns per element."""
AREA_MM2 = 3e-4


def energy_j(node: float) -> float:
    """One element."""
    return ENERGY_J * energy_factor(32, node)


def area_mm2(node: float) -> float:
    """One table."""
    return AREA_MM2 * area_factor(32, node)


MODEL = Model(
    name="lookup",
    about="One element through a table of one variable, 16 bits.",
    source="A. Ankit et al., PUMA, ASPLOS 2019 (puma-simulator, include/constants.py)",
    costs={"energy": energy_j, "area": area_mm2},
    parameters=(Parameter("node", "technology node", LENGTH, low=7, high=65, field="chip.node"),),
)
