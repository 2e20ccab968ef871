"""A profile as one JSON object: SI units, every name ending in its unit; what is not known is left out."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ...sim.metrics.seconds import seconds
from ...sim.report.json_result import to_json as result_json

if TYPE_CHECKING:
    from .evaluate import Figures, TrialOutcome
    from .knobs import Knob
    from .latency import LatencyBreakdown
    from .profile import Profile
    from .tiling import TilingLosses
    from .whatif import WhatIf

SCHEMA = "ohmsum-profile/1"
INFINITELY = "infinite"
"""JSON has no infinity."""


def to_json(found: Profile) -> dict[str, Any]:
    """The profile as plain dicts, lists, strings and numbers.

    ``latency.shares`` are the critical path by layer, class and cause; their ``time_fs`` add up to
    ``latency_fs``. ``what_if.trials`` hold the ``--set`` of each trial with the figures that it gave.
    """
    result = result_json(found.run)
    kept = ("provenance", "network", "chip", "chip_fields", "batch")
    figures = ("latency_s", "latency_fs", "throughput_per_s", "energy_j", "power_w", "area_mm2")
    return {
        "schema": SCHEMA,
        **{key: result[key] for key in (*kept, *figures) if key in result},
        "goal": found.goal,
        "findings": [asdict(finding) for finding in found.findings],
        "latency": _latency(found.latency),
        "throughput_limits": [asdict(limit) for limit in found.limits],
        "tiling": _tiling(found.tiling),
        "queues": [{**asdict(queue), "mean_s": queue.mean_s} for queue in found.queues],
        "links": [asdict(link) for link in found.links],
        "buffers": [
            {**asdict(b), "peak_bytes": b.peak_bytes, "capacity_bytes": b.capacity_bytes}
            for b in found.buffers
        ],
        "what_if": None if found.what_if is None else _what_if(found.what_if),
    }


def _latency(latency: LatencyBreakdown) -> dict[str, Any]:
    return {
        "by_layer_s": {name: seconds(t) for name, t in latency.by_layer_fs.items()},
        "by_class_s": {name: seconds(t) for name, t in latency.by_class_fs.items()},
        "by_cause_s": {name: seconds(t) for name, t in latency.by_cause_fs.items()},
        "shares": [
            {"layer": s.layer, "class": s.klass, "cause": s.cause, "time_fs": s.time_fs}
            for s in latency.shares
        ],
    }


def _tiling(tiling: TilingLosses | None) -> dict[str, Any] | None:
    if tiling is None:
        return None
    shares = ("cells_used", "row_loss", "column_loss", "diagonal_loss")
    return {**asdict(tiling), "shares": {name: tiling.share(name) for name in shares}}


def _what_if(tried: WhatIf) -> dict[str, Any]:
    return {
        "goal": tried.goal,
        "runs": tried.runs,
        "base": _figures(tried.base),
        "trials": [
            {
                **_knob(t.knob),
                "factor": INFINITELY if math.isinf(t.factor) else t.factor,
                "set": t.sets,
                **_outcome(t.outcome, tried.base),
                "gain": t.gain(tried.base, tried.goal),
            }
            for t in tried.trials
        ],
        "pairs": [
            {
                "components": [p.first.knob.component, p.second.knob.component],
                "set": {**p.first.sets, **p.second.sets},
                "gain_first": p.gain_first,
                "gain_second": p.gain_second,
                "gain_both": p.gain_both,
                **_outcome(p.both, tried.base),
            }
            for p in tried.pairs
        ],
        "without_effect": [_knob(k) for k in tried.without_effect],
    }


def _knob(knob: Knob) -> dict[str, str]:
    return {
        "component": knob.component,
        "quantity": knob.quantity,
        "kind": knob.kind,
        "field": knob.field,
        "before": knob.before,
    }


def _outcome(outcome: TrialOutcome, base: Figures) -> dict[str, Any]:
    if outcome.figures is None:
        return {"error": outcome.error}
    return {"figures": _figures(outcome.figures), "changes": outcome.figures.changes(base)}


def _figures(figures: Figures) -> dict[str, Any]:
    values = {**asdict(figures), "latency_s": figures.latency_s}
    return {name: value for name, value in values.items() if value is not None}
