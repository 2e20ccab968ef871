"""Streams as firings: how many tokens one firing makes, and which firings of a producer a consumer waits for.

An actor makes its output stream in groups of neighbouring tokens: ``cols`` tokens of a row at once, or
``rows`` whole rows. What a firing needs of an input stream is a schedule with one row per row of groups and
one column per group in a row, because a window's rows and columns are independent of each other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...workloads.graph import Grid, Window
from ..program import I64, Schedule
from .samples import by_sample


@dataclass(frozen=True)
class Group:
    """Tokens of one firing: ``rows`` x ``cols`` grid positions; several rows only if they are whole."""

    rows: int = 1
    cols: int = 1

    @property
    def n_tokens(self) -> int:
        return self.rows * self.cols


@dataclass(frozen=True)
class Firings:
    """The firings that make a stream.

    Attributes
    ----------
    grid : Grid
    group : Group
    barrier : int
        0, or the number of firings of an actor whose firings are not groups of tokens (folds of a MAC
        array): nothing of the stream is there before the last of them.
    folds : int
        0, or the firings that make each row of such an actor, where rows follow each other: nothing of a row
        is there before the last of them.
    samples : int
        Samples of a training step, whose streams follow each other (those of a barrier are in it).
    """

    grid: Grid
    group: Group = Group()
    barrier: int = 0
    folds: int = 0
    samples: int = 1

    @property
    def rows(self) -> int:
        """Rows of groups."""
        return -(-self.grid.rows // self.group.rows)

    @property
    def cols(self) -> int:
        """Groups in a row."""
        return -(-self.grid.cols // self.group.cols)

    @property
    def n(self) -> int:
        return self.barrier or self.samples * self.rows * self.per_row

    @property
    def per_row(self) -> int:
        """Firings that make a row of groups."""
        return self.folds or self.cols


def replica_group(grid: Grid, replicas: int) -> Group:
    """The group that `replicas` copies make at once."""
    if replicas <= grid.cols:
        return Group(1, replicas)
    return Group(replicas // grid.cols, grid.cols)


def following_group(grid: Grid, source: Firings) -> Group:
    """A group for a stream made from `source`: not coarser than the source's, dividing the grid's columns."""
    if source.barrier or source.folds:
        return Group(1, grid.cols)
    if source.group.rows > 1 or source.group.cols >= grid.cols:
        return Group(1, grid.cols)
    return Group(1, max(d for d in range(1, source.group.cols + 1) if grid.cols % d == 0))


def need_and_free(window: Window, made: Firings, used: Firings) -> tuple[Schedule, Schedule]:
    """Cumulative firings of the producer (`made`) that each one of the consumer (`used`) needs and lets go.

    Whatever is still held at the last firing is let go with it (a rule of the engines), so a schedule of
    zeros means that everything is held until the end. Where the window's first row stands still (padding),
    columns are not let go one by one.
    """
    everything = Schedule.constant(made.n), Schedule.constant(0)
    if made.barrier or used.barrier or made.samples != used.samples:
        return everything
    if made.samples > 1:
        one = replace(made, samples=1), replace(used, samples=1)
        return by_sample(*need_and_free(window, *one), made.samples, one[0].n, one[1].n)
    if window.kind == "all":
        return everything
    if window.kind == "routed":
        return _routed(window.ends, made, used)
    if (made.folds or used.folds) and made.grid == used.grid:
        return _by_rows(made, used)
    if window.kind in ("same", "prefix"):
        if made.grid.n_tokens == 1:
            return everything
        if made.grid != used.grid:
            if made.grid.n_tokens != used.grid.n_tokens:
                return everything
            return _reshaped(made, used, keep=window.kind == "prefix")
        need, free = _windows(Window("window"), made, used)
        return need, Schedule.constant(0) if window.kind == "prefix" else free
    return _windows(window, made, used)


def _windows(window: Window, made: Firings, used: Firings) -> tuple[Schedule, Schedule]:
    size = made.grid.rows, made.grid.cols
    first, last = _edges(window, used, 0, size[0])
    first_col, last_col = _edges(window, used, 1, size[1])
    need = Schedule(
        last // made.group.rows * made.cols,
        last_col // made.group.cols + 1,
    )
    if made.group.rows > 1:
        level = np.zeros(used.cols, np.int64)
        return Schedule(last // made.group.rows + 1, level), Schedule(first // made.group.rows, level)
    rows = first * made.cols
    if (np.diff(first) < 1).any():  # the first row stands still somewhere
        return need, Schedule(rows, np.zeros(used.cols, np.int64))
    # The next firing of the row still needs from its own first column on; the last one lets go no more.
    cols = first_col[1:] // made.group.cols
    return need, Schedule(rows, np.append(cols, cols[-1:] if len(cols) else 0))


def _edges(window: Window, used: Firings, axis: int, size: int) -> tuple[I64, I64]:
    """First and last input index along an axis, for each row (axis 0) or column (1) of the consumer."""
    step = used.group.rows if axis == 0 else used.group.cols
    limit = used.grid.rows if axis == 0 else used.grid.cols
    begins = np.arange(0, limit, step, dtype=np.int64)
    first = window.spans(axis, begins, size)[0]
    last = window.spans(axis, np.minimum(begins + step, limit) - 1, size)[1]
    return first, last


def _reshaped(made: Firings, used: Firings, keep: bool) -> tuple[Schedule, Schedule]:
    """The same tokens in the same order on another grid (an image of patches read as a sequence)."""
    per_made, per_used = made.group.n_tokens, used.group.n_tokens
    tokens = made.grid.n_tokens
    ends = np.minimum(np.arange(1, used.n + 1) * per_used, tokens)
    return Schedule((0,), -(-ends // per_made)), (
        Schedule.constant(0) if keep else Schedule((0,), ends // per_made)
    )


def _by_rows(made: Firings, used: Firings) -> tuple[Schedule, Schedule]:
    """Row after row of the same stream, where one of the two makes or takes whole rows only."""
    rows = range(1, used.rows + 1)
    ends = Schedule(tuple(row * made.per_row for row in rows), (0,) * used.per_row)
    begins = Schedule(tuple((row - 1) * made.per_row for row in rows), (0,) * used.per_row)
    return ends, begins


def _routed(ends: tuple[int, ...], made: Firings, used: Firings) -> tuple[Schedule, Schedule]:
    """Tokens up to a given one for each token of the consumer; they are let go with it."""
    last = [min(end, used.grid.n_tokens) - 1 for end in token_ends(used)]
    need = Schedule((0,), tuple(firings_for(made, ends[token]) for token in last))
    return need, need


def token_ends(firings: Firings) -> list[int]:
    """For every firing the number of tokens, in order, that it may work on: itself and all before it."""
    grid, group = firings.grid, firings.group
    if firings.folds:
        return [(row + 1) * grid.cols for row in range(firings.rows) for _ in range(firings.folds)]
    return [
        min(row + group.rows - 1, grid.rows - 1) * grid.cols + min(col + group.cols, grid.cols)
        for row in range(0, grid.rows, group.rows)
        for col in range(0, grid.cols, group.cols)
    ]


def firings_for(firings: Firings, n_tokens: int) -> int:
    """Firings after which the first `n_tokens` tokens are there."""
    if n_tokens <= 0:
        return 0
    row, col = divmod(n_tokens - 1, firings.grid.cols)
    within = firings.folds or col // firings.group.cols + 1
    return row // firings.group.rows * firings.per_row + within
