"""Crossbars for every layer, and the order in which tiles lie on the chip.

Layers take consecutive crossbars of consecutive tiles, in the order of the network, one replica after the
other; the crossbars of one column block (which share their outputs) lie together, so that partial sums meet
inside a tile wherever they can. A layer that fits into one tile is not cut by a tile's border while there
is room for that.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import SimulationError


@dataclass(frozen=True)
class Need:
    """Crossbars that one layer asks for."""

    name: str
    crossbars: int
    replicas: int

    @property
    def total(self) -> int:
        return self.crossbars * self.replicas


def check_fit(needs: list[Need], per_tile: int, tiles: int, n_chips: int) -> None:
    """Raise `SimulationError` with the number of missing tiles if one replica of each layer does not fit."""
    crossbars = sum(n.crossbars for n in needs)
    tiles_needed = -(-crossbars // per_tile)
    if tiles_needed <= tiles:
        return
    largest = max(needs, key=lambda n: n.crossbars)
    per_chip = tiles // n_chips
    raise SimulationError(
        f"the network needs {tiles_needed} tiles ({crossbars} crossbars), {n_chips} chip(s) have {tiles}: "
        f"{tiles_needed - tiles} tiles missing "
        f"(largest layer: {largest.name}, {-(-largest.crossbars // per_tile)} tiles)\n"
        f"use `chips: {-(-tiles_needed // per_chip)}`, `swap` (weights are written during the run), "
        "a chip with more or larger tiles, or keep layers digital (`digital: NAME`)"
    )


def allocate(needs: list[Need], per_tile: int, tiles: int) -> list[int]:
    """First crossbar of every layer; crossbar c lies in tile ``c // per_tile``."""
    total = per_tile * tiles
    remaining = sum(n.total for n in needs)
    first, cursor = [], 0
    for need in needs:
        left_in_tile = -cursor % per_tile
        aligned = need.total > left_in_tile and cursor + left_in_tile + remaining <= total
        if aligned and left_in_tile and (need.total <= per_tile or left_in_tile < need.crossbars):
            cursor += left_in_tile
        first.append(cursor)
        cursor += need.total
        remaining -= need.total
    return first


def tiles_of(first: int, count: int, per_tile: int) -> range:
    """Tiles that `count` crossbars from `first` on lie in."""
    return range(first // per_tile, (first + count - 1) // per_tile + 1)
