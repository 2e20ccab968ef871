"""The Program as linked objects, and what changes in them during a run of the reference engine."""

from __future__ import annotations

from dataclasses import dataclass, field

from simpy import Event

from ..program import Program, Schedule
from .result import Cause


@dataclass(slots=True, eq=False)
class Step:
    """One visit of an actor's chain, the same for every firing."""

    index: int
    """Index v of the Program."""
    position: int
    resources: tuple[int, ...]
    holds_fs: tuple[int, ...]
    """How long each of them is occupied, 0 for the hold of the visit."""
    hold: Schedule
    advance: Schedule
    keep: bool
    spread: bool
    priority: int
    queued: bool
    slotted: bool
    flits: bool
    """It goes through the routers flit by flit."""
    latest: Visit | None = None
    """The visit of the latest firing that came here."""


@dataclass(slots=True, eq=False)
class Visit:
    """One visit of one firing, from its request on. Linked by `parent`, visits form the critical path."""

    actor: int
    firing: int
    step: Step
    request_fs: int
    hold_fs: int
    cause: Cause
    parent: Visit | None
    kept: Visit | None
    """The visit before, if it keeps its resources until this one begins."""
    begin_fs: int = -1
    hold_end_fs: int = -1
    advance_fs: int = -1
    granted: Event | None = None

    @property
    def order(self) -> tuple[int, int, int]:
        """What decides between visits at the same instant."""
        return self.actor, self.firing, self.step.position


@dataclass(slots=True, eq=False)
class Channel:
    """Counts of the tokens of one channel, cumulative over all iterations."""

    index: int
    src: int
    dst: int
    capacity: int
    tokens: int
    """Tokens per iteration."""
    need: Schedule
    free: Schedule
    produced: int = 0
    freed: int = 0
    awaited_produced: int = -1
    """Count of tokens produced that the consumer's next firing waits for."""
    awaited_freed: int = -1
    """Count of tokens let go that the producer's next firing waits for."""
    peak: int = 0


@dataclass(slots=True, eq=False)
class Actor:
    """One actor: its chain, its channels, and how far it has come."""

    index: int
    name: str
    firings: int
    """Firings per iteration."""
    release_end: bool
    steps: tuple[Step, ...]
    inputs: list[Channel] = field(default_factory=list)
    outputs: list[Channel] = field(default_factory=list)
    issued: int = 0
    ended: int = 0
    entrance_fs: int = 0
    """When the latest first hold ended."""
    missing: int = 0
    """Conditions that the next firing still waits for."""
    met_fs: int = 0
    met: tuple[Cause, int] = (Cause.START, -1)
    """The condition, of those that became true latest, which counts as the cause; and its channel or -1."""
    met_by: Visit | None = None
    ready: Event | None = None

    @property
    def is_source(self) -> bool:
        """Whether no tokens come from other actors, so that it waits for arrivals."""
        return all(channel.src == self.index for channel in self.inputs)


def unpack(program: Program) -> tuple[list[Actor], list[Channel]]:
    """The actors and channels of a Program, at time 0."""
    schedules = [program.schedule(s) for s in range(len(program.schedule_cols))]
    starts = program.actor_visit_start.tolist()
    actors = [
        Actor(
            index=a,
            name=program.actor_name[a],
            firings=int(program.actor_firings[a]),
            release_end=bool(program.actor_release_end[a]),
            steps=tuple(_step(program, schedules, v, v - starts[a]) for v in range(starts[a], starts[a + 1])),
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
        )
        src.outputs.append(channel)
        dst.inputs.append(channel)
        channels.append(channel)
    return actors, channels


def _step(program: Program, schedules: list[Schedule], v: int, position: int) -> Step:
    start, stop = program.visit_resource_start[v], program.visit_resource_start[v + 1]
    resources = tuple(program.visit_resource[start:stop].tolist())
    return Step(
        index=v,
        position=position,
        resources=resources,
        holds_fs=tuple(program.visit_resource_hold_fs[start:stop].tolist()),
        hold=schedules[program.visit_hold[v]],
        advance=schedules[program.visit_advance[v]],
        keep=bool(program.visit_keep[v]),
        spread=bool(program.visit_spread[v]),
        priority=int(program.visit_priority[v]),
        queued=any(program.resource_queued[r] for r in resources),
        slotted=any(program.resource_slot_fs[r] > 0 for r in resources),
        flits=program.flit is not None and v in program.flit.flows,
    )
