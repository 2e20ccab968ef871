"""An axis of the design space: a list of values, several fields changed together, or a range."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from pydantic import ConfigDict, Field

from ..documents import FileModel
from .fields import Value, text_of

MOST_STEPS = 100_000
"""Values of one range with a step."""
DIGITS = 6
"""Significant digits of a value drawn from a range without step, so that its text says all of it."""

Settings = Mapping[str, Value]
"""Fields with their values."""


@dataclass(frozen=True)
class Choices:
    """Settings of which one is taken.

    Parameters
    ----------
    name : str
        The field, or the name of a group of fields that change together.
    settings : tuple of Settings
    ordered : bool
        Whether they are numbers that ascend or descend: an optimiser may look between two of them.
    """

    name: str
    settings: tuple[Settings, ...]
    ordered: bool = False


@dataclass(frozen=True)
class Range:
    """A number between two bounds, both included, of one field.

    Parameters
    ----------
    name : str
        The field.
    low, high : float
    log : bool
        Drawn evenly on a logarithmic scale.
    unit : str
        Put behind the number ("GHz"), or empty.
    """

    name: str
    low: float
    high: float
    log: bool = False
    unit: str = ""

    def setting(self, value: float) -> Settings:
        """The field with this value."""
        return {self.name: _with_unit(float(f"{value:.{DIGITS}g}"), self.unit)}

    def at(self, share: float) -> Settings:
        """The field with the value at a share (0 to 1) of the way."""
        if self.log:
            return self.setting(self.low * (self.high / self.low) ** share)
        return self.setting(self.low + share * (self.high - self.low))


Axis = Choices | Range
Fail = Callable[[tuple[str | int, ...], str], Exception]
"""Makes the error for a place below the axis and a message."""


def read_axis(name: str, value: Value, fail: Fail) -> Axis:
    """An axis as the file says it, unless it is a range.

    A list of values of the field `name`, or a mapping of labels to mappings of fields, under a free name.
    """
    if isinstance(value, list):
        return _list(name, value, fail)
    if isinstance(value, dict):
        return _group(name, value, fail)
    found = "nothing" if value is None else text_of(value)
    raise fail(
        (), f"found {found}, expected a list of values such as [{found}], or a range {{from: 1, to: 4}}"
    )


def _list(name: str, values: list[Value], fail: Fail) -> Choices:
    if not values:
        raise fail((), "found an empty list, expected at least one value: the grid would have no point")
    texts = [text_of(value) for value in values]
    for i, text in enumerate(texts):
        if text in texts[:i]:
            raise fail((i,), f"{text} is given twice")
    return Choices(name, tuple({name: value} for value in values), _ascends(values))


def _ascends(values: list[Value]) -> bool:
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return False
    return values == sorted(values) or values == sorted(values, reverse=True)


def _group(name: str, value: dict[str, Value], fail: Fail) -> Choices:
    if not value:
        raise fail((), "found nothing, expected at least one value: the grid would have no point")
    for label, settings in value.items():
        if not isinstance(settings, dict) or not settings:
            raise fail(
                (label,),
                f"found {text_of(settings)}, expected the fields to set, such as {{tile.adc.bits: 6}}",
            )
    return Choices(name, tuple(value.values()))


class RangeFile(FileModel):
    """A range as a file says it: ``{from:, to:, step:, log:, unit:}``."""

    model_config = ConfigDict(title="a range {from: 1, to: 4}")

    low: float = Field(alias="from", allow_inf_nan=False)
    high: float = Field(alias="to", allow_inf_nan=False)
    step: float | None = Field(None, gt=0, allow_inf_nan=False)
    log: bool = False
    unit: str = ""


def range_axis(name: str, given: RangeFile, fail: Fail) -> Axis:
    """An axis between two bounds, by steps or without any."""
    low, high = (Decimal(str(bound)) for bound in (given.low, given.high))
    if not low < high:
        raise fail(("to",), f"found {given.high:g}, expected more than {given.low:g}, where the range begins")
    if given.step is not None:
        if given.log:
            raise fail(("log",), "a range with a step is not logarithmic; give a list of values instead")
        step = Decimal(str(given.step))
        if (high - low) / step > MOST_STEPS:
            raise fail(("step",), f"found {given.step:g}, expected at most {MOST_STEPS} steps")
        values = [_with_unit(value, given.unit) for value in _steps(low, high, step)]
        return Choices(name, tuple({name: value} for value in values), ordered=True)
    if given.log and low <= 0:
        raise fail(("from",), f"found {given.low:g}, expected more than 0 on a logarithmic scale")
    return Range(name, given.low, given.high, given.log, given.unit)


def _steps(low: Decimal, high: Decimal, step: Decimal) -> Iterator[float]:
    """Decimal steps: 0.1, 0.2, 0.3 and no 0.30000000000000004."""
    value = low
    while value <= high:
        yield float(value)
        value += step


def _with_unit(value: float, unit: str) -> Value:
    number = int(value) if value.is_integer() else value
    return f"{number} {unit}" if unit else number
