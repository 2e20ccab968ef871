"""Points chosen by Optuna, in generations: the same ones however many processes there are.

Optuna is asked for a generation of designs, all of them are run, and it is told the results in the order in
which it asked. So what it asks for next depends on the seed and the results alone, and a sweep that was
killed is resumed by asking and telling again what the store knows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp, fsum, log
from typing import Any

from ...sim.extras import need
from .axes import Axis, Choices, Settings
from .evaluate import PointOutcome
from .point import Point
from .points import point_of, workloads
from .spec import SweepSpec


class Optimiser:
    """Chooses designs; every design is run on every network of the sweep.

    A design is judged by the geometric mean of each objective over the networks. One that cannot be is told
    to Optuna as a failure.
    """

    def __init__(self, spec: SweepSpec) -> None:
        optuna = need("method: optimize", "optuna", "dse", "or choose method: random")
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._failed = optuna.trial.TrialState.FAIL
        self._spec = spec
        self._study = optuna.create_study(
            directions=list(spec.objectives.values()), sampler=optuna.samplers.TPESampler(seed=spec.seed)
        )
        self._axes = [axis for axis in spec.axes if axis is not spec.workload_axis]
        self._spaces = {axis.name: _space(axis, optuna.distributions) for axis in self._axes}

    def generations(self) -> Iterator[ChosenDesigns]:
        """Generations until all designs are chosen; `tell` each before the next."""
        left = self._spec.n_points
        while left > 0:
            n = min(left, self._spec.generation)
            left -= n
            trials = [self._study.ask(self._spaces) for _ in range(n)]
            yield ChosenDesigns(tuple(self._points(trial.params) for trial in trials), tuple(trials))

    def tell(self, generation: ChosenDesigns, outcomes: Mapping[Point, PointOutcome]) -> None:
        """What became of all points of a generation."""
        for trial, points in zip(generation.trials, generation.designs, strict=True):
            values = judge([outcomes[point] for point in points], tuple(self._spec.objectives))
            if values is None:
                self._study.tell(trial, state=self._failed)
            else:
                self._study.tell(trial, values)

    def _points(self, drawn: Mapping[str, Any]) -> tuple[Point, ...]:
        design = [_setting(axis, drawn[axis.name]) for axis in self._axes]
        return tuple(point_of(self._spec, (*design, workload)) for workload in workloads(self._spec))


@dataclass(frozen=True)
class ChosenDesigns:
    """Designs chosen together: for each the points to run (one per network), and Optuna's trial."""

    designs: tuple[tuple[Point, ...], ...]
    trials: tuple[Any, ...]

    @property
    def points(self) -> list[Point]:
        """All points, each once."""
        return list(dict.fromkeys(point for points in self.designs for point in points))


def judge(outcomes: Sequence[PointOutcome], objectives: Sequence[str]) -> list[float] | None:
    """Geometric means of the objectives over the outcomes; None if one of them is missing.

    Examples
    --------
    >>> judge([PointOutcome("ok", {"energy_j": 1.0}), PointOutcome("ok", {"energy_j": 4.0})], ["energy_j"])
    [2.0]
    """
    values = []
    for name in objectives:
        figures = [outcome.metrics.get(name) for outcome in outcomes]
        known = [figure for figure in figures if figure is not None]
        if len(known) < len(figures):
            return None
        if len(known) == 1:
            values.append(float(known[0]))
        else:
            values.append(exp(fsum(map(log, known)) / len(known)) if min(known) > 0 else 0.0)
    return values


def _space(axis: Axis, distributions: Any) -> Any:
    """What Optuna draws from: an index into the settings, or the number of a range."""
    if not isinstance(axis, Choices):
        return distributions.FloatDistribution(axis.low, axis.high, log=axis.log)
    last = len(axis.settings) - 1
    if axis.ordered:
        return distributions.IntDistribution(0, last)
    return distributions.CategoricalDistribution(list(range(last + 1)))


def _setting(axis: Axis, drawn: Any) -> Settings:
    return axis.settings[drawn] if isinstance(axis, Choices) else axis.setting(drawn)
