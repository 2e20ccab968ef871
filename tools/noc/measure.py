"""What the bench measures: a curve over the offered load, or one run of a trace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...sim.noc.flit import (
    LatencyPoint,
    Trace,
    Traffic,
    bench,
    check_routing,
    knee,
    replay,
)
from ...sim.noc.loads import Flow, SharedLink, busiest
from ...sim.noc.packet import zero_load_cycles
from ...sim.progress import Progress
from .spec import BenchNetwork

MOST_FLOWS = 1 << 16
"""Pairs of endpoints up to which the flows over each link are listed."""
N_LINKS = 8
"""Busiest links shown."""

F64 = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Curve:
    """Latency over offered load, up to the first load that saturates the network.

    Attributes
    ----------
    points : sequence of LatencyPoint
        By offered load; flits per endpoint and cycle, and cycles.
    knee : float
        Offered load at which latency is three times that of the first point; NaN if not reached.
    links : list of SharedLink
        The busiest at the highest load that is carried; loads in flits per cycle, flows in the same unit.
    """

    points: Sequence[LatencyPoint]
    knee: float
    links: list[SharedLink]

    @property
    def carried(self) -> LatencyPoint | None:
        """The point of the highest load below saturation."""
        return next((p for p in reversed(self.points) if not p.saturated), None)

    @property
    def link_bound(self) -> float | None:
        """Offered load at which the busiest link would carry a flit every cycle: no router does better."""
        point = self.carried
        return None if point is None else point.offered / float(point.link_load.max())


def sweep_rates(
    network: BenchNetwork,
    pattern: Traffic,
    rates: Sequence[float],
    *,
    packet_flits: int,
    seed: int,
    progress: Progress | None = None,
) -> Curve:
    """Measure at ascending loads, up to and with the first that saturates.

    Raises
    ------
    SimulationError
        Routes that could deadlock; the message names the cycle.
    """
    check_routing(network.topology, network.router, pattern)
    points: list[LatencyPoint] = []
    for i, rate in enumerate(rates):
        if progress:
            progress(f"offered load {rate:g}", i / len(rates))
        points.append(
            bench(network.topology, network.router, pattern, rate, packet_flits=packet_flits, seed=seed)
        )
        if points[-1].saturated:
            break
    last = next((p for p in reversed(points) if not p.saturated), points[-1])
    flows = _flows(network, pattern, last.offered)
    return Curve(points, knee(points), _busiest(network, last.link_load, flows))


@dataclass(frozen=True, eq=False)
class Replay:
    """One run of a trace. Times in cycles.

    Attributes
    ----------
    n_packets : int
    cycles : int
        Until the last packet has arrived.
    hop_cycles, queue_cycles : float
        Mean over packets: on an empty network, and beyond that; their sum is the mean latency.
    latency_p99 : float
    flit_hops : int
        Flits through routers, each with the link behind it.
    links : list of SharedLink
        The busiest; loads in flits per cycle.
    """

    n_packets: int
    cycles: int
    hop_cycles: float
    queue_cycles: float
    latency_p99: float
    flit_hops: int
    links: list[SharedLink]


def replay_trace(network: BenchNetwork, trace: Trace) -> Replay:
    """Run the packets of a trace and take their latencies apart."""
    done = replay(network.topology, network.router, trace)
    latency = (done.arrived - done.created).astype(float)
    keys = list(zip(trace.src.tolist(), trace.dst.tolist(), trace.n_flits.tolist(), strict=True))
    flow = {(s, d): s * network.topology.n_endpoints + d for s, d, _ in keys}
    empty = {
        key: zero_load_cycles(network.topology, network.router, *key, flow[key[:2]]) for key in set(keys)
    }
    hops = float(np.mean([empty[key] for key in keys]))
    cycles = int(done.arrived.max()) + 1
    demands: Counter[Flow] = Counter()
    flit_hops = 0
    for s, d, n in keys:
        demands[s, d] += n
        flit_hops += n * (len(network.topology.route(s, d, flow[s, d])) - 1)
    loads = {f: n / cycles for f, n in demands.items()}
    return Replay(
        n_packets=len(keys),
        cycles=cycles,
        hop_cycles=hops,
        queue_cycles=float(latency.mean()) - hops,
        latency_p99=float(np.percentile(latency, 99)),
        flit_hops=flit_hops,
        links=[s for s in busiest(network.topology, loads, N_LINKS) if s.load > 0],
    )


def _flows(network: BenchNetwork, pattern: Traffic, rate: float) -> dict[Flow, float]:
    """Mean demand of every pair of endpoints, sampled; empty where there are too many pairs to list."""
    n = network.topology.n_endpoints
    if n * n > MOST_FLOWS and not pattern.permutation:
        return {}
    samples = 1 if pattern.permutation else max(64, 16 * n)
    src = np.tile(np.arange(n, dtype=np.int64), samples)
    dst = pattern.destinations(np.random.default_rng(0), src)
    pairs, counts = np.unique(src * n + dst, return_counts=True)
    return {(int(p) // n, int(p) % n): rate * int(c) / samples for p, c in zip(pairs, counts, strict=True)}


def _busiest(network: BenchNetwork, load: F64, flows: dict[Flow, float]) -> list[SharedLink]:
    """The links that carried most, with the flows over them."""
    chosen = [int(i) for i in np.argsort(-load, kind="stable")[:N_LINKS] if load[i] > 0]
    users: dict[int, dict[Flow, float]] = {i: {} for i in chosen}
    topology = network.topology
    for flow, amount in flows.items():
        for variant in range(topology.n_variants):
            for link in users.keys() & set(topology.route(*flow, variant)):
                users[link][flow] = users[link].get(flow, 0.0) + amount / topology.n_variants
    return [
        SharedLink(
            topology.link(i), float(load[i]), tuple(sorted(users[i].items(), key=lambda f: (-f[1], f[0])))
        )
        for i in chosen
    ]
