"""An answer as one HTML page that needs nothing else: no server, no network, no other file.

Reading order: `page` (the page around everything); `activity`, `floorplan`, `roofline`, `requests`, `shares`
(what an answer says, as arrays and lists in a `container`), `run_page` and `language_page`. What the page
does with it is in ``static/``: one JavaScript file per view, and Apache ECharts (``echarts.min.js``, version
6.1.0 as published, with its licence beside it) for axes, zoom and pointers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...answers.generation import Generation
from ...answers.run import Run
from ...answers.serving import Serving
from ...progress import Progress
from .language_page import page_of_generation, page_of_serving
from .run_page import page_of_run

if TYPE_CHECKING:
    from ...answers.base import Answer

__all__ = ["to_html"]


def to_html(
    answer: Answer,
    *,
    profile: dict[str, Any] | None = None,
    progress: Progress | None = None,
) -> str:
    """The page of an answer; with `profile`, what `ohmsum profile --json` writes, also what to change."""
    if isinstance(answer, Run):
        return page_of_run(answer, profile, progress)
    if isinstance(answer, Generation):
        return page_of_generation(answer)
    if isinstance(answer, Serving):
        return page_of_serving(answer)
    raise TypeError(f"no page of {type(answer).__name__}")
