"""A profile: one run looked at from all sides, and what each change of its chip would gain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...sim.answers.run import Run
from ...sim.job.job import Job
from ...sim.progress import Progress
from ...workloads.graph import Network
from ..workers import local, n_processors
from .bottlenecks import bottlenecks
from .buffers import Occupancy, occupancies
from .costs import cost_knobs
from .evaluate import Figures, check_goal
from .finding import Finding
from .knobs import Knob, knobs
from .latency import LatencyBreakdown, latency_breakdown
from .links import HotLink, hot_links
from .observations import impossible, observations
from .queues import Queueing, queues
from .subject import at_once, checked_phase, subject
from .throughput import RateLimit, rate_limits
from .tiling import TilingLosses, tiling_losses
from .whatif import WhatIf, what_if

SERIAL_S = 4.0
"""Work that takes less than this on one processor is not worth starting others for."""


@dataclass(frozen=True, repr=False)
class Profile:
    """Everything that `ohmsum profile` shows.

    Parameters
    ----------
    run : Run
    job : Job
        What made it.
    goal : {"latency", "throughput", "energy"}
        What gains are measured in.
    latency : LatencyBreakdown
    limits : tuple of RateLimit
    tiling : TilingLosses or None
        None on a chip without crossbars.
    queues : tuple of Queueing
    links : tuple of HotLink
    buffers : tuple of Occupancy
    what_if : WhatIf or None
        None if it was not asked for.
    findings : tuple of Finding
        What matters, the most important first.
    """

    run: Run
    job: Job
    goal: str
    latency: LatencyBreakdown
    limits: tuple[RateLimit, ...]
    tiling: TilingLosses | None
    queues: tuple[Queueing, ...]
    links: tuple[HotLink, ...]
    buffers: tuple[Occupancy, ...]
    what_if: WhatIf | None
    findings: tuple[Finding, ...]

    def __repr__(self) -> str:
        return f"<Profile of {self.run.title}: {len(self.findings)} findings, gains in {self.goal}>"


def profile(
    job: Job,
    *,
    phase: str | None = None,
    network: Network | None = None,
    goal: str | None = None,
    try_changes: bool = True,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Profile:
    """Make the run that `job` means and look at it; then run with every change of the chip.

    Parameters
    ----------
    job : Job
        Of requests over time, with all of them there from the beginning.
    phase : {"prefill", "decode"}, optional
        Of a language model; decoding if not given, where there is any.
    network : Network, optional
        What `job` names, if it has been imported before.
    goal : {"latency", "throughput", "energy"}, optional
        What gains are measured in; latency for a batch of 1, else throughput.
    try_changes : bool
        Whether to find out what changes would gain (the larger part of the time).
    jobs : int, optional
        Processes; if not given, as many as processors where the work is worth it. The result is the same.
    """
    check_goal(goal, "goal")
    phase, asked = checked_phase(job, phase), at_once(job).with_shapes_of_data()
    loaded = asked.load_network() if network is None else network
    run = subject(asked, loaded, phase, progress)
    goal = goal or ("latency" if job.work.batch == 1 else "throughput")
    latency, limits, tiling = latency_breakdown(run), rate_limits(run), tiling_losses(run)
    waits, links, buffers = queues(run), hot_links(run), occupancies(run)
    tried = None
    if try_changes:
        every = (*knobs(run.chip), *cost_knobs(run.chip, run.energy.by_component_j))
        with local(_jobs(run, len(every)) if jobs is None else jobs) as workers:
            weight = _importance(run, latency)
            tried = what_if(loaded, phase, asked, Figures.of(run), every, weight, goal, workers, progress)
    findings = (
        *impossible(run, buffers),
        *(bottlenecks(latency, tiling, tried) if tried else ()),
        *observations(run, latency, limits, tiling, waits, links, buffers),
    )
    return Profile(run, job, goal, latency, limits, tiling, waits, links, buffers, tried, findings)


def _jobs(run: Run, n_knobs: int) -> int:
    """Processes that are worth starting for about two runs per knob."""
    return n_processors() if 2 * n_knobs * sum(run.wall_s.values()) > SERIAL_S else 1


def _importance(run: Run, latency: LatencyBreakdown) -> Callable[[Knob], float]:
    """Share of the critical path that a knob's classes take, or of the time that the busiest works."""
    busiest: dict[str, float] = {}
    for klass, share in zip(run.program.resource_class, run.busy.resource_utilization.tolist(), strict=True):
        busiest[klass] = max(share, busiest.get(klass, 0.0))

    def importance(knob: Knob) -> float:
        on_path = sum(latency.by_class_fs.get(klass, 0) for klass in knob.classes) / latency.latency_fs
        return max([on_path, *(busiest.get(klass, 0.0) for klass in knob.classes)])

    return importance
