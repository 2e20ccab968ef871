"""Keys and values of earlier positions: appended token by token, and read for every token.

A new position is written where its cache is kept, in banks of SRAM or in the memory behind the chip. What a
product needs of it is read by an actor of its own that runs ahead of the product: the positions before a
token can be fetched while the token is still on its way; its own keys and values come along with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...arch.component import Costed
from ...arch.links import KvCache
from ...workloads.graph import Operator
from ..mapping.kv_cache import Cache
from ..mapping.timing import bytes_fs
from ..program import Schedule
from .context import Context
from .growth import schedule
from .stage import Stage

ROOM = 2
"""Reads that a product has room for beside the one it works on: one that is there, one on its way."""


@dataclass(frozen=True)
class Port:
    """How a cache is reached: the resource, and what a byte costs."""

    resource: int
    component: str
    part: Costed
    bandwidth_bytes_per_s: float
    latency_fs: int
    energy_per_byte_j: float | None

    @staticmethod
    def of(context: Context, cache: Cache, home: int) -> Port:
        """The banks of the chip, or its memory."""
        kv = cache.keeper
        if isinstance(kv, KvCache):
            assert kv.bandwidth_bytes_per_s is not None
            banks = context.resource(f"chip {cache.chip} kv cache", "kv cache", servers=kv.count)
            return Port(banks, "kv cache", kv, kv.bandwidth_bytes_per_s, kv.latency_fs, kv.energy_per_byte_j)
        channels = context.memory(kv, home)
        return Port(channels, "memory", kv, kv.bandwidth_bytes_per_s, kv.latency_fs, kv.energy_per_byte_j)

    def visit(
        self, context: Context, actor: int, action: str, n_bytes: Sequence[int], latency_fs: int
    ) -> int:
        """A visit that moves so many bytes in each firing; the longest of its holds."""
        holds = [bytes_fs(n, self.bandwidth_bytes_per_s) for n in n_bytes]
        hold = schedule(holds)
        context.builder.visit(actor, self.resource, hold, schedule([h + latency_fs for h in holds]))
        context.spend(
            actor, self.component, action, schedule(n_bytes), self.energy_per_byte_j, self.part.power_w, hold
        )
        return max(holds)


def append(context: Context, actor: int, operator: Operator, n_tokens: int) -> tuple[int, int]:
    """The visit of an operator that appends tokens to its cache. Returns its latency and its hold."""
    cache = context.caches[operator.name]
    port = Port.of(context, cache, context.mapping.of(operator.name).home)
    hold = port.visit(context, actor, "append", [cache.bytes_of(n_tokens)], 0)
    return hold, hold


def fetch(
    context: Context,
    operator: Operator,
    newest: Sequence[int],
    n_positions: Sequence[Sequence[int]],
    elements: int,
    written: Stage | None,
) -> int:
    """An actor that reads the cache for a product, ahead of it.

    Parameters
    ----------
    operator : Operator
        The product.
    newest : sequence of int
        The last token that each firing of the product works on.
    n_positions : sequence of sequence of int
        Positions that each part of each of these firings reads; every firing has as many parts.
    elements : int
        Of one position, in one part.
    written : Stage or None
        The one that appends to the cache.
    """
    cache = context.caches[operator.name]
    port = Port.of(context, cache, context.mapping.of(operator.name).home)
    n_bytes = [-(-n * elements * cache.element_bits // 8) for parts in n_positions for n in parts]
    actor = context.builder.actor(f"{operator.name} cache", len(n_bytes), layer=operator.name)
    port.visit(context, actor, "read", n_bytes, port.latency_fs)
    if written is not None:
        before = _written_before(operator, newest, written)
        need = Schedule(before, (0,) * len(n_positions[0]))
        context.builder.channel(written.last, actor, written.firings.n, need)
    return actor


def _written_before(operator: Operator, newest: Sequence[int], written: Stage) -> tuple[int, ...]:
    """Appends that have to be over before the positions before a token can be read: those of the last turn.

    The sequences take turns, `Reach.every` of them: the token a turn back is of the same sequence.
    """
    reach, made = operator.reach, written.firings
    turn = 1 if reach is None else reach.every
    firing_of = [
        row // made.group.rows * made.cols + col // made.group.cols
        for row in range(made.grid.rows)
        for col in range(made.grid.cols)
    ]
    return tuple(firing_of[k - turn] + 1 if k >= turn else 0 for k in newest)
