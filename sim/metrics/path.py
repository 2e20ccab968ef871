"""The critical path: the chain of visits that, one after the other, made the run as long as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np

from ..engines.result import Cause, EngineResult
from ..program import I64, Program
from .seconds import seconds

K = TypeVar("K", str, tuple[str, str])

ARRIVAL = "(arrival)"
"""Actor and layer of the time before the first visit, when the inference has not arrived yet."""
DELAY = "(delay)"
"""Resource and class of a visit that occupies no resource."""


@dataclass(frozen=True)
class Piece:
    """Consecutive visits of one actor on one resource for one cause.

    Parameters
    ----------
    actor, layer : str
    resource, klass : str
        The first resource that the visit occupies, and its class.
    cause : str
        Why the visit began when it did: "chain" (the visit before it advanced), "resource" (it waited for the
        resource, which the piece before it held), "token" (its input arrived), "room" (its output buffer had
        room again), "previous" (an earlier firing of the actor let it go), "start" or "arrival".
    start_fs, duration_fs : int
        A piece lasts until the next one begins, the last one until the makespan.
    n_visits : int
        Visits merged into it.
    """

    actor: str
    layer: str
    resource: str
    klass: str
    cause: str
    start_fs: int
    duration_fs: int
    n_visits: int


@dataclass(frozen=True)
class CriticalPath:
    """Pieces in order of time; their durations add up to the makespan exactly, in integers.

    Parameters
    ----------
    pieces : tuple of Piece
    """

    pieces: tuple[Piece, ...]

    @property
    def total_fs(self) -> int:
        return sum(p.duration_fs for p in self.pieces)

    @cached_property
    def by_layer_s(self) -> dict[str, float]:
        """Time on the path by layer, the largest first."""
        return self._grouped(lambda p: p.layer)

    @cached_property
    def by_class_s(self) -> dict[str, float]:
        """Time on the path by class of resource, the largest first."""
        return self._grouped(lambda p: p.klass)

    @cached_property
    def by_cause_s(self) -> dict[str, float]:
        """Time on the path by the cause that began it, the largest first."""
        return self._grouped(lambda p: p.cause)

    @cached_property
    def by_class_and_cause_s(self) -> dict[tuple[str, str], float]:
        """Time on the path by class of resource and cause, the largest first."""
        return self._grouped(lambda p: (p.klass, p.cause))

    def _grouped(self, key: Callable[[Piece], K]) -> dict[K, float]:
        return grouped_s((key(p), p.duration_fs) for p in self.pieces)


def critical_path(program: Program, result: EngineResult) -> CriticalPath:
    """The critical path of a run; visits in a row of one actor, resource and cause are one piece."""
    rows = result.critical_path
    if not len(rows):
        return CriticalPath(())
    begin = np.append(rows["begin_fs"], result.makespan_fs)
    starts = program.visit_resource_start
    visit = np.where(rows["actor"] < 0, 0, rows["visit"])
    used = (rows["actor"] >= 0) & (starts[visit + 1] > starts[visit])
    resource = np.full(len(rows), -1, np.int64)
    resource[used] = program.visit_resource[starts[visit[used]]]
    same = (np.diff(rows["actor"]) == 0) & (np.diff(resource) == 0) & (np.diff(rows["cause"]) == 0)
    first = np.append(0, np.flatnonzero(~same) + 1)
    last = np.append(first[1:], len(rows))
    return CriticalPath(
        tuple(
            _piece(
                program, int(rows["actor"][i]), int(resource[i]), int(rows["cause"][i]), begin, int(i), int(j)
            )
            for i, j in zip(first, last, strict=True)
        )
    )


def _piece(program: Program, actor: int, resource: int, cause: int, begin: I64, i: int, j: int) -> Piece:
    return Piece(
        actor=program.actor_name[actor] if actor >= 0 else ARRIVAL,
        layer=program.actor_layer[actor] if actor >= 0 else ARRIVAL,
        resource=program.resource_name[resource] if resource >= 0 else DELAY,
        klass=program.resource_class[resource] if resource >= 0 else DELAY,
        cause=Cause(cause).name.lower(),
        start_fs=int(begin[i]),
        duration_fs=int(begin[j] - begin[i]),
        n_visits=j - i,
    )


def grouped_s(items: Iterable[tuple[K, int]]) -> dict[K, float]:
    """Seconds by key of (key, femtoseconds) items, the largest first, ties by key; added as integers."""
    sums: dict[K, int] = {}
    for key, time_fs in items:
        sums[key] = sums.get(key, 0) + time_fs
    return {key: seconds(sums[key]) for key in sorted(sums, key=lambda k: (-sums[k], k))}
