"""Keys and values of earlier positions: appended token by token, and read for every token.

A new position is written where its cache is kept, in banks of SRAM or in the memory behind the chip. What a
product needs of it is read by an actor of its own that runs ahead of the product: the positions before a
token can be fetched while the token is still on its way; its own keys and values come along with it. In a
decoder it runs no further ahead than by `AHEAD` products, in the order of the network.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from ...arch.links import Memory
from ...workloads.graph import Operator
from ..mapping.timing import bytes_fs, ceil_div
from ..program import Schedule
from .context import Context
from .growth import schedule
from .memory import move
from .stage import Stage

ROOM = 2
"""Reads that a product has room for beside the one it works on: one that is there, one on its way."""

AHEAD = 2
"""Products of a decoder, on one chip, whose reads are there or on their way (an assumption: no chip says)."""


@dataclass(frozen=True)
class Read:
    """What is read of a cache for one product.

    Attributes
    ----------
    chip : int
    bring, use : int
        Actors whose firings read, and multiply.
    newest : tuple of int
        Last token of each group of firings that are made together, ascending.
    parts : int
        Firings of `bring`, and of `use`, in a group.
    """

    chip: int
    bring: int
    use: int
    newest: tuple[int, ...]
    parts: int


def _visit(
    context: Context, actor: int, operator: Operator, action: str, n_bytes: Sequence[int], *, read: bool
) -> int:
    """A visit of the cache of an operator; only reads wait for the first byte. The longest of its holds.

    Banks of SRAM work together: the heads and positions of a transfer are spread over them evenly.
    """
    cache, home = context.caches[operator.name], context.mapping.of(operator.name).home
    if isinstance(cache.keeper, Memory):
        latency_fs = None if read else 0
        memory = cache.keeper
        return move(context, actor, memory, home, n_bytes, action=action, latency_fs=latency_fs)[1]
    kv = cache.keeper
    assert kv.bandwidth_bytes_per_s is not None
    holds = [bytes_fs(ceil_div(n, kv.count), kv.bandwidth_bytes_per_s) for n in n_bytes]
    hold = schedule(holds)
    banks = context.resource(f"chip {cache.chip} kv cache", "kv cache", units=kv.count)
    context.builder.visit(actor, banks, hold, schedule([h + read * kv.latency_fs for h in holds]))
    count = schedule(n_bytes)
    context.spend(actor, "kv cache", action, count, kv.energy_per_byte_j, kv.power_w, hold, kv.count)
    return max(holds)


def append(context: Context, actor: int, operator: Operator, n_tokens: int) -> tuple[int, int]:
    """The visit of an operator that appends tokens to its cache. Returns its latency and its hold."""
    cache = context.caches[operator.name]
    hold = _visit(context, actor, operator, "append", [cache.bytes_of(n_tokens)], read=False)
    return hold, hold


def fetch(
    context: Context,
    operator: Operator,
    use: int,
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
    use : int
        The actor that makes it, with as many firings as the one that reads.
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
    n_bytes = [-(-n * elements * cache.element_bits // 8) for parts in n_positions for n in parts]
    actor = context.builder.actor(f"{operator.name} cache", len(n_bytes), layer=operator.name)
    _visit(context, actor, operator, "read", n_bytes, read=True)
    if written is not None:
        before = _written_before(operator, newest, written)
        need = Schedule(before, (0,) * len(n_positions[0]))
        context.builder.channel(written.last, actor, written.firings.n, need)
    context.cache_reads.append(Read(cache.chip, actor, use, tuple(newest), len(n_positions[0])))
    return actor


def bound_reads(context: Context, n_sequences: int) -> None:
    """Channels that hold reads of a decoder back until the product `AHEAD` before has been made.

    The products of a chip are in the order of the network, token after token of each sequence.
    """
    by_chip = lambda r: r.chip  # noqa: E731
    for _, there in groupby(sorted(context.cache_reads, key=by_chip), by_chip):
        reads = list(there)
        for j, read in enumerate(reads):
            turns, before = divmod(j - AHEAD, len(reads))
            made = reads[before]
            tokens = [token + turns * n_sequences for token in read.newest]
            firings = tuple(bisect_right(made.newest, token) * made.parts for token in tokens)
            need = Schedule(firings, (0,) * read.parts)
            context.builder.channel(made.use, read.bring, len(made.newest) * made.parts, need)


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
