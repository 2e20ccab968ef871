"""The Program: actors that fire, channels between them, and the hardware resources they queue for.

A Program is a cyclo-static dataflow graph (Lee and Messerschmitt 1987; Bilsen et al. 1996) on shared
resources, as flat NumPy arrays. It is all that an engine sees; `sim/engines/__init__.py` says what it means.
Build one with `ProgramBuilder`.

Anything that may differ from firing to firing (hold, advance, need, free) is a *schedule*: the outer sum of a
row table and a column table, ``value(k) = rows[k // n_cols] + cols[k % n_cols]``. A constant is one row and
one column; an affine or a convolution window schedule of h x w firings takes h + w numbers; explicit
per-firing values are one row and n columns. Nothing is unrolled by tokens x tiles.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from .errors import SimulationError
from .flit_detail import FlitDetail, Flows
from .lump import groups_of_equals

I64 = NDArray[np.int64]
F64 = NDArray[np.float64]

MAX_TIME_FS = 2**62
"""Latest instant an engine simulates, and longest hold: 77 minutes. Sums of two such fit in int64."""


class Arbitration(IntEnum):
    """Who is served next by a resource that several visits wait for."""

    FCFS = 0
    """First come, first served; ties by (actor, firing, visit)."""
    PRIORITY = 1
    """Lowest `priority` of the visit first, then first come."""
    ROUND_ROBIN = 2
    """The next actor after the one served last, in cyclic order of actor index."""
    SLOTS = 3
    """Time-division: a visit may begin only at the start of one of its own slots."""


@dataclass(frozen=True)
class Schedule:
    """Per-firing values ``rows[k // n_cols] + cols[k % n_cols]``, k counted within one iteration."""

    rows: tuple[int, ...]
    cols: tuple[int, ...] = (0,)

    @staticmethod
    def constant(value: int) -> Schedule:
        return Schedule((value,))

    @staticmethod
    def affine(first: int, step: int, n: int) -> Schedule:
        """`first + step * k` for k in 0..n-1, in O(sqrt(n)) numbers."""
        width = max(1, int(np.sqrt(n)))
        rows = tuple(first + step * width * r for r in range(-(-n // width)))
        return Schedule(rows, tuple(step * c for c in range(width)))

    def __call__(self, k: int) -> int:
        if len(self.cols) * len(self.rows) == 1:
            return self.rows[0] + self.cols[0]
        return self.rows[k // len(self.cols)] + self.cols[k % len(self.cols)]

    def values(self, n: int) -> I64:
        """All values for k in 0..n-1; only for tests, checks and sums."""
        if len(self.cols) * len(self.rows) == 1:
            return np.full(n, self.rows[0] + self.cols[0], np.int64)
        table = np.add.outer(np.asarray(self.rows, np.int64), np.asarray(self.cols, np.int64)).ravel()
        return table[:n]

    def covers(self, n: int) -> bool:
        """Whether values 0..n-1 exist (a constant covers everything)."""
        size = len(self.cols) * len(self.rows)
        return size == 1 or size >= n


@dataclass(frozen=True, eq=False)
class Program:
    """The lowered simulation. Arrays only; indices: r resource, a actor, v visit, c channel, s schedule.

    Attributes
    ----------
    resource_name, resource_class : tuple of str
        Class is what reports group by ("crossbar", "adc", "link", ...).
    resource_servers : I64, shape (R,)
    resource_units : I64, shape (R,)
        Identical instances that this resource stands for (exact lumping), for utilization. At least 1.
    resource_arbitration : I64, shape (R,)
    resource_queued : bool array, shape (R,)
        True where waiting visits must be kept in a queue (priority, round robin, `keep`, and every resource
        that shares a visit with such a one); False where a booking "free at" is enough.
    resource_slot_fs : I64, shape (R,)
        Length of one time slot; 0 unless SLOTS.
    resource_slot_start : I64, shape (R + 1,); slot_owner : I64
        Slots of one period of each SLOTS resource: the owning visit (index v), -1 for nobody.
    actor_name, actor_layer : tuple of str
        Layer is the operator that reports attribute the actor to.
    actor_firings : I64, shape (A,)
        Firings per iteration, at least 1.
    actor_release_end : bool array, shape (A,)
        Inputs are let go when the firing ends (True) or when its first hold ends (False).
    actor_visit_start : I64, shape (A + 1,)
        Visits of actor a are v in start[a] .. start[a + 1] - 1, in chain order; at least one.
    visit_resource_start : I64, shape (V + 1,); visit_resource : I64
        Resources a visit occupies at once, ascending; none means a pure delay.
    visit_resource_hold_fs : I64, parallel to visit_resource
        How long a spread visit occupies each of its resources; 0: for its hold, which is the longest of them.
    visit_hold, visit_advance : I64, shape (V,)
        Schedule indices, in fs, values at least 1.
    visit_keep : bool array, shape (V,)
        The resources are held until the next visit of the firing has begun (or the hold has ended, if later).
    visit_spread : bool array, shape (V,)
        Each resource is occupied as soon as it is free, for one hold; the visit begins with the last of them.
    visit_priority : I64, shape (V,)
    channel_src, channel_dst, channel_capacity : I64, shape (C,)
    channel_need, channel_free : I64, shape (C,)
        Schedule indices of the consumer's firing: cumulative tokens needed / let go, within one iteration.
    channel_bytes : I64, shape (C,)
        Bytes of one token.
    schedule_cols : I64, shape (S,)
        Columns of the schedule; 0 marks a constant, whose value is `table[row_start]`.
    schedule_row_start, schedule_col_start : I64, shape (S,); table : I64
    in_start, in_channel / out_start, out_channel : I64
        Channels into and out of each actor, ascending.
    ledger_* :
        What costs energy: row i says that each firing of `ledger_actor[i]` causes `ledger_count[i]` times the
        action `ledger_action[i]` of component `ledger_component[i]`, each of `ledger_energy_j[i]` joules.
    static_power_w : tuple of (str, float)
        Component and watts drawn all the time.
    resource_members : tuple of tuple of str
        Names of the resources that each one was lumped from, itself if it was not.
    flit : FlitDetail or None
        The network that some visits go through flit by flit; None if all of them book their resources.
    """

    resource_name: tuple[str, ...]
    resource_class: tuple[str, ...]
    resource_servers: I64
    resource_units: I64
    resource_arbitration: I64
    resource_queued: NDArray[np.bool_]
    resource_slot_fs: I64
    resource_slot_start: I64
    slot_owner: I64
    actor_name: tuple[str, ...]
    actor_layer: tuple[str, ...]
    actor_firings: I64
    actor_release_end: NDArray[np.bool_]
    actor_visit_start: I64
    visit_resource_start: I64
    visit_resource: I64
    visit_resource_hold_fs: I64
    visit_hold: I64
    visit_advance: I64
    visit_keep: NDArray[np.bool_]
    visit_spread: NDArray[np.bool_]
    visit_priority: I64
    channel_src: I64
    channel_dst: I64
    channel_capacity: I64
    channel_need: I64
    channel_free: I64
    channel_bytes: I64
    schedule_cols: I64
    schedule_row_start: I64
    schedule_col_start: I64
    table: I64
    in_start: I64
    in_channel: I64
    out_start: I64
    out_channel: I64
    ledger_actor: I64
    ledger_component: tuple[str, ...]
    ledger_action: tuple[str, ...]
    ledger_count: I64
    ledger_energy_j: F64
    static_power_w: tuple[tuple[str, float], ...] = ()
    resource_members: tuple[tuple[str, ...], ...] = ()
    flit: FlitDetail | None = None

    @property
    def n_resources(self) -> int:
        return len(self.resource_name)

    @property
    def n_actors(self) -> int:
        return len(self.actor_name)

    @property
    def n_visits(self) -> int:
        return len(self.visit_hold)

    @property
    def n_channels(self) -> int:
        return len(self.channel_src)

    @property
    def visits_per_iteration(self) -> int:
        """Visits that one iteration makes, summed over all actors."""
        return int(np.dot(self.actor_firings, np.diff(self.actor_visit_start)))

    def schedule(self, index: int) -> Schedule:
        """The schedule with that index, as tables."""
        row, col = self.schedule_row_start[index], self.schedule_col_start[index]
        n_cols = self.schedule_cols[index]
        if n_cols == 0:
            return Schedule((int(self.table[row]),))
        return Schedule(tuple(self.table[row:col].tolist()), tuple(self.table[col : col + n_cols].tolist()))

    def schedule_value(self, index: int, k: int) -> int:
        """Value of a schedule at firing k of an iteration."""
        n_cols = self.schedule_cols[index]
        row = self.schedule_row_start[index]
        if n_cols == 0:
            return int(self.table[row])
        return int(self.table[row + k // n_cols] + self.table[self.schedule_col_start[index] + k % n_cols])

    def occupied_fs(self, visit_fs: I64) -> I64:
        """Times that visits hold, shape (V, ...), as the times that they occupy each of their resources.

        Parallel to `visit_resource`: less than the visit's own where a spread visit lets one go sooner.
        """
        visits = np.repeat(np.arange(self.n_visits), np.diff(self.visit_resource_start))
        own = self.visit_resource_hold_fs
        of_visit = np.array([self.schedule_value(int(i), 0) for i in self.visit_hold], np.int64)[visits]
        part = np.where(own > 0, own / of_visit, 1.0)
        times = visit_fs[visits]
        scaled: I64 = np.where(part == 1.0, times.T, np.rint(times.T * part)).T.astype(np.int64)
        return scaled

    def visit_actor(self) -> I64:
        """Actor of each visit, shape (V,)."""
        return np.repeat(np.arange(self.n_actors, dtype=np.int64), np.diff(self.actor_visit_start))

    @property
    def hash(self) -> str:
        """SHA-256 over all contents."""
        digest = hashlib.sha256()
        for f in fields(self):
            value = getattr(self, f.name)
            if isinstance(value, np.ndarray):
                digest.update(f"{f.name}{value.shape}".encode() + value.tobytes())
            else:
                digest.update(f"{f.name}{value!r}".encode())
        return digest.hexdigest()


@dataclass
class _Actor:
    name: str
    layer: str
    firings: int
    release_end: bool
    visits: list[_Visit] = field(default_factory=list)


@dataclass
class _Visit:
    resources: tuple[int, ...]
    holds_fs: tuple[int, ...]
    hold: int
    advance: int
    keep: bool
    spread: bool
    priority: int
    flows: Flows = ()


class ProgramBuilder:
    """Collects resources, actors, visits and channels, and checks them when the Program is built."""

    def __init__(self) -> None:
        self._resources: list[tuple[str, str, int, int, Arbitration, int, tuple[tuple[int, int], ...]]] = []
        self._actors: list[_Actor] = []
        self._channels: list[tuple[int, int, int, int, int, int]] = []
        self._schedules: list[Schedule] = []
        self._schedule_index: dict[Schedule, int] = {}
        self._ledger: list[tuple[int, str, str, int, float]] = []
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
        slot_fs: int = 0,
        slots: tuple[tuple[int, int], ...] = (),
    ) -> int:
        """Add a resource and return its index.

        `units` is how many identical hardware instances it stands for (default: `servers`).
        `slots` (SLOTS only): one (actor, visit position in its chain) per slot of a period, (-1, -1) for
        nobody.
        """
        units = servers if units is None else units
        self._resources.append((name, klass, servers, units, arbitration, slot_fs, slots))
        return len(self._resources) - 1

    def actor(self, name: str, firings: int, *, layer: str = "", release: str = "first_hold") -> int:
        """Add an actor that fires `firings` times per iteration; `release` is "first_hold" or "end"."""
        if release not in ("first_hold", "end"):
            raise ValueError(f"release must be 'first_hold' or 'end', found {release!r}")
        self._actors.append(_Actor(name, layer or name, firings, release == "end"))
        return len(self._actors) - 1

    def visit(
        self,
        actor: int,
        resources: int | tuple[int, ...] = (),
        hold: int | Schedule = 1,
        advance: int | Schedule | None = None,
        *,
        keep: bool = False,
        spread: bool = False,
        holds_fs: Mapping[int, int] | None = None,
        priority: int = 0,
        repeat: int = 1,
        flows: Flows = (),
    ) -> None:
        """Append a visit (times in fs) to an actor's chain; `advance` defaults to `hold` (store and forward).

        Several resources are occupied together, from the visit's begin (a circuit); with `spread` each of
        them as soon as it is free, and the visit begins with the last (a multicast, ports of several tiles);
        then `holds_fs` may say for how long each is occupied, `hold` being the longest.
        `repeat` appends it that many times, one after the other. `flows` go through the network of
        `build(flit=...)` flit by flit.
        """
        group = (resources,) if isinstance(resources, int) else tuple(sorted(set(resources)))
        own = tuple((holds_fs or {}).get(r, 0) for r in group)
        hold_index = self._intern(hold)
        advance_index = hold_index if advance is None else self._intern(advance)
        for _ in range(repeat):
            self._actors[actor].visits.append(
                _Visit(group, own, hold_index, advance_index, keep, spread, priority, flows)
            )

    def channel(
        self,
        src: int,
        dst: int,
        capacity: int,
        need: int | Schedule,
        free: int | Schedule | None = None,
        *,
        bytes_per_token: int = 0,
    ) -> int:
        """Add a channel from actor to actor. `free` defaults to `need`."""
        need_index = self._intern(need)
        free_index = need_index if free is None else self._intern(free)
        self._channels.append((src, dst, capacity, need_index, free_index, bytes_per_token))
        return len(self._channels) - 1

    def energy(self, actor: int, component: str, action: str, count: int, energy_j: float) -> None:
        """Each firing of `actor` makes `count` actions of `component`, each costing `energy_j`."""
        self._ledger.append((actor, component, action, count, energy_j))

    def static_power(self, component: str, watts: float) -> None:
        """Power a component draws all the time; adds up."""
        self._static[component] = self._static.get(component, 0.0) + watts

    def n_firings(self, actor: int) -> int:
        return self._actors[actor].firings

    def _intern(self, value: int | Schedule) -> int:
        schedule = value if isinstance(value, Schedule) else Schedule((int(value),))
        index = self._schedule_index.get(schedule)
        if index is None:
            index = len(self._schedules)
            self._schedules.append(schedule)
            self._schedule_index[schedule] = index
        return index

    def _lump(self) -> None:
        """Merge resources that are always occupied together, and renumber."""
        every = [v for a in self._actors for v in a.visits]
        keys = [
            (klass, servers) if arbitration == Arbitration.FCFS else None
            for _, klass, servers, _, arbitration, _, _ in self._resources
        ]
        uses = [tuple(zip(v.resources, v.holds_fs, strict=True)) for v in every]
        groups = groups_of_equals(keys, uses)
        number = {r: i for i, group in enumerate(groups) for r in group}
        names = [self._members.get(r, (self._resources[r][0],)) for r in range(len(self._resources))]
        self._members = {i: tuple(n for r in group for n in names[r]) for i, group in enumerate(groups)}
        merged: list[tuple[str, str, int, int, Arbitration, int, tuple[tuple[int, int], ...]]] = []
        for i, group in enumerate(groups):
            name, klass, servers, _, arbitration, slot_fs, slots = self._resources[group[0]]
            n = len(self._members[i])
            units = sum(self._resources[r][3] for r in group)
            label = name if n == 1 else f"{name} +{n - 1}"
            merged.append((label, klass, servers, units, arbitration, slot_fs, slots))
        self._resources = merged
        for v in every:
            merged_holds = {number[r]: h for r, h in zip(v.resources, v.holds_fs, strict=True)}
            v.resources = tuple(sorted(merged_holds))
            v.holds_fs = tuple(merged_holds[r] for r in v.resources)

    def build(self, *, lump: bool = False, flit: FlitDetail | None = None) -> Program:
        """Check everything and return the Program.

        Parameters
        ----------
        lump : bool
            Make one resource of those that are always occupied together (`sim/lump.py`), which changes
            nothing else.
        flit : FlitDetail
            The network that the flows of visits go through; its `flows` are filled in here.

        Raises
        ------
        SimulationError
            A count, capacity, hold or schedule that no run could satisfy; the message names it.
        """
        from .program_check import check

        if lump:
            self._lump()
        starts = np.cumsum([0] + [len(a.visits) for a in self._actors])
        visits = [v for a in self._actors for v in a.visits]
        owners = [[self._slot_owner(r[0], slot, starts) for slot in r[-1]] for r in self._resources]
        rows = [len(s.rows) for s in self._schedules]
        cols = [len(s.cols) for s in self._schedules]
        constant = [r * c == 1 for r, c in zip(rows, cols, strict=True)]
        row_start = np.cumsum([0] + [r + c for r, c in zip(rows, cols, strict=True)])[:-1]
        table = [
            x
            for s, single in zip(self._schedules, constant, strict=True)
            for x in ((s.rows[0] + s.cols[0], 0) if single else s.rows + s.cols)
        ]
        program = Program(
            resource_name=tuple(r[0] for r in self._resources),
            resource_class=tuple(r[1] for r in self._resources),
            resource_servers=_i64(r[2] for r in self._resources),
            resource_units=_i64(r[3] for r in self._resources),
            resource_arbitration=_i64(int(r[4]) for r in self._resources),
            resource_queued=self._queued(visits),
            resource_slot_fs=_i64(r[5] for r in self._resources),
            resource_slot_start=np.cumsum([0] + [len(o) for o in owners]).astype(np.int64),
            slot_owner=_i64(x for o in owners for x in o),
            actor_name=tuple(a.name for a in self._actors),
            actor_layer=tuple(a.layer for a in self._actors),
            actor_firings=_i64(a.firings for a in self._actors),
            actor_release_end=np.array([a.release_end for a in self._actors], bool),
            actor_visit_start=starts.astype(np.int64),
            visit_resource_start=np.cumsum([0] + [len(v.resources) for v in visits]).astype(np.int64),
            visit_resource=_i64(r for v in visits for r in v.resources),
            visit_resource_hold_fs=_i64(h for v in visits for h in v.holds_fs),
            visit_hold=_i64(v.hold for v in visits),
            visit_advance=_i64(v.advance for v in visits),
            visit_keep=np.array([v.keep for v in visits], bool),
            visit_spread=np.array([v.spread for v in visits], bool),
            visit_priority=_i64(v.priority for v in visits),
            channel_src=_i64(c[0] for c in self._channels),
            channel_dst=_i64(c[1] for c in self._channels),
            channel_capacity=_i64(c[2] for c in self._channels),
            channel_need=_i64(c[3] for c in self._channels),
            channel_free=_i64(c[4] for c in self._channels),
            channel_bytes=_i64(c[5] for c in self._channels),
            schedule_cols=_i64(0 if single else c for c, single in zip(cols, constant, strict=True)),
            schedule_row_start=row_start.astype(np.int64),
            schedule_col_start=(row_start + rows).astype(np.int64),
            table=_i64(table),
            **_adjacency("in", [c[1] for c in self._channels], len(self._actors)),
            **_adjacency("out", [c[0] for c in self._channels], len(self._actors)),
            ledger_actor=_i64(row[0] for row in self._ledger),
            ledger_component=tuple(row[1] for row in self._ledger),
            ledger_action=tuple(row[2] for row in self._ledger),
            ledger_count=_i64(row[3] for row in self._ledger),
            ledger_energy_j=np.array([row[4] for row in self._ledger], np.float64),
            static_power_w=tuple(sorted(self._static.items())),
            resource_members=tuple(self._members.get(i, (r[0],)) for i, r in enumerate(self._resources)),
            flit=flit and replace(flit, flows={v: x.flows for v, x in enumerate(visits) if x.flows}),
        )
        check(program)
        return program

    def _slot_owner(self, resource: str, slot: tuple[int, int], starts: NDArray[np.int64]) -> int:
        """Index v of the visit that owns a slot given as (actor, position in its chain); -1 for nobody."""
        actor, position = slot
        if actor < 0:
            return -1
        if actor >= len(self._actors) or not 0 <= position < len(self._actors[actor].visits):
            raise SimulationError(
                f"resource {resource!r}: a slot is given to visit {position} of actor {actor}, "
                "which does not exist"
            )
        return int(starts[actor]) + position

    def _queued(self, visits: list[_Visit]) -> NDArray[np.bool_]:
        """Resources that need a queue, closed over visits that occupy several resources at once."""
        keeps_queue = (Arbitration.PRIORITY, Arbitration.ROUND_ROBIN)
        queued = np.array([r[4] in keeps_queue for r in self._resources], bool)
        for v in visits:
            if v.keep:
                queued[list(v.resources)] = True
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
    except OverflowError as error:
        raise SimulationError("a number of the Program does not fit in 64 bits (times are in fs)") from error


def _adjacency(prefix: str, ends: list[int], n_actors: int) -> dict[str, I64]:
    """Channels by the actor at one of their ends, as a start array and a channel list."""
    order = np.argsort(np.array(ends, np.int64), kind="stable").astype(np.int64)
    counts = np.bincount(np.array(ends, np.int64), minlength=n_actors)
    return {
        f"{prefix}_start": np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        f"{prefix}_channel": order,
    }


__all__ = [
    "F64",
    "I64",
    "MAX_TIME_FS",
    "Arbitration",
    "Program",
    "ProgramBuilder",
    "Schedule",
    "SimulationError",
]
