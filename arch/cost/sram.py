"""SRAM: energy per byte by capacity and node, area by capacity and node.

Energy: 64 bit of an 8 KB, a 32 KB and a 1 MB SRAM take 10, 20 and 100 pJ at 45 nm (Horowitz, ISSCC 2014)
and 7.5, 8.5 and 14 pJ at 7 nm (Jouppi et al., ISCA 2021, Table 2); power laws in the capacity are put
through the ends, and one in the node between them. Energy is proportional to the width (seen for 32 and 64
bit at 45 nm). Area: a 2 KB data memory takes 0.00392 mm2 at 32 nm (PUMA).
"""

from __future__ import annotations

import math

from ..units import CAPACITY, LENGTH
from .model import Model, Parameter
from .nodes import area_factor, energy_factor

KIB = 1024.0
ENDS_PJ_PER_BYTE = {45.0: (10 / 8, 100 / 8), 7.0: (7.5 / 8, 14 / 8)}
"""Node to pJ per byte of 8 KiB and of 1 MiB."""
MM2_PER_BYTE_32NM = 0.00392 / (2 * KIB)


def _at(node: float, capacity: float) -> float:
    small, large = ENDS_PJ_PER_BYTE[node]
    return float(small * (capacity / (8 * KIB)) ** (math.log(large / small) / math.log(128)))


def energy_per_byte_j(capacity: float, node: float) -> float:
    """Energy of one byte read or written."""
    old, new = _at(45.0, capacity), _at(7.0, capacity)
    if node >= 45:
        return old * energy_factor(45, node) * 1e-12
    share = math.log(node / 7) / math.log(45 / 7)
    return float(new * (old / new) ** share * 1e-12)


def area_mm2(capacity: float, node: float) -> float:
    """Area, periphery included."""
    return capacity * MM2_PER_BYTE_32NM * area_factor(32, node)


MODEL = Model(
    name="sram",
    about="One access, per byte, and the area of one SRAM.",
    source=(
        "M. Horowitz, ISSCC 2014; N. Jouppi et al., ISCA 2021, Table 2; "
        "A. Ankit et al., PUMA, ASPLOS 2019 (area)"
    ),
    costs={"energy_per_byte": energy_per_byte_j, "area": area_mm2},
    parameters=(
        Parameter("capacity", "size of the SRAM", CAPACITY, low=2 * KIB, high=4 * KIB**2, field="capacity"),
        Parameter("node", "technology node", LENGTH, low=7, high=180, field="chip.node"),
    ),
)
