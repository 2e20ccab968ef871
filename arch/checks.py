"""Contradictions between the parts of a chip, found before anything runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from . import amounts, board, operands
from .component import Idling
from .nearest import nearest_hint
from .paths import fields_by_key, walk
from .units import POWER, format_quantity

if TYPE_CHECKING:
    from .chip import Chip, Tile


class Contradiction(ValueError):
    """Two fields that cannot both be true.

    Parameters
    ----------
    path : str
        Dotted path of the field to look at first.
    message : str
    """

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path
        self.message = message


Finding = tuple[str, str]
ROUNDING = 1e-3
"""Figures of a file are rounded to a few digits."""


def check(chip: Chip) -> None:
    """Raise the first `Contradiction` of a chip."""
    for path, message in findings(chip):
        raise Contradiction(path, message)


def findings(chip: Chip) -> Iterator[Finding]:
    """Every contradiction as (path, message)."""
    if chip.tile is None and chip.mac_array is None:
        yield "", "the chip computes nothing, expected a 'tile' (crossbars) or a 'mac_array' (digital)"
    yield from _unit_names(chip)
    if chip.tile is not None:
        for rule in (_grid, _row_drivers, _converters, _columns, _rows, _cell):
            yield from rule(chip.tile)
        yield from operands.findings(chip.tile)
        yield from amounts.findings(chip.tile)
        yield from _network(chip, chip.tile)
    yield from _sharing(chip)
    yield from _memory(chip)
    yield from _attention(chip)
    yield from _outside(chip)
    yield from _idle(chip)
    yield from board.findings(chip)
    yield from _sources(chip)


def _attention(chip: Chip) -> Iterator[Finding]:
    """Keys, values and the products with them have to be somewhere."""
    cache, where = chip.kv_cache, chip.attention
    if cache is not None and cache.kind == "memory" and chip.memory is None:
        yield "kv_cache.kind", "found memory, but the chip has no `memory`"
    units = (*(chip.tile.units if chip.tile else ()), *chip.units)
    missing = {
        "mac_array": None if chip.mac_array else "`mac_array`",
        "unit": None if any("mac" in unit.functions for unit in units) else "unit that offers mac",
        "analog": None if chip.tile else "`tile`",
        "host": None if chip.host else "`host`",
    }
    if where is not None and missing[where]:
        yield "attention", f"found {where}, but the chip has no {missing[where]}"
    if where == "analog" and chip.tile is not None and chip.tile.crossbar.write_time_fs is None:
        yield "attention", "found analog, but `tile.crossbar.write_time` is not known"


def _idle(chip: Chip) -> Iterator[Finding]:
    """A part that does nothing draws no more than one that works."""
    idling = [part for _, part in walk(chip) if isinstance(part, Idling)]
    if all(part.idle_power_w is None and part.gating is None for part in idling):
        return
    from .parts import fitted

    for part in fitted(chip):
        if part.part.keys or not isinstance(part.model, Idling):
            continue
        idle = part.model.idle_power_w
        if idle is None and part.model.gating == "none":
            yield f"{part.path}.idle_power", "missing, expected what it draws while idle, with gating none"
        active = part.active_w(chip)
        if idle is not None and active is not None and idle > active * (1 + ROUNDING):
            found, most = (format_quantity(float(f"{w:.4g}"), POWER) for w in (idle, active))
            yield f"{part.path}.idle_power", f"found {found}, expected at most its active power, {most}"


def _outside(chip: Chip) -> Iterator[Finding]:
    """Areas are those of chips: what lies beside them has none that would count."""
    for path, part in (("memory", chip.memory), ("host", chip.host)):
        if part is not None and part.area_mm2 is not None:
            yield f"{path}.area", f"the {path} is no part of a chip, expected no area"


def _memory(chip: Chip) -> Iterator[Finding]:
    """What lies side by side in a channel has to fit into the memory."""
    memory = chip.memory
    if memory is None or memory.capacity_bytes is None:
        return
    stripe, capacity = memory.interleave_bytes * memory.channels, memory.capacity_bytes
    if stripe > capacity:
        found = f"{memory.channels} channels of {memory.interleave_bytes} B"
        yield "memory.interleave", f"found {found}, expected at most memory.capacity = {capacity} B"


def _unit_names(chip: Chip) -> Iterator[Finding]:
    seen: set[str] = set()
    for prefix, units in (("tile.units", chip.tile.units if chip.tile else ()), ("units", chip.units)):
        for index, unit in enumerate(units):
            if unit.name in seen:
                yield (
                    f"{prefix}.{index}.name",
                    f"a second unit is called {unit.name!r}, expected a name of its own",
                )
            seen.add(unit.name)


def _grid(tile: Tile) -> Iterator[Finding]:
    rows, cols = tile.grid
    if rows * cols < tile.count:
        yield "tile.grid", f"{rows} x {cols} places are too few for {tile.count} tiles (tile.count)"


def _row_drivers(tile: Tile) -> Iterator[Finding]:
    dac, crossbar = tile.dac, tile.crossbar
    if dac.slice_bits > dac.bits:
        yield "tile.dac.slice_bits", f"found {dac.slice_bits}, expected at most tile.dac.bits = {dac.bits}"
    rows = crossbar.count * (crossbar.rows + crossbar.spare_rows)
    if dac.count > rows:
        yield "tile.dac.count", f"found {dac.count} row drivers, expected at most one for each of {rows} rows"


def _converters(tile: Tile) -> Iterator[Finding]:
    adc, crossbar = tile.adc, tile.crossbar
    if not adc.law.converts:
        return
    columns = crossbar.count * (crossbar.cols + crossbar.spare_columns)
    if adc.count > columns:
        yield (
            "tile.adc.count",
            f"found {adc.count}, expected at most one for each of the {columns} columns of a tile",
        )
    elif adc.count % crossbar.count and crossbar.count % adc.count:
        shared = f"{adc.count} ADCs cannot be shared evenly by {crossbar.count} crossbars"
        yield "tile.adc.count", f"{shared}, expected a divisor or a multiple of tile.crossbar.count"
    weight_columns = crossbar.count * crossbar.cols
    if adc.concurrent and adc.count < weight_columns:
        reason = "an ADC that converts while the array integrates serves one column"
        yield (
            "tile.adc.concurrent",
            f"{reason}, expected tile.adc.count = {weight_columns}, found {adc.count}",
        )


def _columns(tile: Tile) -> Iterator[Finding]:
    if tile.columns_per_weight > tile.weight_columns:
        how = f"{tile.weights.bits} bits, {tile.crossbar.cell.bits} per cell, {tile.weights.encoding}"
        what = f"one weight takes {tile.columns_per_weight} columns ({how})"
        yield "tile.weights", f"{what}, a crossbar has {tile.weight_columns}"


def _sharing(chip: Chip) -> Iterator[Finding]:
    """Ports have crossbars behind them, and nobody fires by himself who waits for his turn."""
    for port in chip.ports:
        where = f"ports.{port.name}"
        if chip.tile is None:
            yield where, "nothing is behind it, expected a `tile` with crossbars"
        elif port.crossbars > chip.n_crossbars:
            yield (
                f"{where}.crossbars",
                f"found {port.crossbars}, but the chip has {chip.n_crossbars} crossbars to stand behind it",
            )
        elif not port.in_turn and not port.time_fs:
            yield f"{where}.time", "missing, expected the time that a stream takes for a vector"
        elif port.kind == "adc" and not chip.tile.adc.law.converts:
            yield f"{where}.kind", f"found adc, but tile.adc.kind {chip.tile.adc.kind} converts nothing"
    names = [port.name for port in chip.ports]
    for i, name in enumerate(names):
        if name in names[:i]:
            yield f"ports.{i}.name", f"a second port is called {name!r}, expected a name of its own"
    free = chip.tile is not None and chip.tile.replicas == "free"
    if free and (chip.ports or chip.schedule == "layer_serial"):
        waits = "crossbars wait for their turn at `ports`" if chip.ports else "schedule layer_serial"
        yield "tile.replicas", f"found free, but {waits}; expected lock_step"


def _rows(tile: Tile) -> Iterator[Finding]:
    active, rows = tile.crossbar.active_rows, tile.crossbar.rows
    if active is not None and active > rows:
        yield "tile.crossbar.active_rows", f"found {active}, expected at most tile.crossbar.rows = {rows}"


def _cell(tile: Tile) -> Iterator[Finding]:
    low, high = tile.crossbar.cell.g_min_siemens, tile.crossbar.cell.g_max_siemens
    if low is not None and high is not None and low >= high:
        yield "tile.crossbar.cell.g_min", "not below g_max"


def _network(chip: Chip, tile: Tile) -> Iterator[Finding]:
    if chip.noc is None:
        if tile.count > 1:
            yield "noc", f"missing, expected the network that connects the {tile.count} tiles"
        return
    if chip.noc.multicast and not chip.noc.routes_form_trees:
        why = "up*/down* routes of a graph may meet again and form no tree"
        yield "noc.multicast", f"found true, but {why}; expected false or another noc.routing"
    if chip.noc.switching == "circuit" and chip.noc.arbitration in ("round_robin", "age"):
        why = "circuits take all links of a way at once, first come, first served"
        yield "noc.arbitration", f"found {chip.noc.arbitration}, but {why}; expected fcfs"
    routers, shared = chip.noc.router.count if chip.noc.router else None, chip.noc.concentration
    if routers is not None and routers * shared < tile.count:
        yield (
            "noc.router.count",
            f"{routers} routers of {shared} tiles each miss some of {tile.count}",
        )


def _sources(chip: Chip) -> Iterator[Finding]:
    for path, component in walk(chip):
        where = f"{path}.source".lstrip(".")
        valid = fields_by_key(type(component))
        for key, text in (component.source or {}).items():
            field = key.partition(".")[0]
            if field != "*" and field not in valid:
                yield where, f"unknown field {field!r}{nearest_hint(field, valid)}"
            words = set(re.findall(r"[\w-]+", text))
            if text.startswith("published") and not words & chip.references.keys():
                known = f"its keys are {', '.join(chip.references)}" if chip.references else "it is empty"
                yield where, f"{text!r} names no key of 'references' ({known})"
