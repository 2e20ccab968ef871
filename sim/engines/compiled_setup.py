"""A Program as the records of the compiled engine, at time 0."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import SimulationError
from ..kernels.records import RecordType
from ..program import I64, Arbitration, Program
from .compiled_loop import state as st
from .compiled_loop.state import Records, State
from .result import FIRING_DTYPE

FIRST_NODES = 1 << 12
FIRST_FLIGHTS = 64
FIRST_BOOKINGS = 64
"""Room at first; the tables grow as needed."""

CACHE_LINE = 64

NO_TIME = -1
NEVER = np.iinfo(np.int64).max


def initial_state(program: Program, iterations: int, arrivals: I64, n_bins: int, keep_firings: bool) -> State:
    """Allocate and fill all arrays.

    Raises
    ------
    SimulationError
        If the order key of actor and firing does not fit in 64 bits.
    """
    limit = check_size(program, iterations)
    visits = visit_records(program)
    lanes, group, resources, turns = queue_records(program)
    cursors = cursor_records(program)
    head = head_record(program, n_bins, keep_firings)
    head["most_nodes"] = head["widest_group"] + longest_run(visits["runs_on"])
    visits["hold"] = cursors["value"][: len(visits)]
    visits["advance"] = cursors["value"][len(visits) : 2 * len(visits)]
    visits["hold_varies"] = cursors["varies"][: len(visits)]
    visits["advance_varies"] = cursors["varies"][len(visits) : 2 * len(visits)]
    actors = actor_records(program, limit)
    n_flights = max(FIRST_FLIGHTS, 8 * len(actors))
    n_nodes = max(FIRST_NODES, 4 * len(actors))
    n_bookings = max(FIRST_BOOKINGS, 2 * len(actors)) if head["books"][0] else 0
    n_entrances = int(actors["slots"].sum())
    n_kept = int(limit.sum()) if keep_firings else 0
    widest_group = int(head["widest_group"][0])
    tables: dict[str, Records] = {
        "events": empty_heap(n_flights + n_entrances + n_bookings),
        "flights": free_records(st.FLIGHT, 0, n_flights),
        "nodes": np.zeros(n_nodes, st.NODE),
        "forward": np.zeros(n_nodes, st.INDEX),
        "actors": actors,
        "visits": visits,
        "entrances": indices(np.full(n_entrances, -1)),
        "channels": channel_records(program, cursors),
        "stores": np.zeros(program.n_stores, st.STORE),
        "cursors": cursors,
        "table": numbers(program.table),
        "in_channel": indices(program.in_channel),
        "out_channel": indices(program.out_channel),
        "group": group,
        "resources": resources,
        "servers": server_records(program),
        "turns": turns,
        "pools": pool_records(program),
        "bookings": free_records(st.BOOKING, 0, n_bookings),
        "lanes": lanes,
        "links": np.zeros(n_flights * widest_group, st.INDEX),
        "requests": np.zeros(n_flights, st.INDEX),
        "sends": np.zeros(0, st.SEND),
        "flows": np.zeros(0, st.FLOW),
        "sent": np.zeros(n_flights, st.INDEX),
        "parked": np.zeros(n_flights, st.INDEX),
        "touched": indices(np.arange(len(actors))),
        "ended": np.zeros(n_flights, st.ENDED),
        "changed": np.zeros(len(resources), st.INDEX),
        "ready": empty_heap(n_flights),
        "iterations": iteration_records(iterations, len(actors)),
        "arrivals": numbers(arrivals),
        "waits_for_arrivals": indices(np.flatnonzero(actors["is_source"])),
        "bins": np.zeros(n_bins * len(visits), st.NUMBER),
        "firings": np.zeros(n_kept, FIRING_DTYPE),
        "seen": np.zeros(1, st.SEEN),
        "breaks": np.zeros(0, st.NUMBER),
        "period": np.zeros(0, st.NUMBER),
    }
    return State(head, tables)


def in_cache_lines(n: int, record: np.dtype[np.void]) -> Records:
    """Records of 64 bytes, all 0, none of which lies in two cache lines: visits are met in no order."""
    assert record.itemsize == CACHE_LINE
    room = np.zeros((n + 1) * CACHE_LINE, np.uint8)
    first = -room.ctypes.data % CACHE_LINE
    return room[first : first + n * CACHE_LINE].view(record)


def numbers(values: I64) -> Records:
    return np.ascontiguousarray(values, np.int64).view(st.NUMBER)


def indices(values: I64) -> Records:
    return values.astype(np.int32).view(st.INDEX)


def check_size(program: Program, iterations: int) -> I64:
    """Firings of each actor in all iterations, shape (A,)."""
    most = iterations * int(program.actor_firings.max())
    if most >= 1 << st.FIRING_BITS or program.n_actors >= 1 << (63 - st.FIRING_BITS):
        raise SimulationError(
            f"{program.n_actors} actors, one of them firing {most} times, are more than the compiled engine "
            f"counts ({1 << (63 - st.FIRING_BITS)} actors, {1 << st.FIRING_BITS} firings)"
        )
    return np.asarray(iterations * program.actor_firings, np.int64)


def head_record(program: Program, n_bins: int, keep_firings: bool) -> Records:
    head = np.zeros(1, st.HEAD)
    head["n_visits"] = program.n_visits
    head["n_channels"] = program.n_channels
    head["n_bins"] = n_bins
    head["now"] = NO_TIME
    head["n_touched"] = program.n_actors  # every actor is tried at time 0
    head["late_flight"] = -1
    head["keep_firings"] = keep_firings
    head["widest_group"] = max(1, int(np.diff(program.visit_resource_start).max()))
    head["in_turn"] = program.visit_turn_step.any()
    head["books"] = (pooled(program) | program.resource_queued).any()
    return head


def free_records(kind: RecordType, first: int, n: int) -> Records:
    """n unused records with indices from `first` on, linked in order; the last has no next."""
    records = np.zeros(n, kind)
    records["next"] = np.arange(first + 1, first + n + 1)
    records["next"][-1:] = -1
    return records


def empty_heap(n: int) -> Records:
    """Room for n entries, and for those that stand behind the last; see `compiled_loop/heap.py`."""
    heap = np.zeros(n + 5, st.EVENT)
    heap["time"] = NEVER
    return heap


def actor_records(p: Program, limit: I64) -> Records:
    actors = np.zeros(p.n_actors, st.ACTOR)
    actors["limit"] = limit
    actors["n"] = actors["issue_left"] = actors["end_left"] = p.actor_firings
    actors["ended_at"] = actors["entered_at"] = NO_TIME
    actors["slots"] = np.minimum(p.actor_slots, limit)
    actors["entrance_start"] = np.cumsum(actors["slots"]) - actors["slots"]
    actors["window"] = np.where(p.actor_window > 0, p.actor_window, NEVER)
    actors["in_start"], actors["in_end"] = p.in_start[:-1], p.in_start[1:]
    actors["out_start"], actors["out_end"] = p.out_start[:-1], p.out_start[1:]
    actors["first_visit"], actors["last_visit"] = p.actor_visit_start[:-1], p.actor_visit_start[1:] - 1
    actors["last_ended"] = -1
    fed = np.zeros(p.n_actors, bool)
    fed[p.channel_dst[p.channel_src != p.channel_dst]] = True
    actors["is_source"] = ~fed
    actors["touched"] = 1
    actors["firing_start"] = np.cumsum(limit) - limit
    return actors


def visit_records(p: Program) -> Records:
    visits = in_cache_lines(p.n_visits, st.VISIT)
    visits["latest_advance"] = NO_TIME
    visits["actor"] = p.visit_actor()
    visits["latest_node"] = -1
    start, end = p.visit_resource_start[:-1], p.visit_resource_start[1:]
    visits["group_start"], visits["group_end"] = start, end
    visits["is_first"][p.actor_visit_start[:-1]] = 1
    visits["is_last"][p.actor_visit_start[1:] - 1] = 1
    visits["spread"] = p.visit_spread
    some = np.flatnonzero(end > start)
    first = p.visit_resource[start[some]]
    single = (end - start)[some] == 1
    plain = single & (p.resource_servers[first] == 1) & (p.visit_resource_hold_fs[start[some]] == 0)
    any_of = np.zeros(p.n_visits, bool)
    member_visit = np.repeat(np.arange(p.n_visits), end - start)
    any_of[member_visit[p.resource_servers[p.visit_resource] > 1]] = True
    kind = np.where(plain, st.ONE_SERVER, np.where(any_of[some], st.ANY_SERVERS, st.SINGLE_SERVERS))
    kind[p.resource_queued[first]] = st.QUEUED
    visits["kind"][some] = kind
    if p.flit is not None:
        visits["kind"][list(p.flit.flows)] = st.FLITS
    visits["server"][some] = server_start(p)[first]
    visits["runs_on"][:-1] = (own_visits(p, visits["kind"]) & (visits["is_first"] == 0))[1:]
    return visits


def own_visits(p: Program, kind: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Visits that no other visit can delay: of no resource, or of a server of their own, shape (V,)."""
    users = np.bincount(p.visit_resource, minlength=p.n_resources)
    own = np.asarray(kind == st.NO_RESOURCE)
    single = np.flatnonzero(kind == st.ONE_SERVER)
    own[single] = users[p.visit_resource[p.visit_resource_start[single]]] == 1
    return own


def longest_run(runs_on: NDArray[np.uint8]) -> int:
    """Most visits in a row after each of which the firing goes on at once."""
    ends = np.flatnonzero(np.concatenate([[0], runs_on, [0]]) == 0)
    return int(np.diff(ends).max()) - 1


def in_turn(p: Program) -> NDArray[np.bool_]:
    """Resources whose servers are taken in turn, shape (R,)."""
    found = np.zeros(p.n_resources, bool)
    found[p.visit_resource[np.repeat(p.visit_turn_step > 0, np.diff(p.visit_resource_start))]] = True
    return found


def pooled(p: Program) -> NDArray[np.bool_]:
    """Booked resources of several servers, any of which will do, shape (R,)."""
    return np.asarray((p.resource_servers > 1) & ~in_turn(p) & ~p.resource_queued)


def single_servers(p: Program) -> I64:
    """Servers of each resource that have records of their own, shape (R,)."""
    return np.where(in_turn(p), p.resource_servers, 1)


def server_start(p: Program) -> I64:
    """First of those servers, shape (R,)."""
    n = single_servers(p)
    return np.asarray(np.cumsum(n) - n, np.int64)


def server_records(p: Program) -> Records:
    servers = np.zeros(int(single_servers(p).sum()), st.SERVER)
    servers["node"] = -1
    return servers


def pool_records(p: Program) -> Records:
    n = p.resource_servers[pooled(p)]
    pools = np.zeros(len(n), st.POOL)
    pools["n_free"] = n
    pools["first"] = -1
    return pools


def cursor_records(p: Program) -> Records:
    """V holds, V advances, C needs, C frees, each at its first value."""
    index = np.concatenate([p.visit_hold, p.visit_advance, p.channel_need, p.channel_free])
    per_visit = p.actor_firings[p.visit_actor()]
    per_channel = p.actor_firings[p.channel_dst]
    cursors = np.zeros(len(index), st.CURSOR)
    cursors["n"] = cursors["left"] = np.concatenate([per_visit, per_visit, per_channel, per_channel])
    cursors["row"] = cursors["row_start"] = p.schedule_row_start[index]
    cursors["col"] = cursors["col_start"] = p.schedule_col_start[index]
    cursors["varies"] = p.schedule_cols[index] > 0
    cursors["col_end"] = p.schedule_col_start[index] + np.maximum(1, p.schedule_cols[index])
    cursors["value"] = p.table[cursors["row"]] + np.where(cursors["varies"], p.table[cursors["col"]], 0)
    return cursors


def channel_records(p: Program, cursors: Records) -> Records:
    channels = np.zeros(p.n_channels, st.CHANNEL)
    first = 2 * p.n_visits
    channels["need"] = cursors["value"][first : first + p.n_channels]
    channels["freed_at"] = NO_TIME
    channels["capacity"] = p.channel_capacity
    channels["tokens"] = p.actor_firings[p.channel_src]
    channels["src"], channels["dst"] = p.channel_src, p.channel_dst
    channels["bytes"], channels["store"], channels["fifo"] = p.channel_bytes, p.channel_store, p.channel_fifo
    order = np.argsort(p.channel_fifo, kind="stable")
    follows = p.channel_fifo[order[1:]] == p.channel_fifo[order[:-1]]
    channels["next_reader"] = -1
    channels["next_reader"][order[:-1][follows]] = order[1:][follows]
    return channels


def queue_records(p: Program) -> tuple[Records, Records, Records, Records]:
    """Lanes of the queues, the resources of each visit, all resources, and the turns that visits take."""
    resources = np.zeros(p.n_resources, st.RESOURCE)
    resources["freed_at"] = resources["granted_at"] = NO_TIME
    resources["n_free"] = p.resource_servers
    resources["cyclic"] = p.resource_arbitration == Arbitration.ROUND_ROBIN
    resources["by_age"] = p.resource_arbitration == Arbitration.AGE
    # A lane is a (resource, rank) pair: the rank is 0 or the stream.
    visit = np.repeat(np.arange(p.n_visits), np.diff(p.visit_resource_start))
    arbitration = p.resource_arbitration[p.visit_resource]
    rank = np.where(arbitration == Arbitration.ROUND_ROBIN, p.actor_stream[p.visit_actor()[visit]], 0)
    pairs, group_lane = np.unique(np.stack([p.visit_resource, rank]), axis=1, return_inverse=True)
    resources["lane_start"] = np.searchsorted(pairs[0], np.arange(p.n_resources))
    resources["lane_end"] = np.searchsorted(pairs[0], np.arange(p.n_resources), side="right")
    resources["last_lane"] = resources["lane_end"] - 1
    lanes = np.full(pairs.shape[1], -1, st.LANE)
    group = np.zeros(len(p.visit_resource), st.MEMBER)
    group["resource"] = p.visit_resource
    group["hold"] = p.visit_resource_hold_fs
    group["lane"] = group_lane.ravel()
    group["server"] = server_start(p)[p.visit_resource]
    group["pool"] = np.where(pooled(p), np.cumsum(pooled(p)) - 1, -1)[p.visit_resource]
    step = p.visit_turn_step[visit]
    n_turns = p.resource_servers[p.visit_resource]
    position = np.arange(len(visit)) - p.visit_resource_start[visit]
    group["turn"] = np.where(step > 0, np.cumsum(step > 0) - 1, -1)
    turns = np.zeros(len(visit), st.TURN)
    turns["n"], turns["step"] = n_turns, step % n_turns
    turns["offset"] = (p.visit_turn_offset[visit] + position) % n_turns
    return lanes, group, resources, turns[step > 0]


def iteration_records(iterations: int, n_actors: int) -> Records:
    records = np.zeros(iterations, st.ITERATION)
    records["begin"] = NEVER
    records["left"] = n_actors
    return records
