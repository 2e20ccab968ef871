"""The interconnect: topologies and routes, and what happens on them flit by flit."""

from .deadlock import check_deadlock_free
from .topology import HOST, Link, LinkKind, Topology, build

__all__ = ["HOST", "Link", "LinkKind", "Topology", "build", "check_deadlock_free"]
