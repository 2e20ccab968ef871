"""Costs of memories, buses, units, arrays and routers."""

from __future__ import annotations

from ..cost.sram import KIB, energy_per_byte_j
from .law import Law, Seen, ratio

MEMORIES = (
    "tile.buffer",
    "tile.input_register",
    "tile.output_register",
    "tile.sum_register",
    "mac_array.buffer",
    "kv_cache",
)
CLOCKED = (
    "tile.buffer",
    "tile.bus",
    "tile.shift_add",
    "tile.units.*",
    "units.*",
    "mac_array",
    "mac_array.buffer",
)
LANES = ("tile.shift_add", "tile.units.*", "units.*")
DEFAULT_NODE_NM = 45.0


def _access(old: Seen, new: Seen) -> float | None:
    """Energy of a byte by the size of the memory, between 2 KiB and 4 MiB."""
    sizes = [float(seen.part.capacity_bytes or 0) for seen in (old, new)]
    if min(sizes) < 2 * KIB or max(sizes) > 4 * KIB**2:
        return None
    node = old.chip.node_nm or DEFAULT_NODE_NM
    return energy_per_byte_j(sizes[1], node) / energy_per_byte_j(sizes[0], node)


def _bytes(old: Seen, new: Seen) -> float | None:
    sizes = old.part.capacity_bytes, new.part.capacity_bytes
    return None if None in sizes else float(sizes[1] / sizes[0])


def _wires(seen: Seen) -> float:
    return float(seen.part.width_bits)


def _rate(seen: Seen) -> float:
    return 1 / float(seen.part.cycle_fs)


def _lanes(seen: Seen) -> float:
    return float(seen.part.lanes)


def _cells(seen: Seen) -> float:
    return float(seen.part.rows * seen.part.cols)


def _partial_products(seen: Seen) -> float:
    return float(seen.part.weight_bits * seen.chip.activation_bits)


def _flit(seen: Seen) -> float:
    return float(seen.chip.noc.flit_bits) if seen.chip.noc else 1.0


def _noc_rate(seen: Seen) -> float:
    return 1 / float(seen.chip.noc.cycle_fs) if seen.chip.noc else 1.0


LAWS = (
    Law(
        parts=MEMORIES, costs=("energy_per_byte",), hangs_on=(".capacity",), factor=_access,
        how="energy of an access by the size of an SRAM", source="Horowitz 2014; Jouppi 2021",
    ),
    Law(
        parts=MEMORIES, costs=("area", "static_power"), hangs_on=(".capacity",), factor=_bytes,
        how="bytes", source="one cell for every bit",
    ),
    Law(
        parts=("tile.buffer", "tile.bus", "mac_array.buffer"), costs=("power",), hangs_on=(".width",),
        factor=ratio(_wires), how="bits moved in a cycle", source="Horowitz 2014: energy goes with the width",
    ),
    Law(
        parts=("tile.bus",), costs=("area", "static_power"), hangs_on=(".width",), factor=ratio(_wires),
        how="wires", source="one wire for every bit",
    ),
    Law(
        parts=CLOCKED, costs=("power",), hangs_on=(".cycle",), factor=ratio(_rate), how="clock",
        source="C V^2 f",
    ),
    Law(
        parts=LANES, costs=("power", "area", "static_power"), hangs_on=(".lanes",), factor=ratio(_lanes),
        how="lanes", source="lanes are alike",
    ),
    Law(
        parts=("mac_array",), costs=("power", "area", "static_power"), hangs_on=(".rows", ".cols"),
        factor=ratio(_cells), how="cells of the array", source="cells are alike",
    ),
    Law(
        parts=("mac_array",), costs=("energy", "power", "area"), hangs_on=(".weight_bits", "activation_bits"),
        factor=ratio(_partial_products), how="partial products of a multiplier",
        source="array multiplier: weight_bits x activation_bits",
    ),
    Law(
        parts=("tile.units.*", "units.*"), costs=("energy", "power", "area"), hangs_on=("activation_bits",),
        how="how wide its arithmetic is, is not stated",
    ),
    Law(
        parts=("tile.shift_add",), costs=("energy", "power", "area"), hangs_on=("tile.adc.bits",),
        how="how wide its adder is, is not stated",
    ),
    Law(
        parts=("noc",), costs=("energy_per_flit_hop",), hangs_on=(".flit",), factor=ratio(_flit),
        how="bits of a flit", source="buffers and wires go with the width (Wang et al., Orion, MICRO 2002)",
    ),
    Law(
        parts=("noc.router",), costs=("power", "area", "static_power"), hangs_on=("noc.flit",),
        factor=ratio(_flit), how="bits of a flit",
        source="buffers and wires go with the width (Wang et al., Orion, MICRO 2002); its crossbar more",
    ),
    Law(
        parts=("noc.router",), costs=("power",), hangs_on=("noc.cycle",), factor=ratio(_noc_rate),
        how="clock", source="C V^2 f",
    ),
    Law(
        parts=("noc.router",), costs=("power", "area"),
        hangs_on=("noc.concentration", "noc.vcs", "noc.vc_buffer"),
        how="how much of it ports and buffers take is not stated",
    ),
)  # fmt: skip
