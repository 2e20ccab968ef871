"""A comparison on the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from ...sim.figures import find
from ...sim.report.page import Column, Page, note, numbers, section
from .changes import change_text, value_text
from .difference import Change, Difference, Split

N_ROWS = 8
"""Rows of each split unless all are asked for."""
N_CAUSES = 12
"""Causes told unless all are asked for."""


def report(found: Difference, page: Page) -> Group:
    """The whole comparison."""
    return Group(*_parts(found, page))


def title(found: Difference) -> str:
    """Which results are compared."""

    def name(network: str, chip: str, batch: int) -> str:
        return f"{network} on {chip}, batch {batch}"

    old = name(found.old.network, found.old.chip, found.old.batch)
    new = name(found.new.network, found.new.chip, found.new.batch)
    return old if old == new else f"{old} -> {new}"


def headline(found: Difference) -> str:
    """The most important change and its likeliest cause in one sentence."""
    if found.is_empty:
        return "No figure differs."
    moved = [c for c in found.figures if c.old != c.new]
    if not moved:
        return "No figure that both have differs."
    first = next((c for c in moved if c.name == "latency_s"), None)
    first = first or max(moved, key=lambda c: abs(c.delta / c.old) if c.old else 0.0)
    text = (
        f"{first.name}: {value_text(first.name, first.old)} -> {value_text(first.name, first.new)} "
        f"({change_text(first.old, first.new)})"
    )
    layers = found.split("latency by layer" if first.name == "latency_s" else "energy by layer")
    if layers is not None:
        most = layers.changes[0]
        text += f"; most in layer {most.name} ({signed(layers.figure, most.delta)})"
    if found.causes:
        text += f"; likely cause: {found.causes[0].text}"
    return text


def signed(name: str, delta: float) -> str:
    """A difference with its sign and unit; of shares in percentage points."""
    record = find(name)
    if record is not None and record.unit == "share":
        return f"{100 * delta:+.2f} pp"
    return f"{'+' if delta >= 0 else '-'}{value_text(name, abs(delta))}"


def _parts(found: Difference, page: Page) -> Iterator[RenderableType]:
    yield Text(title(found), "bold")
    yield Text(headline(found))
    for remark in found.notes:
        yield note(remark)
    if found.causes:
        yield section("What was changed, the likeliest cause first")
        rows = [(cause.kind, cause.text) for cause in found.causes]
        columns = (Column("what"), Column("change", flexible=True))
        yield page.table(columns, rows, page.most(N_CAUSES))
    if found.is_empty:
        return
    yield section("Figures")
    yield _figures([c for c in found.figures if c.old != c.new], page)
    same = [c.name for c in found.figures if c.old == c.new]
    if same:
        yield note(f"unchanged: {', '.join(same)}")
    if found.alone:
        yield note(f"only in one of them: {', '.join(found.alone)}")
    for split in found.splits:
        yield section(split.title.capitalize())
        yield _split(split, page)


def figure_row(c: Change) -> tuple[str, ...]:
    """A figure of the whole: name, before, after, change, better or worse."""
    texts = (value_text(c.name, c.old), value_text(c.name, c.new), change_text(c.old, c.new))
    return (c.name, *texts, c.verdict)


def part_row(split: Split, c: Change) -> tuple[str, ...]:
    """A part of a whole: name, before, after, difference, change."""
    texts = (value_text(split.figure, c.old), value_text(split.figure, c.new))
    return (c.name, *texts, signed(split.figure, c.delta), change_text(c.old, c.new))


def _figures(changes: list[Change], page: Page) -> RenderableType:
    columns = (
        Column("figure", flexible=True),
        *numbers("before", "after", "change"),
        Column("", dropped=1),
    )
    return page.table(columns, [figure_row(c) for c in changes])


def _split(split: Split, page: Page) -> RenderableType:
    columns = (
        Column("", flexible=True),
        Column("before", right=True, dropped=2),
        Column("after", right=True, dropped=1),
        *numbers("difference", "change"),
    )
    return page.table(columns, [part_row(split, c) for c in split.changes], page.most(N_ROWS))
