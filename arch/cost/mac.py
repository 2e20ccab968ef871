"""Multiply-accumulate cells: a multiplication and an addition, the latter of 32 bits for integers."""

from __future__ import annotations

from ..units import LENGTH
from . import adder, multiplier
from .model import Model, ModelChoice, Parameter

ACCUMULATOR_BITS = 32.0


def energy_j(bits: float, node: float, format: str) -> float:
    """One multiply-accumulate."""
    wide = ACCUMULATOR_BITS if format == "integer" else bits
    return multiplier.energy_j(bits, node, format) + adder.energy_j(wide, node, format)


def area_mm2(bits: float, node: float, format: str) -> float:
    """One cell."""
    wide = ACCUMULATOR_BITS if format == "integer" else bits
    return multiplier.area_mm2(bits, node, format) + adder.area_mm2(wide, node, format)


MODEL = Model(
    name="mac",
    about="One multiply-accumulate, without registers, control and operand delivery.",
    source="M. Horowitz, ISSCC 2014 (energy, 45 nm); W. Dally, NIPS tutorial 2015 (area)",
    costs={"energy": energy_j, "area": area_mm2},
    parameters=(
        Parameter("bits", "width of the operands", low=8, high=32),
        Parameter("node", "technology node", LENGTH, low=7, high=180, field="chip.node"),
    ),
    choices=(ModelChoice("format", ("integer", "float")),),
)
