"""One point simulated, in whatever process; everything that it needs comes with the task."""

from __future__ import annotations

import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from ..errors import UsageError, is_users
from . import reuse
from .code import code_version
from .lookup import chip_digest, files_digest, network_digest
from .point import Point

if TYPE_CHECKING:
    from ...sim.answers.base import Answer

Status = Literal["ok", "failed", "crashed"]


@dataclass(frozen=True)
class Task:
    """A point with what it must be evaluated with: the same version and files wherever the work is done."""

    point: Point
    version: str
    network_digest: str
    chip_digest: str
    files_digest: str = ""

    @staticmethod
    def of(point: Point) -> Task:
        """The task of a point, with the version and the files of this process."""
        return Task.of_all([point])[point]

    @staticmethod
    def of_all(points: Sequence[Point]) -> dict[Point, Task]:
        """The tasks of many points; every file is looked at once."""
        here = code_version()
        networks = {name: network_digest(name) for name in {point.network for point in points}}
        chips = {name: chip_digest(name) for name in {point.chip for point in points}}
        return {
            point: Task(point, here, networks[point.network], chips[point.chip], files_digest(point.settings))
            for point in points
        }

    @cached_property
    def key(self) -> str:
        """What the result is kept under."""
        return self.point.key(self.version, self.network_digest, self.chip_digest, self.files_digest)


@dataclass(frozen=True)
class PointOutcome:
    """What became of a point.

    Parameters
    ----------
    status : {"ok", "failed", "crashed"}
        failed: it cannot be (does not fit, bad value), which is a result; crashed: a defect of ohmsum.
    metrics : mapping of str to number
    error : str
        Why it failed, in one line.
    trace : str
        Of a crash.
    wall_s : float
        Seconds that it took; no part of the result.
    """

    status: Status
    metrics: Mapping[str, float | int] = field(default_factory=dict)
    error: str = ""
    trace: str = ""
    wall_s: float = 0.0


def evaluate(task: Task) -> PointOutcome:
    """Simulate a point; what goes wrong with it is its outcome.

    Raises
    ------
    UsageError
        This process has another version of ohmsum, or other files, than the one that made the task.
    """
    start = time.perf_counter()
    _check_same(task)
    try:
        outcome = PointOutcome("ok", run(task).figures)
    except Exception as error:
        if is_users(error):
            outcome = PointOutcome("failed", error=" ".join(str(error).split()))
        else:
            line = f"{type(error).__name__}: {error}".splitlines()[0]
            outcome = PointOutcome("crashed", error=line, trace=traceback.format_exc())
    return PointOutcome(
        outcome.status, outcome.metrics, outcome.error, outcome.trace, time.perf_counter() - start
    )


def run(task: Task) -> Answer:
    """The answer of a point, with the network and the mapping of an earlier point where they are the same."""
    from ...sim.job.perform import perform

    job = task.point.job().with_shapes_of_data()
    source = reuse.NetworkSource.of(job, task.network_digest)
    network, chip, options = reuse.network(source), job.load_chip(), job.mapping
    is_known = job.work.kind == "inference" and options.partition != "auto"
    placed = reuse.mapping(source, chip, options) if is_known else None
    return perform(job, network=network, chip=chip, placed=placed)


def _check_same(task: Task) -> None:
    here = Task.of(task.point)
    if here.version != task.version:
        raise UsageError(
            f"a worker has ohmsum {here.version}, the sweep {task.version}; install the same version"
        )
    for name, mine, theirs in (
        (task.point.network, here.network_digest, task.network_digest),
        (task.point.chip, here.chip_digest, task.chip_digest),
        ("data", here.files_digest, task.files_digest),
    ):
        if mine != theirs:
            raise UsageError(
                f"{name}: a worker sees another file than the sweep began with; leave it as it is while the "
                f"sweep runs, and give workers on other machines the same one"
            )
