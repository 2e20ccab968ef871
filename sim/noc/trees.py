"""Multicast and reduction trees: the union of the unicast routes, each link once.

Where two routes of a routing that is no tree by itself meet again, the later one joins the earlier: a word
reaches every router once, and a partial sum leaves every router once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ..errors import SimulationError

if TYPE_CHECKING:
    from .topology import Topology

Levels = tuple[tuple[int, ...], ...]


def multicast(topology: Topology, src: int, dsts: Sequence[int], flow: int = 0) -> Levels:
    """Links of the tree from `src` to all `dsts`, by depth."""
    forward = ([(*topology.ends(link), link) for link in topology.route(src, d, flow)] for d in _some(dsts))
    return _levels(forward)


def reduction(topology: Topology, srcs: Sequence[int], dst: int, flow: int = 0) -> Levels:
    """Links of the tree from all `srcs` to `dst`, leaves first: a reversed multicast of reversed routes."""
    backward = (
        [(*topology.ends(link)[::-1], link) for link in reversed(topology.route(s, dst, flow))]
        for s in _some(srcs)
    )
    return _levels(backward)[::-1]


def _some(members: Sequence[int]) -> list[int]:
    if not members:
        raise SimulationError("a multicast or a reduction needs at least one member")
    return sorted(set(members))


def _levels(routes: Iterable[list[tuple[int, int, int]]]) -> Levels:
    """Join routes, as (from, to, link) from the root outwards, into one tree; its links by depth."""
    depth: dict[int, int] = {}
    levels: list[list[int]] = []
    for route in routes:
        known = max((i for i, (node, _, _) in enumerate(route) if i and node in depth), default=0)
        depth_here = depth[route[known][0]] if known else 0
        for _, node, link in route[known:]:
            if depth_here == len(levels):
                levels.append([])
            if link not in levels[depth_here]:
                levels[depth_here].append(link)
            depth_here += 1
            depth.setdefault(node, depth_here)
    return tuple(tuple(sorted(level)) for level in levels)
