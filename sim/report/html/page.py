"""The page: one HTML text with styles, scripts and data inside."""

from __future__ import annotations

from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from ...engines import compiled
from .activity import LEAST_BINS, activity, n_bins_for
from .payload import payload

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...answers.run import Run

MOST_BYTES = 5_000_000
"""Size of a page; time bins are widened until it fits."""
STYLES = ("base.css", "parts.css")
SCRIPTS = (
    "data.js",
    "state.js",
    "look.js",
    "series.js",
    "charts.js",
    "floorplan.js",
    "timeline.js",
    "energy.js",
    "over_time.js",
    "stalls.js",
    "roofline.js",
    "path.js",
    "what_if.js",
    "layers.js",
    "start.js",
)
"""In this order: each may use what the ones before it define."""


def html_report(
    run: Run, profile: dict[str, Any] | None = None, progress: Callable[[str, float], None] | None = None
) -> str:
    """The report of a run as one HTML page that works without a network.

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
    page = _page(run, payload(run, shown, profile))
    while len(page.encode()) > MOST_BYTES and shown.n_bins > LEAST_BINS:
        shown = shown.halved()
        page = _page(run, payload(run, shown, profile))
    return page


def _page(run: Run, data: str) -> str:
    """The template with its gaps filled; what is filled in holds no ``</script``."""
    gaps = {
        "TITLE": escape(f"{run.network.name} on {run.chip.name} - ohmsum"),
        "STYLE": "\n".join(_asset(name) for name in STYLES),
        "ECHARTS": _asset("echarts.min.js"),
        "SCRIPT": "\n".join(_asset(name) for name in SCRIPTS),
        "DATA": data,
    }
    page = _asset("page.html")
    for name, text in gaps.items():
        before, _, after = page.partition(f"<!--{name}-->")
        page = before + text + after
    return page


def _asset(name: str) -> str:
    return (files(__package__) / "static" / name).read_text(encoding="utf-8")
