"""What a builder of Programs collects, an entry for each line, and columns made of entries."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..errors import SimulationError
from ..flit_detail import Flows
from .program import Arbitration
from .schedule import I64, Schedule


@dataclass(frozen=True)
class Rotation:
    """Which servers of a bank set firing k takes: those from ``offset + k * step`` on, modulo their number.

    Attributes
    ----------
    width : int
        Servers that a firing takes, each as soon as it is free; it begins with the last of them.
    step, offset : int
    holds_fs : tuple of int
        How long each of them is taken, if not for the hold of the visit, which is the longest.
    """

    width: int
    step: int
    offset: int = 0
    holds_fs: tuple[int, ...] = ()


@dataclass(frozen=True)
class ResourceEntry:
    name: str
    klass: str
    servers: int
    units: int
    arbitration: Arbitration


@dataclass
class ActorEntry:
    name: str
    layer: str
    firings: int
    stream: Hashable
    slots: int
    window: int
    visits: list[VisitEntry] = field(default_factory=list)


@dataclass
class VisitEntry:
    resources: tuple[int, ...]
    holds_fs: tuple[int, ...]
    hold: int
    advance: int
    spread: bool
    turn_step: int
    turn_offset: int
    flows: Flows


@dataclass(frozen=True)
class ChannelEntry:
    src: int
    dst: int
    capacity: int
    need: int
    free: int
    token_bytes: int
    store: int
    fifo: Hashable


def visits_of(actors: list[ActorEntry]) -> list[VisitEntry]:
    """All visits, actor by actor."""
    return [visit for actor in actors for visit in actor.visits]


def schedule_columns(schedules: list[Schedule]) -> dict[str, I64]:
    """The values of all schedules in one table; a constant one has a row of its value and a column of 0."""
    rows = [s.rows + s.cols if s.is_constant else s.rows for s in schedules]
    cols = [np.zeros(1, np.int64) if s.is_constant else s.cols for s in schedules]
    lengths = np.array([[len(r), len(c)] for r, c in zip(rows, cols, strict=True)], np.int64).reshape(-1, 2)
    starts = np.cumsum([0, *lengths.ravel()])[:-1].astype(np.int64)
    parts = [part for pair in zip(rows, cols, strict=True) for part in pair]
    return {
        "schedule_cols": int64s(0 if s.is_constant else len(s.cols) for s in schedules),
        "schedule_row_start": starts[::2].copy(),
        "schedule_col_start": starts[1::2].copy(),
        "table": np.concatenate(parts) if parts else np.zeros(0, np.int64),
    }


def fifos_of(channels: list[ChannelEntry]) -> I64:
    """The first channel of each channel's FIFO, shape (C,)."""
    first: dict[tuple[int, Hashable], int] = {}
    return int64s(
        c if channel.fifo is None else first.setdefault((channel.src, channel.fifo), c)
        for c, channel in enumerate(channels)
    )


def streams_of(actors: list[ActorEntry]) -> I64:
    """The number of each actor's stream, in the order of their first actors, shape (A,)."""
    first: dict[Hashable, int] = {}
    own = object()
    return int64s(
        first.setdefault((own, a) if actor.stream is None else actor.stream, len(first))
        for a, actor in enumerate(actors)
    )


def queued(resources: list[ResourceEntry], visits: list[VisitEntry]) -> NDArray[np.bool_]:
    """Resources that need a queue, closed over visits that occupy several resources at once."""
    queued = np.array([r.arbitration != Arbitration.FCFS for r in resources], bool)
    groups = [list(v.resources) for v in visits if len(v.resources) > 1]
    while True:
        spread = [g for g in groups if queued[g].any() and not queued[g].all()]
        if not spread:
            return queued
        for g in spread:
            queued[g] = True


def int64s(values: Iterable[int]) -> I64:
    try:
        return np.fromiter(values, np.int64)
    except OverflowError:
        raise too_large() from None


def too_large() -> SimulationError:
    return SimulationError("a number of the Program does not fit in 64 bits (times are in fs)")


def adjacency(prefix: str, ends: list[int], n_actors: int) -> dict[str, I64]:
    """Channels by the actor at one of their ends, as a start array and a channel list."""
    order = np.argsort(np.array(ends, np.int64), kind="stable").astype(np.int64)
    counts = np.bincount(np.array(ends, np.int64), minlength=n_actors)
    return {
        f"{prefix}_start": np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        f"{prefix}_channel": order,
    }
