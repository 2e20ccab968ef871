"""Times and energies of iterations: simulated, and between simulated contexts interpolated.

What an iteration takes depends on how many sequences run, how many prompts join, and on the contexts, mostly
on their sum, because that is what is read from the cache. So Programs are made for sequences that have all
the same context, at `N_POINTS` contexts from the first to the last, only where they are asked for; an
iteration is taken from the straight line between the two points beside its mean context. `error` simulates
some iterations as they were and says how far off that is. With `exact`, every iteration is simulated as it
is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..metrics.breakdown import Breakdown
from ..metrics.energy import STATIC
from .phases import Setting
from .scheduler import Iteration

N_POINTS = 4
"""Contexts simulated for each number of sequences and prompts, at most."""


@dataclass(frozen=True)
class LanguageStep:
    """Time of an iteration, its energy without what is drawn all the time, and where both went."""

    time_fs: int
    dynamic_j: float
    static_w: Mapping[str, float]
    breakdown: Breakdown


@dataclass
class StepTimes:
    """Times of iterations, simulated once for each of a kind.

    Parameters
    ----------
    setting : Setting
    prompt : int
        Tokens of a prompt.
    most_context : int
        Of the last token of a sequence.
    exact : bool
        Simulate every iteration as it is.
    """

    setting: Setting
    prompt: int
    most_context: int
    exact: bool = False
    simulated: dict[tuple[tuple[int, ...], int], LanguageStep] = field(default_factory=dict)

    def __call__(self, contexts: tuple[int, ...], n_prompts: int) -> int:
        """Time of an iteration, in fs."""
        return self.step(contexts, n_prompts).time_fs

    def step(self, contexts: tuple[int, ...], n_prompts: int) -> LanguageStep:
        """Time and energy of an iteration."""
        if self.exact or not contexts:
            return self._simulate(contexts, n_prompts)
        mean = sum(contexts) / len(contexts)
        points = self.points
        above = next(p for p in points if p >= mean)
        high = self._simulate((above,) * len(contexts), n_prompts)
        if above == mean:
            return high
        below = points[points.index(above) - 1]
        low = self._simulate((below,) * len(contexts), n_prompts)
        part = (mean - below) / (above - below)
        return LanguageStep(
            low.time_fs + round(part * (high.time_fs - low.time_fs)),
            low.dynamic_j + part * (high.dynamic_j - low.dynamic_j),
            low.static_w,
            Breakdown.total([(1 - part, low.breakdown), (part, high.breakdown)]),
        )

    @property
    def points(self) -> list[int]:
        """Contexts that are simulated, ascending."""
        span = self.most_context - self.prompt
        return sorted({self.prompt + span * i // (N_POINTS - 1) for i in range(N_POINTS)})

    def error(self, iterations: Sequence[Iteration], n: int) -> tuple[float, float]:
        """Mean and largest relative error in the time of `n` iterations, evenly spread over those given."""
        asked = [i for i in iterations if i.contexts]
        chosen = [asked[k * len(asked) // n] for k in range(min(n, len(asked)))]
        errors = [
            abs(i.time_fs / self._simulate(i.contexts, i.n_prompts, keep=False).time_fs - 1) for i in chosen
        ]
        return (sum(errors) / len(errors), max(errors)) if errors else (0.0, 0.0)

    def _simulate(self, contexts: tuple[int, ...], n_prompts: int, *, keep: bool = True) -> LanguageStep:
        key = (contexts, n_prompts)
        if key in self.simulated:
            return self.simulated[key]
        network = self.setting.model.step(contexts, (self.prompt,) * n_prompts)
        run = self.setting.run(self.setting.program(network, most_replicas=None, autoregressive=False))
        dynamic = [t for t in run.energy.terms if t.action != STATIC]
        step = LanguageStep(
            run.result.makespan_fs,
            sum(t.energy_j for t in dynamic),
            run.always_w,
            Breakdown.of(run.program, run.result, dynamic),
        )
        if keep:
            self.simulated[key] = step
        return step
