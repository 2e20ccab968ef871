"""Blocks of the result file that only language models have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...workloads.language_model import LanguageModel
    from ..answers.generation import Generation
    from ..answers.serving import Serving
    from ..metrics.breakdown import Breakdown


def generation_blocks(made: Generation) -> dict[str, Any]:
    """Everything but the heading and the figures of a generation."""
    return {
        "network": {"params": made.n_params},
        **_breakdown(made.breakdown),
        "experts": _experts(made.model),
        "prefill_tokens": made.n_prefill,
        "decode_tokens": made.n_decode,
        "sequences": made.n_sequences,
        "contexts": list(made.contexts) or None,
        "time_per_token_at_s": list(made.time_per_token_s) or None,
        "work": {
            name: {"time_s": shares.time_s, "energy_j": shares.energy_j}
            for name, shares in made.shares.items()
        },
    }


def serving_blocks(served: Serving) -> dict[str, Any]:
    """Everything but the heading and the figures of a service."""
    return {
        "network": {"params": served.n_params},
        **_breakdown(served.breakdown),
        "experts": _experts(served.model),
        "prefill_tokens": served.n_prefill,
        "decode_tokens": served.n_decode,
        "most_running": served.most_running,
        "requests": {
            "arrival": str(served.arrivals),
            "n": len(served.requests),
            "above_capacity": served.is_saturated,
            "verdict": served.verdict,
        },
        "time_error": {"mean": served.error[0], "max": served.error[1]},
    }


def _breakdown(found: Breakdown) -> dict[str, Any]:
    return {
        "critical_path_summary": {
            "by_layer_s": dict(found.time_by_layer_s),
            "by_class_s": dict(found.time_by_class_s),
        },
        "energy_by_layer_j": dict(found.energy_by_layer_j),
    }


def _experts(model: LanguageModel) -> dict[str, Any] | None:
    experts = model.experts
    if experts is None:
        return None
    return {
        "n": experts.n,
        "top_k": experts.top_k,
        "routing": experts.routing.name,
        "seed": experts.seed,
    }
