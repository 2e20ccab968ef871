"""Reading and converting: how long the columns of a read take, whether the next read waits for them, and what
that makes at most.

The one place for it: contradictions, the mapping and the lowering ask here.
"""

from __future__ import annotations

from fractions import Fraction

from .chip import Chip, Tile
from .units import FS_PER_S


def ceil_div(a: int, b: int) -> int:
    """Integer division, rounded up."""
    return -(-a // b)


def crossbars_per_adc(tile: Tile) -> int:
    """Neighbouring crossbars that take turns at the same ADC (1 if each has one or more of its own)."""
    return ceil_div(tile.crossbar.count, tile.adc.count)


def conversions(tile: Tile, columns: int, crossbars: int) -> int:
    """Conversions that an ADC makes one after the other for a read of so many columns and crossbars.

    With fewer ADCs than crossbars, several crossbars take turns at one ADC; with more, each crossbar has
    several.
    """
    sharing = min(crossbars_per_adc(tile), crossbars)
    return ceil_div(columns, max(1, tile.adc.count // tile.crossbar.count)) * sharing


def conversion_fs(tile: Tile, columns: int, crossbars: int) -> int:
    """Time in which the ADCs convert the columns of one read of so many crossbars.

    0 where there is no ADC, or one that converts while the array integrates.
    """
    each = tile.adc.conversion_fs
    if each is None or tile.adc.concurrent or not tile.adc.law.converts:
        return 0
    return conversions(tile, columns, crossbars) * each


def overlap(tile: Tile) -> bool:
    """Whether the array makes the next read while the last one is converted.

    It does if a sample-and-hold keeps the columns, or if the ADC converts while the array integrates; else
    one follows the other.
    """
    return tile.sample_hold is not None or tile.adc.concurrent


def read_period_fs(tile: Tile, converting_fs: int) -> int:
    """Shortest time between two reads of which each takes so long to convert."""
    read = tile.crossbar.read_time_fs
    return max(read, converting_fs) if overlap(tile) else read + converting_fs


def read_interval_fs(tile: Tile) -> int:
    """Shortest time between two reads of a crossbar when all crossbars of the tile work."""
    return read_period_fs(tile, conversion_fs(tile, tile.crossbar.cols, tile.crossbar.count))


def vector_interval_fs(tile: Tile) -> int:
    """Shortest time between two input vectors of a crossbar: all slices, all phases, all groups of rows."""
    groups = tile.row_groups(tile.crossbar.rows)
    return tile.dac.n_slices * tile.crossbar.phases * groups * read_interval_fs(tile)


def port_interval_fs(chip: Chip) -> int:
    """Shortest time between two vectors of a crossbar behind ports when all crossbars work; 0 without."""
    if chip.tile is None:
        return 0
    product_fs = vector_interval_fs(chip.tile)
    return max((port.crossbars * port.busy_fs(product_fs) for port in chip.ports), default=0)


def peak_ops_per_s(chip: Chip) -> float:
    """Operations per second of all crossbars and MAC arrays of one chip (one MAC is two operations)."""
    peak = Fraction(0)
    if chip.tile is not None:
        tile = chip.tile
        macs = tile.count * tile.crossbar.count * tile.crossbar.rows * tile.weights_per_row
        peak += Fraction(2 * macs * FS_PER_S, max(vector_interval_fs(tile), port_interval_fs(chip)))
    if chip.mac_array is not None:
        array = chip.mac_array
        peak += Fraction(2 * array.count * array.rows * array.cols * FS_PER_S, array.cycle_fs)
    return float(peak)
