"""Macros of Wang and Hung: calibrated at one point, Wang's predicted over the voltage."""

from __future__ import annotations

from ..measures import MACRO, product, rolled
from ..row import Row

WANG = "Wang VLSI 2022 (digitised by CiMLoop)"
HUNG = "Hung Nat. Electron. 2021"

WANG_POINTS = {"0.7": (2.377, 31.998), "0.8": (2.858, 22.590), "0.9": (3.200, 18.439), "1.1": (3.941, 15.467)}
"""Wang: TOPS/mm2 and TOPS/W by supply; 1.0 V calibrates."""


def _wang(volts: str) -> tuple[Row, Row]:
    name, (density, efficiency) = f"wang-2022@{volts}V", WANG_POINTS[volts]
    return (
        Row(
            name,
            "density",
            "TOPS/mm2",
            density,
            WANG,
            "macro",
            "predicted",
            lambda: product(name).tops / rolled(name).area_mm2,
            target=0.05,
        ),
        Row(
            name,
            "efficiency",
            "TOPS/W",
            efficiency,
            WANG,
            "macro",
            "predicted",
            lambda: product(name).tops_per_w(),
            target=0.10,
            band=(-0.15, 0.15),
        ),
    )


ROWS = (
    Row(
        "wang-2022",
        "8 x 8 bit, 1.0 V",
        "TOPS/mm2",
        3.596,
        WANG,
        "macro",
        "calibrated",
        lambda: product("wang-2022").tops / rolled("wang-2022").area_mm2,
    ),
    Row(
        "wang-2022",
        "8 x 8 bit, 1.0 V",
        "TOPS/W",
        16.376,
        WANG,
        "macro",
        "calibrated",
        lambda: product("wang-2022").tops_per_w(MACRO),
    ),
    *(row for volts in WANG_POINTS for row in _wang(volts)),
    Row(
        "hung-2021",
        "8 x 8 bit",
        "TOPS/W",
        15.6,
        HUNG,
        "macro",
        "calibrated",
        lambda: product("hung-2021").tops_per_w(),
    ),
    Row(
        "hung-2021@binary",
        "binary",
        "TOPS/W",
        194.4,
        HUNG,
        "macro",
        "calibrated",
        lambda: product("hung-2021@binary").tops_per_w(),
    ),
)
