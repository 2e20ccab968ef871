"""Requests to a language model as the terminal shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from .generation_report import experts_note
from .heading import title
from .numbers import percent, si
from .page import Page, line, section
from .run_blocks import times_table

if TYPE_CHECKING:
    from ..answers.serving import Serving
    from ..metrics.requests import Distribution


def serving_report(run: Serving, page: Page) -> Group:
    """The whole report."""
    notes = serving_notes(run)
    return Group(
        title(run).append(f"   {requests_asked(run)}", "dim"),
        Text(),
        *map(line, rates(run)),
        Text(),
        times_table(times(run), page),
        Text(),
        line(run.verdict, "bold" if run.is_saturated else "dim"),
        section("Notes"),
        *map(line, notes),
    )


def requests_asked(run: Serving) -> str:
    """What was asked for, in a line."""
    return f"{len(run.requests)} requests of {run.n_prefill} + {run.n_decode} tokens, {run.arrivals}"


def rates(run: Serving) -> list[str]:
    """Rates and energy in sentences."""
    offered, capacity = si(run.arrivals.offered_per_s), si(run.capacity_per_s)
    served = f"{si(run.tokens_per_s)} tokens/s, {si(run.served_per_s)} requests/s"
    most = f"of at most {run.most_running} sequences in an iteration"
    return [
        f"{served}; offered {offered}/s, capacity {capacity}/s",
        f"{si(run.energy_per_token_j, 'J')} per token, idle time included; {run.mean_running:.3g} {most}",
    ]


def times(run: Serving) -> dict[str, Distribution]:
    """Distributions of times by name."""
    each = {} if run.time_per_token is None else {"time per token": run.time_per_token}
    first = {"time to first token": run.time_to_first_token, "of which queueing": run.queueing}
    return {**first, **each, "latency": run.latency}


def serving_notes(run: Serving) -> list[str]:
    """What is to be known of the experts, and of how the times were got."""
    return [*experts_note(run.model), _how(run)]


def _how(run: Serving) -> str:
    made = f"{len(run.iterations)} iterations, from {run.n_simulated} that were simulated"
    mean, most = run.error
    if not mean and not most:
        return made
    return f"{made}; error of interpolated times {percent(mean)} (largest {percent(most)}) where checked"
