"""Wires on chip: energy of moving bits over a distance, random data."""

from __future__ import annotations

import math

from ..units import LENGTH
from .model import Model, Parameter

FJ_PER_BIT_MM = {40.0: 121.0, 10.0: 68.0}
"""Node to fJ per bit and mm, random data at 0.9 V (10 nm: middle of 58 to 78)."""
_EXPONENT = math.log(121 / 68) / math.log(40 / 10)


def energy_j(bits: float, mm: float, node: float) -> float:
    """Energy of `bits` bits over `mm` millimetres."""
    return float(FJ_PER_BIT_MM[40.0] * (node / 40) ** _EXPONENT * bits * mm * 1e-15)


def energy_per_byte_j(bits: float, mm: float, node: float) -> float:
    """Energy of one byte over `mm` millimetres."""
    return energy_j(8.0, mm, node)


MODEL = Model(
    name="wire",
    about="Repeated wires, random data, without routers.",
    source="S. Keckler et al., GPUs and the Future of Parallel Computing, IEEE Micro 31 (2011)",
    costs={"energy": energy_j, "energy_per_byte": energy_per_byte_j},
    parameters=(
        Parameter("bits", "bits moved at once", low=1, high=8192, default=1),
        Parameter("mm", "distance in millimetres", high=30),
        Parameter("node", "technology node", LENGTH, low=7, high=65, field="chip.node"),
    ),
)
