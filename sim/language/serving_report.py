"""Requests to a language model, as the terminal shows them and as one JSON object.

Keys of the object
------------------
schema, provenance, network, chip, experts
    As in `as_json`.
arrival, requests, prefill_tokens, decode_tokens, most_running
    What was asked for.
time_to_first_token_s, latency_s, queueing_s
    Of each request from its arrival to its first token, to its last, and to the iteration that it joined:
    mean, p50, p95, p99, max, percentiles by nearest rank.
time_per_token_s
    From token to token, over all requests.
tokens_per_s, served_per_s, offered_per_s, capacity_per_s, saturated, verdict
    Over the time from the first arrival to the last token; capacity: with all requests there from the
    beginning.
energy_j, energy_per_token_j
    Of everything, idle time included.
iterations, mean_running, simulated, time_error
    Iterations; sequences in them; Programs simulated for their times; mean and max relative error of times
    interpolated between these, by simulating some iterations as they were.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..report.figures import percent, si
from ..report.json_result import distribution
from ..report.section import section
from .as_json import heading
from .report import experts_note, title

if TYPE_CHECKING:
    from ..metrics.requests import Distribution
    from .serving import Serving


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


def to_json(run: Serving) -> dict[str, Any]:
    """The result as plain dicts, lists, strings and numbers; what is not known is left out."""
    body = {
        **heading(run.model, run.chip, run.options, run.n_params),
        "arrival": str(run.arrivals),
        "requests": len(run.requests),
        "prefill_tokens": run.n_prefill,
        "decode_tokens": run.n_decode,
        "most_running": run.most_running,
        "time_to_first_token_s": distribution(run.time_to_first_token),
        "queueing_s": distribution(run.queueing),
        "time_per_token_s": None if run.time_per_token is None else distribution(run.time_per_token),
        "latency_s": distribution(run.latency),
        "tokens_per_s": run.tokens_per_s,
        "served_per_s": run.served_per_s,
        "offered_per_s": run.arrivals.offered_per_s,
        "capacity_per_s": run.capacity_per_s,
        "saturated": run.is_saturated,
        "verdict": run.verdict,
        "energy_j": run.energy_j,
        "energy_per_token_j": run.energy_per_token_j,
        "iterations": len(run.iterations),
        "mean_running": run.mean_running,
        "simulated": run.n_simulated,
        "time_error": {"mean": run.error[0], "max": run.error[1]},
    }
    return {key: value for key, value in body.items() if value is not None}
