"""Building a Program: resources, actors with their visits, channels, energies; checked when it is built."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..errors import SimulationError
from ..flit_detail import FlitDetail, Flows
from .check import check
from .entries import (
    ActorEntry,
    ChannelEntry,
    ResourceEntry,
    Rotation,
    VisitEntry,
    adjacency,
    fifos_of,
    int64s,
    queued,
    schedule_columns,
    streams_of,
    too_large,
    visits_of,
)
from .lump import lumped
from .program import Arbitration, Program
from .schedule import Schedule


class ProgramBuilder:
    """Collects resources, actors, visits and channels, and checks them when the Program is built."""

    def __init__(self) -> None:
        self._resources: list[ResourceEntry] = []
        self._actors: list[ActorEntry] = []
        self._channels: list[ChannelEntry] = []
        self._stores: list[tuple[str, str, int]] = []
        self._schedules: list[Schedule] = []
        self._schedule_index: dict[Schedule, int] = {}
        self._ledger: list[tuple[int, str, str, int, int, float]] = []
        self._static: dict[str, float] = {}
        self._members: dict[int, tuple[str, ...]] = {}

    def resource(
        self,
        name: str,
        klass: str,
        *,
        servers: int = 1,
        units: int | None = None,
        arbitration: Arbitration = Arbitration.FCFS,
    ) -> int:
        """Add a resource and return its index.

        `units` is how many identical hardware instances it stands for (default: `servers`).
        """
        units = servers if units is None else units
        self._resources.append(ResourceEntry(name, klass, servers, units, arbitration))
        return len(self._resources) - 1

    def actor(
        self,
        name: str,
        firings: int,
        *,
        layer: str = "",
        slots: int = 1,
        window: int | None = None,
        stream: Hashable = None,
    ) -> int:
        """Add an actor that fires `firings` times per iteration.

        `slots` firings may be in their first hold at once, `window` in flight (None: any number). Actors of
        one `stream` have one voice where resources serve streams in turn; by default it is one of its own.
        """
        if window is not None and window < 1:
            raise SimulationError(f"actor {name!r}: a window of {window} firings, expected at least 1")
        self._actors.append(ActorEntry(name, layer or name, firings, stream, slots, window or 0))
        return len(self._actors) - 1

    def visit(
        self,
        actor: int,
        resources: int | tuple[int, ...] = (),
        hold: int | Schedule = 1,
        advance: int | Schedule | None = None,
        *,
        spread: bool = False,
        holds_fs: Mapping[int, int] | None = None,
        rotate: Rotation | None = None,
        repeat: int = 1,
        flows: Flows = (),
    ) -> None:
        """Append a visit (times in fs) to an actor's chain; `advance` defaults to `hold` (store and forward).

        Several resources are occupied together, from the visit's begin (a circuit); with `spread` each of
        them as soon as it is free, and the visit begins with the last (a multicast, ports of several tiles);
        then `holds_fs` may say for how long each is occupied, `hold` being the longest. With `rotate` the
        visit takes servers of its one resource in turn, which all visits of that resource must do then.
        `repeat` appends it that many times, one after the other. `flows` go through the network of
        `build(flit=...)` flit by flit.
        """
        group = (resources,) if isinstance(resources, int) else tuple(sorted(set(resources)))
        own = tuple((holds_fs or {}).get(r, 0) for r in group)
        if rotate is not None:
            group, own = self._in_turn(actor, group, rotate)
        step, offset = (rotate.step, rotate.offset) if rotate else (0, 0)
        hold_index = self._intern(hold)
        advance_index = hold_index if advance is None else self._intern(advance)
        for _ in range(repeat):
            self._actors[actor].visits.append(
                VisitEntry(group, own, hold_index, advance_index, spread or step > 0, step, offset, flows)
            )

    def _in_turn(
        self, actor: int, group: tuple[int, ...], rotate: Rotation
    ) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The bank set once for each server that a firing takes, and how long that is taken."""
        where = f"actor {self._actors[actor].name!r}, visit {len(self._actors[actor].visits)}"
        if len(group) != 1:
            raise SimulationError(f"{where}: takes servers of {len(group)} resources in turn, expected one")
        servers = self._resources[group[0]].servers
        if not 1 <= rotate.width <= servers or rotate.step < 1 or rotate.offset < 0:
            raise SimulationError(
                f"{where}: takes {rotate.width} of {servers} servers in turn, from {rotate.offset} in steps "
                f"of {rotate.step}; expected at most all of them, and steps of at least 1 from at least 0"
            )
        own = rotate.holds_fs or (0,) * rotate.width
        if len(own) != rotate.width:
            raise SimulationError(f"{where}: {len(own)} holds for {rotate.width} servers taken in turn")
        return group * rotate.width, own

    def store(self, name: str, klass: str, capacity_bytes: int) -> int:
        """Add a store (a buffer, a register, a cache, a memory) and return its index."""
        self._stores.append((name, klass, capacity_bytes))
        return len(self._stores) - 1

    def channel(
        self,
        src: int,
        dst: int,
        capacity: int,
        need: int | Schedule,
        free: int | Schedule | None = None,
        *,
        bytes_per_token: int = 0,
        store: int | None = None,
        fifo: Hashable = None,
    ) -> int:
        """Add a channel from actor to actor. `free` defaults to `need`.

        The room for its `capacity` tokens lies in `store`. The channels of one producer with the same `fifo`
        are one FIFO with several readers, of which each lets go for itself: they have one capacity, and a
        token takes its room once, until the last reader has let it go.
        """
        need_index = self._intern(need)
        free_index = need_index if free is None else self._intern(free)
        where = -1 if store is None else store
        self._channels.append(
            ChannelEntry(src, dst, capacity, need_index, free_index, bytes_per_token, where, fifo)
        )
        return len(self._channels) - 1

    def energy(self, actor: int, component: str, action: str, count: int | Schedule, energy_j: float) -> None:
        """Each firing of `actor` makes `count` actions of `component`, each costing `energy_j`."""
        more, n = 0, self._actors[actor].firings
        if isinstance(count, Schedule):
            count, more = divmod(count.total(n), n)
        self._ledger.append((actor, component, action, count, more, energy_j))

    def static_power(self, component: str, watts: float) -> None:
        """Power a component draws all the time; adds up."""
        self._static[component] = self._static.get(component, 0.0) + watts

    def n_firings(self, actor: int) -> int:
        return self._actors[actor].firings

    def actor_name(self, actor: int) -> str:
        return self._actors[actor].name

    def mark(self) -> tuple[int, ...]:
        """How far it is, for `undo`."""
        return tuple(map(len, self._parts()))

    def undo(self, mark: tuple[int, ...]) -> None:
        """Take back all that was added since a mark; actors from before it must not have got visits since."""
        for part, n in zip(self._parts(), mark, strict=True):
            del part[n:]
        self._schedule_index = {schedule: i for i, schedule in enumerate(self._schedules)}

    def _parts(self) -> tuple[list[Any], ...]:
        return (
            self._resources,
            self._actors,
            self._channels,
            self._stores,
            self._schedules,
            self._ledger,
        )

    def actor_layer(self, actor: int) -> str:
        return self._actors[actor].layer

    @property
    def n_actors(self) -> int:
        return len(self._actors)

    def channels(self) -> list[tuple[int, int, Schedule, Schedule]]:
        """Producer, consumer, need and free of every channel so far."""
        return [(c.src, c.dst, self._schedules[c.need], self._schedules[c.free]) for c in self._channels]

    def chain_fs(self, actor: int) -> int:
        """Time of an actor's first firing from its begin to its end, if it waits for nothing."""
        return sum(self._schedules[v.advance](0) for v in self._actors[actor].visits)

    def busiest_fs(self) -> int:
        """Least time of an iteration: that of the resource, or of the actor, which has most to do."""
        busy = [0] * len(self._resources)
        longest = 1
        for actor in self._actors:
            for i, visit in enumerate(actor.visits):
                total = self._schedules[visit.hold].total(actor.firings)
                if i == 0:
                    longest = max(longest, total)
                for r, own in zip(visit.resources, visit.holds_fs, strict=True):
                    busy[r] += own * actor.firings if own else total
        loads = (fs // of.servers for fs, of in zip(busy, self._resources, strict=True))
        return max(longest, max(loads, default=1))

    def _intern(self, value: int | Schedule) -> int:
        try:
            schedule = value if isinstance(value, Schedule) else Schedule.constant(value)
        except OverflowError:
            raise too_large() from None
        index = self._schedule_index.get(schedule)
        if index is None:
            index = len(self._schedules)
            self._schedules.append(schedule)
            self._schedule_index[schedule] = index
        return index

    def build(self, *, lump: bool = False, flit: FlitDetail | None = None) -> Program:
        """Check everything and return the Program.

        Parameters
        ----------
        lump : bool
            Make one resource of those that are always occupied together (`lump.py`), which changes
            nothing else.
        flit : FlitDetail
            The network that the flows of visits go through; its `flows` are filled in here.

        Raises
        ------
        SimulationError
            A count, capacity, hold or schedule that no run could satisfy; the message names it.
        """
        if lump:
            self._resources, self._members = lumped(self._resources, visits_of(self._actors), self._members)
        starts = np.cumsum([0] + [len(a.visits) for a in self._actors])
        visits = visits_of(self._actors)
        program = Program(
            resource_name=tuple(r.name for r in self._resources),
            resource_class=tuple(r.klass for r in self._resources),
            resource_servers=int64s(r.servers for r in self._resources),
            resource_units=int64s(r.units for r in self._resources),
            resource_arbitration=int64s(int(r.arbitration) for r in self._resources),
            resource_queued=queued(self._resources, visits),
            actor_name=tuple(a.name for a in self._actors),
            actor_layer=tuple(a.layer for a in self._actors),
            actor_firings=int64s(a.firings for a in self._actors),
            actor_stream=streams_of(self._actors),
            actor_slots=int64s(a.slots for a in self._actors),
            actor_window=int64s(a.window for a in self._actors),
            actor_visit_start=starts.astype(np.int64),
            visit_resource_start=np.cumsum([0] + [len(v.resources) for v in visits]).astype(np.int64),
            visit_resource=int64s(r for v in visits for r in v.resources),
            visit_resource_hold_fs=int64s(h for v in visits for h in v.holds_fs),
            visit_hold=int64s(v.hold for v in visits),
            visit_advance=int64s(v.advance for v in visits),
            visit_spread=np.array([v.spread for v in visits], bool),
            visit_turn_step=int64s(v.turn_step for v in visits),
            visit_turn_offset=int64s(v.turn_offset for v in visits),
            channel_src=int64s(c.src for c in self._channels),
            channel_dst=int64s(c.dst for c in self._channels),
            channel_capacity=int64s(c.capacity for c in self._channels),
            channel_need=int64s(c.need for c in self._channels),
            channel_free=int64s(c.free for c in self._channels),
            channel_bytes=int64s(c.token_bytes for c in self._channels),
            channel_fifo=fifos_of(self._channels),
            channel_store=int64s(c.store for c in self._channels),
            store_name=tuple(s[0] for s in self._stores),
            store_class=tuple(s[1] for s in self._stores),
            store_capacity_bytes=int64s(s[2] for s in self._stores),
            **schedule_columns(self._schedules),
            **adjacency("in", [c.dst for c in self._channels], len(self._actors)),
            **adjacency("out", [c.src for c in self._channels], len(self._actors)),
            ledger_actor=int64s(row[0] for row in self._ledger),
            ledger_component=tuple(row[1] for row in self._ledger),
            ledger_action=tuple(row[2] for row in self._ledger),
            ledger_count=int64s(row[3] for row in self._ledger),
            ledger_more=int64s(row[4] for row in self._ledger),
            ledger_energy_j=np.array([row[5] for row in self._ledger], np.float64),
            static_power_w=tuple(sorted(self._static.items())),
            resource_members=tuple(self._members.get(i, (r.name,)) for i, r in enumerate(self._resources)),
            flit=flit and replace(flit, flows={v: x.flows for v, x in enumerate(visits) if x.flows}),
        )
        check(program)
        return program
