"""Room of the queues between actors: as much as they need, and what more would help.

A queue's *least* room is what a run takes up in which all actors fire evenly over an inference, as late as
they may, and every token is there at once (`sim/kernels/rooms.py`): with that much no run can deadlock. With
latencies of the whole pipeline, tokens
also lie there while they are on their way, and while those of other branches, which take longer, come to
meet them: that, and the firings that an actor has under way at once, is all that more room is good for. A
queue never gets more, so larger buffers change nothing.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from graphlib import TopologicalSorter

import numpy as np

from ..errors import SimulationError
from ..kernels import rooms as kernel
from ..program import I64, ProgramBuilder, Schedule
from .context import Context


@dataclass(frozen=True, eq=False)
class Queue:
    """A channel whose room is to be found.

    Attributes
    ----------
    src, dst : int
        Actors.
    need, free : Schedule
        As of a channel.
    under_way : int
        Tokens that the producer has under way at once.
    n_bytes : int
        Of a token.
    places : tuple of (int, int)
        Bytes of a token by the tile that they lie in.
    whole : bool
        Exactly one output, all its tokens.
    relayed : bool
        The consumer only sends them on.
    """

    src: int
    dst: int
    need: Schedule
    free: Schedule
    under_way: int
    n_bytes: int
    places: tuple[tuple[int, int], ...] = ()
    whole: bool = False
    relayed: bool = False


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


def add_channels(context: Context, queues: list[Queue]) -> None:
    """Make channels of the queues, each with its room, in the buffers of the tiles where its tokens lie.

    Raises
    ------
    SimulationError
        The least rooms of a tile do not fit into its buffer.
    """
    least, timed = _peaks(context.builder, queues)
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
    rooms = _grant(context, fifos)
    stores = _stores(context, {tile for _, tile in fifos})
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


def _stores(context: Context, tiles: set[int]) -> dict[int, int]:
    """The buffers of tiles as stores; none where they have no limit."""
    if context.mapping.buffers == "unlimited":
        return {}
    capacity = context.tile.buffer.capacity_bytes
    return {tile: context.builder.store(f"tile {tile} buffer", "buffer", capacity) for tile in sorted(tiles)}


def _grant(context: Context, fifos: dict[tuple[int, int], _Fifo]) -> dict[tuple[int, int], int]:
    """Tokens of room for every FIFO: as many as are of use, or of what the buffer has left its share."""
    if context.mapping.buffers == "unlimited":
        return {key: fifo.useful for key, fifo in fifos.items()}
    capacity = context.tile.buffer.capacity_bytes
    inside: dict[int, list[tuple[int, _Fifo]]] = defaultdict(list)
    for (src, tile), fifo in fifos.items():
        inside[tile].append((src, fifo))
    rooms: dict[tuple[int, int], int] = {}
    for tile, here in inside.items():
        taken = sum(fifo.least * fifo.n_bytes for _, fifo in here)
        if taken > capacity:
            raise _too_small(context, tile, here, taken, capacity)
        for src, fifo in here:
            rooms[src, tile] = fifo.least
        for level in ("paced", "useful"):
            asked = {src: getattr(fifo, level) - rooms[src, tile] for src, fifo in here}
            more = sum(asked[src] * fifo.n_bytes for src, fifo in here)
            share = min(1.0, (capacity - taken) / more) if more else 1.0
            for src, fifo in here:
                given = int(asked[src] * share)
                rooms[src, tile] += given
                taken += given * fifo.n_bytes
    return rooms


def _too_small(
    context: Context, tile: int, here: list[tuple[int, _Fifo]], taken: int, capacity: int
) -> SimulationError:
    src, largest = max(here, key=lambda x: x[1].least * x[1].n_bytes)
    return SimulationError(
        f"tile {tile}: its streams need {taken} bytes of buffer, tile.buffer.capacity is {capacity}: "
        f"{taken - capacity} bytes missing (most of them for {context.builder.actor_name(src)}: "
        f"{largest.least} tokens of {largest.n_bytes} bytes)\n"
        "use larger buffers, more tiles or chips (narrower stripes), or unlimited ones to see what they cost"
    )


def _peaks(builder: ProgramBuilder, queues: list[Queue]) -> tuple[I64, I64]:
    """Most tokens in every queue, if nothing takes time, and at the pace of the pipeline."""
    n = builder.n_actors
    firings = np.array([builder.n_firings(a) for a in range(n)], np.int64)
    start = np.concatenate([[0], np.cumsum(firings)]).astype(np.int64)
    every = [(q.src, q.dst, q.need, q.free) for q in queues] + builder.channels()
    users: dict[int, set[int]] = {a: set() for a in range(n)}
    for a, b, _, _ in every:
        users[a].add(b)
    order = np.array(list(TopologicalSorter(users).static_order()), np.int64)
    src = np.array([wire[0] for wire in every], np.int64)
    dst = np.array([wire[1] for wire in every], np.int64)
    need = [np.maximum.accumulate(wire[2].values(int(firings[wire[1]]))) for wire in every]
    free = [np.maximum.accumulate(wire[3].values(int(firings[wire[1]]))) for wire in every]
    wire_start = np.concatenate([[0], np.cumsum([len(x) for x in need])]).astype(np.int64)
    needs, frees = np.concatenate(need), np.concatenate(free)
    by_dst = np.argsort(dst, kind="stable").astype(np.int64)
    in_start = np.concatenate([[0], np.cumsum(np.bincount(dst, minlength=n))]).astype(np.int64)
    chain = np.array([builder.chain_fs(a) for a in range(n)], np.int64)
    pace = builder.busiest_fs() // firings
    pace[[q.dst for q in queues if q.relayed]] = 0  # tokens are sent as they come, at no pace of their own
    found = []
    for latency in (np.zeros(n, np.int64), chain):
        at = kernel.latest(order, start, pace, latency, in_start, by_dst, src, wire_start, needs)
        for q in queues:  # what is sent on is sent at once, and waits where it is wanted
            if q.relayed:
                sent = at[start[q.src] + q.need.values(int(firings[q.dst])) - 1] + latency[q.src]
                at[start[q.dst] : start[q.dst + 1]] = sent
        found.append(kernel.peaks(at, start, src, dst, wire_start, frees)[: len(queues)])
    return found[0], found[1]
