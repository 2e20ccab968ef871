"""Products of two activations on crossbars that are rewritten at run time.

Keys (values) are written as they are made, a position into lines of cells of its own; the queries (weights)
are then products like those of a layer, and heads that share their keys follow each other. Crossbars are
either written or read. A product reads its arrays whole: lines of positions that are masked or not written
yet are converted all the same, so a causal mask saves no reads here, only waiting. For the next inference a
position is written over when the last token of this one has been worked on.
"""

from __future__ import annotations

from dataclasses import replace

from ...workloads.graph import Operator
from ..mapping.assignment import OnRewritten, WritesOperand
from ..mapping.timing import ceil_div
from ..mapping.writing import rows_in_turn
from . import crossbars
from .context import Context
from .crossbars import port_visit
from .grouping import Firings, following_group
from .growth import ALIKE
from .shares import busiest, even
from .stage import Stage


def multiply(context: Context, operator: Operator, a: OnRewritten) -> Stage:
    """The stage of a product whose stationary operand has been written: that of a layer of the same size."""
    layer = replace(operator, matrix=a.stationary.matrix, inputs=operator.inputs[:1])
    return crossbars.lower(context, layer, a)


def write(context: Context, operator: Operator, a: WritesOperand, source: Stage) -> Stage:
    """The stage that writes keys or values: read from the buffers, then programmed line by line."""
    grid = operator.output.grid
    firings = Firings(grid, following_group(grid, source.firings))
    n_tokens = firings.group.n_tokens
    held = even(n_tokens, operator.output.elements, a.tiles)
    actor = context.builder.actor(operator.name, firings.n, layer=operator.name)
    word, elements = context.word_bytes, n_tokens * operator.output.elements
    n_bytes = busiest(held) * word, elements * word
    latency = port_visit(context, actor, ("buffer", "read"), context.tile.buffer, a.tiles, n_bytes, ALIKE)

    crossbar = context.tile.crossbar
    assert crossbar.write_time_fs is not None
    hold = n_tokens * lines_in_turn(context, a) * crossbar.write_time_fs
    arrays = context.resource(f"{a.product} crossbars", "crossbar", units=a.replicas * a.tiling.crossbars)
    context.builder.visit(actor, arrays, hold)
    cells = elements * context.tile.columns_per_weight
    context.spend(actor, "crossbar", "write cell", cells, crossbar.write_energy_j, crossbar.power_w, hold)
    return Stage(operator.name, actor, actor, firings, held, latency + hold, hold, in_place=True)


def lines_in_turn(context: Context, a: WritesOperand) -> int:
    """Lines of cells that are written one after the other for one position.

    A position of keys takes the columns of a weight in every row block of its head, one of values a row in
    every column block. The tiles that hold the heads write side by side, each with its write drivers.
    """
    tiling, m = a.tiling, a.stationary.matrix
    if a.stationary.along == "n":
        lines = m.groups * tiling.row_blocks * context.tile.columns_per_weight
    else:
        lines = m.groups * ceil_div(m.n, context.tile.weights_per_row)
    tiles = min(len(a.tiles), m.groups)
    return rows_in_turn(context.chip, dict.fromkeys(a.tiles[:tiles], ceil_div(lines, tiles)))
