"""Utilization and power over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..engines.result import EngineResult
from ..program import Program
from .busy import BusyTimes
from .energy import actor_energy_j
from .seconds import seconds


@dataclass(frozen=True)
class TimeSeries:
    """What happened in each time bin; the last bin ends at the makespan.

    Parameters
    ----------
    bin_s : float
        Length of a bin.
    utilization : dict of str to list of float
        Busy share by class of resource.
    power_w : list of float
        Mean power in each bin. Each actor's dynamic energy is spread evenly over the time its visits hold
        resources, static power over all of the time, so that the sum of power x bin length is the energy of
        the run.
    """

    bin_s: float
    utilization: dict[str, list[float]]
    power_w: list[float]


def time_series(
    program: Program, result: EngineResult, busy: BusyTimes, standby_w: float = 0.0
) -> TimeSeries:
    """The time series of a run of one inference; `standby_w` is drawn besides, on the mean."""
    n_bins = len(busy.width_fs)
    actor_bins = np.add.reduceat(result.busy_bins, program.actor_visit_start[:-1], axis=0)
    actor_bins[:, n_bins - 1] += actor_bins[:, n_bins:].sum(axis=1)
    actor_bins = actor_bins[:, :n_bins]
    weight = actor_energy_j(program) / actor_bins.sum(axis=1)
    width_s = busy.width_fs / 1e15
    always_w = standby_w + sum(w for _, w in program.static_power_w)
    power_w = np.sum(actor_bins * weight[:, None], axis=0) / width_s + always_w
    return TimeSeries(seconds(busy.bin_fs), busy.class_series, power_w.tolist())
