"""Contradictions between the parts of a chip, found before anything runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from .paths import walk

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


def check(chip: Chip) -> None:
    """Raise the first `Contradiction` of a chip."""
    for path, message in findings(chip):
        raise Contradiction(path, message)


def findings(chip: Chip) -> Iterator[Finding]:
    """Every contradiction as (path, message)."""
    yield from _whole(chip)
    yield from _names(chip)
    if chip.tile is not None:
        for rule in _TILE_RULES:
            yield from rule(chip.tile)
    yield from _network(chip)
    yield from _sources(chip)


def _whole(chip: Chip) -> Iterator[Finding]:
    if chip.tile is None and chip.mac_array is None:
        yield "", "the chip computes nothing, expected a 'tile' (crossbars) or a 'mac_array' (digital)"


def _names(chip: Chip) -> Iterator[Finding]:
    seen: set[str] = set()
    groups = [("tile.units", chip.tile.units if chip.tile else ()), ("units", chip.units)]
    for prefix, units in groups:
        for unit in units:
            if unit.name in seen:
                yield f"{prefix}.{unit.name}.name", f"a second unit is called {unit.name!r}, expected another name"
            seen.add(unit.name)


def _grid(tile: Tile) -> Iterator[Finding]:
    rows, cols = tile.grid
    if rows * cols < tile.count:
        yield "tile.grid", f"{rows} x {cols} places for {tile.count} tiles (tile.count), expected at least as many"


def _inputs(tile: Tile) -> Iterator[Finding]:
    dac, crossbar = tile.dac, tile.crossbar
    if dac.slice_bits > dac.bits:
        yield "tile.dac.slice_bits", f"found {dac.slice_bits}, expected at most tile.dac.bits = {dac.bits}"
    rows = crossbar.count * (crossbar.rows + crossbar.spare_rows)
    if dac.count > rows:
        yield "tile.dac.count", f"found {dac.count} row drivers for the {rows} rows of a tile, expected at most one per row"


def _outputs(tile: Tile) -> Iterator[Finding]:
    adc, crossbar = tile.adc, tile.crossbar
    if adc.kind == "none":
        return
    columns = crossbar.count * (crossbar.cols + crossbar.spare_columns)
    if adc.count > columns:
        yield "tile.adc.count", f"found {adc.count} ADCs for the {columns} columns of a tile, expected at most one per column"
    elif adc.count % crossbar.count and crossbar.count % adc.count:
        yield (
            "tile.adc.count",
            f"{adc.count} ADCs cannot be shared evenly by {crossbar.count} crossbars, expected a divisor or a multiple of "
            "tile.crossbar.count",
        )
    if adc.concurrent and adc.count < crossbar.count * crossbar.cols:
        yield (
            "tile.adc.concurrent",
            f"an ADC that converts while the array integrates cannot be shared, expected one per column "
            f"({crossbar.count * crossbar.cols}), found tile.adc.count = {adc.count}",
        )


def _weights(tile: Tile) -> Iterator[Finding]:
    cell = tile.crossbar.cell
    if tile.columns_per_weight > tile.weight_columns:
        yield (
            "tile.weights",
            f"one weight takes {tile.columns_per_weight} columns ({tile.weights.bits} bits, {cell.bits} per cell, "
            f"{tile.weights.encoding}), a crossbar has {tile.weight_columns}",
        )
    if cell.g_min_siemens is not None and cell.g_max_siemens is not None and cell.g_min_siemens >= cell.g_max_siemens:
        yield "tile.crossbar.cell.g_min", "found no less than g_max, expected less"
    if tile.weights.encoding == "bias_column" and tile.crossbar.cols + tile.crossbar.spare_columns < 2:
        yield "tile.weights.encoding", "a bias column needs a crossbar of at least 2 columns"


_TILE_RULES: tuple[Callable[[Tile], Iterator[Finding]], ...] = (_grid, _inputs, _outputs, _weights)


def _network(chip: Chip) -> Iterator[Finding]:
    if chip.tile is None:
        return
    if chip.noc is None:
        if chip.tile.count > 1:
            yield "noc", f"missing, expected the network that connects the {chip.tile.count} tiles"
        return
    routers = chip.noc.router.count if chip.noc.router else None
    if routers is not None and routers * chip.noc.concentration < chip.tile.count:
        yield (
            "noc.router.count",
            f"{routers} routers with {chip.noc.concentration} tiles each (noc.concentration) do not reach {chip.tile.count} tiles",
        )


def _sources(chip: Chip) -> Iterator[Finding]:
    for path, component in walk(chip):
        for text in (component.source or {}).values():
            words = set(re.findall(r"[\w-]+", text))
            if text.startswith("published") and not words & chip.references.keys():
                keys = ", ".join(chip.references) or "none given"
                yield f"{path}.source".lstrip("."), f"{text!r} names no key of 'references' ({keys})"
