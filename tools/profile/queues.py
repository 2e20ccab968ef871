"""Queueing: how long visits waited for the resource they asked for, by class and layer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...sim.answers.run import Run
from ...sim.metrics.seconds import seconds


@dataclass(frozen=True)
class Queueing:
    """Waiting of one layer for one class of resources, in one inference.

    Parameters
    ----------
    klass, layer : str
        Class of the first resource that the visit occupies.
    wait_s : float
        Sum over its visits.
    visits : int
    busy_s : float
        Sum of the holds of these visits.
    """

    klass: str
    layer: str
    wait_s: float
    visits: int
    busy_s: float

    @property
    def mean_s(self) -> float:
        """Mean wait of a visit."""
        return self.wait_s / self.visits


def queues(run: Run) -> tuple[Queueing, ...]:
    """Every class and layer whose visits waited, the longest total wait first."""
    program, result = run.program, run.single
    owner = program.visit_actor()
    starts = program.visit_resource_start
    sums: dict[tuple[str, str], list[int]] = {}
    for v in np.flatnonzero(np.diff(starts)).tolist():
        key = (program.resource_class[program.visit_resource[starts[v]]], program.actor_layer[owner[v]])
        row = sums.setdefault(key, [0, 0, 0])
        row[0] += int(result.wait_fs[v])
        row[1] += int(result.fired[owner[v]])
        row[2] += int(result.busy_fs[v])
    found = [
        Queueing(klass, layer, seconds(wait), visits, seconds(busy))
        for (klass, layer), (wait, visits, busy) in sums.items()
        if wait
    ]
    return tuple(sorted(found, key=lambda queue: (-queue.wait_s, queue.klass, queue.layer)))


def by_class(rows: tuple[Queueing, ...]) -> tuple[Queueing, ...]:
    """The same, summed over layers (layer "")."""
    found: dict[str, Queueing] = {}
    for row in rows:
        before = found.get(row.klass, Queueing(row.klass, "", 0.0, 0, 0.0))
        found[row.klass] = Queueing(
            row.klass,
            "",
            before.wait_s + row.wait_s,
            before.visits + row.visits,
            before.busy_s + row.busy_s,
        )
    return tuple(sorted(found.values(), key=lambda queue: (-queue.wait_s, queue.klass)))
