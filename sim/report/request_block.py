"""Requests over time as the report shows them: rates, times, and whether the chip keeps up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from .numbers import si
from .section import section

if TYPE_CHECKING:
    from ..metrics.requests import Distribution, Requests


def request_block(requests: Requests) -> list[RenderableType]:
    """A heading, the rates, two rows of times, and what it means."""
    capacity = requests.capacity.steady_per_s
    rates = (
        f"offered {si(requests.offered_per_s)}/s, served {si(requests.served_per_s)}/s, capacity "
        f"{'not known' if capacity is None else f'{si(capacity)}/s'}; in the system: "
        f"{requests.mean_in_system:.3g} on average, {requests.most_in_system} at most"
    )
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    for _ in range(5):
        table.add_column(justify="right", no_wrap=True)
    table.add_row("", "mean", "p50", "p95", "p99", "max", style="dim")
    table.add_row("  latency", *_cells(requests.latency))
    table.add_row("  of which queueing", *_cells(requests.queueing))
    return [
        section(f"{requests.n} requests, {requests.arrivals}"),
        Padding(Text(rates), (0, 0, 0, 2)),
        table,
        Padding(Text(requests.verdict, "bold" if requests.above_capacity else "dim"), (0, 0, 0, 2)),
    ]


def _cells(times: Distribution) -> list[str]:
    return [si(t, "s") for t in (times.mean_s, times.p50_s, times.p95_s, times.p99_s, times.max_s)]
