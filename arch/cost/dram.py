"""DRAM: energy per byte of the device and its interface."""

from __future__ import annotations

from .model import Model, ModelChoice

PJ_PER_BIT = {
    "hbm2": 3.9,
    "hbm": 3.9,
    "hbm3": 4.05,
    "hbm4": 3.2,
    "lpddr4": 8.0,
    "lpddr": 40.0,
    "ddr4": 20.0,
    "ddr": 20.0,
    "dram": 20.0,
    "ddr3": 70.0,
}


def energy_per_byte_j(kind: str) -> float:
    """One byte read or written, pages open as usual; the way from the pins to the unit is not in it.

    A family without its generation is one of them here: hbm is HBM2, ddr and dram are DDR4 (assumption).
    """
    return PJ_PER_BIT[kind] * 8e-12


MODEL = Model(
    name="dram",
    about="One byte at the device; a GPU adds about 21 pJ per bit on the way to its second-level cache.",
    source="M. O'Connor et al., MICRO 2017 (HBM2); hwcomponents-cacti (other families)",
    costs={"energy_per_byte": energy_per_byte_j},
    choices=(ModelChoice("kind", tuple(PJ_PER_BIT), field="kind"),),
)
