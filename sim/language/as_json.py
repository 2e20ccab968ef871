"""The result of a language model as one JSON object, SI units.

Keys
----
schema, provenance, network, chip
    As in the result of a run (`sim/report/json_result.py`).
prefill_tokens, decode_tokens, sequences, experts
    What was asked for.
time_to_first_token_s
    Over the sequences (mean, p50, p95, p99, max): from the start, when all prompts are there, to the first
    token.
time_per_token_s, contexts, time_per_token_at_s
    Of the tokens after the first: the distribution, and the mean over the sequences after each context.
total_s, tokens_per_s, decoded_tokens_per_s
    From the first prompt to the last token; all tokens over that time; those after the first over the time of
    the decoding phase.
energy_j, energy_per_prompt_token_j, energy_per_token_j
    Of everything; of a token of a prompt; of a decoded token.
kv_cache
    written_bytes, read_bytes, held_bytes (at the end), of all sequences.
work
    By phase: makespan_s; time_s (of the critical path of one prompt, or of the decoding phase) and energy_j
    by kind of work; and the shares non_matrix_time and non_matrix_energy of what is no multiplication of
    matrices.
"""

from __future__ import annotations

from dataclasses import asdict
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from ..report.json_result import distribution

if TYPE_CHECKING:
    from ...arch.chip import Chip
    from ...workloads.language_model import LanguageModel
    from .generate import Generation

SCHEMA = "ohmsum-language/1"


def to_json(run: Generation) -> dict[str, Any]:
    """The result as plain dicts, lists, strings and numbers; what is not known is left out."""
    body = {
        **heading(run.model, run.chip, run.options, run.n_params),
        "prefill_tokens": run.n_prefill,
        "decode_tokens": run.n_decode,
        "sequences": run.n_sequences,
        "time_to_first_token_s": distribution(run.time_to_first_token),
        "time_per_token_s": None if run.time_per_token is None else distribution(run.time_per_token),
        "contexts": list(run.contexts) or None,
        "time_per_token_at_s": list(run.time_per_token_s) or None,
        "total_s": run.total_s,
        "tokens_per_s": run.tokens_per_s,
        "decoded_tokens_per_s": run.decoded_per_s,
        "energy_j": run.energy_j,
        "energy_per_prompt_token_j": run.energy_per_prompt_token_j,
        "energy_per_token_j": run.energy_per_token_j,
        "kv_cache": asdict(run.cache),
        "work": {
            name: {
                "makespan_s": run.phases[name].makespan_s,
                "time_s": shares.time_s,
                "energy_j": shares.energy_j,
                "non_matrix_time": shares.non_matrix_time,
                "non_matrix_energy": shares.non_matrix_energy,
            }
            for name, shares in run.shares.items()
        },
        "events": sum(phase.result.n_visits for phase in run.phases.values()),
    }
    return {key: value for key, value in body.items() if value is not None}


def heading(model: LanguageModel, chip: Chip, options: Any, n_params: int) -> dict[str, Any]:
    """What ran, and all that is needed to run it again."""
    experts = model.experts
    asked = None
    if experts is not None:
        asked = {
            "n": experts.n,
            "top_k": experts.top_k,
            "routing": experts.routing.name,
            "seed": experts.seed,
        }
    return {
        "schema": SCHEMA,
        "provenance": {
            "version": version("ohmsum"),
            "chip_hash": chip.hash,
            "network_hash": model.network.hash,
            "options": dict(options),
        },
        "network": {"name": model.network.name, "params": n_params},
        "chip": {"name": chip.name, "n_chips": chip.n_chips},
        "experts": asked,
    }
