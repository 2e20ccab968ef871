"""Weight swapping in a report: who takes turns, what is written, how long cells last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import RenderableType

from .numbers import percent, si
from .page import line, section

if TYPE_CHECKING:
    from ..answers.run import Run
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
