"""The tables as the loop reaches them: ``vcs(s, i)`` is record i of that table."""

from __future__ import annotations

from functools import partial

from ....kernels.record_code import table as table_of
from .state import HEAD, TABLES

_table = partial(table_of, HEAD, TABLES)

vcs = _table("vcs")
queue = _table("queue")
links = _table("links")
routers = _table("routers")
in_links = _table("in_links")
sources = _table("sources")
packets = _table("packets")
free_slots = _table("free_slots")
messages = _table("messages")
free_messages = _table("free_messages")
hops = _table("hops")
forks = _table("forks")
flying = _table("flying")
n_flying = _table("n_flying")
returning = _table("returning")
n_returning = _table("n_returning")
routed = _table("routed")
allocated = _table("allocated")
won = _table("won")
live = _table("live")
waited = _table("waited")
senders = _table("senders")
requests = _table("requests")
offers = _table("offers")
deliveries = _table("deliveries")
