"""The event loop: instant after instant, what ends or arrives, what is issued, what is granted."""

from __future__ import annotations

from .begin import (
    FIRING_MASK,
    begin_booked,
    begin_in_slot,
    begin_on_one_server,
    begin_visit,
    end_flight,
    free_servers,
)
from .heap import pop
from .issue import let_go, touch, try_to_issue
from .kernel import kernel
from .path import drop_dead_nodes
from .queues import join, search_queues
from .state import (
    ADVANCE,
    BOOKED,
    FINISHED,
    FIRING_BITS,
    FIRST_HOLD,
    HOLD_END,
    MORE_FLIGHTS,
    MORE_NODES,
    NO_RESOURCE,
    ONE_SERVER,
    PAUSED,
    SLOTTED,
    STUCK,
    TOO_LATE,
    State,
)


@kernel
def first_hold_ends(s: State, a: int) -> None:
    actor = s.actors[a]
    actor.entrance_free = 1
    actor.idle_since = s.clock[0].now
    touch(s, a)
    if not actor.release_end:
        let_go(s, a)


@kernel
def firing_ends(s: State, i: int) -> None:
    clock = s.clock[0]
    now = clock.now
    flight = s.flights[i]
    a = flight.key >> FIRING_BITS
    actor = s.actors[a]
    if actor.ended_at != now:
        actor.ended_at = now
        actor.ended_before = actor.ended
        actor.last_ended = -1
    actor.ended += 1
    ended = s.ended[clock.n_ended]
    ended.firing = flight.key & FIRING_MASK
    ended.node = flight.node
    ended.previous = actor.last_ended
    actor.last_ended = clock.n_ended
    clock.n_ended += 1
    if clock.keep_firings:
        s.firings[actor.firing_start + ended.firing].end_fs = now
    if actor.release_end:
        let_go(s, a)
    for x in range(actor.out_start, actor.out_end):
        channel = s.channels[s.out_channel[x]]
        if channel.need == actor.ended:
            touch(s, channel.dst)
    end_flight(s, i)
    actor.end_left -= 1
    if actor.end_left == 0:
        iteration_ends(s, a)


@kernel
def iteration_ends(s: State, a: int) -> None:
    """Actor a has made all its firings of an iteration."""
    clock = s.clock[0]
    actor = s.actors[a]
    iteration = s.iterations[actor.end_iteration]
    iteration.end = clock.now
    iteration.left -= 1
    if iteration.left == 0:
        clock.boundary += 1
        clock.is_boundary = 1
    actor.end_iteration += 1
    actor.end_left = actor.n
    if actor.ended == actor.limit:
        clock.n_finished += 1


@kernel
def advances(s: State, i: int) -> None:
    """A visit of flight i lets the firing go on."""
    flight = s.flights[i]
    if s.visits[flight.visit].is_last:
        firing_ends(s, i)
        return
    flight.visit += 1
    flight.request = s.clock[0].now
    s.requests[s.clock[0].n_requests] = i
    s.clock[0].n_requests += 1


@kernel
def happens(s: State, code: int) -> None:
    """One event of phase 1."""
    kind = code & 3
    i = code >> 2
    if kind == FIRST_HOLD:
        first_hold_ends(s, i)
    elif kind == HOLD_END:
        hold = s.flights[i]
        free_servers(s, hold.visit, hold.key, hold.by, hold.node)
        end_flight(s, i)
    else:
        if kind != ADVANCE:
            first_hold_ends(s, s.flights[i].key >> FIRING_BITS)
        advances(s, i)


@kernel
def inferences_arrive(s: State) -> None:
    clock = s.clock[0]
    while clock.next_arrival < len(s.arrivals) and s.arrivals[clock.next_arrival] == clock.now:
        clock.next_arrival += 1
    for a in range(len(s.actors)):
        if s.actors[a].is_source:
            touch(s, a)


@kernel
def sort_requests(s: State) -> None:
    """By (actor, firing), which is unique: Shell sort, since there are mostly one or two."""
    n = s.clock[0].n_requests
    gap = 1
    while gap * 3 < n:
        gap = gap * 3 + 1
    while gap > 0:
        for x in range(gap, n):
            i = s.requests[x]
            key = s.flights[i].key
            y = x
            while y >= gap and s.flights[s.requests[y - gap]].key > key:
                s.requests[y] = s.requests[y - gap]
                y -= gap
            s.requests[y] = i
        gap //= 3


@kernel
def request(s: State, i: int) -> None:
    """A request joins: without a queue it learns at once when its visit begins."""
    flight = s.flights[i]
    kind = s.visits[flight.visit].kind
    if kind == ONE_SERVER:
        begin_on_one_server(s, i)
    elif kind == BOOKED:
        begin_booked(s, i)
    elif kind == NO_RESOURCE:
        begin_visit(s, i, flight.request, flight.cause, flight.parent)
    elif kind == SLOTTED:
        begin_in_slot(s, i)
    else:
        join(s, i)


@kernel
def next_instant(s: State) -> int:
    """When something happens next; -1 for never."""
    clock = s.clock[0]
    if clock.now < 0:
        return 0
    time = -1
    if clock.n_heap > 0:
        time = s.events[0].time
    if clock.next_arrival < len(s.arrivals):
        arrival = s.arrivals[clock.next_arrival]
        if time < 0 or arrival < time:
            time = arrival
    return time


@kernel
def run_instant(s: State) -> None:
    """The three phases of the instant `clock.now`."""
    clock = s.clock[0]
    now = clock.now
    while clock.n_heap > 0 and s.events[0].time == now:
        code = s.events[0].code
        pop(s.events, clock.n_heap)
        clock.n_heap -= 1
        clock.n_events += 1
        happens(s, code)
    if clock.next_arrival < len(s.arrivals) and s.arrivals[clock.next_arrival] == now:
        inferences_arrive(s)
    for x in range(clock.n_touched):
        s.actors[s.touched[x]].touched = 0
        try_to_issue(s, s.touched[x])
    sort_requests(s)
    for x in range(clock.n_requests):
        request(s, s.requests[x])
    search_queues(s)
    clock.n_ended = 0
    clock.n_requests = 0
    clock.n_touched = 0


@kernel
def lacks_space(s: State) -> int:
    """Whether an instant might need more nodes or flights than there are; PAUSED if not."""
    clock = s.clock[0]
    most = clock.n_flights + len(s.actors)  # visits that may begin in one instant
    if 3 * most > len(s.flights):
        return MORE_FLIGHTS
    if clock.n_nodes + most > len(s.nodes):
        drop_dead_nodes(s)
        if 2 * clock.n_nodes + most > len(s.nodes):
            return MORE_NODES
    return PAUSED


@kernel
def run_instants(s: State) -> int:
    """Run until something needs Python; returns why. State and time stay consistent: call again to go on."""
    clock = s.clock[0]
    stop = clock.n_events + clock.max_events
    while clock.n_events < stop:
        lack = lacks_space(s)
        if lack != PAUSED:
            return lack
        time = next_instant(s)
        if time < 0:
            return FINISHED if clock.n_finished == len(s.actors) else STUCK
        clock.now = time
        run_instant(s)
        if clock.late_flight >= 0:
            return TOO_LATE
    return PAUSED
