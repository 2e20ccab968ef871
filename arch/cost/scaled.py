"""A known cost moved to another node or supply voltage."""

from __future__ import annotations

from ..units import AREA, ENERGY, LENGTH, VOLTAGE
from .model import Model, Parameter
from .nodes import HIGH_NM, LOW_NM, area_factor, energy_factor, voltage_energy_factor

_SAME_V = 1.0


def energy_j(
    energy: float, area: float, from_node: float, to_node: float, from_voltage: float, to_voltage: float
) -> float:
    """An energy at the new node (logic) times the square of the voltages' ratio."""
    return energy * energy_factor(from_node, to_node) * voltage_energy_factor(from_voltage, to_voltage)


def area_mm2(
    energy: float, area: float, from_node: float, to_node: float, from_voltage: float, to_voltage: float
) -> float:
    """An area at the new node."""
    return area * area_factor(from_node, to_node)


MODEL = Model(
    name="scaled",
    about="A known cost at another node (each at its usual supply) or at another supply of one node.",
    source="M. Horowitz, ISSCC 2014, and N. Jouppi et al., ISCA 2021, Table 2 (nodes); C V^2 (voltage)",
    costs={"energy": energy_j, "area": area_mm2},
    parameters=(
        Parameter("energy", "the known energy", ENERGY, default=0.0),
        Parameter("area", "the known area", AREA, default=0.0),
        Parameter("from_node", "its node", LENGTH, low=LOW_NM, high=HIGH_NM, field="chip.node"),
        Parameter("to_node", "the new node", LENGTH, low=LOW_NM, high=HIGH_NM, field="chip.node"),
        Parameter("from_voltage", "its supply", VOLTAGE, low=0.4, high=2, default=_SAME_V),
        Parameter("to_voltage", "the new supply", VOLTAGE, low=0.4, high=2, default=_SAME_V),
    ),
)
