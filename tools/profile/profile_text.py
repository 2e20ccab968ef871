"""A profile as an architect reads it: first what to do, then why."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from ...sim.answers.training_step import TrainingStep
from ...sim.metrics.seconds import seconds
from ...sim.report.numbers import percent, si
from ...sim.report.page import Column, Page, note, numbers, section
from .buffers import ARROW
from .latency import CAUSES
from .queues import by_class
from .what_if_text import pair_table, what_if_table

if TYPE_CHECKING:
    from .buffers import Occupancy
    from .profile import Profile

_UNIT = re.compile(r"(?<=[0-9]) (?=(%|[afpnumkMGTP]?(s|J|W|B|Hz|bit)\b))")
"""The space between a number and its unit."""
N_ROWS = 8
"""Rows of each table unless all are asked for."""


def report(found: Profile, page: Page) -> Group:
    """The whole profile."""
    return Group(*_parts(found, page))


def _parts(found: Profile, page: Page) -> Iterator[RenderableType]:
    yield _title(found)
    yield section("Findings")
    yield from _findings(found, page)
    yield section("Where the latency goes: the critical path, by class of resource")
    yield _classes(found, page)
    yield section("... by cause")
    yield _causes(found, page)
    yield section("... by layer")
    yield _layers(found, page)
    yield section("What limits throughput: the busiest resource of each class, if it alone did")
    yield _limits(found, page)
    if found.what_if is not None:
        yield section(f"What if: each change alone, the largest gain in {found.goal} first")
        yield from what_if_table(found.what_if, page, N_ROWS)
        if found.what_if.pairs:
            yield section("Pairs that hide each other: both together gain more than the sum")
            yield pair_table(found.what_if, page, N_ROWS)
    if found.tiling is not None and found.tiling.layers:
        yield section("Tiling: cells of the crossbars in use")
        yield from _tiling(found, page)
    if found.queues:
        yield section(f"Queueing: waits for a resource that others held, one {found.run.one}")
        yield _queues(found, page)
    if found.links:
        yield section("Busiest links, and the flows on them")
        yield _links(found, page)
    if found.buffers:
        yield section("Buffers: longest waits for room first, then the fullest")
        yield _buffers(found, page)


def _title(found: Profile) -> Text:
    run = found.run
    chips = f"{run.mapping.n_chips} x " if run.mapping.n_chips > 1 else ""
    text = Text.assemble((run.network.name, "bold"), " on ", (f"{chips}{run.chip.name}", "bold"))
    work = f"step of {run.training.batch}" if isinstance(run, TrainingStep) else f"batch {run.batch}"
    figures = (
        f"   {work}: latency {si(run.latency_s, 's')}, {si(run.throughput.per_s)}/s, "
        f"{si(run.energy.total_j, 'J')}, {si(run.power_w, 'W')}"
    )
    return text.append(figures, "dim")


def _findings(found: Profile, page: Page) -> Iterator[RenderableType]:
    for i, finding in enumerate(found.findings, 1):
        whole = _UNIT.sub("\N{NO-BREAK SPACE}", finding.text)  # a number and its unit stay on one line
        lines = textwrap.wrap(whole, page.width - 6, break_long_words=False, break_on_hyphens=False)
        yield Text(f"{i:>3}. " + "\n     ".join(lines).replace("\N{NO-BREAK SPACE}", " "))


def _share(time_fs: int, found: Profile) -> str:
    return percent(time_fs / found.latency.latency_fs)


def _classes(found: Profile, page: Page) -> RenderableType:
    latency = found.latency
    rows = []
    for klass, time_fs in latency.by_class_fs.items():
        causes = [
            f"{cause} {percent(t / time_fs)}"
            for cause, t in list(latency.causes_of_class_fs(klass).items())[:3]
        ]
        layer, longest = next(iter(latency.layers_of_class_fs(klass).items()))
        where = f"{layer} {percent(longest / time_fs)}"
        rows.append((klass, si(seconds(time_fs), "s"), _share(time_fs, found), ", ".join(causes), where))
    columns = (
        Column("class", flexible=True),
        *numbers("time", "share"),
        Column("causes", dropped=1, flexible=True, listed=True),
        Column("most in", dropped=2, flexible=True, least=24),
    )
    return page.table(columns, rows, page.most(N_ROWS))


def _causes(found: Profile, page: Page) -> RenderableType:
    rows = [
        (cause, si(seconds(t), "s"), _share(t, found), CAUSES[cause])
        for cause, t in found.latency.by_cause_fs.items()
    ]
    columns = (
        Column("cause"),
        *numbers("time", "share"),
        Column("meaning", dropped=1),
    )
    return page.table(columns, rows)


def _layers(found: Profile, page: Page) -> RenderableType:
    latency = found.latency
    rows = []
    for layer, time_fs in latency.by_layer_fs.items():
        classes = [
            f"{k} {percent(t / time_fs)}" for k, t in list(latency.classes_of_layer_fs(layer).items())[:3]
        ]
        rows.append((layer, si(seconds(time_fs), "s"), _share(time_fs, found), ", ".join(classes)))
    columns = (
        Column("layer", flexible=True),
        *numbers("time", "share"),
        Column("classes", dropped=1, flexible=True, listed=True),
    )
    return page.table(columns, rows, page.most(N_ROWS))


def _limits(found: Profile, page: Page) -> RenderableType:
    rows = [
        (x.klass, f"{si(x.limit_per_s)}/s", percent(x.utilization), si(x.busy_s, "s"), x.resource)
        for x in found.limits
    ]
    columns = (
        Column("class", flexible=True),
        *numbers("at most", "busy"),
        Column(f"per {found.run.one}", right=True, dropped=1),
        Column("resource", flexible=True),
    )
    return page.table(columns, rows, page.most(N_ROWS))


def _tiling(found: Profile, page: Page) -> Iterator[RenderableType]:
    tiling = found.tiling
    assert tiling is not None
    parts = {"hold weights": "cells_used", "lost to rows": "row_loss", "to columns": "column_loss"}
    if tiling.share("diagonal_loss"):
        parts["between groups"] = "diagonal_loss"
    words = ", ".join(f"{percent(tiling.share(name))} {what}" for what, name in parts.items())
    yield note(
        f"{tiling.crossbars_used} of {tiling.crossbars_total} crossbars in use; of their cells {words}"
    )
    rows = []
    for x in tiling.layers:
        of = x.cells_total
        rows.append(
            (
                x.layer,
                f"{x.k} x {x.n}" + (f" x {x.groups}" if x.groups > 1 else ""),
                f"{x.row_blocks} x {x.col_blocks}",
                str(x.replicas),
                percent(x.cells_used / of),
                percent(x.row_loss / of),
                percent(x.column_loss / of),
                percent(x.diagonal_loss / of),
            )
        )
    columns = (
        Column("layer", flexible=True),
        Column("weights", right=True, dropped=1),
        Column("blocks", right=True, dropped=2),
        Column("copies", right=True, dropped=3),
        *numbers("used", "rows", "columns"),
        Column("groups", right=True, dropped=4),
    )
    yield page.table(columns, rows, page.most(N_ROWS))


def _queues(found: Profile, page: Page) -> RenderableType:
    rows = []
    for klass in by_class(found.queues):
        layers = [q for q in found.queues if q.klass == klass.klass][:2]
        most = ", ".join(f"{q.layer} {percent(q.wait_s / klass.wait_s)}" for q in layers)
        rows.append((klass.klass, si(klass.wait_s, "s"), si(klass.mean_s, "s"), si(klass.visits), most))
    columns = (
        Column("class", flexible=True),
        *numbers("waits", "per visit"),
        Column("visits", right=True, dropped=2),
        Column("most in", flexible=True, dropped=1, listed=True),
    )
    return page.table(columns, rows, page.most(N_ROWS))


def _links(found: Profile, page: Page) -> RenderableType:
    rows = []
    for link in found.links:
        flows = ", ".join(f"{flow.name} {percent(flow.share)}" for flow in link.flows[:2])
        rows.append((link.name, link.klass, percent(link.load), str(len(link.flows)), flows))
    columns = (
        Column("link", flexible=True),
        Column("class", dropped=2),
        Column("load", right=True),
        Column("flows", right=True, dropped=1),
        Column("largest", flexible=True, listed=True, least=28),
    )
    return page.table(columns, rows, page.most(N_ROWS))


def _buffers(found: Profile, page: Page) -> RenderableType:
    rows = [
        (
            *_ends(b),
            f"{b.peak_tokens}/{b.capacity_tokens}",
            percent(b.share),
            si(b.peak_bytes, "B"),
            si(b.room_stall_s, "s"),
            si(b.input_stall_s, "s"),
        )
        for b in found.buffers
    ]
    columns = (
        Column("stream", flexible=True, least=30),
        Column("where", dropped=4),
        Column("tokens", right=True, dropped=2),
        Column("full", right=True),
        Column("peak", right=True, dropped=1),
        Column("waits for room", right=True),
        Column("for input", right=True, dropped=3),
    )
    return page.table(columns, rows, page.most(N_ROWS))


def _ends(b: Occupancy) -> tuple[str, str]:
    """The stream that a buffer belongs to, and which end of its way over the network."""
    if ARROW in b.from_actor:
        return b.from_actor, "arriving"
    if ARROW in b.to_actor:
        return b.to_actor, "leaving"
    return f"{b.from_actor}{ARROW}{b.to_actor}", "in place"
