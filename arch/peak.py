"""How fast the parts of a chip can go at most: intervals and rates, before any network runs."""

from __future__ import annotations

from fractions import Fraction

from .chip import Chip, Tile
from .reads import conversion_fs, read_period_fs
from .units import FS_PER_S


def read_interval_fs(tile: Tile) -> int:
    """Shortest time between two reads of a crossbar when all crossbars of the tile work."""
    return read_period_fs(tile, conversion_fs(tile, tile.crossbar.cols, tile.crossbar.count))


def vector_interval_fs(tile: Tile) -> int:
    """Shortest time between two input vectors of a crossbar: all slices, all phases, all groups of rows."""
    groups = tile.row_groups(tile.crossbar.rows)
    return tile.dac.n_slices * tile.crossbar.phases * groups * read_interval_fs(tile)


def peak_ops_per_s(chip: Chip) -> float:
    """Operations per second of all crossbars and MAC arrays of one chip (one MAC is two operations)."""
    peak = Fraction(0)
    if chip.tile is not None:
        tile = chip.tile
        macs = tile.count * tile.crossbar.count * tile.crossbar.rows * tile.weights_per_row
        peak += Fraction(2 * macs * FS_PER_S, vector_interval_fs(tile))
    if chip.mac_array is not None:
        array = chip.mac_array
        peak += Fraction(2 * array.count * array.rows * array.cols * FS_PER_S, array.cycle_fs)
    return float(peak)
