"""The field types of the chip schema: numbers inside, unit strings at the border.

Each type is an ``Annotated`` number whose `Quantity` tells pydantic how to read the text, JSON Schema
what to expect, and the printers how to write it back.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, get_args

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from . import units
from .units import Dimension, UnitError


@dataclass(frozen=True)
class Quantity:
    """How one kind of field is read from text and printed.

    Parameters
    ----------
    dimension : Dimension
    read : callable
        Text to number; raises `UnitError`.
    write : callable
        Number to text.
    zero : bool
        Whether zero is allowed. Negative values never are.
    also : Dimension, optional
        A second dimension that is accepted (a frequency for a period).
    """

    dimension: Dimension
    read: Callable[[object], float]
    write: Callable[[Any], str]
    zero: bool
    also: Dimension | None = None

    def parse(self, value: object) -> float:
        """The number of a text; `UnitError` where it is negative, or zero and must not be."""
        number = self.read(value)
        if number < 0 or (number == 0 and not self.zero):
            wanted = "zero or more" if self.zero else "above zero"
            raise UnitError(f"{value!r} is not allowed, expected {self.dimension.name} {wanted}")
        if not math.isfinite(number):
            raise UnitError(
                f"{value!r} is too large, expected {self.dimension.name} such as {self.dimension.example!r}"
            )
        least, most = _POSSIBLE.get(self.dimension, (0.0, math.inf))
        if number and not least <= number <= most:
            where = f"from {self.write(least)} to {self.write(most)}"
            raise UnitError(f"{value!r} is impossible, expected {self.dimension.name} {where}")
        return number

    def __get_pydantic_core_schema__(self, source: type, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.parse)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        texts = [*self.dimension.units, *(self.also.units if self.also else ())]
        pattern = "|".join(re.escape(unit) for unit in texts)
        examples = [self.dimension.example, *([self.also.example] if self.also else [])]
        text = {"type": "string", "pattern": rf"^\s*[0-9.eE+-]+\s*({pattern})\s*$", "examples": examples}
        if self.dimension not in _ESTIMATED:
            return text
        model = {"type": "object", "required": ["model"], "properties": {"model": {"type": "string"}}}
        return {"anyOf": [text, model]}


_POSSIBLE = {
    units.ENERGY: (1e-30, 1e6),
    units.ENERGY_PER_BYTE: (1e-30, 1e6),
    units.POWER: (1e-30, 1e9),
    units.AREA: (1e-18, 1e9),
    units.LENGTH: (1e-2, 1e9),
    units.BANDWIDTH: (1e-3, 1e24),
    units.THROUGHPUT: (1e-3, 1e24),
}
"""Smallest (but for zero) and largest number that a part can have, in the unit of the field (assumed)."""
_ESTIMATED = (units.ENERGY, units.ENERGY_PER_BYTE, units.AREA, units.POWER)
"""Costs: a file may name a model in place of a number."""


def _amount(dimension: Dimension, *, zero: bool) -> Quantity:
    def read(value: object) -> float:
        return float(units.parse(value, dimension)[0])

    return Quantity(dimension, read, lambda number: units.format_quantity(number, dimension), zero)


def _whole(dimension: Dimension, per_byte: int) -> Quantity:
    def read(value: object) -> float:
        number = units.parse(value, dimension)[0] * per_byte
        if number != int(number):
            unit = "bits" if per_byte == 8 else "bytes"
            raise UnitError(f"{value!r} is no whole number of {unit}")
        return int(number)

    return Quantity(dimension, read, lambda n: units.format_quantity(Decimal(n) / per_byte, dimension), False)


_TIME, _TIME_OR_ZERO = (Quantity(units.TIME, units.to_fs, units.format_fs, zero) for zero in (False, True))
_CYCLE = Quantity(units.TIME, units.period_fs, units.format_fs, False, units.FREQUENCY)
_RATE = Quantity(units.FREQUENCY, units.period_fs, units.format_rate, False, units.TIME)

TimeFs = Annotated[int, _TIME]
"""A duration above zero, femtoseconds."""
TimeOrZeroFs = Annotated[int, _TIME_OR_ZERO]
"""A duration that may be zero, femtoseconds."""
CycleFs = Annotated[int, _CYCLE]
"""A clock period, femtoseconds; the text is a period or a frequency."""
RatePeriodFs = Annotated[int, _RATE]
"""The period of a rate, femtoseconds; the text is a frequency or a period."""
EnergyJ = Annotated[float, _amount(units.ENERGY, zero=True)]
PowerW = Annotated[float, _amount(units.POWER, zero=True)]
AreaMm2 = Annotated[float, _amount(units.AREA, zero=True)]
CapacityBytes = Annotated[int, _whole(units.CAPACITY, 1)]
WidthBits = Annotated[int, _whole(units.WIDTH, 8)]
BandwidthBytesPerS = Annotated[float, _amount(units.BANDWIDTH, zero=False)]
EnergyPerByteJ = Annotated[float, _amount(units.ENERGY_PER_BYTE, zero=True)]
ThroughputPerS = Annotated[float, _amount(units.THROUGHPUT, zero=False)]
LengthNm = Annotated[float, _amount(units.LENGTH, zero=False)]
ConductanceSiemens = Annotated[float, _amount(units.CONDUCTANCE, zero=True)]
ResistanceOhm = Annotated[float, _amount(units.RESISTANCE, zero=True)]
VoltageV = Annotated[float, _amount(units.VOLTAGE, zero=False)]

Count = Annotated[int, Field(strict=True, ge=1, le=2**31)]
"""A plain whole number, at least 1."""
Cycles = Annotated[int, Field(strict=True, ge=0, le=2**31)]
"""A number of clock cycles, or of spare things: zero or more."""
Bits = Annotated[int, Field(strict=True, ge=1, le=64)]
"""A precision: 1 to 64 bits."""


Share = Annotated[float, Field(strict=True, ge=0.0, le=1.0)]
"""A part of a whole, 0 to 1."""


def quantity_of(field: FieldInfo) -> Quantity | None:
    """The `Quantity` of a model field, looking inside ``X | None``."""
    found = [m for m in field.metadata if isinstance(m, Quantity)]
    found += [
        m
        for arg in get_args(field.annotation)
        for m in getattr(arg, "__metadata__", ())
        if isinstance(m, Quantity)
    ]
    return found[0] if found else None
