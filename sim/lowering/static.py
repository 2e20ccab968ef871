"""What every part draws all the time, used or not."""

from __future__ import annotations

from ...arch.component import Costed
from .context import Context, called


def static_power(context: Context) -> None:
    """Enter the static power of all instances of all parts of all chips."""
    chip = context.chip
    for name, part, count in _parts(context):
        if part.static_power_w:
            copies = 1 if part is chip.memory and chip.memory.shared else chip.n_chips
            context.builder.static_power(name, part.static_power_w * count * copies)
    if chip.host is not None and chip.host.static_power_w:
        context.builder.static_power("host", chip.host.static_power_w)


def _parts(context: Context) -> list[tuple[str, Costed, int]]:
    """Name, part, and instances on one chip."""
    chip = context.chip
    parts: list[tuple[str, Costed, int]] = []
    if chip.tile is not None:
        tile, n = chip.tile, chip.tile.count
        single = [
            ("crossbar", tile.crossbar),
            ("dac", tile.dac),
            ("adc", tile.adc),
            ("sample-hold", tile.sample_hold),
            ("shift-add", tile.shift_add),
            ("input register", tile.input_register),
            ("output register", tile.output_register),
            ("sum register", tile.sum_register),
            ("buffer", tile.buffer),
            ("bus", tile.bus),
            ("other", tile.other),
        ]
        parts += [(name, part, n * getattr(part, "count", 1)) for name, part in single if part is not None]
        parts += [(f"tile.{unit.name}", unit, n * unit.count) for unit in tile.units]
    parts += [(called(unit), unit, unit.count) for unit in chip.units]
    if chip.mac_array is not None:
        parts += [
            ("mac array", chip.mac_array, chip.mac_array.count),
            ("buffer", chip.mac_array.buffer, chip.mac_array.count),
        ]
    if chip.noc is not None:
        parts.append(("noc", chip.noc, 1))
        if chip.noc.router is not None and chip.tile is not None:
            routers = chip.noc.router.count or -(-chip.tile.count // chip.noc.concentration)
            parts.append(("noc", chip.noc.router, routers))
    if chip.kv_cache is not None:
        parts.append(("kv cache", chip.kv_cache, chip.kv_cache.count))
    if chip.memory is not None:
        parts.append(("memory", chip.memory, 1))
    if chip.chips is not None:
        parts.append(("chip links", chip.chips, 1))
    if chip.other is not None:
        parts.append(("other", chip.other, 1))
    return parts
