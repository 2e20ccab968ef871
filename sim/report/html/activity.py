"""What every visit of the program was doing over time: from it the page makes all its series by layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...engines.result import EngineResult
from ...metrics.busy import visit_resource_pairs
from ...metrics.energy import actor_energy_j
from ...metrics.seconds import seconds
from ...program import F64, I64, Program
from .container import Container

MOST_VALUES = 4_000_000
"""Visits x bins that are kept; with more visits, bins are wider."""
MOST_BINS = 1024
LEAST_BINS = 8
_STEPS = 255


@dataclass(frozen=True, eq=False)
class Activity:
    """Busy share of every visit in bins of time.

    Parameters
    ----------
    program : Program
    makespan_fs, bin_fs : int
    busy_fs : I64, shape (V, n)
        Time within the makespan that each visit of the program held its resources, bin by bin.
    """

    program: Program
    makespan_fs: int
    bin_fs: int
    busy_fs: I64

    @property
    def n_bins(self) -> int:
        return int(self.busy_fs.shape[1])

    @property
    def width_fs(self) -> I64:
        """Length of each bin, the last one cut at the makespan."""
        ends = np.minimum(np.arange(1, self.n_bins + 1, dtype=np.int64) * self.bin_fs, self.makespan_fs)
        widths: I64 = np.diff(ends, prepend=0)
        return widths

    def halved(self) -> Activity:
        """The same with bins of twice the width."""
        even = np.pad(self.busy_fs, ((0, 0), (0, self.n_bins % 2)))
        return Activity(self.program, self.makespan_fs, 2 * self.bin_fs, even[:, ::2] + even[:, 1::2])

    def packed(self, box: Container, layer_index: dict[str, int]) -> dict[str, Any]:
        """For the page: each visit's layer, resources, power while busy, and shares in steps of 1/255 of its
        largest. `visit_part` is the part of the visit's time for which it occupies each resource.
        """
        program = self.program
        actor = program.visit_actor()
        share = self.busy_fs / self.width_fs
        largest = np.max(share, axis=1, initial=0.0)
        scale = np.where(largest > 0, largest, 1.0)
        visits, resources = visit_resource_pairs(program)
        hold_fs = np.array([program.schedule_value(int(i), 0) for i in program.visit_hold], np.int64)
        part = program.occupied_fs(hold_fs) / hold_fs[visits]
        return {
            "bin_s": seconds(self.bin_fs),
            "n_bins": self.n_bins,
            "visit_layer": box.add(_i32([layer_index[program.actor_layer[a]] for a in actor.tolist()])),
            "visit_start": box.add(_i32(program.visit_resource_start)),
            "visit_resource": box.add(_i32(resources)),
            "visit_part": box.add(part.astype(np.float64)),
            "visit_power_w": box.add(self._power_w()[actor]),
            "visit_scale": box.add(scale.astype(np.float64)),
            "share": box.add(np.rint(share / scale[:, None] * _STEPS).astype(np.uint8)),
        }

    def _power_w(self) -> F64:
        """Dynamic power of each actor while one of its visits is under way, shape (A,)."""
        starts = self.program.actor_visit_start
        busy_fs = np.add.reduceat(self.busy_fs.sum(axis=1), starts[:-1])
        power: F64 = actor_energy_j(self.program) / np.maximum(busy_fs, 1) * 1e15
        return power


def activity(program: Program, result: EngineResult) -> Activity:
    """The activity of a run; the time that holds outlast the makespan is left out."""
    n = min(-(-result.makespan_fs // result.bin_fs), result.busy_bins.shape[1])
    return Activity(program, result.makespan_fs, result.bin_fs, result.busy_bins[:, :n])


def n_bins_for(program: Program) -> int:
    """Bins worth asking an engine for: a power of two."""
    n = MOST_BINS
    while n > LEAST_BINS and n * program.n_visits > MOST_VALUES:
        n //= 2
    return n


def _i32(values: I64 | list[int]) -> np.ndarray[Any, np.dtype[np.int32]]:
    return np.asarray(values, np.int32)
