"""A sweep from its file to its results."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ...sim.progress import Progress, silent
from ..workers import DIED, Workers
from .evaluate import PointOutcome, Task, evaluate
from .optimise import Optimiser
from .order import by_mapping
from .point import Point
from .points import draw, grid, workloads
from .spec import SweepSpec
from .store import MemoryStore, SweepStore


@dataclass(frozen=True, repr=False)
class Sweep:
    """All points of a sweep with their outcomes.

    Parameters
    ----------
    spec : SweepSpec
    results : tuple of (Point, PointOutcome)
        In the order of the sweep (not in that of their completion), each point once.
    n_new : int
        Points evaluated by this call; the others were in the store.
    wall_s : float
    workers : str
        Who evaluated them.
    """

    spec: SweepSpec
    results: tuple[tuple[Point, PointOutcome], ...]
    n_new: int
    wall_s: float
    workers: str

    def __repr__(self) -> str:
        counts = {status: self.count(status) for status in ("ok", "failed", "crashed")}
        told = ", ".join(f"{n} {status}" for status, n in counts.items() if n)
        return f"<Sweep of {len(self.results)} points: {told}>"

    @property
    def rows(self) -> list[dict[str, Any]]:
        """A row per point, in the order of the sweep: its fields, status, figures (SI units) and error."""
        return [
            {**point.settings, "status": outcome.status, **outcome.metrics, "error": outcome.error}
            for point, outcome in self.results
        ]

    def count(self, status: str) -> int:
        """Points with a status."""
        return sum(outcome.status == status for _, outcome in self.results)


def drive(
    spec: SweepSpec, store: SweepStore | MemoryStore, workers: Workers, progress: Progress | None = None
) -> Sweep:
    """Evaluate every point that the store does not have."""
    start = time.perf_counter()
    session = _Session(store, workers, progress or silent, by_mapping(spec), start)
    outcomes: dict[Point, PointOutcome] = {}
    if spec.method == "optimize":
        optimiser = Optimiser(spec)
        session.n_total = spec.n_points * len(workloads(spec))
        for generation in optimiser.generations():
            new = [point for point in generation.points if point not in outcomes]
            outcomes |= session.run(new)
            session.repeated(sum(map(len, generation.designs)) - len(new))
            optimiser.tell(generation, outcomes)
    else:
        points = grid(spec) if spec.method == "grid" else draw(spec)
        session.n_total = len(points)
        outcomes = session.run(points)
    wall_s = time.perf_counter() - start
    return Sweep(spec, tuple(outcomes.items()), session.n_new, wall_s, workers.name)


@dataclass
class _Session:
    """One call of the command: hands out points and keeps what comes back."""

    store: SweepStore | MemoryStore
    workers: Workers
    tell: Progress
    order: Callable[[Point], tuple[str, ...]]
    start_s: float
    n_total: int = 0
    n_done: int = 0
    n_failed: int = 0
    n_new: int = 0

    def run(self, points: Sequence[Point]) -> dict[Point, PointOutcome]:
        """Outcomes of the points, in their order."""
        tasks = Task.of_all(points)
        known = self.store.known(task.key for task in tasks.values())
        self._count(known.values())
        missing = [task for task in tasks.values() if task.key not in known]
        known |= self._evaluate(sorted(missing, key=lambda task: self.order(task.point)))
        return {point: known[task.key] for point, task in tasks.items()}

    def repeated(self, n: int) -> None:
        """So many points that an optimiser asked for were known."""
        self.n_done += n

    def _evaluate(self, tasks: Iterable[Task]) -> dict[str, PointOutcome]:
        found: dict[str, PointOutcome] = {}
        for task, outcome in self.workers.each(evaluate, tasks, _dead):
            found[task.key] = outcome
            self.store.add(task, outcome)
            self.n_new += 1
            self._count([outcome])
        return found

    def _count(self, outcomes: Iterable[PointOutcome]) -> None:
        for outcome in outcomes:
            self.n_done += 1
            self.n_failed += outcome.status != "ok"
        rest = left(self.n_total - self.n_done, self.n_new, time.perf_counter() - self.start_s)
        failed = f"{self.n_failed} failed" if self.n_failed else ""
        remarks = (f"{self.n_done} of {self.n_total} points", rest, failed)
        self.tell(", ".join(filter(None, remarks)), self.n_done / max(1, self.n_total))


def left(n_left: int, n_new: int, elapsed_s: float) -> str:
    """The time that the points left will take, at the rate of those that this call evaluated itself.

    Examples
    --------
    >>> left(n_left=150, n_new=50, elapsed_s=30.0)
    '1:30 left'
    """
    if n_new == 0:
        return ""
    seconds = round(elapsed_s / n_new * n_left)
    minutes, hours = seconds // 60 % 60, seconds // 3600
    return f"{hours}:{minutes:02}:{seconds % 60:02} left" if hours else f"{minutes}:{seconds % 60:02} left"


def _dead(_: Task) -> PointOutcome:
    return PointOutcome("crashed", error=DIED)
