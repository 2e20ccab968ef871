"""The interconnect: topologies and routes, and what happens on them packet by packet or flit by flit."""

from .deadlock import check_deadlock_free
from .link import Link, LinkKind
from .router import BOOKSIM, RouterConfig
from .topology import HOST, FabricSpec, Topology, build, build_hierarchy

__all__ = [
    "BOOKSIM",
    "HOST",
    "FabricSpec",
    "Link",
    "LinkKind",
    "RouterConfig",
    "Topology",
    "build",
    "build_hierarchy",
    "check_deadlock_free",
]
