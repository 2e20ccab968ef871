"""Inferences per second in the steady state."""

from __future__ import annotations

from dataclasses import dataclass

from ..engines.result import EngineResult
from .seconds import FS_PER_S


@dataclass(frozen=True)
class Throughput:
    """Rate of inferences, and what it was measured on.

    Parameters
    ----------
    per_s : float
    basis : str
        A sentence for reports.
    """

    per_s: float
    basis: str


def throughput(single: EngineResult, batch: EngineResult | None) -> Throughput:
    """Steady-state rate.

    Without a batch there is no steady state: the rate is that of one inference at a time, ``1 / latency``.

    With B back-to-back inferences it is the mean distance between the ends of inferences ``w .. l`` (counted
    from 0): ``(l - w) / (end[l] - end[w])``. The first ``w = (B - 2) // 2`` fill the pipeline; the last one,
    B - 1, is left out because nothing is behind it to compete for the hardware. B = 2 has only one distance,
    between its two ends, and the basis says so.
    """
    if batch is None:
        return Throughput(FS_PER_S / single.makespan_fs, "one inference at a time: 1 / latency")
    ends = [int(t) for t in batch.iteration_end_fs]
    n = len(ends)
    if n == 2:
        return Throughput(
            FS_PER_S / (ends[1] - ends[0]),
            "between the ends of 2 inferences; the second has none behind it",
        )
    first, last = (n - 2) // 2, n - 2
    rate = (last - first) * FS_PER_S / (ends[last] - ends[first])
    return Throughput(rate, f"steady state, between the ends of inferences {first + 1} and {last + 1} of {n}")
