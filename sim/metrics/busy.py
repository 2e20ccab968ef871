"""How busy every resource was, and every class of resources."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..engines.result import EngineResult
from ..program import F64, I64, Program


@dataclass(frozen=True, eq=False)
class BusyTimes:
    """Busy time of every resource within the makespan.

    A hold may outlast the last firing's end (a crossbar that recovers after its data have left); what lies
    beyond the makespan is clipped. The clip is exact except within the one time bin that contains the
    makespan, where a resource counts as busy for at most the part of the bin before it.

    Attributes
    ----------
    makespan_fs, bin_fs : int
    bins_fs : I64, shape (R, n)
        Busy time of each resource, summed over its servers, in each of the n bins that begin before the
        makespan.
    width_fs : I64, shape (n,)
        Length of each bin, the last one cut at the makespan.
    """

    program: Program
    makespan_fs: int
    bin_fs: int
    bins_fs: I64
    width_fs: I64

    @property
    def resource_fs(self) -> I64:
        """Busy time of each resource, summed over its servers, shape (R,)."""
        total: I64 = np.sum(self.bins_fs, axis=1)
        return total

    @property
    def resource_utilization(self) -> F64:
        """Busy share of each resource, shape (R,): busy time / (servers x makespan)."""
        return self.resource_fs / (self.program.resource_servers * max(1, self.makespan_fs))

    @property
    def class_utilization(self) -> dict[str, float]:
        """Busy share of each class: sum over its resources of units x utilization, / sum of units.

        Units are hardware instances: a resource that stands for 8 crossbars in lock-step counts eight times.
        Only what the program uses counts; tiles that hold nothing are not in the average. Ordered by class
        name.
        """
        share = self.resource_utilization
        return {
            name: float(np.sum(share[members] * self._units[members]) / np.sum(self._units[members]))
            for name, members in class_members(self.program).items()
        }

    @property
    def class_series(self) -> dict[str, list[float]]:
        """`class_utilization` in each time bin."""
        rate = self._units / self.program.resource_servers
        return {
            name: (
                np.sum(self.bins_fs[members] * rate[members, None], axis=0)
                / (np.sum(self._units[members]) * self.width_fs)
            ).tolist()
            for name, members in class_members(self.program).items()
        }

    @property
    def _units(self) -> F64:
        return self.program.resource_units.astype(np.float64)


def class_members(program: Program) -> dict[str, I64]:
    """Indices of the resources of each class, ordered by class name."""
    members: dict[str, list[int]] = {}
    for r, name in enumerate(program.resource_class):
        members.setdefault(name, []).append(r)
    return {name: np.array(members[name], np.int64) for name in sorted(members)}


def visit_resource_pairs(program: Program) -> tuple[I64, I64]:
    """Every (visit, resource) pair of the program as two arrays of the same length."""
    visits = np.repeat(np.arange(program.n_visits, dtype=np.int64), np.diff(program.visit_resource_start))
    return visits, program.visit_resource


def busy_times(program: Program, result: EngineResult) -> BusyTimes:
    """Busy time of each resource in each time bin, clipped at the makespan."""
    makespan, width = result.makespan_fs, result.bin_fs
    n_bins = min(-(-makespan // width), result.busy_bins.shape[1])
    bins = np.zeros((program.n_resources, n_bins), np.int64)
    np.add.at(bins, program.visit_resource, program.occupied_fs(result.busy_bins[:, :n_bins]))
    widths = np.minimum(np.arange(1, n_bins + 1, dtype=np.int64) * width, makespan)
    widths -= np.arange(n_bins, dtype=np.int64) * width
    bins[:, -1:] = np.minimum(bins[:, -1:], program.resource_servers[:, None] * widths[-1:])
    return BusyTimes(program, makespan, width, bins, widths)
