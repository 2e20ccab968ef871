"""Inferences per second in the steady state."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass

import numpy as np

from ..engines.result import EngineResult
from ..program import I64, Program
from .seconds import FS_PER_S

QUARTER = 4
"""Of a batch, a quarter at its begin and one at its end are taken to fill and to drain the pipeline (an
assumption); batches of fewer inferences show no steady state."""


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


@dataclass(frozen=True)
class Capacity:
    """What inferences per second a pipeline can serve in the long run, from a batch back to back.

    Parameters
    ----------
    steady_per_s : float or None
        The rate while the pipeline was full; None if the batch was too short to show one.
    between : tuple of int
        First and last inference (from 0) whose ends the steady rate was measured between.
    least_per_s : float
        Inferences / makespan, which includes filling and draining and is too low.
    most_per_s : float
        Rate of the busiest resource, which none can pass.
    """

    steady_per_s: float | None
    between: tuple[int, int]
    least_per_s: float
    most_per_s: float


def capacity(program: Program, batch: EngineResult) -> Capacity:
    """What a batch back to back says about the rate in the long run.

    The rate is taken between the ends of two inferences that are far apart. The first quarter of the batch
    fills the pipeline. In the long run inferences end one after another as the tightest part lets them
    through; the last ones end faster, as none comes after them to share a resource with. The pipeline is
    certainly full until the last inference begins; where inferences begin long before their turn (all at
    once, say, as their inputs are small and wait in buffers), that says nothing, and the last quarter is
    left out. So with f = B // 4 and l the last inference that ended before the last one began, or
    B - 1 - B // 4 if that is later, the steady rate is ``(l - f) / (end[l] - end[f])``.

    It is kept between the least and the most that are possible: ends of single inferences vary, and while
    buffers fill they can come faster than the busiest resource could go on with. With fewer than 4
    inferences, or where those in the middle end at one instant, the batch is too short to show a steady
    state.
    """
    ends = batch.iteration_end_fs.tolist()
    n = len(ends)
    least, most = n * FS_PER_S / batch.makespan_fs, _most(program, batch)
    first = n // QUARTER
    full = bisect_right(ends, int(batch.iteration_begin_fs[-1])) - 1
    last = max(full, n - 1 - first)
    span_fs = ends[last] - ends[first]
    if n < QUARTER or not span_fs:
        return Capacity(None, (first, last), least, most)
    rate = (last - first) * FS_PER_S / span_fs
    return Capacity(min(max(rate, least), most), (first, last), least, most)


def throughput(program: Program, single: EngineResult, batch: EngineResult | None) -> Throughput:
    """Steady-state rate of inferences back to back.

    Without a batch there is no steady state: the rate is that of one inference at a time, ``1 / latency``.
    With one, it is the steady rate of `capacity`, or ``B / makespan`` where the batch is too short for that.
    """
    if batch is None:
        return Throughput(FS_PER_S / single.makespan_fs, "one inference at a time, 1 / latency")
    found = capacity(program, batch)
    n = len(batch.iteration_end_fs)
    if found.steady_per_s is None:
        basis = f"{n} / makespan, too few to reach a steady state (a larger batch gives a higher rate)"
        return Throughput(found.least_per_s, basis)
    first, last = found.between
    basis = f"steady state, between the ends of inferences {first + 1} and {last + 1} of {n}"
    if found.steady_per_s == found.most_per_s:
        basis += ", no more than the busiest resource allows"
    return Throughput(found.steady_per_s, basis)


def busiest_fs(program: Program, result: EngineResult) -> float:
    """Time per inference that the busiest resource works, shared out over its servers."""
    busy: I64 = np.zeros(program.n_resources, np.int64)
    np.add.at(busy, program.visit_resource, program.occupied_fs(result.busy_fs))
    return float(np.max(busy / program.resource_servers, initial=0.0)) / len(result.iteration_end_fs)


def _most(program: Program, batch: EngineResult) -> float:
    """Inferences per second that the busiest resource can serve."""
    per_inference_fs = busiest_fs(program, batch)
    return FS_PER_S / per_inference_fs if per_inference_fs > 0 else math.inf
