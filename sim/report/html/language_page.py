"""Pages of language models: a generation, and requests that are served over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...metrics.seconds import FS_PER_S, seconds
from ..generation_report import asked, generation_notes, summary
from ..heading import named_figure
from ..numbers import percent, si
from ..serving_report import requests_asked, serving_notes, times
from .container import Container
from .page import head, page
from .requests import serving_requests
from .shares import part_shares, work_shares

if TYPE_CHECKING:
    from ...answers.generation import Generation
    from ...answers.serving import Serving

MOST_TOKENS = 4000
"""Points of the line of tokens over time."""


def page_of_generation(made: Generation) -> str:
    """Tokens over context and over time, keys and values, kinds of work."""
    box = Container()
    data = {
        **head(made, asked(made), [f"{note}." for note in generation_notes(made)], summary(made)),
        "total_s": made.total_s,
        "prefill_s": made.prefill.makespan_s,
        "tokens": _tokens(made, box),
        "made": _made(made, box),
        "cache": _cache(made, box),
        "shares": [work_shares(made), part_shares(made.breakdown)],
    }
    return page(made.title, ("tokens.js", "shares.js"), box.text(data))


def page_of_serving(served: Serving) -> str:
    """How long requests took, the queue, the load, iterations."""
    box, ran = Container(), served.iterations
    data = {
        **head(served, requests_asked(served), [f"{note}." for note in serving_notes(served)], _main(served)),
        "total_s": served.total_s,
        "requests": serving_requests(served, times(served), box),
        "shares": [part_shares(served.breakdown)],
        "iterations": {
            "begin_s": box.add(np.array([seconds(i.begin_fs) for i in ran])),
            "duration_s": box.add(np.array([seconds(i.time_fs) for i in ran])),
            "sequences": box.add(np.array([len(i.contexts) + i.n_prompts for i in ran], np.int32)),
            "prompts": box.add(np.array([i.n_prompts for i in ran], np.int32)),
        },
    }
    return page(served.title, ("requests.js", "shares.js"), box.text(data))


def _main(served: Serving) -> list[tuple[str, str, str]]:
    """The large figures on top: name, value, and a line below."""
    first, whole = served.time_to_first_token, served.latency
    load = served.arrivals.offered_per_s / served.capacity_per_s
    figures = [
        ("time to first token", si(first.p50_s, "s"), f"median; p99 {si(first.p99_s, 's')}"),
        ("latency of a request", si(whole.p50_s, "s"), f"median; p99 {si(whole.p99_s, 's')}"),
    ]
    if served.time_per_token is not None:
        each = served.time_per_token
        figures.append(("time per token", si(each.p50_s, "s"), f"median; p99 {si(each.p99_s, 's')}"))
    return [
        *figures,
        (*named_figure(served, "tokens_per_s"), f"{si(served.served_per_s)}/s requests"),
        ("load", percent(load), f"of {si(served.capacity_per_s)}/s that can be served"),
        (*named_figure(served, "energy_per_token_j"), "idle time included"),
        ("sequences at a time", f"{served.mean_running:.3g}", f"of at most {served.most_running}"),
    ]


def _tokens(made: Generation, box: Container) -> dict[str, Any]:
    """Time of the tokens after the first at every context, over the sequences."""
    each_s = made.token_fs / FS_PER_S
    rows = each_s if each_s.size else np.zeros((0, 1))
    return {
        "n_sequences": made.n_sequences,
        "contexts": box.add(np.array(list(made.contexts), np.int32)),
        "mean_s": box.add(rows.mean(axis=1)),
        "least_s": box.add(rows.min(axis=1)),
        "most_s": box.add(rows.max(axis=1)),
    }


def _made(made: Generation, box: Container) -> dict[str, Any]:
    """When tokens were there, of all sequences together."""
    ends = list(made.first_token_fs)
    if made.decode is not None:
        begin = made.prefill.result.makespan_fs
        ends += [begin + end for end in made.decode.token_end_fs.ravel().tolist()]
    times, counts = np.unique(np.sort(np.array(ends, np.int64)), return_counts=True)
    n = np.cumsum(counts)
    step = -(-len(n) // MOST_TOKENS)
    chosen = np.arange(len(n) - 1, -1, -step)[::-1]
    return {
        "time_s": box.add(times[chosen] / FS_PER_S),
        "n": box.add(n[chosen].astype(np.int32)),
    }


def _cache(made: Generation, box: Container) -> dict[str, Any]:
    """What the cache of keys and values moved, by phase, and what each step reads."""
    phases = made.cache_by_phase
    return {
        "phases": [
            {"name": name, "written_bytes": moved.written_bytes, "read_bytes": moved.read_bytes}
            for name, moved in phases.items()
        ],
        "held_bytes": made.cache.held_bytes,
        "contexts": box.add(np.array(list(made.contexts), np.int32)),
        "read_bytes": box.add(np.array(made.read_bytes_by_step, np.float64)),
    }
