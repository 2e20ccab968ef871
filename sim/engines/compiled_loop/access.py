"""The tables as the loop reaches them: ``flights(s, i)`` is record i of that table."""

from __future__ import annotations

from functools import partial

from ...kernels.record_code import records_at
from ...kernels.record_code import table as table_of
from .state import EVENT, HEAD, TABLES

_table = partial(table_of, HEAD, TABLES)

event_at = records_at(EVENT)
"""Record of a heap by the address of the heap."""
flights = _table("flights")
nodes = _table("nodes")
forward = _table("forward")
actors = _table("actors")
visits = _table("visits")
entrances = _table("entrances")
channels = _table("channels")
stores = _table("stores")
cursors = _table("cursors")
table = _table("table")
in_channel = _table("in_channel")
out_channel = _table("out_channel")
group = _table("group")
resources = _table("resources")
servers = _table("servers")
turns = _table("turns")
pools = _table("pools")
bookings = _table("bookings")
lanes = _table("lanes")
links = _table("links")
requests = _table("requests")
touched = _table("touched")
sends = _table("sends")
flows = _table("flows")
sent = _table("sent")
parked = _table("parked")
ended = _table("ended")
changed = _table("changed")
iterations = _table("iterations")
arrivals = _table("arrivals")
bins = _table("bins")
firings = _table("firings")
waits_for_arrivals = _table("waits_for_arrivals")
seen = _table("seen")
breaks = _table("breaks")
period = _table("period")
