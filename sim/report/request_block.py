"""Requests over time as the report shows them: rates, times, and whether the chip keeps up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.console import RenderableType

from .numbers import si
from .page import Column, Page, line, section

if TYPE_CHECKING:
    from ..metrics.requests import Distribution, Requests


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
    return page.table((Column(""), *(Column(head, right=True) for head in heads)), rows)
