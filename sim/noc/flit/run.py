"""A network under synthetic load, and what is counted while it runs.

Sources inject packets as a Bernoulli process whose rate is given in flits; each has an endless queue, and
waiting in it is part of a packet's latency.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import SimulationError
from ..link import LinkKind
from ..router import RouterConfig
from ..topology import Topology
from .network import Delivered, FlitNetwork
from .traffic import Traffic

I64 = NDArray[np.int64]


@dataclass(frozen=True)
class Sampling:
    """How long to run; defaults as in BookSim2.

    Attributes
    ----------
    period : int
        Cycles of a sample.
    warmup_periods : int
        Samples thrown away.
    max_samples : int
        Samples at most, warm-up included.
    tolerance : float
        Settled when mean latency and accepted rate change less than this over three samples in a row.
    latency_limit : float
        Cycles of mean latency beyond which the network counts as saturated.
    """

    period: int = 1000
    warmup_periods: int = 3
    max_samples: int = 10
    tolerance: float = 0.02
    latency_limit: float = 1000.0


@dataclass(frozen=True, eq=False)
class LatencyPoint:
    """What a network does at one offered load. Rates in flits per endpoint and cycle, times in cycles.

    Attributes
    ----------
    offered, accepted : float
    saturated : bool
        Mean latency passed the limit; the latencies are then those of the packets that made it.
    latency, network_latency, latency_p99 : float
        From creation, or from leaving the source, to the arrival of the tail; NaN if no packet was measured.
    n_packets : int
        Packets measured.
    cycles : int
        Cycles simulated.
    link_load : float array, shape (n_links,)
        Flits per cycle on each link while sampling.
    """

    offered: float
    accepted: float
    saturated: bool
    latency: float
    network_latency: float
    latency_p99: float
    n_packets: int
    cycles: int
    link_load: NDArray[np.float64]


class TrafficRun:
    """A network with its traffic, and what is being counted."""

    def __init__(
        self,
        topology: Topology,
        router: RouterConfig,
        pattern: Traffic,
        rate: float,
        packet_flits: int,
        seed: int,
    ) -> None:
        if packet_flits < 1:
            raise SimulationError(f"a packet has at least 1 flit, found {packet_flits}")
        if not 0 < rate <= packet_flits:
            raise SimulationError(
                f"rate must lie above 0 and at most at {packet_flits} flits per cycle, found {rate}"
            )
        self.network = FlitNetwork(topology, router)
        self.pattern, self.rate, self.size = pattern, rate, packet_flits
        self._rng = np.random.default_rng(seed)
        self._n = topology.n_endpoints
        self._eject = [i for i, link in enumerate(topology.links()) if link.kind == LinkKind.EJECT]
        self._inject = [i for i, link in enumerate(topology.links()) if link.kind == LinkKind.INJECT]
        self._offered = np.zeros(self._n, np.int64)
        self._before = (0.0, 0.0)
        self._end: int | None = None
        self._n_delivered = 0
        self.undelivered = 0
        self.clear(measure=False)

    def clear(self, *, measure: bool) -> None:
        """Forget what was counted; measure the packets that leave their source from now on, or all."""
        self._since = self.network.clock if measure else 0
        self._start, self._flits_at_start = self.network.clock, self.network.link_flits
        self._latency: list[I64] = []
        self._network_latency: list[I64] = []

    def step(self, cycles: int, *, backlog_limit: bool = False) -> None:
        """Offer the traffic of some cycles and simulate them."""
        time, src = np.nonzero(self._rng.random((cycles, self._n)) < self.rate / self.size)
        if backlog_limit:  # what a source could not send in these cycles anyway need not be there
            sent = self.network.link_flits[self._inject] // self.size
            full = self._offered - sent > cycles // self.size
            time, src = time[~full[src]], src[~full[src]]
        self._offered += np.bincount(src, minlength=self._n)
        dst = self.pattern.destinations(self._rng, src.astype(np.int64))
        flow = (
            self._rng.integers(0, 1 << 16, len(src))
            if not self.network.router.ordered
            else src * self._n + dst
        )
        self.network.offer(time + self.network.clock, src, dst, self.size, 0, flow)
        self._record(self.network.advance(self.network.clock + cycles))

    def freeze(self) -> None:
        """From here on packets created are load only; wait for the others."""
        self._end = self.network.clock
        self._flits_at_end = self.network.link_flits
        self.undelivered = int(self._offered.sum()) - self._n_delivered

    def mean_age(self) -> float:
        """Mean latency of the packets measured, those under way counted by their age, flit by flit."""
        ages = self.network.ages()
        n = sum(map(len, self._latency))
        total = sum(int(x.sum()) for x in self._latency) + self.size * int(ages.sum())
        return total / max(1, n + self.size * len(ages))

    def changed(self) -> float:
        """Relative change of mean latency and accepted rate, the larger, since the last call."""
        latency = self._mean(self._latency)
        now = (latency, self.accepted())
        change = max(abs(a - b) / a if a > 0 else 1.0 for a, b in zip(now, self._before, strict=True))
        self._before = now
        return change if latency == latency else 1.0

    def accepted(self) -> float:
        flits = (self.network.link_flits - self._flits_at_start)[self._eject].sum()
        return float(flits) / max(1, self.network.clock - self._start) / self._n

    def point(self, *, saturated: bool) -> LatencyPoint:
        end = self.network.clock if self._end is None else self._end
        flits = self.network.link_flits if self._end is None else self._flits_at_end
        load = (flits - self._flits_at_start) / max(1, end - self._start)
        latency = np.concatenate([*self._latency, np.zeros(0, np.int64)])
        return LatencyPoint(
            offered=self.rate,
            accepted=float(load[self._eject].sum()) / self._n,
            saturated=saturated,
            latency=self._mean(self._latency),
            network_latency=self._mean(self._network_latency),
            latency_p99=float(np.percentile(latency, 99)) if len(latency) else float("nan"),
            n_packets=len(latency),
            cycles=self.network.clock,
            link_load=load,
        )

    def _record(self, done: Delivered) -> None:
        measured = done.injected >= self._since
        if self._end is None:
            self._n_delivered += len(done)
        else:
            in_time = done.created < self._end
            self.undelivered -= int(in_time.sum())
            measured &= in_time
        self._latency.append((done.arrived - done.created)[measured])
        self._network_latency.append((done.arrived - done.injected)[measured])

    @staticmethod
    def _mean(parts: Sequence[I64]) -> float:
        n = sum(map(len, parts))
        return sum(int(x.sum()) for x in parts) / n if n else float("nan")
