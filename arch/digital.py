"""The digital parts: memories on chip, shift-and-add, function units, MAC arrays."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from .component import Clock, Clocked, Component, Counted, Idling
from .nearest import nearest_hint
from .quantities import Bits, CapacityBytes, Count, Cycles, EnergyJ, EnergyPerByteJ, WidthBits
from .vocabulary import function_names, is_function


class ShiftAdd(Clocked, Counted):
    """Adds the conversions of slices, phases and columns, each shifted by its weight."""

    lanes: Count = Field(1, description="Conversions that one instance takes in per cycle.")
    energy_j: EnergyJ | None = Field(None, alias="energy", description="One shift and add of one conversion.")


class Register(Idling, Counted):
    """A small memory beside the crossbars, read and written without delay."""

    capacity_bytes: CapacityBytes = Field(alias="capacity", description="Capacity of one instance.")
    energy_per_byte_j: EnergyPerByteJ | None = Field(
        None, alias="energy_per_byte", description="One byte read or written."
    )


class Bus(Clocked):
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
            if not is_function(name):
                raise ValueError(f"unknown function {name!r}{nearest_hint(name, function_names())}")
    return value


def _only_known_names(schema: dict[str, Any]) -> None:
    schema["propertyNames"] = {"enum": list(function_names())}


Functions = Annotated[
    dict[str, Count],
    Field(min_length=1, json_schema_extra=_only_known_names),
    BeforeValidator(_known_functions),
]


class UnitPasses(Component):
    """How a unit goes over a row several times for one function: a softmax reads it for the maximum, for the
    exponentials and their sum, and for the scaling. A pass needs the result of the one before it.
    """

    name: Annotated[str, Field(strict=True)] = Field(description="The function.")
    cycles: Annotated[tuple[Count, ...], Field(strict=False, min_length=1)] = Field(
        description="Cycles of one lane for one element in each pass; they add up to those in `functions`."
    )
    drain: Annotated[tuple[Cycles, ...], Field(strict=False)] = Field(
        (),
        description="Cycles from the last element of each pass to its result (reduction tree, exponential, "
        "divider); 0 if absent.",
    )
    rows: Count = Field(1, description="Rows that one instance works on side by side; they share its lanes.")
    pipelined: bool = Field(
        False,
        strict=True,
        description="Whether every pass has lanes of its own, so that one row follows the other from pass "
        "to pass; else a row has gone through all passes before the next one begins.",
    )
    online: bool = Field(
        False,
        strict=True,
        description="Whether the first pass runs along with the second (online softmax: the sum is "
        "corrected whenever the maximum grows).",
    )

    @model_validator(mode="after")
    def _one_drain_for_each(self) -> UnitPasses:
        if self.drain and len(self.drain) != len(self.cycles):
            raise ValueError(
                f"found {len(self.drain)} numbers in drain, expected {len(self.cycles)} as in cycles"
            )
        if self.online and len(self.cycles) < 2:
            raise ValueError("found one pass, expected two or more where the first is online")
        return self


class Unit(Clocked, Counted):
    """A digital unit that computes functions element by element on several lanes."""

    name: Annotated[str, Field(strict=True, pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")] = Field(
        description="Name of the unit, unlike any other."
    )
    lanes: Count = Field(description="Elements that one instance works on at the same time.")
    functions: Functions = Field(description="Function to the cycles that one lane takes for one element.")
    passes: Annotated[tuple[UnitPasses, ...], Field(strict=False)] | None = Field(
        None,
        description="Functions that go over a row several times; without, softmax and the like take their "
        "cycles in one go.",
    )
    energy_j: EnergyJ | None = Field(None, alias="energy", description="One lane for one cycle.")

    @model_validator(mode="after")
    def _passes_fit(self) -> Unit:
        for passes in self.passes or ():
            name, where = passes.name, f"passes.{passes.name}"
            if name not in self.functions:
                hint = nearest_hint(name, self.functions)
                raise ValueError(f"{where}: {name!r} is not among the functions{hint}")
            if sum(passes.cycles) != self.functions[name]:
                found = f"{' + '.join(map(str, passes.cycles))} cycles"
                raise ValueError(
                    f"{where}: found {found}, expected functions.{name} = {self.functions[name]}"
                )
            if self.lanes % passes.rows:
                raise ValueError(
                    f"{where}.rows: found {passes.rows}, expected a divisor of lanes = {self.lanes}"
                )
        return self

    def passes_of(self, function: str) -> UnitPasses | None:
        """How it goes over rows for a function; None if it does so once."""
        return next((p for p in self.passes or () if p.name == function), None)


class MacArray(Clock, Counted):
    """A systolic array of multiply-accumulate cells, which fills and drains with every fold."""

    rows: Count = Field(description="Rows of cells.")
    cols: Count = Field(description="Columns of cells.")
    dataflow: Literal["weight_stationary", "output_stationary", "input_stationary"] = Field(
        description="Which operand stays in the cells."
    )
    weight_bits: Bits = Field(description="Bits of one weight.")
    energy_j: EnergyJ | None = Field(None, alias="energy", description="One multiply-accumulate.")
    buffer: Buffer = Field(description="The SRAM that feeds one array.")
