"""What a profile looks at: the run of a question, or one phase of a language model as a run of its own."""

from __future__ import annotations

import time
from typing import Any

from ...arch import roll_up
from ...sim.answers.generation import Generation
from ...sim.answers.run import Run
from ...sim.job.job import Job
from ...sim.job.perform import perform
from ...sim.job.work import GenerationWork, InferenceWork, ServingWork
from ...sim.progress import Progress
from ...workloads.graph import Network
from ..errors import UsageError

PHASES = ("prefill", "decode")


def at_once(job: Job) -> Job:
    """The same work with all requests there from the beginning, where it shows what limits them."""
    work = job.work
    if isinstance(work, ServingWork):
        kept = work.model_dump(exclude={"kind", "arrival", "requests"})
        return job.model_copy(update={"work": GenerationWork(**kept)})
    if isinstance(work, InferenceWork) and work.arrival is not None:
        return job.model_copy(update={"work": InferenceWork(batch=work.batch)})
    return job


def checked_phase(job: Job, phase: str | None) -> str | None:
    """The phase to look at: the one that is asked for, else decoding where there is any.

    Raises
    ------
    UsageError
        There is no such phase.
    """
    if not isinstance(job.work, GenerationWork | ServingWork):
        if phase is not None:
            raise UsageError(f"phase: found {phase!r}, but only a language model has phases")
        return None
    there = PHASES if job.work.decode > 1 else PHASES[:1]
    if phase is not None and phase not in there:
        raise UsageError(f"phase: found {phase!r}, expected {' or '.join(map(repr, there))}")
    return phase or there[-1]


def subject(job: Job, network: Network, phase: str | None, progress: Progress | None = None) -> Run:
    """The run that a profile looks at.

    Parameters
    ----------
    job : Job
        Without requests over time (`at_once`).
    network : Network
        What it names.
    phase : {"prefill", "decode"} or None
        Of a language model.
    """
    start = time.perf_counter()
    answer = perform(job, progress, network=network)
    if isinstance(answer, Run):
        return answer
    assert isinstance(answer, Generation)
    assert phase is not None
    return _phase(answer, phase, time.perf_counter() - start)


def _phase(made: Generation, name: str, wall_s: float) -> Run:
    """A phase as a run: one inference is one prompt, or all that is decoded."""
    phase, cost = made.phases[name], roll_up(made.chip)
    area_mm2 = cost.root.area_mm2
    several: dict[str, Any] = {} if phase.alone is None else {"together": phase.result}
    return Run(
        network=phase.mapping.network,
        chip=made.chip,
        mapping=phase.mapping,
        program=phase.program,
        single=phase.alone or phase.result,
        area_mm2=None if area_mm2 is None else area_mm2 * made.chip.n_chips,
        parts_without_area=cost.unknown_area,
        options={**made.options, "phase": name},
        wall_s={"run": wall_s},
        **several,
    )
