"""Routes as arrays: every route that traffic uses is found once and kept."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..topology import HOST, Topology
from .loop.state import HOP, Records

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
        self._hops: list[tuple[int, int]] = []
        self._array = np.zeros(0, HOP)

    @property
    def hops(self) -> Records:
        """Array of `HOP`."""
        if len(self._array) < len(self._hops):
            links, masks = zip(*self._hops, strict=True)
            self._array = np.zeros(len(self._hops), HOP)
            self._array["link"], self._array["mask"] = links, masks
        return self._array

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
            self._hops += [(link, self._mask(c, flow)) for link, c in channels]
        return self._start[key]

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
