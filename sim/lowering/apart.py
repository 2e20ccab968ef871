"""Streams that are sent by themselves: where one consumer would have tokens long before it wants them.

One multicast brings a token to all who want it, when the first of them does. Where buffers have no room for
what the others get too soon, those are sent the same token by a transfer of their own, when they want it;
until then it waits with its producer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from .context import Context
from .lodging import lacking_in
from .queues import TokenQueue, live, peaks

Apart = frozenset[tuple[str, ...]]
"""Operators at the ends of streams."""
ROUNDS = 6
"""Times that streams are taken apart, and rooms found anew."""


def settled(context: Context, queues_of: Callable[[Apart], list[TokenQueue]]) -> list[TokenQueue]:
    """The queues with as many streams sent apart as it takes, or as is of use.

    Parameters
    ----------
    queues_of : callable
        Makes the queues, and the transfers between them, if the given streams are sent apart.
    """
    mark, apart = context.mark(), Apart()
    queues = queues_of(apart)
    if context.mapping.buffers == "unlimited" or context.chip.tile is None:
        return queues
    least, timed = peaks(context.builder, queues)
    at_host = _kept_at_host(context, queues, timed.tolist())
    if at_host:
        apart = at_host
        context.undo(mark)
        queues = queues_of(apart)
        least, _ = peaks(context.builder, queues)
    if not lacking_in(context, queues, least.tolist()):
        return queues
    best, least_missing = apart, -1
    for _ in range(ROUNDS):
        few = peaks(context.builder, queues, waiting=True)[0].tolist()
        lacking = lacking_in(context, queues, few)
        if least_missing < 0 or sum(lacking.values()) < least_missing:
            best, least_missing = apart, sum(lacking.values())
        more = _too_soon(context, queues, few, lacking) - apart
        if not more:
            break
        apart |= more
        context.undo(mark)
        queues = queues_of(apart)
    if apart == best:
        return queues
    context.undo(mark)
    return queues_of(best)


def _kept_at_host(context: Context, queues: list[TokenQueue], timed: list[int]) -> Apart:
    """Streams from the host that would fill a tile with tokens of several inferences."""
    much = context.tile.buffer.capacity_bytes // 2
    return frozenset(
        queue.stream
        for queue, n in zip(queues, timed, strict=True)
        if queue.stream
        and queue.lazy
        and n > context.builder.n_firings(queue.src)
        and any(n * n_bytes > much for _, n_bytes in queue.places)
    )


def _too_soon(context: Context, queues: list[TokenQueue], least: list[int], lacking: dict[int, int]) -> Apart:
    """Streams that fill tiles which lack room with tokens sent for others, as many as would be enough."""
    waste: dict[int, dict[tuple[str, ...], int]] = defaultdict(lambda: defaultdict(int))
    for queue, n in zip(queues, least, strict=True):
        for tile, n_bytes in queue.places if queue.stream else ():
            if tile in lacking:
                waste[tile][queue.stream] += (n - live(context.builder, queue)) * n_bytes
    found: set[tuple[str, ...]] = set()
    for tile, streams in waste.items():
        missing = lacking[tile] - sum(n for stream, n in streams.items() if stream in found)
        for stream, n_bytes in sorted(streams.items(), key=lambda x: (-x[1], x[0])):
            if missing <= 0 or n_bytes <= 0:
                break
            if stream not in found:
                found.add(stream)
                missing -= n_bytes
    return frozenset(found)
