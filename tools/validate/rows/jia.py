"""Jia et al.: charge-domain SRAM, calibrated at 0.85 V, predicted at 1.2 V and over input bits."""

from __future__ import annotations

from ..measures import product, rolled
from ..row import Row

JIA = "Jia JSSC 2020 (digitised by CiMLoop)"
JIA21 = "Jia ISSCC 2021"

_VT = "It was clocked 2.5 times as fast at 1.2 V; the law with a threshold of 0.35 V gives 1.4."


def _jia_bits(bits: int) -> float:
    return product("jia-2020", {"tile.dac.bits": str(bits)}).tops


def _efficiency(bits: int) -> Row:
    """The published figure for one bit, which "scales directly with the bit precision" of the inputs."""
    return Row(
        "jia-2020",
        f"{bits}-bit inputs",
        "TOPS/W",
        400 / bits,
        "Jia JSSC 2020 (400 TOPS/W for 1 bit, scaling directly with the bits)",
        "array and ADC",
        "predicted",
        lambda: product("jia-2020", {"tile.dac.bits": str(bits)}, data=(1.0, 0.5)).tops_per_w(),
        target=0.10,
    )


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
    *(_efficiency(bits) for bits in (2, 4, 8)),
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
)
