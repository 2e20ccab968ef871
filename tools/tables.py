"""Tables that fit the terminal: columns that matter less go, names are shortened in the middle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..sim.report.numbers import shorten


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    title : str
    right : bool
        Numbers are aligned to the right.
    flexible : bool
        May be shortened; the others are as wide as their widest cell.
    listed : bool
        Cells are lists with commas, of which the last entries go, rather than texts to cut in the middle.
    least : int
        Characters of a flexible column for which less important columns go.
    dropped : int
        When it goes, if the table is too wide: the column with the highest number is the first; 0 stays.
    """

    title: str
    right: bool = False
    flexible: bool = False
    dropped: int = 0
    listed: bool = False
    least: int = 16


def table(
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    width: int,
    plain: bool,
    most: int | None = None,
    more: str = "more",
) -> RenderableType:
    """The first `most` rows, and a line that says how many are left out."""
    shown = rows if most is None else rows[:most]
    kept, widths = _fit(columns, shown, width - 3)
    grid = Table.grid(padding=(0, 2, 0, 0))
    for i, w in zip(kept, widths, strict=True):
        grid.add_column(width=w, justify="right" if columns[i].right else "left", no_wrap=True)
    grid.add_row(*(columns[i].title for i in kept), style="dim")
    mark = ".." if plain else "…"
    for row in shown:
        grid.add_row(*(_cell(row[i], columns[i], w, mark) for i, w in zip(kept, widths, strict=True)))
    left = len(rows) - len(shown)
    note = [Text(f"and {left} {more}", "dim")] if left else []
    return Padding(Group(grid, *note), (0, 0, 0, 2))


def _cell(text: str, column: Column, width: int, mark: str) -> str:
    """A cell in at most `width` characters."""
    if column.listed:
        while len(text) > width and ", " in text:
            text = text.rpartition(", ")[0]
    return shorten(text, width, mark)


def section(title: str) -> RenderableType:
    """The heading of a part of a report."""
    return Padding(Text(title, "bold cyan"), (1, 0, 0, 0))


def note(text: str) -> RenderableType:
    """A remark below a heading or a table."""
    return Padding(Text(text, "dim"), (0, 0, 0, 2))


def _fit(columns: Sequence[Column], rows: Sequence[Sequence[str]], room: int) -> tuple[list[int], list[int]]:
    """Columns that are shown, and their widths, within so many characters."""
    natural = [max([len(c.title), *(len(row[i]) for row in rows)]) for i, c in enumerate(columns)]
    kept = list(range(len(columns)))
    while True:
        least = [min(natural[i], columns[i].least) if columns[i].flexible else natural[i] for i in kept]
        over = sum(least) + 2 * (len(kept) - 1) - room
        goes = max(kept, key=lambda i: columns[i].dropped)
        if over <= 0 or not columns[goes].dropped:
            break
        kept.remove(goes)
    spare = max(0, -over)
    widths = []
    for i, w in zip(kept, least, strict=True):
        extra = min(natural[i] - w, spare)
        spare -= extra
        widths.append(w + extra)
    return kept, widths
