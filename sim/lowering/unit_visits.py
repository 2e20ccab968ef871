"""Visits of digital units: one function of an operator, on as many elements as each firing has.

A unit that goes over its rows in several passes (`Unit.passes`) gets every row with its length; any other
one gets its element operations. Both grow with the positions that tokens look back at.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import ceil

from ...arch.digital import Unit
from ...arch.parts import unit_word
from ...workloads.graph import Operator
from ..mapping.assignment import OnArray, Units
from ..mapping.growth import output_grows
from ..mapping.passes import PassOfNetwork, actions, job, row_length
from ..mapping.places import work_of
from ..mapping.timing import ceil_div
from .context import Context
from .growth import Growth
from .shares import Shares, busiest, tiles_of


@dataclass(frozen=True)
class Step:
    """One function of an operator.

    Attributes
    ----------
    function : str
    unit : Unit
        That computes it.
    per_element : float
        Operations for each element of the output.
    row : int
        Elements of one row, of the token that reaches furthest.
    growth : Growth
        Positions by firing; all the same for what has one size for every token.
    """

    function: str
    unit: Unit
    per_element: float
    row: int
    growth: Growth

    def rows(self, elements: int, reach: tuple[int, ...]) -> list[tuple[int, int]]:
        """Rows in a firing that has `elements` where all tokens reach furthest."""
        if self.unit.passes_of(self.function) is None:
            return [(1, max(1, self.growth.part(reach, ceil(elements * self.per_element))))]
        if self.growth.most == 1:
            return [(ceil_div(elements, self.row), self.row)]
        of_token = ceil_div(elements, self.row * len(reach))
        return [(of_token, ceil_div(self.row * r, self.growth.most)) for r in reach]

    def count(self, elements: int, reach: tuple[int, ...]) -> int:
        """Element operations of a firing."""
        per_element = self.per_element if self.unit.passes_of(self.function) is None else 1.0
        return self.growth.part(reach, ceil(elements * per_element))


def steps(context: Context, operator: Operator, a: Units, growth: Growth) -> list[Step]:
    """What units do for an operator: its own functions, then those that are fused into it."""
    n = operator.output.elements
    work = zip(work_of(operator), a.own, strict=True)
    own = [Step(f, u, n_ops / n, row_length(operator), growth) for (f, n_ops), u in work if n_ops]
    return own + fused_steps(context, operator, a, growth)


def fused_steps(context: Context, operator: Operator, a: Units | OnArray, growth: Growth) -> list[Step]:
    """What units do for the functions that are fused into an operator."""
    n, of_output = operator.output.elements, growth_of_output(context, operator, growth)
    return [Step(f, u, 1.0, n, of_output) for f, u in zip(operator.fused, a.fused, strict=True)]


def growth_of_output(context: Context, operator: Operator, growth: Growth) -> Growth:
    """The same where output tokens have an element for every position; else all firings alike."""
    return growth if output_grows(operator, context.mapping.network) else growth.flat


def on_chip(
    context: Context, actor: int, step: Step, sources: tuple[int, ...], elements: int
) -> tuple[int, int]:
    """A visit of a unit of the chip. Returns the latency and the hold of the longest firing."""
    resources = context.units(step.unit, sources, of_tile=False)
    return _visit(context, actor, step, resources, (elements, elements), unit_word(step.unit.name), 1, False)


def on_tiles(context: Context, actor: int, step: Step, held: Shares) -> tuple[int, int]:
    """A visit of a unit in every tile that holds a share. Latency and hold of the longest firing."""
    unit, tiles = step.unit, tiles_of(held)
    resources = context.units(unit, tiles, of_tile=True)
    elements = busiest(held), sum(share.size for share in held)
    return _visit(context, actor, step, resources, elements, f"tile.{unit.name}", len(tiles), True)


def _visit(
    context: Context,
    actor: int,
    step: Step,
    resources: tuple[int, ...],
    elements: tuple[int, int],
    component: str,
    places: int,
    spread: bool,
) -> tuple[int, int]:
    """The visit and its energy; `elements` are those of the busiest place, and of all places together."""
    unit, longest = step.unit, PassOfNetwork(0, 0)

    def work(reach: tuple[int, ...]) -> PassOfNetwork:
        nonlocal longest
        found = job(unit, step.function, step.rows(elements[0], reach))
        longest = max(longest, found, key=lambda j: j.latency_cycles)
        return found

    hold = step.growth.each(lambda reach: work(reach).hold_fs(unit))
    latency = step.growth.each(lambda reach: work(reach).latency_fs(unit))
    context.builder.visit(actor, resources, hold, latency, spread=spread)
    told = actions(unit, step.function)
    for action, cycles in told if unit.energy_j is not None else told[:1]:
        count = step.growth.each(partial(_lane_cycles, step, cycles, elements[1]))
        context.spend(actor, component, action, count, unit.energy_j, unit.power_w, hold, unit.count * places)
    return longest.latency_fs(unit), longest.hold_fs(unit)


def _lane_cycles(step: Step, cycles: int, elements: int, reach: tuple[int, ...]) -> int:
    """Cycles of single lanes in a firing."""
    return cycles * step.count(elements, reach)
