"""What comes off the links: flits into input VCs and sinks, credits to output VCs."""

from __future__ import annotations

from ....kernels.record_code import kernel
from .access import (
    deliveries,
    flying,
    free_slots,
    links,
    n_flying,
    n_returning,
    packets,
    queue,
    returning,
    vcs,
)
from .bits import bit_of, wrap
from .moves import give_back, make_ready, start_routing
from .state import ACTIVE, FREE, IDLE, Head


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
        k = s.n_delivered
        deliveries(s, k).tag = packets(s, slot).tag
        deliveries(s, k).created = packets(s, slot).created
        deliveries(s, k).injected = packets(s, slot).injected
        deliveries(s, k).arrived = t
        s.n_delivered = k + 1
        free_slots(s, s.n_free_slots).index = slot
        s.n_free_slots += 1
    return True


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
        if ivc >= 0 and vcs(s, ovc).credits == 1 and vcs(s, ivc).length > 0 and vcs(s, ivc).in_switch == 0:
            make_ready(s, ivc)
    s.events -= n_returning(s, at).index
    n_returning(s, at).index = 0
