"""The page that a text is made for: its width, its letters, and how much of every table it has room for.

Everything that prints takes a `Page`; tables that fit it are made here: columns that matter less go, names
are shortened in the middle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from .numbers import bar, percent, shorten

Cell = str | tuple[str, str]
"""A text, or one that may be shortened with an ending that stays."""
LEAST_NAME = 8
"""Characters of a flexible column when there is no room for it."""
BAR_WIDTH = 20
NOTE_WIDTH = 23
"""Characters kept for the notes beside bars."""


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
    dropped : int
        When it goes, if the table is too wide: the column with the highest number is the first; 0 stays.
    listed : bool
        Cells are lists with commas, of which the last entries go, rather than texts to cut in the middle.
    least : int
        Characters of a flexible column for which less important columns go.
    most : int
        Characters of its widest cell at most.
    width : int
        Characters at least, whatever the cells are.
    style : str
    wrapped : bool
        Long cells go on in a line below rather than being cut.
    sentence : bool
        Long cells lose their end rather than their middle.
    """

    title: str
    right: bool = False
    flexible: bool = False
    dropped: int = 0
    listed: bool = False
    least: int = 16
    most: int = 10_000
    width: int = 0
    style: str = ""
    wrapped: bool = False
    sentence: bool = False


@dataclass(frozen=True)
class Page:
    """What a text is made for.

    Parameters
    ----------
    width : int
        Characters of a line.
    plain : bool
        ASCII only.
    everything : bool
        Every row of the tables that are shortened otherwise.
    hint : str
        Said behind the number of rows that are left out: how to see them.
    """

    width: int = 100
    plain: bool = True
    everything: bool = False
    hint: str = ""

    def most(self, n: int) -> int | None:
        """Rows to show where `n` are enough; None for all."""
        return None if self.everything else n

    def short(self, name: str, width: int) -> str:
        """A name in at most so many characters, cut in the middle."""
        return shorten(name, width, ".." if self.plain else "…")

    def bar(self, share: float, width: int) -> str:
        """A bar of so many characters filled to `share`."""
        return bar(share, width, self.plain)

    def table(
        self,
        columns: Sequence[Column],
        rows: Sequence[Sequence[Cell]],
        most: int | None = None,
        more: str = "more",
        gap: int = 2,
    ) -> RenderableType:
        """The first `most` rows, and a line that says how many are left out."""
        shown = rows if most is None else rows[:most]
        kept, widths = _fit(columns, shown, self.width - 3, gap)
        grid = Table.grid(padding=(0, gap, 0, 0))
        for i, w in zip(kept, widths, strict=True):
            column = columns[i]
            grid.add_column(
                width=w,
                justify="right" if column.right else "left",
                style=column.style,
                no_wrap=not column.wrapped,
                overflow="fold",
            )
        if any(column.title for column in columns):
            grid.add_row(*(columns[i].title for i in kept), style="dim")
        for row in shown:
            grid.add_row(*(self._cell(row[i], columns[i], w) for i, w in zip(kept, widths, strict=True)))
        left = len(rows) - len(shown)
        rest = [Text(f"and {left} {more}", "dim")] if left else []
        return Padding(Group(grid, *rest), (0, 0, 0, 2))

    def bars(
        self,
        rows: Sequence[tuple[str, str, float, list[str]]],
        most: int | None = None,
        *,
        figures_right: bool = True,
    ) -> RenderableType:
        """Rows of name, figure, share and notes; each share also as a bar, as many notes as fit."""
        columns = (
            Column("", flexible=True, least=12),
            Column("", right=figures_right),
            Column("", right=True, width=6),
            Column("", width=BAR_WIDTH + 1, style="green"),
            Column("", flexible=True, listed=True, least=NOTE_WIDTH, style="dim"),
        )
        cells = [
            (name, figure, percent(share), self.bar(share, BAR_WIDTH), ", ".join(notes))
            for name, figure, share, notes in rows
        ]
        return self.table(columns, cells, most, gap=1)

    def _cell(self, cell: Cell, column: Column, width: int) -> str:
        """A cell in at most `width` characters."""
        text, end = cell if isinstance(cell, tuple) else (cell, "")
        if column.wrapped:
            return text + end
        if column.sentence and len(text) > width:
            mark = ".." if self.plain else "…"
            return text[: width - len(mark)].rstrip(" .,") + mark
        if column.listed:
            while len(text) > width and ", " in text:
                text = text.rpartition(", ")[0]
        return self.short(text, max(LEAST_NAME, width - len(end)) if end else width) + end


def numbers(*titles: str) -> tuple[Column, ...]:
    """Columns of numbers."""
    return tuple(Column(title, right=True) for title in titles)


def section(title: str) -> RenderableType:
    """The heading of a part of a report, with an empty line above it."""
    return Padding(Text(title, "bold cyan"), (1, 0, 0, 0))


def line(text: str, style: str = "") -> RenderableType:
    """A sentence below a heading or a table, wrapped and indented."""
    return Padding(Text(text, style), (0, 0, 0, 2))


def note(text: str) -> RenderableType:
    """A remark below a heading or a table."""
    return line(text, "dim")


def _fit(
    columns: Sequence[Column], rows: Sequence[Sequence[Cell]], room: int, gap: int
) -> tuple[list[int], list[int]]:
    """Columns that are shown, and their widths, within so many characters."""
    natural = [
        max(c.width, min(c.most, max([len(c.title), *(_length(row[i]) for row in rows)])))
        for i, c in enumerate(columns)
    ]
    kept = [i for i, width in enumerate(natural) if width]
    while True:
        least = [min(natural[i], columns[i].least) if columns[i].flexible else natural[i] for i in kept]
        over = sum(least) + gap * (len(kept) - 1) - room
        goes = max(kept, key=lambda i: columns[i].dropped)
        if over <= 0 or not columns[goes].dropped:
            break
        kept.remove(goes)
    spare = max(0, -over)
    widths = []
    for i, w in zip(kept, least, strict=True):
        extra = min(natural[i] - w, spare)
        spare -= extra
        cut = min(w - LEAST_NAME, over) if columns[i].flexible and over > 0 and w > LEAST_NAME else 0
        over -= cut
        widths.append(w + extra - cut)
    return kept, widths


def _length(cell: Cell) -> int:
    return len(cell) if isinstance(cell, str) else len(cell[0]) + len(cell[1])
