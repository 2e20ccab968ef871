"""Matrices on systolic MAC arrays where every row of tokens waits for the one before it.

Rows are the steps of a decoder, so nothing may gather tokens of several. Each row goes through all folds of
the matrix, its tokens as the vectors of a fold; static weights come from memory again for every row, two
folds ahead per array, because they do not stay in the arrays.
"""

from __future__ import annotations

from ...workloads.graph import Matrix, Operator
from ..mapping.assignment import OnArray
from ..mapping.timing import Folds, ceil_div
from ..program import Schedule
from .context import Context
from .grouping import Firings, Group
from .growth import ALIKE
from .prefetch import fetch_weights
from .shares import even
from .stage import Stage
from .unit_visits import fused_steps, on_chip


def lower(context: Context, operator: Operator, a: OnArray, m: Matrix) -> Stage:
    """The stage of a matrix that is folded row by row."""
    array, grid = a.array, operator.output.grid
    folds = Folds.of(array, m.k, m.n, grid.cols * m.applications)
    per_row = folds.n_folds * m.groups
    n = per_row * grid.rows
    taken = Firings(grid, Group(1, grid.cols), folds=per_row)
    actor = context.builder.actor(operator.name, n, layer=operator.name)
    context.builder.visit(actor, (), array.cycle_fs)
    hold = folds.cycles * array.cycle_fs
    arrays = context.mac_arrays(array, a.home)
    context.builder.visit(actor, arrays, hold, hold)
    context.spend(actor, "mac array", "mac", ceil_div(operator.macs, n), array.energy_j, array.power_w, hold)
    streamed = folds.vectors * (min(m.k, array.rows) + min(m.n, array.cols)) * context.word_bytes
    port = array.buffer
    context.spend(actor, "buffer", "stream", streamed, port.energy_per_byte_j, port.power_w, hold)
    fetch_weights(context, operator, a, m, actor, rows=grid.rows)
    held = even(grid.cols, operator.output.elements, (a.home,))
    interval = max(1, hold // array.count)
    if not operator.fused:
        return Stage(operator.name, actor, actor, taken, held, hold, interval)
    last = _finish(context, actor, operator, a, per_row)
    rows = Firings(grid, Group(1, grid.cols))
    return Stage(operator.name, actor, last, rows, held, hold, interval, taken=taken)


def _finish(context: Context, actor: int, operator: Operator, a: OnArray, per_row: int) -> int:
    """An actor that applies fused functions to every row when its last fold is done."""
    grid = operator.output.grid
    name = f"{operator.name} {'+'.join(operator.fused)}"
    last = context.builder.actor(name, grid.rows, layer=operator.name)
    elements = operator.output.elements * grid.cols
    for step in fused_steps(context, operator, a, ALIKE):
        on_chip(context, last, step, a.sources, elements)
    context.builder.channel(actor, last, 2 * per_row, Schedule.affine(per_row, per_row, grid.rows))
    return last
