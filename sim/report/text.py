"""An answer as an architect reads it on a terminal; each kind has its own report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..answers.generation import Generation
from ..answers.run import Run
from ..answers.serving import Serving

if TYPE_CHECKING:
    from rich.console import Group

    from ..answers.base import Answer
    from .page import Page


def report(answer: Answer, page: Page) -> Group:
    """The whole report, made for a page."""
    if isinstance(answer, Run):
        from .run_report import run_report

        return run_report(answer, page)
    if isinstance(answer, Generation):
        from .generation_report import generation_report

        return generation_report(answer, page)
    if isinstance(answer, Serving):
        from .serving_report import serving_report

        return serving_report(answer, page)
    raise TypeError(f"no report of {type(answer).__name__}")
