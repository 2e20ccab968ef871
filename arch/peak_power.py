"""Peak power of one instance of each part, from what the chip file gives.

``power`` where it is given, else the energy of one action times the highest rate of that action; static
power on top. None where neither is known.
"""

from __future__ import annotations

from .chip import Chip, Tile
from .component import Clocked, Costed
from .digital import Bus, MacArray, ShiftAdd, Unit
from .links import Noc, Router
from .peak import read_interval_fs
from .units import FS_PER_S


def with_static(part: Costed, dynamic_w: float | None) -> float | None:
    """Dynamic and static power together; None if neither is known."""
    dynamic = part.power_w if part.power_w is not None else dynamic_w
    if dynamic is None:
        return part.static_power_w
    return dynamic + (part.static_power_w or 0.0)


def per_cycle(part: Clocked, energy_per_cycle_j: float | None) -> float | None:
    """Peak power of a clocked part that spends this energy in every cycle."""
    dynamic = None if energy_per_cycle_j is None else energy_per_cycle_j * FS_PER_S / part.cycle_fs
    return with_static(part, dynamic)


def clocked_peak_w(part: Bus | Unit | ShiftAdd | MacArray) -> float | None:
    """Peak power of one digital part: every lane, bit or cell busy in every cycle."""
    if isinstance(part, Bus):
        byte = part.energy_per_byte_j
        return per_cycle(part, None if byte is None else byte * part.width_bits / 8)
    actions = part.rows * part.cols if isinstance(part, MacArray) else part.lanes
    return per_cycle(part, None if part.energy_j is None else part.energy_j * actions)


def analog_peak_w(tile: Tile) -> dict[str, float | None]:
    """Peak power of one crossbar, row driver, sample-and-hold and ADC, all crossbars reading back to back."""
    crossbar = tile.crossbar
    reads_per_s = crossbar.count * FS_PER_S / read_interval_fs(tile)
    driven = crossbar.active_rows or crossbar.rows
    actions = {"crossbar": 1, "dac": driven, "sample_hold": crossbar.cols, "adc": crossbar.cols}
    peaks: dict[str, float | None] = {}
    for key, n in actions.items():
        part = getattr(tile, key)
        if part is not None:
            energy = part.energy_j
            peaks[key] = with_static(part, None if energy is None else energy * n * reads_per_s / part.count)
    return peaks


def router_count(chip: Chip, noc: Noc) -> int:
    """Routers of one chip: as given, or enough for all tiles."""
    if noc.router is not None and noc.router.count is not None:
        return noc.router.count
    tiles = chip.tile.count if chip.tile else 1
    return -(-tiles // noc.concentration)


def router_peak_w(noc: Noc, router: Router) -> float | None:
    """Peak power of one router: a flit through each port (4 neighbours and its tiles) in every cycle."""
    hop = noc.energy_per_flit_hop_j
    dynamic = None if hop is None else hop * (4 + noc.concentration) * FS_PER_S / noc.cycle_fs
    return with_static(router, dynamic)
