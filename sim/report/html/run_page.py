"""The page of a run: everything over time, by layer, by part."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...engines import compiled
from .activity import LEAST_BINS, activity, n_bins_for
from .page import page
from .payload import payload

if TYPE_CHECKING:
    from ...answers.run import Run

MOST_BYTES = 5_000_000
"""Size of a page; time bins are widened until it fits."""
VIEWS = (
    "findings.js",
    "requests.js",
    "shares.js",
    "floorplan.js",
    "path.js",
    "timeline.js",
    "over_time.js",
    "energy.js",
    "stalls.js",
    "roofline.js",
    "what_if.js",
    "layers.js",
)
"""Sections in the order of the page."""


def page_of_run(
    run: Run, profile: dict[str, Any] | None = None, progress: Callable[[str, float], None] | None = None
) -> str:
    """The page.

    The inference is simulated once more to get the times in finer bins than the run keeps.

    Parameters
    ----------
    run : Run
    profile : dict, optional
        What `ohmsum profile --json` writes: findings and what-if.
    progress : callable, optional
        Told what is being done and the fraction of it that is done.
    """
    told = None if progress is None else lambda share: progress("report", share)
    result = compiled.run(run.program, 1, n_bins=n_bins_for(run.program), progress=told)
    shown = activity(run.program, result)
    made = page(run.title, VIEWS, payload(run, shown, profile))
    while len(made.encode()) > MOST_BYTES and shown.n_bins > LEAST_BINS:
        shown = shown.halved()
        made = page(run.title, VIEWS, payload(run, shown, profile))
    return made
