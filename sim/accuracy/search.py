"""Which layers to keep digital, so that little accuracy is lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .conditions import Conditions
from .study import Outcome, Study


@dataclass(frozen=True)
class DigitalChoice:
    """Layers kept digital so far, and what the network then reaches."""

    digital: tuple[str, ...]
    outcome: Outcome
    loss: float


def find_digital(
    study: Study,
    conditions: Conditions,
    seeds: Sequence[int],
    loss: float,
    progress: Callable[[str, float], None] | None = None,
) -> list[DigitalChoice]:
    """Keep layers digital, one after the other, until the metric is within `loss` of the float network.

    Greedy: each step takes the layer whose absence from the crossbars helps most, judged with the same seeds.
    The last choice fulfils the wish; with all layers digital nothing is lost.
    """
    chosen: tuple[str, ...] = ()
    outcome = study.evaluate(conditions, seeds)
    steps = [DigitalChoice(chosen, outcome, study.metric.loss(study.float_value, outcome.mean))]
    while steps[-1].loss > loss and len(chosen) < len(study.layers):
        rest = [name for name in study.layers if name not in chosen]
        tried = []
        for i, name in enumerate(rest):
            if progress is not None:
                progress(f"without {name}", i / len(rest))
            tried.append(study.evaluate(conditions, seeds, frozenset((*chosen, name))))
        losses = [study.metric.loss(study.float_value, one.mean) for one in tried]
        best = losses.index(min(losses))
        chosen = (*chosen, rest[best])
        steps.append(DigitalChoice(chosen, tried[best], losses[best]))
    return steps
