"""The heading of a part of the report."""

from __future__ import annotations

from rich.padding import Padding
from rich.text import Text


def section(title: str) -> Padding:
    """A heading with an empty line above it."""
    return Padding(Text(title, "bold cyan"), (1, 0, 0, 0))
