"""Costs at another technology node."""

from __future__ import annotations

from ..cost.nodes import HIGH_NM, LOW_NM, area_factor, energy_factor
from .law import Factor, Law, Seen

PERIPHERY = ("dac", "adc", "sample_hold", "shift_add", "buffer", "bus", "units.*", "other")
REGISTERS = ("input_register", "output_register", "sum_register")
BESIDE = ("units.*", "mac_array", "mac_array.buffer", "kv_cache", "noc", "noc.router", "other")
LOGIC = (*(f"tile.{key}" for key in (*PERIPHERY, *REGISTERS)), *BESIDE)
"""Parts that shrink as logic does: all on the chip but the cells."""
ENERGIES = ("energy", "energy_per_byte", "energy_per_flit_hop", "input_energy", "code_energy", "power")


def _between(by: Factor) -> Factor:
    """A law between nodes that are known, in the range of its source."""

    def factor(old: Seen, new: Seen) -> float | None:
        nodes = (old.chip.node_nm, new.chip.node_nm)
        if any(nm is None or not LOW_NM <= nm <= HIGH_NM for nm in nodes):
            return None
        return by(old, new)

    return factor


def _energy(old: Seen, new: Seen) -> float | None:
    return energy_factor(old.chip.node_nm or 0.0, new.chip.node_nm or 0.0)


def _area(old: Seen, new: Seen) -> float | None:
    return area_factor(old.chip.node_nm or 0.0, new.chip.node_nm or 0.0)


LAWS = (
    Law(
        parts=LOGIC, costs=ENERGIES, hangs_on=("node",), factor=_between(_energy),
        how="energy of logic at its node",
        source="Horowitz 2014 against Jouppi 2021, 7 to 180 nm",
    ),
    Law(
        parts=LOGIC, costs=("area",), hangs_on=("node",), factor=_between(_area), how="square of the node",
        source="ideal shrink, 7 to 180 nm",
    ),
    Law(
        parts=("tile.crossbar",), costs=("energy", "power", "area", "write_energy"), hangs_on=("node",),
        how="cells do not shrink as logic does",
    ),
    Law(
        parts=(*LOGIC, "tile.crossbar"), costs=("static_power",), hangs_on=("node",),
        how="leakage follows no law between nodes",
    ),
)  # fmt: skip
