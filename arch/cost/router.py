"""Routers: energy of one flit through one router and the link behind it.

Two figures are far apart in node and lie on a power law: ISAAC's 8-port router (42 mW at 1 GHz and 32 bit,
all ports busy: 0.164 pJ per bit, 32 nm) and FlooNoC (0.15 pJ per byte and hop, 12 nm).
"""

from __future__ import annotations

import math

from ..units import LENGTH, WIDTH
from .model import Model, Parameter

PJ_PER_BIT = {32.0: 42 / 8 / 32, 12.0: 0.15 / 8}
_EXPONENT = math.log(PJ_PER_BIT[32.0] / PJ_PER_BIT[12.0]) / math.log(32 / 12)


def energy_j(flit: float, node: float) -> float:
    """One flit of `flit` bytes, one hop."""
    return float(PJ_PER_BIT[32.0] * (node / 32) ** _EXPONENT * 8 * flit * 1e-12)


MODEL = Model(
    name="router",
    about="One flit, one hop: buffers, crossbar, arbitration and the link.",
    source="A. Shafiee et al., ISAAC, Table I (32 nm); T. Fischer et al., FlooNoC (12 nm)",
    costs={"energy": energy_j},
    parameters=(
        Parameter("flit", "width of a flit", WIDTH, low=4, high=128, field="flit"),
        Parameter("node", "technology node", LENGTH, low=12, high=45, field="chip.node"),
    ),
)
