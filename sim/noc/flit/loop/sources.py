"""Sources: a queue of packets each, one flit a cycle."""

from __future__ import annotations

from ....kernels.record_code import kernel
from .access import free_slots, hops, links, offers, packets, senders, sources, vcs
from .bits import first_from, wrap
from .moves import launch, spend, take, with_room
from .state import SOURCE, Head


@kernel
def create(s: Head, t: int) -> None:
    """Move the packets whose time has come into the queues of their sources."""
    k = s.n_taken
    while k < s.n_offered and offers(s, k).time <= t:
        s.n_free_slots -= 1
        slot, src = free_slots(s, s.n_free_slots).index, offers(s, k).src
        packets(s, slot).tag = offers(s, k).tag
        packets(s, slot).size = offers(s, k).size
        packets(s, slot).route = offers(s, k).route
        packets(s, slot).created = offers(s, k).time
        packets(s, slot).hop = 0
        packets(s, slot).sent = 0
        packets(s, slot).got = 0
        packets(s, slot).next = -1
        if sources(s, src).packet < 0:
            sources(s, src).packet = slot
        else:
            packets(s, sources(s, src).last).next = slot
        sources(s, src).last = slot
        if sources(s, src).busy == 0:
            sources(s, src).busy = 1
            senders(s, s.n_sources).index = src
            s.n_sources += 1
        s.queued += 1
        k += 1
    s.n_taken = k


@kernel
def choose_source_vc(s: Head, t: int, src: int, slot: int) -> bool:
    """Give the packet in front of a source the next free VC with a credit, in turn; False if none is."""
    link = sources(s, src).link
    mask = links(s, link).free & ~links(s, link).full & hops(s, packets(s, slot).route).mask
    if s.cut_through:
        mask = with_room(s, mask, link, packets(s, slot).size)
    if mask == 0:
        return False
    vc = first_from(mask, wrap(sources(s, src).vc + 1, s.n_vcs))
    sources(s, src).vc = vc
    packets(s, slot).injected = t
    packets(s, slot).hop = 1
    take(s, (link << s.shift) + vc, SOURCE)
    return True


@kernel
def send_from_sources(s: Head, t: int) -> None:
    """Every source with a packet sends a flit if it has a VC with a credit."""
    k = 0
    while k < s.n_sources:
        src = senders(s, k).index
        slot = sources(s, src).packet
        if slot < 0:
            sources(s, src).busy = 0
            s.n_sources -= 1
            senders(s, k).index = senders(s, s.n_sources).index
            continue
        k += 1
        head = packets(s, slot).sent == 0
        if head and not choose_source_vc(s, t, src, slot):
            continue
        ovc = (sources(s, src).link << s.shift) + sources(s, src).vc
        if vcs(s, ovc).credits == 0:
            continue
        packets(s, slot).sent += 1
        tail = packets(s, slot).sent == packets(s, slot).size
        spend(s, ovc, tail)
        launch(s, t, ovc, slot * 4 + tail * 2 + head)
        s.in_flight += 1
        if tail:
            sources(s, src).packet = packets(s, slot).next
            s.queued -= 1
