"""Requests over time, for the page: how long they took, when they came and went, and the load."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...metrics.seconds import FS_PER_S
from .container import Container

if TYPE_CHECKING:
    from ...answers.serving import Serving
    from ...metrics.requests import Distribution, Requests

MOST_STEPS = 2000
"""Times of one line; of more, evenly chosen ones are shown, the largest always."""


def run_requests(requests: Requests, box: Container) -> dict[str, Any]:
    """Requests that are inferences."""
    latency = sorted(requests.latency_fs)
    return {
        "asked": f"{requests.n} requests, {requests.arrivals}",
        "verdict": requests.verdict,
        "above": bool(requests.above_capacity),
        "rates": _rates(requests.offered_per_s, requests.served_per_s, requests.capacity.steady_per_s),
        "times": _times(
            {"queueing": [max(0, t - requests.alone_fs) for t in latency], "latency": latency}, box
        ),
        "rows": _rows({"latency": requests.latency, "of which queueing": requests.queueing}),
        "arrival_s": box.add(_seconds(requests.arrival_fs)),
        "end_s": box.add(_seconds(requests.end_fs)),
    }


def serving_requests(served: Serving, rows: Mapping[str, Distribution], box: Container) -> dict[str, Any]:
    """Requests for tokens."""
    asked = served.requests
    times = {
        "queueing": [r.queueing_fs for r in asked],
        "first token": [r.first_token_fs for r in asked],
        "last token": [r.latency_fs for r in asked],
    }
    return {
        "asked": f"{len(asked)} requests, {served.arrivals}",
        "verdict": served.verdict,
        "above": served.is_saturated,
        "rates": _rates(served.arrivals.offered_per_s, served.served_per_s, served.capacity_per_s),
        "times": _times(times, box),
        "rows": _rows(rows),
        "arrival_s": box.add(_seconds([r.arrival_fs for r in asked])),
        "admitted_s": box.add(_seconds([r.admitted_fs for r in asked])),
        "end_s": box.add(_seconds([r.token_fs[-1] for r in asked])),
    }


def _rates(offered: float, served: float, capacity: float | None) -> list[list[Any]]:
    rates = {"offered": offered, "served": served, "capacity": capacity}
    return [[name, rate] for name, rate in rates.items() if rate is not None]


def _times(times: Mapping[str, Sequence[int]], box: Container) -> list[dict[str, Any]]:
    return [
        {"name": name, "values": box.add(_chosen(_seconds(sorted(values))))} for name, values in times.items()
    ]


def _rows(rows: Mapping[str, Distribution]) -> list[dict[str, Any]]:
    return [{"name": name, **times.by_name} for name, times in rows.items()]


def _chosen(values: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """At most `MOST_STEPS` of sorted values."""
    n = len(values)
    if n <= MOST_STEPS:
        return values
    return values[(np.arange(1, MOST_STEPS + 1) * n) // MOST_STEPS - 1]


def _seconds(times_fs: Sequence[int]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.asarray(times_fs, np.float64) / FS_PER_S
