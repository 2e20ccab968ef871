"""Weights that come from memory to MAC arrays, ahead of their use and no further than the buffers hold.

The weights of a chip come in the order of its network, block (fold) after block, in bursts that have a piece
in every channel of the memory. A burst is asked for when everything that lies further back in that order than
the buffers hold has been used: so the blocks that are there or on their way never take more than the buffers
of all arrays, less the activations of the operator with most of them. Two blocks per array there must be, one
in use and one to come. The order goes on from inference to inference, and every inference brings its weights
anew (an assumption: no layer is taken for a whole batch at once, so batches of digital chips are slower than
they could be); a decoder brings nothing for the next token before this one has used all weights (an
assumption: every token is a step of its own).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

import numpy as np

from ...workloads.graph import Matrix, Operator
from ..mapping.assignment import OnArray, OnChipUnits
from ..mapping.timing import ceil_div
from ..program import I64, Schedule
from .context import Context
from .memory import move

NEVER_FULL = 1 << 40
"""Room of channels that only tell what has been used."""


@dataclass(frozen=True)
class Fetch:
    """The weights of one operator.

    Attributes
    ----------
    chip : int
    bring, use : int
        Actors whose firings bring bursts, and use blocks.
    rows, blocks, bursts : int
        Times that all weights come in one inference, and their blocks and bursts each time.
    block_bytes, per_burst : int
        Size of a block, and blocks in a burst.
    """

    chip: int
    bring: int
    use: int
    rows: int
    blocks: int
    bursts: int
    block_bytes: int
    per_burst: int

    def ends(self, begin: int) -> I64:
        """Bytes up to the end of each burst, where those of the first begin at `begin`."""
        blocks = np.minimum(np.arange(1, self.bursts + 1) * self.per_burst, self.blocks)
        return begin + blocks * self.block_bytes

    def used(self, begin: int, upto: I64) -> I64:
        """Blocks that begin before some places in the order."""
        return np.clip(-(-(upto - begin) // self.block_bytes), 0, self.blocks)


def fetch_weights(
    context: Context, operator: Operator, a: OnArray, m: Matrix, use: int, *, rows: int = 1
) -> None:
    """An actor that brings the blocks that the firings of `use` work on, all of them anew for every row."""
    memory, n = context.chip.memory, context.builder.n_firings(use)
    if memory is None:
        return
    blocks = n // rows
    block_bytes = ceil_div(ceil_div(m.k * m.n * m.groups * a.array.weight_bits, 8), blocks)
    per_burst = min(blocks, ceil_div(memory.channels * memory.interleave_bytes, block_bytes))
    bursts = ceil_div(blocks, per_burst)
    bring = context.builder.actor(f"{operator.name} weights", rows * bursts, layer=operator.name)
    last = blocks - (bursts - 1) * per_burst
    n_bytes = [block_bytes * per_burst] * (bursts - 1) + [block_bytes * last]
    move(context, bring, memory, a.home, n_bytes * rows, in_order=True)
    order = tuple(j // per_burst + 1 for j in range(blocks))
    need = Schedule(tuple(r * bursts for r in range(rows)), order)
    context.builder.channel(bring, use, rows * bursts, need, bytes_per_token=block_bytes * per_burst)
    chip = context.chip_of(a.home)
    context.fetches.append(Fetch(chip, bring, use, rows, blocks, bursts, block_bytes, per_burst))


def fetch_kept(context: Context, operator: Operator, a: OnChipUnits, use: int) -> None:
    """An actor that brings weights which stay for all firings of `use`, anew for every inference."""
    memory = context.chip.memory
    if memory is None or not a.kept_weights_bytes:
        return
    bring = context.builder.actor(f"{operator.name} weights", 1, layer=operator.name)
    move(context, bring, memory, a.home, [a.kept_weights_bytes])
    context.builder.channel(bring, use, 1, 1, 0, bytes_per_token=a.kept_weights_bytes)


def bound_prefetch(context: Context) -> None:
    """Channels that hold back what the buffers have no room for.

    An expert that not every token goes to works on tokens of its own: its rows are in no order with those of
    others, so it is held back by itself alone (an assumption: experts in use together have room together).
    """
    by_chip = lambda f: f.chip  # noqa: E731
    for chip, there in groupby(sorted(context.fetches, key=by_chip), by_chip):
        fetches = list(there)
        steps = max(f.rows for f in fetches)
        in_step = [f for f in fetches if f.rows == steps]
        for together in (in_step, *([f] for f in fetches if f.rows != steps)):
            _bound(context, together, room_bytes(context, chip, together[0].rows, together))


def room_bytes(context: Context, chip: int, rows: int, fetches: list[Fetch]) -> int:
    """Bytes of the buffers of a chip that weights may take."""
    array = context.chip.mac_array
    assert array is not None  # its weights are fetched
    capacity = array.count * array.buffer.capacity_bytes
    block = max(f.block_bytes for f in fetches)
    least = max(
        min(capacity, 2 * array.count * block), max((f.per_burst + 1) * f.block_bytes for f in fetches)
    )
    network, taken, kept = context.mapping.network, 0, 0
    for o in network.operators:
        a = context.mapping.of(o.name)
        if isinstance(a, OnArray | OnChipUnits) and context.chip_of(a.home) == chip:
            inputs = sum(network.producer(p.tensor).output.size for p in o.inputs)
            taken = max(taken, (inputs + o.output.size) * context.word_bytes // rows)
            kept += a.kept_weights_bytes if isinstance(a, OnChipUnits) else 0
    return max(least, capacity - taken - kept)


def _bound(context: Context, fetches: list[Fetch], room: int) -> None:
    begins = np.cumsum([0] + [f.blocks * f.block_bytes for f in fetches])
    total = int(begins[-1])
    if room >= 2 * total:  # the channels themselves let nobody have more than all its weights on the way
        return
    for i, f in enumerate(fetches):
        # What is used when a burst is asked for, in bytes from the begin of this row.
        used = f.ends(int(begins[i])) - room
        back = used % total if f.rows == 1 else used[used > 0]
        before = set((np.searchsorted(begins, back, side="right") - 1).tolist())
        if f.rows > 1 and used[0] <= 0:
            last = fetches[-1]
            rows = Schedule(tuple(r * last.blocks for r in range(f.rows)), (0,) * f.bursts)
            context.builder.channel(last.use, f.bring, NEVER_FULL, rows, 0)
        for k in sorted(before):
            need = _need(fetches[k], int(begins[k]), used, total if f.rows == 1 else 0)
            rows = Schedule(tuple(r * fetches[k].blocks for r in range(f.rows)), tuple(need.tolist()))
            context.builder.channel(fetches[k].use, f.bring, NEVER_FULL, rows, 0)


def _need(f: Fetch, begin: int, used: I64, total: int) -> I64:
    """Blocks of an operator that have been used, of this inference and (negative) of those before.

    Inferences follow each other after `total` bytes; 0 for what is alone.
    """
    if not total:
        return f.used(begin, used)
    need: I64 = f.used(begin, used % total) + used // total * f.blocks
    return need
