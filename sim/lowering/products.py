"""Products of two activations on MAC arrays, a few tokens at a time.

Where tokens come one after the other (a decoder that writes, a prompt that streams out of crossbars), a
product is made for them as they come: the queries of a few tokens go through the blocks of the stationary
operand that they reach, head by head, on whichever array is free. Blocks are loaded anew for every firing,
from the cache of earlier positions or from the buffer; heads that share a stationary matrix go through it
together. The products of a firing leave together.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from ...arch.digital import Buffer, MacArray
from ...workloads.graph import Operator, Product
from ..mapping.assignment import OnArray
from ..mapping.folds import fold_cycles
from ..mapping.growth import Along, grows_along
from ..mapping.timing import ceil_div
from ..program import Schedule
from . import kv_cache
from .context import Context
from .grouping import Firings, Group
from .growth import Growth, mean_share, schedule, spread_evenly, tokens_of
from .shares import even
from .stage import Stage
from .unit_visits import fused_steps, on_chip


def lower(
    context: Context,
    operator: Operator,
    a: OnArray,
    group: Group,
    written: Stage | None,
    *,
    one_by_one: bool = False,
) -> Stage:
    """The stage of a product whose firings are groups of tokens.

    Parameters
    ----------
    group : Group
        Tokens of one firing; a single one where it reads a cache.
    written : Stage or None
        The one that appends to that cache.
    one_by_one : bool
        Tokens of a firing leave the buffers of the arrays one after the other.
    """
    array, p = a.array, operator.product
    assert p is not None
    firings = Firings(operator.output.grid, group)
    growth = Growth.of(operator, firings)
    along = grows_along(operator, context.mapping.network)
    folds = [fold_cycles(array, p, along, reach) for reach in growth.by_firing(firings.n)]
    matrices = p.heads // p.shared_by
    cuts = max(1, min(array.count // matrices, max(map(len, folds))))
    parts = matrices * cuts
    cycles = [max(1, sum(f[cut::cuts])) for f in folds for _ in range(matrices) for cut in range(cuts)]
    hold = schedule([c * array.cycle_fs for c in cycles])

    take = context.builder.actor(f"{operator.name} in", firings.n, layer=operator.name)
    actor = context.builder.actor(operator.name, firings.n * parts, layer=operator.name)
    made = Firings(operator.output.grid) if one_by_one else firings
    last = context.builder.actor(f"{operator.name} out", made.n, layer=operator.name)
    context.builder.visit(take, (), array.cycle_fs)
    arrays = context.mac_arrays(array, a.home)
    context.builder.visit(actor, (), array.cycle_fs)  # the next array starts while this one still streams
    context.builder.visit(actor, arrays, hold)
    context.builder.visit(last, (), array.cycle_fs)
    taken = tuple(range(firings.n))
    whole = Schedule(tuple(k + 1 for k in taken), (0,) * parts)
    context.builder.channel(take, actor, 2, whole, Schedule(taken, (0,) * (parts - 1) + (1,)))
    if one_by_one:
        _leave(context, (actor, last), operator, a, group.cols, parts)
    else:
        context.builder.channel(actor, last, 2 * parts, Schedule.affine(parts, parts, firings.n))

    n = firings.n * parts
    macs = spread_evenly(operator.product_macs, n)
    context.spend(actor, "mac array", "mac", macs, array.energy_j, array.power_w, hold)
    reaches = growth.by_firing(firings.n)
    _spend(context, actor, array.buffer, "stream", sum(_streamed(p, array, along, r) for r in reaches))
    if p.cached:
        _read_cache(context, actor, operator, a, p, along, firings, (matrices, cuts), written)
    else:
        _spend(context, actor, array.buffer, "load", sum(_loaded(p, along, r) for r in reaches))
    busy = max(cycles) * array.cycle_fs
    return Stage(
        operator=operator.name,
        first=take,
        last=last,
        firings=made,
        taken=firings if one_by_one else None,
        held=even(made.group.n_tokens, operator.output.elements, (a.home,)),
        latency_fs=3 * array.cycle_fs
        + busy * ceil_div(parts, array.count)
        + _apply_fused(context, last, operator, a, Growth.of(operator, made)),
        interval_fs=max(1, busy * parts // array.count),
        mean_share=mean_share(operator) if along == "n" else Fraction(1),
    )


def _leave(
    context: Context, between: tuple[int, int], operator: Operator, a: OnArray, size: int, parts: int
) -> None:
    """Products of `size` tokens wait in the arrays' buffers until all is added up; then tokens leave."""
    actor, last = between
    tokens = range(operator.output.grid.n_tokens)
    context.builder.channel(
        actor,
        last,
        2 * parts,
        Schedule((0,), tuple((t // size + 1) * parts for t in tokens)),
        Schedule((0,), tuple(t // size * parts + parts * (t % size + 1) // size for t in tokens)),
        bytes_per_token=ceil_div(size * operator.output.elements * context.word_bytes, parts),
        store=context.array_store(a.array, a.home),
    )


def _apply_fused(context: Context, actor: int, operator: Operator, a: OnArray, growth: Growth) -> int:
    """Visits of units for fused functions, on their way out. Returns their latency."""
    elements = operator.output.elements * len(growth.reach[0])
    fused = fused_steps(context, operator, a, growth)
    return sum(on_chip(context, actor, step, a.sources, elements)[0] for step in fused)


def _sizes(p: Product, along: Along, reach: int) -> tuple[int, int]:
    """Rows and columns of the stationary matrix that a token reaches."""
    return (reach if along == "k" else p.k), (reach if along == "n" else p.n)


def _streamed(p: Product, array: MacArray, along: Along, reach: Sequence[int]) -> int:
    """Elements through the buffer: queries once per block of columns, sums once per block of rows."""
    n_elements = 0
    for r in reach:
        k, n = _sizes(p, along, r)
        n_elements += p.heads * (k * ceil_div(n, array.cols) + n * ceil_div(k, array.rows))
    return n_elements


def _loaded(p: Product, along: Along, reach: Sequence[int]) -> int:
    """Elements of the stationary matrices, loaded once for the tokens and heads that share them."""
    k, n = _sizes(p, along, max(reach))
    return p.heads // p.shared_by * k * n


def _spend(context: Context, actor: int, port: Buffer, action: str, elements: int) -> None:
    """Energy of so many elements, over all firings."""
    n_bytes = spread_evenly(elements * context.word_bytes, context.builder.n_firings(actor))
    context.spend(actor, "buffer", action, n_bytes, port.energy_per_byte_j)


def _read_cache(
    context: Context,
    actor: int,
    operator: Operator,
    a: OnArray,
    p: Product,
    along: Along,
    firings: Firings,
    parts: tuple[int, int],
    written: Stage | None,
) -> None:
    """The actor that reads keys or values, part for part as arrays take them, two per array ahead."""
    matrices, cuts = parts
    tokens = [firing[-1] for firing in tokens_of(firings)]
    reach = [operator.reach(k) if operator.reach else p.n for k in tokens]
    positions = [[len(range(cut, r, cuts)) for _ in range(matrices) for cut in range(cuts)] for r in reach]
    elements = p.n if along == "k" else p.k
    fetch = kv_cache.fetch(context, operator, actor, tokens, positions, elements, written)
    n = len(tokens) * matrices * cuts
    context.builder.channel(fetch, actor, kv_cache.ROOM * a.array.count, Schedule.affine(1, 1, n))
