"""A generation as the terminal shows it: times, rates and energies, time over context, kinds of work."""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ...workloads.experts import busiest_expert
from ..metrics.work import KINDS, NON_MATRIX_KINDS, Shares
from .numbers import bar, percent, si
from .section import section

if TYPE_CHECKING:
    from ...workloads.language_model import LanguageModel
    from ..answers.generation import Generation
    from ..answers.phase import PhaseRun

N_POINTS = 12
"""Contexts shown."""
BAR_WIDTH = 32


def report(run: Generation, plain: bool) -> Group:
    """The whole report."""
    parts: list[RenderableType] = [_title(run), Text(), _summary(run)]
    if run.decode is not None:
        parts += [section("Time per token as the context grows, mean of the sequences"), _growth(run, plain)]
    parts += [section("Kinds of work: share of time (critical path) and of energy"), work_table(run.shares)]
    parts.append(Padding(Text(_non_matrix(run), "dim"), (0, 0, 0, 2)))
    notes = list(dict.fromkeys((*run.model.network.notes, *experts_note(run.model, run.prefill))))
    if notes:
        parts += [section("Notes"), *(Padding(Text(note), (0, 0, 0, 2)) for note in notes)]
    return Group(*parts)


def title(network: str, chip: str, n_chips: int) -> Text:
    """Network and chip, for the first line."""
    chips = f"{n_chips} x " if n_chips > 1 else ""
    return Text.assemble((network, "bold"), " on ", (f"{chips}{chip}", "bold"))


def _title(run: Generation) -> Text:
    text = title(run.model.network.name, run.chip.name, run.chip.n_chips)
    several = f"{run.n_sequences} sequences of " if run.n_sequences > 1 else ""
    text.append(f"   {several}{run.n_prefill} + {run.n_decode} tokens, {si(run.n_params)} parameters", "dim")
    return text


def _summary(run: Generation) -> RenderableType:
    first, each, cache = run.time_to_first_token, run.time_per_token, run.cache
    rows: list[tuple[str, str, str]] = [("time to first token", si(first.p50_s, "s"), "")]
    if run.n_sequences > 1:
        rows[0] = (rows[0][0], si(first.mean_s, "s"), f"mean; {si(first.max_s, 's')} for the last prompt")
    if each is not None and run.energy_per_token_j is not None and run.decoded_per_s is not None:
        _, times = _steady(run)
        grown = f"mean; {si(times[0], 's')} to {si(times[-1], 's')} as the context grows"
        rows.append(("time per token", si(each.mean_s, "s"), grown))
        rows.append(("tokens/s", si(run.tokens_per_s), f"{si(run.decoded_per_s)}/s while decoding"))
        rows.append(
            (
                "energy per token",
                si(run.energy_per_token_j, "J"),
                f"decoded; {si(run.energy_per_prompt_token_j, 'J')} per token of a prompt",
            )
        )
    else:
        rows.append(("energy per token", si(run.energy_per_prompt_token_j, "J"), "of a prompt"))
    traffic = f"held; {si(cache.written_bytes, 'B')} written, {si(cache.read_bytes, 'B')} read"
    rows.append(("keys and values", si(cache.held_bytes, "B"), traffic))
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(style="bold", justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    for name, value, note in rows:
        table.add_row(f"  {name}", value, note)
    return table


def _growth(run: Generation, plain: bool) -> RenderableType:
    """Time per token at a few contexts."""
    contexts, times = _steady(run)
    last = len(times) - 1
    n = min(N_POINTS, len(times))
    shown = sorted({round(i * last / max(1, n - 1)) for i in range(n)})
    table = Table.grid(padding=(0, 2, 0, 0))
    for justify in ("right", "right", "left"):
        table.add_column(justify=justify, no_wrap=True)
    for i in shown:
        drawn = bar(times[i] / max(times), BAR_WIDTH, plain)
        table.add_row(f"  after {contexts[i]}", si(times[i], "s"), Text(drawn, "green"))
    return table


def _steady(run: Generation) -> tuple[range, tuple[float, ...]]:
    """Contexts and times without the first step, before which nothing was read ahead, and the last, during
    which nothing is read for a next one; all of them where there are few.
    """
    contexts, times = run.contexts, run.time_per_token_s
    return (contexts[1:-1], times[1:-1]) if len(times) > 3 else (contexts, times)


def work_table(shares: dict[str, Shares]) -> Table:
    """Kinds of work by phase."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    header = [""]
    for name in shares:
        header += [f"{name} time", "energy"]
        for _ in range(2):
            table.add_column(justify="right", no_wrap=True)
    table.add_row(*header, style="dim")
    for kind in KINDS:
        values = [v.get(kind) for s in shares.values() for v in (s.time_s, s.energy_j)]
        totals = [fsum(v.values()) for s in shares.values() for v in (s.time_s, s.energy_j)]
        if any(values):
            cells = (
                "-" if v is None or not total else percent(v / total)
                for v, total in zip(values, totals, strict=True)
            )
            table.add_row(f"  {kind}", *cells)
    return table


def _non_matrix(run: Generation) -> str:
    """What no crossbar or MAC array can do."""
    said = "; ".join(
        f"{percent(s.non_matrix_time)} of the time and {percent(s.non_matrix_energy)} of the energy in {name}"
        for name, s in run.shares.items()
    )
    return f"not matrices ({', '.join(k for k in KINDS if k in NON_MATRIX_KINDS)}): {said}"


def experts_note(model: LanguageModel, prompt: PhaseRun | None = None) -> list[str]:
    """What the experts are, if there are any, and how unevenly a prompt loads them."""
    experts = model.experts
    if experts is None:
        return []
    note = f"{experts.n} experts per layer, {experts.top_k} per token, routing {experts.routing.name}"
    if prompt is not None:
        most, mean = busiest_expert(prompt.mapping.network)
        note += f"; the busiest has {most} tokens of a prompt, where the mean is {mean:.3g}"
    return [note]
