"""Requests to a language model as the terminal shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from .generation_report import experts_note, title
from .numbers import percent, si
from .section import section

if TYPE_CHECKING:
    from ..answers.serving import Serving
    from ..metrics.requests import Distribution


def report(run: Serving) -> Group:
    """The whole report."""
    first = title(run.model.network.name, run.chip.name, run.chip.n_chips)
    first.append(
        f"   {len(run.requests)} requests of {run.n_prefill} + {run.n_decode} tokens, {run.arrivals}", "dim"
    )
    rates = (
        f"{si(run.tokens_per_s)} tokens/s, {si(run.served_per_s)} requests/s; offered "
        f"{si(run.arrivals.offered_per_s)}/s, capacity {si(run.capacity_per_s)}/s\n"
        f"{si(run.energy_per_token_j, 'J')} per token, idle time included; {run.mean_running:.3g} of at most "
        f"{run.most_running} sequences in an iteration"
    )
    notes = [*experts_note(run.model), _how(run)]
    return Group(
        first,
        Text(),
        Padding(Text(rates), (0, 0, 0, 2)),
        Text(),
        _times(run),
        Text(),
        Padding(Text(run.verdict, "bold" if run.is_saturated else "dim"), (0, 0, 0, 2)),
        section("Notes"),
        *(Padding(Text(note), (0, 0, 0, 2)) for note in notes),
    )


def _how(run: Serving) -> str:
    made = f"{len(run.iterations)} iterations, from {run.n_simulated} that were simulated"
    mean, most = run.error
    if not mean and not most:
        return made
    return f"{made}; error of interpolated times {percent(mean)} (largest {percent(most)}) where checked"


def _times(run: Serving) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    for _ in range(5):
        table.add_column(justify="right", no_wrap=True)
    table.add_row("", "mean", "p50", "p95", "p99", "max", style="dim")
    table.add_row("  time to first token", *_cells(run.time_to_first_token))
    table.add_row("  of which queueing", *_cells(run.queueing))
    if run.time_per_token is not None:
        table.add_row("  time per token", *_cells(run.time_per_token))
    table.add_row("  latency", *_cells(run.latency))
    return table


def _cells(times: Distribution) -> list[str]:
    return [si(t, "s") for t in (times.mean_s, times.p50_s, times.p95_s, times.p99_s, times.max_s)]
