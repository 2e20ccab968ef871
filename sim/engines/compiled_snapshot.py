"""The state of the compiled engine relative to now and to the iterations that are complete.

Two instants with equal snapshots have the same future, shifted in time and by whole iterations, as long as no
actor runs out of firings and the inferences to come arrive at the same distances. What cannot matter any more
is left out: when a server that is free now came free, the tokens of actors that have made all their firings.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..program import I64
from .compiled_loop import state as st
from .compiled_loop.state import Records, State

NONE = -1
KEY_MASK = (1 << st.FIRING_BITS) - 1


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What the future depends on (`relative`), and what is needed to repeat the past.

    Attributes
    ----------
    roots : I64
        Nodes that the future may name as parents, in an order that depends only on `relative`; -1 for none.
    waits, stalls : I64
        Sums so far, by visit and by channel (stalls: input and room).
    """

    now: int
    boundary: int
    relative: tuple[NDArray[np.int64], ...]
    roots: I64
    waits: I64
    stalls: I64

    def same_future(self, other: Snapshot) -> bool:
        return len(self.relative) == len(other.relative) and all(
            np.array_equal(mine, theirs) for mine, theirs in zip(self.relative, other.relative, strict=True)
        )


def done(state: State) -> NDArray[np.bool_]:
    """Actors that have made all their firings, shape (A,)."""
    return np.asarray(state.actors["ended"] == state.actors["limit"])


def take(state: State) -> Snapshot:
    """The snapshot of a state between two instants."""
    head = state.head[0]
    now, boundary = int(head["now"]), int(head["boundary"])
    flights, flight_roots = _flights(state, now, boundary)
    bookings, booking_roots = _bookings(state, now, boundary)
    late = (state.visits["latest_advance"] > now) & ~done(state)[state.visits["actor"]]
    latest_nodes = np.where(late, state.visits["latest_node"], NONE)
    roots = np.concatenate([flight_roots, booking_roots, latest_nodes]).astype(np.int64)
    lanes = _lanes(state, flights[1])
    relative = (
        _actors(state, now, boundary),
        np.maximum(state.servers["free_at"] - now, 0),
        np.stack([state.resources["n_free"], state.resources["last_lane"]]).astype(np.int64),
        _turns(state, boundary),
        np.where(late, state.visits["latest_advance"] - now, NONE),
        flights[0],
        bookings,
        lanes,
        _iterations(state, now, boundary),
        _nodes(state, roots, now, boundary),
    )
    stalls = np.stack([state.channels["stall_input"], state.channels["stall_room"]])
    return Snapshot(now, boundary, relative, roots, state.visits["wait"].copy(), stalls)


def _actors(state: State, now: int, boundary: int) -> I64:
    """Progress and since when each could have gone on; of those that are done, nothing."""
    a = state.actors
    before = boundary * a["n"]
    idle_since = a["idle_since"].copy()
    arrivals = state.arrivals["value"]
    source = (a["is_source"] > 0) & (a["issued"] < a["limit"])
    arrival = arrivals[a["issue_iteration"][source]]
    idle_since[source] = np.where(arrival <= now, np.maximum(idle_since[source], arrival), now)
    entering, in_flight = a["issued"] - a["entered"], a["issued"] - a["ended"]
    matters = (entering < a["slots"]) & (in_flight < a["window"]) & (a["issued"] < a["limit"])
    rows = np.stack(
        [
            a["issued"] - before,
            a["ended"] - before,
            entering,
            np.where(matters, now - idle_since, 0),
        ]
    )
    rows[:, done(state)] = NONE
    arrived = int(state.head["next_arrival"][0])
    ahead = arrived - boundary if arrived < len(arrivals) else NONE
    return np.append(rows.ravel(), ahead).astype(np.int64)


def _flights(state: State, now: int, boundary: int) -> tuple[tuple[I64, I64], I64]:
    """Flights and events, in the order of actor and firing; that order; and their roots."""
    heap = state.events[: int(state.head["n_heap"][0])]
    of = heap["code"] & 3
    entrances = heap[of == st.FIRST_HOLD]
    entrances = entrances[np.lexsort((entrances["time"], entrances["code"]))]
    moving = heap[(of == st.ADVANCE) | (of == st.FIRST_HOLD_AND_ADVANCE)]
    used = np.flatnonzero(state.flights["used"])
    when = np.full(len(state.flights), NONE, np.int64)
    kind = np.full(len(state.flights), NONE, np.int64)
    when[moving["code"] >> 2] = moving["time"] - now
    kind[moving["code"] >> 2] = moving["code"] & 3
    used = used[np.argsort(state.flights["key"][used])]
    f = state.flights[used]
    moves = kind[used] >= 0
    actor = f["key"] >> st.FIRING_BITS
    rows = [
        actor,
        (f["key"] & KEY_MASK) - boundary * state.actors["n"][actor],
        f["visit"],
        when[used],
        kind[used],
        np.where(moves, NONE, now - f["request"]),
        np.where(moves, f["cause"], NONE),
    ]
    entrance = [entrances["code"] >> 2, entrances["time"] - now]
    content = np.concatenate([np.stack(rows).ravel(), np.stack(entrance).ravel()]).astype(np.int64)
    busy = state.servers["free_at"] > now
    roots = [
        np.where(moves, f["node"], NONE),
        np.where(moves, f["parent"], NONE),
        _entrance_nodes(state),
        np.where(busy, state.servers["node"], NONE),
    ]
    return (content, used.astype(np.int64)), np.concatenate(roots).astype(np.int64)


def _bookings(state: State, now: int, boundary: int) -> tuple[I64, I64]:
    """Bookings that have not ended, by place, actor, firing and visit; and their roots."""
    b = state.bookings
    b = b[(b["state"] != st.UNUSED) & (b["end"] > now)]
    b = b[np.lexsort((b["visit"], b["key"], b["place"], b["state"]))]
    actor = b["key"] >> st.FIRING_BITS
    firing = (b["key"] & KEY_MASK) - boundary * state.actors["n"][actor]
    rows = np.stack([b["state"], b["place"], b["end"] - now, actor, firing, b["visit"]])
    return rows.ravel().astype(np.int64), b["node"].astype(np.int64)


def _turns(state: State, boundary: int) -> I64:
    """Whose turn it is when an iteration begins, of each visit that takes servers in turn."""
    visits = state.visits[state.visits["group_end"] > state.visits["group_start"]]
    visits = visits[~done(state)[visits["actor"]]]
    turn = state.group["turn"][visits["group_start"]]
    n = state.actors["n"][visits["actor"][turn >= 0]]
    turns = state.turns[turn[turn >= 0]]
    return np.asarray(boundary * n % turns["n"] * turns["step"] % turns["n"], np.int64)


def _entrance_nodes(state: State) -> I64:
    """What the ends of the first holds that are yet to end will be put down to, in order."""
    nodes = state.entrances["index"]
    places = [
        start + k % slots
        for start, slots, entered, issued in state.actors[
            ["entrance_start", "slots", "entered", "issued"]
        ].tolist()
        for k in range(entered, issued)
    ]
    return np.asarray(nodes[np.array(places, np.int64)], np.int64)


def _lanes(state: State, order: I64) -> I64:
    """Who stands in each lane, as positions in the order of the flights; -1 ends a lane."""
    position = {int(i): x for x, i in enumerate(order)}
    widest = int(state.head["widest_group"][0])
    lane_of = state.group["lane"]
    sequence: list[int] = []
    for lane in np.flatnonzero(state.lanes["head"] >= 0).tolist():
        i = int(state.lanes["head"][lane])
        sequence.append(lane)
        while i >= 0:
            sequence.append(position[i])
            visit = state.visits[state.flights["visit"][i]]
            members = range(int(visit["group_start"]), int(visit["group_end"]))
            x = next(x for x in members if lane_of[x] == lane)
            i = int(state.links["index"][i * widest + x - members.start])
        sequence.append(NONE)
    return np.array(sequence, np.int64)


def _iterations(state: State, now: int, boundary: int) -> I64:
    """Begin of the iterations in progress, and how many actors have not ended them."""
    if done(state).any():
        return np.zeros(0, np.int64)  # an actor that is done has begun them all: nothing changes any more
    last = int(state.actors["issue_iteration"].max())
    progress = state.iterations[boundary : last + 1]
    begun = progress["begin"] < np.iinfo(np.int64).max
    return np.concatenate([np.where(begun, now - progress["begin"], NONE), progress["left"]]).astype(np.int64)


def _nodes(state: State, roots: I64, now: int, boundary: int) -> I64:
    """What each root is, relative, and which of them are the same node: the first root that each is equal to.

    A spread visit that took its resources one after the other has several nodes, which may look alike.
    """
    node: Records = state.nodes[np.maximum(roots, 0)]
    n = state.actors["n"][state.visits["actor"][node["visit"]]]
    _, first, which = np.unique(roots, return_index=True, return_inverse=True)
    rows = np.stack(
        [node["visit"], node["firing"] - boundary * n, node["begin"] - now, node["cause"], first[which]]
    )
    rows[:, roots < 0] = NONE
    return rows.astype(np.int64)
