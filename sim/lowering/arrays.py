"""Matrices and products on systolic MAC arrays, fold after fold.

The stationary operand is cut into blocks of the array's size; a fold loads one block and streams all
vectors through it (SCALE-Sim's model). Folds go to whichever array is free. Static weights come from memory
through a prefetching actor with room for two folds per array; the other operand and the results pass
through the buffer. Nothing of the output is there before the last fold.
"""

from __future__ import annotations

from fractions import Fraction

from ...arch.digital import MacArray
from ...workloads.graph import Operator
from ..mapping.assignment import OnArray
from ..mapping.folds import Fold, fold_cycles, product_folds
from ..mapping.growth import grows_along, output_grows, positions
from ..mapping.timing import Folds, ceil_div
from ..program import Schedule
from . import array_rows, products
from .context import Context
from .grouping import Firings, Group
from .growth import ALIKE, mean_share, schedule, spread_evenly
from .prefetch import fetch_weights
from .shares import even
from .stage import Stage
from .unit_visits import fused_steps, on_chip

SMALL = 8
"""Products that take this part of the buffer of a tile, or less, are made and leave all at once."""
ROUNDED = 1 << 10
"""Bytes at most by which whole bytes for each part of a product are more than its bytes."""


def lower(
    context: Context,
    operator: Operator,
    a: OnArray,
    source: Stage | None,
    written: Stage | None,
) -> Stage:
    """The stage of a matrix or a product on the MAC arrays of a chip.

    Parameters
    ----------
    source : Stage or None
        The one that makes the first input.
    written : Stage or None
        The one that appends to the cache that a product reads.
    """
    if context.autoregressive and operator.matrix is not None:
        return array_rows.lower(context, operator, a, operator.matrix)
    array, grid = a.array, operator.output.grid
    group, most = _group(context, operator, array, source), _most_tokens(context, operator, array)
    if most and operator.product is not None and not operator.product.cached:
        size = most if group is None else group.cols
        size = max(d for d in range(1, most + 1) if grid.cols % d == 0 and d <= size)
        return products.lower(context, operator, a, Group(1, size), written, one_by_one=True)
    if group is not None:
        return products.lower(context, operator, a, group, written)
    folds, copies = _folds(context, operator, array)
    n = len(folds) * copies
    actor = context.builder.actor(operator.name, n, layer=operator.name)
    # Each array has its own slice of the buffer; an array streams while the next one already starts.
    context.builder.visit(actor, (), array.cycle_fs)
    holds = [fold.cycles * array.cycle_fs for fold in folds]
    hold = schedule(holds * copies)
    arrays = context.mac_arrays(array, a.home)
    context.builder.visit(actor, arrays, hold, hold)
    macs = operator.macs + operator.product_macs
    count = ceil_div(macs, n) if operator.reach is None else spread_evenly(macs, n)
    context.spend(actor, "mac array", "mac", count, array.energy_j, array.power_w, hold)
    _spend_buffer(context, actor, operator, array, folds * copies, hold)
    if operator.matrix is not None:
        fetch_weights(context, operator, a, operator.matrix, actor)
    last = _finish(context, actor, operator, a, n)
    return Stage(
        operator=operator.name,
        first=actor,
        last=last,
        firings=Firings(
            grid, Group(1, grid.cols), barrier=n if last == actor else 0, samples=operator.samples
        ),
        held=even(grid.cols, operator.output.elements, (a.home,)),
        latency_fs=max(holds),
        interval_fs=max(1, max(holds) // array.count),
        taken=Firings(grid, barrier=n, samples=operator.samples),
        mean_share=mean_share(operator) if output_grows(operator, context.mapping.network) else Fraction(1),
    )


def _group(context: Context, operator: Operator, array: MacArray, source: Stage | None) -> Group | None:
    """Tokens that a product makes at once; None where it takes all of them.

    A product with a cache is made token by token. A causal one that tokens come to one after the other is
    made for as few of them as the arrays can keep up with, all products of the network together.
    """
    p, grid = operator.product, operator.output.grid
    if p is None or operator.reach is None:
        return None
    if p.cached:
        return Group()
    if source is None or source.firings.barrier or source.firings.group.n_tokens >= grid.cols:
        return None
    mapping = context.mapping
    others = sum(isinstance(mapping.of(o.name), OnArray) for o in mapping.network.operators if o.product)
    room = source.interval_fs * source.firings.n * array.count // others
    along, reach = grows_along(operator, mapping.network), positions(operator)
    for size in (d for d in range(source.firings.group.cols, grid.cols) if grid.cols % d == 0):
        firings = [reach[i : i + size] for i in range(0, grid.n_tokens, size)]
        cycles = sum(sum(fold_cycles(array, p, along, tokens)) for tokens in firings)
        if cycles * p.heads // p.shared_by * array.cycle_fs <= room:
            return Group(1, size)
    return None


def _most_tokens(context: Context, operator: Operator, array: MacArray) -> int:
    """Tokens of a product at once, where all are too many for the buffers of tiles that they go to; else 0.

    Those of all such products of the chip, two groups of each, have room in the buffers of its arrays.
    """
    if context.chip.tile is None or context.mapping.buffers == "unlimited":
        return 0
    word, mapping = context.word_bytes, context.mapping
    if operator.product is None or operator.output.size * word <= context.tile.buffer.capacity_bytes // SMALL:
        return 0
    chip = context.chip_of(mapping.of(operator.name).sources[0])
    beside = [
        o.output.elements * word
        for o in mapping.network.operators
        if o.product is not None
        and isinstance(mapping.of(o.name), OnArray)
        and context.chip_of(mapping.of(o.name).sources[0]) == chip
    ]
    room = (array.count * array.buffer.capacity_bytes - ROUNDED * len(beside)) // (2 * sum(beside))
    return max(1, min(room, operator.output.grid.cols))


def _folds(context: Context, operator: Operator, array: MacArray) -> tuple[list[Fold], int]:
    """Folds of one group or head, and how many of those there are."""
    tokens = operator.output.grid.n_tokens * operator.samples
    if operator.matrix is not None:
        m = operator.matrix
        folds = Folds.of(array, m.k, m.n, tokens * m.applications)
        return [Fold(folds.cycles, folds.vectors)] * folds.n_folds, m.groups
    p = operator.product
    assert p is not None
    copies = p.heads // p.shared_by
    if operator.reach is not None:
        return product_folds(
            array, p, grows_along(operator, context.mapping.network), positions(operator)
        ), copies
    folds = Folds.of(array, p.k, p.n, tokens * p.shared_by)
    return [Fold(folds.cycles, folds.vectors)] * folds.n_folds, copies


def _spend_buffer(
    context: Context,
    actor: int,
    operator: Operator,
    array: MacArray,
    folds: list[Fold],
    hold: int | Schedule,
) -> None:
    """Bytes through the buffer: a fold streams `rows` inputs and `cols` outputs for every vector."""
    m, p = operator.matrix, operator.product
    k, wide = (m.k, m.n) if m else (p.k, p.n) if p else (1, 1)
    width = (min(k, array.rows) + min(wide, array.cols)) * context.word_bytes
    streamed = schedule([fold.vectors * width for fold in folds])
    port = array.buffer
    context.spend(actor, "buffer", "stream", streamed, port.energy_per_byte_j, port.power_w, hold)


def _finish(context: Context, actor: int, operator: Operator, a: OnArray, n: int) -> int:
    """An actor that applies fused functions row by row of the output, or lets an output of the network go."""
    if not operator.fused and operator.name not in context.mapping.network.outputs:
        return actor
    grid = operator.output.grid
    name = f"{operator.name} {'+'.join(operator.fused) or 'done'}"
    last = context.builder.actor(name, grid.rows * operator.samples, layer=operator.name)
    if not operator.fused:
        context.builder.visit(last, (), a.array.cycle_fs)
    elements = operator.output.elements * grid.cols
    for step in fused_steps(context, operator, a, ALIKE):
        on_chip(context, last, step, a.sources, elements)
    context.builder.channel(actor, last, n, n, 0)
    return last
