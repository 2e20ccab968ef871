"""Macros of Jia, Sinangil, Wang, Hung: calibrated at a point, predicted over bits, data and voltage."""

from __future__ import annotations

from math import sqrt

from ..measures import area_mm2, product, rolled, tops, tops_per_w
from ..row import Row

JIA = "Jia JSSC 2020 (digitised by CiMLoop)"
JIA21 = "Jia ISSCC 2021"

SQUARE = "square of the supply"
_VT = "It was clocked 2.5 times as fast at 1.2 V; the law with a threshold of 0.35 V gives 1.4."


def _jia_bits(bits: int) -> float:
    return product("jia-2020", {"tile.dac.bits": str(bits)}).tops


def _efficiency(bits: int) -> Row:
    """The published figure for one bit, which "scales directly with the bit precision" of the inputs."""
    return Row(
        "jia-2020", f"{bits}-bit inputs", "TOPS/W", 400 / bits,
        "Jia JSSC 2020 (400 TOPS/W for 1 bit, scaling directly with the bits)", "array and ADC", "identity",
        lambda name: product(name, {"tile.dac.bits": str(bits)}, data=(1.0, 0.5)).tops_per_w(), target=0.10,
    )


def _column_pj(component: str) -> float:
    return product("jia-2020@1.2V-scaled").energy_j[component] / 256 * 1e12


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
        "sinangil-2021", f"product, mean output {level}", "pJ", DATA_PJ[level], SINANGIL, "macro",
        "calibrated" if known else "predicted",
        lambda name: product(name, data=_operands(level)).joules() * 1e12, target=None if known else 0.10,
        free=2, by="one curve over the data",
    )


def _operands(level: float) -> tuple[float, float]:
    """Means of inputs and weights over full scale, alike (an assumption of CiMLoop's), for a mean output."""
    share = sqrt(level / FULL_CODE)
    return share, share


def _one_volt(which: str, level: int) -> Row:
    return Row(
        SCALED, f"1.0 V from 0.8 V, {which} data", "TOPS/W", TOPS_PER_W[which], SINANGIL,
        "macro; the ratio of both is calibrated", "predicted",
        lambda name: product(name, data=_operands(level)).tops_per_w(), target=0.10, free=1, by=SQUARE,
    )


def _ratio(name: str) -> float:
    best, worst = (product(name, data=_operands(level)).joules() for level in (0, FULL_CODE))
    return worst / best


def _by_supply(volts: str) -> Row:
    return Row(
        "sinangil-2021", f"product at {volts} V, worst data", "pJ", SWEEP_PJ[volts], SINANGIL, "macro",
        "predicted", lambda _: _at_supply(volts), target=0.10, by=SQUARE,
    )


WANG = "Wang VLSI 2022 (digitised by CiMLoop)"
HUNG = "Hung Nat. Electron. 2021"

WANG_POINTS = {"0.7": (2.377, 31.998), "0.8": (2.858, 22.590), "0.9": (3.200, 18.439), "1.1": (3.941, 15.467)}
"""Wang: TOPS/mm2 and TOPS/W by supply; 1.0 V calibrates."""


def _wang(volts: str) -> tuple[Row, Row]:
    name, (density, efficiency) = f"wang-2022@{volts}V", WANG_POINTS[volts]
    return (
        Row(
            name, "density", "TOPS/mm2", density, WANG, "macro", "predicted",
            lambda name: product(name).tops / rolled(name).area_mm2, target=0.05, free=1,
            by="clock over the supply",
        ),
        Row(
            name, "efficiency", "TOPS/W", efficiency, WANG, "macro", "predicted", tops_per_w, target=0.10,
            band=(-0.15, 0.15), by=SQUARE,
        ),
    )


# fmt: off
ROWS = (
    Row("jia-2020", "1 x 1 bit, 0.85 V", "TOPS", 0.874, JIA, "macro", "calibrated", tops),
    Row("jia-2020", "1 x 1 bit, 0.85 V", "TOPS/W", 400, JIA, "array and ADC", "calibrated", tops_per_w),
    Row(
        "jia-2020", "area", "mm2", 4.296, JIA, "ADC, array, near-memory and sparsity logic", "identity",
        area_mm2,
    ),
    Row("jia-2020@1.2V", "1 x 1 bit, 1.2 V", "TOPS/W", 192, JIA, "array and ADC", "calibrated", tops_per_w),
    Row(
        "jia-2020@1.2V-scaled", "1 x 1 bit, 1.2 V from 0.85 V", "TOPS/W", 192, JIA, "array and ADC",
        "predicted", tops_per_w, target=0.10, by=SQUARE,
    ),
    Row(
        "jia-2020@1.2V-scaled", "1 x 1 bit, 1.2 V from 0.85 V", "TOPS", 2.185, JIA, "macro", "predicted",
        tops, target=0.05, band=(-0.5, -0.4), why=_VT, free=1,
    ),
    Row(
        "jia-2020@1.2V-scaled", "ADC per column, 1.2 V", "pJ", 3.56, JIA, "ADC", "predicted",
        lambda _: _column_pj("adc"), target=0.10, by=SQUARE,
    ),
    Row(
        "jia-2020@1.2V-scaled", "array per column, 1.2 V", "pJ", 20.4, JIA, "array", "predicted",
        lambda _: _column_pj("crossbar"), target=0.10, by=SQUARE,
    ),
    Row(
        "jia-2020@1.2V-scaled", "digital per column, 1.2 V", "pJ", 14.7, JIA, "near-memory logic",
        "predicted", lambda _: _column_pj("shift-add"), target=0.10, band=(0.0, 0.2),
        by=SQUARE,
    ),
    Row(
        "jia-2020", "2-bit inputs", "TOPS", 0.874 / 2, JIA, "macro", "identity", lambda _: _jia_bits(2),
        target=0.05,
    ),
    Row(
        "jia-2020", "4-bit inputs", "TOPS", 0.874 / 4, JIA, "macro", "identity", lambda _: _jia_bits(4),
        target=0.05,
    ),
    Row(
        "jia-2020", "8-bit inputs", "TOPS", 0.874 / 9.375, JIA, "macro", "predicted", lambda _: _jia_bits(8),
        target=0.05, band=(0.1, 0.2),
    ),
    *(_efficiency(bits) for bits in (2, 4, 8)),
    Row("jia-2021", "4 x 4 bit", "TOPS", 11.8, JIA21, "16 units", "identity", tops),
    Row("jia-2021", "4 x 4 bit", "TOPS/W", 121, JIA21, "16 units with ADCs", "calibrated", tops_per_w),
    Row(
        "sinangil-2021", "4 x 4 bit, 0.8 V", "GOPS", 372.4, SINANGIL, "macro", "identity",
        lambda name: 1e3 * product(name).tops,
    ),
    Row(
        "sinangil-2021", "4 x 4 bit, 0.8 V, average data", "TOPS/W", 351, SINANGIL, "macro", "calibrated",
        tops_per_w,
    ),
    *(_by_data(level) for level in DATA_PJ),
    *(_by_supply(volts) for volts in SWEEP_PJ),
    Row(
        SCALED, "worst over best data, 1.0 V", "", TOPS_PER_W["best"] / TOPS_PER_W["worst"], SINANGIL,
        "macro", "calibrated", _ratio,
    ),
    _one_volt("best", 0),
    _one_volt("worst", FULL_CODE),
    Row(
        SCALED, "1.0 V from 0.8 V", "GOPS", 455.1, SINANGIL, "macro", "predicted",
        lambda name: 1e3 * product(name).tops, target=0.05, band=(0.0, 0.1), free=1,
    ),
    Row(
        SCALED, "1.0 V from 0.8 V, average data", "TOPS/W", 321, SINANGIL, "macro", "predicted", tops_per_w,
        target=0.10, band=(-0.35, -0.25), free=1, by=SQUARE,
        why="The published average falls by 9 % only; worst-case energies of the same paper follow V^2.",
    ),
    Row(
        "wang-2022", "8 x 8 bit, 1.0 V", "TOPS/mm2", 3.596, WANG, "macro", "calibrated",
        lambda name: product(name).tops / rolled(name).area_mm2,
    ),
    Row("wang-2022", "8 x 8 bit, 1.0 V", "TOPS/W", 16.376, WANG, "macro", "calibrated", tops_per_w),
    *(row for volts in WANG_POINTS for row in _wang(volts)),
    Row("hung-2021", "8 x 8 bit", "TOPS/W", 15.6, HUNG, "macro", "calibrated", tops_per_w),
    Row("hung-2021@binary", "binary", "TOPS/W", 194.4, HUNG, "macro", "calibrated", tops_per_w),
)
