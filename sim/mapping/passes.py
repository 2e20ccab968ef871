"""How long a unit works on rows that it goes over several times (softmax, normalisation).

A pass over a row of n elements on l lanes at c cycles an element takes ``ceil(n / l) * c`` cycles; what it
found (the maximum, the sum) is there `drain` cycles later, and the next pass begins. With one set of lanes a
row goes through all passes before the next one begins; where every pass has lanes of its own, rows follow
each other at the pace of the longest pass.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ...arch.digital import Unit
from ...workloads.functions import get
from ...workloads.graph import Operator
from .timing import ceil_div, unit_beats


@dataclass(frozen=True)
class PassOfNetwork:
    """Cycles that a unit is taken for, and from the begin to the last result."""

    hold_cycles: int
    latency_cycles: int

    def hold_fs(self, unit: Unit) -> int:
        return self.hold_cycles * unit.cycle_fs

    def latency_fs(self, unit: Unit) -> int:
        return max(self.latency_cycles, unit.latency_cycles) * unit.cycle_fs


def job(unit: Unit, function: str, rows: Iterable[tuple[int, int]]) -> PassOfNetwork:
    """Rows of one function, given as (how many, elements of each), one lot after the other.

    A function without passes takes its cycles for each element, whatever row it is in.
    """
    passes = unit.passes_of(function)
    lots = list(rows)
    if passes is None:
        beats = unit_beats(unit, sum(n * length for n, length in lots), function, 1)
        return PassOfNetwork(beats, beats)
    lanes, side_by_side = unit.lanes // passes.rows, passes.rows * unit.count
    hold = latency = 0
    for n, length in lots:
        turns = ceil_div(n, side_by_side)
        taken = [ceil_div(length, lanes) * cycles for cycles in passes.cycles]
        drain = list(passes.drain) or [0] * len(taken)
        if passes.online:
            taken[:2], drain[:2] = [max(taken[:2])], [max(drain[:2])]
        through = sum(taken) + sum(drain)
        if passes.pipelined:
            latency = hold + through + (turns - 1) * max(taken)
            hold += turns * max(taken)
        else:
            hold += turns * through
            latency = hold
    return PassOfNetwork(hold, latency)


def row_length(operator: Operator) -> int:
    """Elements that a softmax or a normalisation takes together, of the token that reaches furthest.

    A softmax works along the last axis of its tensor, or along the positions that a token looks back at; a
    normalisation takes the whole token.
    """
    whole = operator.output.elements
    if not operator.function or get(operator.function).extent != "row":
        return whole
    if operator.reach is not None:
        length = operator.reach.most(operator.output.grid.n_tokens)
    else:
        length = operator.output.shape[-1] if operator.output.shape else whole
    return length if length and whole % length == 0 else whole


def actions(unit: Unit, function: str) -> list[tuple[str, int]]:
    """What the lanes do for one element: name in the energy ledger, and cycles of one lane."""
    passes = unit.passes_of(function)
    if passes is None:
        return [(function, unit.functions[function])]
    return [(f"{function} pass {i}", cycles) for i, cycles in enumerate(passes.cycles, 1)]
