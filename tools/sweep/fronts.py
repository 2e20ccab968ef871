"""The Pareto fronts of a sweep: one per network, and one of all networks together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .axes import Settings
from .drive import Sweep
from .evaluate import PointOutcome
from .fields import NETWORK
from .optimise import judge
from .pareto import front
from .point import Point

TOGETHER = "all networks (geometric mean)"


@dataclass(frozen=True)
class FrontCandidate:
    """A point, or a design on all networks, with its objectives."""

    settings: Settings
    values: tuple[float, ...]


@dataclass(frozen=True)
class Front:
    """Candidates for one network and the best of them.

    Parameters
    ----------
    name : str
        The network, or `TOGETHER`.
    candidates : tuple of FrontCandidate
        All for which every objective is known.
    best : tuple of int
        Indices of those that no other beats in everything, by the first objective.
    fields : tuple of str
        Fields that vary among them.
    """

    name: str
    candidates: tuple[FrontCandidate, ...]
    best: tuple[int, ...]
    fields: tuple[str, ...]


def fronts(sweep: Sweep) -> list[Front]:
    """The front of every network; latencies of different networks are no alternatives."""
    objectives = tuple(sweep.spec.objectives)
    by_network: dict[str, list[FrontCandidate]] = {str(name): [] for name in sweep.spec.values_of(NETWORK)}
    for point, outcome in sweep.results:
        values = judge([outcome], objectives)
        if values is not None:
            by_network[point.network].append(FrontCandidate(point.settings, tuple(values)))
    groups = [*by_network.items()]
    if len(groups) > 1:
        groups.append((TOGETHER, list(_designs(sweep, objectives, len(groups)))))
    directions = list(sweep.spec.objectives.values())
    return [
        Front(name, tuple(found), tuple(front([c.values for c in found], directions)), _varying(sweep, found))
        for name, found in groups
    ]


def _designs(sweep: Sweep, objectives: Sequence[str], n_networks: int) -> Iterator[FrontCandidate]:
    """Designs that run on every network, judged by the geometric mean over them."""
    axis = sweep.spec.workload_axis
    workload = {NETWORK} if axis is None else {field for settings in axis.settings for field in settings}
    designs: dict[Point, list[PointOutcome]] = {}
    for point, outcome in sweep.results:
        design = Point.of({f: v for f, v in point.settings.items() if f not in workload})
        designs.setdefault(design, []).append(outcome)
    for design, outcomes in designs.items():
        values = judge(outcomes, objectives)
        if values is not None and len(outcomes) == n_networks:
            yield FrontCandidate(design.settings, tuple(values))


def _varying(sweep: Sweep, candidates: Sequence[FrontCandidate]) -> tuple[str, ...]:
    """Fields of the sweep that are not the same for all candidates."""
    return tuple(
        f for f in sweep.spec.fields if len({repr(candidate.settings.get(f)) for candidate in candidates}) > 1
    )
