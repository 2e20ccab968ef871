"""How energy, area and speed change between technology nodes and supply voltages.

Logic energy per operation falls from 45 nm to 7 nm by a factor of 2.4 to 4.3 in published pairs of figures
(Horowitz, ISSCC 2014, against Jouppi et al., ISCA 2021, Table 2: 8-bit multiplication 0.2 and 0.07 pJ,
8-bit addition 0.03 and 0.007 pJ, 32-bit floating-point addition 0.9 and 0.38 pJ, multiplication 3.7 and
1.31 pJ), far less than ideal scaling. Their geometric mean gives the exponent used below 45 nm. Above 45
nm, capacitance is taken proportional to the node and the supply as the nominal one of the node (ITRS).
"""

from __future__ import annotations

import math
from itertools import pairwise

PAIRS_45_TO_7 = ((0.2, 0.07), (0.03, 0.007), (0.9, 0.38), (3.7, 1.31))
"""pJ at 45 nm (Horowitz 2014) and at 7 nm (Jouppi 2021): int8 mul, int8 add, fp32 add, fp32 mul."""

_MEAN_LOG = sum(math.log(old / new) for old, new in PAIRS_45_TO_7) / len(PAIRS_45_TO_7)
ENERGY_EXPONENT = _MEAN_LOG / math.log(45 / 7)
"""Energy of logic goes as node to this power between 7 and 45 nm (about 0.6)."""

NOMINAL_V = {45.0: 0.9, 65.0: 1.1, 90.0: 1.2, 130.0: 1.3, 180.0: 1.8}
"""Nominal supply by node, volts (ITRS; 0.9 V is what the 45 nm figures were given for)."""

LOW_NM, HIGH_NM = 7.0, 180.0
"""Nodes between which these rules hold."""


def nominal_v(node_nm: float) -> float:
    """Supply of a node of 45 nm or above, linear between those of `NOMINAL_V`."""
    nodes = sorted(NOMINAL_V)
    if node_nm <= nodes[0]:
        return NOMINAL_V[nodes[0]]
    for below, above in pairwise(nodes):
        if node_nm <= above:
            share = (node_nm - below) / (above - below)
            return NOMINAL_V[below] + share * (NOMINAL_V[above] - NOMINAL_V[below])
    return NOMINAL_V[nodes[-1]]


def relative_energy(node_nm: float) -> float:
    """Energy of a logic operation at a node, relative to 45 nm, each at its usual supply."""
    if node_nm <= 45:
        return float((node_nm / 45) ** ENERGY_EXPONENT)
    return float(node_nm / 45 * (nominal_v(node_nm) / NOMINAL_V[45.0]) ** 2)


def energy_factor(from_nm: float, to_nm: float) -> float:
    """What to multiply an energy with when logic moves between nodes."""
    return relative_energy(to_nm) / relative_energy(from_nm)


def area_factor(from_nm: float, to_nm: float) -> float:
    """What to multiply an area with: the nodes' ratio squared (optimistic below 20 nm)."""
    return (to_nm / from_nm) ** 2


def voltage_energy_factor(from_v: float, to_v: float) -> float:
    """Switching energy goes with the square of the supply."""
    return (to_v / from_v) ** 2
