"""The Program as linked objects, and what changes in them during a run of the reference engine."""

from __future__ import annotations

from collections import deque
from copy import copy
from dataclasses import dataclass, field

import numpy as np
from simpy import Event

from ..program import Program, Schedule
from .result import Cause


@dataclass(slots=True, eq=False)
class ChainStep:
    """One visit of an actor's chain, the same for every firing."""

    index: int
    """Index v of the Program."""
    position: int
    resources: tuple[int, ...]
    holds_fs: tuple[int, ...]
    """How long each of them is occupied, 0 for the hold of the visit."""
    hold: Schedule
    advance: Schedule
    spread: bool
    turn_step: int
    turn_offset: int
    stream: int
    queued: bool
    flits: bool
    """It goes through the routers flit by flit."""
    latest: Visit | None = None
    """The visit of the latest firing that came here."""


@dataclass(slots=True, eq=False)
class Visit:
    """One visit of one firing, from its request on. Linked by `parent`, visits form the critical path."""

    actor: int
    firing: int
    iteration: int
    step: ChainStep
    request_fs: int
    hold_fs: int
    cause: Cause
    parent: Visit | None
    begin_fs: int = -1
    hold_end_fs: int = -1
    advance_fs: int = -1
    arrived_fs: int = -1
    """When all its flits had arrived."""
    starts_fs: list[int] = field(default_factory=list)
    """When it takes each of its resources."""
    n_missing: int = 0
    """Resources that it has not been granted."""
    granted: Event | None = None

    @property
    def order(self) -> tuple[int, int, int]:
        """What decides between visits at the same instant."""
        return self.actor, self.firing, self.step.position


def part_of(visit: Visit, start_fs: int, cause: Cause, parent: Visit | None) -> Visit:
    """A spread visit as the one resource sees it that it takes before it begins."""
    part = copy(visit)
    part.begin_fs, part.cause, part.parent = start_fs, cause, parent
    return part


@dataclass(slots=True, eq=False)
class Count:
    """A count that only rises, and by whom at the latest instant when it did."""

    value: int = 0
    before: int = 0
    """Its value before that instant."""
    latest_fs: int = -1
    steps: list[tuple[int, Visit]] = field(default_factory=list)
    """What it rose to at that instant, and by whom."""

    def rise(self, value: int, now_fs: int, by: Visit) -> None:
        if now_fs > self.latest_fs:
            self.latest_fs, self.before, self.steps = now_fs, self.value, []
        self.value = value
        self.steps.append((value, by))

    def reached_by(self, wanted: int, now_fs: int) -> Visit | None:
        """The visit by which it reached `wanted` at this instant; None if it had before."""
        if self.latest_fs < now_fs or self.before >= wanted:
            return None
        return next(by for value, by in self.steps if value >= wanted)


@dataclass(slots=True, eq=False)
class Store:
    """Bytes that the tokens of some FIFOs take."""

    used_bytes: int = 0
    peak_bytes: int = 0


@dataclass(slots=True, eq=False)
class Fifo:
    """The channels of one producer that share their room."""

    producer: Actor
    readers: list[Channel]
    token_bytes: int
    store: Store
    held: int = 0
    """Tokens issued that some reader has not let go."""

    def count(self) -> None:
        """Count what it holds after an issue or a let-go."""
        freed = min(channel.freed.value for channel in self.readers)
        held = max(0, self.producer.issued - freed)
        self.store.used_bytes += (held - self.held) * self.token_bytes
        self.store.peak_bytes = max(self.store.peak_bytes, self.store.used_bytes)
        self.held = held


@dataclass(slots=True, eq=False)
class Channel:
    """The tokens of one channel, cumulative over all iterations."""

    index: int
    src: int
    dst: int
    capacity: int
    tokens: int
    """Tokens per iteration."""
    need: Schedule
    free: Schedule
    produced: Count
    """Firings of the producer that have ended."""
    freed: Count = field(default_factory=Count)
    peak: int = 0
    fifo: Fifo | None = None
    """If its room lies in a store."""


@dataclass(slots=True, eq=False)
class Actor:
    """One actor: its chain, its channels, and how far it has come."""

    index: int
    name: str
    firings: int
    """Firings per iteration."""
    slots: int
    window: int
    """0: any number of firings in flight."""
    steps: tuple[ChainStep, ...]
    inputs: list[Channel] = field(default_factory=list)
    outputs: list[Channel] = field(default_factory=list)
    issued: int = 0
    issue_fs: int = 0
    """Of the latest firing."""
    reason: tuple[Cause, int, Visit | None] = (Cause.START, -1, None)
    """Cause, channel or -1, and parent of the latest issue."""
    entered: Count = field(default_factory=Count)
    """First holds that have ended."""
    entries_fs: deque[int] = field(default_factory=deque)
    """When the latest `slots` of them did."""
    entrance_end_fs: int = 0
    """End of the first hold that was the last to begin, in order, and the visit that it is put down to."""
    entrance_by: Visit | None = None
    ended: Count = field(default_factory=Count)
    ends_fs: deque[int] = field(default_factory=deque)
    """When the latest `window` firings ended."""
    tried_fs: int = -1
    """Latest instant at which it was tried whether it may fire."""
    awaited_iteration: int = -1
    """The latest that this source waited for."""

    @property
    def is_source(self) -> bool:
        """Whether no tokens come from other actors, so that it waits for arrivals."""
        return all(channel.src == self.index for channel in self.inputs)


def unpack(program: Program) -> tuple[list[Actor], list[Channel], list[Store]]:
    """The actors, channels and stores of a Program, at time 0."""
    schedules = [program.schedule(s) for s in range(len(program.schedule_cols))]
    starts = program.actor_visit_start.tolist()
    actors = [
        Actor(
            index=a,
            name=program.actor_name[a],
            firings=int(program.actor_firings[a]),
            slots=int(program.actor_slots[a]),
            window=int(program.actor_window[a]),
            steps=tuple(_step(program, schedules, a, v) for v in range(starts[a], starts[a + 1])),
        )
        for a in range(program.n_actors)
    ]
    channels = []
    for c in range(program.n_channels):
        src, dst = actors[program.channel_src[c]], actors[program.channel_dst[c]]
        channel = Channel(
            index=c,
            src=src.index,
            dst=dst.index,
            capacity=int(program.channel_capacity[c]),
            tokens=src.firings,
            need=schedules[program.channel_need[c]],
            free=schedules[program.channel_free[c]],
            produced=src.ended,
        )
        src.outputs.append(channel)
        dst.inputs.append(channel)
        channels.append(channel)
    for actor in actors:
        actor.entries_fs = deque(maxlen=actor.slots)
        actor.ends_fs = deque(maxlen=actor.window)
    stores = [Store() for _ in range(program.n_stores)]
    for c in np.flatnonzero(program.channel_store >= 0).tolist():
        first = channels[program.channel_fifo[c]]
        if first.fifo is None:
            store, token_bytes = stores[program.channel_store[c]], int(program.channel_bytes[c])
            first.fifo = Fifo(actors[first.src], [], token_bytes, store)
        channels[c].fifo = first.fifo
        first.fifo.readers.append(channels[c])
    return actors, channels, stores


def _step(program: Program, schedules: list[Schedule], a: int, v: int) -> ChainStep:
    start, stop = program.visit_resource_start[v], program.visit_resource_start[v + 1]
    resources = tuple(program.group(v))
    return ChainStep(
        index=v,
        position=v - int(program.actor_visit_start[a]),
        resources=resources,
        holds_fs=tuple(program.visit_resource_hold_fs[start:stop].tolist()),
        hold=schedules[program.visit_hold[v]],
        advance=schedules[program.visit_advance[v]],
        spread=bool(program.visit_spread[v]),
        turn_step=int(program.visit_turn_step[v]),
        turn_offset=int(program.visit_turn_offset[v]),
        stream=int(program.actor_stream[a]),
        queued=any(program.resource_queued[r] for r in resources),
        flits=program.flit is not None and v in program.flit.flows,
    )
