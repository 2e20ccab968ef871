"""Printing: in colour on a terminal, as plain ASCII on request, or into a pipe or a file."""

from __future__ import annotations

import io
import sys

from rich.console import Console, RenderableType

from .page import Page

PIPE_WIDTH = Page().width
"""Columns where there is no terminal to ask."""


def show(content: RenderableType, plain: bool = False) -> None:
    """Print on stdout: in colour on a terminal; as plain ASCII on request, or into a pipe or a file."""
    console = Console(highlight=False)
    if console.is_terminal and not plain:
        console.print(content)
    else:
        text = as_text(content, console.width if console.is_terminal else PIPE_WIDTH)
        # Names and sources may hold any letter, and the pipe may not.
        encoding = sys.stdout.encoding or "ascii"
        print(text.encode(encoding, "replace").decode(encoding), end="")


def terminal_page(plain: bool = False, *, everything: bool = False, hint: str = "") -> Page:
    """The page that the terminal has room for.

    ASCII only on request, into a pipe, or on a terminal that knows no more.
    """
    console = Console()
    known = console.is_terminal and console.encoding.lower().startswith("utf")
    return Page(console.width if console.is_terminal else PIPE_WIDTH, plain or not known, everything, hint)


def as_text(content: RenderableType, columns: int = PIPE_WIDTH) -> str:
    """The content without colours and without spaces at the ends of lines."""
    console = Console(file=io.StringIO(), width=columns, no_color=True, highlight=False, color_system=None)
    with console.capture() as capture:
        console.print(content)
    return "".join(line.rstrip() + "\n" for line in capture.get().splitlines())
