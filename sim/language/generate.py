"""A batch of prompts, and the tokens that follow each of them.

The prompts go through the chip back to back, pipelined, and each gives its sequence the first token. Then all
sequences decode in turn, one token after the other: a token's layers wait for the token before it of the same
sequence, and other sequences fill the pipeline meanwhile. The next token is the largest logit, found by
the nearest unit that offers ``reduce``, else by the host; embeddings are looked up in the chip's memory, else
by the host.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from ...workloads.language_model import LanguageModel
from ..answers.generation import Generation
from ..mapping.options import MappingOptions
from ..progress import Progress
from .phases import Setting

if TYPE_CHECKING:
    from collections.abc import Mapping as Dict

    from ...arch.chip import Chip


def record(choices: MappingOptions, options: Dict[str, Any] | None) -> dict[str, Any]:
    """Options for the provenance. The engine is not among them: both give the same."""
    return {"mapping": asdict(choices), **(options or {})}


def generate(
    model: LanguageModel,
    chip: Chip,
    *,
    prefill: int = 1,
    decode: int = 1,
    batch: int = 1,
    engine: str | None = None,
    noc: str | None = None,
    mapping: MappingOptions | None = None,
    options: Dict[str, Any] | None = None,
    progress: Progress | None = None,
) -> Generation:
    """Run prompts through a language model and decode after them.

    Parameters
    ----------
    prefill : int
        Tokens of each prompt.
    decode : int
        Tokens to make for each of them, at least 1; the first is that of the prompt.
    batch : int
        Sequences.
    engine, noc, mapping, options, progress
        As for `simulate`.

    Raises
    ------
    NetworkError
        More positions than the model has.
    SimulationError
        The network does not fit, or cannot run.
    """
    from ..simulate import engine_and_detail

    model.check_positions(prefill + decode - 1, f"a prompt of {prefill} with {decode} decoded tokens")
    choices = mapping or MappingOptions()
    run_engine, detail = engine_and_detail(engine, noc, chip)
    tell = progress or (lambda _what, _share: None)
    tell("mapping", 0.0)
    setting = Setting.of(model, chip, prefill, choices, detail, run_engine)
    if model.experts is None:
        first = setting.lowered(setting.base, autoregressive=False)
    else:
        first = setting.program(model.prefill(prefill), most_replicas=None, autoregressive=False)
    prompts = setting.run(first, progress=lambda share: tell("prefill", share))
    if batch > 1:
        together = setting.run(first, iterations=batch, progress=lambda share: tell("prefill", share))
        prompts = replace(together, alone=prompts.result)
    decoded = None
    if decode > 1:
        network = model.decode(prefill, decode - 1, batch)
        # Experts have tokens of several steps beside each other, which replicas must not take together.
        most = 1 if model.experts else batch
        second = setting.program(network, most_replicas=most, autoregressive=True)
        decoded = setting.run(second, keep_firings=True, progress=lambda share: tell("decoding", share))
    params = setting.base.network.params
    return Generation(model, chip, prefill, decode, batch, params, prompts, decoded, record(choices, options))
