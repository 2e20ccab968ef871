"""Room of the queues between actors: as much as they need, and what more would help.

A queue has its least room (`queues`), where all of them fit into the buffers of their tiles; else tokens that
wait long are put aside (`lodging`). What a buffer has left is given to its queues, up to what they have use
for: the tokens of a pipeline at its pace, and the firings that an actor has under way at once. A queue never
gets more, so larger buffers change nothing.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from .context import Context
from .lodging import lodge, store_of
from .queues import TokenQueue, peaks

SLACK = 2
"""Tokens more than those: one that comes while one goes."""


@dataclass
class _Fifo:
    """The tokens of one actor in one tile, for all who read them there: rooms, each larger than the last.

    Attributes
    ----------
    least, paced, useful : int
        Tokens that must have room, that there are at the pace of the pipeline, and that there can be.
    n_bytes : int
        Of a token.
    """

    least: int = 0
    paced: int = 0
    useful: int = 0
    n_bytes: int = 0


def add_channels(context: Context, queues: list[TokenQueue]) -> None:
    """Make channels of the queues, each with its room, in the buffers of the tiles where its tokens lie.

    Raises
    ------
    SimulationError
        The least rooms of a tile do not fit into its buffer, and nothing can be put aside.
    """
    limited = context.mapping.buffers != "unlimited"
    if limited:
        queues, (least, timed) = lodge(context, queues)
    else:
        least, timed = peaks(context.builder, queues)
    fifos: dict[tuple[int, int], _Fifo] = {}
    useful = []
    for queue, few, many in zip(queues, least.tolist(), timed.tolist(), strict=True):
        useful.append(max(few + queue.under_way, many) + SLACK)
        for tile, n_bytes in queue.places:
            fifo = fifos.setdefault((queue.src, tile), _Fifo())
            fifo.least = max(fifo.least, few)
            fifo.paced = max(fifo.paced, few + 1, many + 1)
            fifo.useful = max(fifo.useful, useful[-1])
            fifo.n_bytes = max(fifo.n_bytes, n_bytes)
    stores: dict[int, int] = {}
    rooms = {key: fifo.useful for key, fifo in fifos.items()}
    if limited:
        made = {tile: store_of(context, tile) for tile in sorted({tile for _, tile in fifos})}
        stores = {tile: context.builder.store(*store) for tile, store in made.items()}
        rooms = _grant(fifos, {tile: capacity for tile, (_, _, capacity) in made.items()})
    for queue, room in zip(queues, useful, strict=True):
        if not queue.places:
            room = context.builder.n_firings(queue.src) if queue.whole else room
            context.builder.channel(
                queue.src, queue.dst, room, queue.need, queue.free, bytes_per_token=queue.n_bytes
            )
        for tile, _ in queue.places:
            context.builder.channel(
                queue.src,
                queue.dst,
                rooms[queue.src, tile],
                queue.need,
                queue.free,
                bytes_per_token=fifos[queue.src, tile].n_bytes,
                store=stores.get(tile),
                fifo=(queue.src, tile),
            )


def _grant(fifos: dict[tuple[int, int], _Fifo], capacity: dict[int, int]) -> dict[tuple[int, int], int]:
    """Tokens of room for every FIFO: as many as are of use, or of what the buffer has left its share."""
    inside: dict[int, list[tuple[int, _Fifo]]] = defaultdict(list)
    for (src, tile), fifo in fifos.items():
        inside[tile].append((src, fifo))
    rooms: dict[tuple[int, int], int] = {}
    for tile, here in inside.items():
        taken = sum(fifo.least * fifo.n_bytes for _, fifo in here)
        for src, fifo in here:
            rooms[src, tile] = fifo.least
        for level in ("paced", "useful"):
            asked = {src: getattr(fifo, level) - rooms[src, tile] for src, fifo in here}
            more = sum(asked[src] * fifo.n_bytes for src, fifo in here)
            share = min(1.0, (capacity[tile] - taken) / more) if more else 1.0
            for src, fifo in here:
                given = int(asked[src] * share)
                rooms[src, tile] += given
                taken += given * fifo.n_bytes
    return rooms
