"""The Program: actors that fire, channels between them, and the hardware resources they queue for.

A Program is a cyclo-static dataflow graph (Lee and Messerschmitt 1987; Bilsen et al. 1996) on shared
resources, as flat NumPy arrays. It is all that an engine sees; `sim/engines/__init__.py` says what it means.
Build one with `ProgramBuilder` (`builder.py`).

Anything that may differ from firing to firing (hold, advance, need, free) is a *schedule*: the outer sum of a
row table and a column table, ``value(k) = rows[k // n_cols] + cols[k % n_cols]`` (`schedule.py`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from ..flit_detail import FlitDetail
from .schedule import I64, Schedule

F64 = NDArray[np.float64]

MAX_TIME_FS = 2**62
"""Latest instant an engine simulates, and longest hold: 77 minutes. Sums of two such fit in int64."""


class Arbitration(IntEnum):
    """Who is served next by a resource that several visits wait for."""

    FCFS = 0
    """First come, first served; ties by (actor, firing, visit)."""
    ROUND_ROBIN = 1
    """The next stream after the one served last, in cyclic order; its oldest request."""
    AGE = 2
    """The oldest inference first, then first come."""


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
        True where waiting visits must be kept in a queue (round robin, age, and every resource that shares a
        visit with such a one); False where a booking "free at" is enough.
    actor_name, actor_layer : tuple of str
        Layer is the operator that reports attribute the actor to.
    actor_firings : I64, shape (A,)
        Firings per iteration, at least 1.
    actor_stream : I64, shape (A,)
        The stream that its requests belong to: actors of one stream have one voice in a round robin.
    actor_slots : I64, shape (A,)
        Firings that may be in their first hold at once, at least 1.
    actor_window : I64, shape (A,)
        Firings that may be in flight at once; 0 for any number.
    actor_visit_start : I64, shape (A + 1,)
        Visits of actor a are v in start[a] .. start[a + 1] - 1, in chain order; at least one.
    visit_resource_start : I64, shape (V + 1,); visit_resource : I64
        Resources a visit occupies at once, ascending; none means a pure delay. A visit that takes servers of
        a bank set in turn names it once for each.
    visit_resource_hold_fs : I64, parallel to visit_resource
        How long a spread visit occupies each of its resources; 0: for its hold, which is the longest of them.
    visit_hold, visit_advance : I64, shape (V,)
        Schedule indices, in fs, values at least 1.
    visit_spread : bool array, shape (V,)
        Each resource is occupied as soon as it is free, for one hold; the visit begins with the last of them.
    visit_turn_step, visit_turn_offset : I64, shape (V,)
        Of a visit that takes servers in turn (step at least 1): its m-th is server ``offset + k * step + m``
        modulo their number in firing k, counted over all iterations. Step 0: it takes any.
    channel_src, channel_dst, channel_capacity : I64, shape (C,)
    channel_need, channel_free : I64, shape (C,)
        Schedule indices of the consumer's firing: cumulative tokens needed / let go, within one iteration.
    channel_bytes : I64, shape (C,)
        Bytes of one token.
    channel_fifo : I64, shape (C,)
        The lowest of the channels that are readers of one FIFO with this one; itself if it is alone.
    channel_store : I64, shape (C,)
        Store in which the room of the channel lies, the same for all readers of a FIFO; -1 for none.
    store_name, store_class : tuple of str
    store_capacity_bytes : I64, shape (B,)
        The rooms of all FIFOs in a store together do not exceed it.
    schedule_cols : I64, shape (S,)
        Columns of the schedule; 0 marks a constant, whose value is `table[row_start]`.
    schedule_row_start, schedule_col_start : I64, shape (S,); table : I64
    in_start, in_channel / out_start, out_channel : I64
        Channels into and out of each actor, ascending.
    ledger_* :
        What costs energy: row i says that each firing of `ledger_actor[i]` causes `ledger_count[i]` times the
        action `ledger_action[i]` of component `ledger_component[i]`, each of `ledger_energy_j[i]` joules.
        Where firings differ, the count is their mean, rounded down, and `ledger_more[i]` is what an inference
        has beyond that: `ledger_total` is exact.
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
    actor_name: tuple[str, ...]
    actor_layer: tuple[str, ...]
    actor_firings: I64
    actor_stream: I64
    actor_slots: I64
    actor_window: I64
    actor_visit_start: I64
    visit_resource_start: I64
    visit_resource: I64
    visit_resource_hold_fs: I64
    visit_hold: I64
    visit_advance: I64
    visit_spread: NDArray[np.bool_]
    visit_turn_step: I64
    visit_turn_offset: I64
    channel_src: I64
    channel_dst: I64
    channel_capacity: I64
    channel_need: I64
    channel_free: I64
    channel_bytes: I64
    channel_fifo: I64
    channel_store: I64
    store_name: tuple[str, ...]
    store_class: tuple[str, ...]
    store_capacity_bytes: I64
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
    ledger_more: I64
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
    def n_stores(self) -> int:
        return len(self.store_name)

    def store_rooms_bytes(self) -> I64:
        """Bytes that the FIFOs in each store take when all are full, shape (B,)."""
        heads = (self.channel_fifo == np.arange(self.n_channels)) & (self.channel_store >= 0)
        rooms = np.zeros(self.n_stores, np.int64)
        np.add.at(rooms, self.channel_store[heads], (self.channel_capacity * self.channel_bytes)[heads])
        return rooms

    @property
    def visits_per_iteration(self) -> int:
        """Visits that one iteration makes, summed over all actors."""
        return int(np.dot(self.actor_firings, np.diff(self.actor_visit_start)))

    def schedule(self, index: int) -> Schedule:
        """The schedule with that index, as tables."""
        row, col = self.schedule_row_start[index], self.schedule_col_start[index]
        n_cols = self.schedule_cols[index]
        if n_cols == 0:
            return Schedule.constant(int(self.table[row]))
        return Schedule(self.table[row:col], self.table[col : col + n_cols])

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

    @property
    def ledger_total(self) -> I64:
        """Actions of each row of the ledger in one inference."""
        return self.actor_firings[self.ledger_actor] * self.ledger_count + self.ledger_more

    def group(self, v: int) -> list[int]:
        """The resources of a visit, in order."""
        found: list[int] = self.visit_resource[slice(*self.visit_resource_start[v : v + 2])].tolist()
        return found

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
