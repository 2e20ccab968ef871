"""Arithmetic at 45 nm and 0.9 V: what additions and multiplications cost, by width.

Energies of Horowitz (ISSCC 2014), areas of the same table as W. Dally shows it (High-Performance Hardware
for Machine Learning, NIPS tutorial 2015). Between the widths of the table, and beyond them, a power law
through its ends.
"""

from __future__ import annotations

import math

Ends = tuple[tuple[int, float], tuple[int, float]]

ENERGY_PJ: dict[tuple[str, str], Ends] = {
    ("add", "integer"): ((8, 0.03), (32, 0.1)),
    ("multiply", "integer"): ((8, 0.2), (32, 3.1)),
    ("add", "float"): ((16, 0.4), (32, 0.9)),
    ("multiply", "float"): ((16, 1.1), (32, 3.7)),
}
AREA_UM2: dict[tuple[str, str], Ends] = {
    ("add", "integer"): ((8, 36.0), (32, 137.0)),
    ("multiply", "integer"): ((8, 282.0), (32, 3495.0)),
    ("add", "float"): ((16, 1360.0), (32, 4184.0)),
    ("multiply", "float"): ((16, 1640.0), (32, 7700.0)),
}
NODE_NM = 45.0


def power_law(ends: Ends, bits: float) -> float:
    """Value at a width, by the power law through both ends."""
    (low, at_low), (high, at_high) = ends
    return float(at_low * (bits / low) ** (math.log(at_high / at_low) / math.log(high / low)))
