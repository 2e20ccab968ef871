"""The digital parts: memories on chip, shift-and-add, function units, MAC arrays."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from .component import Clocked, Costed, Counted
from .functions import FUNCTIONS
from .nearest import nearest_hint
from .quantities import Bits, CapacityBytes, Count, EnergyJ, EnergyPerByteJ, WidthBits


class ShiftAdd(Clocked, Counted):
    """Adds the conversions of slices, phases and columns, each shifted by its weight."""

    lanes: Count = Field(1, description="Conversions that one instance takes in per cycle.")
    energy_j: EnergyJ | None = Field(None, alias="energy", description="One shift and add of one conversion.")


class Register(Costed, Counted):
    """A small memory beside the crossbars, read and written without delay."""

    capacity_bytes: CapacityBytes = Field(alias="capacity", description="Capacity of one instance.")
    energy_per_byte_j: EnergyPerByteJ | None = Field(
        None, alias="energy_per_byte", description="One byte read or written."
    )


class Bus(Clocked, Counted):
    """A shared path that moves `width` bits per cycle."""

    width_bits: WidthBits = Field(alias="width", description="Bits moved per cycle.")
    energy_per_byte_j: EnergyPerByteJ | None = Field(
        None, alias="energy_per_byte", description="One byte moved."
    )

    def beats(self, n_bytes: int) -> int:
        """Cycles that a transfer of so many bytes occupies."""
        return -(-8 * n_bytes // self.width_bits)


class Buffer(Bus):
    """An SRAM or eDRAM with one port of `width` bits."""

    capacity_bytes: CapacityBytes = Field(alias="capacity", description="Capacity of one instance.")


def _known_functions(value: object) -> object:
    if isinstance(value, dict):
        for name in value:
            if name not in FUNCTIONS:
                raise ValueError(f"unknown function {name!r}{nearest_hint(name, FUNCTIONS)}")
    return value


Functions = Annotated[
    dict[str, Count],
    Field(min_length=1, json_schema_extra={"propertyNames": {"enum": list(FUNCTIONS)}}),
    BeforeValidator(_known_functions),
]


class Unit(Clocked, Counted):
    """A digital unit that computes functions element by element on several lanes."""

    name: Annotated[str, Field(strict=True, pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")] = Field(
        description="Name of the unit, unlike any other."
    )
    lanes: Count = Field(description="Elements that one instance works on at the same time.")
    functions: Functions = Field(description="Function to the cycles that one lane takes for one element.")
    energy_j: EnergyJ | None = Field(None, alias="energy", description="One lane for one cycle.")


class MacArray(Clocked, Counted):
    """A systolic array of multiply-accumulate cells."""

    rows: Count = Field(description="Rows of cells.")
    cols: Count = Field(description="Columns of cells.")
    dataflow: Literal["weight_stationary", "output_stationary", "input_stationary"] = Field(
        description="Which operand stays in the cells."
    )
    weight_bits: Bits = Field(description="Bits of one weight.")
    energy_j: EnergyJ | None = Field(None, alias="energy", description="One multiply-accumulate.")
    buffer: Buffer = Field(description="The SRAM that feeds one array.")
