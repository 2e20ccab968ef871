"""Layers one after the other (`schedule: layer_serial` of a chip), by channels that carry no bytes.

A layer begins when all that belongs to the layer before it has ended: that layer and the operators that
follow it up to this one. The first layer begins when the inference before has ended; what comes before it
waits for nobody. Where the output of the network is its next input, all layers do so for each step, and in a
training step for each sample.
"""

from __future__ import annotations

from collections import defaultdict

from ..mapping.waiting import in_turn, levels
from ..program import Schedule
from .context import Context
from .stage import Stage


def order(context: Context, stages: dict[str, Stage]) -> None:
    """Let the layers of a chip wait for each other, where it says so."""
    if context.chip.schedule != "layer_serial":
        return
    inside: dict[int, list[int]] = defaultdict(list)
    for name, level in levels(context.mapping, context.chip).items():
        inside[level].append(stages[name].last)
    layers = in_turn(context.mapping)
    steps = _steps(context, stages)
    for i, name in enumerate(layers):
        for before in inside[i - 1 if i else len(layers) - 1]:
            _wait(context, before, stages[name].first, steps, 0 if i else 1)


def _steps(context: Context, stages: dict[str, Stage]) -> int:
    """How often all layers follow each other in one iteration."""
    network = context.mapping.network
    if context.autoregressive:
        return stages[network.outputs[0]].firings.grid.rows
    if context.mapping.swap is not None:  # a segment works for all of its group
        return 1
    return max(o.samples for o in network.operators)


def _wait(context: Context, src: int, dst: int, steps: int, ahead: int) -> None:
    """Firings of step i of an actor wait until another has ended step i - `ahead`."""
    n_src, n_dst = context.builder.n_firings(src), context.builder.n_firings(dst)
    need = [(k * steps // n_dst + 1 - ahead) * n_src // steps for k in range(n_dst if steps > 1 else 1)]
    if src != dst:  # an actor is in order with itself
        context.builder.channel(src, dst, n_src, Schedule((0,), need), 0)
