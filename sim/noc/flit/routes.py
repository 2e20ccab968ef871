"""Routes as arrays: every route that traffic uses is found once and kept."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..topology import Topology
from .config import RouterConfig
from .loop.state import HOP, Records

I64 = NDArray[np.int64]


class RouteTable:
    """Hops of all routes that occur, one after the other; nothing is computed before it is used."""

    def __init__(self, topology: Topology, router: RouterConfig) -> None:
        self._topology = topology
        self._router = router
        self._start: dict[tuple[int, int, int], int] = {}
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
        """Where the routes of packets begin in `hops`."""
        if len(src) == 0:
            return np.zeros(0, np.int64)
        period = self._topology.n_variants * (self._router.n_vcs if self._router.ordered else 1)
        unique, inverse = np.unique(np.stack([src, dst, flow % period], axis=1), axis=0, return_inverse=True)
        starts = np.array([self._find(int(s), int(d), int(f)) for s, d, f in unique], np.int64)
        return starts[inverse.reshape(-1)]

    def _find(self, src: int, dst: int, flow: int) -> int:
        start = self._start.get((src, dst, flow))
        if start is None:
            route = self._topology.route(src, dst, flow)
            classes: list[int | None] = list(self._topology.route_classes(src, dst, flow))
            classes[0] = classes[-1] = None
            start = self._start[src, dst, flow] = len(self._hops)
            self._hops += [(link, self._mask(c, flow)) for link, c in zip(route, classes, strict=True)]
        return start

    def _mask(self, vc_class: int | None, flow: int) -> int:
        """Virtual channels of a class as bits; None, on links of endpoints, means all."""
        n_vcs = self._router.n_vcs
        low, high = 0, n_vcs
        if vc_class is not None:
            n_classes = min(self._topology.n_classes, n_vcs)
            c = vc_class % n_classes
            low, high = c * n_vcs // n_classes, (c + 1) * n_vcs // n_classes
        if self._router.ordered:
            low += flow // self._topology.n_variants % (high - low)
            high = low + 1
        return (1 << high) - (1 << low)
