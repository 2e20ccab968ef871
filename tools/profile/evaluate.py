"""The figures of one run that a change is judged by."""

from __future__ import annotations

from dataclasses import dataclass

from ...arch.errors import ConfigError
from ...sim.answers.run import Run
from ...sim.errors import SimulationError
from ...sim.job.job import Job
from ...sim.metrics.seconds import seconds
from ...workloads.graph import Network
from ..errors import UsageError
from .subject import subject

GOALS = ("latency", "throughput", "energy")


def check_goal(goal: str | None, called: str) -> None:
    """Raise for a goal that there is not, in the words of the door that it came through."""
    if goal is not None and goal not in GOALS:
        raise UsageError(f"{called}: found {goal!r}, expected {', '.join(GOALS[:-1])} or {GOALS[-1]}")


@dataclass(frozen=True)
class Figures:
    """What one run gives; per inference where that has a meaning.

    Parameters
    ----------
    latency_fs : int
    throughput_per_s, energy_j, power_w : float
    area_mm2 : float or None
    """

    latency_fs: int
    throughput_per_s: float
    energy_j: float
    power_w: float
    area_mm2: float | None

    @staticmethod
    def of(run: Run) -> Figures:
        """The figures of a run."""
        return Figures(run.latency_fs, run.throughput.per_s, run.energy.total_j, run.power_w, run.area_mm2)

    @property
    def latency_s(self) -> float:
        """`latency_fs` in seconds."""
        return seconds(self.latency_fs)

    def gain(self, base: Figures, goal: str) -> float:
        """How much better than `base`: the share of latency, time per inference, or energy that is saved.

        0.5 is half of it; negative is worse.
        """
        if goal == "throughput":
            return 1 - base.throughput_per_s / self.throughput_per_s
        if goal == "energy":
            return 1 - self.energy_j / base.energy_j if base.energy_j else 0.0
        return (base.latency_fs - self.latency_fs) / base.latency_fs

    def changes(self, base: Figures) -> dict[str, float]:
        """Relative change of every figure: -0.18 is 18 % less."""
        pairs = {
            "latency": (self.latency_fs, base.latency_fs),
            "throughput": (self.throughput_per_s, base.throughput_per_s),
            "energy": (self.energy_j, base.energy_j),
            "power": (self.power_w, base.power_w),
            "area": (self.area_mm2, base.area_mm2),
        }
        return {name: new / old - 1 for name, (new, old) in pairs.items() if new is not None and old}


@dataclass(frozen=True)
class TrialOutcome:
    """What became of one trial: figures, or the reason why it could not run."""

    figures: Figures | None
    error: str = ""


def evaluate(network: Network, phase: str | None, job: Job) -> TrialOutcome:
    """Run one variant: mapped anew, exactly as `ohmsum run` with the same ``--set`` would.

    A change that cannot be (the network no longer fits, say) is an outcome, not an error.
    """
    try:
        return TrialOutcome(Figures.of(subject(job, network, phase)))
    except (ConfigError, SimulationError) as error:
        return TrialOutcome(None, str(error))
