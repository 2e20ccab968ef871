"""Energies that depend on data: what they hold for, and what of them is there whatever the data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field

from .component import Component
from .quantities import Share
from .units import ENERGY, format_quantity

if TYPE_CHECKING:
    from .chip import Tile

HALF = 0.5
"""Share of full scale where a chip file says nothing."""


class StatedOperands(Component):
    """Means of the data that a chip's energies were given for, over their full scale."""

    input: Share = Field(
        HALF,
        description="Mean input slice of a read over the highest one (for one bit: share of ones); of its "
        "square for multi_bit row drivers, whose voltage it sets.",
    )
    cell: Share = Field(
        HALF, description="Mean level of a cell over the highest one (conductance over g_max, if given)."
    )
    code: Share = Field(HALF, description="Mean magnitude of a converter's result over the highest one.")


@dataclass(frozen=True)
class DataEnergies:
    """The energies of one tile, split into what is always spent and what goes with the data.

    A chip file gives ``energy`` for the data of ``tile.operands``, and says how much of it goes with the
    data. The rest is always spent. None where a part's energy is unknown; the parts that go with the data
    are 0 where the file has none, and the energy is a constant.

    Parameters
    ----------
    read_j, row_j, cell_j : float
        One read of a crossbar; in it, a row driven at full scale; in that, a cell of the highest level.
    drive_j, input_j : float
        One row driven, and what full scale adds.
    convert_j, code_j : float
        One conversion, and what the highest code adds.
    """

    read_j: float | None
    row_j: float
    cell_j: float
    drive_j: float | None
    input_j: float
    convert_j: float | None
    code_j: float

    @property
    def any(self) -> bool:
        """Whether anything goes with the data."""
        return max(self.row_j, self.cell_j, self.input_j, self.code_j) > 0

    @staticmethod
    def of(tile: Tile) -> DataEnergies:
        """The split for one tile."""
        crossbar, stated = tile.crossbar, tile.operands or StatedOperands()
        rows = tile.rows_at_once
        row, cell = crossbar.row_energy_j or 0.0, crossbar.cell_energy_j or 0.0
        in_read = stated.input * rows * (row + stated.cell * crossbar.cols * cell)
        full, code = tile.dac.input_energy_j or 0.0, tile.adc.code_energy_j or 0.0
        return DataEnergies(
            read_j=_less(crossbar.energy_j, in_read),
            row_j=row,
            cell_j=cell,
            drive_j=_less(tile.dac.energy_j, stated.input * full),
            input_j=full,
            convert_j=_less(tile.adc.energy_j, stated.code * code),
            code_j=code,
        )


def _less(energy_j: float | None, part_j: float) -> float | None:
    return None if energy_j is None else energy_j - part_j


def findings(tile: Tile) -> Iterator[tuple[str, str]]:
    """Parts of an energy that are more than the whole, as (path, message)."""
    split = DataEnergies.of(tile)
    of_read = "row_energy" if split.row_j else "cell_energy"
    parts = (
        ("crossbar", of_read, split.row_j + split.cell_j, split.read_j),
        ("dac", "input_energy", split.input_j, split.drive_j),
        ("adc", "code_energy", split.code_j, split.convert_j),
    )
    for name, key, part, rest in parts:
        whole = getattr(tile, name).energy_j
        if part > 0 and whole is None:
            yield f"tile.{name}.energy", f"missing, expected the energy that tile.{name}.{key} is a part of"
        elif rest is not None and whole is not None and rest < -ROUNDING * whole:
            found, made = (format_quantity(float(f"{x:.4g}"), ENERGY) for x in (whole, whole - rest))
            yield (
                f"tile.{name}.energy",
                f"found {found}, but {key} makes {made} of it with the data of tile.operands",
            )


ROUNDING = 1e-3
"""Figures of a file are rounded to a few digits."""
