"""Everything that changes during a run of the compiled engine, as arrays of records.

A record is one thing of the simulation (an actor, a visit of its chain, a channel) in one or two cache lines.
Indices of other records are int32 with -1 for none. Times are in fs.
"""

from __future__ import annotations

from typing import ClassVar

from ...kernels.records import Head, Records, RecordType, Tables, head_record, record
from ..result import FIRING_DTYPE

__all__ = ["HEAD", "TABLES", "Head", "Records", "State"]

# How a visit gets its resources.
NO_RESOURCE, ONE_SERVER, SINGLE_SERVERS, ANY_SERVERS, QUEUED, FLITS = range(6)

# What an event of the heap is; the rest of its code is the flight, the actor (FIRST_HOLD) or the booking
# (HOLD_END).
ADVANCE, FIRST_HOLD, FIRST_HOLD_AND_ADVANCE, HOLD_END = range(4)

# What a booking is.
UNUSED, IN_POOL, IN_QUEUE = range(3)

# Why the loop came back to Python.
PAUSED, FINISHED, STUCK, MORE_NODES, MORE_FLIGHTS, MORE_BOOKINGS, TOO_LATE, REPEATED, PERIOD_OVER = range(9)
FOR_ROUTERS = MORE_SLOTS, MORE_MESSAGES, ROUTERS_STUCK, ROUTERS_BROKEN = range(9, 13)

# What it does at the end of an iteration.
NOT_LOOKING, LOOKING, IN_PERIOD = range(3)

FIRING_BITS = 43
"""Order keys are actor << FIRING_BITS | firing."""

EVENT = record(time="i8", code="i8")
FLIGHT = record(
    key="i8",  # order key: actor and firing
    request="i8",  # of a visit through routers, in the end: when its last flit arrived
    visit="i4",
    node="i4",  # of the current visit, once begun
    cause="i4",  # why the next request begins, unless it has to wait
    parent="i4",
    n_missing="i4",  # resources that a visit in queues has not been granted; messages that have not arrived
    next="i4",  # free list
    ready="u1",  # in the heap of grantable requests
    runs_on="u1",  # it has gone on to its next visit, which it has not asked for
    used="u1",
)
NODE = record(
    begin="i8",
    firing="i8",
    parent="i4",
    visit="i4",
    cause="i4",
    root="i4",  # which root it was at the start of the period that is being recorded, -1 for none
)
ACTOR = record(
    issued="i8",
    ended="i8",
    limit="i8",
    n="i8",
    issue_left="i8",  # firings still to issue, to end, in the current iteration
    end_left="i8",
    issue_iteration="i8",
    end_iteration="i8",
    idle_since="i8",  # when the entrance and the window last let a firing in, or one was issued
    entered="i8",  # first holds that have ended, the latest instant when one did, and the count before it
    entered_at="i8",
    entered_before="i8",
    entrance_end="i8",  # of the first hold that was the last to begin, in order
    slots="i8",  # firings that may be in their first hold, and in flight
    window="i8",
    first_begin="i8",
    ended_at="i8",  # instant of the latest end, and the count before it
    ended_before="i8",
    in_start="i4",
    in_end="i4",
    out_start="i4",
    out_end="i4",
    first_visit="i4",
    last_visit="i4",
    last_ended="i4",  # in the list of firings that ended at `ended_at`
    entrance_start="i4",  # in the table of entrances
    is_source="u1",
    touched="u1",
    firing_start="i8",  # in the table of kept firings
)
VISIT = record(
    hold="i8",  # of the next firing to begin
    advance="i8",
    wait="i8",
    latest_advance="i8",
    actor="i4",
    latest_node="i4",
    server="i4",  # of FLITS: what it sends
    group_start="i4",
    group_end="i4",
    kind="u1",
    is_first="u1",
    is_last="u1",
    spread="u1",
    runs_on="u1",  # nobody can come between this visit and the next: the firing goes on at once
    hold_varies="u1",
    advance_varies="u1",
)
CHANNEL = record(
    need="i8",  # tokens that the consumer's next firing needs, cumulative
    need_base="i8",
    freed="i8",
    free_base="i8",
    freed_at="i8",
    freed_before="i8",
    capacity="i8",
    tokens="i8",  # per iteration
    stall_input="i8",
    stall_room="i8",
    peak="i8",
    bytes="i8",  # of a token
    held="i8",  # tokens of the FIFO in its store, at its first channel
    src="i4",
    dst="i4",
    store="i4",
    fifo="i4",  # its first channel
    next_reader="i4",  # of the FIFO
)
STORE = record(used="i8", peak="i8")
CURSOR = record(
    value="i8",
    left="i8",  # firings left in this iteration, this one included
    n="i8",
    row="i4",
    col="i4",
    row_start="i4",
    col_start="i4",
    col_end="i4",
    varies="u1",
)
MEMBER = record(
    hold="i8",  # of a spread visit on this resource; 0 for the hold of the visit
    resource="i4",
    lane="i4",  # of the resource's queue that the visit joins
    server="i4",  # the only one of the resource, or the first that are taken in turn
    pool="i4",  # of the resource if it has one, else -1
    turn="i4",  # record of its turns if its servers are taken in turn, else -1
)
TURN = record(n="i8", step="i8", offset="i8")  # server (offset + firing * step) % n
POOL = record(n_free="i8", first="i4")  # of any servers: how many are free, and the booking that ends first
BOOKING = record(
    end="i8",  # the smallest (end, key, visit) comes first
    key="i8",
    visit="i4",
    node="i4",
    place="i4",  # IN_POOL: the pool; IN_QUEUE: the resource
    child="i4",  # of the pairing heap of the pool
    next="i4",  # sibling, or of the free list
    state="u1",
)
SERVER = record(free_at="i8", node="i4")
RESOURCE = record(
    freed_at="i8",
    freed_key="i8",
    granted_at="i8",
    freed_visit="i4",
    freed_node="i4",
    granted_node="i4",
    n_free="i4",
    n_waiting="i4",
    lane_start="i4",
    lane_end="i4",
    last_lane="i4",
    cyclic="u1",
    by_age="u1",
    changed="u1",
)
SEND = record(n_complete="i8", first="i4", end="i4")  # firings that arrived in order; the flows of each
FLOW = record(src="i4", route="i4", n_flits="i4", packet="i4", copies="i4")
INDEX = record(index="i4")
NUMBER = record(value="i8")
LANE = record(head="i4", tail="i4")
ENDED = record(firing="i8", node="i4", previous="i4")
SEEN = record(hash="i8", boundary="i8", time="i8")
ITERATION = record(begin="i8", end="i8", left="i8")

TABLES: dict[str, RecordType] = {
    "events": EVENT,  # 4-ary heap
    "flights": FLIGHT,
    "nodes": NODE,  # visits that began and may be on the critical path, in the order of their grants
    "forward": INDEX,  # scratch of the collection of dead nodes, one per node
    "actors": ACTOR,
    "visits": VISIT,
    "entrances": INDEX,  # node that the end of a first hold is put down to, by actor, firing modulo slots
    "channels": CHANNEL,
    "stores": STORE,
    "cursors": CURSOR,  # where schedules are being read: V holds, V advances, C needs, C frees
    "table": NUMBER,
    "in_channel": INDEX,
    "out_channel": INDEX,
    "group": MEMBER,  # resources of each visit, visit after visit
    "resources": RESOURCE,
    "servers": SERVER,  # of resources with one server, and of those whose servers are taken in turn
    "turns": TURN,
    "pools": POOL,
    "bookings": BOOKING,
    "lanes": LANE,
    "links": INDEX,  # next in the lane, by flight and position in the group
    "requests": INDEX,  # flights that request at this instant
    "sends": SEND,  # of visits through routers
    "flows": FLOW,
    "sent": INDEX,  # flights that sent at this instant
    "parked": INDEX,  # flights whose flits arrived before those of the firing before
    "touched": INDEX,  # actors to be tried at this instant
    "ended": ENDED,  # firings that ended at this instant
    "changed": INDEX,  # queued resources to be searched at this instant
    "ready": EVENT,  # 4-ary heap of grantable requests, by order key
    "iterations": ITERATION,
    "arrivals": NUMBER,
    "waits_for_arrivals": INDEX,  # the sources
    "bins": NUMBER,  # busy time, n_bins x V
    "firings": FIRING_DTYPE,
    "seen": SEEN,  # hash table of the states at boundaries; boundary -1: no entry
    "breaks": NUMBER,  # ends of the intervals of a period in which busy time is counted, ascending
    "period": NUMBER,  # busy time of one period, (breaks + 1) x V
}

HEAD = head_record(
    TABLES,
    n_visits="i8",
    n_channels="i8",
    n_bins="i8",
    now="i8",
    latest_event="i8",  # instant at which something last happened to an actor
    cycle_fs="i8",  # clock of the routers
    max_events="i8",  # events until the loop pauses
    n_events="i8",
    next_arrival="i8",
    max_hold_end="i8",
    n_finished="i8",  # actors that made all their firings
    boundary="i8",  # iterations that every actor has finished
    repeat_of="i8",  # an earlier boundary that looked like this one, and its time
    repeat_time="i8",
    stop_boundary="i8",  # where the period that is being recorded ends
    period_start="i8",
    period_hold_end="i8",  # end of the latest hold of the period
    n_heap="i4",
    n_ready="i4",
    n_flights="i4",  # in use
    free_flight="i4",  # first of the free list
    n_bookings="i4",
    free_booking="i4",
    n_nodes="i4",
    n_requests="i4",
    n_sent="i4",
    n_parked="i4",
    n_in_network="i4",  # visits that are not complete
    n_touched="i4",
    n_ended="i4",
    n_changed="i4",
    n_seen="i4",
    n_old="i4",  # nodes from before the period
    bin_shift="i4",  # log2 of the width of a bin
    widest_group="i4",  # most resources that one visit occupies
    most_nodes="i4",  # that one firing may have in one instant
    late_flight="i4",  # the first that would pass MAX_TIME_FS
    in_turn="u1",  # some servers are taken in turn
    books="u1",  # some resources keep bookings: those with pools and with queues
    is_boundary="u1",  # an iteration ended for good at this instant
    watch="u1",
    keep_firings="u1",
    keep_path="u1",
    first_is_over="u1",  # the first entry of the heap has happened; what comes next may take its place
    overflow="u1",  # a sum of times did not fit in 64 bits
)


class State(Tables):
    """The head and the tables of a run."""

    types: ClassVar = TABLES
