"""Queues between actors, and how many tokens lie in each of them when nobody fires earlier than he must.

A queue's *least* room is what a run takes up in which all actors fire evenly over an inference, as late as
they may, and every token is there at once (`sim/kernels/rooms.py`): with that much no run can deadlock. With
latencies of the whole pipeline, tokens also lie there while they are on their way, and while those of other
branches, which take longer, come to meet them.

That run is only one of many. Where its rooms do not fit, tokens wait elsewhere: what is on the host stays
there until it is asked for, a layer whose outputs go to the host makes them as soon as its inputs are there,
which then do not wait in its tiles, and what others want sooner is not sent together with theirs (`apart`).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from graphlib import TopologicalSorter

import numpy as np

from .. import compiled
from ..kernels.arguments import NEVER
from ..program import I64, ProgramBuilder, Schedule


@dataclass(frozen=True, eq=False)
class TokenQueue:
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
    lodged : int
        Tokens that were counted on when they were put aside here; 0 if they were not.
    fetched : bool
        They come from where they were put aside.
    lazy : bool
        They have waited with their producer, or wait here, until they are wanted.
    stream : tuple of str
        The operators that make and take them, of what has been sent together with others.
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
    lodged: int = 0
    fetched: bool = False
    lazy: bool = False
    stream: tuple[str, ...] = ()


def live(builder: ProgramBuilder, queue: TokenQueue) -> int:
    """Most tokens that one firing of the consumer needs to be there at once."""
    n = builder.n_firings(queue.dst)
    freed = np.concatenate([[0], queue.free.values(n)[:-1]])
    return max(1, int((np.maximum.accumulate(queue.need.values(n)) - freed).max()))


def tokens_in(queues: list[TokenQueue], tokens: list[int]) -> dict[tuple[int, int], tuple[int, int]]:
    """Tokens, and bytes of one, by producer and tile: those who read a token in one tile share it."""
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for queue, n in zip(queues, tokens, strict=True):
        for tile, n_bytes in queue.places:
            before = found.get((queue.src, tile), (0, 0))
            found[queue.src, tile] = (max(before[0], n), max(before[1], n_bytes))
    return found


def bytes_in(queues: list[TokenQueue], tokens: list[int]) -> dict[int, int]:
    """Bytes of all queues by tile."""
    found: dict[int, int] = defaultdict(int)
    for (_, tile), (n, n_bytes) in tokens_in(queues, tokens).items():
        found[tile] += n * n_bytes
    return dict(found)


def peaks(builder: ProgramBuilder, queues: list[TokenQueue], *, waiting: bool = False) -> tuple[I64, I64]:
    """Most tokens in every queue, if nothing takes time, and at the pace of the pipeline.

    Where tokens wait for longer than inferences follow each other, there are those of several inferences.

    Parameters
    ----------
    waiting : bool
        Tokens wait where that costs no buffer, if they can.
    """
    wires = _Wires.of(builder, queues)
    zero = np.zeros(builder.n_actors, np.int64)
    chain = np.array([builder.chain_fs(a) for a in range(builder.n_actors)], np.int64)
    early = wires.early(queues) if waiting else set()
    relayed = {q.dst for q in queues if q.relayed and not (waiting and q.lazy)}
    least = wires.peaks(wires.times(zero, relayed, early))
    at = wires.times(chain, relayed, early)
    timed = wires.peaks(at) + wires.of_later(at, builder.busiest_fs())
    return least[: len(queues)], timed[: len(queues)]


@dataclass(frozen=True, eq=False)
class _Wires:
    """All queues, and the channels that there are already, as arrays for the kernels.

    Attributes
    ----------
    order : I64, shape (actors,)
        Consumers before producers.
    start : I64, shape (actors + 1,)
        First firing of every actor among all.
    pace : I64, shape (actors,)
        Time between two firings: those of an inference are evenly spread over it.
    src, dst, wire_start : I64
        Of every wire: its actors, and where `need` and `free` begin, one value per firing of the consumer.
    in_start, in_wire : I64
        Wires into every actor (CSR).
    """

    order: I64
    start: I64
    pace: I64
    src: I64
    dst: I64
    wire_start: I64
    need: I64
    free: I64
    in_start: I64
    in_wire: I64

    @staticmethod
    def of(builder: ProgramBuilder, queues: list[TokenQueue]) -> _Wires:
        n = builder.n_actors
        firings = np.array([builder.n_firings(a) for a in range(n)], np.int64)
        every = [(q.src, q.dst, q.need, q.free) for q in queues] + builder.channels()
        users: dict[int, set[int]] = {a: set() for a in range(n)}
        for a, b, _, _ in every:
            users[a].add(b)
        dst = np.array([wire[1] for wire in every], np.int64)
        need = [np.maximum.accumulate(wire[2].values(int(firings[wire[1]]))) for wire in every]
        free = [np.maximum.accumulate(wire[3].values(int(firings[wire[1]]))) for wire in every]
        pace = builder.busiest_fs() // firings
        pace[[q.dst for q in queues if q.relayed]] = (
            0  # tokens are sent as they come, at no pace of their own
        )
        pace[[q.src for q in queues if q.lodged] + [q.dst for q in queues if q.lodged]] = 0
        return _Wires(
            order=np.array(list(TopologicalSorter(users).static_order()), np.int64),
            start=np.concatenate([[0], np.cumsum(firings)]).astype(np.int64),
            pace=pace,
            src=np.array([wire[0] for wire in every], np.int64),
            dst=dst,
            wire_start=np.concatenate([[0], np.cumsum([len(x) for x in need])]).astype(np.int64),
            need=np.concatenate(need).astype(np.int64),
            free=np.concatenate(free).astype(np.int64),
            in_start=np.concatenate([[0], np.cumsum(np.bincount(dst, minlength=n))]).astype(np.int64),
            in_wire=np.argsort(dst, kind="stable").astype(np.int64),
        )

    def times(self, latency: I64, relayed: set[int], early: set[int]) -> I64:
        """When every firing is: as late as it may, but `early` and `relayed` actors when inputs are there."""
        at = compiled.latest(
            self.order,
            self.start,
            self.pace,
            latency,
            self.in_start,
            self.in_wire,
            self.src,
            self.wire_start,
            self.need,
        )
        for actor in self.order[::-1].tolist():
            if actor in relayed or actor in early:
                begin, end = self.start[actor], self.start[actor + 1]
                at[begin:end] = np.minimum(at[begin:end], self._soonest(actor, at, latency))
        return at

    def _soonest(self, actor: int, at: I64, latency: I64) -> I64:
        """When the inputs of an actor's firings are there, and it keeps its pace."""
        n = self.start[actor + 1] - self.start[actor]
        paced = np.arange(n) * self.pace[actor]
        found = np.full(n, -NEVER)
        for wire in self.in_wire[self.in_start[actor] : self.in_start[actor + 1]].tolist():
            src, first = self.src[wire], self.wire_start[wire]
            need = self.need[first : first + n]
            there = at[self.start[src] + np.maximum(need, 1) - 1] + latency[src]
            found = np.maximum(found, np.where(need > 0, there, -NEVER))
        soonest: I64 = np.maximum.accumulate(found - paced) + paced
        return soonest

    def peaks(self, at: I64) -> I64:
        """Most tokens on every wire."""
        return compiled.peaks(at, self.start, self.src, self.dst, self.wire_start, self.free)

    def of_later(self, at: I64, period_fs: int) -> I64:
        """Tokens on every wire of inferences that begin before those of the first have been let go."""
        first, last = self.start[:-1], self.start[1:] - 1
        n = last - first + 1
        until_first = at[first[self.dst] + self._letting_go()] - at[first[self.src]]
        until_last = at[last[self.dst]] - at[last[self.src]]
        found: I64 = n[self.src] * (np.maximum(np.maximum(until_first, until_last), 0) // period_fs)
        return found

    def _letting_go(self) -> I64:
        """The first firing of the consumer of each wire that lets go of anything."""
        found = np.zeros(len(self.src), np.int64)
        for wire in range(len(self.src)):
            n = self.wire_start[wire + 1] - self.wire_start[wire]
            free = self.free[self.wire_start[wire] : self.wire_start[wire + 1]]
            found[wire] = min(int(np.searchsorted(free, 1)), n - 1)
        return found

    def early(self, queues: list[TokenQueue]) -> set[int]:
        """Actors whose tokens lie in no tile, wherever they go, but have inputs that do."""
        out: dict[int, list[tuple[int, TokenQueue | None]]] = defaultdict(list)
        for wire, (a, b) in enumerate(zip(self.src.tolist(), self.dst.tolist(), strict=True)):
            out[a].append((b, queues[wire] if wire < len(queues) else None))
        found: set[int] = set()
        for actor in self.order.tolist():
            ways = out[actor]
            if ways and all(
                to in found if queue is None or queue.relayed else not queue.places for to, queue in ways
            ):
                found.add(actor)
        return found
