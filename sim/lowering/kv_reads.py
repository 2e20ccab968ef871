"""What a product on digital units reads of a cache: for every token, all positions that it reaches."""

from __future__ import annotations

from ...workloads.graph import Operator
from ..mapping.kv_cache import position_elements
from ..program import Schedule
from . import kv_cache
from .context import Context
from .grouping import Firings
from .growth import tokens_of
from .shares import Flow, Shares, tiles_of
from .stage import Stage
from .transfers import transfer


def read_cache(
    context: Context, actor: int, operator: Operator, firings: Firings, held: Shares, written: Stage | None
) -> None:
    """The actor that reads the cache of a product whose `actor` fires group by group.

    A cache belongs to the chip. Where units of its tiles make the product, what was read goes to them over
    the network, each getting its heads; all firings with the bytes of a mean one.
    """
    p = operator.product
    assert p is not None
    groups = tokens_of(firings)
    reach = [sum(operator.reach(t) if operator.reach else p.n for t in group) for group in groups]
    elements = position_elements(operator, context.mapping.network)
    newest = [group[-1] for group in groups]
    source = kv_cache.fetch(context, operator, actor, newest, [[r] for r in reach], elements, written)
    every = Schedule.affine(1, 1, firings.n)
    cache, tiles = context.caches[operator.name], tiles_of(held)
    per_chip = context.chip.tile.count if context.chip.tile else 1
    home = cache.chip * per_chip + per_chip // 2
    mean = -(-cache.bytes_of(sum(reach)) // (firings.n * len(tiles)))
    flows = [Flow(home, (tile,), mean) for tile in tiles if tile != home]
    moved = (
        transfer(context, f"{operator.name} cache -> units", operator.name, firings.n, flows)
        if flows
        else None
    )
    if moved is not None:
        context.builder.channel(source, moved, kv_cache.ROOM, every)
        source = moved
    context.builder.channel(source, actor, kv_cache.ROOM, every)
