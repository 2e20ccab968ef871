"""How few bits every layer can do with, so that little accuracy is lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, replace

from ..progress import Progress, silent
from .conditions import Conditions
from .study import Outcome, Study

FEWEST = 2
"""Bits of anything: a sign and a one."""
KINDS = ("adc", "inputs", "weights")


@dataclass(frozen=True)
class LayerBits:
    """Bits of a layer's weights, inputs and converters."""

    weights: int
    inputs: int
    adc: int


@dataclass(frozen=True)
class BitsChoice:
    """Bits of every layer, and what the network then reaches."""

    layers: dict[str, LayerBits]
    outcome: Outcome
    loss: float


def find_bits(
    study: Study,
    at: Callable[[LayerBits, Study], Study],
    conditions: Conditions,
    seeds: Sequence[int],
    loss: float,
    progress: Progress = silent,
) -> BitsChoice:
    """Take bits away, as long as the metric stays within `loss` of the float network.

    Converters first, then inputs, then weights; of each the layer with the most multiply-accumulates first,
    a bit at a time until the next one would lose too much (greedy, judged with the same seeds). Weights that
    are written as any conductance have no bits to lose. Where already the whole bits lose more, none goes.

    Parameters
    ----------
    at : callable
        The study of a chip all of whose layers have these bits, calibrated as far as a study before it is
        not; ranges come from the float network, so layers of different studies go together.
    """
    whole = {
        name: LayerBits(p.weight_bits, p.input_bits, p.adc_bits)
        for name, p in study.precisions.items()
        if name in study.layers
    }
    studies: dict[LayerBits, Study] = {next(iter(whole.values())): study}

    def tried(bits: dict[str, LayerBits]) -> BitsChoice:
        for one in bits.values():
            if one not in studies:
                studies[one] = at(one, _nearest(studies, one))
        mixed = copy(study)
        mixed.layers = {name: studies[one].layers[name] for name, one in bits.items()}
        mixed.precisions = {name: layer.p for name, layer in mixed.layers.items()}
        outcome = mixed.evaluate(conditions, seeds, layers=False)
        return BitsChoice(bits, outcome, study.metric.loss(study.float_value, outcome.mean))

    best = tried(whole)
    order = sorted(whole, key=lambda name: -_work(study, name))
    for kind in KINDS:
        for i, name in enumerate(order):
            if kind == "weights" and study.precisions[name].continuous:
                continue
            progress(f"{kind} bits of {name}", i / len(order))
            while best.loss <= loss and getattr(best.layers[name], kind) > FEWEST:
                fewer = replace(best.layers[name], **{kind: getattr(best.layers[name], kind) - 1})
                found = tried({**best.layers, name: fewer})
                if found.loss > loss:
                    break
                best = found
    return best


def _nearest(studies: dict[LayerBits, Study], bits: LayerBits) -> Study:
    """One that has seen the same inputs and weights, if there is any."""
    same = [s for b, s in studies.items() if (b.weights, b.inputs) == (bits.weights, bits.inputs)]
    return same[0] if same else next(iter(studies.values()))


def _work(study: Study, name: str) -> int:
    """Multiply-accumulates of the calibration data."""
    layer = study.layers[name]
    return int(layer.codes.n_vectors * layer.groups * layer.k * layer.n)
