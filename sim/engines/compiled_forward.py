"""Exact fast-forward: once the whole state repeats, relative to now, whole periods are skipped.

1. At the end of every iteration the loop hashes its state (`compiled_loop/repeat.py`). A hash seen before
   suggests a period of p iterations and T fs.
2. One more period is run, from a snapshot to a snapshot, while the loop counts when its holds take place.
3. If both snapshots are equal (`compiled_snapshot.py`), the future repeats that period until an actor runs
   out of firings or inferences arrive at other distances. m periods before that are skipped: counts and sums
   advance by m times their change in the period, times by m T, iterations by m p; busy bins and the critical
   path are composed from the period's. What follows is run event by event again, so that the result is that
   of a run without skips.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import SimulationError
from ..program import I64, MAX_TIME_FS
from .compiled_bins import BinCopies, widened, width_for
from .compiled_loop import state as st
from .compiled_loop.state import State
from .compiled_path import Skipped
from .compiled_snapshot import Snapshot, done, take

MOST_TRIES = 8
MOST_BREAKS = 1 << 16
SEEN = 1 << 16
"""Entries of the table of hashes; when it is half full, the loop stops looking."""


@dataclass
class FastForward:
    """The periods of one run: first sought, then recorded, then skipped."""

    tries: int = 0
    start: Snapshot | None = None
    copies: BinCopies | None = None
    skipped: Skipped | None = None

    def look(self, state: State) -> State:
        """Have the loop look for repeated states, from an empty table."""
        n = min(SEEN, 1 << (4 * len(state.iterations) - 1).bit_length())
        seen = np.zeros(n, st.SEEN)
        seen["boundary"] = -1
        state.head["n_seen"] = 0
        state.head["watch"] = st.LOOKING
        return state.replaced(seen=seen)

    def stop(self, state: State) -> State:
        state.head["watch"] = st.NOT_LOOKING
        return state

    def record(self, state: State) -> State:
        """The state looks like one before: record the period from here to its next repetition."""
        self.tries += 1
        head = state.head[0]
        p = int(head["boundary"] - head["repeat_of"])
        period = int(head["now"] - head["repeat_time"])
        # No hold of the period will end later than that after its start, if it repeats the one before.
        longest = period + max(0, int(head["max_hold_end"] - head["now"]))
        m = periods_to_skip(state, p, period, longest)
        if m < 1:
            return self.stop(state)
        copies = BinCopies(int(head["now"]), period, m, longest, int(head["n_bins"]))
        if len(copies.points) > MOST_BREAKS:
            return self.stop(state)
        self.copies, self.start = copies, take(state)
        mark_roots(state, self.start.roots)
        state.head["watch"] = st.IN_PERIOD
        state.head["stop_boundary"] = head["boundary"] + p
        state.head["period_start"] = head["now"]
        state.head["period_hold_end"] = 0
        state.head["n_old"] = head["n_nodes"]
        breaks = copies.breaks()
        n_visits = int(head["n_visits"])
        return state.replaced(
            breaks=breaks.view(st.NUMBER), period=np.zeros((len(breaks) + 1) * n_visits, st.NUMBER)
        )

    def skip(self, state: State) -> State:
        """The period is over: if it ended as it began, skip its repetitions."""
        assert self.start is not None
        assert self.copies is not None
        end, start, copies = take(state), self.start, self.copies
        alike = end.now - start.now == copies.period and start.same_future(end)
        if not alike or int(state.head["period_hold_end"][0]) - start.now > copies.longest:
            return self.look(state) if self.tries < MOST_TRIES else self.stop(state)
        shift = Shift(end.boundary - start.boundary, copies.period, copies.m)
        firings = shift.iterations * state.actors["n"][state.visits["actor"]]
        nodes = state.nodes[: int(state.head["n_nodes"][0])].copy()
        n_old = int(state.head["n_old"][0])
        self.skipped = Skipped(nodes, n_old, end.roots, copies.m, copies.period, firings)
        add_sums(state, start, end, copies.m)
        add_bins(state, copies)
        move_iterations(state, shift)
        move_counts(state, shift)
        move_times(state, shift)
        return self.stop(with_new_nodes(state, self.skipped))


@dataclass(frozen=True)
class Shift:
    """m periods of `iterations` iterations and `period` fs."""

    iterations: int
    period: int
    m: int

    @property
    def by_iterations(self) -> int:
        return self.m * self.iterations

    @property
    def by_fs(self) -> int:
        return self.m * self.period


def mark_roots(state: State, roots: I64) -> None:
    """Note in every node which root it is, the first if several."""
    nodes, first = np.unique(roots, return_index=True)
    state.nodes["root"] = -1
    state.nodes["root"][nodes[nodes >= 0]] = first[nodes >= 0]


def periods_to_skip(state: State, p: int, period: int, longest: int) -> int:
    """Periods after the next that are certain to repeat it, if that one repeats the one before.

    Every actor that is not done keeps at least one iteration to issue; arrivals keep their distances; no time
    passes `MAX_TIME_FS`.
    """
    going = state.actors[~done(state)]
    iterations = len(state.iterations)
    left = (iterations - 1) * going["n"] - going["issued"]
    m = int((left // (p * going["n"])).min()) - 1
    now = int(state.head["now"][0])
    m = min(m, (MAX_TIME_FS - now - longest) // period - 1)
    arrived = int(state.head["next_arrival"][0])
    if arrived < iterations:
        arrivals = state.arrivals["value"][arrived:]
        other = np.flatnonzero(arrivals[p:] - arrivals[:-p] != period) if len(arrivals) > p else np.zeros(1)
        regular = int(other[0]) if len(other) else len(arrivals) - p
        m = min(m, (regular - 1) // p)
    return m


def add_sums(state: State, start: Snapshot, end: Snapshot, m: int) -> None:
    """Waits and stalls of the skipped periods."""
    waits = end.waits + m * (end.waits - start.waits).astype(object)
    if max(waits) > np.iinfo(np.int64).max:
        raise SimulationError("a sum of times does not fit in 64 bits; run fewer iterations")
    state.visits["wait"] = waits.astype(np.int64)
    stalls = end.stalls + m * (end.stalls - start.stalls)
    state.channels["stall_input"], state.channels["stall_room"] = stalls


def add_bins(state: State, copies: BinCopies) -> None:
    """Busy time of the skipped periods."""
    head = state.head[0]
    n_bins, n_visits = int(head["n_bins"]), int(head["n_visits"])
    histogram: I64 = state.period["value"].reshape(-1, n_visits)
    head["max_hold_end"] = max(
        int(head["max_hold_end"]), int(head["period_hold_end"]) + copies.m * copies.period
    )
    width = width_for(int(head["max_hold_end"]), n_bins)
    old = widened(state.bins["value"].reshape(n_bins, n_visits), width >> int(head["bin_shift"]), n_bins)
    new = widened(copies.bins(histogram), width // copies.width, n_bins)
    state.bins["value"] = (old + new).ravel()
    head["bin_shift"] = width.bit_length() - 1


def move_iterations(state: State, shift: Shift) -> None:
    """Begins and ends of the skipped iterations, and those in progress."""
    boundary, p, m = int(state.head["boundary"][0]), shift.iterations, shift.m
    records = state.iterations
    last = int(state.actors["issue_iteration"][~done(state)].max())
    in_progress = records[boundary : last + 1].copy()
    periods = np.arange(1, m + 1)[:, None] * shift.period
    begins = (records["begin"][boundary - p : boundary] + periods).ravel()
    records["end"][boundary : boundary + m * p] = (records["end"][boundary - p : boundary] + periods).ravel()
    records["left"][boundary : boundary + m * p] = 0
    moved = slice(boundary + m * p, boundary + m * p + len(in_progress))
    records["left"][moved] = in_progress["left"]
    if done(state).any():
        return  # an actor that is done was the first to begin every iteration
    begun = in_progress["begin"] < np.iinfo(np.int64).max
    records["begin"][boundary : boundary + m * p] = begins
    records["begin"][moved] = np.where(begun, in_progress["begin"] + shift.by_fs, in_progress["begin"])


def move_counts(state: State, shift: Shift) -> None:
    """Firings and tokens of the actors that are not done."""
    actors, channels = state.actors, state.channels
    going = ~done(state)
    n = np.where(going, shift.by_iterations * actors["n"], 0)
    for name in ("issued", "ended", "ended_before", "entered", "entered_before"):
        actors[name] += n
    for a in np.flatnonzero((actors["slots"] > 1) & going).tolist():
        ring = slice(actors["entrance_start"][a], actors["entrance_start"][a] + actors["slots"][a])
        state.entrances["index"][ring] = np.roll(state.entrances["index"][ring], n[a] % actors["slots"][a])
    for name in ("issue_iteration", "end_iteration"):
        actors[name] += np.where(going, shift.by_iterations, 0)
    tokens = np.where(going[channels["dst"]], shift.by_iterations * channels["tokens"], 0)
    for name in ("need", "need_base", "freed", "free_base", "freed_before"):
        channels[name] += tokens
    count_stores(state)
    used = state.flights["used"] > 0
    state.flights["key"][used] += n[state.flights["key"][used] >> st.FIRING_BITS]
    booked = state.bookings["state"] != st.UNUSED
    state.bookings["key"][booked] += n[state.bookings["key"][booked] >> st.FIRING_BITS]
    state.head["boundary"] += shift.by_iterations
    if state.head["next_arrival"][0] < len(state.arrivals):
        state.head["next_arrival"] += shift.by_iterations


def count_stores(state: State) -> None:
    """Bytes in the stores; what actors that are done left in them has been let go in the skipped periods."""
    channels, stores = state.channels, state.stores
    freed = channels["freed"].copy()
    np.minimum.at(freed, channels["fifo"], channels["freed"])
    first = (channels["fifo"] == np.arange(len(channels))) & (channels["store"] >= 0)
    held = np.maximum(0, state.actors["issued"][channels["src"]] - freed)
    channels["held"] = np.where(first, held, 0)
    stores["used"] = 0
    np.add.at(stores["used"], channels["store"][first], (held * channels["bytes"])[first])


def move_times(state: State, shift: Shift) -> None:
    """All that is yet to happen, and what the actors that go on did last."""
    going = ~done(state)
    for name in ("idle_since", "ended_at", "entered_at", "entrance_end"):
        state.actors[name] += np.where(going, shift.by_fs, 0)
    moved = np.where(going[state.visits["actor"]], shift.by_fs, 0)
    state.visits["latest_advance"] += moved
    state.flights["request"] += shift.by_fs
    state.servers["free_at"] += np.where(state.servers["free_at"] > state.head["now"][0], shift.by_fs, 0)
    state.bookings["end"] += np.where(state.bookings["end"] > state.head["now"][0], shift.by_fs, 0)
    state.events["time"][: int(state.head["n_heap"][0])] += shift.by_fs
    state.head["now"] += shift.by_fs
    state.head["latest_event"] += shift.by_fs


def with_new_nodes(state: State, skipped: Skipped) -> State:
    """The state with nodes that stand in for what the future may name, instead of all that led to them."""
    nodes, moved = skipped.standing_in()
    size = max(len(state.nodes), 2 * len(nodes))
    pool = np.zeros(size, st.NODE)
    pool[: len(nodes)] = nodes
    moved = np.append(moved, -1)  # index -1: none stays none
    for name in ("node", "parent"):
        state.flights[name][state.flights["used"] == 0] = -1
    for records, names in (
        (state.flights, ("node", "parent")),
        (state.visits, ("latest_node",)),
        (state.entrances, ("index",)),
        (state.servers, ("node",)),
        (state.bookings, ("node",)),
    ):
        for name in names:
            records[name] = moved[records[name]]
    state.head["n_nodes"] = len(nodes)
    state.head["n_old"] = 0
    return state.replaced(nodes=pool, forward=np.zeros(size, st.INDEX))
