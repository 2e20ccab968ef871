"""Building a Program: resources, actors with their visits, channels, energies; checked when it is built."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SimulationError
from ..flit_detail import FlitDetail, Flows
from .check import check
from .lump import groups_of_equals
from .program import Arbitration, Program
from .schedule import I64, Schedule


@dataclass(frozen=True)
class Rotation:
    """Which servers of a bank set firing k takes: those from ``offset + k * step`` on, modulo their number.

    Attributes
    ----------
    width : int
        Servers that a firing takes, each as soon as it is free; it begins with the last of them.
    step, offset : int
    holds_fs : tuple of int
        How long each of them is taken, if not for the hold of the visit, which is the longest.
    """

    width: int
    step: int
    offset: int = 0
    holds_fs: tuple[int, ...] = ()


@dataclass(frozen=True)
class _Resource:
    name: str
    klass: str
    servers: int
    units: int
    arbitration: Arbitration


@dataclass
class _Actor:
    name: str
    layer: str
    firings: int
    stream: Hashable
    slots: int
    window: int
    visits: list[_Visit] = field(default_factory=list)


@dataclass
class _Visit:
    resources: tuple[int, ...]
    holds_fs: tuple[int, ...]
    hold: int
    advance: int
    spread: bool
    turn_step: int
    turn_offset: int
    flows: Flows


@dataclass(frozen=True)
class _Channel:
    src: int
    dst: int
    capacity: int
    need: int
    free: int
    token_bytes: int
    store: int
    fifo: Hashable


class ProgramBuilder:
    """Collects resources, actors, visits and channels, and checks them when the Program is built."""

    def __init__(self) -> None:
        self._resources: list[_Resource] = []
        self._actors: list[_Actor] = []
        self._channels: list[_Channel] = []
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
        self._resources.append(_Resource(name, klass, servers, units, arbitration))
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
        self._actors.append(_Actor(name, layer or name, firings, stream, slots, window or 0))
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
                _Visit(group, own, hold_index, advance_index, spread or step > 0, step, offset, flows)
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
            _Channel(src, dst, capacity, need_index, free_index, bytes_per_token, where, fifo)
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
            raise _too_large() from None
        index = self._schedule_index.get(schedule)
        if index is None:
            index = len(self._schedules)
            self._schedules.append(schedule)
            self._schedule_index[schedule] = index
        return index

    def _lump(self) -> None:
        """Merge resources that are always occupied together, and renumber."""
        every = [v for a in self._actors for v in a.visits]
        in_turn = {r for v in every if v.turn_step for r in v.resources}
        keys = [
            None if r in in_turn else (resource.klass, resource.servers, resource.arbitration)
            for r, resource in enumerate(self._resources)
        ]
        uses = [tuple(zip(v.resources, v.holds_fs, strict=True)) for v in every]
        groups = groups_of_equals(keys, uses)
        number = {r: i for i, group in enumerate(groups) for r in group}
        names = [self._members.get(r, (x.name,)) for r, x in enumerate(self._resources)]
        self._members = {i: tuple(n for r in group for n in names[r]) for i, group in enumerate(groups)}
        merged = []
        for i, group in enumerate(groups):
            first, n = self._resources[group[0]], len(self._members[i])
            units = sum(self._resources[r].units for r in group)
            label = first.name if n == 1 else f"{first.name} +{n - 1}"
            merged.append(replace(first, name=label, units=units))
        self._resources = merged
        for v in every:
            if v.turn_step:
                v.resources = tuple(number[r] for r in v.resources)
                continue
            merged_holds = {number[r]: h for r, h in zip(v.resources, v.holds_fs, strict=True)}
            v.resources = tuple(sorted(merged_holds))
            v.holds_fs = tuple(merged_holds[r] for r in v.resources)

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
            self._lump()
        starts = np.cumsum([0] + [len(a.visits) for a in self._actors])
        visits = [v for a in self._actors for v in a.visits]
        rows = [len(s.rows) for s in self._schedules]
        cols = [len(s.cols) for s in self._schedules]
        constant = [s.is_constant for s in self._schedules]
        row_start = np.cumsum([0] + [r + c for r, c in zip(rows, cols, strict=True)])[:-1]
        tables = [
            part
            for s, single in zip(self._schedules, constant, strict=True)
            for part in ((s.rows + s.cols, np.zeros(1, np.int64)) if single else (s.rows, s.cols))
        ]
        program = Program(
            resource_name=tuple(r.name for r in self._resources),
            resource_class=tuple(r.klass for r in self._resources),
            resource_servers=_i64(r.servers for r in self._resources),
            resource_units=_i64(r.units for r in self._resources),
            resource_arbitration=_i64(int(r.arbitration) for r in self._resources),
            resource_queued=self._queued(visits),
            actor_name=tuple(a.name for a in self._actors),
            actor_layer=tuple(a.layer for a in self._actors),
            actor_firings=_i64(a.firings for a in self._actors),
            actor_stream=self._streams(),
            actor_slots=_i64(a.slots for a in self._actors),
            actor_window=_i64(a.window for a in self._actors),
            actor_visit_start=starts.astype(np.int64),
            visit_resource_start=np.cumsum([0] + [len(v.resources) for v in visits]).astype(np.int64),
            visit_resource=_i64(r for v in visits for r in v.resources),
            visit_resource_hold_fs=_i64(h for v in visits for h in v.holds_fs),
            visit_hold=_i64(v.hold for v in visits),
            visit_advance=_i64(v.advance for v in visits),
            visit_spread=np.array([v.spread for v in visits], bool),
            visit_turn_step=_i64(v.turn_step for v in visits),
            visit_turn_offset=_i64(v.turn_offset for v in visits),
            channel_src=_i64(c.src for c in self._channels),
            channel_dst=_i64(c.dst for c in self._channels),
            channel_capacity=_i64(c.capacity for c in self._channels),
            channel_need=_i64(c.need for c in self._channels),
            channel_free=_i64(c.free for c in self._channels),
            channel_bytes=_i64(c.token_bytes for c in self._channels),
            channel_fifo=self._fifos(),
            channel_store=_i64(c.store for c in self._channels),
            store_name=tuple(s[0] for s in self._stores),
            store_class=tuple(s[1] for s in self._stores),
            store_capacity_bytes=_i64(s[2] for s in self._stores),
            schedule_cols=_i64(0 if single else c for c, single in zip(cols, constant, strict=True)),
            schedule_row_start=row_start.astype(np.int64),
            schedule_col_start=(row_start + rows).astype(np.int64),
            table=np.concatenate(tables) if tables else np.zeros(0, np.int64),
            **_adjacency("in", [c.dst for c in self._channels], len(self._actors)),
            **_adjacency("out", [c.src for c in self._channels], len(self._actors)),
            ledger_actor=_i64(row[0] for row in self._ledger),
            ledger_component=tuple(row[1] for row in self._ledger),
            ledger_action=tuple(row[2] for row in self._ledger),
            ledger_count=_i64(row[3] for row in self._ledger),
            ledger_more=_i64(row[4] for row in self._ledger),
            ledger_energy_j=np.array([row[5] for row in self._ledger], np.float64),
            static_power_w=tuple(sorted(self._static.items())),
            resource_members=tuple(self._members.get(i, (r.name,)) for i, r in enumerate(self._resources)),
            flit=flit and replace(flit, flows={v: x.flows for v, x in enumerate(visits) if x.flows}),
        )
        check(program)
        return program

    def _fifos(self) -> I64:
        """The first channel of each channel's FIFO, shape (C,)."""
        first: dict[tuple[int, Hashable], int] = {}
        return _i64(
            c if channel.fifo is None else first.setdefault((channel.src, channel.fifo), c)
            for c, channel in enumerate(self._channels)
        )

    def _streams(self) -> I64:
        """The number of each actor's stream, in the order of their first actors, shape (A,)."""
        first: dict[Hashable, int] = {}
        own = object()
        return _i64(
            first.setdefault((own, a) if actor.stream is None else actor.stream, len(first))
            for a, actor in enumerate(self._actors)
        )

    def _queued(self, visits: list[_Visit]) -> NDArray[np.bool_]:
        """Resources that need a queue, closed over visits that occupy several resources at once."""
        queued = np.array([r.arbitration != Arbitration.FCFS for r in self._resources], bool)
        groups = [list(v.resources) for v in visits if len(v.resources) > 1]
        while True:
            spread = [g for g in groups if queued[g].any() and not queued[g].all()]
            if not spread:
                return queued
            for g in spread:
                queued[g] = True


def _i64(values: Iterable[int]) -> I64:
    try:
        return np.fromiter(values, np.int64)
    except OverflowError:
        raise _too_large() from None


def _too_large() -> SimulationError:
    return SimulationError("a number of the Program does not fit in 64 bits (times are in fs)")


def _adjacency(prefix: str, ends: list[int], n_actors: int) -> dict[str, I64]:
    """Channels by the actor at one of their ends, as a start array and a channel list."""
    order = np.argsort(np.array(ends, np.int64), kind="stable").astype(np.int64)
    counts = np.bincount(np.array(ends, np.int64), minlength=n_actors)
    return {
        f"{prefix}_start": np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        f"{prefix}_channel": order,
    }
