"""A generation as the terminal shows it: times, rates and energies, time over context, kinds of work."""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from ...workloads.experts import busiest_expert
from ..metrics.work import KINDS, NON_MATRIX_KINDS, Shares
from .heading import title
from .numbers import percent, si
from .page import Column, Page, line, note, numbers, section

if TYPE_CHECKING:
    from ...workloads.language_model import LanguageModel
    from ..answers.generation import Generation
    from ..answers.phase import PhaseRun

N_POINTS = 12
"""Contexts shown."""
BAR_WIDTH = 32


def generation_report(run: Generation, page: Page) -> Group:
    """The whole report."""
    parts: list[RenderableType] = [_title(run), Text(), _summary(run, page)]
    if run.decode is not None:
        parts += [section("Time per token as the context grows, mean of the sequences"), _growth(run, page)]
    parts += [
        section("Kinds of work: share of time (critical path) and of energy"),
        _work_table(run.shares, page),
    ]
    parts.append(note(non_matrix(run)))
    notes = generation_notes(run)
    return Group(*parts, *([section("Notes"), *map(line, notes)] if notes else []))


def generation_notes(run: Generation) -> list[str]:
    """What is to be known of the network and its experts."""
    return list(dict.fromkeys((*run.model.network.notes, *experts_note(run.model, run.prefill))))


def _title(run: Generation) -> Text:
    return title(run).append(f"   {asked(run)}", "dim")


def asked(run: Generation) -> str:
    """What was asked for, in a line."""
    several = f"{run.n_sequences} sequences of " if run.n_sequences > 1 else ""
    return f"{several}{run.n_prefill} + {run.n_decode} tokens, {si(run.n_params)} parameters"


def summary(run: Generation) -> list[tuple[str, str, str]]:
    """The main figures: name, value, and what is to be said beside it."""
    first, each, cache = run.time_to_first_token, run.time_per_token, run.cache
    rows: list[tuple[str, str, str]] = [("time to first token", si(first.p50_s, "s"), "")]
    if run.n_sequences > 1:
        rows[0] = (rows[0][0], si(first.mean_s, "s"), f"mean; {si(first.max_s, 's')} for the last prompt")
    if each is not None and run.energy_per_token_j is not None and run.decoded_per_s is not None:
        _, times = steady(run)
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
    return rows


def _summary(run: Generation, page: Page) -> RenderableType:
    columns = (Column("", style="dim"), Column("", right=True, style="bold"), Column("", flexible=True))
    return page.table(columns, summary(run))


def _growth(run: Generation, page: Page) -> RenderableType:
    """Time per token at a few contexts."""
    contexts, times = steady(run)
    last = len(times) - 1
    n = min(N_POINTS, len(times))
    shown = sorted({round(i * last / max(1, n - 1)) for i in range(n)})
    rows = [
        (f"after {contexts[i]}", si(times[i], "s"), page.bar(times[i] / max(times), BAR_WIDTH)) for i in shown
    ]
    return page.table((Column("", right=True), Column("", right=True), Column("", style="green")), rows)


def steady(run: Generation) -> tuple[range, tuple[float, ...]]:
    """Contexts and times without the first step, before which nothing was read ahead, and the last, during
    which nothing is read for a next one; all of them where there are few.
    """
    contexts, times = run.contexts, run.time_per_token_s
    return (contexts[1:-1], times[1:-1]) if len(times) > 3 else (contexts, times)


def _work_table(shares: dict[str, Shares], page: Page) -> RenderableType:
    """Kinds of work by phase."""
    rows = []
    for kind in KINDS:
        values = [v.get(kind) for s in shares.values() for v in (s.time_s, s.energy_j)]
        totals = [fsum(v.values()) for s in shares.values() for v in (s.time_s, s.energy_j)]
        if any(values):
            cells = (
                "-" if v is None or not total else percent(v / total)
                for v, total in zip(values, totals, strict=True)
            )
            rows.append((kind, *cells))
    heads = [head for name in shares for head in (f"{name} time", "energy")]
    return page.table((Column(""), *numbers(*heads)), rows)


def non_matrix(run: Generation) -> str:
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
    told = f"{experts.n} experts per layer, {experts.top_k} per token, routing {experts.routing.name}"
    if prompt is not None:
        most, mean = busiest_expert(prompt.mapping.network)
        told += f"; the busiest has {most} tokens of a prompt, where the mean is {mean:.3g}"
    return [told]
