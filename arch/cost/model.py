"""What a cost model is: formulas with a source, the parameters they take, the range they hold in."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..errors import ConfigError
from ..nearest import nearest_hint
from ..units import Dimension, UnitError, format_quantity, parse

COSTS: Mapping[str, str] = {
    "energy": "J per action",
    "energy_per_byte": "J per byte",
    "area": "mm2",
    "power": "W",
}
"""What a model can give, and its unit."""


class CostWarning(UserWarning):
    """A cost model was asked about something outside the range in which its source holds."""


@dataclass(frozen=True)
class Parameter:
    """A number that a model needs.

    Parameters
    ----------
    name : str
        As written in a chip file.
    meaning : str
    dimension : Dimension, optional
        A quantity with a unit; None for a plain number. The model gets it in the dimension's own unit.
    low, high : float
        Range in which the source holds, both ends included.
    default : float, optional
        None: it must be given, or found in `field`.
    field : str
        Where it is found if the file does not give it: a key of the part whose cost is asked for
        ("bits"), dotted for parts inside ("cell.g_max"), or with "chip." for one of the chip ("chip.node").
    """

    name: str
    meaning: str
    dimension: Dimension | None = None
    low: float = 0.0
    high: float = math.inf
    default: float | None = None
    field: str = ""

    def read(self, value: object) -> float:
        """The number of a text or plain number; `UnitError` says what was expected."""
        if self.dimension is not None and not isinstance(value, float):
            return float(parse(value, self.dimension)[0])
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise UnitError(f"found {value!r}, expected a plain number ({self.meaning})")
        return float(value)

    def show(self, value: float) -> str:
        """The value with its unit, short."""
        if self.dimension is None:
            return f"{value:g}"
        whole = value == int(value) if math.isfinite(value) else False
        return format_quantity(value if whole else float(f"{value:.4g}"), self.dimension)


@dataclass(frozen=True)
class ModelChoice:
    """A word that a model needs: one of `options`; that of a `field` as a `Parameter`'s, else the first."""

    name: str
    options: tuple[str, ...]
    field: str = ""


@dataclass(frozen=True)
class Estimate:
    """A cost that a model gave.

    Parameters
    ----------
    value : float
        In the unit of `COSTS`.
    model, source : str
    inputs : dict of str to str
        Parameters and choices as text, defaults included.
    outside : tuple of str
        Parameters outside the range of the source, with that range; empty if all is well.
    """

    value: float
    model: str
    source: str
    inputs: Mapping[str, str]
    outside: tuple[str, ...] = ()

    @property
    def mark(self) -> str:
        """What the number rests on, as the `source` of a chip file says it."""
        given = ", ".join(f"{name} {text}" for name, text in self.inputs.items())
        beyond = f"; outside its range: {'; '.join(self.outside)}" if self.outside else ""
        return f"estimated: model {self.model} ({given}){beyond}"


Formula = Callable[..., float]
"""Takes the model's parameters (float) and choices (str) by keyword; gives the cost."""


@dataclass(frozen=True)
class Model:
    """A family of formulas under one name.

    Parameters
    ----------
    name : str
        As in ``energy: {model: NAME}``.
    about : str
        What it estimates, in one sentence, with its boundary.
    source : str
        Literature.
    costs : dict of str to callable
        Keys of `COSTS` to formulas.
    parameters, choices : tuple
    """

    name: str
    about: str
    source: str
    costs: Mapping[str, Formula]
    parameters: tuple[Parameter, ...] = ()
    choices: tuple[ModelChoice, ...] = field(default=())

    def estimate(
        self, cost: str, given: Mapping[str, object], find: Callable[[str], object] = lambda _: None
    ) -> Estimate:
        """Evaluate one formula.

        Parameters
        ----------
        cost : str
            Key of `COSTS`.
        given : dict
            Parameters and choices; texts with units where the parameter has a dimension (a float is taken in
            the dimension's own unit).
        find : callable
            Gives the value of a `Parameter.field`, or None.

        Raises
        ------
        ConfigError
            The model does not give this cost, a parameter is unknown, missing or no number, or what the
            formula gives for them is no finite number from zero.
        """
        if cost not in self.costs:
            raise ConfigError(f"model {self.name!r} gives no {cost}, it gives {', '.join(self.costs)}")
        self._check_names(given)
        values: dict[str, float | str] = {}
        inputs: dict[str, str] = {}
        outside: list[str] = []
        for parameter in self.parameters:
            number = self._number(parameter, given, find)
            values[parameter.name] = number
            inputs[parameter.name] = parameter.show(number)
            if not parameter.low <= number <= parameter.high:
                ends = f"{parameter.show(parameter.low)} to {parameter.show(parameter.high)}"
                outside.append(f"{parameter.name} {parameter.show(number)}, holds for {ends}")
        for choice in self.choices:
            stated = find(choice.field) if choice.field else None
            word = given.get(choice.name, choice.options[0] if stated is None else stated)
            if word not in choice.options:
                wanted = ", ".join(choice.options)
                raise ConfigError(
                    f"model {self.name!r}: {choice.name}: found {word!r}, expected one of {wanted}"
                )
            values[choice.name] = inputs[choice.name] = str(word)
        return Estimate(self._value(cost, values, inputs), self.name, self.source, inputs, tuple(outside))

    def _value(self, cost: str, values: Mapping[str, float | str], inputs: Mapping[str, str]) -> float:
        """What a formula gives; a formula knows nothing of numbers that cannot be."""
        try:
            value = self.costs[cost](**values)
        except (ArithmeticError, TypeError, ValueError):
            value = math.nan
        if not isinstance(value, complex) and 0 <= value < math.inf:
            return value
        given = ", ".join(f"{name} {text}" for name, text in inputs.items())
        raise ConfigError(f"model {self.name!r}: no possible {cost} follows from {given}")

    def __call__(self, cost: str, **given: object) -> float:
        """The cost alone; warns (`CostWarning`) outside the range of the source."""
        estimate = self.estimate(cost, given)
        if estimate.outside:
            warnings.warn(f"cost model {self.name}: {'; '.join(estimate.outside)}", CostWarning, stacklevel=2)
        return estimate.value

    def _check_names(self, given: Mapping[str, object]) -> None:
        known = [p.name for p in self.parameters] + [c.name for c in self.choices]
        for name in given:
            if name not in known:
                raise ConfigError(
                    f"model {self.name!r}: unknown parameter {name!r}{nearest_hint(name, known)}"
                )

    def _number(
        self, parameter: Parameter, given: Mapping[str, object], find: Callable[[str], object]
    ) -> float:
        value = given.get(parameter.name)
        if value is None and parameter.field:
            value = find(parameter.field)
        if value is None:
            value = parameter.default
        if value is None:
            where = f" (or the field {parameter.field})" if parameter.field else ""
            raise ConfigError(f"model {self.name!r} needs {parameter.name}{where}: {parameter.meaning}")
        try:
            return parameter.read(value)
        except UnitError as error:
            raise ConfigError(f"model {self.name!r}: {parameter.name}: {error}") from None
