"""An answer as a notebook shows it at the end of a cell: its main figures and one picture."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from .heading import named_figure
from .picture import picture

if TYPE_CHECKING:
    from ..answers.base import Answer


def notebook_html(answer: Answer) -> str:
    """A few lines of HTML, without scripts or styles of their own; colours are those of the notebook."""
    figures = [named_figure(answer, key) for key in answer.headline if key in answer.figures]
    look = "margin-right:2em;display:inline-block"
    cells = [f'<span style="{look}">{escape(name)} <b>{escape(text)}</b></span>' for name, text in figures]
    return "\n".join(
        [
            f'<div style="margin:.4em 0"><b>{escape(answer.title)}</b></div>',
            f'<div style="margin:.4em 0">{"".join(cells)}</div>',
            picture(answer),
        ]
    )
