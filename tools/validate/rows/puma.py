"""PUMA: the roll-up of its simulator's constants, and its headline, which does not follow from them."""

from __future__ import annotations

from ..measures import MACRO, product, rolled
from ..row import Row

PAPER = "Ankit ASPLOS 2019"
NODE = "node with links"
UNITS = 138 * 16
"""Matrix-vector units of a node; eight crossbars each."""

_SLOWER = (
    "At the published 2,304 ns per product a node makes 31.4 TOPS; the headline needs one every 1,383 ns."
)


def _unit_j() -> float:
    return product("puma").joules(MACRO) / UNITS


ROWS = (
    Row(
        "puma",
        "time of a product",
        "ns",
        2304,
        PAPER,
        "matrix-vector unit",
        "calibrated",
        lambda: product("puma").interval_s * 1e9,
    ),
    Row(
        "puma",
        "energy of a product",
        "nJ",
        43.97,
        PAPER,
        "matrix-vector unit",
        "predicted",
        lambda: _unit_j() * 1e9,
        target=0.05,
    ),
    Row(
        "puma",
        "node area",
        "mm2",
        90.6,
        PAPER,
        NODE,
        "calibrated",
        lambda: rolled("puma").area_mm2,
    ),
    Row("puma", "node power", "W", 62.5, PAPER, NODE, "calibrated", lambda: rolled("puma").power_w),
    Row(
        "puma@4-lane",
        "node area",
        "mm2",
        90.6,
        PAPER + ", vector width of the public simulator",
        NODE,
        "predicted",
        lambda: rolled("puma@4-lane").area_mm2,
        target=0.10,
        band=(0.10, 0.25),
    ),
    Row(
        "puma@4-lane",
        "node power",
        "W",
        62.5,
        PAPER + ", vector width of the public simulator",
        NODE,
        "predicted",
        lambda: rolled("puma@4-lane").power_w,
        target=0.15,
    ),
    Row(
        "puma",
        "peak by its product time",
        "TOPS",
        31.4,
        "138 x 16 units x 32,768 ops / 2,304 ns",
        NODE,
        "bookkeeping",
        lambda: product("puma").tops,
    ),
    Row(
        "puma",
        "headline peak",
        "TOPS",
        52.31,
        PAPER,
        NODE,
        "predicted",
        lambda: product("puma").tops,
        band=(-0.42, -0.38),
        why=_SLOWER,
    ),
    Row(
        "puma",
        "headline density",
        "GOPS/mm2",
        577,
        PAPER,
        NODE,
        "predicted",
        lambda: 1e3 * product("puma").tops / rolled("puma").area_mm2,
        band=(-0.45, -0.38),
        why=_SLOWER,
    ),
    Row(
        "puma",
        "headline efficiency",
        "GOPS/W",
        837,
        PAPER,
        NODE,
        "predicted",
        lambda: 1e3 * product("puma").tops / rolled("puma").power_w,
        band=(-0.45, -0.36),
        why=_SLOWER,
    ),
)
