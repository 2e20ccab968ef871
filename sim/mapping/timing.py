"""How long one piece of hardware takes for one piece of work, in femtoseconds.

The mapping balances stages with these figures and the lowering turns the same ones into visits, so the two
cannot disagree. Components work in whole cycles of their own clock, rounded up.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...arch.chip import Chip, Tile
from ...arch.digital import MacArray, Unit
from ...arch.links import Host
from ...arch.reads import ceil_div as ceil_div
from ...arch.reads import conversion_fs, read_period_fs
from ...arch.units import FS_PER_S as FS_PER_S
from .tiling import Tiling


@dataclass(frozen=True)
class MvmTiming:
    """One matrix-vector product on the crossbars of a layer, slice by slice.

    A crossbar reads one input slice in one phase, and one group of active rows, after the other. Where a
    sample-and-hold lies between them, the ADCs of the tile convert the columns of each read while the
    crossbar makes the next one, so a read can start every `period_fs`, the longer of reading and
    converting; without one, the crossbar waits for its ADCs and it is the sum. Converters that count while
    the array integrates (``adc.concurrent``) add nothing. Lumped into one visit each, crossbar and ADC are
    timed exactly as read by read.

    Attributes
    ----------
    reads : int
        Input slices x phases x `row_groups`.
    read_fs, convert_fs, period_fs : int
        One read, conversion of all columns of one read, and the longer of the two, or their sum.
    crossbar_hold_fs, adc_hold_fs : int
        Occupation of the crossbar, and of the ADCs, by one product.
    row_groups : int
        Groups of rows that are active at once, one after the other; each read drives the rows of one.
    """

    reads: int
    read_fs: int
    convert_fs: int
    period_fs: int
    crossbar_hold_fs: int
    adc_hold_fs: int
    row_groups: int = 1

    @staticmethod
    def of(tile: Tile, tiling: Tiling, replicas: int) -> MvmTiming:
        """Timing for a layer cut as `tiling`, that many times, on crossbars of this tile."""
        row_groups = tile.row_groups(tiling.rows_per_crossbar)
        reads = tile.dac.n_slices * tile.crossbar.phases * row_groups
        read = tile.crossbar.read_time_fs
        convert = conversion_fs(tile, tiling.cols_per_crossbar, tiling.crossbars * replicas)
        period = read_period_fs(tile, convert)
        return MvmTiming(
            reads=reads,
            read_fs=read,
            convert_fs=convert,
            period_fs=period,
            crossbar_hold_fs=reads * period,
            adc_hold_fs=(reads - 1) * period + convert,
            row_groups=row_groups,
        )


def unit_beats(unit: Unit, work: int, function: str, instances: int) -> int:
    """Cycles that `instances` groups of units are busy with `work` element operations of one function."""
    return max(1, ceil_div(work * unit.functions[function], unit.lanes * unit.count * instances))


def host_fs(host: Host, operations: int) -> int:
    """Time the host computes `operations` element operations."""
    return max(1, ceil_div(operations * FS_PER_S, int(host.throughput_per_s)))


def bytes_fs(n_bytes: int, bandwidth_bytes_per_s: float) -> int:
    """Time to move `n_bytes` at a bandwidth."""
    return max(1, ceil_div(n_bytes * FS_PER_S, int(bandwidth_bytes_per_s)))


@dataclass(frozen=True)
class Folds:
    """A k x n matrix on a systolic array: fold after fold, each a block of the stationary operand.

    Weight-stationary: a fold loads its block in `rows` cycles, then streams all `vectors` through, which
    takes ``2 * rows + cols + vectors - 2`` cycles in all (Samajdar et al., ISPASS 2020, SCALE-Sim, equation
    for weight stationary); output- and input-stationary arrays are the same formula with the roles of the
    dimensions changed.
    """

    n_folds: int
    cycles: int
    vectors: int

    @staticmethod
    def of(array: MacArray, k: int, n: int, vectors: int) -> Folds:
        """Folds of `vectors` products of a vector with a k x n matrix."""
        along_rows, along_cols, streamed = {
            "weight_stationary": (k, n, vectors),
            "output_stationary": (vectors, n, k),
            "input_stationary": (k, vectors, n),
        }[array.dataflow]
        folds = ceil_div(along_rows, array.rows) * ceil_div(along_cols, array.cols)
        return Folds(folds, 2 * array.rows + array.cols + streamed - 2, vectors)


def total_tiles(chip: Chip) -> int:
    """Places of all copies of the chip: its tiles, or one per chip that has no crossbars."""
    return chip.n_chips * (chip.tile.count if chip.tile else 1)
