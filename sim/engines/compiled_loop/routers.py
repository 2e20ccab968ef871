"""The event loop beside a network of routers, each running to the next event of the other.

Before an instant T the network runs the cycles that begin before T, as long as a visit is in it. A cycle that
completes visits is the next instant instead; where that is the instant of events that have happened already,
it is a further round of it, after all else. `net` is the head of the network.
"""

from __future__ import annotations

from ...kernels.record_code import kernel
from ...noc.flit.loop import state as net_state
from ...noc.flit.loop.access import deliveries
from ...noc.flit.loop.cycle import advance
from ...noc.flit.loop.sources import queue_message
from ...program import MAX_TIME_FS
from .access import flights, flows, parked, sends, sent, visits
from .begin import CHAIN, FIRING_MASK, PREVIOUS, schedule_event
from .loop import lacks_space, next_instant, run_instant
from .state import (
    ADVANCE,
    FINISHED,
    MORE_BOOKINGS,
    MORE_FLIGHTS,
    MORE_MESSAGES,
    MORE_NODES,
    MORE_SLOTS,
    PAUSED,
    ROUTERS_BROKEN,
    ROUTERS_STUCK,
    STUCK,
    TOO_LATE,
    Head,
)

AHEAD_CYCLES = 10_000
"""Cycles that the network runs at most before the loop looks up."""
DEADLOCK, NET_MORE_SLOTS, OK = net_state.DEADLOCK, net_state.MORE_SLOTS, net_state.OK


@kernel
def run_routers(s: Head, net: Head, until: int) -> int:
    """Run the network to a cycle, or to the first that completes messages; PAUSED, or why it stopped."""
    net.stop_at_delivery = 1
    net.n_delivered = 0
    result = advance(net, until)
    if result == OK:
        return PAUSED
    if result == NET_MORE_SLOTS:
        return MORE_SLOTS
    return ROUTERS_STUCK if result == DEADLOCK else ROUTERS_BROKEN


@kernel
def send_flits(s: Head, net: Head) -> int:
    """Send what visits of this round have to send, at the next clock edge that the network has not passed."""
    edge = max(net.clock, -(-s.now // s.cycle_fs))
    if net.clock < edge:  # credits may still be on their way
        status = run_routers(s, net, edge)
        if status != PAUSED:
            return status
    n = 0
    for x in range(s.n_sent):
        send = sends(s, visits(s, flights(s, sent(s, x).index).visit).server)
        n += send.end - send.first
    if n > net.n_free_messages:
        return MORE_MESSAGES
    for x in range(s.n_sent):
        i = sent(s, x).index
        send = sends(s, visits(s, flights(s, i).visit).server)
        flights(s, i).n_missing = send.end - send.first
        for f in range(send.first, send.end):
            flow = flows(s, f)
            queue_message(net, edge, i, flow.src, flow.route, flow.n_flits, flow.packet, flow.copies)
    s.n_in_network += s.n_sent
    s.n_sent = 0
    return PAUSED


@kernel
def goes_on(s: Head, i: int) -> None:
    """All flits of a visit have arrived, and those of the firings before."""
    flight = flights(s, i)
    visit = visits(s, flight.visit)
    time = flight.request
    if time > MAX_TIME_FS and s.late_flight < 0:
        s.late_flight = i
    visit.wait += time
    flight.cause = CHAIN
    flight.parent = flight.node
    if time < visit.latest_advance:
        time = visit.latest_advance
        flight.cause = PREVIOUS
        flight.parent = visit.latest_node
    visit.latest_advance = time
    visit.latest_node = flight.node
    sends(s, visit.server).n_complete += 1
    s.n_in_network -= 1
    schedule_event(s, time, i << 2 | ADVANCE)


@kernel
def let_parked_go(s: Head) -> None:
    """Those of the parked visits go on that are complete in the order of their firings."""
    x = 0
    while x < s.n_parked:
        i = parked(s, x).index
        flight = flights(s, i)
        if flight.key & FIRING_MASK != sends(s, visits(s, flight.visit).server).n_complete:
            x += 1
            continue
        goes_on(s, i)
        s.n_parked -= 1
        parked(s, x).index = parked(s, s.n_parked).index
        x = 0


@kernel
def take_deliveries(s: Head, net: Head) -> None:
    """Messages that are complete; a visit is when all of its are."""
    for k in range(net.n_delivered):
        i = deliveries(net, k).tag
        flights(s, i).n_missing -= 1
        if flights(s, i).n_missing == 0:
            flights(s, i).request = deliveries(net, k).arrived * s.cycle_fs
            parked(s, s.n_parked).index = i
            s.n_parked += 1
    net.n_delivered = 0
    let_parked_go(s)


@kernel
def lacks_space_again(s: Head) -> int:
    """The same before a further round of this instant: nothing of it may be forgotten."""
    most = s.n_flights + s.entrances_size
    if most + s.n_ended > s.flights_size:
        return MORE_FLIGHTS
    if s.books and s.n_bookings + most * s.widest_group > s.bookings_size:
        return MORE_BOOKINGS
    if s.keep_path and s.n_nodes + most * s.most_nodes > s.nodes_size:
        return MORE_NODES
    return PAUSED


@kernel
def go_on_beside_routers(s: Head, net: Head) -> int:
    """Run the next instant, or the network up to it; PAUSED, or why the run cannot simply go on."""
    if s.n_sent > 0:
        status = send_flits(s, net)
        if status != PAUSED:
            return status
    time = next_instant(s)
    if s.n_in_network > 0:
        until = net.clock + AHEAD_CYCLES
        if time >= 0:
            until = min(until, -(-time // s.cycle_fs))
        if net.clock < until:
            status = run_routers(s, net, until)
            s.n_events += 1
            take_deliveries(s, net)
            return TOO_LATE if s.late_flight >= 0 else status
    if time < 0:
        return FINISHED if s.n_finished == s.actors_size else STUCK
    lack = lacks_space_again(s) if time == s.now else lacks_space(s)
    if lack != PAUSED:
        return lack
    if time != s.now:
        s.n_ended = 0
    s.now = time
    run_instant(s)
    return TOO_LATE if s.late_flight >= 0 else PAUSED
