"""The file of a sweep: what is fixed, what varies, how points are chosen, and what is wanted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, Field

from ...arch.nearest import nearest_hint
from ...arch.yaml_text import Document, Location
from ...sim.figures import FIGURES, Kind
from ...sim.job.errors import QuestionError
from ...sim.job.records import ASKED
from ...sim.job.words import said, with_line
from ..documents import FileModel, problem, validated
from .axes import Axis, Choices, Range, RangeFile, Settings, range_axis, read_axis
from .fields import CHIP, NETWORK, Value, what_is_wrong
from .pareto import Direction

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
N_TRIED = 1000
"""Points that are looked at before anything runs."""


class SweepFile(FileModel):
    """What may stand in the file of a sweep; `SweepSpec` says what it means."""

    model_config = ConfigDict(title="the fields of a sweep (fixed, vary, ...)")

    fixed: dict[str, Any] | None = None
    vary: dict[str, Any] = Field(min_length=1)
    method: Literal["grid", "random", "optimize"] = "grid"
    points: int | None = Field(None, ge=1)
    seed: int = Field(0, ge=0)
    generation: int | None = Field(None, ge=1)
    objectives: dict[str, Direction] | None = Field(None, min_length=1)


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

    return _checked(read_file(path))


def spec_of(value: Mapping[str, Any]) -> SweepSpec:
    """The sweep that fields mean, as a file has them.

    Raises
    ------
    UsageError
        With the field, what was found and what was expected.
    """
    return _checked(Document("sweep", dict(value)))


def _checked(document: Document) -> SweepSpec:
    given = validated(document, SweepFile)
    spec = SweepSpec(
        fixed=given.fixed or {},
        axes=_axes(document, given),
        method=given.method,
        n_points=given.points or 0,
        seed=given.seed,
        generation=given.generation or GENERATION,
        objectives=_objectives(document, given),
    )
    _check_size(document, spec)
    kind = _checked_kind(document, spec)
    _check_objectives(document, spec, kind)
    return spec if spec.objectives else replace(spec, objectives=_wanted(kind))


def _axes(document: Document, given: SweepFile) -> tuple[Axis, ...]:
    axes = []
    for name, value in given.vary.items():

        def fail(below: Location, message: str, name: str = name) -> Exception:
            return problem(document, ("vary", name, *below), message)

        if isinstance(value, dict) and ("from" in value or "to" in value):
            axes.append(range_axis(name, validated(document, RangeFile, ("vary", name)), fail))
        else:
            axes.append(read_axis(name, value, fail))
    return tuple(axes)


def _objectives(document: Document, given: SweepFile) -> Mapping[str, Direction]:
    for name in given.objectives or ():
        if name not in FIGURES:
            hint = nearest_hint(name, FIGURES)
            raise problem(document, ("objectives", name), f"unknown metric {name!r}{hint}")
    return given.objectives or {}


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
            raise problem(document, ("vary", ranges[0]), "a grid needs a 'step' or a list of values")
        if "points" in document.value:
            raise problem(document, ("points",), "a grid has all its points; use method: random")
        if size is not None and size > MOST_POINTS:
            raise problem(
                document,
                ("vary",),
                f"{size} points, expected at most {MOST_POINTS}; use method: random",
            )
    elif not 0 < spec.n_points <= MOST_POINTS:
        raise problem(document, ("points",), f"method {spec.method} needs a number from 1 to {MOST_POINTS}")
    if spec.method != "optimize" and "generation" in document.value:
        raise problem(document, ("generation",), "only method: optimize chooses points in generations")


def _checked_kind(document: Document, spec: SweepSpec) -> Kind:
    """Every field exists, is given once, and has values of its kind; networks and chips are there.

    Returns what the points ask.
    """
    places: dict[str, Location] = {}
    for place, field, value in _given(document):
        known = places.setdefault(field, place)
        if known[:2] != place[:2]:
            raise problem(document, place, f"{field} is given twice, also at {document.place(known)}")
        wrong = what_is_wrong(field, value)
        if wrong:
            raise problem(document, place, wrong)
    for field in (NETWORK, CHIP):
        if field not in places:
            raise problem(
                document, (), f"{field} is missing, expected a name or a file under 'fixed' or 'vary'"
            )
    from .lookup import check_sources

    check_sources(spec, lambda field, message: problem(document, _of_field(field, places[field]), message))
    return _kind(document, spec, places)


def _of_field(field: str, place: Location) -> Location:
    """Where a field is named, of the place of one of its values."""
    return place if place[-1] == field else place[:2]


def _kind(document: Document, spec: SweepSpec, places: Mapping[str, Location]) -> Kind:
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
    raise problem(document, places.get(wrong[0].field, ()), said(str(wrong[0]), named))


def _check_objectives(document: Document, spec: SweepSpec, kind: Kind) -> None:
    """Some of the points that are looked at may have every figure that is wanted."""
    for name in spec.objectives:
        kinds = FIGURES[name].kinds
        if kind not in kinds and not any(other in kinds for other in _kinds(spec)):
            raise problem(document, ("objectives", name), f"no figure of {ASKED[kind]}")


def _kinds(spec: SweepSpec) -> Iterator[Kind]:
    """What points ask, of those that can be asked."""
    from .points import first

    for point in first(spec, N_TRIED):
        with suppress(QuestionError):
            yield point.job().work.kind


def _given(document: Document) -> Iterator[tuple[Location, str, Value]]:
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
