"""PUMA: the roll-up of its simulator's constants, and its headline, which does not follow from them."""

from __future__ import annotations

from ..measures import MACRO, area_mm2, power_w, product, rolled, tops
from ..row import Row

PAPER = "Ankit ASPLOS 2019"
NODE = "node with links"
UNITS = 138 * 16
"""Matrix-vector units of a node; eight crossbars each."""

_SLOWER = (
    "At the published 2,304 ns per product a node makes 31.4 TOPS; the headline needs one every 1,383 ns."
)


def _unit_j(name: str) -> float:
    return product(name).joules(MACRO) / UNITS


# fmt: off
ROWS = (
    Row(
        "puma", "time of a product", "ns", 2304, PAPER, "matrix-vector unit", "calibrated",
        lambda name: product(name).interval_s * 1e9,
    ),
    Row(
        "puma", "energy of a product", "nJ", 43.97, PAPER, "matrix-vector unit", "predicted",
        lambda name: _unit_j(name) * 1e9, target=0.05,
    ),
    Row("puma", "node area", "mm2", 90.6, PAPER, NODE, "calibrated", area_mm2),
    Row("puma", "node power", "W", 62.5, PAPER, NODE, "calibrated", power_w),
    Row(
        "puma@4-lane", "node area", "mm2", 90.6, PAPER + ", vector width of the public simulator", NODE,
        "predicted", area_mm2, target=0.10, band=(0.10, 0.25), by="vector width",
    ),
    Row(
        "puma@4-lane", "node power", "W", 62.5, PAPER + ", vector width of the public simulator", NODE,
        "predicted", power_w, target=0.15, by="vector width",
    ),
    Row(
        "puma", "peak by its product time", "TOPS", 31.4, "138 x 16 units x 32,768 ops / 2,304 ns", NODE,
        "identity", tops,
    ),
    Row(
        "puma", "headline peak", "TOPS", 52.31, PAPER, NODE, "predicted", tops, band=(-0.42, -0.38),
        why=_SLOWER, by="time between products",
    ),
    Row(
        "puma", "headline density", "GOPS/mm2", 577, PAPER, NODE, "predicted",
        lambda name: 1e3 * product(name).tops / rolled(name).area_mm2, band=(-0.45, -0.38), why=_SLOWER,
        by="time between products",
    ),
    Row(
        "puma", "headline efficiency", "GOPS/W", 837, PAPER, NODE, "predicted",
        lambda name: 1e3 * product(name).tops / rolled(name).power_w, band=(-0.45, -0.36), why=_SLOWER,
        by="time between products",
    ),
)
