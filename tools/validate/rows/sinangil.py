"""Sinangil et al.: a 7 nm SRAM macro over data and voltage."""

from __future__ import annotations

from ..measures import product
from ..row import Row

SINANGIL = "Sinangil JSSC 2021 (digitised by CiMLoop)"

DATA_PJ = {0: 3.357, 1: 4.563, 2: 5.033, 4: 5.443, 6: 5.838, 8: 6.285, 10: 6.657, 12: 7.044, 15: 7.795}
"""pJ of a product by its mean output code, 0.8 V."""
SWEEP_PJ = {
    "0.65": 5.109,
    "0.7": 5.875,
    "0.75": 6.797,
    "0.85": 9.031,
    "0.9": 10.25,
    "0.95": 11.75,
    "1.0": 13.125,
}
"""pJ of a product by supply, worst-case data; 7.813 pJ at 0.8 V calibrates."""

_CONCAVE = "Energy rises fast with the first counts and slowly after; the straight line lies below it."


def _pj(name: str, overrides: dict[str, str] | None = None) -> float:
    return product(name, overrides).joules() * 1e12


def _at_supply(volts: str) -> float:
    energy = f"{{model: scaled, energy: 7.813 pJ, from_voltage: 0.8 V, to_voltage: {volts} V}}"
    return _pj("sinangil-2021", {"tile.crossbar.energy": energy})


def _by_data(level: int) -> Row:
    ends = level in (0, 15)
    miss = level in (1, 2)
    return Row(
        f"sinangil-2021@output-{level}",
        f"product, mean output {level}",
        "pJ",
        DATA_PJ[level],
        SINANGIL,
        "macro",
        "calibrated" if ends else "predicted",
        lambda: _pj(f"sinangil-2021@output-{level}"),
        target=None if ends else 0.10,
        band=None if ends else (-0.25, 0.0),
        why=_CONCAVE if miss else "",
    )


def _by_supply(volts: str) -> Row:
    return Row(
        "sinangil-2021",
        f"product at {volts} V, worst data",
        "pJ",
        SWEEP_PJ[volts],
        SINANGIL,
        "macro",
        "predicted",
        lambda: _at_supply(volts),
        target=0.10,
    )


ROWS = (
    Row(
        "sinangil-2021",
        "4 x 4 bit, 0.8 V",
        "GOPS",
        372.4,
        SINANGIL,
        "macro",
        "bookkeeping",
        lambda: 1e3 * product("sinangil-2021").tops,
    ),
    Row(
        "sinangil-2021",
        "4 x 4 bit, 0.8 V, average data",
        "TOPS/W",
        351,
        SINANGIL,
        "macro",
        "calibrated",
        lambda: product("sinangil-2021").tops_per_w(),
    ),
    *(_by_data(level) for level in DATA_PJ),
    *(_by_supply(volts) for volts in SWEEP_PJ),
    Row(
        "sinangil-2021@1.0V-scaled",
        "1.0 V from 0.8 V",
        "GOPS",
        455.1,
        SINANGIL,
        "macro",
        "predicted",
        lambda: 1e3 * product("sinangil-2021@1.0V-scaled").tops,
        target=0.05,
        band=(0.0, 0.1),
    ),
    Row(
        "sinangil-2021@1.0V-scaled",
        "1.0 V from 0.8 V, average data",
        "TOPS/W",
        321,
        SINANGIL,
        "macro",
        "predicted",
        lambda: product("sinangil-2021@1.0V-scaled").tops_per_w(),
        target=0.10,
        band=(-0.35, -0.25),
        why="The published average falls by 9 % only; worst-case energies of the same paper follow V^2.",
    ),
)
