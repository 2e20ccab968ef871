"""What of an energy, or of a time, goes with what: its parts, as they are where the file states them.

Each part has a law by which it moves when the chip is changed (`geometry/parts.py`); their sum is the figure.
A figure without parts is one number, which moves by the laws of `geometry` or is kept, and then said to be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from .component import Component
from .quantities import EnergyJ, TimeOrZeroFs
from .units import ENERGY, format_fs, format_quantity

if TYPE_CHECKING:
    from .chip import Tile

ROUNDING = 1e-3
"""Figures of a file are rounded to a few digits."""

INPUT = (
    "in proportion to the pulses of an input slice (pulse_width, pulse_count); with other drivers as fixed"
)
OUTPUT = "in proportion to the steps of a conversion, by the law of tile.adc.kind"


class EnergyParts(Component):
    """Parts of the energy of one action. They add up to it."""

    fixed_j: EnergyJ = Field(0.0, alias="fixed", description="Whatever time, bits and size are.")
    time_j: EnergyJ = Field(
        0.0,
        alias="time",
        description="In proportion to the time of a read (of a conversion, where that is not concurrent).",
    )
    input_j: EnergyJ = Field(0.0, alias="input", description=f"{INPUT[0].upper()}{INPUT[1:]}.")
    output_j: EnergyJ = Field(0.0, alias="output", description=f"{OUTPUT[0].upper()}{OUTPUT[1:]}.")
    rows_j: EnergyJ = Field(0.0, alias="rows", description="In proportion to the rows that a read drives.")
    columns_j: EnergyJ = Field(
        0.0, alias="columns", description="In proportion to the columns of a crossbar."
    )

    @property
    def total(self) -> float:
        """Their sum."""
        return self.fixed_j + self.time_j + self.input_j + self.output_j + self.rows_j + self.columns_j


class TimeParts(Component):
    """Parts of the time of one read. They add up to it."""

    fixed_fs: TimeOrZeroFs = Field(0, alias="fixed", description="Whatever the bits are.")
    input_fs: TimeOrZeroFs = Field(0, alias="input", description=f"{INPUT[0].upper()}{INPUT[1:]}.")
    output_fs: TimeOrZeroFs = Field(0, alias="output", description=f"{OUTPUT[0].upper()}{OUTPUT[1:]}.")

    @property
    def total(self) -> int:
        """Their sum."""
        return self.fixed_fs + self.input_fs + self.output_fs


def findings(tile: Tile) -> Iterator[tuple[str, str]]:
    """Parts that do not add up to the stated figure, as (path, message): by how much."""
    for name, part in (("crossbar", tile.crossbar), ("dac", tile.dac), ("adc", tile.adc)):
        parts, whole = part.energy_parts, part.energy_j
        where = f"tile.{name}.energy_parts"
        if parts is not None and whole is None:
            yield where, f"found parts of an energy that is not given, expected tile.{name}.energy"
        elif parts is not None and whole is not None and abs(parts.total - whole) > ROUNDING * whole:
            yield where, _gap(parts.total, whole, f"tile.{name}.energy", _joules)
    if tile.dac.signed and tile.dac.kind not in ("pulse_width", "pulse_count"):
        yield "tile.dac.signed", f"found true, but {tile.dac.kind} drivers send no pulses"
    times, read_fs = tile.crossbar.read_time_parts, tile.crossbar.read_time_fs
    if times is not None and abs(times.total - read_fs) > ROUNDING * read_fs:
        yield "tile.crossbar.read_time_parts", _gap(times.total, read_fs, "tile.crossbar.read_time", _time)


def _gap(total: float, whole: float, of: str, text: Callable[[float], str]) -> str:
    which = "missing" if total < whole else "too much"
    return f"the parts add up to {text(total)}, {of} is {text(whole)}: {text(abs(total - whole))} {which}"


def _joules(amount: float) -> str:
    return format_quantity(float(f"{amount:.4g}"), ENERGY)


def _time(amount: float) -> str:
    return format_fs(round(amount))
