"""What happens to a flit, a credit and a virtual channel, whoever causes it."""

from __future__ import annotations

import numpy as np

from ....kernels.record_code import kernel
from .access import (
    flying,
    free_slots,
    links,
    live,
    n_flying,
    n_returning,
    packets,
    queue,
    returning,
    routed,
    routers,
    vcs,
)
from .bits import Bits, bit_of, lowest
from .state import DRAINING, FREE, ROUTING, Head


@kernel
def front(s: Head, ivc: int) -> int:
    """Slot of the packet in front of an input VC."""
    slot: int = queue(s, ivc * s.depth + vcs(s, ivc).first).index >> 2
    return slot


@kernel
def packet_of(s: Head, ivc: int) -> int:
    """Slot of the packet that asks as `ivc`: the one in front of an input VC, or a branch."""
    return ivc - s.n_buffers if ivc >= s.n_buffers else front(s, ivc)


@kernel
def buffer_of(s: Head, ivc: int) -> int:
    """The input VC in which that packet lies."""
    return packets(s, ivc - s.n_buffers).of if ivc >= s.n_buffers else ivc


@kernel
def new_slot(s: Head, message: int, route: int, size: int) -> int:
    """A packet of a message that is about to set out on a route."""
    s.n_free_slots -= 1
    slot: int = free_slots(s, s.n_free_slots).index
    packet = packets(s, slot)
    packet.message = message
    packet.route = route
    packet.size = size
    packet.hop = 0
    packet.sent = 0
    packet.got = 0
    packet.branches = -1
    packet.popped = 0
    return slot


@kernel
def free_slot(s: Head, slot: int) -> None:
    free_slots(s, s.n_free_slots).index = slot
    s.n_free_slots += 1


@kernel
def make_ready(s: Head, ivc: int) -> None:
    """Enter an input VC that has an output VC, a flit and a credit for the switch."""
    link = ivc >> s.shift
    links(s, link).ready |= bit_of(ivc & s.low)
    router = links(s, link).dst_router
    if routers(s, router).is_live == 0:
        routers(s, router).is_live = 1
        live(s, s.n_live).index = router
        s.n_live += 1


@kernel
def start_routing(s: Head, ivc: int, at: int) -> None:
    """The packet in front of an input VC may ask for an output VC from cycle `at` on."""
    vcs(s, ivc).mode = ROUTING
    k = s.routed_tail & s.ring_mask
    routed(s, k).vc = ivc
    routed(s, k).at = at
    s.routed_tail += 1


@kernel
def spend(s: Head, ovc: int, tail: bool) -> None:
    """A flit takes a credit of an output VC; the tail gives the VC up."""
    link, bit = ovc >> s.shift, bit_of(ovc & s.low)
    vcs(s, ovc).credits -= 1
    if vcs(s, ovc).credits == 0:
        links(s, link).full |= bit
    if tail:
        if s.wait_for_tail:
            vcs(s, ovc).tail_sent = 1
            vcs(s, ovc).holder = DRAINING
        else:
            vcs(s, ovc).holder = FREE
            links(s, link).free |= bit


@kernel
def take(s: Head, ovc: int, holder: int) -> None:
    vcs(s, ovc).holder = holder
    vcs(s, ovc).tail_sent = 0
    links(s, ovc >> s.shift).free &= ~bit_of(ovc & s.low)


@kernel
def with_room(s: Head, mask: Bits, link: int, size: int) -> Bits:
    """Of the VCs in `mask`, those with room for a whole packet (virtual cut-through)."""
    fitting = np.int64(0)
    while mask != 0:
        vc = lowest(mask)
        mask &= mask - 1
        if vcs(s, (link << s.shift) + vc).credits >= size:
            fitting |= bit_of(vc)
    return fitting


@kernel
def launch(s: Head, t: int, ovc: int, flit: int) -> None:
    """Put a flit on its way to the buffer `ovc`."""
    link = ovc >> s.shift
    at = (t + links(s, link).arrive) & s.wheel_mask
    k = n_flying(s, at).index
    flying(s, at * s.n_links + k).to = ovc
    flying(s, at * s.n_links + k).flit = flit
    n_flying(s, at).index = k + 1
    links(s, link).flits += 1
    s.events += 1
    s.last_move = t


@kernel
def give_back(s: Head, t: int, ivc: int) -> None:
    """A flit has left the buffer `ivc`: its credit sets out."""
    at = (t + links(s, ivc >> s.shift).credit) & s.wheel_mask
    returning(s, at * s.n_links + n_returning(s, at).index).index = ivc
    n_returning(s, at).index += 1
    s.events += 1
