"""What must hold for every run, whatever the network and the chip."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ..answers.run import Run

REL_TOL = 1e-9
"""Relative difference that the order of floating-point sums may make."""


def check_invariants(run: Run) -> None:
    """Raise `AssertionError` with every rule that the run breaks.

    The rules: energy by layer, by component and by action and the power trace sum to the total; the critical
    path is gapless and sums to the latency; the latency respects the bounds of the Program; no utilization is
    above 1 or below 0; every actor fired as often as it should; the stalls by layer sum to the total.
    """
    broken = [*_energy(run), *_path(run), *_bounds(run), *_utilization(run), *_counts(run)]
    if broken:
        raise AssertionError(f"{run.network.name}: " + "; ".join(broken))


def _energy(run: Run) -> Iterator[str]:
    total_j = run.energy.total_j
    series = run.time_series
    width_s = [series.bin_s] * len(series.power_w)
    width_s[-1] = run.latency_s - series.bin_s * (len(width_s) - 1)
    trace_j = math.fsum(p * w for p, w in zip(series.power_w, width_s, strict=True))
    static_w = sum(w for _, w in run.program.static_power_w) + run.standby_alone_w
    alone_j = total_j - run.energy.static_j + static_w * run.latency_s
    sums = {
        "layers": (math.fsum(layer.energy_j for layer in run.layers), total_j),
        "components": (math.fsum(run.energy.by_component_j.values()), total_j),
        "actions": (math.fsum(e for row in run.energy.by_action_j.values() for e in row.values()), total_j),
        "the power trace": (trace_j, alone_j),
    }
    for what, (found_j, expected_j) in sums.items():
        if not math.isclose(found_j, expected_j, rel_tol=REL_TOL, abs_tol=1e-30):
            yield f"energy of {what} is {found_j} J, the total {expected_j} J"


def _path(run: Run) -> Iterator[str]:
    pieces = run.critical_path.pieces
    if run.critical_path.total_fs != run.latency_fs:
        yield f"critical path takes {run.critical_path.total_fs} fs, the inference {run.latency_fs} fs"
    if pieces and pieces[0].start_fs != 0:
        yield f"critical path begins at {pieces[0].start_fs} fs"
    for before, after in pairwise(pieces):
        if before.start_fs + before.duration_fs != after.start_fs:
            yield f"critical path has a gap at {after.start_fs} fs"


def _bounds(run: Run) -> Iterator[str]:
    limits, latency = run.bounds, run.latency_fs
    if latency < limits.busiest_resource_fs:
        work = f"{limits.busiest_resource_fs} fs of work of {limits.busiest_resource}"
        yield f"latency {latency} fs is less than the {work}"
    if latency < limits.longest_chain_fs:
        yield f"latency {latency} fs is less than the longest dependency chain, {limits.longest_chain_fs} fs"
    if latency > limits.serial_fs:
        yield f"latency {latency} fs is more than everything one after the other, {limits.serial_fs} fs"


def check_mapping_bounds(run: Run) -> None:
    """Raise `AssertionError` if the run beats what no mapping can beat."""
    found = run.mapping_bounds
    if found is None:
        return
    assert run.latency_fs >= found.latency.fs, f"{run.latency_fs} fs beats {found.latency}"
    if run.together is not None:
        of_all_fs = run.together.makespan_fs
        assert of_all_fs >= run.batch * found.interval.fs, f"{of_all_fs} fs beats {found.interval} each"


def _utilization(run: Run) -> Iterator[str]:
    shares = {f"class {name}": share for name, share in run.busy.class_utilization.items()}
    shares |= dict(zip(run.program.resource_name, run.busy.resource_utilization.tolist(), strict=True))
    shares |= {layer.name: layer.utilization for layer in run.layers if layer.utilization is not None}
    for name, series in run.time_series.utilization.items():
        shares |= {f"class {name}, bin {i}": share for i, share in enumerate(series)}
    for name, share in shares.items():
        if not 0 <= share <= 1 + REL_TOL:
            yield f"utilization of {name} is {share}"


def _counts(run: Run) -> Iterator[str]:
    stream = None if run.stream is None else run.stream.result
    for what, result, n in (
        ("alone", run.single, 1),
        ("in the batch", run.together, run.batch),
        ("as requests", stream, run.batch),
    ):
        if result is None:
            continue
        wrong = np.flatnonzero(result.fired != n * run.program.actor_firings)
        if len(wrong):
            yield f"{run.program.actor_name[int(wrong[0])]} fired {result.fired[wrong[0]]} times {what}"
        if result.n_visits != n * run.program.visits_per_iteration:
            yield f"{result.n_visits} visits {what}, expected {n * run.program.visits_per_iteration}"
        if (np.diff(result.iteration_end_fs) <= 0).any():
            yield f"inferences end out of order {what}"
    for cause, total_s in run.stalls_s.items():
        by_layer_s = math.fsum(layer.stall_s.get(cause, 0.0) for layer in run.layers)
        if not math.isclose(by_layer_s, total_s, rel_tol=REL_TOL, abs_tol=1e-18):
            yield f"stalls for {cause} are {by_layer_s} s by layer, {total_s} s in all"
