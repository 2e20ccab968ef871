"""The file of a sweep: what is fixed, what varies, how points are chosen, and what is wanted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from ...sim.figures import FIGURES, Kind
from ...sim.job.errors import QuestionError
from ...sim.job.words import said, with_line
from ..errors import UsageError
from ..nearest import nearest_hint
from .axes import Axis, Choices, Range, Settings, read_axis
from .fields import CHIP, NETWORK, Value, text_of, what_is_wrong
from .pareto import Direction

if TYPE_CHECKING:
    from ...arch.yaml_text import Document

METHODS = ("grid", "random", "optimize")
GENERATION = 8
"""Designs that an optimiser chooses at a time, so that as many can run at once."""
MOST_POINTS = 200_000
OBJECTIVES: Mapping[Kind, tuple[str, ...]] = {
    "inference": ("latency_s", "energy_j"),
    "training": ("latency_s", "energy_j"),
    "generation": ("total_s", "energy_per_token_j"),
    "serving": ("requests.latency_s.p99", "energy_per_token_j"),
}
"""What is wanted where a sweep does not say it."""
Place = tuple[str | int, ...]
N_TRIED = 1000
"""Points that are looked at before anything runs."""
_KEYS = ("fixed", "vary", "method", "points", "seed", "generation", "objectives")


@dataclass(frozen=True)
class SweepSpec:
    """A sweep as its file says it.

    Parameters
    ----------
    fixed : Settings
        Fields that all points share.
    axes : tuple of Axis
    method : {"grid", "random", "optimize"}
        Every combination; combinations drawn at random; combinations chosen by Optuna.
    n_points : int
        Designs to draw or to choose; unused by a grid.
    seed : int
    generation : int
        Designs chosen at a time; the result depends on it, so it is not the number of processes.
    objectives : dict of metric to direction
    """

    fixed: Settings
    axes: tuple[Axis, ...]
    method: str
    n_points: int
    seed: int
    generation: int
    objectives: Mapping[str, Direction]

    @property
    def fields(self) -> tuple[str, ...]:
        """Fields that vary, in the order of the file."""
        return tuple(dict.fromkeys(f for axis in self.axes for f in _fields(axis)))

    @property
    def workload_axis(self) -> Choices | None:
        """The axis that names networks; None where one network is fixed."""
        listed = (axis for axis in self.axes if isinstance(axis, Choices))
        return next((axis for axis in listed if NETWORK in _fields(axis)), None)

    @property
    def grid_size(self) -> int | None:
        """Combinations there are; None where a range has no step."""
        sizes = [len(axis.settings) if isinstance(axis, Choices) else None for axis in self.axes]
        return prod(size for size in sizes if size is not None) if None not in sizes else None

    def values_of(self, field: str) -> list[Value]:
        """The listed values of a field, fixed or varied; the bounds of a range."""
        if field in self.fixed:
            return [self.fixed[field]]
        return [settings[field] for axis in self.axes for settings in _samples(axis) if field in settings]


def read_spec(path: Path) -> SweepSpec:
    """Read and check the file of a sweep.

    Raises
    ------
    ConfigError, UsageError
        With file and line, what was found and what was expected.
    """
    from ...arch.yaml_text import read_file

    return _checked(read_file(path), str(path))


def spec_of(value: Mapping[str, Any]) -> SweepSpec:
    """The sweep that fields mean, as a file has them.

    Raises
    ------
    UsageError
        With the field, what was found and what was expected.
    """
    from ...arch.yaml_text import Document

    return _checked(Document("sweep", dict(value)), "sweep")


def _checked(document: Document, path: str) -> SweepSpec:
    if not isinstance(document.value, dict):
        raise UsageError(f"{path}:1: expected the fields of a sweep: {', '.join(_KEYS)}")
    for key in document.value:
        if key not in _KEYS:
            raise _error(document, (key,), f"unknown field {key!r}{nearest_hint(key, _KEYS)}")
    spec = _spec(document)
    _check_size(document, spec)
    kind = _checked_kind(document, spec)
    return spec if spec.objectives else replace(spec, objectives=_wanted(kind))


def _spec(document: Document) -> SweepSpec:
    value = document.value
    axes = _axes(document)
    method = value.get("method", "grid")
    if method not in METHODS:
        raise _error(document, ("method",), f"method: found {text_of(method)}, expected {', '.join(METHODS)}")
    return SweepSpec(
        fixed=_mapping(document, "fixed"),
        axes=axes,
        method=method,
        n_points=_number(document, "points", 0, least=1),
        seed=_number(document, "seed", 0, least=0),
        generation=_number(document, "generation", GENERATION, least=1),
        objectives=_objectives(document),
    )


def _axes(document: Document) -> tuple[Axis, ...]:
    axes = []
    for name, value in _mapping(document, "vary").items():

        def fail(below: tuple[str | int, ...], message: str, name: str = name) -> Exception:
            return _error(document, ("vary", name, *below), f"vary: {name}: {message}")

        axes.append(read_axis(name, value, fail))
    if not axes:
        raise _error(document, ("vary",), "vary: found nothing, expected fields with lists of values")
    return tuple(axes)


def _objectives(document: Document) -> Mapping[str, Direction]:
    if "objectives" not in document.value:
        return {}
    given = _mapping(document, "objectives")
    if not given:
        raise _error(document, ("objectives",), "objectives: found nothing, expected latency_s: minimize")
    for name, wanted in given.items():
        if name not in FIGURES:
            hint = nearest_hint(name, list(FIGURES))
            raise _error(document, ("objectives", name), f"objectives: unknown metric {name!r}{hint}")
        if wanted not in get_args(Direction):
            expected = " or ".join(get_args(Direction))
            raise _error(
                document,
                ("objectives", name),
                f"objectives: {name}: found {text_of(wanted)}, expected {expected}",
            )
    return given


def _wanted(kind: Kind) -> Mapping[str, Direction]:
    """The objectives of a sweep that names none."""
    return {name: direction(name) for name in OBJECTIVES[kind]}


def direction(name: str) -> Direction:
    """Which way a figure is better; less of what has no better way."""
    return "maximize" if FIGURES[name].better == "more" else "minimize"


def _check_size(document: Document, spec: SweepSpec) -> None:
    size = spec.grid_size
    if spec.method == "grid":
        ranges = [axis.name for axis in spec.axes if isinstance(axis, Range)]
        if ranges:
            raise _error(
                document, ("vary", ranges[0]), f"vary: {ranges[0]}: a grid needs a 'step' or a list of values"
            )
        if "points" in document.value:
            raise _error(document, ("points",), "points: a grid has all its points; use method: random")
        if size is not None and size > MOST_POINTS:
            raise _error(
                document,
                ("vary",),
                f"vary: {size} points, expected at most {MOST_POINTS}; use method: random",
            )
    elif not 0 < spec.n_points <= MOST_POINTS:
        raise _error(
            document, ("points",), f"points: method {spec.method} needs a number from 1 to {MOST_POINTS}"
        )
    if spec.method != "optimize" and "generation" in document.value:
        raise _error(
            document, ("generation",), "generation: only method: optimize chooses points in generations"
        )


def _checked_kind(document: Document, spec: SweepSpec) -> Kind:
    """Every field exists, is given once, and has values of its kind; networks and chips are there.

    Returns what the points ask.
    """
    places: dict[str, Place] = {}
    for place, field, value in _given(document):
        known = places.setdefault(field, place)
        if known[:2] != place[:2]:
            raise _error(document, place, f"{field} is given twice, also at {document.place(known)}")
        wrong = what_is_wrong(field, value)
        if wrong:
            raise _error(document, place, f"{field}: {wrong}")
    for field in (NETWORK, CHIP):
        if field not in places:
            raise _error(document, (), f"{field}: missing, expected a name or a file under 'fixed' or 'vary'")
    from .lookup import check_sources

    check_sources(spec, lambda field, message: _error(document, places[field], f"{field}: {message}"))
    return _kind(document, spec, places)


def _kind(document: Document, spec: SweepSpec, places: Mapping[str, Place]) -> Kind:
    """What the first point asks that can be asked; raises if none of the first ones can."""
    from .points import first

    def named(name: str, value: str | None) -> str:
        return with_line(name, value, document.place(places.get(name, ())))

    wrong: list[QuestionError] = []
    for point in first(spec, N_TRIED):
        try:
            return point.job().work.kind
        except QuestionError as error:
            wrong.append(error)
    raise _error(document, places.get(wrong[0].field, ()), said(str(wrong[0]), named))


def _given(document: Document) -> Iterator[tuple[tuple[str | int, ...], str, Value]]:
    """Place, field and value of everything that is set anywhere in the file."""
    for field, value in (document.value.get("fixed") or {}).items():
        yield ("fixed", field), field, value
    for name, value in document.value["vary"].items():
        if isinstance(value, list):
            yield from ((("vary", name, i), name, item) for i, item in enumerate(value))
        elif "from" in value or "to" in value:
            yield from ((("vary", name, end), name, value[end]) for end in ("from", "to"))
        else:
            for label, settings in value.items():
                yield from ((("vary", name, label, field), field, item) for field, item in settings.items())


def _fields(axis: Axis) -> Iterator[str]:
    for settings in _samples(axis):
        yield from settings


def _samples(axis: Axis) -> tuple[Settings, ...]:
    return axis.settings if isinstance(axis, Choices) else (axis.at(0), axis.at(1))


def _mapping(document: Document, key: str) -> dict[str, Any]:
    value = document.value.get(key)
    if value is not None and not isinstance(value, dict):
        raise _error(document, (key,), f"{key}: found {text_of(value)}, expected fields with their values")
    return value or {}


def _number(document: Document, key: str, default: int, least: int) -> int:
    value = document.value.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or (value < least and key in document.value):
        raise _error(document, (key,), f"{key}: found {text_of(value)}, expected a whole number from {least}")
    return value


def _error(document: Document, place: tuple[str | int, ...], message: str) -> UsageError:
    return UsageError(f"{document.place(place)}: {message}")
