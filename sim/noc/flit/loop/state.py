"""What the cycle loop works on: tables of records, and a head that knows where they are.

Link l and virtual channel v make the number ``l << shift | v``: the *input VC* (buffer) of the router or sink
at the end of the link, and the *output VC* of the router or source at its start, which keeps the credits. A
flit is ``slot * 4 + tail * 2 + head``, slot being its packet's. Rings and wheels have power-of-two lengths.
"""

from __future__ import annotations

from typing import ClassVar

from ....kernels.records import Head, Records, RecordType, Tables, head_record, record

__all__ = ["HEAD", "TABLES", "Head", "NetworkState", "Records"]

IDLE, ROUTING, ACTIVE = 0, 1, 2
"""Modes of an input VC: empty; its front packet waits for a route or an output VC; or holds one."""

FREE, SOURCE, DRAINING = -1, -2, -3
"""Holders of an output VC that are no input VC: nobody; a source; nobody, but a packet is downstream."""

OK, DEADLOCK, BROKEN = 0, 1, 2
"""Results of `advance`: time reached; nothing can ever move again; a flit was lost, doubled or overtaken."""


def _record(small: str, large: str = "") -> RecordType:
    """Record of int64 fields `large` and int32 fields `small`."""
    return record(**dict.fromkeys(large.split(), "i8"), **dict.fromkeys(small.split(), "i4"))


VC = _record("credits holder tail_sent grant mode out first length accept next_waiting in_switch", "asked")
"""Output VC: credits, holder, whose turn it is to be granted. Input VC: mode and output VC of the front
packet, ring of flits, whose turn it is to be accepted, the next one that waits for the same link, since when
it
asks."""

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
PACKET = _record("next size sent got hop", "tag route created injected")
"""`hop` links of its route have been granted; `route` is where that route begins in the array of hops."""

ENDPOINT = _record("link packet last vc busy")
"""A source: its link, its queue of packets, the VC it used last."""

HOP = _record("link", "mask")
"""A link of a route and the VCs that may be used on it."""

JOB = _record("vc out", "at")
FLIGHT = _record("to flit")
REQUEST = _record("src out vc", "mask granted")
OFFER = _record("src size", "time route tag")
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
    "hops": HOP,
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
    "cut_through n_links stop_at_delivery ring_mask wheel_mask "
)
"""`shift` bits, `low` their mask, hold a VC's number on its link; `depth` flits fit in an input VC."""

COUNTERS = (
    "clock queued in_flight events last_move n_free_slots n_live n_waited n_sources n_offered n_taken "
    "n_delivered routed_head routed_tail granted_head granted_tail won_head won_tail "
)
"""Next cycle; packets in source queues; flits in the network; flits and credits on links; last cycle in which
anything moved; lengths of stacks and work lists; heads and tails of rings."""

HEAD = head_record(TABLES, **dict.fromkeys((CONSTANTS + COUNTERS).split(), "i8"))


class NetworkState(Tables):
    """The head and the tables of a network."""

    types: ClassVar = TABLES
