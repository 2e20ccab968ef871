"""Sinangil et al.: a 7 nm SRAM macro over data and voltage."""

from __future__ import annotations

from math import sqrt

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

FULL_CODE = 15
CALIBRATED = 6
"""Mean output whose energy is an input of the preset."""
SCALED = "sinangil-2021@1.0V-scaled"
TOPS_PER_W = {"best": 435.5, "worst": 189.3}
"""At 1.0 V; their ratio is an input of the preset."""


def _pj(name: str, overrides: dict[str, str] | None = None) -> float:
    return product(name, overrides).joules() * 1e12


def _at_supply(volts: str) -> float:
    energy = f"{{model: scaled, energy: 7.813 pJ, from_voltage: 0.8 V, to_voltage: {volts} V}}"
    return _pj("sinangil-2021", {"tile.crossbar.energy": energy})


def _by_data(level: int) -> Row:
    known = level == CALIBRATED
    return Row(
        "sinangil-2021",
        f"product, mean output {level}",
        "pJ",
        DATA_PJ[level],
        SINANGIL,
        "macro",
        "calibrated" if known else "predicted",
        lambda: product("sinangil-2021", data=_operands(level)).joules() * 1e12,
        target=None if known else 0.10,
    )


def _operands(level: float) -> tuple[float, float]:
    """Means of inputs and weights over full scale, alike (an assumption of CiMLoop's), for a mean output."""
    share = sqrt(level / FULL_CODE)
    return share, share


def _one_volt(which: str, level: int) -> Row:
    return Row(
        SCALED,
        f"1.0 V from 0.8 V, {which} data",
        "TOPS/W",
        TOPS_PER_W[which],
        SINANGIL,
        "macro; the ratio of both is calibrated",
        "predicted",
        lambda: product(SCALED, data=_operands(level)).tops_per_w(),
        target=0.10,
    )


def _ratio() -> float:
    best, worst = (product(SCALED, data=_operands(level)).joules() for level in (0, FULL_CODE))
    return worst / best


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
        SCALED,
        "worst over best data, 1.0 V",
        "",
        TOPS_PER_W["best"] / TOPS_PER_W["worst"],
        SINANGIL,
        "macro",
        "calibrated",
        _ratio,
    ),
    _one_volt("best", 0),
    _one_volt("worst", FULL_CODE),
    Row(
        SCALED,
        "1.0 V from 0.8 V",
        "GOPS",
        455.1,
        SINANGIL,
        "macro",
        "predicted",
        lambda: 1e3 * product(SCALED).tops,
        target=0.05,
        band=(0.0, 0.1),
    ),
    Row(
        SCALED,
        "1.0 V from 0.8 V, average data",
        "TOPS/W",
        321,
        SINANGIL,
        "macro",
        "predicted",
        lambda: product(SCALED).tops_per_w(),
        target=0.10,
        band=(-0.35, -0.25),
        why="The published average falls by 9 % only; worst-case energies of the same paper follow V^2.",
    ),
)
