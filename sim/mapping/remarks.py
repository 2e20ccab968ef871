"""What the user should know about a mapping: bits that are lost, operands rewritten, nothing to swap."""

from __future__ import annotations

from collections.abc import Iterable

from ...arch.chip import Chip
from ...workloads.graph import Operator
from .assignment import Assignment
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
        *lost_bits(problem.analog, problem.chip),
    )


def lost_bits(layers: Iterable[Operator], chip: Chip) -> tuple[str, ...]:
    """One remark for weights and one for inputs of layers on crossbars that have more bits than the chip."""
    if chip.tile is None:
        return ()
    layers = [o for o in layers if o.matrix is not None]
    remarks = []
    for what, has, of_chip in (
        ("weights", [(o.name, o.weight_format) for o in layers], chip.tile.weights.bits),
        ("inputs", [(o.name, o.input_format) for o in layers], chip.tile.dac.bits),
    ):
        wide = [(name, f) for name, f in has if f is not None and f.bits > of_chip]
        if wide:
            name, widest = max(wide, key=lambda one: one[1].bits)
            remarks.append(
                f"the network has {what} of {widest.bits} bits ({name}: {widest.code}), crossbars of the chip"
                f" {of_chip}: {len(wide)} of {len(layers)} layers lose bits"
            )
    return tuple(remarks)
