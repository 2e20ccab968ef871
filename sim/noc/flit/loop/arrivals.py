"""What comes off the links: flits into input VCs and sinks, credits to output VCs."""

from __future__ import annotations

from ....kernels.record_code import kernel
from .access import (
    deliveries,
    flying,
    free_messages,
    links,
    messages,
    n_flying,
    n_returning,
    packets,
    queue,
    returning,
    vcs,
)
from .bits import bit_of, wrap
from .moves import buffer_of, free_slot, give_back, make_ready, start_routing
from .state import ACTIVE, FORKED, FREE, IDLE, Head


@kernel
def eject(s: Head, t: int, ivc: int, flit: int) -> bool:
    """A flit reaches its sink; False if it is out of order."""
    slot = flit >> 2
    give_back(s, t, ivc)
    s.in_flight -= 1
    packets(s, slot).got += 1
    first, last = packets(s, slot).got == 1, packets(s, slot).got == packets(s, slot).size
    if (flit & 1 == 1) != first or (flit & 2 == 2) != last:
        return False
    if last:
        m = packets(s, slot).message
        messages(s, m).missing -= packets(s, slot).size
        free_slot(s, slot)
        if messages(s, m).missing == 0:
            deliver(s, t, m)
    return True


@kernel
def deliver(s: Head, t: int, m: int) -> None:
    """All flits of a message have reached all its sinks."""
    k = s.n_delivered
    deliveries(s, k).tag = messages(s, m).tag
    deliveries(s, k).created = messages(s, m).created
    deliveries(s, k).injected = messages(s, m).injected
    deliveries(s, k).arrived = t
    s.n_delivered = k + 1
    free_messages(s, s.n_free_messages).index = m
    s.n_free_messages += 1


@kernel
def arrive(s: Head, t: int) -> bool:
    """Flits that reach the end of their link; False if one is out of order."""
    at = t & s.wheel_mask
    for k in range(n_flying(s, at).index):
        ivc, flit = flying(s, at * s.n_links + k).to, flying(s, at * s.n_links + k).flit
        if links(s, ivc >> s.shift).dst_router < 0:
            if not eject(s, t, ivc, flit):
                return False
            continue
        length = vcs(s, ivc).length
        if length == s.depth or (vcs(s, ivc).mode == IDLE and flit & 1 == 0):
            return False
        queue(s, ivc * s.depth + wrap(vcs(s, ivc).first + length, s.depth)).index = flit
        vcs(s, ivc).length = length + 1
        if vcs(s, ivc).mode == IDLE:
            start_routing(s, ivc, t + s.routing_delay)
        elif vcs(s, ivc).mode == ACTIVE and length == 0:
            vcs(s, ivc).asked = t
            if vcs(s, vcs(s, ivc).out).credits > 0:
                make_ready(s, ivc)
        elif vcs(s, ivc).mode == FORKED:
            make_ready(s, ivc)
    s.events -= n_flying(s, at).index
    n_flying(s, at).index = 0
    return True


@kernel
def receive_credits(s: Head, t: int) -> None:
    at = t & s.wheel_mask
    for k in range(n_returning(s, at).index):
        ovc = returning(s, at * s.n_links + k).index
        link, bit = ovc >> s.shift, bit_of(ovc & s.low)
        vcs(s, ovc).credits += 1
        links(s, link).full &= ~bit
        if vcs(s, ovc).tail_sent == 1 and vcs(s, ovc).credits == s.depth:
            vcs(s, ovc).tail_sent = 0
            vcs(s, ovc).holder = FREE
            links(s, link).free |= bit
        ivc = vcs(s, ovc).holder
        if ivc >= s.n_buffers:
            make_ready(s, buffer_of(s, ivc))
        elif ivc >= 0 and vcs(s, ovc).credits == 1 and vcs(s, ivc).length > 0 and vcs(s, ivc).in_switch == 0:
            make_ready(s, ivc)
    s.events -= n_returning(s, at).index
    n_returning(s, at).index = 0
