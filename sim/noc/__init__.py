"""The interconnect: topologies and routes, and what happens on them packet by packet or flit by flit."""

from .deadlock import check_deadlock_free
from .router import BOOKSIM, RouterConfig
from .topology import HOST, Link, LinkKind, Topology, build

__all__ = [
    "BOOKSIM",
    "HOST",
    "Link",
    "LinkKind",
    "RouterConfig",
    "Topology",
    "build",
    "check_deadlock_free",
]
