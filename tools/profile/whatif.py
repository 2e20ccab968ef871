"""What each change of the chip would gain, found by running with it.

The network is mapped anew for every trial, as `ohmsum run --set ...` does: an architect who doubles a
component would not keep the old mapping. So a predicted gain is the gain of that command, exactly. Costs are
those of the chip file: a component twice as fast has the same energy per action and the same area.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations

from ...sim.job.job import Job
from ...sim.progress import Progress
from ...workloads.graph import Network
from ..workers import DIED, Workers
from .evaluate import Figures, TrialOutcome, evaluate
from .knobs import Knob
from .scaling import INFINITE

EFFECT = 0.001
"""Least relative change of any figure that counts as an effect."""
N_CANDIDATES = 6
"""Components that are tried in pairs."""
EXCESS = 0.01
"""A pair hides something if both together gain at least so much more than the sum of each alone."""


@dataclass(frozen=True)
class Trial:
    """One knob at one factor.

    Parameters
    ----------
    knob : Knob
    factor : float
    sets : dict of path to text
        The ``--set`` that make it.
    outcome : TrialOutcome
    """

    knob: Knob
    factor: float
    sets: dict[str, str]
    outcome: TrialOutcome

    def gain(self, base: Figures, goal: str) -> float:
        """What it gains; 0 if it could not run."""
        return self.outcome.figures.gain(base, goal) if self.outcome.figures else 0.0


@dataclass(frozen=True)
class Pair:
    """Two knobs at factor 2, alone and together.

    Parameters
    ----------
    first, second : Trial
    both : TrialOutcome
    gain_first, gain_second, gain_both : float
    """

    first: Trial
    second: Trial
    both: TrialOutcome
    gain_first: float
    gain_second: float
    gain_both: float

    @property
    def excess(self) -> float:
        """What both together gain beyond the sum of each alone; what alone does harm counts as nothing."""
        return self.gain_both - max(0.0, self.gain_first) - max(0.0, self.gain_second)


@dataclass(frozen=True)
class WhatIf:
    """All trials.

    Parameters
    ----------
    base : Figures
    goal : {"latency", "throughput", "energy"}
    trials : tuple of Trial
        Those with an effect, and those that failed; the largest gain at factor 2 first.
    without_effect : tuple of Knob
        Knobs that change nothing, however far they are turned.
    pairs : tuple of Pair
        Pairs in which one hides the other, the largest excess first.
    runs : int
        Runs made.
    """

    base: Figures
    goal: str
    trials: tuple[Trial, ...]
    without_effect: tuple[Knob, ...]
    pairs: tuple[Pair, ...]
    runs: int

    def of(self, knob: Knob) -> dict[float, Trial]:
        """The trials of one knob by factor."""
        return {trial.factor: trial for trial in self.trials if trial.knob is knob}

    @property
    def knobs(self) -> tuple[Knob, ...]:
        """Knobs that have been tried, in the order of the trials."""
        return tuple({id(trial.knob): trial.knob for trial in self.trials}.values())


@dataclass
class _Lab:
    """Runs trials and keeps their outcomes, so that none is run twice."""

    network: Network
    phase: str | None
    job: Job
    workers: Workers
    progress: Progress | None
    known: dict[tuple[tuple[str, str], ...], TrialOutcome] = field(default_factory=dict)

    def run(self, what: str, wanted: Sequence[dict[str, str]]) -> None:
        """Make all the runs that have not been made."""
        missing = {tuple(sorted(sets.items())): sets for sets in wanted}
        todo = [(key, sets) for key, sets in missing.items() if key not in self.known]
        tell = self.progress
        done = (lambda n: tell(what, n / len(todo))) if tell else None
        variants = [self.job.with_changes(sets) for _, sets in todo]
        outcomes = self.workers.map(partial(evaluate, self.network, self.phase), variants, done, _dead)
        self.known.update(zip((key for key, _ in todo), outcomes, strict=True))

    def outcome(self, sets: dict[str, str]) -> TrialOutcome:
        return self.known[tuple(sorted(sets.items()))]


def what_if(
    network: Network,
    phase: str | None,
    job: Job,
    base: Figures,
    knobs: Sequence[Knob],
    importance: Callable[[Knob], float],
    goal: str,
    workers: Workers,
    progress: Progress | None = None,
) -> WhatIf:
    """Try every knob, then pairs of those that matter.

    First each at its largest factor: what gains nothing when infinitely fast gains nothing when twice as
    fast, and is left at that.

    Parameters
    ----------
    network : Network
        What `job` names, imported.
    phase : {"prefill", "decode"} or None
        Of a language model, what is looked at.
    job : Job
        The run to improve on.
    importance : callable
        Share of time that a knob's component takes now; chooses the pairs, along with the gains.
    """
    lab = _Lab(network, phase, job, workers, progress)
    furthest = {id(knob): dict(knob.after[-1:])[knob.factors[-1]] for knob in knobs}
    lab.run("what if: each at its best", list(furthest.values()))
    effective = [k for k in knobs if _has_effect(lab.outcome(furthest[id(k)]), base)]
    candidates = _candidates(
        [k for k in knobs if k.kind in ("faster", "more") and 2.0 in k.factors],
        lambda k: max(importance(k), _gain(lab.outcome(furthest[id(k)]), base, goal)),
    )
    lab.run("what if: by degrees", [sets for k in effective for _, sets in k.after])
    lab.run("what if: by degrees", [dict(k.after)[2.0] for k in candidates])
    couples = list(combinations(candidates, 2))
    lab.run("what if: pairs", [{**dict(a.after)[2.0], **dict(b.after)[2.0]} for a, b in couples])
    trials = [Trial(k, factor, sets, lab.outcome(sets)) for k in effective for factor, sets in k.after]
    pairs = [_pair(lab, a, b, base, goal) for a, b in couples]
    rank = {id(k): -_gain_at_two(lab, k, base, goal) for k in effective}
    trials.sort(key=lambda t: (rank[id(t.knob)], t.knob.field, t.knob.kind, t.factor))
    return WhatIf(
        base,
        goal,
        tuple(trials),
        tuple(k for k in knobs if k not in effective),
        tuple(sorted((p for p in pairs if p.excess >= EXCESS), key=lambda p: -p.excess)),
        len(lab.known),
    )


def _candidates(knobs: Sequence[Knob], weight: Callable[[Knob], float]) -> list[Knob]:
    """The weightiest knob of each of the weightiest components."""
    best: dict[str, Knob] = {}
    for k in sorted(knobs, key=lambda k: -weight(k)):
        best.setdefault(k.component, k)
    return list(best.values())[:N_CANDIDATES]


def _gain(outcome: TrialOutcome, base: Figures, goal: str) -> float:
    return outcome.figures.gain(base, goal) if outcome.figures else 0.0


def _gain_at_two(lab: _Lab, knob: Knob, base: Figures, goal: str) -> float:
    """Gain at factor 2, or at the factor that can be expressed."""
    sets = knob.changes(2.0) or knob.changes(INFINITE) or dict(knob.after[-1:])[knob.factors[-1]]
    return _gain(lab.outcome(sets), base, goal)


def _has_effect(outcome: TrialOutcome, base: Figures) -> bool:
    if outcome.figures is None:
        return True
    return any(abs(change) >= EFFECT for change in outcome.figures.changes(base).values())


def _pair(lab: _Lab, a: Knob, b: Knob, base: Figures, goal: str) -> Pair:
    first, second = dict(a.after)[2.0], dict(b.after)[2.0]
    both = lab.outcome({**first, **second})
    one, other = lab.outcome(first), lab.outcome(second)
    return Pair(
        Trial(a, 2.0, first, one),
        Trial(b, 2.0, second, other),
        both,
        _gain(one, base, goal),
        _gain(other, base, goal),
        _gain(both, base, goal),
    )


def _dead(_: Job) -> TrialOutcome:
    return TrialOutcome(None, DIED)
