"""Energy and area of a converter by resolution, rate and node: the optimistic end of what is published.

The regression of the Accelergy ADC plug-in over the same survey as `adc_survey`, at the points that it
gives for 8 bits and 100 MS/s (14 nm: 0.36 pJ and 1088 um2; 22 nm: 0.85 and 2198; 32 nm: 1.71 and 3937; 65
nm: 6.49 and 11857), at 1.28 GS/s (32 nm: 1.93 and 6467) and at 4, 10 and 12 bits (14 nm). Between the
points it is a power law in node and rate, and linear in the logarithm over the bits.
"""

from __future__ import annotations

import math

from ..units import FREQUENCY, LENGTH
from .model import Model, Parameter

BITS = (4, 8, 10, 12)
ENERGY_PJ = (0.195, 0.36, 0.70, 6.1)
AREA_UM2 = (905.0, 1088.0, 1325.0, 2537.0)
"""At 14 nm and 100 MS/s, for `BITS`."""

ENERGY_NODE = math.log(6.49 / 0.36) / math.log(65 / 14)
AREA_NODE = math.log(11857 / 1088) / math.log(65 / 14)
ENERGY_RATE = math.log(1.93 / 1.71) / math.log(12.8)
AREA_RATE = math.log(6467 / 3937) / math.log(12.8)


def _over_bits(bits: float, table: tuple[float, ...]) -> float:
    """Value at so many bits, straight in the logarithm between the points and beyond them."""
    upper = next((i for i in range(1, len(BITS)) if bits <= BITS[i]), len(BITS) - 1)
    share = (bits - BITS[upper - 1]) / (BITS[upper] - BITS[upper - 1])
    return float(table[upper - 1] * (table[upper] / table[upper - 1]) ** share)


def energy_j(bits: float, rate: float, node: float) -> float:
    """Energy of one conversion."""
    return float(
        _over_bits(bits, ENERGY_PJ) * (node / 14) ** ENERGY_NODE * (rate / 1e8) ** ENERGY_RATE * 1e-12
    )


def area_mm2(bits: float, rate: float, node: float) -> float:
    """Area of one converter."""
    return float(_over_bits(bits, AREA_UM2) * (node / 14) ** AREA_NODE * (rate / 1e8) ** AREA_RATE * 1e-6)


MODEL = Model(
    name="adc-regression",
    about="One conversion, and the area, of an efficient converter (optimistic).",
    source="Accelergy ADC plug-in, adc_data/model.yaml, a regression over Murmann's ADC survey",
    costs={"energy": energy_j, "area": area_mm2},
    parameters=(
        Parameter("bits", "resolution", low=4, high=12, field="bits"),
        Parameter("rate", "conversions per second", FREQUENCY, low=1e8, high=1.28e9, field="rate"),
        Parameter("node", "technology node", LENGTH, low=14, high=65, field="chip.node"),
    ),
)
