"""Blocks of a report on a run: weights that take turns, and requests that come over time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.console import RenderableType

from .numbers import percent, si
from .page import Column, Page, line, numbers, section

if TYPE_CHECKING:
    from ..answers.run import Run
    from ..metrics.requests import Distribution, Requests
    from ..metrics.swap import SwapUse


def swap_block(use: SwapUse, run: Run) -> list[RenderableType]:
    """A heading and a line for each question."""
    where = "two halves, one written while the other computes" if use.overlap else "all crossbars, no overlap"
    stay = f", {use.n_segments - use.n_written} of them stay" if use.n_written < use.n_segments else ""
    amount = f"{si(use.weight_bytes, 'B')} of weights into {si(use.cells)} cells, {si(use.write_j, 'J')}"
    wear = f"a cell {use.mean_writes:.3g} times on average, {use.most_writes} at most"
    path = f"{si(use.path_s, 's')} for weights, {percent(use.path_s / run.latency_s)} of the latency"
    kept = f"{si(use.kept_bytes, 'B')} at most, {_where(use)}"
    each = "inference" if use.group == 1 else f"group of {use.group} inferences"
    lines = [
        f"{use.n_segments} segments take turns on {where}{stay}",
        f"written per {each}: {amount}; {wear}",
        f"on the critical path: {path}",
        _endurance(use),
        f"waiting between segments: {kept}",
    ]
    if use.group > 1:
        shared = f"{si(run.throughput.per_s * use.group)}/s, {si(run.energy.total_j / use.group, 'J')}"
        lines.insert(1, f"{use.group} inferences share every writing, and all figures here; each: {shared}")
    return [section("Weight swapping"), *map(line, lines)]


def _where(use: SwapUse) -> str:
    room = si(use.buffer_bytes, "B")
    if use.kept_bytes > use.buffer_bytes:
        return f"in memory, as the tile buffers have room for {room}"
    return f"in the tile buffers, which have room for {room}"


def _endurance(use: SwapUse) -> str:
    if use.endurance is None or use.inferences is None:
        return "endurance: not known (tile.crossbar.cell.endurance), so no limit in inferences"
    return f"endurance: {use.endurance:.3g} writes of a cell, reached after {use.inferences:.3g} inferences"


def request_block(requests: Requests, page: Page) -> list[RenderableType]:
    """A heading, the rates, two rows of times, and what it means."""
    capacity = requests.capacity.steady_per_s
    rates = (
        f"offered {si(requests.offered_per_s)}/s, served {si(requests.served_per_s)}/s, capacity "
        f"{'not known' if capacity is None else f'{si(capacity)}/s'}; in the system: "
        f"{requests.mean_in_system:.3g} on average, {requests.most_in_system} at most"
    )
    times = {"latency": requests.latency, "of which queueing": requests.queueing}
    return [
        section(f"{requests.n} requests, {requests.arrivals}"),
        line(rates),
        times_table(times, page),
        line(requests.verdict, "bold" if requests.above_capacity else "dim"),
    ]


def times_table(times: Mapping[str, Distribution], page: Page) -> RenderableType:
    """A row for each distribution of times."""
    heads = ("mean", "p50", "p95", "p99", "max")
    rows = [(name, *(si(of.by_name[head], "s") for head in heads)) for name, of in times.items()]
    return page.table((Column(""), *numbers(*heads)), rows)
