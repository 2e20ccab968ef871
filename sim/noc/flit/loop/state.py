"""What the cycle loop works on: tables of records, and a head that knows where they are.

Link l and virtual channel v make the number ``l << shift | v``: the *input VC* (buffer) of the router or sink
at the end of the link, and the *output VC* of the router or source at its start, which keeps the credits. A
flit is ``slot * 4 + tail * 2 + head``, slot being its packet's. Rings and wheels have power-of-two lengths.

A *message* is what a source has to send: flits to one or several endpoints, cut into packets as they go. A
packet that a router copies ends there in its slot, and every *branch* goes on as a packet of its own, in a
slot of its own. While it is read from the buffer that all branches share, it asks for its output VC as the
input VC number ``n_buffers + slot``.
"""

from __future__ import annotations

from typing import Any, ClassVar

from ....kernels.records import Head, Records, RecordType, Tables, head_record, record

__all__ = ["HEAD", "TABLES", "Head", "Hop", "NetworkState", "Records"]

Hop = Any
"""A record of `HOP`, as the loop sees it."""

IDLE, ROUTING, ACTIVE, FORKED = 0, 1, 2, 3
"""Modes of an input VC: empty; its front packet waits for a route or an output VC; or holds one; or is
copied."""

FREE, SOURCE, DRAINING = -1, -2, -3
"""Holders of an output VC that are no input VC: nobody; a source; nobody, but a packet is downstream."""

OK, DEADLOCK, BROKEN, MORE_SLOTS = 0, 1, 2, 3
"""Results of `advance`: time reached; nothing can ever move again; a flit was lost, doubled or overtaken; a
cycle might need more slots than there are."""


def _record(small: str, large: str = "") -> RecordType:
    """Record of int64 fields `large` and int32 fields `small`."""
    return record(**dict.fromkeys(large.split(), "i8"), **dict.fromkeys(small.split(), "i4"))


VC = _record("credits holder tail_sent grant mode out first length accept next_waiting in_switch", "asked")
"""Output VC: credits, holder, whose turn it is to be granted. Input VC: mode and output VC of the front
packet (of one that is copied: its slot), ring of flits, whose turn it is to be accepted, the next one that
waits for the same link, since when it asks."""

LINK = _record(
    "src_router dst_router in_port out_port arrive credit waiting is_waited "
    "sw_grant sw_accept sw_first best taken",
    "free full ready flits key",
)
"""Routers at its ends (-1: an endpoint), ports there, cycles from the buffer (or source) to its end and back
for a credit; input VCs that wait for it, round-robin pointers; VCs that are free, without credit, ready for
the
switch, as bits; flits carried."""

ROUTER = _record("n_in n_out in_start is_live")
PACKET = _record("message size sent got hop route of next branches popped")
"""`hop` links of its route have been granted; `route` is where that route begins in the array of hops; flits
that have left the source (of a branch: its shared buffer `of`) and reached the sink. Of one that is copied:
its first branch, each with the `next`, and the flits that all branches have sent."""

MESSAGE = _record("route packet next", "tag created injected unsent missing")
"""`packet` flits at most go together; flits that no packet has yet; flits that have not reached their
sinks."""

ENDPOINT = _record("link packet message last vc busy")
"""A source: its link, the packet that it sends, its queue of messages, the VC it used last."""

HOP = _record("link whole", "mask")
"""A link of a route, whether a packet needs room for all of it behind the link, and the VCs it may use there.
A route ends at a sink, or with link -1: from there on it forks into `whole` routes, listed in `forks` from
`mask` on."""

JOB = _record("vc out", "at")
FLIGHT = _record("to flit")
REQUEST = _record("src out vc who", "mask granted")
OFFER = _record("src route packet copies", "time size tag")
DELIVERY = _record("", "tag created injected arrived")
INDEX = _record("index")

TABLES: dict[str, RecordType] = {
    "vcs": VC,
    "queue": INDEX,  # flits of each input VC, `depth` a VC, a ring
    "links": LINK,
    "routers": ROUTER,
    "in_links": INDEX,  # links into each router, from `in_start` on
    "sources": ENDPOINT,
    "packets": PACKET,
    "free_slots": INDEX,  # stack of packets not in use
    "messages": MESSAGE,
    "free_messages": INDEX,  # stack of those not in use
    "hops": HOP,
    "forks": INDEX,  # where the routes begin into which others fork
    "flying": FLIGHT,  # flits by the cycle of their arrival, wheel x links
    "n_flying": INDEX,
    "returning": INDEX,  # credits, as VC numbers, by the cycle in which they are of use, wheel x links
    "n_returning": INDEX,
    "routed": JOB,  # ring of head flits by the cycle in which they may ask for a VC
    "allocated": JOB,  # ring of VC allocations by the cycle in which they take effect
    "won": JOB,  # ring of switch allocations by the cycle in which the flit leaves
    "live": INDEX,  # routers with a VC that is ready for the switch
    "waited": INDEX,  # links whose VCs are waited for
    "senders": INDEX,  # sources with something to send
    "requests": REQUEST,
    "offers": OFFER,
    "deliveries": DELIVERY,
}

CONSTANTS = (
    "n_vcs shift low depth routing_delay vc_delay sw_delay iterations wait_for_tail busy_when_full "
    "cut_through n_links n_buffers fanout stop_at_delivery ring_mask wheel_mask "
)
"""`shift` bits, `low` their mask, hold a VC's number on its link; `depth` flits fit in an input VC; a packet
has at most `fanout` branches in one router."""

COUNTERS = (
    "clock queued in_flight events last_move n_free_slots n_free_messages n_live n_waited n_sources "
    "n_offered n_taken n_delivered routed_head routed_tail granted_head granted_tail won_head won_tail "
)
"""Next cycle; messages in source queues; flits in the network; flits and credits on links; last cycle in
which anything moved; lengths of stacks and work lists; heads and tails of rings."""

HEAD = head_record(TABLES, **dict.fromkeys((CONSTANTS + COUNTERS).split(), "i8"))


class NetworkState(Tables):
    """The head and the tables of a network."""

    types: ClassVar = TABLES
