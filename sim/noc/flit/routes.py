"""Routes as arrays: every route that traffic uses is found once and kept."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..topology import HOST, Topology
from ..trees import Tree
from .loop.state import HOP, INDEX, Records

I64 = NDArray[np.int64]


class RouteTable:
    """Hops of all routes that occur, one after the other; nothing is computed before it is used.

    Parameters
    ----------
    topology : Topology
    n_vcs : int
        Virtual channels of every link, shared out among the classes that the routing needs.
    ordered : bool
        Every flow keeps to one of them.
    """

    def __init__(self, topology: Topology, n_vcs: int, *, ordered: bool) -> None:
        self._topology = topology
        self._n_vcs = n_vcs
        self._ordered = ordered
        self._start: dict[int, int] = {}
        self._trees: dict[tuple[int, ...], int] = {}
        self._hops: list[tuple[int, bool | int, int]] = []
        self._forks: list[int] = []
        self._array = np.zeros(0, HOP)

    @property
    def hops(self) -> Records:
        """Array of `HOP`."""
        if len(self._array) < len(self._hops):
            self._array = np.zeros(len(self._hops), HOP)
            for name, values in zip(("link", "whole", "mask"), zip(*self._hops, strict=True), strict=True):
                self._array[name] = values
        return self._array

    @property
    def forks(self) -> Records:
        """Array of `INDEX`: where the routes begin into which others fork."""
        return np.array(self._forks, np.int32).view(INDEX)

    def find(self, src: I64, dst: I64, flow: I64) -> I64:
        """Where the routes of packets begin in `hops`.

        Raises
        ------
        SimulationError
            An endpoint that is not there.
        """
        period = self._topology.n_variants * (self._n_vcs if self._ordered else 1)
        ends = np.array([src, dst])
        for wrong in ends[(ends < HOST) | (ends >= self._topology.n_endpoints)]:
            self._topology.route(int(wrong), int(wrong))  # raises
        n = self._topology.n_endpoints + 1
        keys, inverse = np.unique(((src + 1) * n + dst + 1) * period + flow % period, return_inverse=True)
        starts = np.array([self._find(int(key), n, period) for key in keys], np.int64)
        return starts[inverse]

    def _find(self, key: int, n: int, period: int) -> int:
        if key not in self._start:
            pair, flow = divmod(key, period)
            channels: list[tuple[int, int | None]] = [
                *self._topology.channels(pair // n - 1, pair % n - 1, flow)
            ]
            channels[0], channels[-1] = (channels[0][0], None), (channels[-1][0], None)
            self._start[key] = len(self._hops)
            self._hops += [(link, False, self._mask(c, flow)) for link, c in channels]
        return self._start[key]

    def tree(self, src: int, dsts: Sequence[int], flow: int) -> int:
        """Where the route of packets that routers copy begins in `hops`.

        Raises
        ------
        SimulationError
            An endpoint that is not there, or no destination.
        """
        key = (src, flow % (self._topology.n_variants * self._n_vcs), *sorted(set(dsts)))
        if key not in self._trees:
            tree = Tree.of(self._topology, src, dsts, flow)
            self._trees[key] = self._add(tree, tree.first, flow)
        return self._trees[key]

    def _add(self, tree: Tree, link: int, flow: int) -> int:
        """Add the part of a tree from `link` on: up to a sink, or to where it forks."""
        start = len(self._hops)
        while True:
            onward = tree.onward.get(link, ())
            at_end = link == tree.first or not onward
            mask = self._mask(None if at_end else tree.vc_class[link], flow)
            self._hops.append((link, len(onward) > 1, mask))
            if len(onward) != 1:
                break
            link = onward[0]
        if onward:
            first = len(self._forks)
            self._hops.append((-1, len(onward), first))
            self._forks += [0] * len(onward)
            for i, branch in enumerate(onward):
                self._forks[first + i] = self._add(tree, branch, flow)
        return start

    def _mask(self, vc_class: int | None, flow: int) -> int:
        """Virtual channels of a class as bits; None, on links of endpoints, means all."""
        low, high = 0, self._n_vcs
        if vc_class is not None:
            n_classes = min(self._topology.n_classes, self._n_vcs)
            c = vc_class % n_classes
            low, high = c * self._n_vcs // n_classes, (c + 1) * self._n_vcs // n_classes
        if self._ordered:
            low += flow // self._topology.n_variants % (high - low)
            high = low + 1
        return (1 << high) - (1 << low)


@lru_cache(maxsize=16)
def route_table(topology: Topology, n_vcs: int, *, ordered: bool) -> RouteTable:
    """The table that all networks on the same topology share."""
    return RouteTable(topology, n_vcs, ordered=ordered)
