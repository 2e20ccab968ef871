"""Inferences per second in the steady state."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass

import numpy as np

from ..engines.result import EngineResult
from ..program import I64, Program
from .seconds import FS_PER_S

JITTER = 0.01
"""Share by which the rate between two ends may exceed the rate in the long run, as ends are not regular."""


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

    With B inferences back to back, the pipeline is full from the end of the first until the last one enters;
    after that it drains, and inferences end faster than they could in the long run. So let l be the last
    inference that ended before the last one began, and w = l // 2 (the ones before fill the pipeline): the
    steady rate is ``(l - w) / (end[l] - end[w])``.

    That is believed only if it lies between the least and the most that are possible; where the ends of
    single inferences vary, so that it comes out a little beyond the most, it is the most. Otherwise (or if no
    two inferences ended in that time) the batch is too short to show a steady state.
    """
    ends = batch.iteration_end_fs.tolist()
    n = len(ends)
    least = n * FS_PER_S / batch.makespan_fs
    most = _most(program, batch)
    last = bisect_right(ends, int(batch.iteration_begin_fs[-1])) - 1
    first = last // 2
    if last >= 1:
        rate = (last - first) * FS_PER_S / (ends[last] - ends[first])
        if least <= rate <= most * (1 + JITTER):
            return Capacity(min(rate, most), (first, last), least, most)
    return Capacity(None, (first, last), least, most)


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
