"""Requests that arrive over time: how long each took, how long it queued, and whether the chip keeps up."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ..arrivals import Arrivals
from .seconds import FS_PER_S, seconds
from .throughput import Capacity


@dataclass(frozen=True)
class Distribution:
    """Times of many requests.

    Percentiles are by nearest rank: the p-th is the smallest time that at least p per cent of the requests
    did not exceed, so it is the time of one of them.
    """

    mean_s: float
    p50_s: float
    p95_s: float
    p99_s: float
    max_s: float

    @staticmethod
    def of(times_fs: Sequence[int]) -> Distribution:
        """Mean and percentiles of times in fs, at least one."""
        ranked = sorted(times_fs)
        n = len(ranked)
        p50, p95, p99 = (seconds(ranked[-(-p * n // 100) - 1]) for p in (50, 95, 99))
        return Distribution(sum(ranked) / (n * FS_PER_S), p50, p95, p99, seconds(ranked[-1]))

    @property
    def by_name(self) -> dict[str, float]:
        """In seconds: mean, p50, p95, p99, max."""
        return {
            "mean": self.mean_s,
            "p50": self.p50_s,
            "p95": self.p95_s,
            "p99": self.p99_s,
            "max": self.max_s,
        }


@dataclass(frozen=True, eq=False)
class Requests:
    """What happened to a stream of requests.

    Parameters
    ----------
    arrivals : Arrivals
    arrival_fs, end_fs : sequence of int
        Of each request, both ascending: they are served in the order in which they arrive.
    alone_fs : int
        Latency of one inference with the chip to itself.
    capacity : Capacity
        Of as many inferences back to back.
    """

    arrivals: Arrivals
    arrival_fs: Sequence[int]
    end_fs: Sequence[int]
    alone_fs: int
    capacity: Capacity

    @property
    def n(self) -> int:
        return len(self.arrival_fs)

    @cached_property
    def latency_fs(self) -> tuple[int, ...]:
        """Time of each request from its arrival to the end of its last output."""
        return tuple(end - begin for begin, end in zip(self.arrival_fs, self.end_fs, strict=True))

    @cached_property
    def latency(self) -> Distribution:
        """Time from arrival to the end of the last output."""
        return Distribution.of(self.latency_fs)

    @cached_property
    def queueing(self) -> Distribution:
        """Latency beyond that of an inference alone: the time that the other requests cost.

        Below zero if the others happened to make it faster, which sharing by turns can do (Graham 1969).
        """
        return Distribution.of([time_fs - self.alone_fs for time_fs in self.latency_fs])

    @property
    def offered_per_s(self) -> float:
        """Rate that was asked for."""
        return self.arrivals.offered_per_s

    @property
    def arrived_per_s(self) -> float | None:
        """Rate at which these requests did arrive, between the first and the last; varies if random."""
        return _rate(self.arrival_fs)

    @property
    def served_per_s(self) -> float:
        """Rate at which requests were finished, between the ends of the first and the last."""
        return _rate(self.end_fs) or self.n * FS_PER_S / self.end_fs[-1]

    @property
    def mean_in_system(self) -> float:
        """Requests that had arrived and not ended, averaged over the time from first arrival to last end.

        Sum of all latencies / that time, which is Little's law (1961) for a finite run.
        """
        return sum(self.latency_fs) / (self.end_fs[-1] - self.arrival_fs[0])

    @cached_property
    def most_in_system(self) -> int:
        """Most requests that had arrived and not ended."""
        arrivals = enumerate(self.arrival_fs)
        return max(i + 1 - bisect_right(self.end_fs, time_fs) for i, time_fs in arrivals)

    @property
    def above_capacity(self) -> bool | None:
        """Whether more is offered than can be served in the long run, so that the queue grows without end.

        None if the run was too short to tell: the offered rate lies between what was served for sure and
        what the busiest resource could serve.
        """
        known = self.capacity
        least = known.least_per_s if known.steady_per_s is None else known.steady_per_s
        most = known.most_per_s if known.steady_per_s is None else known.steady_per_s
        if self.offered_per_s <= least:
            return False
        return True if self.offered_per_s > most else None

    @property
    def verdict(self) -> str:
        """A sentence on load and capacity for reports."""
        offered, steady, above = self.offered_per_s, self.capacity.steady_per_s, self.above_capacity
        if above is None:
            return "too few requests to tell whether the load is above the capacity (use a larger batch)"
        if not above:
            reached = "" if steady is None else f", {100 * offered / steady:.3g} % of it"
            return f"the load is within the capacity{reached}: the queue does not grow for good"
        grows = "" if steady is None else f" by {offered - steady:.3g} requests per second"
        return f"the load is above the capacity: the queue grows{grows}, and latencies with every request"


def _rate(times_fs: Sequence[int]) -> float | None:
    """Events per second between the first and the last; None if they coincide."""
    span_fs = times_fs[-1] - times_fs[0]
    return (len(times_fs) - 1) * FS_PER_S / span_fs if span_fs else None
