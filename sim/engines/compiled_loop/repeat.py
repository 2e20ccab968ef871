"""Notices that the state at the end of an iteration looks like one before, relative to now.

Only a hash of a part of the state is compared here; what follows from a match is settled outside, exactly.
"""

from __future__ import annotations

from ...kernels.record_code import kernel
from .access import actors, bookings, event_at, flights, group, iterations, seen, servers, turns, visits
from .state import FIRST_HOLD, HOLD_END, IN_POOL, NOT_LOOKING, Head

ODD = -7046029254386353131  # 2**64 / golden ratio, the multiplier of Fibonacci hashing, as a signed number


@kernel
def mix(h: int, x: int) -> int:
    """A hash of h and x."""
    h = (h ^ x) * ODD
    return h ^ (h >> 32)


@kernel
def mix_turns(s: Head, h: int) -> int:
    """A hash of h and of the turn of every visit that takes servers in turn, at the start of an iteration."""
    for v in range(s.n_visits):
        visit = visits(s, v)
        actor = actors(s, visit.actor)
        if visit.group_end > visit.group_start and actor.ended < actor.limit:
            x = group(s, visit.group_start).turn
            if x >= 0:
                h = mix(h, s.boundary * actor.n % turns(s, x).n * turns(s, x).step % turns(s, x).n)
    return h


@kernel
def hash_of_state(s: Head) -> int:
    """A hash of counts relative to the iterations that are complete, and of times relative to now."""
    h = mix(0, s.next_arrival - s.boundary if s.next_arrival < s.arrivals_size else -1)
    for a in range(s.actors_size):
        actor = actors(s, a)
        if actor.ended == actor.limit:
            h = mix(h, -1)
        else:
            h = mix(mix(h, actor.issued - s.boundary * actor.n), actor.ended - s.boundary * actor.n)
    for i in range(s.servers_size):
        h = mix(h, max(servers(s, i).free_at - s.now, 0))
    if s.in_turn:
        h = mix_turns(s, h)
    if s.n_finished == 0:
        i = s.boundary
        while i < s.iterations_size and iterations(s, i).begin <= s.now:  # in progress
            h = mix(h, s.now - iterations(s, i).begin)
            i += 1
    events = 0
    for x in range(s.n_heap):  # a sum, for their order in the heap has no meaning
        event = event_at(s.events_at, x)
        kind = event.code & 3
        who = event.code >> 2
        if kind == HOLD_END:
            who = bookings(s, who).visit
        elif kind != FIRST_HOLD:
            who = flights(s, who).visit
        events += mix(mix(mix(0, event.time - s.now), kind), who)
    for i in range(s.bookings_size):
        if bookings(s, i).state == IN_POOL and bookings(s, i).end > s.now:
            events += mix(mix(1, bookings(s, i).end - s.now), bookings(s, i).visit)
    return mix(h, events)


@kernel
def looks_repeated(s: Head) -> bool:
    """Whether the table has a boundary of the same hash, which `repeat_of` then names; else it enters it."""
    h = hash_of_state(s)
    mask = s.seen_size - 1
    slot = h & mask
    while seen(s, slot).boundary >= 0:
        if seen(s, slot).hash == h:
            s.repeat_of = seen(s, slot).boundary
            s.repeat_time = seen(s, slot).time
            return True
        slot = (slot + 1) & mask
    seen(s, slot).hash = h
    seen(s, slot).boundary = s.boundary
    seen(s, slot).time = s.now
    s.n_seen += 1
    if 2 * s.n_seen > s.seen_size:
        s.watch = NOT_LOOKING
    return False
