"""Where the latency goes: the critical path by layer, by component and by cause, adding up in femtoseconds.

A read of a crossbar and the conversion of its columns overlap, so one visit stands for many of both, and the
path alone cannot say which of the two made it long. The share of the slower one is booked to it here: where a
read takes longer than converting it, the ADC's visit is mostly waiting for reads, and the other way round.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from ...sim.answers.run import Run
from ...sim.mapping.assignment import InBlocks
from ...sim.mapping.timing import MvmTiming
from ...sim.metrics.path import Piece

CAUSES = {
    "start": "begins the run",
    "arrival": "the inference arrives",
    "chain": "next step of the same work",
    "resource": "queued behind other work",
    "token": "its input arrived",
    "room": "room for its output came free",
    "previous": "the work before it let it go",
}
"""Causes of the critical path in words."""


@dataclass(frozen=True)
class PathShare:
    """Time on the critical path of one layer, component class and cause."""

    layer: str
    klass: str
    cause: str
    time_fs: int


@dataclass(frozen=True)
class LatencyBreakdown:
    """The critical path of one inference, cut by layer, class and cause.

    Parameters
    ----------
    latency_fs : int
    shares : tuple of PathShare
        Each combination once, the largest first; their times add up to `latency_fs` exactly.
    """

    latency_fs: int
    shares: tuple[PathShare, ...]

    @cached_property
    def by_layer_fs(self) -> dict[str, int]:
        """Time by layer, the largest first."""
        return self._sum(lambda share: share.layer)

    @cached_property
    def by_class_fs(self) -> dict[str, int]:
        """Time by class of resource, the largest first."""
        return self._sum(lambda share: share.klass)

    @cached_property
    def by_cause_fs(self) -> dict[str, int]:
        """Time by cause, the largest first."""
        return self._sum(lambda share: share.cause)

    def causes_of_class_fs(self, klass: str) -> dict[str, int]:
        """Time of one class by cause, the largest first."""
        return self._sum(lambda share: share.cause, lambda share: share.klass == klass)

    def layers_of_class_fs(self, klass: str) -> dict[str, int]:
        """Time of one class by layer, the largest first."""
        return self._sum(lambda share: share.layer, lambda share: share.klass == klass)

    def classes_of_layer_fs(self, layer: str) -> dict[str, int]:
        """Time of one layer by class, the largest first."""
        return self._sum(lambda share: share.klass, lambda share: share.layer == layer)

    def _sum(
        self, key: Callable[[PathShare], str], keep: Callable[[PathShare], bool] = lambda _: True
    ) -> dict[str, int]:
        sums: dict[str, int] = {}
        for share in self.shares:
            if keep(share):
                sums[key(share)] = sums.get(key(share), 0) + share.time_fs
        return dict(sorted(sums.items(), key=lambda item: (-item[1], item[0])))


def latency_breakdown(run: Run) -> LatencyBreakdown:
    """The critical path of one inference of a run."""
    timings = _timings(run)
    sums: dict[tuple[str, str, str], int] = {}
    for piece in run.critical_path.pieces:
        for klass, time_fs in _split(piece, timings.get(piece.layer)):
            key = (piece.layer, klass, piece.cause)
            sums[key] = sums.get(key, 0) + time_fs
    ordered = sorted(sums.items(), key=lambda item: (-item[1], item[0]))
    return LatencyBreakdown(run.latency_fs, tuple(PathShare(*key, time_fs) for key, time_fs in ordered))


def _timings(run: Run) -> dict[str, MvmTiming]:
    """Timing of the products of every layer on crossbars whose ADCs convert one read during the next."""
    tile = run.chip.tile
    if tile is None:
        return {}
    timings = {
        a.operator: MvmTiming.of(tile, a.tiling, a.replicas)
        for a in run.mapping.assignments
        if isinstance(a, InBlocks)
    }
    return {name: timing for name, timing in timings.items() if timing.convert_fs}


def _split(piece: Piece, timing: MvmTiming | None) -> list[tuple[str, int]]:
    """The time of a piece by class; waiting for the slower one of crossbar and ADC is booked there."""
    whole = [(piece.klass, piece.duration_fs)]
    if timing is None or piece.klass not in ("adc", "crossbar"):
        return whole
    own, other = timing.convert_fs, timing.read_fs
    if piece.klass == "crossbar":
        own, other = other, own
        if piece.duration_fs <= piece.n_visits * own:  # only the first read, before any conversion
            return whole
    if own >= other:
        return whole
    waiting = piece.duration_fs * (other - own) // other
    theirs = "adc" if piece.klass == "crossbar" else "crossbar"
    return [(piece.klass, piece.duration_fs - waiting), (theirs, waiting)]
