"""What rows are driven with, read after read: the input slices of some vectors on one crossbar."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...arch.chip import Tile
from ..accuracy.crossbar import ComputedCrossbar, input_slices
from ..accuracy.precision import Precision

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ReadPlan:
    """The reads that a crossbar makes of one vector, and what they drive it with.

    Parameters
    ----------
    slices : int
        Input slices.
    input_phases, weight_phases : int
        Reads of one slice for the signs of the input, and for each of these for those of the weight.
    active_rows : int
        Rows that one read takes.
    top : int
        Highest value of a slice.
    squared : bool
        Whether energy goes with the square of the input: voltages, not pulses or durations.
    skips : bool
        Whether reads without a driven row are left out.
    signed : bool
        Whether inputs may be negative.
    """

    slices: int
    input_phases: int
    weight_phases: int
    active_rows: int
    top: int
    squared: bool
    skips: bool
    signed: bool

    @staticmethod
    def of(tile: Tile, signed: bool) -> ReadPlan:
        """The plan of one tile.

        Of two or more phases, the first distinction is the sign of the input, the second that of the weight.
        All cells of a driven row carry current in every phase (assumption). Signed inputs in one phase keep
        their sign in a pulse or a wider slice, and are two's complement bit by bit.
        """
        dac, crossbar = tile.dac, tile.crossbar
        signs = 2 if crossbar.phases >= 2 else 1
        magnitude_bits = dac.bits - (1 if signed else 0)
        return ReadPlan(
            slices=dac.n_slices,
            input_phases=signs,
            weight_phases=crossbar.phases // signs,
            active_rows=tile.rows_at_once,
            top=2 ** min(dac.slice_bits, magnitude_bits) - 1,
            squared=dac.kind == "multi_bit",
            skips=bool(dac.zero_skipping),
            signed=signed,
        )

    @property
    def reads(self) -> int:
        """Reads of one group of rows."""
        return self.slices * self.input_phases * self.weight_phases

    @property
    def steps(self) -> int:
        """Steps of energy from a row at zero to one at full scale."""
        return self.top**2 if self.squared else self.top

    def groups(self, n_rows: int) -> Iterator[slice]:
        """Rows that are read at once, group after group."""
        for first in range(0, n_rows, self.active_rows):
            yield slice(first, min(first + self.active_rows, n_rows))

    def drives(self, codes: Floats, p: Precision) -> Floats:
        """(slices and input phases, vectors, rows) in steps of a slice, signs kept.

        Reads that a chip makes although a vector never needs them, such as those for a sign that does not
        occur, are not among them: no row is driven in these.
        """
        drives: Floats = input_slices(np.ascontiguousarray(codes), p, self.signed)[0]
        return drives

    def energies(self, drives: Floats) -> Floats:
        """Drives over full scale, as energy goes with them."""
        share = np.abs(drives) * np.float32(1 / self.top)
        return np.square(share) if self.squared else share


def level_top(p: Precision) -> int:
    """Highest level of a cell."""
    return p.weight_top if p.continuous else int(2**p.digit_bits - 1)


def cell_shares(bar: ComputedCrossbar) -> Doubles:
    """(n_rows,) sum over the cells of a row of their conductance over the highest one.

    Where the chip file gives conductances, a cell of level 0 still has the lowest one.
    """
    p = bar.p
    lowest = p.g_min_us / p.device.g_max_us
    share = lowest + (1 - lowest) * bar.cells.digits.astype(np.float64) / level_top(p)
    found: Doubles = share.sum(axis=(0, 2))
    return found
