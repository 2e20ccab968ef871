"""Inferences per second in the steady state."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass

import numpy as np

from ..engines.result import EngineResult
from ..program import I64, Program
from .busy import visit_resource_pairs
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


def throughput(program: Program, single: EngineResult, batch: EngineResult | None) -> Throughput:
    """Steady-state rate.

    Without a batch there is no steady state: the rate is that of one inference at a time, ``1 / latency``.

    With B inferences back to back, the pipeline is full from the end of the first until the last one enters;
    after that it drains, and inferences end faster than they could in the long run. So let l be the last
    inference that ended before the last one began, and w = l // 2 (the ones before fill the pipeline): the
    rate is ``(l - w) / (end[l] - end[w])``.

    That is believed only if it lies between ``B / makespan``, which includes filling and draining and is too
    low, and the rate of the busiest resource, which none can pass. Otherwise (or if no two inferences ended
    in that time) the batch is too short to show a steady state, and the rate is ``B / makespan``.
    """
    if batch is None:
        return Throughput(FS_PER_S / single.makespan_fs, "one inference at a time, 1 / latency")
    ends = batch.iteration_end_fs.tolist()
    n = len(ends)
    whole = n * FS_PER_S / batch.makespan_fs
    last = bisect_right(ends, int(batch.iteration_begin_fs[-1])) - 1
    if last >= 1:
        first = last // 2
        rate = (last - first) * FS_PER_S / (ends[last] - ends[first])
        if whole <= rate <= _most(program, batch, n):
            basis = f"steady state, between the ends of inferences {first + 1} and {last + 1} of {n}"
            return Throughput(rate, basis)
    basis = f"{n} / makespan, too few to reach a steady state (a larger --batch gives a higher rate)"
    return Throughput(whole, basis)


def _most(program: Program, batch: EngineResult, n: int) -> float:
    """Inferences per second that the busiest resource can serve."""
    busy: I64 = np.zeros(program.n_resources, np.int64)
    visits, resources = visit_resource_pairs(program)
    np.add.at(busy, resources, batch.busy_fs[visits])
    per_inference_fs = np.max(busy / program.resource_servers, initial=0.0) / n
    return FS_PER_S / float(per_inference_fs) if per_inference_fs > 0 else math.inf
