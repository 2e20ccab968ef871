"""Multicast and reduction trees: the union of the unicast routes, each link once.

Where two routes of a routing that is no tree by itself meet again, the later one joins the earlier: a word
reaches every router once, and a partial sum leaves every router once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import SimulationError

if TYPE_CHECKING:
    from .topology import Topology

Levels = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Tree:
    """A multicast tree, link by link.

    Attributes
    ----------
    first : int
        The injecting link.
    onward : dict of int to tuple of int
        Links behind each link, in the order of the destinations that they lead to; none behind ejecting
        links.
    vc_class : dict of int to int
        Virtual-channel class on each link.
    depth : dict of int to int
        Links before each link.
    """

    first: int
    onward: dict[int, tuple[int, ...]]
    vc_class: dict[int, int]
    depth: dict[int, int]

    @staticmethod
    def of(topology: Topology, src: int, dsts: Sequence[int], flow: int = 0) -> Tree:
        """The tree from `src` to all `dsts`."""
        into: dict[int, int] = {}
        onward: dict[int, tuple[int, ...]] = {}
        vc_class: dict[int, int] = {}
        depth: dict[int, int] = {}
        first = -1
        for dst in _some(dsts):
            channels = topology.channels(src, dst, flow)
            ends = [topology.ends(link)[1] for link, _ in channels]
            first = channels[0][0]
            known = max((i + 1 for i, node in enumerate(ends) if node in into), default=0)
            before = into[ends[known - 1]] if known else None
            for (link, c), node in zip(channels[known:], ends[known:], strict=True):
                if before is not None:
                    onward[before] = (*onward.get(before, ()), link)
                depth[link] = 0 if before is None else depth[before] + 1
                vc_class[link], into[node], before = c, link, link
        return Tree(first, onward, vc_class, depth)


def multicast(topology: Topology, src: int, dsts: Sequence[int], flow: int = 0) -> Levels:
    """Links of the tree from `src` to all `dsts`, by depth."""
    return _by_depth(Tree.of(topology, src, dsts, flow).depth)


def reduction(topology: Topology, srcs: Sequence[int], dst: int, flow: int = 0) -> Levels:
    """Links of the tree from all `srcs` to `dst`, leaves first: a reversed multicast of reversed routes."""
    into: dict[int, int] = {}
    depth: dict[int, int] = {}
    for src in _some(srcs):
        route = topology.route(src, dst, flow)[::-1]
        starts = [topology.ends(link)[0] for link in route]
        known = max((i + 1 for i, node in enumerate(starts) if node in into), default=0)
        at = depth[into[starts[known - 1]]] + 1 if known else 0
        for link, node in zip(route[known:], starts[known:], strict=True):
            depth[link], into[node], at = at, link, at + 1
    return _by_depth(depth)[::-1]


def _some(members: Sequence[int]) -> list[int]:
    if not members:
        raise SimulationError("a multicast or a reduction needs at least one member")
    return sorted(set(members))


def _by_depth(depth: dict[int, int]) -> Levels:
    levels: dict[int, list[int]] = {}
    for link, d in depth.items():
        levels.setdefault(d, []).append(link)
    return tuple(tuple(sorted(levels[d])) for d in sorted(levels))
