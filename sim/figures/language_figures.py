"""Figures of language models, and of requests over time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from .record import Figure

if TYPE_CHECKING:
    from ..answers.generation import Generation
    from ..answers.run import Run
    from ..answers.serving import Serving
    from ..metrics.requests import Distribution

Answer = TypeVar("Answer")

LANGUAGE = (
    Figure(
        key="total_s", unit="s", label="total", better="less", about="time",
        meaning="from the first prompt, or arrival, to the last token",
        generation=lambda made: made.total_s,
        serving=lambda served: served.total_s,
    ),
    Figure(
        key="tokens_per_s", unit="/s", label="tokens", better="more", about="time",
        meaning="tokens made, of all sequences, over the whole time",
        generation=lambda made: made.tokens_per_s,
        serving=lambda served: served.tokens_per_s,
    ),
    Figure(
        key="decoded_tokens_per_s", unit="/s", label="decoded tokens", better="more", about="time",
        meaning="tokens after the first of each sequence, over the time of the decoding phase",
        generation=lambda made: made.decoded_per_s,
    ),
    Figure(
        key="energy_per_token_j", unit="J", label="energy per token", better="less", about="energy",
        meaning="of a decoded token; while serving, of everything (idle time included) over the tokens made",
        generation=lambda made: made.energy_per_token_j,
        serving=lambda served: served.energy_per_token_j,
    ),
    Figure(
        key="energy_per_prompt_token_j", unit="J", label="energy per prompt token", better="less",
        about="energy",
        meaning="of a token of a prompt",
        generation=lambda made: made.energy_per_prompt_token_j,
    ),
    Figure(
        key="kv_cache.written_bytes", unit="B", label="keys and values written", better="less", about="work",
        meaning="written to the cache of keys and values, of all sequences",
        generation=lambda made: made.cache.written_bytes,
    ),
    Figure(
        key="kv_cache.read_bytes", unit="B", label="keys and values read", better="less", about="work",
        meaning="read from the cache",
        generation=lambda made: made.cache.read_bytes,
    ),
    Figure(
        key="kv_cache.held_bytes", unit="B", label="keys and values held", better="less", about="work",
        meaning="in the cache at the end",
        generation=lambda made: made.cache.held_bytes,
    ),
    Figure(
        key="iterations", unit="", label="iterations", better=None, about="work",
        meaning="of continuous batching",
        serving=lambda served: len(served.iterations),
    ),
    Figure(
        key="mean_running", unit="", label="sequences at a time", better=None, about="work",
        meaning="sequences in an iteration, averaged over the time of the iterations",
        serving=lambda served: served.mean_running,
    ),
    Figure(
        key="simulated", unit="", label="iterations simulated", better=None, about="work",
        meaning="iterations whose times were simulated; others are interpolated between them",
        serving=lambda served: served.n_simulated,
    ),
)  # fmt: skip

REQUESTS = (
    Figure(
        key="requests.offered_per_s", unit="/s", label="offered", better=None, about="time",
        meaning="requests per second that were asked for",
        inference=lambda run: None if run.requests is None else run.requests.offered_per_s,
        serving=lambda served: served.arrivals.offered_per_s,
    ),
    Figure(
        key="requests.arrived_per_s", unit="/s", label="arrived", better=None, about="time",
        meaning="requests per second between the first arrival and the last",
        inference=lambda run: None if run.requests is None else run.requests.arrived_per_s,
    ),
    Figure(
        key="requests.served_per_s", unit="/s", label="served", better="more", about="time",
        meaning="requests that ended, per second",
        inference=lambda run: None if run.requests is None else run.requests.served_per_s,
        serving=lambda served: served.served_per_s,
    ),
    Figure(
        key="requests.capacity_per_s", unit="/s", label="capacity", better="more", about="time",
        meaning="rate of the same requests when all of them are there from the beginning",
        inference=lambda run: None if run.requests is None else run.requests.capacity.steady_per_s,
        serving=lambda served: served.capacity_per_s,
    ),
    Figure(
        key="requests.mean_in_system", unit="", label="in the system", better="less", about="time",
        meaning="requests that had arrived and not ended, averaged over the time",
        inference=lambda run: None if run.requests is None else run.requests.mean_in_system,
    ),
    Figure(
        key="requests.most_in_system", unit="", label="most in the system", better="less", about="time",
        meaning="most requests that had arrived and not ended",
        inference=lambda run: None if run.requests is None else run.requests.most_in_system,
    ),
)  # fmt: skip

PERCENTILES = {
    "mean": ("mean", "the mean"),
    "p50": ("median", "the median"),
    "p95": ("p95", "the 95th percentile, by nearest rank"),
    "p99": ("p99", "the 99th percentile, by nearest rank"),
    "max": ("largest", "the largest"),
}
"""Ending of the key, of the label, and what it means."""


def _times(
    key: str,
    label: str,
    meaning: str,
    *,
    inference: Callable[[Run], Distribution | None] | None = None,
    generation: Callable[[Generation], Distribution | None] | None = None,
    serving: Callable[[Serving], Distribution | None] | None = None,
) -> tuple[Figure, ...]:
    """Mean and percentiles of times of many things, a figure each."""
    return tuple(
        Figure(
            key=f"{key}.{name}", unit="s", label=f"{label}, {ending}", better="less", about="time",
            meaning=f"{meaning}: {of}",
            inference=_one(inference, name), generation=_one(generation, name), serving=_one(serving, name),
        )
        for name, (ending, of) in PERCENTILES.items()
    )  # fmt: skip


def _one(
    times: Callable[[Answer], Distribution | None] | None, name: str
) -> Callable[[Answer], float | None] | None:
    """What takes one number out of a distribution."""
    if times is None:
        return None

    def get(answer: Answer) -> float | None:
        found = times(answer)
        return None if found is None else found.by_name[name]

    return get


TIMES = (
    *_times(
        "time_to_first_token_s",
        "time to first token",
        "from the start (or from its arrival) to the first token of a sequence",
        generation=lambda made: made.time_to_first_token,
        serving=lambda served: served.time_to_first_token,
    ),
    *_times(
        "time_per_token_s",
        "time per token",
        "of the tokens after the first",
        generation=lambda made: made.time_per_token,
        serving=lambda served: served.time_per_token,
    ),
    *_times(
        "requests.latency_s",
        "latency of a request",
        "from the arrival of a request to the end of its last output",
        inference=lambda run: None if run.requests is None else run.requests.latency,
        serving=lambda served: served.latency,
    ),
    *_times(
        "requests.queueing_s",
        "queueing of a request",
        "what of it is beyond one inference alone; of a language model, until its first iteration",
        inference=lambda run: None if run.requests is None else run.requests.queueing,
        serving=lambda served: served.queueing,
    ),
)
