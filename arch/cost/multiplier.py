"""Multipliers by width, format and node."""

from __future__ import annotations

from ..units import LENGTH
from .arithmetic import AREA_UM2, ENERGY_PJ, NODE_NM, power_law
from .model import Model, ModelChoice, Parameter
from .nodes import area_factor, energy_factor


def energy_j(bits: float, node: float, format: str) -> float:
    """One multiplication."""
    return power_law(ENERGY_PJ["multiply", format], bits) * energy_factor(NODE_NM, node) * 1e-12


def area_mm2(bits: float, node: float, format: str) -> float:
    """One multiplier."""
    return power_law(AREA_UM2["multiply", format], bits) * area_factor(NODE_NM, node) * 1e-6


MODEL = Model(
    name="multiplier",
    about="One multiplication, without registers and control.",
    source="M. Horowitz, ISSCC 2014 (energy, 45 nm); W. Dally, NIPS tutorial 2015 (area)",
    costs={"energy": energy_j, "area": area_mm2},
    parameters=(
        Parameter("bits", "width of the operands", low=8, high=32),
        Parameter("node", "technology node", LENGTH, low=7, high=180, field="chip.node"),
    ),
    choices=(ModelChoice("format", ("integer", "float")),),
)
