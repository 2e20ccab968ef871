"""The traffic bench: latency and throughput of a network under synthetic load.

Warm-up, sampling until the mean settles, draining and the test for saturation follow BookSim2's latency mode.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise, product

import numpy as np

from ..deadlock import check_deadlock_free
from ..router import RouterConfig
from ..topology import Topology
from .network import Delivered, FlitNetwork
from .run import LatencyPoint, Sampling, TrafficRun
from .traffic import Trace, Traffic, traffic


def bench(
    topology: Topology,
    router: RouterConfig,
    pattern: str | Traffic,
    rate: float,
    *,
    packet_flits: int = 1,
    seed: int = 1,
    sampling: Sampling | None = None,
) -> LatencyPoint:
    """Latency of a network under one offered load.

    Parameters
    ----------
    rate : float
        Flits per endpoint and cycle, 0 < rate <= 1 and no more than a packet each cycle.
    packet_flits : int

    Raises
    ------
    SimulationError
        A bad rate or packet, or a pattern that the network cannot carry.
    """
    sampling = sampling or Sampling()
    run = TrafficRun(topology, router, _pattern(pattern, topology), rate, packet_flits, seed)
    settled = 0
    for sample in range(sampling.max_samples):
        warming = sample < sampling.warmup_periods
        if (warming and sample % 2 == 0) or sample == sampling.warmup_periods:
            run.clear(measure=not warming)
        run.step(sampling.period)
        if run.mean_age() > sampling.latency_limit:
            return run.point(saturated=True)
        steady = run.changed() < sampling.tolerance
        settled = settled + 1 if steady and not warming else 0
        if settled == 3:
            break
    run.freeze()
    while run.undelivered:
        run.step(1000)
        if run.mean_age() > sampling.latency_limit:
            return run.point(saturated=True)
    return run.point(saturated=False)


def throughput(
    topology: Topology,
    router: RouterConfig,
    pattern: str | Traffic,
    rate: float = 1.0,
    *,
    packet_flits: int = 1,
    seed: int = 1,
    sampling: Sampling | None = None,
) -> float:
    """Accepted flits per endpoint and cycle at an offered load, however long the queues become."""
    sampling = sampling or Sampling(period=2000, max_samples=5)
    run = TrafficRun(topology, router, _pattern(pattern, topology), rate, packet_flits, seed)
    for sample in range(sampling.max_samples):
        if sample == sampling.warmup_periods:
            run.clear(measure=True)
        run.step(sampling.period, backlog_limit=True)
    return run.accepted()


def replay(topology: Topology, router: RouterConfig, trace: Trace) -> Delivered:
    """Run the packets of a trace, all of which may be waiting at once; tags are positions in the trace.

    Raises
    ------
    SimulationError
        Routes of the trace that could deadlock on the virtual channels that there are.
    """
    pairs = sorted(set(zip(trace.src.tolist(), trace.dst.tolist(), strict=True)))
    check_deadlock_free(topology, pairs, min(router.n_vcs, topology.n_classes))
    network = FlitNetwork(topology, router)
    flow = trace.src * topology.n_endpoints + trace.dst
    network.offer(trace.time, trace.src, trace.dst, trace.n_flits, np.arange(len(trace.time)), flow)
    return network.drain()


def _pattern(pattern: str | Traffic, topology: Topology) -> Traffic:
    return traffic(pattern, topology) if isinstance(pattern, str) else pattern


def check_routing(topology: Topology, router: RouterConfig, pattern: str | Traffic) -> None:
    """Refuse a pattern whose routes could deadlock on the virtual channels that there are.

    Raises
    ------
    SimulationError
        Names the cycle of links.
    """
    chosen = _pattern(pattern, topology)
    ends = np.arange(topology.n_endpoints)
    pairs: Iterable[tuple[int, int]] = product(ends.tolist(), ends.tolist())
    if chosen.permutation:
        pairs = zip(ends.tolist(), chosen.destinations(np.random.default_rng(0), ends).tolist(), strict=True)
    check_deadlock_free(topology, pairs, min(router.n_vcs, topology.n_classes))


def curve(
    topology: Topology,
    router: RouterConfig,
    pattern: str | Traffic,
    rates: Sequence[float],
    *,
    packet_flits: int = 1,
    seed: int = 1,
    sampling: Sampling | None = None,
) -> list[LatencyPoint]:
    """Points at ascending offered loads, up to and with the first that saturates the network.

    Raises
    ------
    SimulationError
        As `bench`; also routes that could deadlock.
    """
    check_routing(topology, router, pattern)
    points = []
    for rate in sorted(rates):
        points.append(
            bench(topology, router, pattern, rate, packet_flits=packet_flits, seed=seed, sampling=sampling)
        )
        if points[-1].saturated:
            break
    return points


def knee(points: Sequence[LatencyPoint], factor: float = 3.0) -> float:
    """Offered load at which the mean latency reaches `factor` times that of the first point, interpolated.

    NaN if it does not on this curve. Near the knee latency grows like 1/(knee - load), hence interpolation in
    1/latency.
    """
    limit = factor * points[0].latency
    for low, high in pairwise(points):
        if high.saturated or high.latency >= limit:
            a, b, at = 1 / low.latency, 0.0 if high.saturated else 1 / high.latency, 1 / limit
            return low.offered + (high.offered - low.offered) * (a - at) / (a - b)
    return float("nan")


def traffic_curve(
    topology: Topology,
    router: RouterConfig,
    pattern: str | Traffic,
    rates: Sequence[float],
    *,
    packet_flits: int = 1,
    seed: int = 1,
    sampling: Sampling | None = None,
) -> list[dict[str, float | int | bool | str]]:
    """The curve as rows of a table: rates in flits per endpoint and cycle, times in cycles, busiest link."""
    points = curve(topology, router, pattern, rates, packet_flits=packet_flits, seed=seed, sampling=sampling)
    rows: list[dict[str, float | int | bool | str]] = []
    for point in points:
        busiest = int(point.link_load.argmax())
        rows.append(
            {
                "offered": point.offered,
                "accepted": point.accepted,
                "saturated": point.saturated,
                "latency_cycles": point.latency,
                "network_latency_cycles": point.network_latency,
                "latency_p99_cycles": point.latency_p99,
                "busiest_link": topology.link(busiest).name,
                "busiest_link_load": float(point.link_load[busiest]),
                "n_packets": point.n_packets,
                "cycles": point.cycles,
            }
        )
    return rows
