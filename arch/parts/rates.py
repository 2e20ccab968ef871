"""How often the parts of a chip can act at most, and where their energies stand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from ..chip import Chip
from ..component import Costed
from ..digital import Bus, MacArray, ShiftAdd, Unit
from ..links import Noc
from ..ports import Port
from ..reads import port_interval_fs, read_interval_fs, vector_interval_fs
from ..units import FS_PER_S


def stated(name: str) -> Callable[[Chip, Costed], float | None]:
    """The energy that a part's own field gives."""

    def energy(chip: Chip, model: Costed) -> float | None:
        found: float | None = getattr(model, name)
        return found

    return energy


def of_reads(per_read: Callable[[Any], int]) -> Callable[[Chip, Costed], float | None]:
    """Actions of an analog part while all crossbars of its tile read back to back."""

    def rate(chip: Chip, model: Costed) -> float | None:
        tile = chip.tile
        if tile is None:
            return None
        reads_per_s = tile.crossbar.count * FS_PER_S / read_interval_fs(tile)
        return per_read(tile) * reads_per_s / cast(Any, model).count  # type: ignore[no-any-return]

    return rate


def every_cycle(chip: Chip, model: Costed) -> float | None:
    """Every lane, cell or byte of a clocked part busy in every cycle."""
    if isinstance(model, Bus):
        return model.width_bits / 8 * FS_PER_S / model.cycle_fs
    if isinstance(model, MacArray):
        return model.rows * model.cols * FS_PER_S / model.cycle_fs
    assert isinstance(model, ShiftAdd | Unit)
    return model.lanes * FS_PER_S / model.cycle_fs


def vectors(chip: Chip, model: Costed) -> float | None:
    """Vectors per second that a port passes while all crossbars behind it work."""
    assert isinstance(model, Port)
    if chip.tile is None:
        return None
    return model.crossbars * FS_PER_S / max(vector_interval_fs(chip.tile), port_interval_fs(chip))


def bandwidth(chip: Chip, model: Costed) -> float | None:
    """Bytes per second of a part that has a bandwidth."""
    found: float | None = getattr(model, "bandwidth_bytes_per_s", None)
    return found


def every_port(chip: Chip, model: Costed) -> float | None:
    """A flit through each port of a router (4 neighbours and its tiles) in every cycle."""
    noc = chip.noc
    return None if noc is None else (4 + noc.concentration) * FS_PER_S / noc.cycle_fs


def per_hop(chip: Chip, model: Costed) -> float | None:
    """Energy of a flit through a router."""
    return chip.noc.energy_per_flit_hop_j if isinstance(chip.noc, Noc) else None


def router_count(chip: Chip, noc: Noc) -> int:
    """Routers of one chip: as given, or enough for all tiles."""
    if noc.router is not None and noc.router.count is not None:
        return noc.router.count
    tiles = chip.tile.count if chip.tile else 1
    return -(-tiles // noc.concentration)
