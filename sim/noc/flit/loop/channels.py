"""VC allocation: iSLIP between the input VCs of a router, with a head flit each, and its free output VCs.

An input VC asks for all free VCs of its class on its one output link, so the matching falls apart by output
link.
"""

from __future__ import annotations

import numpy as np

from ....kernels.record_code import kernel
from .access import allocated, forks, hops, links, packets, requests, routed, routers, vcs, waited
from .bits import Bits, bit_of, first_from, lowest, wrap
from .moves import buffer_of, front, make_ready, new_slot, packet_of, take, with_room
from .state import ACTIVE, FORKED, FREE, Head, Hop


@kernel
def wait_for_vc(s: Head, ivc: int, link: int) -> None:
    vcs(s, ivc).next_waiting = links(s, link).waiting
    links(s, link).waiting = ivc
    if links(s, link).is_waited == 0:
        links(s, link).is_waited = 1
        waited(s, s.n_waited).index = link
        s.n_waited += 1


@kernel
def fork(s: Head, t: int, ivc: int, slot: int, hop: Hop) -> None:
    """The packet in front of an input VC is to be copied: every branch waits for a VC of its own output
    link."""
    vcs(s, ivc).mode, vcs(s, ivc).out = FORKED, slot
    for k in range(hop.mask, hop.mask + hop.whole):
        route = forks(s, k).index
        branch = new_slot(s, packets(s, slot).message, route, packets(s, slot).size)
        packets(s, branch).of = ivc
        packets(s, branch).next = packets(s, slot).branches
        packets(s, slot).branches = branch
        asking = s.n_buffers + branch
        vcs(s, asking).out = -1
        vcs(s, asking).in_switch = 0
        vcs(s, asking).accept = 0
        vcs(s, asking).asked = t
        wait_for_vc(s, asking, hops(s, route).link)


@kernel
def finish_routing(s: Head, t: int) -> None:
    """Head flits whose route is known join those that wait for a VC of their output link."""
    k = s.routed_head
    while k < s.routed_tail and routed(s, k & s.ring_mask).at <= t:
        ivc = routed(s, k & s.ring_mask).vc
        slot = front(s, ivc)
        hop = hops(s, packets(s, slot).route + packets(s, slot).hop)
        if hop.link < 0:
            fork(s, t, ivc, slot, hop)
        else:
            vcs(s, ivc).asked = t
            wait_for_vc(s, ivc, hop.link)
        k += 1
    s.routed_head = k


@kernel
def usable(s: Head, t: int, ivc: int, link: int) -> Bits:
    """Output VCs of `link` that the packet in front of `ivc` may ask for now."""
    if s.vc_delay > 1 and (t - vcs(s, ivc).asked) % s.vc_delay != 0:
        return np.int64(0)
    slot = packet_of(s, ivc)
    hop = hops(s, packets(s, slot).route + packets(s, slot).hop)
    mask = links(s, link).free & hop.mask
    if s.busy_when_full:
        mask &= ~links(s, link).full
    if s.cut_through or hop.whole:
        mask = with_room(s, mask, link, packets(s, slot).size)
    return mask


@kernel
def input_number(s: Head, ivc: int) -> int:
    """Number of an input VC within its router."""
    buffer = buffer_of(s, ivc)
    number: int = links(s, buffer >> s.shift).in_port * s.n_vcs + (buffer & s.low)
    return number


@kernel
def accept_vc(s: Head, t: int, ivc: int, link: int, granted: Bits, first_iteration: bool) -> int:
    """An input VC accepts the granted VC that comes first in its turn over all output VCs of its router."""
    router, offset = links(s, link).src_router, links(s, link).out_port * s.n_vcs
    start = vcs(s, ivc).accept - offset
    vc = first_from(granted, start if 0 <= start < s.n_vcs else 0)
    if first_iteration:
        n_in = routers(s, router).n_in * s.n_vcs
        vcs(s, (link << s.shift) + vc).grant = wrap(input_number(s, ivc) + 1, n_in)
        vcs(s, ivc).accept = wrap(offset + vc + 1, routers(s, router).n_out * s.n_vcs)
    at = s.granted_tail & s.ring_mask
    allocated(s, at).vc = ivc
    allocated(s, at).out = (link << s.shift) + vc
    allocated(s, at).at = t + s.vc_delay - 1
    s.granted_tail += 1
    return vc


@kernel
def grant_vcs(s: Head, link: int, n: int, left: Bits) -> None:
    """Every VC in `left` that is asked for grants the request whose turn it is."""
    asked = np.int64(0)
    for k in range(n):
        requests(s, k).granted = 0
        asked |= requests(s, k).mask
    asked &= left
    n_in = routers(s, links(s, link).src_router).n_in * s.n_vcs
    while asked != 0:
        vc = lowest(asked)
        asked &= asked - 1
        turn, best, best_key = vcs(s, (link << s.shift) + vc).grant, 0, n_in
        for k in range(n):
            if requests(s, k).mask >> vc & 1:
                key = wrap(input_number(s, requests(s, k).vc) - turn + n_in, n_in)
                if key < best_key:
                    best, best_key = k, key
        requests(s, best).granted |= bit_of(vc)


@kernel
def match_vcs(s: Head, t: int, link: int, n: int) -> None:
    """iSLIP between n waiting input VCs and the VCs of one output link that each asks for."""
    left, matched, iteration = np.int64(-1), True, 0
    while matched and iteration < s.iterations:
        grant_vcs(s, link, n, left)
        matched = False
        for k in range(n):
            if requests(s, k).granted != 0:
                vc = accept_vc(s, t, requests(s, k).vc, link, requests(s, k).granted, iteration == 0)
                left &= ~bit_of(vc)
                requests(s, k).mask = 0
                matched = True
        iteration += 1


@kernel
def leave_waiting(s: Head, link: int, ivc: int) -> None:
    if links(s, link).waiting == ivc:
        links(s, link).waiting = vcs(s, ivc).next_waiting
        return
    at = links(s, link).waiting
    while vcs(s, at).next_waiting != ivc:
        at = vcs(s, at).next_waiting
    vcs(s, at).next_waiting = vcs(s, ivc).next_waiting


@kernel
def allocate_vcs(s: Head, t: int) -> None:
    i = 0
    while i < s.n_waited:
        link = waited(s, i).index
        ivc = links(s, link).waiting
        if ivc < 0:
            links(s, link).is_waited = 0
            s.n_waited -= 1
            waited(s, i).index = waited(s, s.n_waited).index
            continue
        i += 1
        if links(s, link).free == 0:
            continue
        n, before = 0, s.granted_tail
        while ivc >= 0:
            mask = usable(s, t, ivc, link)
            if mask != 0:
                requests(s, n).vc = ivc
                requests(s, n).mask = mask
                n += 1
            ivc = vcs(s, ivc).next_waiting
        if n == 1:
            accept_vc(s, t, requests(s, 0).vc, link, requests(s, 0).mask, True)
        elif n > 1:
            match_vcs(s, t, link, n)
        for k in range(before, s.granted_tail):
            leave_waiting(s, link, allocated(s, k & s.ring_mask).vc)


@kernel
def take_vcs(s: Head, t: int) -> None:
    """Allocations whose delay has passed: the VC is taken, unless (delay above 1) another was faster."""
    k = s.granted_head
    while k < s.granted_tail and allocated(s, k & s.ring_mask).at <= t:
        job = k & s.ring_mask
        ivc, ovc = allocated(s, job).vc, allocated(s, job).out
        k += 1
        vcs(s, ivc).asked = t + 1
        slot = packet_of(s, ivc)
        whole = s.cut_through or hops(s, packets(s, slot).route + packets(s, slot).hop).whole
        lost = vcs(s, ovc).holder != FREE or (whole and vcs(s, ovc).credits < packets(s, slot).size)
        if lost or (s.busy_when_full and vcs(s, ovc).credits == 0):
            wait_for_vc(s, ivc, ovc >> s.shift)
            continue
        take(s, ovc, ivc)
        packets(s, slot).hop += 1
        vcs(s, ivc).mode = ACTIVE
        vcs(s, ivc).out = ovc
        s.last_move = t
        if vcs(s, ovc).credits > 0:
            make_ready(s, buffer_of(s, ivc))
    s.granted_head = k
