"""Sources: a queue of messages each, cut into packets as they go, one flit a cycle."""

from __future__ import annotations

from ....kernels.record_code import kernel
from .access import free_messages, hops, links, messages, offers, packets, senders, sources, vcs
from .bits import first_from, wrap
from .moves import launch, new_slot, spend, take, with_room
from .state import SOURCE, Head


@kernel
def queue_message(
    s: Head, time: int, tag: int, src: int, route: int, size: int, packet: int, copies: int
) -> None:
    """A message of `size` flits to `copies` endpoints joins the queue of its source."""
    s.n_free_messages -= 1
    m = free_messages(s, s.n_free_messages).index
    message = messages(s, m)
    message.tag = tag
    message.route = route
    message.packet = packet
    message.created = time
    message.injected = -1
    message.unsent = size
    message.missing = size * copies
    message.next = -1
    source = sources(s, src)
    if source.message < 0:
        source.message = m
    else:
        messages(s, source.last).next = m
    source.last = m
    if source.busy == 0:
        source.busy = 1
        senders(s, s.n_sources).index = src
        s.n_sources += 1
    s.queued += 1


@kernel
def create(s: Head, t: int) -> None:
    """Move the messages whose time has come into the queues of their sources."""
    k = s.n_taken
    while k < s.n_offered and offers(s, k).time <= t:
        offer = offers(s, k)
        queue_message(
            s, offer.time, offer.tag, offer.src, offer.route, offer.size, offer.packet, offer.copies
        )
        k += 1
    s.n_taken = k


@kernel
def next_packet(s: Head, src: int) -> int:
    """Cut the next packet from the message in front of a source; -1 if there is none."""
    m = sources(s, src).message
    if m < 0:
        return -1
    message = messages(s, m)
    slot = new_slot(s, m, message.route, min(message.packet, message.unsent))
    message.unsent -= packets(s, slot).size
    sources(s, src).packet = slot
    return slot


@kernel
def choose_source_vc(s: Head, t: int, src: int, slot: int) -> bool:
    """Give the packet in front of a source the next free VC with a credit, in turn; False if none is."""
    link = sources(s, src).link
    hop = hops(s, packets(s, slot).route)
    mask = links(s, link).free & ~links(s, link).full & hop.mask
    if s.cut_through or hop.whole:
        mask = with_room(s, mask, link, packets(s, slot).size)
    if mask == 0:
        return False
    vc = first_from(mask, wrap(sources(s, src).vc + 1, s.n_vcs))
    sources(s, src).vc = vc
    if messages(s, packets(s, slot).message).injected < 0:
        messages(s, packets(s, slot).message).injected = t
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
            slot = next_packet(s, src)
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
            sources(s, src).packet = -1
            m = packets(s, slot).message
            if messages(s, m).unsent == 0:
                sources(s, src).message = messages(s, m).next
                s.queued -= 1
