"""Spare crossbars for the slowest layers.

A layer with r replicas works on r neighbouring output tokens at once, in lock step (a static schedule, as
on ISAAC): r is a divisor of the number of columns of its output grid, or all columns times a divisor of its
rows, so that no replica ever idles. Replicas go to the slowest layer, one step at a time, until it cannot
have more or something that cannot be replicated is slower.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

from ...workloads.graph import Grid


@dataclass(frozen=True)
class Replicable:
    """A layer on crossbars, as replication sees it.

    Attributes
    ----------
    crossbars : int
        Of one replica.
    interval_fs : int
        Time between two tokens of one replica.
    grid : Grid
        Of its output.
    recurrent : bool
        A token needs the one before; replicas would be of no use.
    floor_fs : int
        Time per inference of what its replicas share.
    """

    crossbars: int
    interval_fs: int
    grid: Grid
    recurrent: bool
    floor_fs: int = 0

    def total_fs(self, replicas: int) -> int:
        """Time per inference with so many replicas."""
        return max(self.floor_fs, self.interval_fs * (self.grid.n_tokens // replicas))


def steps(grid: Grid) -> list[int]:
    """Replica counts that divide a grid evenly, ascending."""
    along_row = [d for d in range(1, grid.cols + 1) if grid.cols % d == 0]
    whole_rows = [grid.cols * d for d in range(2, grid.rows + 1) if grid.rows % d == 0]
    return along_row + whole_rows


def replicate(layers: list[Replicable], spare: int, floor_fs: int) -> list[int]:
    """Replicas of every layer, given `spare` crossbars beyond one replica each.

    Parameters
    ----------
    floor_fs : int
        Time per inference of the slowest stage that is not on crossbars; being faster is of no use.
    """
    replicas = [1] * len(layers)
    choices = [[1] if layer.recurrent else steps(layer.grid) for layer in layers]

    heap = [(-layers[i].total_fs(1), i) for i in range(len(layers))]
    heapq.heapify(heap)
    while heap:
        slowest, i = heapq.heappop(heap)
        later = [r for r in choices[i] if r > replicas[i]]
        if -slowest <= floor_fs or not later or (later[0] - replicas[i]) * layers[i].crossbars > spare:
            break
        spare -= (later[0] - replicas[i]) * layers[i].crossbars
        replicas[i] = later[0]
        heapq.heappush(heap, (-layers[i].total_fs(replicas[i]), i))
    return replicas


def replicate_in_turn(layers: list[Replicable], spare: int) -> list[int]:
    """Replicas of layers that work one after the other, whose times add up.

    A step goes to the layer that it saves most time per crossbar, until none fits or saves anything. (The
    least sum has replicas in proportion to the root of time over crossbars; whole steps come near it.)
    """
    replicas = [1] * len(layers)
    choices = [[1] if layer.recurrent else steps(layer.grid) for layer in layers]

    def best(i: int) -> tuple[float, int, int]:
        """Time saved per crossbar by the best step of a layer, itself (negative) and the replicas then."""
        layer, now = layers[i], layers[i].total_fs(replicas[i])
        found = [
            ((now - layer.total_fs(r)) / ((r - replicas[i]) * layer.crossbars), -i, r)
            for r in choices[i]
            if r > replicas[i] and (r - replicas[i]) * layer.crossbars <= spare
        ]
        return max(found, default=(0.0, -i, replicas[i]))

    while layers:
        saved, i, r = max(best(i) for i in range(len(layers)))
        if saved <= 0:
            break
        spare -= (r - replicas[-i]) * layers[-i].crossbars
        replicas[-i] = r
    return replicas
