"""What the user should know about a mapping: bits lost or unused, weights held twice, operands rewritten."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...arch.chip import Chip
from ...workloads.formats import Format
from ...workloads.graph import Operator
from .assignment import Assignment, OnCrossbars
from .attention import rewriting
from .plan import Plan
from .problem import Problem

NOT_SWAPPED = "all layers fit at once, so nothing is swapped"


def remarks(problem: Problem, planned: Plan, assignments: dict[str, Assignment]) -> tuple[str, ...]:
    """All of a mapping."""
    swapped = not problem.options.swap or not problem.tilings or planned.swap is not None
    return (
        *(() if swapped else (NOT_SWAPPED,)),
        *rewriting(problem.chip, list(assignments.values())),
        *other_bits(problem.analog, problem.chip),
        *held_again(problem.analog, assignments),
    )


def other_bits(layers: Iterable[Operator], chip: Chip) -> tuple[str, ...]:
    """What a quantised network has more bits of, or fewer, than the crossbars of the chip work with."""
    if chip.tile is None:
        return ()
    layers = [o for o in layers if o.matrix is not None]
    plain = [o for o in layers if chip.rule_of(o.name, o.op) is None]  # a rule has been asked for
    weights = {o.name: f for o in plain if (f := o.weight_format) is not None}
    inputs = {o.name: f for o in plain if (f := o.input_format) is not None}
    return (
        *_against(weights, "weights", chip.tile.weights.bits, len(layers), "cells", "tile.weights.bits"),
        *_against(inputs, "inputs", chip.tile.dac.bits, len(layers), "cycles", "tile.dac.bits"),
    )


def _against(
    formats: Mapping[str, Format], what: str, of_chip: int, n_layers: int, cost: str, field: str
) -> Iterable[str]:
    """A remark on layers with more bits, by the widest, and one on layers with fewer, by the narrowest."""
    wide = {name: f for name, f in formats.items() if f.bits > of_chip}
    narrow = {name: f for name, f in formats.items() if f.bits < of_chip}
    all_the_same = f"take {cost} and energy of {of_chip} bits all the same (`{field}`)"
    for others, extreme, ending in ((wide, max, "lose bits"), (narrow, min, all_the_same)):
        if others:
            name = extreme(others, key=lambda layer: formats[layer].bits)
            yield (
                f"the network has {what} of {others[name].bits} bits ({name}: {others[name].code}), crossbars"
                f" of the chip {of_chip}: {len(others)} of {n_layers} layers {ending}"
            )


def held_again(layers: Iterable[Operator], assignments: Mapping[str, Assignment]) -> tuple[str, ...]:
    """Crossbars beyond those of one use, of weights that several layers use.

    Layers that have parts of one stored tensor each do not share it: together they have no more weights than
    are stored.
    """
    uses: dict[str, list[Operator]] = {}
    for o in layers:
        if o.matrix is not None and o.matrix.weight and o.role is None:
            uses.setdefault(o.matrix.weight, []).append(o)
    shared = {
        weight: users for weight, users in uses.items()
        if sum(o.matrix.k * o.matrix.n * o.matrix.groups for o in users if o.matrix)
        > sum(o.params for o in users)
    }  # fmt: skip
    extra = 0
    for users in shared.values():
        held = [assignments[o.name] for o in users]
        taken = [a.crossbars() for a in held if isinstance(a, OnCrossbars)]
        extra += len(set().union(*taken)) - max(map(len, taken), default=0)
    if not extra:
        return ()
    weight, users = next(iter(shared.items()))
    remark = (
        f"several layers use the same weights ({len(shared)} of them; {weight!r}: {len(users)} layers, such"
        f" as {users[0].name} and {users[1].name}), and every use has crossbars of its own: {extra} crossbars"
        " more, replicas included, than one use of each has"
    )
    return (remark,)
