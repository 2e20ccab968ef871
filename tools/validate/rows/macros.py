"""SRAM and RRAM macros: calibrated at one point, predicted over voltage, bits and data."""

from __future__ import annotations

from ..measures import MACRO, product, rolled
from ..row import Row

JIA = "Jia JSSC 2020 (digitised by CiMLoop)"
JIA21 = "Jia ISSCC 2021"
SINANGIL = "Sinangil JSSC 2021 (digitised by CiMLoop)"
WANG = "Wang VLSI 2022 (digitised by CiMLoop)"
HUNG = "Hung Nat. Electron. 2021"

DATA_PJ = {0: 3.357, 1: 4.563, 2: 5.033, 4: 5.443, 6: 5.838, 8: 6.285, 10: 6.657, 12: 7.044, 15: 7.795}
"""Sinangil: pJ of a product by its mean output code, 0.8 V."""
SWEEP_PJ = {
    "0.65": 5.109,
    "0.7": 5.875,
    "0.75": 6.797,
    "0.85": 9.031,
    "0.9": 10.25,
    "0.95": 11.75,
    "1.0": 13.125,
}
"""Sinangil: pJ of a product by supply, worst-case data; 7.813 pJ at 0.8 V calibrates."""
WANG_POINTS = {"0.7": (2.377, 31.998), "0.8": (2.858, 22.590), "0.9": (3.200, 18.439), "1.1": (3.941, 15.467)}
"""Wang: TOPS/mm2 and TOPS/W by supply; 1.0 V calibrates."""

_CONCAVE = "Energy rises fast with the first counts and slowly after; the straight line lies below it."
_VT = "It was clocked 2.5 times as fast at 1.2 V; the law with a threshold of 0.35 V gives 1.4."


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


def _jia_bits(bits: int) -> float:
    return product("jia-2020", {"tile.dac.bits": str(bits)}).tops


def _column_pj(component: str) -> float:
    return product("jia-2020@1.2V-scaled").energy_j[component] / 256 * 1e12


ROWS = (
    Row(
        "jia-2020",
        "1 x 1 bit, 0.85 V",
        "TOPS",
        0.874,
        JIA,
        "macro",
        "calibrated",
        lambda: product("jia-2020").tops,
    ),
    Row(
        "jia-2020",
        "1 x 1 bit, 0.85 V",
        "TOPS/W",
        400,
        JIA,
        "array and ADC",
        "calibrated",
        lambda: product("jia-2020").tops_per_w(),
    ),
    Row(
        "jia-2020",
        "area",
        "mm2",
        4.296,
        JIA,
        "ADC, array, near-memory and sparsity logic",
        "bookkeeping",
        lambda: rolled("jia-2020").area_mm2,
    ),
    Row(
        "jia-2020@1.2V",
        "1 x 1 bit, 1.2 V",
        "TOPS/W",
        192,
        JIA,
        "array and ADC",
        "calibrated",
        lambda: product("jia-2020@1.2V").tops_per_w(),
    ),
    Row(
        "jia-2020@1.2V-scaled",
        "1 x 1 bit, 1.2 V from 0.85 V",
        "TOPS/W",
        192,
        JIA,
        "array and ADC",
        "predicted",
        lambda: product("jia-2020@1.2V-scaled").tops_per_w(),
        target=0.10,
    ),
    Row(
        "jia-2020@1.2V-scaled",
        "1 x 1 bit, 1.2 V from 0.85 V",
        "TOPS",
        2.185,
        JIA,
        "macro",
        "predicted",
        lambda: product("jia-2020@1.2V-scaled").tops,
        target=0.05,
        band=(-0.5, -0.4),
        why=_VT,
    ),
    Row(
        "jia-2020@1.2V-scaled",
        "ADC per column, 1.2 V",
        "pJ",
        3.56,
        JIA,
        "ADC",
        "predicted",
        lambda: _column_pj("adc"),
        target=0.10,
    ),
    Row(
        "jia-2020@1.2V-scaled",
        "array per column, 1.2 V",
        "pJ",
        20.4,
        JIA,
        "array",
        "predicted",
        lambda: _column_pj("crossbar"),
        target=0.10,
    ),
    Row(
        "jia-2020@1.2V-scaled",
        "digital per column, 1.2 V",
        "pJ",
        14.7,
        JIA,
        "near-memory logic",
        "predicted",
        lambda: _column_pj("shift-add"),
        target=0.10,
        band=(0.0, 0.2),
    ),
    Row(
        "jia-2020",
        "2-bit inputs",
        "TOPS",
        0.874 / 2,
        JIA,
        "macro",
        "predicted",
        lambda: _jia_bits(2),
        target=0.05,
    ),
    Row(
        "jia-2020",
        "4-bit inputs",
        "TOPS",
        0.874 / 4,
        JIA,
        "macro",
        "predicted",
        lambda: _jia_bits(4),
        target=0.05,
    ),
    Row(
        "jia-2020",
        "8-bit inputs",
        "TOPS",
        0.874 / 9.375,
        JIA,
        "macro",
        "predicted",
        lambda: _jia_bits(8),
        target=0.05,
        band=(0.1, 0.2),
    ),
    Row(
        "jia-2021",
        "4 x 4 bit",
        "TOPS",
        11.8,
        JIA21,
        "16 units",
        "bookkeeping",
        lambda: product("jia-2021").tops,
    ),
    Row(
        "jia-2021",
        "4 x 4 bit",
        "TOPS/W",
        121,
        JIA21,
        "16 units with ADCs",
        "calibrated",
        lambda: product("jia-2021").tops_per_w(),
    ),
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
