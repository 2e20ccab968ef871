"""Room of the queues between actors: as much as they need, and what more would help.

A queue's *least* room is what a run takes up in which every firing waits as long as it may and nothing takes
time (`sim/kernels/rooms.py`): with that much no run can deadlock. At the pace of the whole pipeline, tokens
also lie there while they are on their way, and while those of other branches, which take longer, come to
meet them: that, and the firings that an actor has under way at once, is all that more room is good for. A
queue never gets more, so larger buffers change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import TopologicalSorter

import numpy as np

from ..kernels import rooms as kernel
from ..program import I64, ProgramBuilder, Schedule


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
    """

    src: int
    dst: int
    need: Schedule
    free: Schedule
    under_way: int
    n_bytes: int
    places: tuple[tuple[int, int], ...] = ()
    whole: bool = False


SLACK = 2
"""Tokens more than those: one that comes while one goes."""


def add_channels(builder: ProgramBuilder, queues: list[Queue]) -> None:
    """Make channels of the queues, each with its room."""
    least, timed = _peaks(builder, queues)
    for queue, few, many in zip(queues, least.tolist(), timed.tolist(), strict=True):
        room = max(few + queue.under_way, many) + SLACK
        if queue.whole:
            room = builder.n_firings(queue.src)
        builder.channel(queue.src, queue.dst, room, queue.need, queue.free, bytes_per_token=queue.n_bytes)


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
    needs, frees = np.concatenate(need).astype(np.int64), np.concatenate(free).astype(np.int64)
    by_dst = np.argsort(dst, kind="stable").astype(np.int64)
    in_start = np.concatenate([[0], np.cumsum(np.bincount(dst, minlength=n))]).astype(np.int64)
    chain = np.array([builder.chain_fs(a) for a in range(n)], np.int64)
    pace = builder.busiest_fs() // firings
    found = []
    for latency in (np.zeros(n, np.int64), chain):
        at = kernel.latest(order, start, pace, latency, in_start, by_dst, src, wire_start, needs)
        found.append(kernel.peaks(at, start, src, dst, wire_start, frees)[: len(queues)])
    return found[0], found[1]
