"""The event loop: instant after instant, what ends or arrives, what is issued, what is granted."""

from __future__ import annotations

from ...kernels.record_code import kernel
from .access import (
    actors,
    arrivals,
    channels,
    ended,
    event_at,
    firings,
    flights,
    iterations,
    out_channel,
    requests,
    touched,
    visits,
    waits_for_arrivals,
)
from .begin import FIRING_MASK, end_flight
from .booking import request
from .heap import pop, second
from .issue import let_go, touch, try_to_issue
from .path import drop_dead_nodes
from .queues import hold_ends, join, search_queues
from .repeat import looks_repeated
from .state import (
    ADVANCE,
    FINISHED,
    FIRING_BITS,
    FIRST_HOLD,
    HOLD_END,
    IN_PERIOD,
    LOOKING,
    MORE_BOOKINGS,
    MORE_FLIGHTS,
    MORE_NODES,
    PAUSED,
    PERIOD_OVER,
    QUEUED,
    REPEATED,
    STUCK,
    TOO_LATE,
    Head,
)


@kernel
def first_hold_ends(s: Head, a: int) -> None:
    now = s.now
    actor = actors(s, a)
    if actor.entered_at != now:
        actor.entered_at = now
        actor.entered_before = actor.entered
    if actor.issued - actor.entered == actor.slots:
        actor.idle_since = now
    actor.entered += 1
    touch(s, a)
    let_go(s, a)


@kernel
def firing_ends(s: Head, i: int) -> None:
    now = s.now
    flight = flights(s, i)
    a = flight.key >> FIRING_BITS
    actor = actors(s, a)
    if actor.ended_at != now:
        actor.ended_at = now
        actor.ended_before = actor.ended
        actor.last_ended = -1
    window_full = actor.issued - actor.ended == actor.window
    actor.ended += 1
    if window_full:
        actor.idle_since = now
        touch(s, a)
    end = ended(s, s.n_ended)
    end.firing = flight.key & FIRING_MASK
    end.node = flight.node
    end.previous = actor.last_ended
    actor.last_ended = s.n_ended
    s.n_ended += 1
    if s.keep_firings:
        firings(s, actor.firing_start + end.firing).end_fs = now
    for x in range(actor.out_start, actor.out_end):
        channel = channels(s, out_channel(s, x).index)
        if channel.need == actor.ended:
            touch(s, channel.dst)
    end_flight(s, i)
    actor.end_left -= 1
    if actor.end_left == 0:
        iteration_ends(s, a)


@kernel
def iteration_ends(s: Head, a: int) -> None:
    """Actor a has made all its firings of an iteration."""
    actor = actors(s, a)
    iteration = iterations(s, actor.end_iteration)
    iteration.end = s.now
    iteration.left -= 1
    if iteration.left == 0:
        s.boundary += 1
        s.is_boundary = 1
    actor.end_iteration += 1
    actor.end_left = actor.n
    if actor.ended == actor.limit:
        s.n_finished += 1


@kernel
def advances(s: Head, i: int) -> None:
    """A visit of flight i lets the firing go on."""
    flight = flights(s, i)
    if visits(s, flight.visit).is_last:
        firing_ends(s, i)
        return
    flight.visit += 1
    flight.request = s.now
    requests(s, s.n_requests).index = i
    s.n_requests += 1


@kernel
def happens(s: Head, code: int) -> None:
    """One event of phase 1."""
    kind = code & 3
    i = code >> 2
    if kind == FIRST_HOLD:
        first_hold_ends(s, i)
    elif kind == HOLD_END:
        hold_ends(s, i)
    else:
        if kind != ADVANCE:
            first_hold_ends(s, flights(s, i).key >> FIRING_BITS)
        advances(s, i)


@kernel
def inferences_arrive(s: Head) -> None:
    """The inferences of this instant: the sources that waited for one may be ready."""
    first = s.next_arrival
    while s.next_arrival < s.arrivals_size and arrivals(s, s.next_arrival).value == s.now:
        s.next_arrival += 1
    for x in range(s.waits_for_arrivals_size):
        a = waits_for_arrivals(s, x).index
        if first <= actors(s, a).issue_iteration < s.next_arrival:
            s.latest_event = s.now
            touch(s, a)


@kernel
def sort_requests(s: Head) -> None:
    """By (actor, firing), which is unique: Shell sort, since there are mostly one or two."""
    n = s.n_requests
    gap = 1
    while gap * 3 < n:
        gap = gap * 3 + 1
    while gap > 0:
        for x in range(gap, n):
            i = requests(s, x).index
            key = flights(s, i).key
            y = x
            while y >= gap and flights(s, requests(s, y - gap).index).key > key:
                requests(s, y).index = requests(s, y - gap).index
                y -= gap
            requests(s, y).index = i
        gap //= 3


@kernel
def next_instant(s: Head) -> int:
    """When something happens next; -1 for never."""
    if s.now < 0:
        return 0
    time = -1
    if s.n_heap > 0:
        time = event_at(s.events_at, 0).time
    if s.next_arrival < s.arrivals_size:
        arrival = arrivals(s, s.next_arrival).value
        if time < 0 or arrival < time:
            time = arrival
    return time


@kernel
def remove_first(s: Head) -> None:
    """Remove the first event, which has happened."""
    s.first_is_over = 0
    pop(s.events_at, s.n_heap)
    s.n_heap -= 1


@kernel
def run_instant(s: Head) -> None:
    """The three phases of the instant `s.now`."""
    now = s.now
    more = s.n_heap > 0 and event_at(s.events_at, 0).time == now
    while more:
        code = event_at(s.events_at, 0).code
        s.first_is_over = 1
        s.n_events += 1
        s.latest_event = now
        happens(s, code)
        more = second(s.events_at) == now
        if more:
            remove_first(s)
    if s.next_arrival < s.arrivals_size and arrivals(s, s.next_arrival).value == now:
        inferences_arrive(s)
    for x in range(s.n_touched):
        actors(s, touched(s, x).index).touched = 0
        while try_to_issue(s, touched(s, x).index):
            pass
    sort_requests(s)
    for x in range(s.n_requests):
        i = requests(s, x).index
        if visits(s, flights(s, i).visit).kind == QUEUED:
            join(s, i)
        else:
            request(s, i)
    search_queues(s)
    if s.first_is_over:
        remove_first(s)
    s.n_requests = 0
    s.n_touched = 0


@kernel
def lacks_space(s: Head) -> int:
    """Whether an instant might need more nodes, flights or bookings than there are; PAUSED if not."""
    most = s.n_flights + s.entrances_size  # visits that may begin in one instant
    if most > s.flights_size:
        return MORE_FLIGHTS
    most_nodes = most * s.most_nodes
    if s.n_bookings + most * s.widest_group > s.bookings_size and s.books:
        return MORE_BOOKINGS
    if s.keep_path and s.n_nodes + most_nodes > s.nodes_size:
        drop_dead_nodes(s)
        if 2 * s.n_nodes + most_nodes > s.nodes_size:
            return MORE_NODES
    return PAUSED


@kernel
def boundary_passed(s: Head) -> int:
    """Every actor has finished another iteration: whether Python should look at the state."""
    s.is_boundary = 0
    if s.watch == LOOKING and looks_repeated(s):
        return REPEATED
    if s.watch == IN_PERIOD and s.boundary >= s.stop_boundary:
        drop_dead_nodes(s)
        return PERIOD_OVER
    return PAUSED


@kernel
def go_on(s: Head) -> int:
    """Run the next instant; returns PAUSED, or why the run cannot simply go on."""
    lack = lacks_space(s)
    if lack != PAUSED:
        return lack
    time = next_instant(s)
    if time < 0:
        return FINISHED if s.n_finished == s.actors_size else STUCK
    s.now = time
    s.n_ended = 0
    run_instant(s)
    if s.late_flight >= 0:
        return TOO_LATE
    return boundary_passed(s) if s.is_boundary else PAUSED
